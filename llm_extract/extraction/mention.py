"""Strategy `mention`: the figures of a report are read by rule, a model settles what stays open.

Asked are: numbers with several possible outcomes, victims who stand without a number, parties
blamed where no rule finds one. Every choice is among what the passage holds; what comes back and
does not stand in the passage is asked for once more and then dropped.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, create_model, field_validator

from llm_extract.extraction.call import Caller, Conversation, Message
from llm_extract.extraction.circumstances import Setting, read_settings
from llm_extract.extraction.names import find_words, name_table
from llm_extract.extraction.parties import Blame, Named, full_names
from llm_extract.extraction.reading import Figure, Option, Reading
from llm_extract.extraction.understanding import Understanding, outcomes_by_rule
from llm_extract.extraction.wire import Wire, compact
from llm_extract.lexicon import noun_lexicon
from llm_extract.numbers.mention import Mention
from llm_extract.prompting import Prompt
from llm_extract.schema import Outcome

PASSAGE_CHARACTERS = 1200
"""Longest passage asked about at once, so that a small model keeps the thread."""
REPLY_TOKENS = 384
NOTE_CHARACTERS = 1500
"""Longest report whose victims and parties a model is asked to name. In event notes of this length
a small model names them well; in long narratives whoever stands nearest (docs/decisions.md)."""
NOTE_FIGURES = 4
"""Most printed figures of people in a note; a report with more is a toll."""
MOST_NAMES = 6
LONGEST_NAME = 120

NO_NAME = frozenset({"", "none", "not available", "n/a", "unknown", "no one", "nobody"})
"""What models write into a list that should be empty."""

NAMED_OUTCOMES: tuple[tuple[str, Outcome], ...] = (("killed", "killed"), ("wounded", "injured"))


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of the report with the questions that are open in it; `end` excluded."""

    start: int
    end: int
    numbers: tuple[Figure, ...]
    victims: bool
    blame: bool


async def read_by_mention(
    reading: Reading, prompt: Prompt, caller: Caller, conversation: Conversation
) -> Understanding:
    """A report understood by rule; one request for each passage that leaves something open.

    Victims that a model names are added to the figures of `reading`.
    """
    settings = read_settings(reading)
    passages = list(open_passages(reading, settings))
    understood, _ = await _settled(reading, settings, passages, prompt, caller, conversation)
    return understood


async def read_again_by_mention(
    reading: Reading,
    prompt: Prompt,
    caller: Caller,
    conversation: Conversation,
    sentences: Collection[int],
    most: int,
) -> tuple[Understanding, frozenset[int]]:
    """These sentences understood by rule, with at most `most` requests; and which of them it were.

    Sentences that need a request beyond that, or got no usable answer, are left out.
    """
    settings = read_settings(reading)
    wanted = set(sentences)
    touched = [p for p in open_passages(reading, settings) if _sentences(reading, p) & wanted]
    understood, answered = await _settled(
        reading, settings, touched[:most], prompt, caller, conversation
    )
    unread = [_sentences(reading, p) for p in touched if p not in answered]
    return understood, frozenset(wanted.difference(*unread))


def _sentences(reading: Reading, passage: Passage) -> set[int]:
    """Indexes of the sentences of a passage."""
    return {s.index for s in reading.sentences if passage.start <= s.start < passage.end}


async def _settled(
    reading: Reading,
    settings: list[Setting],
    passages: Sequence[Passage],
    prompt: Prompt,
    caller: Caller,
    conversation: Conversation,
) -> tuple[Understanding, list[Passage]]:
    """What follows from rules and answers, and the passages that got one."""
    outcomes = outcomes_by_rule(reading)
    answered = []
    for passage in passages:
        answer = await caller.ask(
            messages(prompt, reading.report.text, passage),
            answer_model(passage),
            conversation,
            (passage.start, passage.end),
            REPLY_TOKENS,
            {"passage": reading.report.text[passage.start : passage.end]},
        )
        if answer is None:
            # What stays open does not enter the record; G03 and C02 say so.
            for figure in passage.numbers:
                outcomes.pop(figure.index, None)
        else:
            answered.append(passage)
            apply(reading, settings, outcomes, passage, answer.model_dump())
    return Understanding(reading, settings, outcomes), answered


