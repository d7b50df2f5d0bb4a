"""Lessons: what goes wrong in predictions, by what people decided about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, func, select

from llm_extract.evals.scores import Bound, Rate, clopper_pearson
from llm_extract.record import Finding, Record, RecordClaim
from llm_extract.review.content import Content, Item, content_of
from llm_extract.review.differences import ITEM, Difference, differences
from llm_extract.store.engine import transaction
from llm_extract.store.queries import parsed
from llm_extract.store.review_tables import review_cases, review_decisions, review_versions
from llm_extract.store.tables import records

MOST_LINES = 20
"""Lines of each group: those with the most wrong figures."""

_PAGE_ROWS = 200

_NOBODY = Content(claims=[], facilities=[], aside=[])


@dataclass(frozen=True, slots=True)
class Lesson:
    """Of the figures that something has in common, those that people changed or took out."""

    name: str
    wrong: Bound


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between predictions and what people made of them, and how often it came."""

    field: str
    how: str
    times: int


@dataclass(frozen=True, slots=True)
class Lessons:
    """What reviewed predictions teach; shares are undefined (None) where nothing was reviewed.

    A figure is a number in a slot of a claim or facility of a prediction; `missed` are those that
    people added. `silent` are wrong figures whose claim no finding named, over all wrong ones.
    `groups` are by slot, outcome, claimant, prompt and rule, where the figures of a rule are those
    of the claims that its findings named. Figures were not drawn at random: flagged records are all
    reviewed, clean ones in part.
    """

    cases: int
    wrong_cases: Bound
    figures: Bound
    missed: int
    silent: Bound
    groups: dict[str, tuple[Lesson, ...]]
    changes: tuple[Change, ...]


GROUPS = ("slot", "outcome", "claimant", "prompt", "rule")


@dataclass(slots=True)
class _Sums:
    cases: int = 0
    wrong_cases: int = 0
    wrong: int = 0
    figures: int = 0
    missed: int = 0
    silent: int = 0
    of: dict[str, Counter[str]] = field(default_factory=lambda: {g: Counter() for g in GROUPS})
    bad: dict[str, Counter[str]] = field(default_factory=lambda: {g: Counter() for g in GROUPS})
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)


def lessons(engine: Engine, on_progress: Callable[[int], None] | None = None) -> Lessons:
    """The lessons of all cases that have a final decision, the last one of each.

    Left out are those rejected for what says nothing of their figures (unreadable, a duplicate).
    `on_progress` is told how many were read. Raises StoreError on trouble with the store.
    """
    sums = _Sums()
    for record, final in _decided(engine):
        _add(sums, record, final)
        if on_progress is not None and sums.cases % 100 == 0:
            on_progress(sums.cases)
    return Lessons(
        cases=sums.cases,
        wrong_cases=clopper_pearson(Rate(sums.wrong_cases, sums.cases)),
        figures=clopper_pearson(Rate(sums.wrong, sums.figures)),
        missed=sums.missed,
        silent=clopper_pearson(Rate(sums.silent, sums.wrong)),
        groups={group: _lines(sums.of[group], sums.bad[group]) for group in GROUPS},
        changes=tuple(
            Change(what, how, times) for (what, how), times in sums.changes.most_common(MOST_LINES)
        ),
    )


def _lines(of: Counter[str], bad: Counter[str]) -> tuple[Lesson, ...]:
    names = sorted(of, key=lambda name: (-bad[name], -of[name], name))[:MOST_LINES]
    return tuple(Lesson(name, clopper_pearson(Rate(bad[name], of[name]))) for name in names)


# --- one case ---------------------------------------------------------------------------------


def _add(sums: _Sums, record: Record, final: Content) -> None:
    predicted = content_of(record)
    found = differences(predicted, final)
    wrong, missed = _wrong(predicted, found)
    prompt = "" if record.provenance is None else record.provenance.prompt
    for item in predicted.items:
        findings = [each for each in record.findings if item.id in each.claims]
        for slot in _slots(item):
            is_wrong = (item.id, slot) in wrong
            sums.figures += 1
            sums.wrong += is_wrong
            sums.silent += is_wrong and not findings
            for group, names in _names(item, slot, prompt, findings).items():
                sums.of[group].update(names)
                if is_wrong:
                    sums.bad[group].update(names)
    sums.cases += 1
    sums.wrong_cases += bool(wrong or missed)
    sums.missed += missed
    sums.changes.update((each.field, _how(each)) for each in found)


def _wrong(predicted: Content, found: Sequence[Difference]) -> tuple[set[tuple[str, str]], int]:
    """The figures of a prediction that are wrong, and how many are missing from it.

    An outcome that is wrong makes all figures of its claim wrong.
    """
    slots = {item.id: _slots(item) for item in predicted.items}
    wrong: set[tuple[str, str]] = set()
    missed = 0
    for each in found:
        if not each.figure:
            continue
        if each.before is None:
            missed += 1
        elif each.field in (ITEM, "outcome", "effect"):
            wrong |= {(each.item, slot) for slot in slots.get(each.item, ())}
        else:
            wrong.add((each.item, each.field))
    return wrong, missed


def _slots(item: Item) -> list[str]:
    """The slots whose numbers a report prints; its subgroups count as one."""
    if not isinstance(item, RecordClaim):
        return [] if item.count is None else ["count"]
    printed = [slot for slot, count in item.slots().items() if count.basis != "derived"]
    return list(dict.fromkeys(slot.partition(".")[0] for slot in printed))


def _names(
    item: Item, slot: str, prompt: str, findings: Sequence[Finding]
) -> dict[str, Sequence[str]]:
    kind = item.outcome if isinstance(item, RecordClaim) else item.effect
    return {
        "slot": (slot,),
        "outcome": (kind,),
        "claimant": (item.claimant or "(the report itself)",),
        "prompt": (prompt or "(none)",),
        "rule": tuple(dict.fromkeys(each.rule for each in findings)),
    }


def _how(difference: Difference) -> str:
    if difference.before is None:
        return "added"
    return "taken out" if difference.after is None else "changed"


# --- the store --------------------------------------------------------------------------------


def _decided(engine: Engine) -> Iterator[tuple[Record, Content]]:
    """The prediction of each case and what was decided on last, a page at a time."""
    last = (
        select(func.max(review_decisions.c.pk))
        .where(review_decisions.c.final)
        .group_by(review_decisions.c.case_pk)
    )
    query = (
        select(
            review_decisions.c.pk,
            review_decisions.c.verdict,
            review_decisions.c.reason,
            records.c.json.label("predicted"),
            review_versions.c.json.label("decided"),
        )
        .join(review_cases, review_cases.c.pk == review_decisions.c.case_pk)
        .join(records, records.c.pk == review_cases.c.record_pk)
        .join(review_versions, review_versions.c.pk == review_decisions.c.version_pk, isouter=True)
        .where(review_decisions.c.pk.in_(last))
        .order_by(review_decisions.c.pk)
        .limit(_PAGE_ROWS)
    )
    after = 0
    while True:
        with transaction(engine) as connection:
            rows = connection.execute(query.where(review_decisions.c.pk > after)).all()
        if not rows:
            return
        for row in rows:
            record = parsed(row.predicted)
            final = _final(row, record)
            if final is not None:
                yield record, final
        after = rows[-1].pk


def _final(row: Any, record: Record) -> Content | None:
    if row.verdict == "rejected":
        return _NOBODY if row.reason == "not_a_casualty_report" else None
    return content_of(record) if row.decided is None else Content.model_validate_json(row.decided)
