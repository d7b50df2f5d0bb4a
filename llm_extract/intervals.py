"""Closed intervals of people: what a printed number allows, and the sums rules are made of.

Pure arithmetic on values; it never reads a report. The policy for the two qualifiers that print no
bound, `about` and `vague`, is named by `POLICY_VERSION` and every constant of it gives its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from llm_extract.record import RecordCount
from llm_extract.schema import Qualifier

POLICY_VERSION = "1"
"""Changes whenever a bound of `about` or `vague` does; intervals of two versions don't compare."""

ABOUT_PARTS = 10
"""`about n` allows n give or take a tenth: reporters round to the ten or the hundred, so a rounded
figure is off by less than a tenth of itself from two digits on; at least one person either way."""

PLURAL = 2
"""A bare plural ("dozens", "hundreds") is at least two of its unit; its upper bound is open."""

MAGNITUDES: dict[str, int] = {
    word: size
    for size, words in {
        10: "tens عشرات العشرات dizaines decenas dezenas десятки десятков десятки onlarca",
        12: "dozen dozens douzaines docenas dutzende dutzenden",
        20: "score scores",
        100: (
            "hundred hundreds مئات المئات مئة centaines cientos centenares centenas hunderte "
            "hunderten сотни сотен сотні yüzlerce"
        ),
        1000: (
            "thousand thousands آلاف الآلاف الاف ألف milliers miles milhares tausende tausenden "
            "тысячи тысяч тисячі binlerce"
        ),
        1_000_000: "million millions ملايين الملايين millones milhões millionen миллионы мільйони",
    }.items()
    for word in words.split()
}
"""Units that vague words are plurals of, with what one of each holds."""

SMALL_AMOUNTS: dict[str, int] = {
    word: least
    for least, words in {
        2: "few couple multiple عدد",
        3: (
            "several many numerous handful عدة عدّة بضع بضعة العديد كثير plusieurs varios varias "
            "mehrere vários várias несколько кілька"
        ),
    }.items()
    for word in words.split()
}
"""Vague words without a unit: two are a couple, and no writer says "several" or "many" of fewer
than three. Any other vague word ("people", "casualties") is one or more."""

LINKS = frozenset({"of", "de", "des", "d", "di", "von", "من"})
"""Words that multiply two units into one ("tens of thousands"); others only stand between them."""

_WORD = re.compile(r"[^\W\d_]+")


class PrintedCount(Protocol):
    """What of a count decides its bounds: `schema.Count` and `record.RecordCount` both have it."""

    @property
    def value(self) -> int | None: ...
    @property
    def upper(self) -> int | None: ...
    @property
    def qualifier(self) -> Qualifier: ...
    @property
    def as_written(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Interval:
    """The whole numbers from `low` to `high`, both included; `high` None is unbounded."""

    low: int
    high: int | None

    def __add__(self, other: Interval) -> Interval:
        if self.high is None or other.high is None:
            return Interval(self.low + other.low, None)
        return Interval(self.low + other.low, self.high + other.high)

    def __contains__(self, number: int) -> bool:
        return self.low <= number and (self.high is None or number <= self.high)

    def can_be_at_most(self, other: Interval) -> bool:
        """Whether some number of this one is no greater than some number of the other."""
        return other.high is None or self.low <= other.high


NOBODY = Interval(0, 0)


def total(intervals: Iterable[Interval]) -> Interval:
    """The interval of a sum; nothing at all sums to 0..0."""
    result = NOBODY
    for interval in intervals:
        result += interval
    return result


def bounds(count: PrintedCount) -> tuple[int, int | None]:
    """The least and the greatest number that a count's words allow, both included; None: no limit.

    exact n..n, at_least n.., more_than n+1.., at_most 0..n, fewer_than 0..n-1, range value..upper;
    about and vague by the policy of this module. A second number widens any qualifier to hold both.
    Counts that are no sense in themselves (a range without an upper number, an exact count without
    a value) get the interval that rules out least, and rule N01 reports them.
    """
    if count.value is None:
        return _vague_low(count.as_written) if count.qualifier == "vague" else 0, None
    least = count.value if count.upper is None else min(count.value, count.upper)
    most = count.value if count.upper is None else max(count.value, count.upper)
    match count.qualifier:
        case "exact" | "range":
            return least, most
        case "at_least" | "vague":
            return least, None
        case "more_than":
            return least + 1, None
        case "at_most":
            return 0, most
        case "fewer_than":
            return 0, max(0, most - 1)
        case "about":
            return max(0, least - _slack(least)), most + _slack(most)


def derived_total(parts: Sequence[RecordCount | None]) -> RecordCount | None:
    """The total of a list without a printed one: the sum of its children, women and men.

    None where fewer than two of them are stated or one of them has no number.
    """
    stated = [part for part in parts if part is not None]
    if len(stated) < 2 or any(part.value is None for part in stated):
        return None
    highs = [part.high for part in stated]
    return RecordCount(
        value=sum(part.value or 0 for part in stated),
        upper=None,
        qualifier="exact" if all(part.qualifier == "exact" for part in stated) else "about",
        basis="derived",
        as_written=" + ".join(part.as_written for part in stated),
        low=sum(part.low for part in stated),
        high=None if None in highs else sum(high or 0 for high in highs),
        start=None,
        end=None,
    )


def _slack(number: int) -> int:
    return max(1, -(-number // ABOUT_PARTS))


def _vague_low(words: str) -> int:
    """Least number of a vague phrase: of several units side by side the smaller one holds."""
    units: list[int] = []
    small = 1
    joined = False
    for word in _WORD.findall(words.lower()):
        size = MAGNITUDES.get(word)
        if size is not None:
            if units and joined and size > units[-1]:
                units[-1] *= size
            else:
                units.append(size)
            joined = True
        elif word not in LINKS:
            joined = False
            small = max(small, SMALL_AMOUNTS.get(word, 1))
    return PLURAL * min(units) if units else small
