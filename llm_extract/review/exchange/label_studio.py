"""Label Studio: tasks with predictions and annotations, and the labelling interface for them.

Offsets of its Text tag count characters as Python does (code points; its own tests of emoji say
so), and `end` is excluded. Editors before 1.8 counted UTF-16 units: what comes back is read by
whichever unit makes `text` the words at that place. Results that describe one region share its
`id`; no two regions do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args
from xml.sax.saxutils import quoteattr

from pydantic import BaseModel, ConfigDict, Field

from llm_extract.documents.text import shown
from llm_extract.errors import RecordsError
from llm_extract.review.exchange.labels import LABELS, label_of, slot_of
from llm_extract.review.exchange.marks import ASIDE, QUOTE, Head, Loose, Mark, Marked, Number
from llm_extract.review.exchange.tasks import Object, Returned, Task
from llm_extract.schema import (
    Attribution,
    Basis,
    FacilityEffect,
    FacilityKind,
    Outcome,
    Period,
    Qualifier,
    Scope,
    Victims,
    Weapon,
)

FIGURE, TEXT, CLAIM = "figure", "report", "claim"
"""Names of the labels, of the text, and the label of the region that stands for a claim."""
PART_OF = "part_of"
"""The label of a relation from the region of a claim to that of its whole."""

ONE_OF: dict[str, tuple[str, ...]] = {
    "outcome": get_args(Outcome),
    "victims": get_args(Victims),
    "effect": get_args(FacilityEffect),
    "attribution": get_args(Attribution),
    "scope": get_args(Scope),
}
SOME_OF: dict[str, tuple[str, ...]] = {
    "kinds": get_args(FacilityKind),
    "weapons": get_args(Weapon),
}
WORDS = ("claimant", "perpetrators", "places", "period_start", "period_end", "period")
"""Fields of a claim: chosen, chosen more than once, written."""

OF_NUMBERS: dict[str, tuple[str, ...]] = {
    "qualifier": get_args(Qualifier),
    "basis": get_args(Basis),
}
WORDS_OF_NUMBERS = ("value", "upper", "words", "group_label")
_CHOSEN = frozenset({*ONE_OF, *SOME_OF, *OF_NUMBERS})

REST = "nowhere"
"""A field of the whole task: what stands nowhere in the text, as JSON."""


class Rest(BaseModel):
    """What has no place in the text: claims that no region stands for, links to these, values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: list[str] = Field(default=[], max_length=2000)
    heads: list[Head] = Field(default=[], max_length=2000)
    links: dict[str, str] = {}
    loose: Loose = Loose()


# --- out --------------------------------------------------------------------------------------


def labelling_interface() -> str:
    """The XML that a project for these tasks is set up with."""
    labels = "\n".join(f"      <Label value={quoteattr(name)}/>" for name in (CLAIM, *LABELS))
    chosen = [_choices(name, each) for name, each in (ONE_OF | OF_NUMBERS).items()]
    chosen += [_choices(name, each, "multiple") for name, each in SOME_OF.items()]
    written = [
        f'    <TextArea name="{name}" toName="{TEXT}" perRegion="true" '
        f'maxSubmissions="{50 if name in ("perpetrators", "places") else 1}" '
        f'editable="true" placeholder="{name.replace("_", " ")}"/>'
        for name in ("id", *WORDS, *WORDS_OF_NUMBERS)
    ]
    fields = "\n".join([*chosen, *written])
    return f"""<View>
  <Relations>
    <Relation value="part_of"/>
  </Relations>
  <Filter name="filter" toName="{FIGURE}" minlength="0"/>
  <Labels name="{FIGURE}" toName="{TEXT}" showInline="true">
{labels}
  </Labels>
  <Text name="{TEXT}" value="$text" granularity="symbol"/>
  <View>
{fields}
  </View>
  <TextArea name="{REST}" toName="{TEXT}" editable="true" maxSubmissions="1"/>
</View>
"""


def _choices(name: str, values: Sequence[str], choice: str = "single") -> str:
    options = "".join(f"<Choice value={quoteattr(value)}/>" for value in values)
    return (
        f'    <Choices name="{name}" toName="{TEXT}" perRegion="true" choice="{choice}">'
        f"{options}</Choices>"
    )


def to_label_studio(task: Task) -> Object:
    """A task as Label Studio imports it."""
    prediction = {
        "model_version": task.model,
        "result": _result(task.prediction, task.text, "p"),
    }
    annotations = [
        {
            "ground_truth": False,
            "result": _result(answer.parts, task.text, f"a{number}"),
        }
        for number, answer in enumerate(task.answers, start=1)
    ]
    return {
        "data": {
            "text": task.text,
            "case": task.case,
            "version": task.version,
            "report_id": task.report_id,
            "language": task.language,
            # It refuses annotations by people whose mail address it does not know.
            "annotators": [answer.who for answer in task.answers],
        },
        "predictions": [prediction],
        "annotations": annotations,
    }