# --- what is asked ----------------------------------------------------------------------------


def open_passages(reading: Reading, settings: Sequence[Setting]) -> Iterator[Passage]:
    """Passages with open questions: neighbouring sentences together, up to a length."""
    wanted = [s.index for s in reading.sentences if _is_open(reading, settings, s.index)]
    while wanted:
        first = last = wanted[0]
        start = reading.sentences[first].start
        while wanted and reading.sentences[wanted[0]].end - start <= PASSAGE_CHARACTERS:
            last = wanted.pop(0)
        if wanted and wanted[0] == first:
            last = wanted.pop(0)
        yield _passage(reading, settings, first, last)


def _passage(reading: Reading, settings: Sequence[Setting], first: int, last: int) -> Passage:
    while first > 0 and _length(reading, first - 1, last) <= PASSAGE_CHARACTERS // 2:
        first -= 1
    while last + 1 < len(reading.sentences) and _length(reading, first, last + 1) <= (
        PASSAGE_CHARACTERS // 2
    ):
        last += 1
    inside = range(first, last + 1)
    return Passage(
        start=reading.sentences[first].start,
        end=reading.sentences[last].end,
        numbers=tuple(f for f in reading.figures if f.sentence in inside and _unsettled(f)),
        victims=any(_names_victims(reading, n) for n in inside),
        blame=any(_blames_nobody(reading, settings, n) for n in inside),
    )


def _length(reading: Reading, first: int, last: int) -> int:
    return reading.sentences[last].end - reading.sentences[first].start


def _is_open(reading: Reading, settings: Sequence[Setting], index: int) -> bool:
    return (
        any(_unsettled(f) for f in reading.in_sentence(index))
        or _names_victims(reading, index)
        or _blames_nobody(reading, settings, index)
    )


def _unsettled(figure: Figure) -> bool:
    return not figure.facility and not figure.superseded and figure.doubtful


def _is_a_note(reading: Reading) -> bool:
    """Whether a report tells of one event in a few sentences; a toll names nobody."""
    printed = [f for f in reading.figures if f.mention.basis == "printed" and not f.facility]
    return len(reading.report.text) <= NOTE_CHARACTERS and len(printed) <= NOTE_FIGURES


def _names_victims(reading: Reading, index: int) -> bool:
    """Whether a sentence of a note tells of killed or wounded people whom no figure counts."""
    if not _is_a_note(reading):
        return False
    bound = {
        option.cue.start
        for figure in reading.in_sentence(index)
        for option in figure.options[:1]
        if option.cue is not None and not figure.doubtful
    }
    return any(
        cue.outcome in ("killed", "injured")
        and cue.start not in bound
        and cue.roles & {"subject", "object"}
        and cue.roles != {"head"}
        for cue in reading.cues[index]
    )


def _blames_nobody(reading: Reading, settings: Sequence[Setting], index: int) -> bool:
    """Whether a sentence counts victims and no sentence of the report blames anyone by rule.

    A model asked beside parties that are known already names whoever stands nearest, mostly the one
    who reports.
    """
    if not _is_a_note(reading) or reading.sentences[index].kind != "prose":
        return False
    if any(setting.blames for setting in settings):
        return False
    return any(f.whole and not f.superseded for f in reading.in_sentence(index))


def messages(prompt: Prompt, text: str, passage: Passage) -> list[Message]:
    """System, worked examples and the passage; the report is only ever a value of the template."""
    words = [_words(text, figure) for figure in passage.numbers]
    return [*example_messages(prompt), _user(prompt, text[passage.start : passage.end], words)]


@lru_cache(maxsize=32)
def example_messages(prompt: Prompt) -> tuple[Message, ...]:
    """What stands before every passage, the same bytes each time."""
    found: list[Message] = [{"role": "system", "content": prompt.system}]
    for example in prompt.examples:
        reply = dict(example.reply)
        numbers = reply["numbers"]
        reply["numbers"] = {str(n + 1): label for n, label in enumerate(numbers.values())}
        found.append(_user(prompt, example.report, list(numbers)))
        found.append({"role": "assistant", "content": compact(reply)})
    return tuple(found)


