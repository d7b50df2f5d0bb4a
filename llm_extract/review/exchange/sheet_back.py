"""Sheets that come back: changed cells become edits, and what cannot be one is a conflict."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import load_workbook  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

from llm_extract.documents.rows import BrokenRow, csv_rows, open_text
from llm_extract.documents.text import shown
from llm_extract.errors import ChangeError, DocumentError, RecordsError, ReviewError
from llm_extract.export.csv import FORMULA_STARTS
from llm_extract.numbers.mention import Ledger, Mention
from llm_extract.review.cases import Case, Cases
from llm_extract.review.content import Content, Item, counts_in
from llm_extract.review.deciding import ledger_of
from llm_extract.review.differences import differences
from llm_extract.review.edits import apply_edit, parse_edit
from llm_extract.review.edits.pieces import item_of
from llm_extract.review.exchange.arriving import CaseChange, Plan, open_case
from llm_extract.review.exchange.sheet import (
    COLUMNS,
    FIGURES,
    KEYS,
    NAMES,
    SUMMED,
    cells_of,
    slot_of_column,
)
from llm_extract.review.exchange.tasks import Fault
from llm_extract.review.states import Reviewer
from llm_extract.review.work import MOST_NOTE

MOST_ROWS = 50_000
MOST_ROW_BYTES = 200_000
MOST_UNPACKED = 200_000_000
"""Bytes of an xlsx file when it is unpacked, which a small file may feign."""

_FIGURE = re.compile(
    r"(?:(?P<qualifier>exact|at least|more than|at most|fewer than|about) )?"
    r"(?P<value>\d{1,3}(?:[, \u00a0\u202f]\d{3})+|\d{1,12})(?:\.0)?(?: to (?P<upper>\d{1,12}))?"
)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row as it came: where it stands, and its cells by column, as text."""

    where: str
    cells: Mapping[str, str]


# --- read -------------------------------------------------------------------------------------


def read_sheet(name: str, raw: bytes) -> list[SheetRow]:
    """The rows of a csv or xlsx file; its kind is told by its bytes, `name` is for messages.

    Raises RecordsError when it is neither, is too large, or lacks a column.
    """
    try:
        rows = list(_xlsx(raw) if raw.startswith(b"PK\x03\x04") else _csv(raw))
    except (DocumentError, RecordsError) as error:
        raise RecordsError(f"{shown(name)}: {error}") from None
    if not rows:
        raise RecordsError(f"{shown(name)} has no rows: export the sheet again")
    missing = [column for column in (*KEYS, *FIGURES, *NAMES) if column not in rows[0].cells]
    if missing:
        raise RecordsError(
            f"{shown(name)} has no column {', '.join(missing)}: keep the columns of the export"
        )
    return rows


def _csv(raw: bytes) -> Iterator[SheetRow]:
    text = open_text(io.BytesIO(raw))
    for row in csv_rows(text.lines, MOST_ROW_BYTES):
        if row.number > MOST_ROWS:
            raise RecordsError(f"it has more than {MOST_ROWS:,} rows: import it in parts")
        if isinstance(row, BrokenRow):
            raise RecordsError(f"{row.place}: {row.message}")
        yield SheetRow(row.place, {n.strip(): _undone(str(v)) for n, v in row.cells.items()})


def _xlsx(raw: bytes) -> Iterator[SheetRow]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_UNPACKED:
                raise RecordsError(f"it unpacks to more than {MOST_UNPACKED:,} bytes")
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        header: list[str] = []
        for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
            if number > MOST_ROWS:
                raise RecordsError(f"it has more than {MOST_ROWS:,} rows: import it in parts")
            words = [_cell(value) for value in cells[:200]]
            if not header:
                header = [word.strip() for word in words]
            elif any(words):
                yield SheetRow(f"row {number}", dict(zip(header, words, strict=False)))
    except RecordsError:
        raise
    except (
        *(zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, TypeError),
        *(OSError, IndexError, AttributeError, SyntaxError, EOFError),
    ) as error:  # what openpyxl makes of files that are none
        raise RecordsError(f"is no xlsx sheet ({type(error).__name__}): save it again") from None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)[:MOST_ROW_BYTES]


def _undone(words: str) -> str:
    """A cell without the apostrophe that kept it from being a formula."""
    rest = words[1:]
    is_kept = words.startswith("'") and rest.lstrip(" \u00a0").startswith(FORMULA_STARTS)
    return rest if is_kept else words


# --- planned ----------------------------------------------------------------------------------


def plan_sheet(cases: Cases, rows: Iterable[SheetRow], who: Reviewer) -> Plan:
    """What a sheet would change: all of a row or nothing of it, and each conflict in a line."""
    conflicts: list[Fault] = []
    by_case: dict[tuple[int, int], list[SheetRow]] = {}
    for row in rows:
        key = _key(row)
        if key is None:
            conflicts.append(
                Fault(row.where, "does not say which case and claim it is: a claim is added there")
            )
        else:
            by_case.setdefault(key, []).append(row)
    changes: list[CaseChange] = []
    unchanged = 0
    for (pk, version), own in by_case.items():
        try:
            case = open_case(cases, pk, version, who)
        except ReviewError as error:
            conflicts += [Fault(_where(row), str(error)) for row in own]
            continue
        change, faults = _case_change(case, own)
        conflicts += faults
        if change is None:
            unchanged += len(own) - len(faults)
        else:
            changes.append(change)
    return Plan(tuple(changes), tuple(conflicts), unchanged)


