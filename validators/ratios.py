"""Rule A08: a printed percentage or fraction fits the counts that stand beside it.

Percentages and fractions come from the ledger. Whose ratio one states is read from the words round
it, in the forms listed here; where these leave a choice, the rule is silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Final

from llm_extract.lexicon import noun_lexicon
from llm_extract.numbers.english_words import VALUES
from llm_extract.numbers.mention import Mention
from llm_extract.passages import Sentence
from llm_extract.record import Finding, Operand, RecordClaim
from llm_extract.schema import Outcome
from llm_extract.validators.arithmetic import SEXES_AND_AGES, kind_of, printed, ungrounded
from llm_extract.validators.rule import OPEN_BOUND, SUMS, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.slices import profile_of
from llm_extract.validators.terms import Row, Term
from llm_extract.validators.wording import cut, found, listed, named, operand, slot_words, spoken

WORDED_TOLERANCE: Final = 3
"""Points by which a worded fraction or a rounded percentage ("nearly 40 %") may miss its ratio."""

GRAVE: Final = 5
"""Points from which on a miss is an error."""

_WHOLES: tuple[tuple[Outcome | None, str], ...] = (
    ("killed", "dead deaths killed fatalities deceased"),
    ("injured", "injured wounded injuries"),
    ("casualties", "casualties"),
    ("detained", "detainees detained"),
    ("missing", "missing"),
    (None, "them whom which these those victims total toll"),
)
WHOLES: Final = {word: outcome for outcome, words in _WHOLES for word in words.split()}
"""Words for the whole of a ratio with the outcome that they tell."""

PRONOUNS: Final = frozenset({"them", "whom", "which", "these", "those", ""})
"""Words for the whole that lean on the number before them."""

MINORS: Final = frozenset({"subgroups.girls", "subgroups.boys", "subgroups.infants"})
"""Slots that are parts of the children."""

_SIGN = re.compile(r"\s*(?:%|٪|per[\s-]?cent(?:age)?\b|pct\b)?")
_OF = re.compile(
    r"\s*of\s+(?:all\s+)?(?:the\s+|this\s+|that\s+|those\s+(?=[a-z]+ed\b))?"
    r"(?:(?P<number>\d[\d,]*)\s+)?"
    r"(?:(?:civilian|reported|recorded|verified|total|(?:day|week|month|quarter|year)['’]s)\s+)*"
    rf"(?P<whole>{'|'.join(WHOLES)})\b(?!\s+(?:population|caseload|number|amount|cost))",
    re.IGNORECASE,
)
_ARE = re.compile(r",?\s*(?:(?:were|are|was|is|being)\s+)?(?:the\s+)?", re.IGNORECASE)
_AND = re.compile(r"\s+(?:and|or)\s+", re.IGNORECASE)
_ENDS = re.compile(r"\s*(?:[.,;:!?)]|$|(?:and|while|but|according)\b)", re.IGNORECASE)
_MAKE_UP = re.compile(
    r"\s+(?:were|are|(?:made|make|making)\s+up|account(?:ed|ing)?\s+for|constitut(?:ed?|ing)"
    r"|compris(?:ed?|ing)|represent(?:ed|ing)?|formed)\s+$",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"(?:\s+[^\W\d_]+(?:['’-][^\W\d_]+)*){0,4}\s*\(\s*")
_WHICH_IS = re.compile(
    r"\b(?:(?:which|that)\s+(?:is|was)|or|representing|equal\s+to|equivalent\s+to)\s+$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_ONE_IN = re.compile(r"one\s+(?:in|out\s+of)\s+(?:every\s+)?(?P<parts>[a-z]+|\d+)", re.IGNORECASE)
_SHARE = re.compile(r"(?P<some>[a-z]+)[\s-]+(?P<parts>[a-z]+?)s?", re.IGNORECASE)
_PARTS: Final = {
    "half": 2,
    "third": 3,
    "quarter": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
}


@dataclass(frozen=True, slots=True)
class Stated:
    """What a percentage or fraction allows, in per cent, and by how many points it may miss."""

    low: Fraction
    high: Fraction
    tolerance: Fraction

    def misses(self, low: Fraction, high: Fraction) -> Fraction:
        """Points between this and a ratio from `low` to `high`; 0 where they meet."""
        return max(Fraction(0), low - self.high, self.low - high)


@dataclass(frozen=True, slots=True)
class Ratio:
    """The counts of a record that a percentage is stated of: some slots of one whole."""

    parts: tuple[Term, ...]
    whole: Term


_Slot = tuple[Row[RecordClaim], Term]


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where the counts of a record stand: claims by the sentence of their total, slots by place."""

    totals: Mapping[int, Sequence[Row[RecordClaim]]]
    slots: Mapping[int, Sequence[_Slot]]


