"""Scores of predicted reports against gold ones, as pure functions; no file, no model, no printing.

One `ReportScore` a report, summed by `summarise`. A rate whose denominator is 0 is None: undefined,
never 0. A failed report (no prediction) keeps its gold claims in every denominator and is wrong.

Claims and figures are scored on the four slots total, children, women and men, derived totals
included. Subgroups and facilities have tallies of their own and don't enter claim or figure F1;
`exact` asks for all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal

from scipy.stats import beta

from llm_extract.evals.matching import (
    Figure,
    Pair,
    days,
    figures,
    match_claims,
    match_facilities,
    normal_name,
    normal_names,
    subgroup_figures,
)
from llm_extract.record import Disposition
from llm_extract.schema import CasualtyReport, Claim, Count, FacilityClaim

Attribute = Literal[
    "claimant",
    "perpetrators",
    "attribution",
    "qualifier",
    "scope",
    "period",
    "places",
    "weapons",
    "part_of",
    "victims",
]


@dataclass(frozen=True, slots=True)
class Rate:
    """A share: `of` are looked at, `hits` of them have the property."""

    hits: int = 0
    of: int = 0

    @property
    def value(self) -> float | None:
        """The share, 0 to 1; None where nothing was looked at."""
        return self.hits / self.of if self.of else None

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.hits + other.hits, self.of + other.of)


@dataclass(frozen=True, slots=True)
class Tally:
    """What two sides have in common: `hits` of `gold` true items and of `predicted` ones."""

    hits: int = 0
    gold: int = 0
    predicted: int = 0

    @property
    def precision(self) -> float | None:
        """Share of the predicted items that are right; None without any."""
        return self.hits / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """Share of the gold items that were found; None without any."""
        return self.hits / self.gold if self.gold else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None where neither side has an item."""
        items = self.gold + self.predicted
        return 2 * self.hits / items if items else None

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.hits + other.hits, self.gold + other.gold, self.predicted + other.predicted
        )


@dataclass(frozen=True, slots=True)
class Bound:
    """A share with its exact (Clopper-Pearson) two-sided confidence interval."""

    rate: Rate
    low: float | None
    high: float | None
    confidence: float


@dataclass(frozen=True, slots=True)
class ReportScore:
    """How one report was read.

    `invented` is over printed predicted counts, people and places; None where the numbers of the
    report were not given. `attributes` are over right pairs. `exact`: every claim, subgroup and
    facility is right and none is added. `silent`: not exact, not failed, and no finding flagged it.
    """

    claims: Tally
    figures: Tally
    subgroups: Tally
    facilities: Tally
    invented: Rate | None
    omitted: Rate
    attributes: dict[Attribute, Rate]
    exact: bool
    failed: bool
    silent: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """The scores of many reports: tallies are sums (micro), reports count once each."""

    reports: int = 0
    failed: int = 0
    claims: Tally = Tally()
    figures: Tally = Tally()
    subgroups: Tally = Tally()
    facilities: Tally = Tally()
    invented: Rate = Rate()
    omitted: Rate = Rate()
    attributes: dict[Attribute, Rate] = field(default_factory=dict)
    exact: Rate = Rate()
    silent: Bound = Bound(Rate(), None, None, 0.95)


def score_report(
    gold: CasualtyReport,
    predicted: CasualtyReport | None,
    *,
    disposition: Disposition = "clean",
    printed: Set[int] | None = None,
    publisher: str | None = None,
) -> ReportScore:
    """The score of one report.

    `predicted` is None for a failed report. `printed` are all numbers that stand in the report (its
    ledger's values), None when they are unknown. A claimant that is the `publisher` equals null.
    """
    found = predicted or CasualtyReport(claims=[], facilities=[])
    pairs = match_claims(gold.claims, found.claims)
    facility_pairs = match_facilities(gold.facilities, found.facilities)
    right = sum(pair.right for pair in pairs)
    facilities_right = sum(pair.right for pair in facility_pairs)
    subgroups = _subgroup_tally(gold.claims, found.claims, pairs)
    exact = (
        predicted is not None
        and right == len(gold.claims) == len(found.claims)
        and facilities_right == len(gold.facilities) == len(found.facilities)
        and subgroups.hits == subgroups.gold == subgroups.predicted
    )
    return ReportScore(
        claims=Tally(right, len(gold.claims), len(found.claims)),
        figures=_figure_tally(gold.claims, found.claims, pairs),
        subgroups=subgroups,
        facilities=Tally(facilities_right, len(gold.facilities), len(found.facilities)),
        invented=None if printed is None else _invented(found, printed),
        omitted=_omitted(gold.claims, found.claims, pairs),
        attributes=_attributes(gold.claims, found.claims, pairs, publisher),
        exact=exact,
        failed=predicted is None,
        silent=not exact and predicted is not None and disposition == "clean",
    )


def summarise(scores: Sequence[ReportScore], *, confidence: float = 0.95) -> Summary:
    """The scores of all reports together; `confidence` is that of the silent error bound."""
    attributes: dict[Attribute, Rate] = {}
    for score in scores:
        for name, rate in score.attributes.items():
            attributes[name] = attributes.get(name, Rate()) + rate
    return Summary(
        reports=len(scores),
        failed=sum(score.failed for score in scores),
        claims=sum((score.claims for score in scores), Tally()),
        figures=sum((score.figures for score in scores), Tally()),
        subgroups=sum((score.subgroups for score in scores), Tally()),
        facilities=sum((score.facilities for score in scores), Tally()),
        invented=sum((score.invented for score in scores if score.invented), Rate()),
        omitted=sum((score.omitted for score in scores), Rate()),
        attributes=attributes,
        exact=Rate(sum(score.exact for score in scores), len(scores)),
        silent=clopper_pearson(
            Rate(sum(score.silent for score in scores), len(scores)), confidence
        ),
    )