def rows_that_say(plan: Plan, rows: Sequence[SheetRow]) -> list[SheetRow]:
    """The rows of the cases that a plan changes, without those that are conflicts."""
    changed = {(change.case, change.version) for change in plan.changes}
    faulty = {fault.where for fault in plan.conflicts}
    return [row for row in rows if _key(row) in changed and _where(row) not in faulty]


def _where(row: SheetRow) -> str:
    """Where a row stands, and which claim it says it is about."""
    return f"{row.where} (case {row.cells['case']}, {shown(row.cells['claim'], 20)})"


def _key(row: SheetRow) -> tuple[int, int] | None:
    case, version = (row.cells.get(name, "").strip() for name in ("case", "version"))
    is_number = all(re.fullmatch(r"[0-9]{1,9}", each) for each in (case, version))
    return (int(case), int(version)) if is_number and row.cells.get("claim") else None


def _case_change(case: Case, rows: list[SheetRow]) -> tuple[CaseChange | None, list[Fault]]:
    faults: list[Fault] = []
    content = case.content
    notes: list[str] = []
    ledger = ledger_of(case)
    times = Counter(row.cells["claim"] for row in rows)
    for row in rows:
        claim = row.cells["claim"]
        try:
            if times[claim] > 1:
                raise ChangeError(f"claim {shown(claim, 20)} has {times[claim]} rows: leave one")
            note = row.cells.get("note", "").strip()
            if len(note) > MOST_NOTE:
                raise ChangeError(f"the note has more than {MOST_NOTE:,} characters: shorten it")
            content = _with_row(case, content, item_of(case.content, claim), row, ledger)
            notes += [f"{claim}: {note}"] if note else []
        except ChangeError as error:
            faults.append(Fault(_where(row), str(error)))
    found = tuple(differences(case.content, content))
    if not found and not notes:
        return None, faults
    note = "\n".join(notes)[:MOST_NOTE]
    return CaseChange(case.pk, case.version, case.report_id, content, found, note), faults


def _with_row(case: Case, content: Content, item: Item, row: SheetRow, ledger: Ledger) -> Content:
    """The content after every cell of a row that differs from what was exported."""
    was = cells_of(case, item)
    for column in COLUMNS:
        now = row.cells.get(column, was[column]).strip()
        if now == was[column].strip():
            continue
        if column in FIGURES:
            edits = _figure_edits(item, column, now, ledger)
        elif column in NAMES:
            edits = [_field(item, column, now if column == "claimant" else _lines(now))]
        elif column == "happened":
            field = "outcome" if "outcome" in type(item).model_fields else "effect"
            edits = [_field(item, field, now)]
        else:
            continue  # shown for reading, or the note
        for fields in edits:
            content = apply_edit(content, parse_edit(fields), case.text, ledger)
    return content


def _lines(words: str) -> str:
    return "\n".join(name.strip() for name in words.split(";"))


def _field(item: Item, field: str, words: str) -> dict[str, str]:
    return {"action": "set_field", "item": item.id, "field": field, "value": words}


def _figure_edits(item: Item, column: str, words: str, ledger: Ledger) -> list[dict[str, str]]:
    slot = slot_of_column(item, column)
    if slot == "count" and column != "total":
        raise ChangeError(f"{item.id} counts places: its number stands under total")
    there = counts_in(item).get(slot)
    common = {"item": item.id, "slot": slot}
    if not words:
        if there is not None and there.basis == "derived":
            raise ChangeError(f"total of {item.id} is {SUMMED[1:-1]}: clear one of its parts")
        return [{"action": "clear_slot", **common}]
    read = _FIGURE.fullmatch(words)
    if read is None:
        raise ChangeError(
            f"{column}: {shown(words, 40)!r} is no number: write 14, about 14 or 10 to 20, or "
            "nothing"
        )
    value = int(re.sub(r"\D", "", read["value"]))
    upper = int(read["upper"]) if read["upper"] else None
    mention = _mention(item, value, upper, ledger)
    place = {"start": str(mention.start), "end": str(mention.end)}
    edits = [{"action": "set_slot", **common, **place}]
    qualifier = (read["qualifier"] or "").replace(" ", "_")
    is_same_place = there is not None and (there.start, there.end) == mention[:2]
    if is_same_place and upper is None:
        qualifier = qualifier or "exact"  # only the qualifier was changed
    if qualifier and qualifier != mention.qualifier:
        edits.append({"action": "set_qualifier", **common, "qualifier": qualifier})
    return edits


def _mention(item: Item, value: int, upper: int | None, ledger: Ledger) -> Mention:
    """The place of a number in the report: in a quote of its claim, else the only one there is."""
    found = [
        mention
        for mention in ledger.mentions
        if mention.kind == "count" and (mention.value, mention.upper) == (value, upper)
    ]
    words = str(value) if upper is None else f"{value} to {upper}"
    if not found:
        raise ChangeError(f"{words} does not stand in the report as a number")
    inside = [mention for mention in found if _is_quoted(item, mention)]
    chosen = inside if inside else found
    if len(chosen) > 1:
        raise ChangeError(
            f"{words} stands {len(chosen)} times in the report: choose its place on the screen"
        )
    return chosen[0]


def _is_quoted(item: Item, mention: Mention) -> bool:
    return any(
        quote.start is not None
        and quote.end is not None
        and quote.start <= mention.start
        and mention.end <= quote.end
        for quote in item.evidence
    )
