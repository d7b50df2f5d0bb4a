"""Gold: decided cases as hand-labelled reports of evals, with the labels of their reviewers."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Engine, select

from llm_extract.errors import ReviewError
from llm_extract.evals.gold_reports import Annotator, GoldReport
from llm_extract.evals.gold_reports import Decision as Settled
from llm_extract.export import written_whole
from llm_extract.record import Record
from llm_extract.review.cases import Case, Cases, Decision
from llm_extract.review.content import Content, content_of, stated
from llm_extract.review.differences import Difference, differences
from llm_extract.review.edits.pieces import first_place, linked
from llm_extract.review.log import NewEntry, append
from llm_extract.store.engine import transaction
from llm_extract.store.review_tables import review_cases

STYLE = "reviewed"
"""The style of a report that came through review; the kinds of its publishers nobody told."""

NO_LABEL = frozenset({"aside", "accepted"})
"""Fields of a difference that are no part of a label."""

_NOBODY = Content(claims=[], facilities=[], aside=[])


@dataclass(frozen=True, slots=True)
class Made:
    """What was written, and the cases that were not, with a line each that says what to do."""

    files: tuple[Path, ...]
    refusals: tuple[str, ...]


def ready_cases(engine: Engine) -> list[int]:
    """The cases that were approved or corrected, in the order they came."""
    query = select(review_cases.c.pk).where(review_cases.c.state.in_(("approved", "corrected")))
    with transaction(engine) as connection:
        return list(connection.execute(query.order_by(review_cases.c.pk)).scalars())


def write_gold(engine: Engine, folder: Path, who: str, pks: Sequence[int]) -> Made:
    """Write a gold report for each case, and say so in the log; no file is ever overwritten.

    Raises RecordsError when the folder cannot be written, StoreError on trouble with the store.
    """
    files: list[Path] = []
    refusals: list[str] = []
    for pk in pks:
        try:
            report = gold_of(Cases(engine).get(pk))
            files.append(write_report(folder, report, f"case {pk}"))
        except ReviewError as error:
            refusals.append(str(error))
            continue
        told = {"gold": report.id, "sha256": _sha256(report.model_dump_json())}
        with transaction(engine) as connection:
            append(connection, [NewEntry(pk, who, "gold", after=told)])
    return Made(tuple(files), tuple(refusals))


def write_report(folder: Path, report: GoldReport, what: str) -> Path:
    """The file of a gold report. Raises ReviewError (gold) when there is one of its name."""
    path = folder / f"{report.id}.json"
    if path.exists():
        raise ReviewError(f"{what}: {path} is there already: move it away first", code="gold")
    with written_whole(path) as file:
        file.write(report.model_dump_json(indent=1) + "\n")
    return path


def gold_of(case: Case) -> GoldReport:
    """The gold report of a case that two reviewers agree on, or that was adjudicated.

    Raises ReviewError (gold) for any other, with what is missing.
    """
    if case.state not in ("approved", "corrected"):
        raise ReviewError(
            f"case {case.pk} is {case.state}: approve or correct it first", code="gold"
        )
    deciders = {one.who for one in case.round}
    if len(deciders) < 2:
        raise ReviewError(
            f"case {case.pk} has one reviewer ({', '.join(deciders)}), gold needs two: ask for the "
            f"second with `llm-extract review gold --case {case.pk} --ask`",
            code="gold",
        )
    first, second = (_label(case, one) for one in case.round[:2])
    labels: dict[Annotator, Content] = {"a": first, "b": second}
    return report_of(case, case.content, labels, _settled(case, first, second))


def report_of(
    case: Case,
    final: Content,
    labels: dict[Annotator, Content],
    adjudication: list[Settled],
) -> GoldReport:
    """A gold report of what was decided about a case."""
    return GoldReport(
        id=name_of(case.report_id, case.text),
        published=date.fromisoformat(case.published) if case.published else None,
        language=case.language or "",
        style=STYLE,
        traps=traps_of(case.record, final),
        text=case.text,
        gold=stated(in_text_order(final)),
        annotators={who: stated(in_text_order(label)) for who, label in labels.items()},
        adjudication=adjudication,
    )


def name_of(report_id: str, text: str) -> str:
    """The id of a report as gold ids are: small letters and digits, hyphens between.

    One that had to be changed for that gets the digest of its text, so that it stays unique.
    """
    folded = unicodedata.normalize("NFKD", report_id).casefold()
    plain = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:80].strip("-")
    return plain if plain and plain == report_id else f"{plain or 'report'}-{_sha256(text)[:8]}"


def traps_of(record: Record, final: Content) -> list[str]:
    """What made a report hard: figures that were misread, and numbers at odds as printed."""
    predicted = content_of(record)
    traps = {f"misread_{d.field}" for d in differences(predicted, final) if d.figure}
    kinds = {finding.rule: finding.kind for finding in record.findings}
    for each in final.accepted:
        if each.standing == "source_says_so" and kinds.get(each.rule) == "contradiction":
            traps.add("contradiction")
    return sorted(traps) or ["read_as_printed"]


def in_text_order(content: Content) -> Content:
    """The content with its items where they begin in the text, links following them."""
    return linked(
        content.model_copy(
            update={
                "claims": sorted(content.claims, key=first_place),
                "facilities": sorted(content.facilities, key=first_place),
            }
        )
    )


def _label(case: Case, decision: Decision) -> Content:
    """What a reviewer says; that a report counts nobody is a label too."""
    if decision.content is not None:
        return decision.content
    if decision.reason == "not_a_casualty_report":
        return _NOBODY
    raise ReviewError(
        f"case {case.pk}: {decision.who} rejected it as {decision.reason.replace('_', ' ')}, which "
        "is no label: have a senior open it again",
        code="gold",
    )


def _settled(case: Case, first: Content, second: Content) -> list[Settled]:
    """Every difference of the two labels, or of both to what was decided, and how it ended."""
    ours, theirs = (
        {(d.item, d.field): d for d in differences(label, case.content) if d.field not in NO_LABEL}
        for label in (first, second)
    )
    last = case.round[-1]
    reason = last.note or last.reason.replace("_", " ")
    return [
        _row(ours.get(key), theirs.get(key), f"{last.who}: {reason}")
        for key in dict.fromkeys([*ours, *theirs])
    ]


def _row(one: Difference | None, other: Difference | None, reason: str) -> Settled:
    there = one or other
    assert there is not None
    return Settled(
        where=f"{there.item} {there.field.replace('_', ' ')}",
        a=(there.after if one is None else one.before) or "nothing",
        b=(there.after if other is None else other.before) or "nothing",
        gold=there.after or "nothing",
        reason=reason,
    )


def _sha256(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()