def _user(prompt: Prompt, passage: str, words: Sequence[str]) -> Message:
    content = prompt.render_user(passage=passage, numbers=list(words))
    return {"role": "user", "content": content.strip()}


def _words(text: str, figure: Figure) -> str:
    return " ".join(text[figure.start : figure.end].split())


def answer_model(passage: Passage) -> type[Wire]:
    """The schema for one passage: outcomes that the words allow, names that stand in it.

    Its validators look for names in the words that stand under `passage` in pydantic's context.
    """
    choices = tuple(tuple(o.outcome for o in figure.options) for figure in passage.numbers)
    return _answer_model(choices, passage.victims, passage.blame)


@lru_cache(maxsize=512)
def _answer_model(
    choices: tuple[tuple[Outcome, ...], ...], victims: bool, blame: bool
) -> type[Wire]:
    """Passages with the same choices share a model: making one costs more than filling it."""
    numbers: dict[str, Any] = {
        str(n): (Literal[(*outcomes, "none")], ...) for n, outcomes in enumerate(choices, start=1)
    }
    names = list[Annotated[str, Field(max_length=LONGEST_NAME)]]
    return create_model(
        "Passage",
        __base__=Wire,
        __validators__={"stands": field_validator("killed", "wounded", "blamed")(_stands)},
        numbers=(create_model("Numbers", __base__=Wire, **numbers), ...),
        killed=(names, Field(max_length=MOST_NAMES if victims else 0)),
        wounded=(names, Field(max_length=MOST_NAMES if victims else 0)),
        blamed=(names, Field(max_length=MOST_NAMES if blame else 0)),
    )


def _stands(cls: type[Wire], names: list[str], info: ValidationInfo) -> list[str]:
    assert info.context is not None
    source = info.context["passage"]
    names = [name for name in names if name.strip().casefold() not in NO_NAME]
    missing = [name for name in names if find_words(source, name) is None]
    if missing:
        raise ValueError(
            f"{info.field_name}: {missing[0]!r} does not stand in the passage; copy words exactly "
            "or leave them out"
        )
    return names


# --- what comes back --------------------------------------------------------------------------


def apply(
    reading: Reading,
    settings: list[Setting],
    outcomes: dict[int, Outcome],
    passage: Passage,
    answer: dict[str, Any],
) -> None:
    """Puts one answer into the reading: outcomes, victims without a number, parties."""
    for n, figure in enumerate(passage.numbers):
        chosen = answer["numbers"][str(n + 1)]
        if chosen == "none":
            outcomes.pop(figure.index, None)
            reading.unread.append(figure.mention)
        else:
            outcomes[figure.index] = chosen
    text = reading.report.text
    spans: dict[tuple[int, int], list[Outcome]] = {}
    for key, outcome in NAMED_OUTCOMES:
        for words in answer[key]:
            found = find_words(text[passage.start : passage.end], words)
            if found is not None:
                span = (passage.start + found[0], passage.start + found[1])
                spans.setdefault(span, []).append(outcome)
    for span, named in spans.items():
        _add_victim(reading, settings, outcomes, span, _one_outcome(reading, span, named))
    _add_blame(reading, settings, passage, answer["blamed"])


def _one_outcome(reading: Reading, span: tuple[int, int], named: Sequence[Outcome]) -> Outcome:
    """What happened to a person whom a model lists as killed and as wounded: the sentence says."""
    if len(set(named)) == 1:
        return named[0]
    sentence = next((s for s in reading.sentences if s.start <= span[0] < s.end), None)
    cues = reading.cues[sentence.index] if sentence is not None else []
    said: set[Outcome] = {cue.outcome for cue in cues}
    for outcome in named:
        if outcome in said:
            return outcome
    return named[0]


