from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from llm_extract import prompting

Cli = Callable[..., Result]

PROMPT = """---
strategy: sentence
languages: [en]
description: A prompt for tests
---
# System
Copy the figures, {nothing} else.

# User
{{ sentence }}

# Example
## Report
Two guards were killed at [the] mill.
## Reply
```json
{"claims": []}
```
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trial").mkdir()
    (tmp_path / "trial" / "1.md").write_text(PROMPT, encoding="utf-8")
    monkeypatch.setattr(prompting, "PROMPTS", tmp_path)


def test_prompts_are_listed_by_name_and_version(cli: Cli) -> None:
    shown = cli("prompts", "list").stdout
    assert "trial@1" in shown and "sentence" in shown and "A prompt for tests" in shown
    assert cli("prompts").stdout == shown


def test_a_prompt_is_shown_as_it_is_written(cli: Cli) -> None:
    shown = cli("prompts", "show", "trial").stdout
    assert "trial@1 · sentence · sha256 " in shown
    assert "Copy the figures, {nothing} else." in shown and "{{ sentence }}" in shown
    assert "Two guards were killed at [the] mill." in shown and '"claims": []' in shown


def test_an_unknown_prompt_is_one_line(cli: Cli) -> None:
    failed = cli("prompts", "show", "trail")
    assert failed.exit_code == 3
    assert failed.stderr.startswith("error: no prompt is named") and failed.stderr.count("\n") == 1
