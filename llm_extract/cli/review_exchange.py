"""`llm-extract review` in and out: export, import, gold and lessons."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from llm_extract.batch.alone import sole_worker
from llm_extract.cli.console import err, out, plain, say
from llm_extract.cli.failures import FOUND
from llm_extract.cli.places import open_place, read_place
from llm_extract.cli.review_options import CaseNumbers, OwnName, Place, own_name
from llm_extract.errors import RecordsError
from llm_extract.evals.scores import Bound
from llm_extract.evals.tables import as_plain
from llm_extract.export import bytes_written_whole, written_whole
from llm_extract.review.cases import Case, Cases
from llm_extract.review.exchange.argilla import dataset_settings, from_argilla, to_argilla
from llm_extract.review.exchange.arriving import (
    Plan,
    apply_plan,
    case_numbers,
    figures_first,
    plan_tasks,
)
from llm_extract.review.exchange.label_studio import (
    from_label_studio,
    labelling_interface,
    to_label_studio,
)
from llm_extract.review.exchange.prodigy import from_prodigy, to_prodigy
from llm_extract.review.exchange.sheet import write_csv, write_xlsx
from llm_extract.review.exchange.sheet_back import plan_sheet, read_sheet
from llm_extract.review.exchange.tasks import (
    MOST_BYTES,
    Fault,
    Object,
    Returned,
    json_line,
    returned,
    task_of,
)
from llm_extract.review.filters import Filters
from llm_extract.review.gold import ready_cases, write_gold
from llm_extract.review.lessons import Lessons, lessons
from llm_extract.review.replay import write_replay
from llm_extract.review.states import Reviewer
from llm_extract.review.work import Desk

Form = Literal["label-studio", "argilla", "prodigy", "csv", "xlsx"]

Folder = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where the files go.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]

MOST_SHOWN = 20
"""Refusals that are printed; the rest is counted."""


def add_commands(app: typer.Typer) -> None:
    """Join these commands to those of `llm-extract review`."""
    examples: dict[Callable[..., None], str] = {
        export: "review export --form xlsx --out claims.xlsx --filter rule=A02",
        import_file: "review import claims.xlsx --dry-run",
        gold: "review gold --out gold",
        learn: "review lessons --replay replay",
    }
    names: dict[Callable[..., None], str] = {import_file: "import", learn: "lessons"}
    for command, example in examples.items():
        name = names.get(command, command.__name__)
        app.command(name, epilog=f"Example: llm-extract {example}")(command)


def export(
    form: Annotated[Form, typer.Option("--form", help="Tool that the file is for.")],
    out_file: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where it goes.")],
    store_place: Place = "results",
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter", metavar="NAME=VALUE", help="As in the queue: rule=A02, state=corrected …"
        ),
    ] = None,
    only: CaseNumbers = None,
) -> None:
    """Write cases for an annotation tool or a spreadsheet; without a filter all that wait.

    Beside the tasks of Label Studio stands the labelling interface to set up its project with,
    beside those of Argilla the settings of its dataset.
    """
    with read_place(store_place) as store:
        cases = Cases(store.engine)
        pks = only or case_numbers(store.engine, _filters(filters or []))
        if not pks:
            raise RecordsError("no case is so: ask for others with --filter or --case")
        with err.status(f"Writing {len(pks):,} cases …"):
            _WRITERS[form](map(cases.get, pks), out_file)
    say(f"written: {out_file} ({len(pks):,} cases)")


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What a tool or sheet was saved as")],
    store_place: Place = "results",
    name: OwnName = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it, change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take in what came back: cases are changed, not decided, each by one step that can be undone.

    What cannot be taken in is listed with its reason and ends the command with 1; all else goes on.
    """
    who = Reviewer(own_name(name), "analyst")
    with open_place(store_place) as store, sole_worker(store):
        cases = Cases(store.engine)
        plan = _planned(cases, file, who)
        done, faults = 0, list(plan.conflicts)
        if not dry_run:
            done, late = apply_plan(Desk(store.engine), plan, who, f"import of {file.name}")
            faults += late
    if as_json:
        print(json.dumps(as_plain({"plan": plan, "applied": done, "conflicts": faults})))
    else:
        _show_plan(plan, faults)
        verb = f"{len(plan.changes):,} would change" if dry_run else f"{done:,} changed"
        say(f"{verb}, {plan.unchanged:,} say nothing new, {len(faults):,} conflicts")
    if faults:
        raise typer.Exit(FOUND)


def gold(
    folder: Folder,
    store_place: Place = "results",
    name: OwnName = None,
    only: CaseNumbers = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask for a second reviewer of each --case instead.")
    ] = False,
) -> None:
    """Write gold reports of cases that two reviewers agree on, or that were adjudicated."""
    who = own_name(name)
    with open_place(store_place) as store, sole_worker(store):
        if ask:
            if not only:
                raise typer.BadParameter("name the cases", param_hint="--case")
            for pk in only:
                Desk(store.engine).ask_second(pk, Reviewer(who, "analyst"), "gold")
            say(f"{len(only):,} cases wait for a second reviewer")
            return
        made = write_gold(store.engine, folder, who, only or ready_cases(store.engine))
    _show_made(made.files, made.refusals, folder)
    if only and made.refusals:
        raise typer.Exit(FOUND)


