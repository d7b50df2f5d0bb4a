"""Prodigy: a JSON line a report for its `spans_manual` and `relations` interfaces, out and back.

Offsets count characters as Python does, `end` is excluded, while `token_end` of a span is the
number of its last token. Spans may overlap (a quote holds its numbers). What Prodigy does not know
(`claim` of a span, `claims`, `nowhere`) it keeps and gives back.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BaseModel, Field

from llm_extract.errors import RecordsError
from llm_extract.review.exchange.labels import FIGURE_LABELS, label_of, slot_of
from llm_extract.review.exchange.marks import ASIDE, Head, Loose, Mark, Marked, Name, Number, Offset
from llm_extract.review.exchange.tasks import Object, Returned, Task

PART_OF, SAME_CLAIM = "part_of", "same_claim"
"""Relations: from a span of the whole to one of its part; from a span of a claim to a new one of
it. A new number that no relation leads to is a claim of its own."""

_TOKEN = re.compile(r"\w+|[^\w\s]+")

Key = tuple[int, int, str]


# --- out --------------------------------------------------------------------------------------


def to_prodigy(task: Task) -> list[Object]:
    """The prediction as a task without an answer, and each decision as one that was accepted."""
    found = [_task(task, task.prediction)]
    for answer in task.answers:
        said = {"answer": "accept", "_annotator_id": answer.who, "_session_id": answer.who}
        found.append({**_task(task, answer.parts), **said})
    return found


def _task(task: Task, parts: Marked) -> Object:
    tokens = _tokens(task.text, parts.marks)
    heads = {head.id: head for head in parts.heads}
    spans = list(_spans(parts.marks, heads, tokens))
    ends = _ends(spans)
    linked = {h.id: h.part_of for h in parts.heads if h.id in ends and h.part_of in ends}
    return {
        "text": task.text,
        "tokens": tokens,
        "spans": spans,
        "relations": [
            _relation(ends[whole], ends[part])
            for part, whole in linked.items()
            if whole is not None
        ],
        "claims": [
            head.model_copy(update={PART_OF: None} if head.id in linked else {}).model_dump(
                mode="json", exclude_defaults=True
            )
            for head in parts.heads
        ],
        "nowhere": parts.loose.model_dump(mode="json", exclude_defaults=True),
        "meta": {
            "case": task.case,
            "version": task.version,
            "report": task.report_id,
            "model": task.model,
        },
    }


def _spans(
    marks: Sequence[Mark], heads: Mapping[str, Head], tokens: Sequence[Object]
) -> Iterator[Object]:
    first = {token["start"]: token["id"] for token in tokens}
    last = {token["end"]: token["id"] for token in tokens}
    for mark in marks:
        span: Object = {
            "start": mark.start,
            "end": mark.end,
            "token_start": first[mark.start],
            "token_end": last[mark.end],
            "label": label_of(mark, heads),
        }
        more = mark.model_dump(mode="json", include={"words", "number"}, exclude_none=True)
        more |= {"claim": mark.item} if mark.item else {}
        more |= {} if mark.label is None else {"group_label": mark.label}
        yield span | more


def _ends(spans: Sequence[Object]) -> dict[str, Object]:
    """For each claim the span that relations to it end at: one that no other claim has."""
    shared = Counter(_key(span) for span in spans)
    found: dict[str, Object] = {}
    for span in spans:
        if "claim" in span and shared[_key(span)] == 1:
            found.setdefault(span["claim"], span)
    return found


def _relation(whole: Object, part: Object) -> Object:
    names = ("start", "end", "token_start", "token_end", "label")
    return {
        "head": whole["token_end"],
        "child": part["token_end"],
        "head_span": {name: whole[name] for name in names},
        "child_span": {name: part[name] for name in names},
        "label": PART_OF,
    }


def _tokens(text: str, marks: Sequence[Mark]) -> list[Object]:
    """Words and signs, cut wherever a mark begins or ends, so that every mark is whole tokens."""
    starts, ends = {mark.start for mark in marks}, {mark.end for mark in marks}
    cuts = {0, len(text), *starts, *ends}
    for found in _TOKEN.finditer(text):
        cuts |= {found.start(), found.end()}
    places = sorted(cuts)
    tokens: list[Object] = []
    for start, end in pairwise(places):
        words = text[start:end]
        if words == " " and start not in starts and end not in ends and tokens:
            tokens[-1]["ws"] = True
            continue
        tokens.append({"text": words, "start": start, "end": end, "id": len(tokens), "ws": False})
    return tokens


# --- in ---------------------------------------------------------------------------------------


class _Meta(BaseModel):
    case: int = Field(ge=1, le=2**31 - 1)
    version: int = Field(ge=0)


class _Span(BaseModel):
    start: Offset
    end: Offset
    label: Annotated[str, Field(max_length=60)]
    claim: str | None = None
    words: Annotated[str, Field(max_length=20_000)] | None = None
    group_label: Name | None = None
    number: Number | None = None


class _Relation(BaseModel):
    head_span: _Span
    child_span: _Span
    label: str


class _Line(BaseModel):
    """What of a line is ours; other fields are the tool's."""

    text: str
    meta: _Meta
    answer: str | None = None
    spans: Annotated[list[_Span], Field(max_length=20_000)] = []
    relations: Annotated[list[_Relation], Field(max_length=20_000)] = []
    claims: Annotated[list[Head], Field(max_length=2000)] = []
    nowhere: Loose = Loose()


