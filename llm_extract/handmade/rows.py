"""Rows of a typed table to the claims of their reports; it reads no file.

A row is an outcome's figures, or those of several outcomes side by side. Rows that follow one
another and name the same report are one entry; without a report column a row is one of its own,
together with the rows below it that are part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeVar, cast, get_args

from llm_extract.documents.columns import parse_date
from llm_extract.documents.rows import BrokenRow, PlacedRow
from llm_extract.documents.text import shown, stored_text
from llm_extract.handmade.columns import OUTCOME_WORDS, SLOTS, Columns
from llm_extract.handmade.entries import Entry, Problem, Typed
from llm_extract.handmade.figures import count_of
from llm_extract.record import NO_QUOTE
from llm_extract.schema import (
    Claim,
    Count,
    Group,
    Outcome,
    Period,
    Scope,
    Subgroup,
    Weapon,
)

LIST_MARK = ";"
"""Stands between several places, parties or weapons of one cell."""

QUOTE_MARK = " | "
"""Stands between the quotes of one cell, which may themselves hold a semicolon."""

Grouping = Literal["by_report", "by_whole", "one_report"]
"""Rows of one report name it, are a whole with its parts, or are all rows of the file."""

Value = TypeVar("Value")


@dataclass(slots=True)
class TypedRow:
    """What one row says; `outcomes` holds its counts by outcome and slot."""

    place: str
    id: str
    report: str | None
    own_id: str | None
    parent: str | None
    outcomes: dict[Outcome, dict[str, Count]]
    claim: dict[str, object]
    published: date | None
    problems: list[Problem] = field(default_factory=list)


def row_entries(
    rows: Iterable[PlacedRow | BrokenRow],
    columns: Columns,
    source: str,
    outcome: Outcome,
    grouping: Grouping,
) -> Iterator[Entry | Problem]:
    """An entry for each report and a problem for each row or cell that cannot be read.

    A cell that cannot be read is left out, the rest of its row is kept. Columns are those of
    `choose_columns`; `source` names the file in places.
    """
    group: list[TypedRow] = []
    ended: set[str] = set()
    for found in rows:
        place = f"{source} {found.place}"
        if isinstance(found, BrokenRow):
            yield Problem(place, found.message)
            continue
        row = _read_row(found.cells, columns, place, found.place, outcome)
        yield from row.problems
        if not row.outcomes:
            if not row.problems:
                yield Problem(place, "the row holds no figure; fill in a count or delete the row")
            continue
        if group and not _belongs(row, group, grouping):
            yield from _entry(group)
            if grouping == "by_report" and group[0].report is not None:
                ended.add(group[0].report)
            group = []
        if not group and row.report in ended:
            yield Problem(
                place,
                f"rows of report {shown(row.report or '', 40)!r} stand further up too and are "
                "checked apart from these; sort the file by its report column",
            )
        group.append(row)
    if group:
        yield from _entry(group)


def _belongs(row: TypedRow, group: list[TypedRow], grouping: Grouping) -> bool:
    if grouping == "one_report":
        return True
    if grouping == "by_report":
        return row.report is not None and row.report == group[0].report
    return row.parent is not None and any(row.parent == other.own_id for other in group)


def _read_row(
    cells: Mapping[str, object], columns: Columns, place: str, line: str, outcome: Outcome
) -> TypedRow:
    reader = _Cells(cells, columns, place)
    own_id = reader.words("id")
    stated: Outcome | None = reader.parsed("outcome", _outcome)
    if stated is None and reader.words("outcome") is None:
        stated = outcome
    outcomes: dict[Outcome, dict[str, Count]] = {}
    for name in columns:
        prefix, dot, slot = name.rpartition(".")
        if not dot and name not in SLOTS:
            continue
        count = reader.parsed(name, count_of)
        whose = cast(Outcome, prefix) if dot else stated
        if count is not None and whose is not None:
            outcomes.setdefault(whose, {})[slot] = count
    quotes = [quote.strip() for quote in (reader.words("evidence") or "").split(QUOTE_MARK)]
    perpetrators = reader.list("perpetrator")
    period = reader.period()
    scope = reader.parsed("scope", _scope)
    many_days = period is not None and period.start != period.end
    claim: dict[str, object] = {
        "victims": "unspecified",
        "claimant": reader.words("claimant"),
        "perpetrators": perpetrators,
        "attribution": "stated" if perpetrators else None,
        "weapons": reader.parsed("weapon", _weapons) or [],
        "places": reader.list("place"),
        "scope": scope or ("period" if many_days else "incident"),
        "period": period,
        "part_of": None,
        "evidence": [quote for quote in quotes if quote] or [NO_QUOTE],
    }
    return TypedRow(
        place=place,
        id=own_id or line,
        report=reader.words("report"),
        own_id=own_id,
        parent=reader.words("parent"),
        outcomes=outcomes,
        claim=claim,
        published=reader.parsed("published", parse_date),
        problems=reader.problems,
    )


class _Cells:
    """One row's cells by field; what cannot be read becomes a problem that names its column."""

    def __init__(self, cells: Mapping[str, object], columns: Columns, place: str) -> None:
        self.problems: list[Problem] = []
        self._cells = cells
        self._columns = columns
        self._place = place

    def words(self, name: str) -> str | None:
        """The cell's words on one line; None where it is empty or not mapped."""
        column = self._columns.get(name)
        cell = None if column is None else self._cells.get(column)
        return None if cell is None else " ".join(stored_text(str(cell)).split()) or None

    def list(self, name: str) -> list[str]:
        """The parts of a cell between semicolons."""
        parts = [part.strip() for part in (self.words(name) or "").split(LIST_MARK)]
        return [part for part in parts if part]

    def parsed(self, name: str, read: Callable[[str], Value | None]) -> Value | None:
        """What `read` makes of the cell; None, and a problem, where it raises ValueError."""
        words = self.words(name)
        if words is None:
            return None
        try:
            return read(words)
        except ValueError as error:
            advice = "write the day as 2024-12-05" if read is parse_date else str(error)
            self.problems.append(
                Problem(
                    self._place,
                    f"column {shown(self._columns[name], 40)!r} holds {shown(words, 40)!r}, which "
                    f"is not read; {advice}",
                )
            )
            return None

    def period(self) -> Period | None:
        """The day of `date`, or the stretch of `start` and `end`."""
        day = self.parsed("date", parse_date)
        start = self.parsed("start", parse_date) or day
        end = self.parsed("end", parse_date) or day
        if start is None and end is None:
            return None
        words = [self.words(name) for name in ("date", "start", "end")]
        return Period(start=start, end=end, as_written=" – ".join(w for w in words if w))