def clopper_pearson(rate: Rate, confidence: float = 0.95) -> Bound:
    """The exact binomial interval of a share (Clopper and Pearson 1934), None where undefined.

    Raises ValueError when `confidence` is not between 0 and 1 or there are more hits than trials.
    """
    if not 0 < confidence < 1 or not 0 <= rate.hits <= rate.of:
        raise ValueError(f"no interval for {rate} at confidence {confidence}")
    if rate.of == 0:
        return Bound(rate, None, None, confidence)
    tail = (1 - confidence) / 2
    hits, misses = rate.hits, rate.of - rate.hits
    low = float(beta.ppf(tail, hits, misses + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, misses)) if misses else 1.0
    return Bound(rate, low, high, confidence)


def _figure_tally(
    gold: Sequence[Claim], predicted: Sequence[Claim], pairs: Sequence[Pair]
) -> Tally:
    hits = sum(
        len(figures(gold[pair.gold]).items() & figures(predicted[pair.predicted]).items())
        for pair in pairs
    )
    return Tally(
        hits,
        sum(len(figures(claim)) for claim in gold),
        sum(len(figures(claim)) for claim in predicted),
    )


def _subgroup_tally(
    gold: Sequence[Claim], predicted: Sequence[Claim], pairs: Sequence[Pair]
) -> Tally:
    hits = 0
    for pair in pairs:
        common = _groups(gold[pair.gold]) & _groups(predicted[pair.predicted])
        hits += common.total()
    return Tally(
        hits,
        sum(len(claim.subgroups) for claim in gold),
        sum(len(claim.subgroups) for claim in predicted),
    )


def _groups(claim: Claim) -> Counter[tuple[str, Figure]]:
    return Counter(subgroup_figures(claim))


def _omitted(gold: Sequence[Claim], predicted: Sequence[Claim], pairs: Sequence[Pair]) -> Rate:
    """Gold figures whose slot is empty in the counterpart, or whose claim has none, over all."""
    partner = {pair.gold: figures(predicted[pair.predicted]) for pair in pairs}
    missing = sum(
        slot not in partner.get(index, {})
        for index, claim in enumerate(gold)
        for slot in figures(claim)
    )
    return Rate(missing, sum(len(figures(claim)) for claim in gold))


def _invented(predicted: CasualtyReport, printed: Set[int]) -> Rate:
    """Printed counts with a number that stands nowhere in the report, over all printed counts.

    Counted ones ("a farmer and his two sons": three) have no number to look for, nor have vague
    ones. A denial's zero is in `printed` when the ledger reads the denial.
    """
    counts = [
        count
        for count in _counts(predicted)
        if count.basis == "printed" and count.value is not None
    ]
    strange = sum(
        any(number is not None and number not in printed for number in (count.value, count.upper))
        for count in counts
    )
    return Rate(strange, len(counts))


def _counts(report: CasualtyReport) -> Iterator[Count]:
    for claim in report.claims:
        stated = (claim.total, claim.children, claim.women, claim.men)
        yield from (count for count in stated if count is not None)
        yield from (part.count for part in claim.subgroups)
    yield from (place.count for place in report.facilities if place.count is not None)


def _attributes(
    gold: Sequence[Claim],
    predicted: Sequence[Claim],
    pairs: Sequence[Pair],
    publisher: str | None,
) -> dict[Attribute, Rate]:
    counterpart = {pair.predicted: pair.gold for pair in pairs}
    right = [pair for pair in pairs if pair.right]
    total: Counter[Attribute] = Counter()
    for pair in right:
        ours, theirs = gold[pair.gold], predicted[pair.predicted]
        container = None if theirs.part_of is None else counterpart.get(theirs.part_of, -1)
        same: dict[Attribute, bool] = {
            "claimant": _voice(ours, publisher) == _voice(theirs, publisher),
            "perpetrators": normal_names(ours.perpetrators) == normal_names(theirs.perpetrators),
            "attribution": ours.attribution == theirs.attribution,
            "qualifier": _same_qualifiers(ours, theirs),
            "scope": ours.scope == theirs.scope,
            "period": days(ours.period) == days(theirs.period),
            "places": normal_names(ours.places) == normal_names(theirs.places),
            "weapons": set(ours.weapons) == set(theirs.weapons),
            "part_of": ours.part_of == container,
            "victims": ours.victims == theirs.victims,
        }
        total.update({name: int(equal) for name, equal in same.items()})
    return {name: Rate(hits, len(right)) for name, hits in total.items()}


def _voice(claim: Claim | FacilityClaim, publisher: str | None) -> str:
    """Who speaks, in normal form; the publisher is the report's own voice."""
    name = normal_name(claim.claimant)
    return "" if name == normal_name(publisher) else name


def _same_qualifiers(ours: Claim, theirs: Claim) -> bool:
    both = ((getattr(ours, slot), getattr(theirs, slot)) for slot in figures(ours))
    return all(a is None or b is None or a.qualifier == b.qualifier for a, b in both)
