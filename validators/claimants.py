"""Rules R01 and R03: what one claimant, and what several claimants, say of the same people."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from llm_extract.cues import cue_table
from llm_extract.record import Finding, RecordClaim, RecordCount, Severity
from llm_extract.validators.arithmetic import SEXES_AND_AGES, kind_of, shortened, ungrounded
from llm_extract.validators.rule import SUMS, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.slices import may_be_same, people_of, slice_of, speech_of
from llm_extract.validators.terms import Row, Term, in_order
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
    unlinked = [row for row in given.claims if row.held.part_of is None]
    several = _grouped(unlinked, lambda row: (row.held.outcome, speech_of(row)))
    heard = {speech_of(rows[0]) for rows in several}
    rows_heard = [row for row in unlinked if speech_of(row) in heard] if heard else []
    for alike in _grouped(rows_heard, lambda row: (speech_of(row), slice_of(row.held))):
        by_outcome = _grouped(alike, lambda row: row.held.outcome)
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
    totals = [row for row in given.claims if row.held.total is not None]
    for near in _grouped(totals, lambda row: (row.held.outcome, row.days, row.held.scope)):
        if len({row.speaker for row in near}) < 2:
            continue
        whole = [row for row in near if not _is_slice(given, row)]
        for alike in _grouped(whole, people_of):
            if alike[0].days is None and not alike[0].held.places:
                continue
            first: dict[Hashable, Term] = {}
            for row in sorted(alike, key=_by_id):
                term = row.terms["total"]
                other = first.get(row.speaker)
                if other is None or other.count.low < term.count.low:
                    first[row.speaker] = term
            if len(first) > 1:
                yield from _disagreement(list(first.values()))


def _is_slice(given: RuleInput, row: Row[RecordClaim]) -> bool:
    """Whether a claim is part of one of the same outcome."""
    parent = given.parent_of(row)
    return parent is not None and parent.held.outcome == row.held.outcome


def _disagreement(terms: list[Term]) -> Iterator[Finding]:
    terms = sorted(terms, key=lambda term: in_order(term.held))
    most = max(terms, key=lambda term: term.count.low)
    least = min(terms, key=lambda t: (t.count.high is None, t.count.high or 0, t.count.low))
    one, other = most.held, least.held
    if not isinstance(one, RecordClaim) or not isinstance(other, RecordClaim):
        return
    if most.interval.can_be_at_most(least.interval):
        return
    if not may_be_same(slice_of(one), slice_of(other)):
        return
    said = [f"{spoken(term.count)} {_says(term)}" for term in terms]
    yield found(
        "R03",
        "warning",
        "plausibility",
        f"claimants differ on those {one.outcome}{_where(one)}: {listed(shortened(said))}",
        claims=[term.held for term in terms],
        fields=["total"],
        operands=[operand(t.held, t.field, t.count) for t in terms],
    )


def _says(term: Term) -> str:
    whose = f"according to {cut(term.held.claimant)}" if term.held.claimant else "by the report"
    return f"{whose} ({term.held.id})"


def _where(claim: RecordClaim) -> str:
    return f" in {listed([cut(place) for place in claim.places])}" if claim.places else ""


def _two_numbers(given: RuleInput, same: Sequence[Row[RecordClaim]], field: str) -> Finding | None:
    """The finding that claims of one kind give a slot several numbers, if they do."""
    terms = [
        term
        for row in sorted(same, key=_by_id)
        if (term := row.terms.get(field)) is not None and term.count.basis == "printed"
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


def _died_later(by_outcome: Sequence[Sequence[Row[RecordClaim]]]) -> bool:
    """Whether of two tolls the later has more killed and so many fewer injured at most."""
    tolls = {same[0].held.outcome: sorted(same, key=_by_id) for same in by_outcome}
    killed = [row.held.total for row in tolls.get("killed", ())]
    injured = [row.held.total for row in tolls.get("injured", ())]
    if len(killed) != 2 or len(injured) != 2:
        return False
    values = [count.value if count is not None else None for count in (*killed, *injured)]
    first, second, hurt, still_hurt = values
    if first is None or second is None or hurt is None or still_hurt is None:
        return False
    return 0 < hurt - still_hurt <= second - first


def _by_id(row: Row[RecordClaim]) -> tuple[int, str]:
    return in_order(row.held)


def _is_anchored(row: Row[RecordClaim]) -> bool:
    return bool(row.held.claimant or row.held.places) or row.days is not None


def _grouped(
    rows: Iterable[Row[RecordClaim]], key: Callable[[Row[RecordClaim]], Hashable]
) -> list[list[Row[RecordClaim]]]:
    groups: dict[Hashable, list[Row[RecordClaim]]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
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
