"""Rules G07 and G09: a number stands in the slot of the group it counts, with its own total."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final, get_args

from llm_extract.cues import cue_table
from llm_extract.lexicon import Noun, noun_lexicon
from llm_extract.numbers.mention import Mention
from llm_extract.record import Finding, RecordClaim
from llm_extract.schema import Group
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import Row, group_of, in_order, says
from llm_extract.validators.wording import cut, found, named, operand, slot_words, spoken

MAIN_GROUPS: Final = frozenset({"children", "women", "men"})

GROUPS: Final = MAIN_GROUPS | frozenset(get_args(Group)) - {"other", "civilians"}
"""Groups that a noun names. Civilians are most often the whole ("149 civilians")."""

MEMBERS: Final[dict[str, frozenset[str]]] = {
    "children": frozenset({"boys", "girls", "infants", "students"}),
    "women": frozenset({"older_people"}),
    "men": frozenset({"older_people"}),
    "boys": frozenset({"children", "students"}),
    "girls": frozenset({"children", "students"}),
    "infants": frozenset({"children"}),
    "older_people": frozenset({"women", "men"}),
    "students": frozenset({"children", "boys", "girls"}),
    "security_forces": frozenset({"police", "fighters"}),
    "police": frozenset({"security_forces"}),
    "fighters": frozenset({"security_forces"}),
    "medical_workers": frozenset({"rescue_workers", "aid_workers"}),
    "rescue_workers": frozenset({"medical_workers", "aid_workers"}),
    "aid_workers": frozenset({"medical_workers", "rescue_workers"}),
}
"""What nouns a slot's people may be called by besides its own; a soldier may be a fighter."""

_JOINED = re.compile(r"\s+(?:and|or|&)\s+", re.IGNORECASE)


def numbers_stand_in_their_slots(given: RuleInput) -> Iterator[Finding]:
    """G07: a number beside a noun of a group stands in that group's slot, or is its slice's total.

    Children read as women or men, a number of all people as a part, or the number of two groups
    together as that of one, are errors; a slice without its group and other groups are warnings.
    """
    for row, term, mention, noun in given.beside_nouns:
        if noun.role != "person":
            continue
        grave = _fault(given, row, group_of(term.field), mention, noun)
        if grave is not None:
            yield found(
                "G07",
                "error" if grave else "warning",
                "extraction",
                f"{spoken(term.count)} stands as {slot_words(term.field)} of {named(row.held)}, "
                f'but the report says "{cut(given.text[mention.start : _end(given, noun)], 40)}"',
                claims=[row.held],
                fields=[term.field],
                operands=[operand(row.held, term.field, term.count)],
            )


def _fault(
    given: RuleInput,
    row: Row[RecordClaim],
    group: str,
    mention: Mention,
    noun: Noun,
) -> bool | None:
    """Whether a number in a slot is a grave fault; None where it is none."""
    label = noun.label
    if group == "total":
        if label not in MAIN_GROUPS or not _is_near(mention, noun):
            return None
        return None if _is_a_slice(row, label, mention) or _joined_group(given, noun) else False
    if group in ("other", "civilians"):
        return None
    both_main = label in MAIN_GROUPS and group in MAIN_GROUPS
    if both_main and _joined_group(given, noun) in MAIN_GROUPS:
        return True
    if label == group or _may_be_called(group, noun, mention.language):
        return None
    if label in GROUPS:
        return None if _joined_group(given, noun) else both_main
    if label in ("people", "civilians") and group in GROUPS:
        return None if _is_named_near(given, mention, noun, group) else True
    return None


SEXED: Final = {"women": re.compile(r"wom[ae]n|lad(?:y|ies)"), "men": re.compile(r"(?<!wo)m[ae]n")}
"""What an English noun of older people holds where it tells their sex."""


def _may_be_called(group: str, noun: Noun, language: str) -> bool:
    """Whether a group's people may be called by a noun of another group: "elderly women"."""
    if noun.label not in MEMBERS.get(group, ()):
        return False
    sex = SEXED.get(group) if language == "en" else None
    return sex is None or sex.search(noun.form) is not None


def _is_a_slice(row: Row[RecordClaim], label: str, mention: Mention) -> bool:
    """Whether a total of one group stands in the group's slot as well, or in one of its members."""
    for term in row.terms.values():
        group = group_of(term.field)
        if group == label or group in MEMBERS.get(label, ()):
            count = term.count
            if count.value == mention.value or count.start == mention.start:
                return True
    return False


def _is_near(mention: Mention, noun: Noun) -> bool:
    """Whether the noun follows its number at once, a word or two between."""
    return noun.start <= mention.end + 20


def _end(given: RuleInput, noun: Noun) -> int:
    second = _second(given, noun)
    return noun.end if second is None else second.end


def _joined_group(given: RuleInput, noun: Noun) -> str | None:
    """The group that shares a number: "35 women and children"."""
    second = _second(given, noun)
    return None if second is None else second.label


def _second(given: RuleInput, noun: Noun) -> Noun | None:
    link = _JOINED.match(given.text, noun.end)
    if link is None:
        return None
    second = noun_lexicon(given.record.report.language or "en").match(given.text, link.end())
    is_group = second is not None and second.role == "person" and second.label in GROUPS
    return second if is_group and second is not None and second.plural else None