def _add_victim(
    reading: Reading,
    settings: Sequence[Setting],
    outcomes: dict[int, Outcome],
    span: tuple[int, int],
    outcome: Outcome,
) -> None:
    """A person listed without a number becomes a counted figure, unless a number counts them."""
    text = reading.report.text
    start, end = span
    sentence = next((s for s in reading.sentences if s.start <= start < s.end), None)
    if sentence is None or end > sentence.end or not is_one_person(reading, start, end):
        return
    if any(c.start < end and start < c.end for c in settings[sentence.index].claimants):
        return
    for figure in reading.figures:
        if figure.start < end and start < figure.end:
            if figure.mention.basis == "counted":
                outcomes[figure.index] = outcome
            return
    article = re.search(r"\b(?:an?|the|one)\s+$", text[max(0, start - 5) : start], re.IGNORECASE)
    start -= len(article.group()) if article else 0
    counted = next(
        (
            m
            for m in reading.ledger.within(sentence.start, sentence.end)
            if m.start < end and start < m.end
        ),
        None,
    )
    if counted is not None and counted.basis == "printed" and counted.kind == "count":
        return
    mention = Mention(
        start=start,
        end=end,
        text=text[start:end],
        kind="count",
        value=1,
        upper=None,
        qualifier="exact",
        qualifier_start=None,
        qualifier_end=None,
        basis="counted",
        language=reading.table.language,
    )
    reading.unread = [m for m in reading.unread if m is not counted]
    cue = next((c for c in reading.cues[sentence.index] if c.outcome == outcome), None)
    figure = Figure(
        index=len(reading.figures),
        mention=mention if counted is None else counted,
        noun=None,
        sentence=sentence.index,
        start=start,
        end=end,
        group="people",
        facility=False,
        options=(Option(outcome, cue, 0.0),),
    )
    reading.figures.append(figure)
    outcomes[figure.index] = outcome


_PERSON_OPENING = re.compile(
    r"(?:(?:an?|the|one|his|her|their|its|another|former|ex-\w+)\s|[A-ZÀ-Þ\"'“]|[\u0621-\u064A]|[А-ЯІЇЄҐ])",
)


def is_one_person(reading: Reading, start: int, end: int) -> bool:
    """Whether words name or describe exactly one person, as far as they show it."""
    words = reading.report.text[start:end]
    if re.search(r"\d", words) or name_table(reading.table.language).never.fullmatch(words):
        return False
    if reading.table.language == "en":
        nouns = list(noun_lexicon("en").scan(reading.report.text, start, end))
        head = next((n for n in nouns if n.role == "person"), None)
        if head is not None and head.plural:
            return False
        if head is None and nouns and not re.search(r"[A-Z]", words[1:]):
            return False
        before = reading.report.text[max(0, start - 6) : start]
        if (
            head is None
            and not re.search(r"[A-Z]", words)
            and not re.search(r"\b(?:an?|the|his|her)\s$", before, re.I)
        ):
            return _PERSON_OPENING.match(words) is not None
    return True


def _add_blame(
    reading: Reading, settings: list[Setting], passage: Passage, words: Sequence[str]
) -> None:
    """Parties that a model names reach the sentences of the passage that blame nobody by rule."""
    text = reading.report.text
    names = name_table(reading.table.language)
    parties: list[Named] = []
    for name in words:
        found = find_words(text[passage.start : passage.end], name)
        if found is None or not names.is_party(name):
            continue
        start, end = passage.start + found[0], passage.start + found[1]
        lead = names.lead.match(text[start:end])
        start += lead.end() if lead else 0
        parties.append(Named(start, end, text[start:end]))
    if not parties:
        return
    sources = {c.words for s in settings for c in s.claimants}
    sources |= set(full_names(text)) | set(full_names(text).values())
    known = [n for s in settings for n in (*s.claimants, *s.places)]
    own = tuple(
        p
        for p in parties
        if p.words not in sources
        and not any(n.start < p.end and p.start < n.end for n in known)
        and not any(f.start < p.end and p.start < f.end for f in reading.figures)
    )
    blameless = [
        s.index
        for s in reading.sentences
        if passage.start <= s.start
        and s.end <= passage.end
        and _blames_nobody(reading, settings, s.index)
    ]
    for sentence in (reading.sentences[n] for n in blameless if own):
        setting = settings[sentence.index]
        around = text[passage.start : passage.end]
        alleged = reading.table.pattern("blame", "alleged").search(around) is not None
        claimed = reading.table.pattern("blame", "claimed").search(around) is not None
        blame = Blame(
            parties=own,
            attribution="claimed" if claimed else "alleged" if alleged else "stated",
            start=sentence.start,
            end=sentence.end,
            reach=(sentence.start, sentence.end),
        )
        settings[sentence.index] = replace(setting, blames=(blame,))
