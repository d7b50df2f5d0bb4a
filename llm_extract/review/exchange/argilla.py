"""Argilla 2: a JSON line a record (`rg.Record.from_dict`) and the settings of its dataset.

A record has two questions: `figures`, the places of numbers and quotes in the text, and `claims`,
a JSON text that says which claim each belongs to and everything else of the claims. Argilla keeps
nothing else of a span than its place and label, so both are answered, and have to agree. Offsets
count characters as Python does, `end` is excluded.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from llm_extract.documents.text import shown
from llm_extract.errors import RecordsError
from llm_extract.review.exchange.labels import LABELS, label_of
from llm_extract.review.exchange.marks import Marked, Offset
from llm_extract.review.exchange.tasks import Object, Returned, Task, first_fault

FIGURES, CLAIMS = "figures", "claims"

_PEOPLE = uuid.UUID("6d2f1c0e-9a51-5d0c-8f3e-0f7b5c2a9e41")
"""The name space of reviewers: Argilla wants a UUID for each, which its server must know."""

MOST_CLAIMS = 2_000_000
"""Characters of the text that describes the claims of one report."""


def dataset_settings() -> Object:
    """The settings of a dataset for these records, as `rg.Settings.from_json` reads them."""
    labels = [{"value": label, "text": label, "description": None} for label in LABELS]
    return {
        "guidelines": "figures: the numbers and quotes of the report, with what they count. "
        "claims: the same numbers by claim, as JSON; what is changed above is changed here too.",
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": 1},
        "fields": [_asked("text", {"type": "text", "use_markdown": False})],
        "questions": [
            _asked(
                FIGURES,
                {
                    "type": "span",
                    "allow_overlapping": True,
                    "field": "text",
                    "options": labels,
                    "visible_options": 20,
                },
            ),
            _asked(CLAIMS, {"type": "text", "use_markdown": False}),
        ],
        "metadata": [],
        "vectors": [],
    }


def _asked(name: str, settings: Object) -> Object:
    return {"name": name, "title": name, "required": True, "settings": settings}


def to_argilla(task: Task) -> Object:
    """A case as a record: the prediction suggested, each decision a response."""
    people = {answer.who: str(uuid.uuid5(_PEOPLE, answer.who)) for answer in task.answers}
    return {
        "id": f"case-{task.case}-{task.version}",
        "fields": {"text": task.text},
        "metadata": {
            "case": task.case,
            "version": task.version,
            "report_id": task.report_id,
            "language": task.language,
        },
        "suggestions": {
            name: {"value": value, "score": None, "agent": task.model}
            for name, value in _values(task.prediction).items()
        },
        "responses": {
            name: [
                {"value": _values(answer.parts)[name], "user_id": people[answer.who]}
                for answer in task.answers
            ]
            for name in (FIGURES, CLAIMS)
        },
        "vectors": {},
        "reviewers": {id: who for who, id in people.items()},
    }


def _values(parts: Marked) -> dict[str, Any]:
    heads = {head.id: head for head in parts.heads}
    spans = {(mark.start, mark.end, label_of(mark, heads)): None for mark in parts.marks}
    return {
        FIGURES: [{"start": s, "end": e, "label": label} for s, e, label in spans],
        CLAIMS: json.dumps(
            parts.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False, indent=1
        ),
    }


# --- in ---------------------------------------------------------------------------------------


class _Fields(BaseModel):
    text: str


class _Metadata(BaseModel):
    case: int = Field(ge=1, le=2**31 - 1)
    version: int = Field(ge=0)


class _Response(BaseModel):
    value: Any
    user_id: str
    status: str | None = None


class _Record(BaseModel):
    """What of a record is ours; other keys are the tool's."""

    fields: _Fields
    metadata: _Metadata
    responses: dict[str, list[_Response]] = {}


class _Span(BaseModel):
    start: Offset
    end: Offset
    label: str


_SPANS = TypeAdapter(list[_Span])


def from_argilla(where: str, record: Object) -> Returned:
    """A record as `dataset.records.to_json` or `to_list` gives it, with each response.

    Raises RecordsError or ValidationError when it is not of this form, or a response's figures are
    not those of its claims.
    """
    read = _Record.model_validate(record)
    answers = tuple(
        _parts(claims.value, _figures_of(read, claims.user_id))
        for claims in read.responses.get(CLAIMS, [])
        if claims.status in (None, "submitted")
    )
    meta = read.metadata
    return Returned(where, meta.case, meta.version, read.fields.text, answers)


def _figures_of(record: _Record, user: str) -> Any:
    given = record.responses.get(FIGURES, [])
    return next((each.value for each in given if each.user_id == user), None)


def _parts(claims: Any, figures: Any) -> Marked:
    if not isinstance(claims, str) or len(claims) > MOST_CLAIMS:
        raise RecordsError(f"claims is no text of at most {MOST_CLAIMS:,} characters")
    try:
        parts = Marked.model_validate_json(claims)
        spans = [] if figures is None else _SPANS.validate_python(figures)
    except ValidationError as error:
        raise RecordsError(f"claims: {first_fault(error)}") from None
    if figures is not None:
        _refuse_unlike(parts, spans)
    return parts


def _refuse_unlike(parts: Marked, spans: Sequence[_Span]) -> None:
    """Whoever changes a span and not the claims would lose the change without a word."""
    heads: Mapping[str, Any] = {head.id: head for head in parts.heads}
    unknown = next((m.item for m in parts.marks if m.item and m.item not in heads), None)
    if unknown is not None:
        raise RecordsError(f"claims: {shown(unknown, 20)} is not described: add it to heads")
    said = Counter({(mark.start, mark.end, label_of(mark, heads)): 1 for mark in parts.marks})
    marked = Counter({(span.start, span.end, span.label): 1 for span in spans})
    for start, end, label in [*(marked - said), *(said - marked)]:
        one, other = (FIGURES, CLAIMS) if (start, end, label) in marked else (CLAIMS, FIGURES)
        raise RecordsError(
            f"{shown(label, 40)} at {start}:{end} stands in {one} and not in {other}: make them "
            "agree"
        )