def _entry(group: list[TypedRow]) -> Iterator[Entry | Problem]:
    """The entry of the rows of one report, after the problems of their links."""
    claims: list[Claim] = []
    ids: list[str] = []
    unquoted: set[int] = set()
    places: dict[str, dict[Outcome, int]] = {}
    for row in group:
        if row.id in places:
            yield Problem(
                row.place, f"the id {shown(row.id, 40)!r} stands twice; give each its own"
            )
            row.id = f"{row.id} ({row.place.rpartition(' line ')[2]})"
        places[row.id] = {}
        for outcome, slots in row.outcomes.items():
            places[row.id][outcome] = len(claims)
            if row.claim["evidence"] == [NO_QUOTE]:
                unquoted.add(len(claims))
            claims.append(_claim(outcome, slots, row.claim))
            ids.append(row.id if len(row.outcomes) == 1 else f"{row.id} {outcome}")
    for row in group:
        if row.parent is None:
            continue
        for outcome, index in places[row.id].items():
            whole = _whole(places.get(row.parent, {}), outcome)
            if whole is None:
                yield Problem(
                    row.place,
                    f"its whole {shown(row.parent, 40)!r} is no figure of the same report that can "
                    f"hold people {outcome}; put the rows together or mend the id",
                )
            else:
                claims[index] = claims[index].model_copy(update={"part_of": whole})
    first = group[0]
    names = tuple(dict.fromkeys(name for name in (first.report, first.own_id) if name))
    yield Entry(
        place=first.place,
        names=names,
        content=Typed(
            claims=tuple(claims),
            facilities=(),
            ids=tuple(ids),
            unquoted=frozenset(unquoted),
            published=next((row.published for row in group if row.published), None),
        ),
    )


def _whole(candidates: Mapping[Outcome, int], outcome: Outcome) -> int | None:
    """The claim of the parent's row that holds an outcome: its own, casualties, or the only one."""
    for name in (outcome, "casualties"):
        if name in candidates:
            return candidates[name]
    return next(iter(candidates.values())) if len(candidates) == 1 else None


def _claim(outcome: Outcome, slots: Mapping[str, Count], shared: Mapping[str, object]) -> Claim:
    plain = {name: slots.get(name) for name in ("total", "children", "women", "men")}
    groups = [
        Subgroup(group=cast(Group, name), label=None, count=count)
        for name, count in slots.items()
        if name not in plain
    ]
    return Claim.model_validate({"outcome": outcome, **plain, "subgroups": groups, **shared})


def _outcome(words: str) -> Outcome:
    found = OUTCOME_WORDS.get(words.casefold())
    if found is None:
        raise ValueError(f"write one of {', '.join(get_args(Outcome))}")
    return found


def _scope(words: str) -> Scope:
    return cast(Scope, _one_of(words, get_args(Scope)))


def _weapons(words: str) -> list[Weapon]:
    known = get_args(Weapon)
    return [cast(Weapon, _one_of(part, known)) for part in words.split(LIST_MARK) if part.strip()]


def _one_of(words: str, known: tuple[str, ...]) -> str:
    name = "_".join(words.casefold().split())
    if name not in known:
        raise ValueError(f"write one of {', '.join(known)}")
    return name
