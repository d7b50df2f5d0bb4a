"""MUC-4: news messages in capitals, and key files with a template an incident.

Slots and their fills as the conference's scorer configures them (slotconfig.el of MUC-4) and its
task description explains them (Proceedings of MUC-4, appendix A).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final, Literal

from llm_extract.documents.text import shown
from llm_extract.errors import RecordsError
from llm_extract.evals.outside.files import read_lines
from llm_extract.evals.outside.item import (
    Entry,
    Labels,
    LeftOut,
    RowError,
    make_item,
    nothing_to_score,
)
from llm_extract.evals.tolls import TollLabel, exactly

Effect = Literal["DEATH", "INJURY"]

_HEADER: Final = re.compile(r"((?:DEV|TST\d)-MUC\d-\d{4})(?:\s*\([^()]*\))?\s*")
"""The line above a message: `DEV-MUC3-0001 (NOSC)`, in the later tests without the bracket."""

_MESSAGE_ID, _TEMPLATE_ID = "MESSAGE: ID", "MESSAGE: TEMPLATE"
_NUMBER, _EFFECT = "HUM TGT: NUMBER", "HUM TGT: EFFECT OF INCIDENT"
_TOTAL = "HUM TGT: TOTAL NUMBER"
_NEEDED: Final = "|".join((_MESSAGE_ID, _TEMPLATE_ID, _NUMBER, _EFFECT, _TOTAL))
_SLOT_LINE: Final = re.compile(rf"\d{{1,2}}\.\s*({_NEEDED})(?!\S)\s*(.*)")
_OTHER_SLOT: Final = re.compile(r"\d{1,2}\.\s")

_DATELINE_DAY: Final = re.compile(r"\b(\d{1,2}) ([A-Z]{3})[A-Z]* (\d{2})\b")
_DATELINE_CHARACTERS: Final = 200
_MONTHS: Final[tuple[str, ...]] = tuple("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split())

_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ALTERNATIVES: Final = re.compile(r'((?:"(?:[^"\\]|\\.)*"|[^/"])+)')
_PEOPLE: Final = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")
_PLURAL = TollLabel(2, None)
"""What the keys write for people of whom the message gives no number: several."""


@dataclass(frozen=True, slots=True)
class _Fill:
    """One fill of a slot: its alternative values, and the targets that it is said of."""

    values: tuple[str, ...]
    targets: frozenset[str]
    optional: bool


@dataclass(slots=True)
class _Template:
    """An incident of a key file: where it stands and the lines of its slots."""

    message: str
    place: str
    slots: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_incident(self) -> bool:
        """Whether it is of an incident; `*` says that the message reports none."""
        return self.slots.get(_TEMPLATE_ID) != ["*"]

    @property
    def is_optional(self) -> bool:
        """Whether the key leaves open that the incident belongs there."""
        return "OPTIONAL" in " ".join(self.slots.get(_TEMPLATE_ID, []))

    def fills(self, slot: str) -> list[_Fill]:
        """The fills of a slot, without the empty one (`-`)."""
        return [fill for line in self.slots.get(slot, []) if (fill := _fill(line)) is not None]


@dataclass(frozen=True, slots=True)
class _Group:
    """People of one effect: how many (None: unknown), whether that is sure, and their names."""

    people: TollLabel | None
    sure: bool
    targets: frozenset[str]


def read_muc4(files: Sequence[Path]) -> Iterator[Entry]:
    """The messages of the message files with the tolls of the key files, told apart by content.

    A toll is summed over the message's templates: the numbers of the human targets whose effect is
    DEATH, or INJURY. It is a range where the key leaves something open: a number that is a range or
    has alternatives (`/`), and several people without a number (PLURAL). Optional templates and
    fills, DEATH beside another alternative, and a target that another template names too, as it may
    be the same people, count at the high end alone. A message gets no label where a number is
    missing or nobody is surely harmed. Perpetrators are no targets, so their dead are not counted.
    `published` is the day of the dateline.

    Raises:
        RecordsError: a file can't be opened or is neither kind, or one of the kinds is missing.
    """
    messages: list[tuple[str, str, str]] = []
    templates: dict[str, list[_Template]] = {}
    for path in files:
        lines = [line.rstrip("\r") for line in read_lines(path)]
        keys = list(_read_keys(path, lines))
        for template in keys:
            templates.setdefault(template.message, []).append(template)
        if not keys:
            messages += _read_messages(path, lines)
    if not messages or not templates:
        missing = "message" if not messages else "key"
        raise RecordsError(
            f"there is no MUC-4 {missing} file among the files; give messages and their keys"
        )
    for id, place, text in messages:
        yield _entry(id, place, text, templates.get(id, []))


def _read_messages(path: Path, lines: Sequence[str]) -> list[tuple[str, str, str]]:
    """Id, place and text of each message."""
    starts = [(n, match[1]) for n, line in enumerate(lines) if (match := _HEADER.fullmatch(line))]
    if not starts:
        raise RecordsError(
            f"{path} is neither a MUC-4 message file (no line such as 'DEV-MUC3-0001 (NOSC)') "
            "nor a key file (no '0.  MESSAGE: ID'); unpack the corpus and name its files"
        )
    ends = [n for n, _ in starts[1:]] + [len(lines)]
    return [
        (id, f"{path} line {start + 1}", "\n".join(lines[start + 1 : end]).strip())
        for (start, id), end in zip(starts, ends, strict=True)
    ]


def _read_keys(path: Path, lines: Sequence[str]) -> Iterator[_Template]:
    """The templates of a key file; none where the lines are of another kind."""
    template: _Template | None = None
    slot: str | None = None
    for number, line in enumerate(lines, start=1):
        if line.startswith(";"):
            continue
        match = _SLOT_LINE.match(line)
        if match and match[1] == _MESSAGE_ID:
            if template is not None:
                yield template
            template = _Template(_message_id(match[2]), f"{path} line {number}")
        if template is None:
            continue
        if match:
            slot = str(match[1])
            template.slots[slot] = [match[2].strip()]
        elif not line.strip() or _OTHER_SLOT.match(line):
            slot = None
        elif not line[0].isspace():
            raise RecordsError(
                f"{path} line {number} is no slot of a template: {shown(line, 40)!r}; "
                "take the key file as it was published"
            )
        elif slot is not None:
            _continue_slot(template.slots[slot], line.strip())
    if template is not None:
        yield template


def _message_id(value: str) -> str:
    return value.partition("(")[0].strip()


def _continue_slot(fills: list[str], line: str) -> None:
    """Adds a line to a slot: a fill of its own, or more alternatives of the one before."""
    if line.startswith("/") or fills[-1].endswith("/"):
        fills[-1] = f"{fills[-1]} {line}"
    else:
        fills.append(line)


def _entry(id: str, place: str, text: str, templates: Sequence[_Template]) -> Entry:
    incidents = [template for template in templates if template.is_incident]
    try:
        labels: Labels = {
            "killed": _toll(incidents, "DEATH"),
            "injured": _toll(incidents, "INJURY"),
        }
    except RowError as error:
        return LeftOut(place, str(error), broken=True)
    item = make_item(id, text, "en", _dateline_day(text), labels)
    return nothing_to_score(place) if item is None else replace(item, place=place)


def _dateline_day(text: str) -> date | None:
    """The day of "SAN TALO, 3 JAN 90 --", None where there is none."""
    match = _DATELINE_DAY.search(text[:_DATELINE_CHARACTERS])
    if match is None or match[2] not in _MONTHS:
        return None
    try:
        return date(1900 + int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1]))
    except ValueError:
        return None


def _toll(incidents: Sequence[_Template], effect: Effect) -> TollLabel | None:
    """The people of one effect over all incidents; None where it is open how many at least."""
    least: int = 0
    most: int | None = 0
    sure: list[tuple[int, _Group, int]] = []
    for index, template in enumerate(incidents):
        for group in _groups(template, effect):
            if group.people is None and group.sure:
                return None
            most = _plus(most, None if group.people is None else group.people.high)
            if group.people is None or not group.sure:
                continue
            again = [
                people
                for other, named, people in sure
                if other != index and named.targets & group.targets
            ]
            least += max(0, group.people.low - max(again, default=0))
            sure.append((index, group, group.people.low))
    return TollLabel(least, most) if least else None


def _groups(template: _Template, effect: Effect) -> Iterator[_Group]:
    """The groups of people that one incident gives an effect, surely or as an alternative."""
    effects, numbers = template.fills(_EFFECT), template.fills(_NUMBER)
    for fill in effects:
        if effect not in fill.values:
            continue
        named = [one for one in numbers if not fill.targets or one.targets & fill.targets]
        people = _sum(named, template.place)
        if people is None and len(effects) == 1 and len(named) == len(numbers):
            people = _sum(template.fills(_TOTAL), template.place)
        sure = not template.is_optional and _is_sure(fill, effect, effects)
        yield _Group(people, sure, fill.targets)


def _is_sure(fill: _Fill, effect: Effect, effects: Sequence[_Fill]) -> bool:
    """Whether an effect has no alternative and no other effect is said of the same people."""
    others = [other for other in effects if other is not fill and other.targets & fill.targets]
    harmed = {value for other in others for value in other.values} & {"DEATH", "INJURY"}
    return not fill.optional and set(fill.values) == {effect} and harmed <= {effect}


def _sum(numbers: Sequence[_Fill], place: str) -> TollLabel | None:
    """The people of several numbers together, None where there is none or one is unknown."""
    least: int = 0
    most: int | None = 0
    for fill in numbers:
        alternatives = [_people(value, place) for value in fill.values]
        if not alternatives or None in alternatives:
            return None
        known = [people for people in alternatives if people is not None]
        least += min(people.low for people in known)
        most = _plus(most, _highest(known))
    return TollLabel(least, most) if numbers else None


def _highest(labels: Sequence[TollLabel]) -> int | None:
    """The highest end, None where one is open."""
    ends = [label.high for label in labels if label.high is not None]
    return max(ends) if len(ends) == len(labels) else None


def _plus(one: int | None, other: int | None) -> int | None:
    """The sum of two ends; None is open."""
    return None if one is None or other is None else one + other


def _people(value: str, place: str) -> TollLabel | None:
    """The people of one value: `6`, `5 - 10`, PLURAL; None for `-`, unknown.

    Raises:
        RowError: the value is none of these.
    """
    if value == "-":
        return None
    if value == "PLURAL":
        return _PLURAL
    match = _PEOPLE.fullmatch(value)
    if match is None or int(match[2] or match[1]) < int(match[1]):
        raise RowError(
            f"the template at {place} has {shown(value, 40)!r} for a number of people; "
            "it must be 6, 5 - 10, PLURAL or -"
        )
    return TollLabel(int(match[1]), int(match[2])) if match[2] else exactly(int(match[1]))


def _fill(line: str) -> _Fill | None:
    """One fill, such as `6: "MINERS" / "WORKERS"` or `? DEATH / INJURY: "MINERS"`."""
    values: list[str] = []
    targets: set[str] = set()
    for alternative in _ALTERNATIVES.findall(line):
        targets.update(_QUOTED.findall(alternative))
        value = alternative.partition('"')[0].strip(" \t:()?")
        if value:
            values.append(value)
    if not targets and set(values) <= {"-", "*"}:
        return None
    return _Fill(tuple(values), frozenset(targets), optional=line.startswith("?"))
