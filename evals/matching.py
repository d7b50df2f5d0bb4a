"""Pairs the gold claims of a report with the claims predicted for it; never scores, reads no file.

Both sides are claims of `llm_extract.schema`; `as_report` brings a record to that form. As many
right pairs as possible come first (so a further claim can't take a right pair away), then the
greatest sum of similarities. Claims that share neither a number nor a quote are no counterparts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.optimize import linear_sum_assignment

from llm_extract.record import Record
from llm_extract.schema import CasualtyReport, Claim, Count, FacilityClaim, Period

SLOTS = ("total", "children", "women", "men")
"""The slots that make a claim right or wrong (`measure.md`, claim F1)."""

NUMBERS, EVIDENCE, CLAIMANT, PERPETRATORS, PERIOD, PLACES = 0.5, 0.2, 0.1, 0.1, 0.05, 0.05
"""Weights of a similarity, in the order of `measure.md`; they are ours and sum to 1."""

_ARTICLES = frozenset(
    [
        *("the", "a", "an"),
        *("le", "la", "les", "l", "un", "une", "el", "los", "las"),
        *("der", "die", "das", "den", "il", "lo", "gli"),
    ]
)
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_WORD = re.compile(r"\w+")
_ARABIC_ARTICLE = re.compile(r"^[وفبك]?ال(?=\w{2})")
_TATWEEL = "\u0640"
_C = TypeVar("_C")


@dataclass(frozen=True, slots=True)
class Figure:
    """The number of a slot as it is compared: both null is a vague count ("dozens")."""

    value: int | None
    upper: int | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A gold claim and its predicted counterpart, by index; `right` as `measure.md` defines it."""

    gold: int
    predicted: int
    similarity: float
    right: bool


def as_report(record: Record) -> CasualtyReport:
    """The claims of a record as a model would have filled them; derived counts are null."""
    return CasualtyReport(
        claims=[claim.stated() for claim in record.claims],
        facilities=[facility.stated() for facility in record.facilities],
    )


def figures(claim: Claim) -> dict[str, Figure]:
    """The figures of a claim by slot, derived ones included, so that both readings are equal.

    A null `children` of a slice wholly of boys and girls is their sum, a null `total` is the sum of
    children, women and men. Nothing is derived from a vague part.
    """
    stated = {name: getattr(claim, name) for name in SLOTS}
    found = {name: _figure(count) for name, count in stated.items() if count is not None}
    minors = _minors(claim)
    if minors is not None and "children" not in found:
        found["children"] = minors
    if "total" not in found:
        total = _sum([found[name] for name in SLOTS if name in found])
        if total is not None:
            found["total"] = total
    return {name: found[name] for name in SLOTS if name in found}


def subgroup_figures(claim: Claim) -> list[tuple[str, Figure]]:
    """The figures of the named subgroups as (group, figure), sorted; a group may stand twice."""
    return sorted(
        ((part.group, _figure(part.count)) for part in claim.subgroups),
        key=lambda item: (item[0], item[1].value or -1, item[1].upper or -1),
    )


def is_right(gold: Claim, predicted: Claim) -> bool:
    """Whether outcome, total, children, women and men are all equal, null and `upper` included."""
    return gold.outcome == predicted.outcome and figures(gold) == figures(predicted)


def is_right_facility(gold: FacilityClaim, predicted: FacilityClaim) -> bool:
    """Whether both count the same number of places of at least one kind in common."""
    return bool(set(gold.kinds) & set(predicted.kinds)) and _count_figure(gold) == _count_figure(
        predicted
    )


def similarity(gold: Claim, predicted: Claim) -> float:
    """How alike two claims are, 0 to 1; 0 when outcomes differ or nothing is shared."""
    if gold.outcome != predicted.outcome:
        return 0.0
    ours, theirs = _stated(gold), _stated(predicted)
    return _weigh(gold, predicted, _shared(ours, theirs) if ours | theirs else 0.0)


def facility_similarity(gold: FacilityClaim, predicted: FacilityClaim) -> float:
    """How alike two facility claims are, 0 to 1; 0 when no kind is common or nothing is shared."""
    if not set(gold.kinds) & set(predicted.kinds):
        return 0.0
    ours, theirs = _count_figure(gold), _count_figure(predicted)
    return _weigh(gold, predicted, float(ours is not None and ours == theirs))


def match_claims(gold: Sequence[Claim], predicted: Sequence[Claim]) -> list[Pair]:
    """The counterparts among two lists of claims of one report, in the order of the gold claims."""
    return _match(gold, predicted, similarity, is_right)