def percentages_fit_their_counts(given: RuleInput) -> Iterator[Finding]:
    """A08: a printed percentage or fraction is within its tolerance of the ratio it states.

    A percentage may miss by one point, or what the claimant's profile says, a worded fraction and a
    rounded percentage by three; more than five points are an error.
    """
    stated = [mention for mention in given.ledger.mentions if mention.kind == "percent"]
    if not stated:
        return
    placed = _placed(given)
    for mention in stated:
        ratio = _ratio_of(given, placed, mention)
        if ratio is not None:
            yield from _compared(given, mention, ratio)


def _compared(given: RuleInput, mention: Mention, ratio: Ratio) -> Iterator[Finding]:
    tolerance = Fraction(str(profile_of(given, ratio.whole.held).percent_tolerance))
    stated = stated_by(mention, tolerance)
    bounds = _bounds(ratio)
    if stated is None or bounds is None:
        return
    missed = stated.misses(*bounds)
    note = ""
    if missed <= stated.tolerance:
        as_printed = _as_printed(ratio)
        if as_printed is None or stated.misses(as_printed, as_printed) <= stated.tolerance:
            return
        note = ", as printed; the words leave room for more"
    terms = [*ratio.parts, ratio.whole]
    parts = " + ".join(spoken(part.count) for part in ratio.parts)
    yield found(
        "A08",
        "error" if missed > max(Fraction(GRAVE), stated.tolerance) else "warning",
        kind_of(given, terms),
        f'"{cut(_words(given, mention))}" is stated of the '
        f"{listed([slot_words(part.field) for part in ratio.parts])} of "
        f"{named(ratio.parts[0].held)}, but {parts} of {spoken(ratio.whole.count)} "
        f"is {_percent(bounds)}{note}{ungrounded(given, terms)}",
        claims=[term.held for term in terms],
        fields=[term.field for term in terms],
        operands=[
            *(operand(t.held, t.field, t.count) for t in terms),
            Operand(
                claim=None,
                field=None,
                low=floor(stated.low),
                high=ceil(stated.high),
                as_written=_words(given, mention),
                start=mention.start,
                end=mention.end,
            ),
        ],
    )


def stated_by(mention: Mention, tolerance: Fraction) -> Stated | None:
    """What a percent mention states; `tolerance` is that of plain percentages.

    None where its words hold no single number, as in "12.5 to 13".
    """
    value = _value(mention)
    if value is None:
        return None
    percent, is_worded = value
    upper = percent if mention.upper is None else Fraction(mention.upper)
    rounded = is_worded or mention.qualifier == "about"
    low, high = percent, upper
    if mention.qualifier in ("at_least", "more_than"):
        high = Fraction(100)
    elif mention.qualifier in ("at_most", "fewer_than"):
        low = Fraction(0)
    return Stated(
        low, max(low, high), max(tolerance, Fraction(WORDED_TOLERANCE)) if rounded else tolerance
    )


def _value(mention: Mention) -> tuple[Fraction, bool] | None:
    """The per cent that a mention names, and whether a worded fraction does."""
    if mention.value is not None:
        return Fraction(mention.value), False
    words = mention.text.casefold()
    one_in = _ONE_IN.fullmatch(words)
    if one_in is not None:
        parts = VALUES.get(one_in["parts"]) or (
            int(one_in["parts"]) if one_in["parts"].isdecimal() else 0
        )
        return (Fraction(100, parts), True) if parts else None
    numbers = _NUMBER.findall(words)
    if numbers:
        return (Fraction(numbers[0].replace(",", ".")), False) if len(numbers) == 1 else None
    if words == "half":
        return Fraction(50), True
    share = _SHARE.fullmatch(words)
    if share is None or share["parts"] not in _PARTS:
        return None
    some = 1 if share["some"] in ("a", "an") else VALUES.get(share["some"])
    return (Fraction(100 * some, _PARTS[share["parts"]]), True) if some else None


def _bounds(ratio: Ratio) -> tuple[Fraction, Fraction] | None:
    """The least and greatest per cent that the counts allow; None where the whole may be nobody."""
    whole = ratio.whole.count
    if whole.low < 1:
        return None
    low = sum(part.count.low for part in ratio.parts)
    highs = [part.count.high for part in ratio.parts]
    high = None if None in highs else sum(each or 0 for each in highs)
    return (
        Fraction(0) if whole.high is None else Fraction(100 * low, whole.high),
        Fraction(100) if high is None else Fraction(100 * high, whole.low),
    )


