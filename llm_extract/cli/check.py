"""`llm-extract check`: the rules alone, on records of any origin; no model is loaded."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, TextIO

import typer
from rich import box
from rich.padding import Padding
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from llm_extract.cli.check_junit import JUnitFile
from llm_extract.cli.console import err, out, plain, say
from llm_extract.cli.failures import FOUND, INCOMPLETE
from llm_extract.cli.records_file import records_file
from llm_extract.cli.tables import STYLES, finding_row
from llm_extract.documents import ReadOptions
from llm_extract.documents.inputs import STDIN
from llm_extract.export import written_whole
from llm_extract.handmade import (
    Checked,
    Checker,
    Problem,
    ReadSettings,
    Shelf,
    fill_shelf,
    read_entries,
)
from llm_extract.handmade.columns import read_mapping
from llm_extract.record import Severity
from llm_extract.schema import Outcome
from llm_extract.validators.catalogue import RULES
from llm_extract.validators.profiles import read_profiles

FailOn = Literal["error", "warning", "never"]

FAILING: dict[FailOn, frozenset[Severity]] = {
    "error": frozenset({"error"}),
    "warning": frozenset({"error", "warning"}),
    "never": frozenset(),
}

REDRAWN_AFTER = 0.2
"""Seconds between two drawings of the progress bar."""

WIDEST_IDS = 18
"""Columns of the ids of a finding; typed ids are words, and the message needs the room."""


@dataclass(slots=True)
class Tally:
    """What a check came to: records, findings by rule, and what could not be read."""

    records: int = 0
    flagged: int = 0
    without_text: int = 0
    severities: Counter[Severity] = field(default_factory=Counter)
    rules: Counter[tuple[str, Severity]] = field(default_factory=Counter)
    records_by_rule: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def add(self, checked: Checked) -> None:
        """Count one entry."""
        self.records += 1
        self.flagged += bool(checked.findings)
        self.without_text += not checked.with_text
        self.problems.extend(checked.problems)
        for finding in checked.findings:
            self.severities[finding.severity] += 1
            self.rules[finding.rule, finding.severity] += 1
        self.records_by_rule.update({finding.rule for finding in checked.findings})


def check(
    place: Annotated[
        str,
        typer.Argument(
            metavar="RECORDS",
            help="A file of records (jsonl) or a table (csv, tsv), a run's --out folder, or - for "
            "standard input.",
            show_default=False,
        ),
    ],
    reports: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DIR",
            help="Reports that the figures are from: a folder, file or glob; may be repeated.",
        ),
    ] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="What a column of a table is: total=Toll, injured.children=Kids; may be repeated.",
        ),
    ] = None,
    map_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help='TOML with a line FIELD = "Column" each.')
    ] = None,
    outcome: Annotated[
        Outcome, typer.Option(help="Outcome of counts whose column and row name none.")
    ] = "killed",
    one_report: Annotated[
        bool, typer.Option("--one-report", help="All rows of a table are of one report.")
    ] = False,
    rules: Annotated[
        str | None, typer.Option(metavar="A01,A02", help="Only these rules.", show_default=False)
    ] = None,
    skip: Annotated[
        str | None, typer.Option(metavar="C01", help="All but these rules.", show_default=False)
    ] = None,
    profiles: Annotated[
        Path | None, typer.Option(metavar="FILE", help="How your claimants count, in TOML.")
    ] = None,
    published: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day of reports that have none of their own."),
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="The least severity that makes the exit code 1.")
    ] = "error",
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write JUnit XML for a CI system.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, nothing else.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the last line and what was not read.")
    ] = False,
) -> None:
    """Check figures against one another and against their reports; no model is asked.

    RECORDS may be of any origin: records of this program, claims of another one, or a table that
    was typed by hand, a row a figure. Without --reports only rules about numbers and dates are
    asked. A cell may say 34, ≥34, 34+, ~30, 15-17 or "at least 15"; an empty one states nothing.
    """
    notice = (lambda _line: None) if quiet or as_json else _notice
    chosen = _chosen(rules, skip)
    columns = read_mapping(pairs or [], map_file)
    known = None if profiles is None else read_profiles(profiles)
    source = place if place == STDIN else str(records_file(Path(place)))
    tally = Tally()
    with ExitStack() as stack:
        bar = stack.enter_context(_Bar(quiet=quiet, size=_size(source)))
        shelf = None
        if reports:
            shelf = stack.enter_context(Shelf())
            day = published.date() if published else None
            options = ReadOptions(published=day, on_notice=notice)
            unread = fill_shelf(shelf, reports, options, bar.shelved)
            tally.problems += unread
            for problem in unread:
                _say_problem(problem, bar)
        checker = Checker(chosen, shelf, known)
        settings = ReadSettings(columns, outcome, one_report, notice, bar.read)
        xml = None
        if junit is not None:
            file = stack.enter_context(written_whole(junit))
            xml = stack.enter_context(JUnitFile(file, FAILING[fail_on]))
        printed = stack.enter_context(_Json(sys.stdout)) if as_json else None
        for checked in _checked(source, settings, checker, tally, bar):
            if xml is not None:
                xml.checked(checked)
            if printed is not None:
                printed.add(checked)
            elif checked.findings and not quiet:
                with bar.paused():
                    _print_findings(checked)
        if xml is not None:
            xml.unread(tally.problems)
        if printed is not None:
            printed.end(tally, checker)
    if not as_json:
        _print_summary(tally, checker, quiet=quiet)
    raise typer.Exit(_exit_code(tally, fail_on))


def _checked(
    source: str, settings: ReadSettings, checker: Checker, tally: Tally, bar: _Bar
) -> Iterator[Checked]:
    """Every entry once it is checked; problems are said and counted on the way."""
    for entry in read_entries(source, settings):
        if isinstance(entry, Problem):
            tally.problems.append(entry)
            _say_problem(entry, bar)
            continue
        checked = checker.check(entry)
        for problem in checked.problems:
            _say_problem(problem, bar)
        tally.add(checked)
        bar.checked(tally.records)
        yield checked


def _chosen(only: str | None, skip: str | None) -> frozenset[str]:
    """The ids of the rules that are asked."""
    left_out = _ids(skip, "--skip")
    asked = _ids(only, "--rules") if only is not None else {rule.id for rule in RULES}
    chosen = frozenset(asked - left_out)
    if not chosen:
        raise typer.BadParameter("no rule is left to ask", param_hint="--rules")
    return chosen


def _ids(words: str | None, option: str) -> set[str]:
    ids = {word.strip().upper() for word in (words or "").split(",") if word.strip()}
    known = [rule.id for rule in RULES]
    for id in sorted(ids - set(known)):
        close = get_close_matches(id, known) or known
        raise typer.BadParameter(
            f"there is no rule {id!r}; there is {', '.join(close)}", param_hint=option
        )
    return ids


def _exit_code(tally: Tally, fail_on: FailOn) -> int:
    """What was not read outranks what was found: it may hide anything."""
    if tally.problems:
        return INCOMPLETE
    return FOUND if any(tally.severities[each] for each in FAILING[fail_on]) else 0


# --- what is seen -----------------------------------------------------------------------------


class _Bar:
    """Context manager: a progress bar on stderr when that is a terminal."""

    def __init__(self, *, quiet: bool, size: int | None) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            console=err,
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=quiet or not err.is_terminal,
        )
        self._task = self._progress.add_task("checking", total=size)
        self._drawn = 0.0

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._progress.stop()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is drawn while the block prints."""
        self._progress.stop()
        yield
        self._progress.start()

    def shelved(self, reports: int) -> None:
        """So many reports are read."""
        self._draw(f"{reports:,} reports read")

    def read(self, place: int) -> None:
        """The file of records is read up to this byte."""
        self._progress.update(self._task, completed=place)

    def checked(self, records: int) -> None:
        """So many records are checked."""
        self._draw(f"{records:,} records checked")

    def _draw(self, words: str) -> None:
        now = time.monotonic()
        if now - self._drawn >= REDRAWN_AFTER:
            self._drawn = now
            self._progress.update(self._task, description=words)
            self._progress.refresh()