def from_prodigy(where: str, line: Object) -> Returned:
    """A line of `prodigy db-out`; only what was accepted says something.

    Raises RecordsError or ValidationError when it is not of this form.
    """
    read = _Line.model_validate_json(json.dumps(line))  # days are words
    answers = (_parts(read),) if read.answer == "accept" else ()
    return Returned(where, read.meta.case, read.meta.version, read.text, answers)


def _parts(line: _Line) -> Marked:
    heads = {head.id: head for head in line.claims}
    if len(heads) < len(line.claims):
        raise RecordsError("a claim is described twice: leave one")
    claims: dict[Key, str] = {}
    for span in line.spans:
        if span.claim is not None:
            claims.setdefault(_key(span.model_dump()), span.claim)
    for relation in line.relations:
        if relation.label == SAME_CLAIM:
            of = claims.get(_key(relation.head_span.model_dump()))
            if of is not None:
                claims.setdefault(_key(relation.child_span.model_dump()), of)
    marks = [_mark(span, claims, heads) for span in line.spans]
    for relation in line.relations:
        if relation.label == PART_OF:
            whole, part = (
                claims.get(_key(end.model_dump()))
                for end in (relation.head_span, relation.child_span)
            )
            if whole is None or part is None:
                raise RecordsError("a relation part_of has an end that is no span of a claim")
            heads[part] = heads[part].model_copy(update={PART_OF: whole})
    return Marked(heads=list(heads.values()), marks=marks, loose=line.nowhere)


def _mark(span: _Span, claims: dict[Key, str], heads: dict[str, Head]) -> Mark:
    key = _key(span.model_dump())
    item = span.claim or claims.get(key) or ""
    if not item and span.label in FIGURE_LABELS:
        head = _new_head(span.label.partition(".")[0], span.label.endswith(".count"), heads)
        heads[head.id] = head
        item = claims[key] = head.id
    slot = slot_of(span.label, heads.get(item))
    return Mark(
        item="" if slot == ASIDE else item,
        slot=slot,
        start=span.start,
        end=span.end,
        words=span.words,
        label=span.group_label,
        number=span.number,
    )


def _new_head(kind: str, is_facility: bool, heads: Mapping[str, Head]) -> Head:
    letter = "f" if is_facility else "c"
    number = max((int(id[1:]) for id in heads if id[0] == letter), default=0) + 1
    given: dict[str, Any] = {"outcome": kind}
    if is_facility:
        given = {"effect": kind, "kinds": ["other"]}
    return Head.model_validate({"id": f"{letter}{number}", **given})


def _key(span: Mapping[str, Any]) -> Key:
    return span["start"], span["end"], span["label"]
