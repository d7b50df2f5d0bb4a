"""Which column of a typed table is what: by the mapping that is given, then by common names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, get_args

from llm_extract.documents.text import shown
from llm_extract.errors import RecordsError
from llm_extract.schema import Group, Outcome

SLOTS: Final[tuple[str, ...]] = (
    *("total", "children", "women", "men"),
    *(group for group in get_args(Group) if group != "other"),
)
"""Counts that a column can hold; a group that has no name of its own is not among them."""

ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "row id", "claim id", "figure id", "entry", "ref"),
    "parent": ("parent", "parent id", "part of", "part of id"),
    "report": ("report", "report id", "document", "file", "report file", "source file"),
    "outcome": ("outcome", "harm"),
    "claimant": ("claimant", "source", "according to", "reported by", "organisation"),
    "perpetrator": ("perpetrator", "perpetrators", "responsible", "held responsible", "party"),
    "place": ("place", "places", "location", "town", "district", "governorate"),
    "weapon": ("weapon", "weapons"),
    "scope": ("scope",),
    "date": ("date", "day", "event date", "incident date"),
    "start": ("start", "start date", "from", "period start"),
    "end": ("end", "end date", "until", "to", "period end"),
    "published": ("published", "publication date", "date published"),
    "evidence": ("evidence", "quote", "quotes", "excerpt"),
}
"""Columns that say something about a count, with the header names that are known for them."""

OUTCOME_NAMES: Final[dict[Outcome, str]] = {
    "killed": "killed dead death deaths fatality fatalities deceased",
    "injured": "injured wounded injury injuries hurt",
    "missing": "missing disappeared",
    "detained": "detained arrested detentions arrests",
    "abducted": "abducted kidnapped abductions",
    "displaced": "displaced",
    "casualties": "casualties casualty",
}
"""Words of headers and of outcome cells."""

OUTCOME_WORDS: Final[dict[str, Outcome]] = {
    word: outcome for outcome, words in OUTCOME_NAMES.items() for word in words.split()
}

_SLOT_WORDS: Final = {
    **{slot.replace("_", " "): slot for slot in SLOTS},
    **dict.fromkeys(("toll", "sum", "all"), "total"),
    **dict.fromkeys(("child", "minors", "kids", "under 18"), "children"),
    **dict.fromkeys(("woman", "adult women"), "women"),
    **dict.fromkeys(("man", "adult men"), "men"),
    **dict.fromkeys(("elderly", "older persons"), "older_people"),
    **dict.fromkeys(("medics", "health workers"), "medical_workers"),
}
_FILLING: Final = frozenset(
    {"no", "nr", "number", "of", "the", "people", "persons", "count", "who"}
)
_APART: Final = re.compile(r"[\W_]+")

Columns = Mapping[str, str]
"""Field (`total`, `killed.children`, `place`, …) to the name of its column."""


def is_field(name: str) -> bool:
    """Whether a column can be mapped to `name`: an attribute, SLOT or OUTCOME.SLOT."""
    outcome, dot, slot = name.rpartition(".")
    if dot:
        return outcome in get_args(Outcome) and slot in SLOTS
    return name in ATTRIBUTES or name in SLOTS


def field_of(header: str) -> str | None:
    """The field that a header names by itself: "Children killed" is `killed.children`."""
    words = [word for word in _APART.split(header.casefold()) if word]
    name = " ".join(words)
    for attribute, names in ATTRIBUTES.items():
        if name in names:
            return attribute
    words = [word for word in words if word not in _FILLING]
    outcomes = [word for word in words if word in OUTCOME_WORDS]
    slot = " ".join(word for word in words if word not in OUTCOME_WORDS)
    if len(outcomes) > 1 or not (outcomes or slot):
        return None
    if slot and slot not in _SLOT_WORDS:
        return None
    field = _SLOT_WORDS[slot] if slot else "total"
    return f"{OUTCOME_WORDS[outcomes[0]]}.{field}" if outcomes else field


def choose_columns(
    headers: Sequence[str], given: Columns, outcome: Outcome
) -> tuple[dict[str, str], list[str]]:
    """The columns that are read, and a line for each thing that was guessed or left out.

    `outcome` is that of a count whose header and row name none: `children` is then
    `OUTCOME.children`.

    Raises:
        RecordsError: a given column is not there, no column holds a count, or two say the same.
    """
    known = ", ".join(repr(shown(name, 40)) for name in headers[:30]) or "none"
    for field, column in given.items():
        if column not in headers:
            raise RecordsError(
                f"there is no column {shown(column)!r} for {field}; the columns are: {known}"
            )
    found = dict(given)
    lines = []
    guessed: dict[str, str] = {}
    for header in headers:
        field = field_of(header) or ""
        if not field or field in given or header in given.values():
            continue
        if field in guessed:
            lines.append(_passed_over(header, field))
            continue
        guessed[field] = header
    found |= guessed
    if "outcome" not in found:
        named = {f"{outcome}.{field}" for field in given if field in SLOTS}
        for field in [field for field in guessed if field in named]:
            lines.append(_passed_over(found.pop(field), field))
        found = _with_outcome(found, outcome)
    if not any(field.rpartition(".")[2] in SLOTS for field in found):
        raise RecordsError(
            f"no column holds a count of people; name one with --map total=COLUMN; "
            f"the columns are: {known}"
        )
    if guessed:
        read = [f"{field} from column {shown(name, 40)!r}" for field, name in found.items()]
        lines.insert(0, ", ".join(read))
    return found, lines


def read_mapping(pairs: Sequence[str], file: Path | None) -> dict[str, str]:
    """The mapping of `FIELD=COLUMN` words on top of a TOML file of `field = "Column"` lines.

    Raises:
        RecordsError: the file can't be read or is no such TOML, or a field is none there is.
    """
    found = {} if file is None else _from_file(file)
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not equals:
            raise RecordsError(f"--map {shown(pair)}: write FIELD=COLUMN, such as total=Killed")
        found[_checked_field(field.strip(), "--map")] = column.strip()
    return found


def _from_file(file: Path) -> dict[str, str]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise RecordsError(f"{file}: the mapping can't be read: {why}") from error
    found: dict[str, str] = {}
    for field, column in table.items():
        if isinstance(column, dict):
            nested = {f"{field}.{slot}": name for slot, name in column.items()}
        else:
            nested = {field: column}
        for name, words in nested.items():
            if not isinstance(words, str):
                raise RecordsError(f'{file}: {name} must be a column name: {name} = "Column"')
            found[_checked_field(name, str(file))] = words
    return found


def _checked_field(field: str, where: str) -> str:
    if not is_field(field):
        raise RecordsError(
            f"{where}: there is no field {shown(field, 40)!r}; it is one of "
            f"{', '.join((*ATTRIBUTES, *SLOTS))}, or OUTCOME.SLOT such as injured.children"
        )
    return field


def _passed_over(header: str, field: str) -> str:
    return (
        f"column {shown(header, 40)!r} looks like {field} too and is not read; "
        f"--map {field}=COLUMN says which one is"
    )


def _with_outcome(found: Columns, outcome: Outcome) -> dict[str, str]:
    """Every count under its outcome."""
    fields: dict[str, str] = {}
    for field, column in found.items():
        name = f"{outcome}.{field}" if field in SLOTS else field
        if name in fields:
            raise RecordsError(
                f"columns {shown(fields[name], 40)!r} and {shown(column, 40)!r} both give {name}; "
                f"say what they are, such as --map casualties.total={shown(column, 40)!r}"
            )
        fields[name] = column
    return fields
