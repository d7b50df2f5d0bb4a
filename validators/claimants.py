"""Rules R01 and R03: what one claimant, and what several claimants, say of the same people."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from llm_extract.cues import cue_table
from llm_extract.record import Finding, RecordClaim, RecordCount, Severity
from llm_extract.validators.arithmetic import SEXES_AND_AGES, Term, kind_of, shortened, ungrounded
from llm_extract.validators.containment import parent_of
from llm_extract.validators.rule import SUMS, Rule
from llm_extract.validators.rule_input import RuleInput, in_order
from llm_extract.validators.slices import days_of, may_be_same, slice_of, speaker_of
from llm_extract.validators.wording import cut, found, listed, named, operand, slot_words, spoken

BESIDE_BEFORE = 40
"""Characters before a number in which "another" or "in addition" belongs to it, as in a clause."""

BESIDE_AFTER = 30
"""Characters behind a number in which "more" or "others" belongs to it."""


def one_claimant_says_one_number(given: RuleInput) -> Iterator[Finding]:
    """R01: equal claimant, outcome, slice and period have one number, unless a correction stands.

    Slices of a larger figure differ in more than a record holds and are not compared, nor is a
    claim that has neither a claimant nor a place nor a date.
    """
    groups = _grouped(
        (claim for claim in given.record.claims if claim.part_of is None),
        lambda claim: (speaker_of(claim), slice_of(claim), days_of(claim), claim.scope),
    )
    for alike in groups:
        by_outcome = _grouped(alike, lambda claim: claim.outcome)
        if not _is_anchored(alike[0]) or _died_later(by_outcome):
            continue
        for same in by_outcome:
            for field in ("total", *SEXES_AND_AGES):
                finding = _two_numbers(given, same, field)
                if finding is not None:
                    yield finding
                    break


def claimants_disagree(given: RuleInput) -> Iterator[Finding]:
    """R03: disjoint numbers of two claimants for the same outcome, place and period stand together.

    Of each claimant the largest figure is compared; slices of a figure of the same outcome are not.
    """
    claims = given.record.claims
    whole = (
        claim
        for claim in claims
        if claim.total is not None
        and ((parent := parent_of(claims, claim)) is None or parent.outcome != claim.outcome)
    )
    for alike in _grouped(whole, _same_event):
        if days_of(alike[0]) is None and not alike[0].places:
            continue
        first: dict[Hashable, Term] = {}
        for claim in alike:
            if claim.total is not None:
                term = Term(claim, "total", claim.total)
                other = first.get(speaker_of(claim))
                if other is None or other.count.low < term.count.low:
                    first[speaker_of(claim)] = term
        if len(first) > 1:
            yield from _disagreement(list(first.values()))


def _disagreement(terms: list[Term]) -> Iterator[Finding]:
    most = max(terms, key=lambda term: term.count.low)
    least = min(terms, key=lambda t: (t.count.high is None, t.count.high or 0, t.count.low))
    one, other = most.held, least.held
    if not isinstance(one, RecordClaim) or not isinstance(other, RecordClaim):
        return
    if most.interval.can_be_at_most(least.interval):
        return
    if not may_be_same(slice_of(one), slice_of(other)):
        return
    ordered = sorted(terms, key=lambda term: in_order(term.held))
    said = [f"{spoken(term.count)} {_says(term)}" for term in ordered]
    yield found(
        "R03",
        "warning",
        "plausibility",
        f"claimants differ on those {one.outcome}{_where(one)}: {listed(shortened(said))}",
        claims=[term.held for term in ordered],
        fields=["total"],
        operands=[operand(t.held, t.field, t.count) for t in ordered],
    )


def _says(term: Term) -> str:
    whose = f"according to {cut(term.held.claimant)}" if term.held.claimant else "by the report"
    return f"{whose} ({term.held.id})"


def _where(claim: RecordClaim) -> str:
    return f" in {listed([cut(place) for place in claim.places])}" if claim.places else ""


def _two_numbers(given: RuleInput, same: Sequence[RecordClaim], field: str) -> Finding | None:
    """The finding that claims of one kind give a slot several numbers, if they do."""
    terms = [
        Term(claim, field, count)
        for claim in sorted(same, key=in_order)
        if (count := claim.slots().get(field)) is not None and count.basis == "printed"
    ]
    severity = _differ(terms)
    if severity is None or any(_is_explained(given, term.count) for term in terms):
        return None
    said = [f"{spoken(term.count)} in {term.held.id}" for term in terms]
    note = ", as printed; the words leave room for more" if severity == "warning" else ""
    return found(
        "R01",
        severity,
        kind_of(given, terms),
        f"{slot_words(field)} of {named(terms[0].held)}: {listed(shortened(said))} are different "
        f"numbers for the same people{note}{ungrounded(given, terms)}",
        claims=[term.held for term in terms],
        fields=[field],
        operands=[operand(t.held, t.field, t.count) for t in terms],
    )


def _differ(terms: Sequence[Term]) -> Severity | None:
    """Error where two intervals share no number, warning where open ones print two numbers."""
    if len(terms) < 2:
        return None
    highs = [term.count.high for term in terms if term.count.high is not None]
    if highs and max(term.count.low for term in terms) > min(highs):
        return "error"
    values = {term.count.value for term in terms}
    is_open = not highs and None not in values
    return "warning" if is_open and len(values) > 1 else None


def _is_explained(given: RuleInput, count: RecordCount) -> bool:
    """Whether the words at a number say that it corrects another one or stands beside it."""
    if count.start is None or count.end is None:
        return False
    sentence = given.sentence_at(count.start)
    if sentence is None:
        return False
    table = cue_table(given.record.report.language)
    if table.pattern("context", "corrected").search(sentence.text(given.text)):
        return True
    start = max(sentence.start, count.start - BESIDE_BEFORE)
    end = min(sentence.end, count.end + BESIDE_AFTER)
    return table.pattern("context", "beside").search(given.text[start:end]) is not None


def _died_later(by_outcome: Sequence[Sequence[RecordClaim]]) -> bool:
    """Whether of two tolls the later has more killed and so many fewer injured at most."""
    tolls = {same[0].outcome: sorted(same, key=in_order) for same in by_outcome}
    killed = [claim.total for claim in tolls.get("killed", ())]
    injured = [claim.total for claim in tolls.get("injured", ())]
    if len(killed) != 2 or len(injured) != 2:
        return False
    values = [count.value if count is not None else None for count in (*killed, *injured)]
    first, second, hurt, still_hurt = values
    if first is None or second is None or hurt is None or still_hurt is None:
        return False
    return 0 < hurt - still_hurt <= second - first


def _same_event(claim: RecordClaim) -> Hashable:
    people = slice_of(claim)
    return claim.outcome, people.groups, people.places, days_of(claim), claim.scope


def _is_anchored(claim: RecordClaim) -> bool:
    return bool(claim.claimant or claim.places) or days_of(claim) is not None


def _grouped(
    claims: Iterable[RecordClaim], key: Callable[[RecordClaim], Hashable]
) -> list[list[RecordClaim]]:
    groups: dict[Hashable, list[RecordClaim]] = {}
    for claim in claims:
        groups.setdefault(key(claim), []).append(claim)
    return [alike for alike in groups.values() if len(alike) > 1]


RULES = (
    Rule(
        "R01",
        "no two claims with equal claimant, outcome, slice and period but different numbers, "
        "unless a correction is printed",
        "error",
        SUMS,
        "Intervals that share a number agree; open ones that print two numbers are a warning. "
        'Parts of a larger figure, people listed one by one and figures beside others ("another '
        'five") are of different people. A later toll with more killed and no more than so many '
        "fewer injured: people died.",
        one_claimant_says_one_number,
    ),
    Rule(
        "R03",
        "disjoint numbers of two claimants for the same outcome, place and period are shown "
        "together",
        "warning",
        "plausibility: clear, and for a reader to weigh",
        "Claimants who blame different parties, or count civilians and combatants, speak of "
        "different people.",
        claimants_disagree,
    ),
)
