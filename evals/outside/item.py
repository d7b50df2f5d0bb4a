"""The form that every outside set is read into, and what all adapters share; it opens no file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from llm_extract.documents.rows import BrokenRow, PlacedRow
from llm_extract.documents.text import is_blank, shown, stored_text
from llm_extract.evals.tolls import TollLabel

LabelledOutcome = Literal["killed", "injured"]
OUTCOMES: tuple[LabelledOutcome, ...] = ("killed", "injured")

Labels = Mapping[LabelledOutcome, TollLabel | None]
"""The toll of each outcome, None where the set labels none."""


@dataclass(frozen=True, slots=True)
class OutsideItem:
    """A report of an outside set: its text, as reports are stored, and its labelled tolls.

    `published` is the day from which "yesterday" is read. Most sets give the day of the event only,
    and their notes were written on it or soon after. `non_combatants` says whether the labels leave
    combatants out. `place` is the file and row, for messages.
    """

    id: str
    text: str
    language: str
    published: date | None
    labels: Labels
    non_combatants: bool
    place: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that gives no item; `broken` where it can't be read, else there is nothing to score."""

    place: str
    why: str
    broken: bool


Entry = OutsideItem | LeftOut


class RowError(ValueError):
    """What is wrong in a row, in one line: the column, what it holds and what to do."""


def make_item(
    id: str,
    text: str,
    language: str,
    published: date | None,
    labels: Labels,
    *,
    non_combatants: bool = False,
) -> OutsideItem | None:
    """The item of a row, or None where it has no text or no label.

    Raises:
        RowError: the row has no id.
    """
    stored = stored_text(text)
    if is_blank(stored) or not any(labels.values()):
        return None
    if not id:
        raise RowError("the row has no id; give it one, records are found by it")
    return OutsideItem(id, stored, language, published, labels, non_combatants, place="")


def read_rows(
    path: Path,
    rows: Iterable[PlacedRow | BrokenRow],
    adapter: Callable[[PlacedRow], OutsideItem | None],
) -> Iterator[Entry]:
    """An entry a row, in order; a row that `adapter` refuses with RowError is left out."""
    for row in rows:
        place = f"{path} {row.place}"
        if isinstance(row, BrokenRow):
            yield LeftOut(place, row.message, broken=True)
            continue
        try:
            item = adapter(row)
        except RowError as error:
            yield LeftOut(place, str(error), broken=True)
            continue
        yield nothing_to_score(place) if item is None else replace(item, place=place)


def nothing_to_score(place: str) -> LeftOut:
    """The entry of a row without a text or a label."""
    return LeftOut(place, "no text or no labelled toll", broken=False)


def distinct(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The same entries; an item whose id an earlier one has is left out.

    Records are found by id, so two reports of one id would be scored on one record.
    """
    places: dict[str, str] = {}
    for entry in entries:
        if isinstance(entry, OutsideItem):
            first = places.setdefault(entry.id, entry.place)
            if first != entry.place:
                why = f"the id {shown(entry.id, 60)!r} is that of {first}; keep one of the two"
                yield LeftOut(entry.place, why, broken=True)
                continue
        yield entry


def only_items(entries: Iterable[Entry]) -> Iterator[OutsideItem]:
    """The items among the entries."""
    return (entry for entry in entries if isinstance(entry, OutsideItem))


def above_zero(label: TollLabel | None) -> TollLabel | None:
    """The label, or None for the label 0: most sets write 0 where nobody is known to be harmed, and
    few notes print that."""
    return None if label is not None and label.high == 0 else label
