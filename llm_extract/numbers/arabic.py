"""Arabic: number words in all cases, duals, counted singulars, vague words, denials; context words.

Patterns and tables are written in the folded spelling of the page: no vowel signs, every alif bare,
final yaa for alif maqsura.
"""

from __future__ import annotations

import re
from typing import Final

from llm_extract.lexicon import noun_lexicon
from llm_extract.lexicon.nouns import WORD, Entry
from llm_extract.numbers import arabic_words as words
from llm_extract.numbers import tables
from llm_extract.numbers.mention import Kind
from llm_extract.numbers.reading import LanguageRules, Page, Reading, Trigger

CODE: Final = "ar"

_LEXICON = noun_lexicon(CODE)
_STARTS = "|".join(
    sorted(
        {
            *words.UNITS,
            *words.TEN,
            *words.TENS,
            *words.HUNDRED,
            *words.HUNDREDS,
            *words.SCALES,
            *words.TWICE_SCALES,
        }
        - {"الاف", "ملايين", "مليارات"},
        key=len,
        reverse=True,
    )
)
_AND_HALF = re.compile(r"\s+ونصف(?:\s+ال(?:الف|مليون|مليار))?\b")
_WORD = re.compile(r"\w+")
_NEXT_WORD = re.compile(r"[ \t\u00a0\n]{1,2}(\w+)")
_WEEKDAYS: Final = frozenset(
    {"الاحد", "الاثنين", "الثلاثاء", "الاربعاء", "الخميس", "الجمعة", "السبت"}
)
_ONE_OF: Final = frozenset({"احد", "احدي"})
_AFTER_NOUN: Final = frozenset({"واحد", "واحدة"})
_CASUALTY_NOUNS: Final = (
    "قتلي|قتيل|جرحي|جريح|ضحايا|اصابات|اصابة|وفيات|شهداء|خسائر بشرية|خسائر|مصابين|مدني|مدنيين"
    "|احد|اي شخص|شهيد|ضحية|خسائر في الارواح"
)
_DENIAL = re.compile(
    r"(?:[وفب]?(?:لا|لم|دون|بدون|عدم|ليس|ليست|من دون))"
    r"(?:\s+(?:يوجد|توجد|يسقط|تسقط|يسجل|تسجل|يبلغ|عن|تقع|يقع|وقوع|تسجيل|سقوط|حدوث|اي|اية|ورود|انباء"
    r"|معلومات|يسفر|تسفر|تؤد|يؤد|الي|ترد|يرد|يصب|يقتل|من|هناك|تحدث|يحدث|يتسبب|تتسبب|في|ب|تخلف|يخلف|وجود"
    rf"|يخلف|وقوعا|عنه|عنها)){{0,6}}\s+[بل]?(?:ال)?(?:{_CASUALTY_NOUNS})\b"
)
_CHAIN_BEFORE = re.compile(
    r"(?:قتل|مقتل|اصيب|اصاب|استشهد|استشهاد|جرح|وفاة|بينهم|بينهن|منهم|منهن|ضحايا|قضي|خطف|اعتقال|اعتقل|اختطف)"
)
_CHAIN_WINDOW: Final = 80
_SHORTEST_DUAL: Final = 4
"""Shorter forms that look dual are names and other words ("Amin")."""
_CONSTRUCT_AFTER = re.compile(r"[ \t\n]+(ال\w+)")