def _size(source: str) -> int | None:
    return None if source == STDIN else Path(source).stat().st_size


def _notice(line: str) -> None:
    say(f"note: {line}", "dim")


def _say_problem(problem: Problem, bar: _Bar) -> None:
    with bar.paused():
        say(f"not read: {problem}", STYLES["failed"])


def _print_findings(checked: Checked) -> None:
    """The findings of one entry below its name."""
    entry = checked.entry
    counts = Counter(finding.severity for finding in checked.findings)
    head = plain(entry.id, "bold")
    for severity, number in sorted(counts.items()):
        head.append(" · ", "dim").append(_times(number, severity), STYLES[severity])
    if entry.place != entry.id:
        head.append(" · ", "dim").append(plain(entry.place, "dim"))
    if not checked.with_text:
        head.append(" · figures alone", "dim")
    table = Table.grid(padding=(0, 1))
    for widest in (None, None, WIDEST_IDS, None):
        table.add_column(max_width=widest)
    for finding in checked.findings:
        table.add_row(*finding_row(finding, ", "))
    out.print(head)
    out.print(Padding(table, (0, 0, 1, 2)))


def _print_summary(tally: Tally, checker: Checker, *, quiet: bool) -> None:
    if tally.rules and not quiet:
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
        for column in ("rule", "errors", "warnings", "records", "states"):
            table.add_column(
                column,
                justify="right" if column in ("errors", "warnings", "records") else "left",
                no_wrap=column != "states",
            )
        for each in RULES:
            if tally.records_by_rule[each.id]:
                table.add_row(
                    plain(each.id, "bold"),
                    *(str(tally.rules[each.id, s] or "") for s in ("error", "warning")),
                    str(tally.records_by_rule[each.id]),
                    plain(each.statement),
                )
        out.print(table)
        out.print()
    if tally.without_text and checker.rules_of_the_text and not quiet:
        if checker.rules_without_text:
            asked = f"only {', '.join(checker.rules_without_text)} were asked"
        else:
            asked = "no rule was asked"
        why = "they lack their report" if checker.shelf is not None else "there is no --reports"
        out.print(
            plain(
                f"{_times(tally.without_text, 'record')} checked without text ({why}): {asked}; "
                f"{', '.join(checker.rules_of_the_text)} need the report's text",
                "dim",
            )
        )
    parts = [
        _times(tally.records, "record"),
        f"{tally.records - tally.flagged} without findings",
        _times(tally.severities["error"], "error"),
        _times(tally.severities["warning"], "warning"),
    ]
    if tally.problems:
        parts.append(f"{len(tally.problems)} not read")
    out.print(plain(" · ".join(parts), "bold"), soft_wrap=True)