def _result(parts: Marked, text: str, whose: str) -> list[Object]:
    """The regions of a content; `whose` sets their ids apart from those of others in the task."""
    heads = {head.id: head for head in parts.heads}
    anchors: dict[str, Mark] = {}
    for mark in sorted(parts.marks, key=lambda mark: mark.slot != QUOTE):
        if mark.item:
            anchors.setdefault(mark.item, mark)
    found: list[Object] = []
    for id, mark in anchors.items():
        found += _region(f"{whose}-{id}", mark, text, CLAIM, _of_head(heads[id]))
    for number, mark in enumerate(parts.marks):
        found += _region(f"{whose}-{number}", mark, text, label_of(mark, heads), _of_mark(mark))
    wholes = {h.id: h.part_of for h in parts.heads if h.id in anchors and h.part_of is not None}
    found += [
        _relation(f"{whose}-{id}", f"{whose}-{whole}")
        for id, whole in wholes.items()
        if whole in anchors
    ]
    rest = Rest(
        order=[head.id for head in parts.heads],
        heads=[head for head in parts.heads if head.id not in anchors],
        links={id: whole for id, whole in wholes.items() if whole not in anchors},
        loose=parts.loose,
    )
    words = rest.model_dump_json(exclude_defaults=True)
    return [*found, _of_field(f"{whose}-{REST}", REST, "textarea", {"text": [words]})]


def _region(
    id: str, mark: Mark, text: str, label: str, fields: Mapping[str, Sequence[str]]
) -> Iterator[Object]:
    """The label of a region, and a result for each of its fields that is filled."""
    place = {"start": mark.start, "end": mark.end}
    words = {"text": text[mark.start : mark.end]}
    yield _of_field(id, FIGURE, "labels", {**place, **words, "labels": [label]})
    for name, values in fields.items():
        if values:
            kind, key = ("choices", "choices") if name in _CHOSEN else ("textarea", "text")
            yield _of_field(id, name, kind, {**place, key: list(values)})


def _of_field(id: str, name: str, kind: str, value: Object) -> Object:
    return {"id": id, "from_name": name, "to_name": TEXT, "type": kind, "value": value}


def _relation(part: str, whole: str) -> Object:
    return {
        "type": "relation",
        "from_id": part,
        "to_id": whole,
        "direction": "right",
        "labels": [PART_OF],
    }


def _of_head(head: Head) -> dict[str, Sequence[str]]:
    fields: dict[str, Sequence[str]] = {"id": [head.id]}
    for name in ("outcome", "effect", "attribution", "scope", "claimant"):
        value = getattr(head, name)
        fields[name] = [] if value is None else [value]
    if head.is_claim:
        fields["victims"] = [head.victims]
    for name in (*SOME_OF, "perpetrators", "places"):
        fields[name] = getattr(head, name)
    if head.period is not None:
        days = {"period_start": head.period.start, "period_end": head.period.end}
        fields |= {name: [day.isoformat()] for name, day in days.items() if day is not None}
        fields["period"] = [head.period.as_written]
    return fields


def _of_mark(mark: Mark) -> dict[str, Sequence[str]]:
    fields: dict[str, Sequence[str]] = {
        "id": [mark.item] if mark.item else [],
        "group_label": [] if mark.label is None else [mark.label],
        "words": [] if mark.words is None else [mark.words],
    }
    if mark.number is not None:
        for name, value in mark.number.model_dump(exclude_none=True).items():
            fields[name] = [str(value)]
    return fields


# --- in ---------------------------------------------------------------------------------------


class _Data(BaseModel):
    """The fields of a task that say which case it is; others are the tool's."""

    text: str
    case: int = Field(ge=1, le=2**31 - 1)
    version: int = Field(ge=0)


def from_label_studio(where: str, task: Object) -> Returned:
    """A task as Label Studio exports it (JSON), with every annotation that was not cancelled.

    Raises RecordsError or ValidationError when it is not of this form.
    """
    head = _Data.model_validate(task.get("data"))
    annotations = _list(task.get("annotations"), "annotations")
    answers = tuple(
        _parts(_list(_dict(each, "annotation").get("result"), "result"), head.text)
        for each in annotations
        if not _dict(each, "annotation").get("was_cancelled")
    )
    return Returned(where, head.case, head.version, head.text, answers)