def _as_printed(ratio: Ratio) -> Fraction | None:
    """The per cent of the printed numbers where an open bound leaves nothing to check."""
    counts = [term.count for term in (*ratio.parts, ratio.whole)]
    is_open = any(count.high is None for count in counts)
    if not is_open or any(count.value is None for count in counts):
        return None
    return Fraction(100 * sum(printed(count) for count in counts[:-1]), printed(counts[-1]))


def _percent(bounds: tuple[Fraction, Fraction]) -> str:
    low, high = (f"{float(bound):.1f}".removesuffix(".0") for bound in bounds)
    return f"{low} %" if low == high else f"{low} to {high} %"


def _words(given: RuleInput, mention: Mention) -> str:
    sign = _SIGN.match(given.text, mention.end)
    return given.text[mention.start : sign.end() if sign else mention.end]


def _placed(given: RuleInput) -> _Placed:
    totals: dict[int, list[Row[RecordClaim]]] = {}
    slots: dict[int, list[_Slot]] = {}
    for row in given.claims:
        for term in row.terms.values():
            start = term.count.start
            if start is None:
                continue
            slots.setdefault(start, []).append((row, term))
            sentence = given.sentence_at(start) if term.field == "total" else None
            if sentence is not None:
                totals.setdefault(sentence.index, []).append(row)
    return _Placed(totals, slots)


def _ratio_of(given: RuleInput, placed: _Placed, mention: Mention) -> Ratio | None:
    """The counts whose ratio a percentage states, if its words leave no choice."""
    sentence = given.sentence_at(mention.start)
    if sentence is None or sentence.end < mention.end:
        return None
    start = mention.start if mention.qualifier_start is None else mention.qualifier_start
    start = max(sentence.start, min(start, mention.start))
    head = given.text[sentence.start : start]
    sign = _SIGN.match(given.text, mention.end, sentence.end)
    at = sign.end() if sign else mention.end
    of = _OF.match(given.text, at, sentence.end)
    behind = of.end() if of is not None else at
    groups = _groups_behind(given, behind, sentence, of is None)
    if not groups and (of is not None or _ENDS.match(given.text, at, sentence.end)):
        groups = _groups_before(head)
    if groups:
        whole = _whole_meant(given, placed, sentence, start, of)
        return None if whole is None else _of_slots(*whole, groups)
    if of is not None and _WHICH_IS.search(head):
        return _of_parent(given, placed.totals.get(sentence.index, ()), of)
    if given.text[behind : behind + 1] == ")":
        return _of_count_before(given, placed, sentence, start, of)
    return None


def _groups_behind(given: RuleInput, at: int, sentence: Sentence, needs_verb: bool) -> list[str]:
    """The groups of "40 % of the dead were women and children", as slot names."""
    are = _ARE.match(given.text, at, sentence.end)
    if are is None or (needs_verb and not are.group().strip(" ,\n")):
        return []
    groups: list[str] = []
    at = are.end()
    while True:
        noun = noun_lexicon("en").match(given.text, at, sentence.end)
        if noun is None or noun.role != "person":
            return []
        groups.append(_slot(noun.label))
        joined = _AND.match(given.text, noun.end, sentence.end)
        if joined is None or noun_lexicon("en").match(given.text, joined.end()) is None:
            break
        at = joined.end()
    return groups if _ENDS.match(given.text, noun.end, sentence.end) and all(groups) else []


def _groups_before(head: str) -> list[str]:
    """The groups of "women and children made up 40 % of the dead", as slot names."""
    verb = _MAKE_UP.search(head)
    if verb is None:
        return []
    groups: list[str] = []
    end = verb.start()
    for noun in reversed(list(noun_lexicon("en").scan(head, 0, end))):
        between = head[noun.end : end]
        if between and not (groups and _AND.fullmatch(between)):
            break
        groups.append(_slot(noun.label))
        end = noun.start
    return groups if all(groups) else []


def _slot(label: str) -> str:
    """The slot that a noun's people are counted in; empty for nouns of no group."""
    if label in SEXES_AND_AGES:
        return label
    return "" if label in ("people", "occupation", "other") else f"subgroups.{label}"


def _whole_meant(
    given: RuleInput,
    placed: _Placed,
    sentence: Sentence,
    start: int,
    of: re.Match[str] | None,
) -> _Slot | None:
    """What a percentage is of: the number it leans on, or the one total near that fits its words.

    `start` is where the percentage begins. Of totals inside one another the outermost is meant.
    """
    whole = of["whole"].casefold() if of is not None else ""
    if whole in PRONOUNS and (of is None or of["number"] is None):
        return _leaned_on(given, placed, sentence, start)
    near = [
        row
        for index in (sentence.index - 1, sentence.index)
        for row in placed.totals.get(index, ())
        if _fits(row.held, whole, of)
    ]
    outermost = _outermost(near)
    return None if outermost is None else (outermost, outermost.terms["total"])


