"""Rules A01 to A04 and A10: the parts of one claim against its total and against one another.

All sums are of closed intervals: a rule is broken only if no choice inside them satisfies it. Where
an open bound leaves nothing to check, the printed numbers are compared and a warning says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from llm_extract.intervals import Interval, total
from llm_extract.record import Finding, FindingKind, RecordCount, Severity
from llm_extract.validators.profiles import Profile
from llm_extract.validators.rule import OPEN_BOUND, SUMS, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.slices import profile_of
from llm_extract.validators.terms import Term, group_of
from llm_extract.validators.wording import found, listed, named, operand, slot_words, spoken

SEXES_AND_AGES = ("children", "women", "men")
"""The slots that share no person: under-18s, adult women, adult men."""

WITH_OLDER_PEOPLE = (*SEXES_AND_AGES, "subgroups.older_people")
"""The same for a claimant who has older people outside men and women."""

BELOW = frozenset({"at_most", "fewer_than"})
"""Qualifiers that leave the lower bound open."""

SERVICES = ("civilians", "security_forces", "police", "fighters")
"""The subgroups that share no person by what people do in a war."""

LONGEST_SUM = 8
"""Addends that a message shows one by one: more than these are no sentence that one reads."""


@dataclass(frozen=True, slots=True)
class Spare:
    """People who may be among the parts of a sum twice: at most so many, and why they may be."""

    most: int | None
    unless: str


def parts_within_total(given: RuleInput) -> Iterator[Finding]:
    """A01: each part is no more than the total."""
    for row in given.divided:
        whole = row.terms.get("total")
        if whole is None:
            continue
        for part in row.terms.values():
            if part is not whole and verdict([part], whole) is not None:
                yield from sum_within(given, "A01", [part], whole)


def sexes_and_ages_within_total(given: RuleInput) -> Iterator[Finding]:
    """A02: children, women and men together are no more than the total.

    Older people are summed with them where the claimant's profile has them outside. Where it counts
    girls among the women too, they are counted once; of any other claimant a sum that only closes
    so is a warning.
    """
    for row in given.divided:
        terms = row.terms
        whole = terms.get("total")
        if whole is None or len(terms) < 3:
            continue
        profile = profile_of(given, row.held)
        parts = _sexes_and_ages(terms, profile)
        if len(parts) < 2:
            continue
        twice = _counted_twice(terms, profile)
        if profile.women == "all_females" and twice is not None:
            if verdict(parts, whole, twice) != "error":
                continue
            twice = None
        yield from sum_within(given, "A02", parts, whole, spare=twice)


def complete_parts_reach_total(given: RuleInput) -> Iterator[Finding]:
    """A03: where men, women and children are all given, they sum to the printed total.

    Where the claimant's profile has older people outside men and women, they are needed too; where
    it counts girls among the women, stated girls are taken off the sum once.
    """
    for row in given.divided:
        terms = row.terms
        whole = terms.get("total")
        if whole is None or len(terms) <= len(SEXES_AND_AGES) or whole.count.basis == "derived":
            continue
        profile = profile_of(given, row.held)
        parts = _sexes_and_ages(terms, profile)
        if len(parts) < len(_classes(profile)):
            continue
        girls = terms.get("subgroups.girls") if profile.women == "all_females" else None
        twice = girls.count.low if girls is not None else 0
        reached = total(part.interval for part in parts)
        most = None if reached.high is None else max(0, reached.high - twice)
        if not whole.interval.can_be_at_most(Interval(0, most)):
            less = f", less {twice} girls among the women too," if twice else ""
            yield found(
                "A03",
                "warning",
                kind_of(given, [*parts, whole]),
                f"{_subject(parts, whole, '')}: {_sum_in_words(parts)}{less} is less than the "
                f"{spoken(whole.count)} of the total, {named(row.held)}{ungrounded(given, parts)}",
                claims=[row.held],
                fields=[*(part.field for part in parts), "total"],
                operands=[operand(t.held, t.field, t.count) for t in (*parts, whole)],
            )


def minors_within_children(given: RuleInput) -> Iterator[Finding]:
    """A04: boys and girls together, and infants, are no more than the children."""
    for row in given.divided:
        whole = row.terms.get("children")
        if whole is None or not row.held.subgroups:
            continue
        for groups in (("boys", "girls"), ("infants",)):
            parts = [term for term in row.terms.values() if group_of(term.field) in groups]
            if parts:
                yield from sum_within(given, "A04", parts, whole)


def services_within_total(given: RuleInput) -> Iterator[Finding]:
    """A10: civilians, security forces, police and fighters together are no more than the total.

    Of several numbers of one group ("18 soldiers, four of them paramilitaries") the smaller ones
    may lie inside the largest: a sum that only closes so is a warning.
    """
    for row in given.divided:
        whole = row.terms.get("total")
        if whole is None or len(row.held.subgroups) < 2:
            continue
        groups = [
            [term for term in row.terms.values() if group_of(term.field) == group]
            for group in SERVICES
        ]
        stated = [sorted(same, key=lambda term: -term.count.low) for same in groups if same]
        if len(stated) < 2:
            continue
        parts = [term for same in stated for term in same]
        inner = [term.interval for same in stated for term in same[1:]]
        most = total(inner).high
        spare = Spare(most, "some of one group lie inside another number of it") if inner else None
        yield from sum_within(given, "A10", parts, whole, spare=spare)


def sum_within(
    given: RuleInput,
    rule: str,
    parts: Sequence[Term],
    whole: Term,
    *,
    dimension: str = "",
    spare: Spare | None = None,
) -> Iterator[Finding]:
    """The finding that the parts cannot fit into the whole, if they cannot.

    `dimension` names what parts of several claims are summed by. A sum that closes without the
    people that `spare` says may be among the parts twice is a warning.
    """
    severity = verdict(parts, whole, spare)
    if severity is None:
        return
    note = ""
    if severity == "warning":
        note = (
            ", as printed; the words leave room for more"
            if total(part.interval for part in parts).can_be_at_most(whole.interval)
            else f", unless {spare.unless}"
            if spare is not None
            else ""
        )
    yield found(
        rule,
        severity,
        kind_of(given, [*parts, whole]),
        f"{_subject(parts, whole, dimension)}: {_sum_in_words(parts)} is more than the "
        f"{spoken(whole.count)} of {_container(parts, whole)}{note}"
        f"{ungrounded(given, [*parts, whole])}",
        claims=[whole.held, *(part.held for part in parts)],
        fields=[*(part.field for part in parts), whole.field],
        operands=[operand(t.held, t.field, t.count) for t in (*parts, whole)],
    )


def verdict(parts: Sequence[Term], whole: Term, spare: Spare | None = None) -> Severity | None:
    """How badly the parts fail to fit into the whole; None when they fit."""
    least = 0
    for part in parts:
        least += part.count.low
    most = whole.count.high
    if most is None or least <= most:
        return "warning" if exceeds_as_printed(parts, whole) else None
    if spare is None:
        return "error"
    once = 0 if spare.most is None else max(0, least - spare.most)
    return "warning" if once <= most else "error"


def exceeds_as_printed(parts: Sequence[Term], whole: Term) -> bool:
    """Whether the printed numbers don't fit where an open bound let the intervals pass."""
    count = whole.count
    if count.high is not None and not any(part.count.qualifier in BELOW for part in parts):
        return False
    if any(term.count.value is None for term in (*parts, whole)):
        return False
    most = count.low if count.high is None else count.high
    return sum(printed(part.count) for part in parts) > most


