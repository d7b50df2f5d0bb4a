"""Errors to one line and an exit code, in one place for all commands."""

from __future__ import annotations

from typing import Any

from typer import Exit
from typer.core import TyperGroup

from llm_extract.cli.console import say
from llm_extract.errors import DocumentError, LlmExtractError, RecordsError
from llm_extract.export import UNWRITABLE

FAILED_REPORTS = 1
FOUND = 1
USAGE = 2
SETUP = 3
INCOMPLETE = 4
INTERRUPTED = 130

NAMED_WRONGLY = frozenset({"no_job", "no_store"})
"""Codes of errors of a store that lie in the command and not in the store."""

EXIT_CODES = (
    "Exit codes: 0 all reports read, 1 some report failed, 2 wrong usage, "
    "3 model, store or disk trouble, 4 a cap or the deadline was reached, 130 interrupted."
)
CHECK_EXIT_CODES = (
    "Exit codes: 0 nothing found of what --fail-on names, 1 something found, 2 wrong usage, "
    "3 disk trouble, 4 a row, cell or report could not be read (all else was checked), "
    "130 interrupted."
)
JOB_EXIT_CODES = (
    "Exit codes: 0 done, 1 done and some report failed, 2 wrong usage, 3 model, store or disk "
    "trouble, 4 paused before its end (budget, deadline, silent server), 130 interrupted."
)
EVAL_EXIT_CODES = (
    "Exit codes: 0 all gates hold (also where reports failed: these count as wrong), 1 a gate of "
    "--fail-under or --fail-if-worse-than does not, 2 wrong usage, 3 model, store or disk trouble, "
    "130 interrupted."
)


class Program(TyperGroup):
    """A group of commands whose errors of ours end in one line, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a LlmExtractError or OSError becomes `error: …` and an exit code."""
        try:
            return super().invoke(ctx)
        except LlmExtractError as error:
            say(f"error: {error}", "red")
            raise Exit(exit_code(error)) from None
        except BrokenPipeError:
            raise
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            say(f"error: {where}{error.strerror or error}", "red")
            raise Exit(SETUP) from None


def exit_code(error: LlmExtractError | OSError) -> int:
    """The code of a program that an error ended."""
    if not isinstance(error, LlmExtractError):
        return SETUP
    named_wrongly = isinstance(error, (DocumentError, RecordsError)) and error.code != UNWRITABLE
    return USAGE if named_wrongly or error.code in NAMED_WRONGLY else SETUP