def _read_number(page: Page, match: re.Match[str]) -> Reading | None:
    low = page.low
    start = match.start("ar_bare")
    definite = low[match.start() : start].endswith("ال")
    first = match.group("ar_bare")
    if definite and low[start - 2 : match.end()] in _WEEKDAYS:
        return None
    value, end = _number_at(low, start)
    if value is None:
        return None
    half = _AND_HALF.match(low, end)
    if half is not None and value in words.SCALES.values():
        return Reading(start, half.end(), value + value // 2, CODE)
    if low[start:end] in _ONE_OF:
        return _one_of(page, start, end)
    if low[start:end] in _AFTER_NOUN and not definite:
        return _single(page, start, end)
    if definite:
        if first in words.SCALES or first in words.HUNDRED or value < 2:
            return None
        start -= 2
    return Reading(start, end, value, CODE, _kind_before(low, start))


def _number_at(low: str, start: int) -> tuple[int | None, int]:
    """The value of the number words that begin at `start`, and where they end."""
    total = group = 0
    seen = False
    at = end = start
    last = "none"
    while True:
        word = _WORD.match(low, at)
        if word is None:
            break
        token, joined = word.group(), False
        if seen and token[0] == "و":
            token, joined = token[1:], True
        step = _step(token, last, joined, group)
        if step is None:
            break
        last, amount = step
        if last == "scale":
            total += (group or 1) * amount
            group = 0
        elif last == "twice":
            total += amount
        elif last == "hundred" and amount == 100:
            group = (group or 1) * 100 if group < 10 and not joined else group + 100
        else:
            group += amount
        seen, end = True, word.end()
        if low[end : end + 1] not in (" ", "\u00a0", "\n"):
            break
        at = end + 1
    return (total + group if seen else None), end


def _step(token: str, last: str, joined: bool, group: int) -> tuple[str, int] | None:
    """What one word adds after a word of class `last`; None when it starts something else."""
    if token in words.UNITS and (
        last == "none" or (joined and last in ("hundred", "scale", "twice"))
    ):
        return "unit", words.UNITS[token]
    if token in words.TEN:
        if last == "unit" and not joined:
            return "ten", words.TEN[token]
        if last == "none" or (joined and last in ("hundred", "scale", "twice")):
            return "ten", words.TEN[token]
    if token in words.TENS and (
        last == "none" or (joined and last in ("unit", "hundred", "scale", "twice"))
    ):
        return "tens", words.TENS[token]
    if token in words.HUNDRED:
        if last == "unit" and not joined and group < 10:
            return "hundred", 100
        if last == "none" or (joined and last in ("scale", "twice")):
            return "hundred", 100
    if token in words.HUNDREDS and (last == "none" or (joined and last in ("scale", "twice"))):
        return "hundred", words.HUNDREDS[token]
    if token in words.SCALES:
        if last in ("unit", "ten", "tens", "hundred") and not joined:
            return "scale", words.SCALES[token]
        if (last == "none" or (joined and last in ("scale", "twice"))) and not token.endswith(
            ("اف", "ين", "ات")
        ):
            return "scale", words.SCALES[token]
    if token in words.TWICE_SCALES and (last == "none" or (joined and last == "scale")):
        return "twice", words.TWICE_SCALES[token]
    return None


def _one_of(page: Page, start: int, end: int) -> Reading | None:
    """ "One of the civilians": only before a definite plural noun of people or places."""
    after = _NEXT_WORD.match(page.low, end)
    if after is None or not after.group(1).startswith("ال"):
        return None
    noun = _LEXICON.match(page.low, after.start(1))
    if noun is None or noun.role == "thing" or not noun.plural:
        return None
    return Reading(start, end, 1, CODE, "count", "exact")


def _single(page: Page, start: int, end: int) -> Reading | None:
    """ "One" behind its noun: a count behind people and places, a measure behind a unit."""
    before = page.low[max(0, start - 24) : start].split()
    if not before:
        return None
    entry = _LEXICON.entry(before[-1])
    if entry is None or entry.number != "singular":
        return None
    return Reading(start, end, 1, CODE, _noun_kind(entry))


def _noun_kind(entry: Entry) -> Kind:
    if entry.label == "money":
        return "money"
    return "measure" if entry.label in ("time", "measure") else "count"


def _kind_before(low: str, start: int) -> Kind | None:
    before = low[max(0, start - 14) : start].split()
    return "measure" if before and before[-1].endswith("الساعة") else None


def _read_dual(page: Page, match: re.Match[str]) -> Reading | None:
    low, end = page.low, match.end()
    word = match.group()
    bare, entry = _without_proclitic(word)
    if entry is None or entry.number != "dual" or len(bare) <= _SHORTEST_DUAL:
        return None
    after = _NEXT_WORD.match(low, end)
    if after is not None and words.UNITS.get(after.group(1)) == 2:
        return None
    return Reading(end - len(bare), end, 2, CODE, _noun_kind(entry), None)


def _without_proclitic(word: str) -> tuple[str, Entry | None]:
    """The word without one-letter proclitics (the article stays), and its lexicon entry."""
    for bare in (
        word,
        word[1:] if word[0] in "وفبلك" else "",
        word[2:] if word[0] in "وف" and word[1] in "بلك" else "",
    ):
        for stem in (bare, bare[2:] if bare.startswith("ال") else ""):
            entry = _LEXICON.entries.get(stem) if stem else None
            if entry is not None:
                return bare, entry
    return word, None


def _read_counted(page: Page, match: re.Match[str]) -> Reading | None:
    """A bare indefinite singular of people or places right behind a casualty word."""
    return _singular(page, match.end(), also_places=True)


def _read_chained(page: Page, match: re.Match[str]) -> Reading | None:
    """ "And a woman": an indefinite singular of people that continues a list of casualties."""
    start = match.start()
    reading = _singular(page, start + 1, also_places=False)
    if reading is None:
        return None
    clause = page.low[max(0, start - _CHAIN_WINDOW) : start]
    clause = clause[max(clause.rfind(mark) for mark in ".!؟\n") + 1 :]
    return reading if _CHAIN_BEFORE.search(clause) else None


def _singular(page: Page, start: int, *, also_places: bool) -> Reading | None:
    low = page.low
    word = WORD.match(low, start)
    if word is None or word.group() not in _LEXICON.entries:
        return None
    noun = _LEXICON.match(low, start)
    if noun is None or noun.number != "singular" or noun.form.startswith("اخر"):
        return None
    if noun.role == "thing" or (noun.role == "facility" and not also_places):
        return None
    construct = _CONSTRUCT_AFTER.match(low, noun.end)
    if construct is not None and construct.group(1) not in _WEEKDAYS:
        return None
    after = _NEXT_WORD.match(low, noun.end)
    if after is not None and (
        after.group(1) in _AFTER_NOUN or words.UNITS.get(after.group(1)) == 1
    ):
        return None
    return Reading(noun.start, noun.end, 1, CODE, "count", "exact", "counted")


def _read_vague(page: Page, match: re.Match[str]) -> Reading | None:
    start = match.start("ar_much")
    if page.low[match.start() : start].endswith("ال"):
        start -= 2
    return Reading(start, match.end(), None, CODE, None, "vague")


def _read_denial(page: Page, match: re.Match[str]) -> Reading | None:
    if _DENIAL.match(page.low, match.start()) is None:
        return None
    return Reading(match.start("ar_denied"), match.end(), 0, CODE, "count", "exact")


def _read_ordinal(page: Page, match: re.Match[str]) -> Reading | None:
    rank = words.ORDINALS[match.group("ar_rank")]
    end = match.end()
    teen = _NEXT_WORD.match(page.low, end)
    if teen is not None and teen.group(1) in words.TEN and rank != 10:
        rank, end = (rank if rank == 11 else rank + 10), teen.end()
    elif rank == 11:
        rank = 1
    start = match.start("ar_rank")
    kind: Kind = _kind_before(page.low, start) or "ordinal"
    return Reading(start, end, rank, CODE, kind)


_BIG_COUNT = r"(?:عشرات|مئات|الاف|ملايين)"

_TRIGGERS: Final = (
    Trigger("ar_denial", r"[وفب]?(?P<ar_denied>لا|لم|دون|بدون|عدم|ليس|ليست)\b", _read_denial),
    Trigger(
        "ar_vague",
        rf"[وفبلك]?(?:ال)?(?P<ar_much>{_BIG_COUNT}(?:\s+(?:ال)?(?:الاف|ملايين|مئات))?"
        r"|عدد(?:\s+(?:كبير|قليل|محدود|اخر|غير محدد|غير معروف))?(?=\s+من\b)"
        r"|اعداد(?:\s+(?:كبيرة|هائلة))?(?=\s+من\b)|عديد(?=\s+من\b)|عدة|بضعة|بضع|كثير(?=\s+من\b))\b",
        _read_vague,
    ),
    Trigger("ar_number", rf"(?:[وف]?[بلك]?(?:ال)?)??(?P<ar_bare>{_STARTS})\b", _read_number),
    Trigger("ar_ordinal", rf"[وف]?[بلك]?(?P<ar_rank>{'|'.join(words.ORDINALS)})\b", _read_ordinal),
    Trigger("ar_dual", r"\w{3,}(?:ان|ين|تا|تي)\b", _read_dual),
    Trigger(
        "ar_counted",
        r"[وفب]?(?:ا?ل)?(?:قتل|قتلت|يقتل|مقتل|استشهد|استشهدت|استشهاد|اصيب|اصيبت|اصابة|وفاة|بينهم"
        r"|بينهن|منهم|منهن|جرح|خطف|اعتقال|اختطاف|قصف|قصفت|استهدف|استهدفت|استهداف|تدمير|دمرت|دمر|طال|طالت)\s(?=\w)",
        _read_counted,
    ),
    Trigger("ar_chained", r"و(?=\w{2,}\b)", _read_chained),
)

RULES: Final[LanguageRules] = tables.language_rules(
    CODE, tables.table("arabic"), _TRIGGERS, proclitics="وبلف"
)