def learn(
    store_place: Place = "results",
    replay: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Write the decided cases as a set for `llm-extract eval --set`."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What goes wrong in predictions, by what people decided; and a set to try a new prompt on."""
    with read_place(store_place) as store:
        if replay is not None:
            made = write_replay(store.engine, replay)
            _show_made(made.files, made.refusals, replay)
            return
        with err.status("Reading decisions …") as status:
            found = lessons(
                store.engine, lambda done: status.update(f"Reading decisions: {done:,}")
            )
    if as_json:
        print(json.dumps(as_plain(found), ensure_ascii=False))
    else:
        _show_lessons(found)


# --- files ------------------------------------------------------------------------------------


def _to_label_studio(cases: Iterable[Case], file: Path) -> None:
    with written_whole(file) as text:
        for number, case in enumerate(cases):
            text.write("[" if number == 0 else ",\n")
            text.write(json_line(to_label_studio(task_of(case))).rstrip())
        text.write("]\n")
    beside = file.with_suffix(".interface.xml")
    with written_whole(beside) as text:
        text.write(labelling_interface())
    say(f"written: {beside}")


def _to_argilla(cases: Iterable[Case], file: Path) -> None:
    with written_whole(file) as text:
        text.writelines(json_line(to_argilla(task_of(case))) for case in cases)
    beside = file.with_suffix(".settings.json")
    with written_whole(beside) as text:
        text.write(json_line(dataset_settings()))
    say(f"written: {beside}")


def _to_prodigy(cases: Iterable[Case], file: Path) -> None:
    with written_whole(file) as text:
        text.writelines(json_line(line) for case in cases for line in to_prodigy(task_of(case)))


def _to_csv(cases: Iterable[Case], file: Path) -> None:
    with written_whole(file) as text:
        write_csv(cases, text)


def _to_xlsx(cases: Iterable[Case], file: Path) -> None:
    with bytes_written_whole(file) as raw:
        write_xlsx(cases, raw)


_WRITERS: dict[Form, Callable[[Iterable[Case], Path], None]] = {
    "label-studio": _to_label_studio,
    "argilla": _to_argilla,
    "prodigy": _to_prodigy,
    "csv": _to_csv,
    "xlsx": _to_xlsx,
}


def _planned(cases: Cases, file: Path, who: Reviewer) -> Plan:
    """What a file would change; its form is told by its ending and its keys."""
    if file.suffix.lower() in (".json", ".jsonl"):
        return plan_tasks(cases, returned(file, _read), who)
    try:
        if file.stat().st_size > MOST_BYTES:
            raise RecordsError(f"{file} has more than {MOST_BYTES:,} bytes: import it in parts")
        raw = file.read_bytes()
    except OSError as error:
        raise RecordsError(f"{file} cannot be read: {error.strerror or error}") from error
    return plan_sheet(cases, read_sheet(file.name, raw), who)


def _read(where: str, found: Object) -> Returned:
    if "data" in found:
        return from_label_studio(where, found)
    if "fields" in found:
        return from_argilla(where, found)
    if "meta" in found:
        return from_prodigy(where, found)
    raise RecordsError("is no task of Label Studio, Argilla or Prodigy that came from here")


def _filters(words: list[str]) -> Filters:
    given: dict[str, str] = {}
    for word in words:
        name, _, given[name] = word.partition("=")
    unknown = given.keys() - set(Filters.__dataclass_fields__)
    if unknown or not all(given.values()):
        raise typer.BadParameter(
            f"write NAME=VALUE with one of {', '.join(Filters.__dataclass_fields__)}",
            param_hint="--filter",
        )
    return Filters.from_query(given)


# --- shown ------------------------------------------------------------------------------------


def _show_plan(plan: Plan, faults: list[Fault]) -> None:
    if plan.changes:
        table = Table("case", "claim", "what", "before", "after", box=None)
        for change in plan.changes:
            for each in figures_first(change.differences):
                words = (each.item, each.field, each.before or "", each.after or "")
                table.add_row(str(change.case), *map(plain, words))
        out.print(table)
    for line in _first(f"conflict: {fault.where}: {fault.why}" for fault in faults):
        say(line, "red")


def _show_made(files: tuple[Path, ...], refusals: tuple[str, ...], folder: Path) -> None:
    for line in _first(refusals):
        say(f"left out: {line}", "yellow")
    say(f"written: {len(files):,} reports in {folder}; {len(refusals):,} left out")


def _first(lines: Iterable[str]) -> Iterator[str]:
    number = 0
    for number, line in enumerate(lines, start=1):
        if number <= MOST_SHOWN:
            yield line
    if number > MOST_SHOWN:
        yield f"… and {number - MOST_SHOWN:,} more"


def _show_lessons(found: Lessons) -> None:
    say(
        f"{found.cases:,} decided cases; wrong in a figure: {_share(found.wrong_cases)}; figures "
        f"wrong: {_share(found.figures)}; {found.missed:,} missed; of the wrong ones silent: "
        f"{_share(found.silent)}"
    )
    table = Table("by", "", "wrong", "of", "share (95 %)", box=None)
    for group, lines in found.groups.items():
        for each in lines:
            rate = each.wrong.rate
            share = _interval(each.wrong)
            table.add_row(group, plain(each.name), f"{rate.hits:,}", f"{rate.of:,}", share)
    changes = Table("changed most", "how", "times", box=None)
    for change in found.changes:
        changes.add_row(change.field, change.how, f"{change.times:,}")
    out.print(table)
    out.print(changes)


def _share(bound: Bound) -> str:
    return f"{bound.rate.hits:,} of {bound.rate.of:,} ({_interval(bound)})"


def _interval(bound: Bound) -> str:
    if bound.low is None or bound.high is None or not bound.rate.of:
        return "undefined"
    share = bound.rate.hits / bound.rate.of
    return f"{share:.1%}, {bound.low:.1%} to {bound.high:.1%}"
