"""How far two annotators agree who labelled the same reports blind to each other.

What was claimed is compared by the project's own scorer, one annotator taken for gold (F1 does not
depend on which); what was said of the claims that both found by Krippendorff's alpha (library
`krippendorff`), which takes agreement by chance into account.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import krippendorff
import numpy as np

from llm_extract.evals.gold_reports import GoldReport
from llm_extract.evals.matching import SLOTS, days, figures, match_claims, normal_name, normal_names
from llm_extract.evals.scores import Tally
from llm_extract.schema import CasualtyReport, Claim


@dataclass(frozen=True, slots=True)
class ItemAgreement:
    """One slot or attribute over pairs of claims: share of equal labels, and alpha.

    Alpha is None where all labels are the same, so that chance alone would agree as well.
    """

    pairs: int
    agreement: float | None
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two annotators over a set of reports that both labelled."""

    reports: int
    claim_f1: float | None
    figure_f1: float | None
    items: dict[str, ItemAgreement]


Pair = tuple[Claim, Claim, dict[int, int]]
"""A claim of each annotator, and which claim of the first answers each of the second's."""

Label = Callable[[Claim], Hashable]


def _slot(name: str, claim: Claim) -> Hashable:
    return figures(claim).get(name)


LABELS: dict[str, Label] = {
    **{slot: partial(_slot, slot) for slot in SLOTS},
    "claimant": lambda claim: normal_name(claim.claimant),
    "perpetrators": lambda claim: normal_names(claim.perpetrators),
    "attribution": lambda claim: claim.attribution,
    "qualifier": lambda claim: claim.total.qualifier if claim.total else None,
    "scope": lambda claim: claim.scope,
    "period": lambda claim: days(claim.period),
    "places": lambda claim: normal_names(claim.places),
    "weapons": lambda claim: frozenset(claim.weapons),
    "victims": lambda claim: claim.victims,
}
"""What is compared of a claim, in the normal forms in which scores compare it."""


def agreement(reports: Sequence[GoldReport]) -> Agreement:
    """The agreement over the reports that two annotators labelled; others are left out."""
    both = [
        (report.annotators["a"], report.annotators["b"])
        for report in reports
        if {"a", "b"} <= report.annotators.keys()
    ]
    claims, slots = Tally(), Tally()
    pairs: list[Pair] = []
    for one, other in both:
        matched = list(_pairs(one, other))
        pairs += matched
        claims += Tally(sum(_same(a, b) for a, b, _ in matched), len(one.claims), len(other.claims))
        slots += _figures(one, other, matched)
    items = {name: _item([(of(a), of(b)) for a, b, _ in pairs]) for name, of in LABELS.items()}
    items["part_of"] = _item([_containers(*pair) for pair in pairs])
    return Agreement(len(both), claims.f1, slots.f1, items)


def _pairs(one: CasualtyReport, other: CasualtyReport) -> Iterator[Pair]:
    matched = match_claims(one.claims, other.claims)
    answers = {pair.predicted: pair.gold for pair in matched}
    return ((one.claims[pair.gold], other.claims[pair.predicted], answers) for pair in matched)


def _same(a: Claim, b: Claim) -> bool:
    return a.outcome == b.outcome and figures(a) == figures(b)


def _figures(one: CasualtyReport, other: CasualtyReport, pairs: Sequence[Pair]) -> Tally:
    hits = sum(len(figures(a).items() & figures(b).items()) for a, b, _ in pairs)
    counts = [sum(len(figures(claim)) for claim in side.claims) for side in (one, other)]
    return Tally(hits, counts[0], counts[1])


def _containers(a: Claim, b: Claim, answers: dict[int, int]) -> tuple[Hashable, Hashable]:
    """The whole that each puts the claim into, as the first annotator's index."""
    theirs = None if b.part_of is None else answers.get(b.part_of, "another")
    return a.part_of, theirs


def _item(labels: Sequence[tuple[Hashable, Hashable]]) -> ItemAgreement:
    if not labels:
        return ItemAgreement(0, None, None)
    equal = sum(a == b for a, b in labels) / len(labels)
    codes: dict[Hashable, int] = {}
    coded = [[codes.setdefault(label, len(codes)) for label in pair] for pair in labels]
    if len(codes) < 2:
        return ItemAgreement(len(labels), equal, None)
    alpha = krippendorff.alpha(np.array(coded).T, level_of_measurement="nominal")
    return ItemAgreement(len(labels), equal, float(alpha))