def match_facilities(
    gold: Sequence[FacilityClaim], predicted: Sequence[FacilityClaim]
) -> list[Pair]:
    """The counterparts among two lists of facility claims, in the order of the gold ones."""
    return _match(gold, predicted, facility_similarity, is_right_facility)


def normal_name(name: str | None) -> str:
    """A name without case, articles, punctuation, bracketed abbreviation and Arabic vowel signs.

    Null gives the empty string: the report's own voice.
    """
    if name is None:
        return ""
    bare = _BRACKETED.sub(" ", unicodedata.normalize("NFKD", name.casefold()))
    letters = "".join(c for c in bare if not unicodedata.combining(c) and c != _TATWEEL)
    words = [word for word in _WORD.findall(letters) if word not in _ARTICLES]
    return " ".join(_ARABIC_ARTICLE.sub("", word) for word in words)


def normal_names(names: Sequence[str]) -> frozenset[str]:
    """The normal forms of several names; order and repeats don't count."""
    return frozenset(normal_name(name) for name in names)


def evidence_overlap(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """How far two lists of quotes cover each other, 0 to 1, by runs of three words."""
    ours = [_words(quote) for quote in gold]
    theirs = [_words(quote) for quote in predicted]
    best = [max((_common(a, b) for b in theirs), default=0.0) for a in ours]
    best += [max((_common(a, b) for a in ours), default=0.0) for b in theirs]
    return sum(best) / len(best) if best else 0.0


def _match(
    gold: Sequence[_C],
    predicted: Sequence[_C],
    alike: Callable[[_C, _C], float],
    right: Callable[[_C, _C], bool],
) -> list[Pair]:
    if not gold or not predicted:
        return []
    similar = np.array([[alike(a, b) for b in predicted] for a in gold], dtype=float)
    correct = np.array([[right(a, b) for b in predicted] for a in gold], dtype=bool)
    bonus = float(min(similar.shape) + 1)
    rows, columns = linear_sum_assignment(similar + bonus * correct, maximize=True)
    return [
        Pair(int(i), int(j), float(similar[i, j]), bool(correct[i, j]))
        for i, j in zip(rows, columns, strict=True)
        if similar[i, j] > 0 or correct[i, j]
    ]


def _weigh(gold: Claim | FacilityClaim, predicted: Claim | FacilityClaim, numbers: float) -> float:
    quotes = evidence_overlap(gold.evidence, predicted.evidence)
    if numbers == 0 and quotes == 0:
        return 0.0
    return (
        NUMBERS * numbers
        + EVIDENCE * quotes
        + CLAIMANT * (normal_name(gold.claimant) == normal_name(predicted.claimant))
        + PERPETRATORS
        * _shared(normal_names(gold.perpetrators), normal_names(predicted.perpetrators))
        + PERIOD * (days(gold.period) == days(predicted.period))
        + PLACES * _shared(normal_names(gold.places), normal_names(predicted.places))
    )


def days(period: Period | None) -> tuple[object, object] | None:
    """What is compared of a period: its first and last day."""
    return None if period is None else (period.start, period.end)


def _shared(ours: AbstractSet[object], theirs: AbstractSet[object]) -> float:
    union = ours | theirs
    return len(ours & theirs) / len(union) if union else 1.0


def _stated(claim: Claim) -> set[tuple[str, Figure]]:
    return {*figures(claim).items(), *subgroup_figures(claim)}


def _words(quote: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(quote.casefold()))


def _common(ours: tuple[str, ...], theirs: tuple[str, ...]) -> float:
    size = min(3, len(ours), len(theirs))
    if size == 0:
        return 0.0
    runs = [{words[i : i + size] for i in range(len(words) - size + 1)} for words in (ours, theirs)]
    return len(runs[0] & runs[1]) / min(len(runs[0]), len(runs[1]))


def _figure(count: Count) -> Figure:
    return Figure(count.value, count.upper)


def _count_figure(facility: FacilityClaim) -> Figure | None:
    return None if facility.count is None else _figure(facility.count)


def _sum(parts: Sequence[Figure]) -> Figure | None:
    if not parts or any(part.value is None for part in parts):
        return None
    low = sum(part.value or 0 for part in parts)
    if all(part.upper is None for part in parts):
        return Figure(low, None)
    return Figure(low, sum(part.upper or part.value or 0 for part in parts))


def _minors(claim: Claim) -> Figure | None:
    """The children of a slice wholly of boys and girls, else null."""
    if claim.women is not None or claim.men is not None:
        return None
    minors = _sum([_figure(p.count) for p in claim.subgroups if p.group in ("boys", "girls")])
    if minors is None or (claim.total is not None and _figure(claim.total) != minors):
        return None
    return minors
