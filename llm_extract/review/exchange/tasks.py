"""Tasks: cases as annotation tools get them, with what the model and people say, and as they return
them; pure but for reading a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from llm_extract.documents.text import shown
from llm_extract.errors import RecordsError
from llm_extract.review.cases import Case
from llm_extract.review.content import content_of
from llm_extract.review.deciding import ledger_of
from llm_extract.review.exchange.marks import Marked, marked
from llm_extract.review.states import DECIDED

MOST_BYTES = 200_000_000
"""Of a file that is taken in: some 20,000 reports with all their marks."""

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person says of a case."""

    who: str
    parts: Marked


@dataclass(frozen=True, slots=True)
class Task:
    """A case on its way out: the text, the prediction, and a decision of each reviewer."""

    case: int
    version: int
    report_id: str
    language: str
    model: str
    text: str
    prediction: Marked
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Returned:
    """A task that came back: what people say now, one entry each, as far as it can be read."""

    where: str
    case: int
    version: int
    text: str
    answers: tuple[Marked, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """A task, row or cell that cannot be taken in, and why, in one line."""

    where: str
    why: str


def task_of(case: Case) -> Task:
    """The task that a case makes. What reviewers rejected or deferred has no marks.

    A second reviewer does not see the first one's work, here as little as on the screen.
    """
    ledger = ledger_of(case)
    shown_to_all = case.state in DECIDED or case.stage == "adjudication"
    provenance = case.record.provenance
    return Task(
        case=case.pk,
        version=case.version,
        report_id=case.report_id,
        language=case.language or "",
        model="" if provenance is None else f"{provenance.model} {provenance.prompt}".strip(),
        text=case.text,
        prediction=marked(content_of(case.record), case.text, ledger),
        answers=tuple(
            Answer(one.who, marked(one.content, case.text, ledger))
            for one in case.round
            if shown_to_all and one.content is not None
        ),
    )


def read_objects(path: Path) -> Iterator[tuple[str, Object | Fault]]:
    """The objects of a file of JSON lines or of one JSON list, each with its place.

    Raises RecordsError when the file is none of these, or too large.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise RecordsError(f"{path} has more than {MOST_BYTES:,} bytes: import it in parts")
        raw = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise RecordsError(f"{path} is not UTF-8 text: export it from the tool again") from None
    except OSError as error:
        raise RecordsError(f"{path} cannot be read: {error.strerror or error}") from error
    if raw.lstrip().startswith("["):
        yield from _listed(raw, path)
        return
    for number, line in enumerate(raw.split("\n"), start=1):  # text holds other line ends
        if line.strip():
            where = f"line {number}"
            yield where, _object(line, where)


def _listed(raw: str, path: Path) -> Iterator[tuple[str, Object | Fault]]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise RecordsError(f"{path} is no whole JSON list: {shown(str(error))}") from None
    for number, each in enumerate(found, start=1):
        where = f"item {number}"
        yield where, each if isinstance(each, dict) else Fault(where, "is no JSON object")


def _object(line: str, where: str) -> Object | Fault:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Fault(where, f"is no JSON: {shown(str(error))}")
    return found if isinstance(found, dict) else Fault(where, "is no JSON object")


def returned(path: Path, read: Callable[[str, Object], Returned]) -> Iterator[Returned | Fault]:
    """The tasks of a file, each as a form's `read` takes it; what it cannot take is a fault.

    Raises RecordsError when the whole file cannot be read.
    """
    for where, found in read_objects(path):
        if isinstance(found, Fault):
            yield found
            continue
        try:
            yield read(where, found)
        except ValidationError as error:
            yield Fault(where, first_fault(error))
        except RecordsError as error:
            yield Fault(where, str(error))


def first_fault(error: ValidationError) -> str:
    """The first thing that is wrong, where, and what stands there, in one line."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or "it"
    return f"{where}: {first['msg']}, not {shown(repr(first['input']), 60)}"


def json_line(value: Object) -> str:
    """A value as a line of JSON."""
    return json.dumps(value, ensure_ascii=False) + "\n"