def _outermost(rows: Sequence[Row[RecordClaim]]) -> Row[RecordClaim] | None:
    """The one claim that is part of none of the others; None where there are several."""
    ids = {row.held.id for row in rows}
    outermost = [row for row in rows if row.held.part_of_id not in ids]
    return outermost[0] if len(outermost) == 1 else None


def _leaned_on(given: RuleInput, placed: _Placed, sentence: Sentence, start: int) -> _Slot | None:
    """The number that "of them" leans on: the last one before it, a total or the children.

    Beside another toll of the same sentence "them" may be the people of both.
    """
    before = given.sentences[max(0, sentence.index - 1)].start
    mentions = given.mentions_between(before, start)
    slots = placed.slots.get(mentions[-1].start, ()) if mentions else ()
    totals = [slot for slot in slots if slot[1].field == "total"]
    if not totals:
        return slots[0] if len(slots) == 1 and slots[0][1].field == "children" else None
    if len(totals) > 1:
        return None
    meant = totals[0][0].held
    beside = [
        row
        for row in placed.totals.get(sentence.index, ())
        if row.held.id not in (meant.id, meant.part_of_id)
        and (row.terms["total"].count.start or 0) < start
    ]
    return None if beside else totals[0]


def _fits(claim: RecordClaim, whole: str, of: re.Match[str] | None) -> bool:
    outcome = WHOLES.get(whole)
    number = of["number"] if of is not None else None
    return (outcome is None or outcome == claim.outcome) and (
        number is None
        or (claim.total is not None and claim.total.value == int(number.replace(",", "")))
    )


def _of_slots(row: Row[RecordClaim], whole: Term, groups: Sequence[str]) -> Ratio | None:
    if whole.field != "total" and not MINORS.issuperset(groups):
        return None
    parts = [row.terms[group] for group in groups if group in row.terms]
    if len(parts) < len(groups):
        return None
    if any(p.count.start == whole.count.start or f"{p.field}.2" in row.terms for p in parts):
        return None  # the whole is a slice by this group, or the group has several numbers
    return Ratio(tuple(parts), whole)


def _of_parent(
    given: RuleInput, here: Sequence[Row[RecordClaim]], of: re.Match[str]
) -> Ratio | None:
    """The ratio of "46 died at their hands, which is 53 % of the toll": a claim in its parent."""
    child = _outermost(here)
    parent = None if child is None else given.parent_of(child)
    if child is None or parent is None or not _fits(parent.held, of["whole"].casefold(), of):
        return None
    return _in_parent(child, parent)


def _of_count_before(
    given: RuleInput,
    placed: _Placed,
    sentence: Sentence,
    start: int,
    of: re.Match[str] | None,
) -> Ratio | None:
    """The ratio of "12 women (30 %)": the count before the bracket in its total or its parent."""
    before = given.mentions_between(sentence.start, start)
    if not before or _IN_BRACKETS.fullmatch(given.text, before[-1].end, start) is None:
        return None
    whole = of["whole"].casefold() if of is not None else ""
    ratios = [
        ratio
        for row, term in placed.slots.get(before[-1].start, ())
        if (ratio := _of_count(given, row, term)) is not None
        and isinstance(ratio.whole.held, RecordClaim)
        and _fits(ratio.whole.held, whole, of)
    ]
    return ratios[0] if len(ratios) == 1 else None


def _of_count(given: RuleInput, row: Row[RecordClaim], term: Term) -> Ratio | None:
    """A part in the total of its claim, a total in that of its parent."""
    total = row.terms.get("total")
    if total is None:
        return None
    if total.count.start != term.count.start:
        return _of_slots(row, total, [term.field])
    parent = given.parent_of(row)
    return _in_parent(row, parent) if term is total and parent is not None else None


def _in_parent(claim: Row[RecordClaim], parent: Row[RecordClaim]) -> Ratio | None:
    part, whole = claim.terms.get("total"), parent.terms.get("total")
    if part is None or whole is None or claim.held.outcome != parent.held.outcome:
        return None
    return Ratio((part,), whole)


RULES = (
    Rule(
        "A08",
        "a printed percentage or fraction is within 1 point (worded fraction 3) of the ratio it "
        "states; over 5 points is an error",
        "error",
        SUMS,
        f"{OPEN_BOUND} A claimant's profile may allow more points. A rounded percentage (\"nearly "
        '40 %") is treated as a worded fraction; "more than half" allows all above. Silent where '
        "the words leave open which counts are meant, and in languages other than English but for "
        'percentages in brackets ("12 women (30 %)").',
        percentages_fit_their_counts,
    ),
)