def printed(count: RecordCount) -> int:
    """The number a part names: the top of "at most 5", the bottom of everything else."""
    if count.qualifier in BELOW and count.high is not None:
        return count.high
    return count.low


def kind_of(given: RuleInput, terms: Sequence[Term]) -> FindingKind:
    """Contradiction when every number is read in the quotes of its claim, else extraction."""
    grounded = all(given.is_grounded(term) for term in terms)
    return "contradiction" if grounded else "extraction"


def _sexes_and_ages(terms: Mapping[str, Term], profile: Profile) -> list[Term]:
    """The stated slots that share no person, as the claimant counts."""
    return [terms[name] for name in _classes(profile) if name in terms]


def _classes(profile: Profile) -> tuple[str, ...]:
    return SEXES_AND_AGES if profile.older_people == "inside" else WITH_OLDER_PEOPLE


def _counted_twice(terms: Mapping[str, Term], profile: Profile) -> Spare | None:
    """The girls who may stand among the children and the women."""
    if "children" not in terms or "women" not in terms:
        return None
    girls = terms.get("subgroups.girls")
    if girls is not None:
        return Spare(girls.count.high, "its girls are counted among the women too")
    if profile.women == "adult":
        return None
    return Spare(
        _least_high(terms["children"], terms["women"]), "the girls are counted among the women too"
    )


