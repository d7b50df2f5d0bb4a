"""Rules N01 to N04: counts that make sense, zeros that are printed, numbers that may be others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from llm_extract.intervals import bounds
from llm_extract.lexicon import noun_lexicon
from llm_extract.numbers.mention import Mention
from llm_extract.passages import Sentence
from llm_extract.record import Finding, RecordCount
from llm_extract.validators.rule import READING, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import Held, folded, group_of
from llm_extract.validators.wording import cut, found, named, operand, slot_words

DENIALS: Final = frozenset(
    (
        "0 ٠ no none nobody nor not neither zero nil without never "
        "لا لم لن ليس ليست دون بدون صفر أي أحد "
        "aucun aucune personne pas zéro ni sans "
        "ningún ninguna ninguno nadie no cero sin ni "
        "никто ничто не нет ноль ни без никого "
        "ніхто не немає нема нуль ні без нікого жодного жодної жоден"
    ).split()
)
"""Words that deny, one of which a printed zero holds, in the languages that have casualty words."""

DENIED_WITHIN: Final = 60
"""Most characters from a denial to the group that it denies: "none of the dead were children"."""

YEARS: Final = range(1900, 2101)
"""Numbers that are years as often as they are people."""

POINT_LANGUAGES: Final = frozenset({"de", "es", "it", "nl", "pt", "tr", "id", "da", "el"})
"""Languages that part thousands with a point, so that "1.234" is clear in them."""

_ONE_POINT = re.compile(r"[1-9]\d{0,2}[.]\d{3}")
_DECIDED = re.compile(r"\d[.]\d{3}[.,]\d|\d,\d{3}(?!\d)")
"""A point that parts thousands twice, or commas that do."""

_MAY_BE_IN_DOUBT = re.compile(r"(?!\d+$)[\dOolI|.,]+")
"""What a number in doubt is made of, whatever the doubt."""

_LOOKS_ALIKE = re.compile(r"(?=\w*\d)(?=\w*[OolI|])[\dOolI|]+")
_LETTERS = re.compile(r"[^\W\d_]+|[0٠]+")

POLICY_QUALIFIERS = frozenset({"about", "vague"})
"""Their bounds are a policy that a later version may change; all others follow from the number."""


def counts_make_sense(given: RuleInput) -> Iterator[Finding]:
    """N01: low <= high and as the qualifier says; a range has upper > value; vague has no value."""
    for term in given.unusual:
        for why in _faults(term.count):
            yield found(
                "N01",
                "error",
                "extraction",
                f'{slot_words(term.field)} "{cut(term.count.as_written, 30)}" of '
                f"{named(term.held)} {why}",
                claims=[term.held],
                fields=[term.field],
                operands=[operand(term.held, term.field, term.count)],
            )


def _faults(count: RecordCount) -> Iterator[str]:
    if count.qualifier == "vague" and count.value is not None:
        yield f"is vague and yet has the value {count.value}"
    if count.qualifier != "vague" and count.value is None:
        yield f"has no value though its qualifier is {count.qualifier.replace('_', ' ')}"
    if count.qualifier == "range" and count.upper is None:
        yield "is a range without an upper number"
    if count.upper is not None and count.value is not None and count.upper <= count.value:
        yield f"is a range whose upper number {count.upper} is not above {count.value}"
    if count.qualifier == "fewer_than" and count.value == 0:
        yield "is fewer than nobody"
    if count.high is not None and count.low > count.high:
        yield f"allows no number: {count.low} is more than {count.high}"
    elif (
        count.basis != "derived"
        and count.qualifier not in POLICY_QUALIFIERS
        and (count.low, count.high) != (implied := bounds(count))
    ):
        yield f"has the bounds {_span(count.low, count.high)} instead of {_span(*implied)}"


def _span(low: int, high: int | None) -> str:
    return f"{low} and up" if high is None else f"{low} to {high}"


def zeros_are_printed(given: RuleInput) -> Iterator[Finding]:
    """N02: where a total or part is 0, its quotes deny it; silence is null and not 0.

    A denial of a part stands with a word for its group ("no children"); a table may print a 0.
    """
    for term in given.unusual:
        count = term.count
        if count.value != 0 or count.upper is not None or count.basis == "derived":
            continue
        sentences = given.sentences_of(given.row_of(term.held))
        if not _is_denied(given, sentences, term.field, count):
            yield found(
                "N02",
                "error",
                "extraction",
                f"{slot_words(term.field)} of {named(term.held)} is 0, but no quote says that "
                "there was nobody: where the report is silent there is no number",
                claims=[term.held],
                fields=[term.field],
                operands=[operand(term.held, term.field, count)],
            )


def _is_denied(given: RuleInput, sentences: list[Sentence], field: str, count: RecordCount) -> bool:
    words = folded(count.as_written)
    if not any(word in DENIALS for word in _LETTERS.findall(words.casefold())):
        return False
    denial = re.compile(
        rf"(?<!\w)[وف]?{re.escape(words).replace(chr(92) + ' ', chr(92) + 's+')}(?!\w)",
        re.IGNORECASE,
    )
    group = group_of(field)
    for sentence in sentences:
        for place in denial.finditer(given.text, sentence.start, sentence.end):
            if _is_qualifier(given, place) or _is_place(given, count, place) is False:
                continue
            if sentence.cells or group in ("total", "count", "other"):
                return True
            if _tells_of(given, sentence, place, group):
                return True
    return False


def _is_qualifier(given: RuleInput, place: re.Match[str]) -> bool:
    """Whether the denying word belongs to a number, as in "no fewer than 5"."""
    return any(
        m.qualifier_start is not None and m.qualifier_start <= place.start() < m.start
        for m in given.mentions_between(place.start(), place.end() + 24)
    )


def _is_place(given: RuleInput, count: RecordCount, place: re.Match[str]) -> bool | None:
    """Whether a denial stands where the count does; None for a count without a place."""
    if count.start is None or count.end is None:
        return None
    return count.start < place.end() and count.end > place.start()


def _tells_of(given: RuleInput, sentence: Sentence, place: re.Match[str], group: str) -> bool:
    """Whether a denial is of a group; taken as given in a language without a lexicon."""
    lexicon = noun_lexicon(given.record.report.language or "en")
    if not lexicon.entries:
        return True
    start = max(sentence.start, place.start() - DENIED_WITHIN)
    end = min(sentence.end, place.end() + DENIED_WITHIN)
    return any(noun.label == group for noun in lexicon.scan(given.text, start, end))


def counts_are_no_years(given: RuleInput) -> Iterator[Finding]:
    """N03: a bare number from 1900 to 2100 that no word of people follows may be a year."""
    for term in given.unusual:
        count = term.count
        if (
            count.value in YEARS
            and count.basis == "printed"
            and count.upper is None
            and _may_be_a_year(given, term.held, count)
        ):
            yield found(
                "N03",
                "warning",
                "plausibility",
                f'{slot_words(term.field)} of {named(term.held)} is "{cut(count.as_written, 30)}", '
                "which may be a year",
                claims=[term.held],
                fields=[term.field],
                operands=[operand(term.held, term.field, count)],
            )


def _may_be_a_year(given: RuleInput, held: Held, count: RecordCount) -> bool:
    mentions = _places_of(given, held, count)
    return bool(mentions) and all(
        mention.kind == "year"
        or (
            len(mention.text) == len(str(count.value))
            and mention.text.isdecimal()
            and not _is_followed_by_people(given, mention)
        )
        for mention in mentions
    )


def _places_of(given: RuleInput, held: Held, count: RecordCount) -> list[Mention]:
    """Numbers of the text, years too, that a count may have been read from."""
    if count.start is not None and count.end is not None:
        spans = [(count.start, count.end)]
    else:
        spans = [
            (q.start, q.end) for q in held.evidence if q.start is not None and q.end is not None
        ]
    return [
        mention
        for mention in given.ledger.mentions
        if mention.value == count.value and mention.kind in ("year", "count")
        if any(start < mention.end and mention.start < end for start, end in spans)
    ]


def _is_followed_by_people(given: RuleInput, mention: Mention) -> bool:
    sentence = given.sentence_at(mention.start)
    if sentence is not None and sentence.cells:
        return True
    noun = given.noun_of(mention)
    beside = given.cues_between(mention.end, mention.end + 3)
    return (noun is not None and noun.role in ("person", "facility")) or bool(beside)


def numbers_are_clear(given: RuleInput) -> Iterator[Finding]:
    """N04: a number of a claim is written clearly: no "1.234" in doubt, no letter for a digit.

    Another number of the text that parts its thousands decides what a point means.
    """
    for term in given.unusual:
        why = None if term.count.basis == "derived" else _doubt(given, term.count)
        if why is not None:
            yield found(
                "N04",
                "warning",
                "plausibility",
                f"{slot_words(term.field)} of {named(term.held)} was read from {why}",
                claims=[term.held],
                fields=[term.field],
                operands=[operand(term.held, term.field, term.count)],
            )


def _doubt(given: RuleInput, count: RecordCount) -> str | None:
    words = count.as_written
    if count.start is not None and count.end is not None:
        words = given.text[count.start : count.end] or words
    if _MAY_BE_IN_DOUBT.fullmatch(words) is None:
        return None
    shown = cut(words, 30)
    if _LOOKS_ALIKE.fullmatch(words) or _LOOKS_ALIKE.fullmatch(words.replace(",", "")):
        return f'"{shown}", in which letters may stand for digits'
    language = given.record.report.language
    if (
        _ONE_POINT.fullmatch(words)
        and language not in POINT_LANGUAGES
        and _DECIDED.search(given.text) is None
    ):
        return f'"{shown}", which may be thousands or a decimal'
    return None


RULES = (
    Rule(
        "N01",
        "low <= high; range has upper > value; vague has no value",
        "error",
        READING,
        "The bounds of about and vague are a versioned policy and are not recomputed.",
        counts_make_sense,
    ),
    Rule(
        "N02",
        "a total of 0 has a printed denial",
        "error",
        READING,
        "A 0 of a table; a part may be denied anywhere in the sentences of its quotes, with a word "
        "for its group nearby.",
        zeros_are_printed,
    ),
    Rule(
        "N03",
        "a bare 1900 to 2100 used as a count may be a year",
        "warning",
        "plausibility",
        "A separator, a noun of people or a casualty word right behind the number; tables.",
        counts_are_no_years,
    ),
    Rule(
        "N04",
        'ambiguous separator ("1.234") or OCR look-alike in a number',
        "warning",
        "plausibility",
        "A text whose other numbers part thousands; languages that do so with a point.",
        numbers_are_clear,
    ),
)