def _times(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


class _Json:
    """Context manager: one JSON object, its records printed as they come."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._records = 0

    def __enter__(self) -> _Json:
        self._file.write('{"records": [')
        return self

    def __exit__(self, *_exception: object) -> None:
        self._file.flush()

    def add(self, checked: Checked) -> None:
        """One entry as an object of a line."""
        self._file.write(",\n" if self._records else "\n")
        self._records += 1
        findings = [finding.model_dump(mode="json") for finding in checked.findings]
        entry = {
            "id": checked.entry.id,
            "place": checked.entry.place,
            "with_text": checked.with_text,
            "findings": findings,
        }
        self._file.write(json.dumps(entry, ensure_ascii=False))

    def end(self, tally: Tally, checker: Checker) -> None:
        """Close the list and add what was not read and the sums."""
        tail = {
            "not_read": [
                {"place": problem.place, "message": problem.message} for problem in tally.problems
            ],
            "rules_asked": _in_order(checker.rules),
            "rules_without_text": checker.rules_without_text,
            "summary": {
                "records": tally.records,
                "flagged": tally.flagged,
                "without_text": tally.without_text,
                "errors": tally.severities["error"],
                "warnings": tally.severities["warning"],
                "not_read": len(tally.problems),
                "rules": {
                    id: {s: tally.rules[id, s] for s in ("error", "warning")}
                    for id in _in_order(tally.records_by_rule)
                },
            },
        }
        self._file.write(f"\n],\n{json.dumps(tail, ensure_ascii=False)[1:]}\n")


def _in_order(ids: Iterable[str]) -> list[str]:
    asked = set(ids)
    return [rule.id for rule in RULES if rule.id in asked]