def _least_high(*terms: Term) -> int | None:
    return min((t.count.high for t in terms if t.count.high is not None), default=None)


def _subject(parts: Sequence[Term], whole: Term, dimension: str) -> str:
    if all(part.held is whole.held for part in parts):
        return " + ".join(slot_words(part.field) for part in parts)
    claims = listed(shortened([part.held.id for part in parts]))
    return f"{slot_words(whole.field)} of {claims}" + (f" by {dimension}" if dimension else "")


def _container(parts: Sequence[Term], whole: Term) -> str:
    within = f"the {slot_words(whole.field)}, " if parts[0].held is whole.held else ""
    return within + named(whole.held)


def _sum_in_words(parts: Sequence[Term]) -> str:
    addends = " + ".join(shortened([spoken(part.count) for part in parts]))
    if len(parts) == 1:
        return addends
    interval = total(part.interval for part in parts)
    if interval.high == interval.low:
        return f"{addends} = {interval.low}"
    if interval.high is None:
        return f"{addends} = {interval.low} or more"
    return f"{addends} = {interval.low} to {interval.high}"


def shortened(words: Sequence[str]) -> list[str]:
    """The words of a sum; of a long one the first and the last, with "…" between them."""
    return list(words) if len(words) <= LONGEST_SUM else [*words[: LONGEST_SUM - 2], "…", words[-1]]


def ungrounded(given: RuleInput, terms: Sequence[Term]) -> str:
    """Which numbers stand in no quote of their claims, as the end of a message; "" for none."""
    lost = [
        f"{spoken(term.count)} of {term.held.id}" for term in terms if not given.is_grounded(term)
    ]
    if not lost:
        return ""
    return f" ({listed(shortened(lost))} not read in {'its' if len(lost) == 1 else 'their'} quotes)"


RULES = (
    Rule(
        "A01",
        "each part <= total (children, women, men, each subgroup)",
        "error",
        SUMS,
        OPEN_BOUND,
        parts_within_total,
    ),
    Rule(
        "A02",
        "children + women + men <= total",
        "error",
        SUMS,
        f"{OPEN_BOUND} A claimant may count girls as children and as women: none where its profile "
        "says so and counting them once closes the sum, a warning where girls are stated. Older "
        "people are summed too where its profile has them outside men and women.",
        sexes_and_ages_within_total,
    ),
    Rule(
        "A03",
        "parts printed as complete (men, women and children all given after a total) sum to the "
        "total",
        "warning",
        SUMS,
        "A total that code derived; a sum above the total is A02's. Older people are needed too "
        "where the claimant's profile has them outside men and women, and girls counted among its "
        "women are taken off once.",
        complete_parts_reach_total,
    ),
    Rule(
        "A04",
        "boys + girls <= children; infants <= children",
        "error",
        SUMS,
        OPEN_BOUND,
        minors_within_children,
    ),
    Rule(
        "A10",
        "civilians + security_forces + police + fighters <= total",
        "error",
        SUMS,
        f"{OPEN_BOUND} Of several numbers of one group the smaller ones may lie inside the "
        "largest: a sum that closes so is a warning.",
        services_within_total,
    ),
)