def _parts(result: Sequence[Any], text: str) -> Marked:
    regions: dict[str, _Back] = {}
    links: dict[str, str] = {}
    rest = Rest()
    for each in result:
        entry = _dict(each, "result")
        if entry.get("type") == "relation":
            links[str(entry.get("from_id"))] = str(entry.get("to_id"))
        elif entry.get("from_name") == REST:
            rest = _rest(_dict(entry.get("value"), "value").get("text"))
        else:
            id = str(entry.get("id"))
            regions.setdefault(id, _Back()).take(entry, text)
    claims = {id: region for id, region in regions.items() if region.label == CLAIM}
    names = {id: region.one("id") or "" for id, region in claims.items()}
    heads = [*rest.heads]
    for id, region in claims.items():
        whole = names.get(links.get(id, "")) or rest.links.get(names[id])
        heads.append(region.head(whole))
    place = {id: number for number, id in enumerate(rest.order)}
    heads.sort(key=lambda head: place.get(head.id, len(place)))
    by_id = {head.id: head for head in heads}
    marks = [region.mark(by_id) for id, region in regions.items() if id not in claims]
    return Marked(heads=heads, marks=marks, loose=rest.loose)


class _Back:
    """What the results of one region say together."""

    def __init__(self) -> None:
        self.label = ""
        self.start = self.end = 0
        self.fields: dict[str, list[str]] = {}

    def take(self, entry: Object, text: str) -> None:
        """Add a result."""
        value = _dict(entry.get("value"), "value")
        if entry.get("type") != "labels":
            kind = "choices" if entry.get("type") == "choices" else "text"
            given = value.get(kind)
            self.fields[str(entry.get("from_name"))] = (
                [given] if isinstance(given, str) else [str(w) for w in _list(given, kind)]
            )
            return
        labels = _list(value.get("labels"), "labels")
        if len(labels) != 1:
            raise RecordsError("a region has one label: take the others away")
        self.label = str(labels[0])
        self.start, self.end = _place(value, text)

    def one(self, name: str) -> str | None:
        """The only value of a field; None when it has none. Raises RecordsError for several."""
        values = [word for word in self.fields.get(name, []) if word.strip()]
        if len(values) > 1:
            raise RecordsError(f"{self._where()}: {name} has several values: leave one")
        return values[0] if values else None

    def head(self, whole: str | None) -> Head:
        """The claim that a region stands for."""
        given: dict[str, Any] = {
            name: value
            for name in ("id", "outcome", "victims", "effect", "attribution", "scope", "claimant")
            if (value := self.one(name)) is not None
        }
        if "id" not in given:
            raise RecordsError(f"{self._where()}: a claim needs an id: write one, such as c9")
        for name in (*SOME_OF, "perpetrators", "places"):
            given[name] = self.fields.get(name, [])
        words = self.one("period")
        if words is not None:
            days = {"start": self.one("period_start"), "end": self.one("period_end")}
            given["period"] = Period.model_validate_json(json.dumps({**days, "as_written": words}))
        return Head(**given, part_of=whole)

    def mark(self, heads: Mapping[str, Head]) -> Mark:
        """The number, quote or other place that a region stands for."""
        item = self.one("id") or ""
        slot = slot_of(self.label, heads.get(item))
        value, qualifier, basis = self.one("value"), self.one("qualifier"), self.one("basis")
        number = None
        if value is not None or qualifier is not None or basis is not None:
            given = {"qualifier": qualifier, "basis": basis, "upper": self.one("upper")}
            number = Number.model_validate(
                {"value": value, **{name: each for name, each in given.items() if each}}
            )
        return Mark(
            item="" if slot == ASIDE else item,
            slot=slot,
            start=self.start,
            end=self.end,
            words=self.one("words"),
            label=self.one("group_label"),
            number=number,
        )

    def _where(self) -> str:
        return f"the region at {self.start}:{self.end}"


def _place(value: Object, text: str) -> tuple[int, int]:
    """Where a region stands, by the unit in which its words stand there."""
    start, end, words = value.get("start"), value.get("end"), value.get("text")
    if not isinstance(start, int) or not isinstance(end, int):
        raise RecordsError("a region has no whole numbers as start and end")
    if not isinstance(words, str) or text[start:end] == words:
        return start, end
    units = text.encode("utf-16-le")
    part = units[2 * start : 2 * end].decode("utf-16-le", "replace")
    if part == words:
        before = units[: 2 * start].decode("utf-16-le", "replace")
        return len(before), len(before) + len(words)
    raise RecordsError(f"{shown(words, 40)!r} does not stand at {start}:{end} of its text")


def _rest(given: Any) -> Rest:
    words = given if isinstance(given, str) else "".join(map(str, _list(given, "text")))
    return Rest.model_validate_json(words) if words.strip() else Rest()


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise RecordsError(f"{name} is no list: export the tasks as JSON")
    return value


def _dict(value: Any, name: str) -> Object:
    if not isinstance(value, dict):
        raise RecordsError(f"{name} is no object: export the tasks as JSON")
    return value
