"""Prompts are files that people write: read exactly, a fault is named by file and line."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.errors import PromptError
from llm_extract.prompting import Prompt, list_prompts, load_prompt

GOOD = dedent(
    """\
    ---
    strategy: mention
    languages: [en, ar]
    description: Labels the numbers of one sentence.
    ---
    # System

    You label numbers.

    ## Fields
    - `n`: the number

    # User

    Report: {{ report }}
    {% for number in numbers %}[{{ number }}]{% endfor %}

    # Example

    ## Report
    published: 2031-04-02

    Nine people drowned near the pier of Ostra.

    ## Reply
    ```json
    {"labels": [{"n": 1, "outcome": "killed"}]}
    ```

    # Example

    ## Report
    The mayor spoke for two hours.

    ## Reply
    ```json
    {"labels": []}
    ```
    """
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "mention", 1, GOOD)
    return tmp_path


def write(folder: Path, name: str, version: int, content: str) -> Path:
    path = folder / name / f"{version}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="")
    return path


def test_a_file_is_read_in_all_its_parts(folder: Path) -> None:
    prompt = load_prompt("mention", folder)
    assert (prompt.name, prompt.version, prompt.ref) == ("mention", 1, "mention@1")
    assert (prompt.strategy, prompt.languages) == ("mention", ("en", "ar"))
    assert prompt.description == "Labels the numbers of one sentence."
    assert prompt.system == "You label numbers.\n\n## Fields\n- `n`: the number"
    first, second = prompt.examples
    assert first.report == "Nine people drowned near the pier of Ostra."
    assert first.published == date(2031, 4, 2)
    assert first.reply == {"labels": [{"n": 1, "outcome": "killed"}]}
    assert (second.published, second.reply) == (None, {"labels": []})


def test_the_user_message_is_rendered_with_the_variables(folder: Path) -> None:
    prompt = load_prompt("mention", folder)
    assert prompt.render_user(report="Nine.", numbers=[9, 12]) == "Report: Nine.\n[9][12]"


def test_a_missing_variable_is_an_error_that_names_it(folder: Path) -> None:
    with pytest.raises(PromptError, match=r"mention@1: 'numbers' is undefined; given: report"):
        load_prompt("mention", folder).render_user(report="Nine.")


def plain(user: str) -> Prompt:
    return Prompt("p", 1, "document", ("en",), "d", "s", user, (), "0")


@given(st.text() | st.text(alphabet="{}%#- \nreport0"))
def test_a_report_comes_out_as_it_went_in(report: str) -> None:
    assert plain("<{{ report }}>").render_user(report=report) == f"<{report}>"


@pytest.mark.parametrize(
    "report", ["{{ 7 * 7 }}", "{% for x in y %}", "{# gone #}", "<b>&amp;", "{{ report }}"]
)
def test_markup_in_a_report_is_text(report: str) -> None:
    assert plain("{{ report }}").render_user(report=report) == report


def test_a_template_reaches_no_python_internals() -> None:
    with pytest.raises(PromptError, match="cannot be rendered"):
        plain("{{ report.__class__.__mro__ }}").render_user(report="x")


def test_the_newest_version_is_the_default_and_ten_is_newer_than_nine(folder: Path) -> None:
    for version in (9, 10):
        write(folder, "mention", version, GOOD)
    assert load_prompt("mention", folder).ref == "mention@10"
    assert load_prompt("mention@9", folder).ref == "mention@9"


def test_the_hash_is_of_the_file_and_blind_to_line_ends(folder: Path) -> None:
    windows = write(folder, "mention", 2, GOOD.replace("\n", "\r\n"))
    assert b"\r\n" in windows.read_bytes()
    one, two = list_prompts(folder)
    assert one.content_hash == two.content_hash == hashlib.sha256(GOOD.encode()).hexdigest()
    assert one.system == two.system
    changed = write(folder, "mention", 3, GOOD.replace("label numbers", "label all numbers"))
    assert load_prompt("mention@3", changed.parents[1]).content_hash != one.content_hash


def test_all_prompts_are_listed_in_order_and_other_files_are_left_alone(folder: Path) -> None:
    write(folder, "document", 1, GOOD.replace("mention", "document", 1))
    write(folder, "mention", 2, GOOD)
    (folder / "mention" / "notes.md").write_text("not a version", encoding="utf-8")
    (folder / "README.md").write_text("not a prompt", encoding="utf-8")
    assert [prompt.ref for prompt in list_prompts(folder)] == [
        "document@1",
        "mention@1",
        "mention@2",
    ]


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("mentions", "no prompt is named 'mentions' in .*; known: mention"),
        ("mention@7", "'mention' has no version 7 in .*; it has 1"),
        ("mention@new", "write NAME or NAME@VERSION"),
        ("mention@", "write NAME or NAME@VERSION"),
        ("../mention", "write NAME or NAME@VERSION"),
    ],
)
def test_a_wrong_reference_says_what_there_is(folder: Path, ref: str, message: str) -> None:
    with pytest.raises(PromptError, match=message):
        load_prompt(ref, folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="nowhere does not exist"):
        list_prompts(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("---\nstrategy", "strategy", 1, "must start with front matter"),
        ("sentence.\n---\n", "sentence.\n", 1, "no closing line"),
        ("[en, ar]", "[en, ar", 4, "front matter is not YAML"),
        ("languages: [en, ar]\n", "", 1, "exactly the keys strategy, languages, description"),
        ("strategy: mention", "strategy: guess", 2, "one of document, sentence, mention"),
        ("[en, ar]", "english", 3, "languages must be a list"),
        ("description: Labels the numbers of one sentence.", "description:", 4, "a line of text"),
        ("# System\n", "Hello\n# System\n", 6, "text before the first heading"),
        ("# System\n", "# Sytem\n", 6, "unknown section 'Sytem'"),
        ("# User\n", "# System\n", 13, "exactly one section '# System', has 2"),
        ("You label numbers.\n\n## Fields\n- `n`: the number", "", 6, "'# System' is empty"),
        ("# Example\n", "# User\nx\n# Example\n", 18, "exactly one section '# User', has 2"),
        ("{% endfor %}", "", 16, "template: Unexpected end of template"),
        ("{{ report }}", "{{ report }", 15, "template: unexpected '}'"),
        ("# Example\n", "# Exmaple\n", 18, "unknown section 'Exmaple'"),
        ("## Report\npublished", "published", 18, "text between '# Example' and '## Report'"),
        ("## Reply\n", "## Answer\n", 20, "must be followed by '## Reply'"),
        ("2031-04-02", "2031-04-31", 21, "published: day"),
        ("The mayor spoke for two hours.", "", 32, "'## Report' is empty"),
        ('"killed"}]}', '"killed"}}', 27, "the reply is not JSON"),
        ('{"labels": []}', "[]", 35, "must be a JSON object"),
        ("```json\n{", "{", 25, "must hold one ```json block"),
    ],
)
def test_a_fault_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, "mention", 1, GOOD.replace(old, new, 1))
    with pytest.raises(PromptError) as caught:
        load_prompt("mention", tmp_path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "mention", 1, "")
    path.write_bytes(b"---\nstrategy: \xff\n")
    with pytest.raises(PromptError, match="is not UTF-8 at byte 14"):
        load_prompt("mention", tmp_path)


def test_headings_inside_code_blocks_are_text(tmp_path: Path) -> None:
    body = GOOD.replace("You label numbers.", "You label numbers.\n```\n# User\n```")
    write(tmp_path, "mention", 1, body)
    assert "# User" in load_prompt("mention", tmp_path).system