def _is_named_near(given: RuleInput, mention: Mention, noun: Noun, group: str) -> bool:
    """Whether the words round a number, up to the numbers beside it, name a group.

    A noun that tells what befell people ("127 injured") leaves the group to the whole sentence.
    """
    sentence = given.sentence_at(mention.start)
    if sentence is None or sentence.cells or sentence.lead is not None:
        return True
    wanted = {group, *MEMBERS.get(group, ())}
    nouns = noun_lexicon(mention.language).scan(given.text, sentence.start, sentence.end)
    before, after = sentence.start, sentence.end
    told = given.outcomes_of(noun)
    for other in () if told else given.mentions_between(sentence.start, sentence.end):
        if other.end <= mention.start:
            before = other.end
        elif other.start >= mention.end:
            after = min(after, other.start)
    return any(n.label in wanted for n in nouns if before <= n.start < after)


def parts_stand_with_their_total(given: RuleInput) -> Iterator[Finding]:
    """G09: parts that "including" opens are of the total that stands last before it.

    Only totals of the same sentence are looked at, those of another outcome where the claim's own
    total stands behind the part, and only parts behind such a word or a bracket: "of 149 killed,
    105 by one party and 44 by another; 35 were children" says nothing of whose the 35 are.
    """
    totals = _totals(given)
    if len(totals) < 2:
        return
    starts = [mention.start for mention, _ in totals]
    places = frozenset(starts)
    for row in given.claims:
        for term in row.terms.values():
            part = None if term.field == "total" else term.source
            if part is None or part.start in places:
                continue
            owner = _last_before(given, totals, starts, part)
            if owner is None or owner[1] is row.held or not _opens(given, owner[0], part):
                continue
            if _may_own(given, owner, part, row):
                continue
            mention, other = owner
            yield found(
                "G09",
                "warning",
                "extraction",
                f"{slot_words(term.field)} of {named(row.held)}: {spoken(term.count)} stands "
                f'behind the "{cut(mention.text, 30)}" of {named(other)} and is probably part of '
                "that",
                claims=[row.held, other],
                fields=[term.field],
                operands=[operand(row.held, term.field, term.count)],
            )


def _totals(given: RuleInput) -> list[tuple[Mention, RecordClaim]]:
    """The totals and where they stand, in text order."""
    totals = [
        (total.source, row.held)
        for row in given.claims
        if (total := row.terms.get("total")) is not None and total.source is not None
    ]
    return sorted(totals, key=lambda item: item[0].start)


def _last_before(
    given: RuleInput,
    totals: Sequence[tuple[Mention, RecordClaim]],
    starts: Sequence[int],
    part: Mention,
) -> tuple[Mention, RecordClaim] | None:
    """The total that stands last before a part in its sentence, of several the one of least id."""
    behind = bisect_left(starts, part.start)
    sentence = given.sentence_at(part.start)
    if behind == 0 or sentence is None or starts[behind - 1] < sentence.start:
        return None
    first = bisect_left(starts, starts[behind - 1], 0, behind)
    if first == behind - 1:
        return totals[first]
    return min(totals[first:behind], key=lambda item: in_order(item[1]))


def _opens(given: RuleInput, total: Mention, part: Mention) -> bool:
    """Whether the words between a total and a number open its parts, and nothing closes them."""
    gap = given.text[total.end : part.start]
    if ")" in gap or ";" in gap:
        return False
    including = cue_table(given.record.report.language).pattern("context", "including")
    return "(" in gap or including.search(gap) is not None


def _may_own(
    given: RuleInput, owner: tuple[Mention, RecordClaim], part: Mention, row: Row[RecordClaim]
) -> bool:
    """Whether a part may be of its claim all the same.

    The claim has the number as its total, too; or it tells another outcome ("12 killed and 30
    injured, including five children" leaves it open) whose total does not stand behind the part.
    """
    mention, other = owner
    total, is_alike = row.terms.get("total"), other.outcome == row.held.outcome
    if total is None or is_alike:
        is_shared = total is not None and total.count.start == mention.start
        return is_shared or not is_alike
    own = total.source
    sentence = given.sentence_at(part.start)
    if own is None or sentence is None:
        return True
    before = given.mentions_between(sentence.start, part.start)
    is_behind = part.end <= own.start < sentence.end
    return not is_behind or any(says(m, total.count) for m in before)


RULES = (
    Rule(
        "G07",
        "a number whose noun names a group stands in that group's slot, or is the total of a slice",
        "error",
        READING,
        'Nouns that may be of either group ("girls", "students"); a number of people whose '
        'sentence names the group in other words ("of the victims 35 were children"); tables and '
        "lists.",
        numbers_stand_in_their_slots,
    ),
    Rule(
        "G09",
        "parts behind an opening word belong to the total that stands last before it",
        "warning",
        READING,
        'Parts behind a semicolon or without an opening word ("including", a bracket); totals of '
        "other outcomes, unless the claim's own stands behind the part.",
        parts_stand_with_their_total,
    ),
)
