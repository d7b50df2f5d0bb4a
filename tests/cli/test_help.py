from collections.abc import Callable
from importlib.metadata import version

import pytest
from typer.testing import Result

COMMANDS = [
    (),
    ("run",),
    ("show",),
    ("export",),
    ("schema",),
    ("models",),
    ("models", "list"),
    ("models", "pull"),
    ("models", "serve"),
    ("prompts",),
    ("prompts", "list"),
    ("prompts", "show"),
    ("check",),
    ("rules",),
    ("job", "start"),
    ("job", "resume"),
    ("job", "retry"),
    ("job", "pause"),
    ("job", "cancel"),
    ("job", "list"),
    ("job", "status"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(
    cli: Callable[..., Result], command: tuple[str, ...]
) -> None:
    shown = cli(*command, "--help")
    assert shown.exit_code == 0
    assert "Example: llm-extract" in shown.stdout


def test_the_version_is_that_of_the_package(cli: Callable[..., Result]) -> None:
    assert cli("--version").stdout.strip() == version("llm-extract")


def test_help_documents_the_exit_codes(cli: Callable[..., Result]) -> None:
    shown = " ".join(cli("run", "--help").stdout.split())
    for code in ("0 all reports read", "1 some report failed", "2 wrong usage", "130 interrupted"):
        assert code in shown
