"""Reads outside sets that label a report's toll, from local files; nothing of them is stored here.

Each adapter gives the same `OutsideItem`s, so that every set is scored in one way.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from llm_extract.errors import RecordsError
from llm_extract.evals.tolls import TollLabel, exactly

LabelledOutcome = Literal["killed", "injured"]
OUTCOMES: tuple[LabelledOutcome, ...] = ("killed", "injured")


@dataclass(frozen=True, slots=True)
class OutsideItem:
    """A report of an outside set: its text (NFC) and its labelled tolls, null where it has none.

    `published` is the day of the event: the sets don't give that of the publication, and the notes
    were written on that day or soon after it.
    """

    id: str
    text: str
    language: str
    published: date | None
    labels: Mapping[LabelledOutcome, TollLabel | None]
    non_combatants: bool


def read_wad(path: Path) -> list[OutsideItem]:
    """Event notes of the Worldwide Atrocities Dataset as JSON lines (id, text, labels).

    Its tolls are of non-combatants. Its zeros are dropped: they say that nobody was harmed, and
    few notes print that. Raises RecordsError for an unreadable file or line.
    """
    return _read(path, _wad_item)


def read_syrian_archive(path: Path) -> list[OutsideItem]:
    """Investigations of the Syrian Archive as JSON lines (id, lang, header_text, text, labels).

    The text is the fact box, an empty line and the body. Its tolls are of all people, its zeros are
    printed denials. Raises RecordsError for an unreadable file or line.
    """
    return _read(path, _archive_item)


def _wad_item(row: Mapping[str, object]) -> OutsideItem:
    item = _item(row, str(row["text"]), "en", non_combatants=True)
    labels = {
        outcome: None if label == exactly(0) else label for outcome, label in item.labels.items()
    }
    return replace(item, labels=labels)


def _archive_item(row: Mapping[str, object]) -> OutsideItem:
    parts = (str(row[name] or "").strip() for name in ("header_text", "text"))
    text = "\n\n".join(part for part in parts if part)
    return _item(row, text, str(row["lang"]), non_combatants=False)


def _item(
    row: Mapping[str, object], text: str, language: str, *, non_combatants: bool
) -> OutsideItem:
    labels = row["labels"]
    if not isinstance(labels, Mapping):
        raise TypeError("labels is no object")
    day = labels.get("date")
    return OutsideItem(
        id=str(row["id"]),
        text=unicodedata.normalize("NFC", text),
        language=language,
        published=date.fromisoformat(str(day)) if day else None,
        labels={outcome: _label(labels.get(outcome)) for outcome in OUTCOMES},
        non_combatants=non_combatants,
    )


def _label(value: object) -> TollLabel | None:
    """A number, or a range `{"min", "max"}` whose end may be open."""
    match value:
        case None:
            return None
        case int():
            return exactly(value)
        case {"min": int(low), "max": int() | None as high}:
            return TollLabel(low, high)
    raise ValueError(f"{value!r} is no toll")


def _read(path: Path, adapter: Callable[[Mapping[str, object]], OutsideItem]) -> list[OutsideItem]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordsError(f"{path} cannot be read as UTF-8 text: {error}") from error
    items = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            items.append(adapter(json.loads(line)))
        except (KeyError, TypeError, ValueError) as error:
            raise RecordsError(
                f"{path} line {number} is no row of this set ({error!r}); is it the right file?"
            ) from error
    return items
