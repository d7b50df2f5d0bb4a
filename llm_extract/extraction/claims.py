"""Strategies `sentence` and `document`: a model writes the claims itself, the ledger bounds them.

A number may only be one that the passage holds; its words, qualifier and place come from the
ledger, quotes are the sentences that hold the numbers, circumstances that the model leaves out are
read by rule. Claims then pass through the same assembly as those of strategy `mention`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from pydantic import Field, create_model

from llm_extract.extraction.call import Caller, Conversation, Message
from llm_extract.extraction.circumstances import read_settings
from llm_extract.extraction.reading import Figure, Reading
from llm_extract.extraction.understanding import Understanding, Written
from llm_extract.extraction.wire import Wire, compact
from llm_extract.prompting import Prompt
from llm_extract.schema import Outcome

MOST_CLAIMS = 24
SENTENCE_REPLY_CLAIMS = 8
REPLY_TOKENS_A_CLAIM = 90


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sentences `first` to `last` (included) that are asked about at once."""

    first: int
    last: int

    @property
    def sentences(self) -> range:
        """Indexes of its sentences."""
        return range(self.first, self.last + 1)


async def read_by_sentence(
    reading: Reading, prompt: Prompt, caller: Caller, conversation: Conversation
) -> Understanding:
    """One request for each sentence with a number of people, read with the one it leans on."""
    answers = await _answers(reading, prompt, caller, conversation, stretches(reading))
    return Understanding(reading, read_settings(reading), {}, tuple(answers.values()))


async def read_again_by_sentence(
    reading: Reading,
    prompt: Prompt,
    caller: Caller,
    conversation: Conversation,
    sentences: Collection[int],
    most: int,
) -> tuple[Understanding, frozenset[int]]:
    """The first `most` stretches that hold one of these sentences; and which sentences they are.

    A stretch without a usable answer was not read.
    """
    chosen = [s for s in stretches(reading) if set(sentences) & set(s.sentences)][:most]
    answers = await _answers(reading, prompt, caller, conversation, chosen)
    understood = Understanding(reading, read_settings(reading), {}, tuple(answers.values()))
    return understood, frozenset(n for stretch in answers for n in stretch.sentences)


async def read_by_document(
    reading: Reading, prompt: Prompt, caller: Caller, conversation: Conversation
) -> Understanding:
    """One request for the whole report; none when it holds no number of people."""
    whole = []
    if any(not f.facility for f in reading.figures):
        whole = [Stretch(0, len(reading.sentences) - 1)]
    answers = await _answers(reading, prompt, caller, conversation, whole)
    return Understanding(reading, read_settings(reading), {}, tuple(answers.values()))


async def _answers(
    reading: Reading,
    prompt: Prompt,
    caller: Caller,
    conversation: Conversation,
    asked: Iterable[Stretch],
) -> dict[Stretch, Written]:
    """What the model writes about stretches, those without a usable answer left out."""
    answers = {}
    for stretch in asked:
        figures = _figures(reading, stretch)
        claims = await _asked(reading, figures, prompt, caller, conversation, stretch)
        if claims is not None:
            answers[stretch] = Written(tuple(figures), tuple(claims))
    return answers


def stretches(reading: Reading) -> Iterator[Stretch]:
    """Sentences with figures; one that carries parts of the sentence before is read with it."""
    waiting: Stretch | None = None
    for sentence in reading.sentences:
        people = [f for f in reading.in_sentence(sentence.index) if not f.facility]
        if not people:
            continue
        leaning = any(
            f.part_hint
            or (f.container is not None and reading.figures[f.container].sentence != f.sentence)
            for f in people
        )
        if waiting is not None and leaning:
            waiting = replace(waiting, last=sentence.index)
            continue
        if waiting is not None:
            yield waiting
        waiting = Stretch(sentence.index, sentence.index)
    if waiting is not None:
        yield waiting


def _figures(reading: Reading, stretch: Stretch) -> list[Figure]:
    """The figures of people in a stretch, those that the report takes back left out."""
    return [
        f
        for f in reading.figures
        if f.sentence in stretch.sentences and not f.facility and not f.superseded
    ]


async def _asked(
    reading: Reading,
    figures: Sequence[Figure],
    prompt: Prompt,
    caller: Caller,
    conversation: Conversation,
    stretch: Stretch,
) -> list[dict[str, Any]] | None:
    """The claims that the model writes about a stretch; None when it gives no usable answer."""
    linked = prompt.strategy == "document"
    most = MOST_CLAIMS if linked else SENTENCE_REPLY_CLAIMS
    answer = await caller.ask(
        messages(reading, prompt, stretch),
        answer_model(figures, linked, most),
        conversation,
        (reading.sentences[stretch.first].start, reading.sentences[stretch.last].end),
        REPLY_TOKENS_A_CLAIM * most,
    )
    if answer is None:
        return None
    claims: list[dict[str, Any]] = answer.model_dump()["claims"]
    return claims


def messages(reading: Reading, prompt: Prompt, stretch: Stretch) -> list[Message]:
    """System, worked examples and the passage with the sentence before it."""
    report = reading.report
    first, last = reading.sentences[stretch.first], reading.sentences[stretch.last]
    before = ""
    if stretch.first:
        before = " ".join(reading.text(reading.sentences[stretch.first - 1]).split())
    return [
        *example_messages(prompt),
        {
            "role": "user",
            "content": prompt.render_user(
                passage=report.text[first.start : last.end],
                before=before,
                published=report.published.isoformat() if report.published else "",
            ).strip(),
        },
    ]


@lru_cache(maxsize=32)
def example_messages(prompt: Prompt) -> tuple[Message, ...]:
    """What stands before every passage, the same bytes each time."""
    found: list[Message] = [{"role": "system", "content": prompt.system}]
    for example in prompt.examples:
        published = example.published.isoformat() if example.published else ""
        user = prompt.render_user(passage=example.report, before="", published=published).strip()
        found.append({"role": "user", "content": user})
        found.append({"role": "assistant", "content": compact(example.reply)})
    return tuple(found)


def answer_model(figures: Sequence[Figure], linked: bool, most: int) -> type[Wire]:
    """The schema for one passage: its own numbers are the only numbers there are."""
    values = sorted({f.mention.value for f in figures if f.mention.value is not None})
    return _answer_model(tuple(values), linked, most)


@lru_cache(maxsize=512)
def _answer_model(values: tuple[int, ...], linked: bool, most: int) -> type[Wire]:
    """Passages with the same numbers share a model: making one costs more than filling it."""
    printed: Any = Literal[values]
    number = printed | None if values else None
    name = str
    fields: dict[str, Any] = {
        "outcome": (Outcome, ...),
        "total": (number, ...),
        "children": (number, ...),
        "women": (number, ...),
        "men": (number, ...),
        "claimant": (name | None, ...),
        "perpetrators": (list[name], Field(max_length=4)),  # type: ignore[valid-type]
        "places": (list[name], Field(max_length=6)),  # type: ignore[valid-type]
    }
    if linked:
        fields["part_of"] = (int | None, Field(ge=0, le=most))
    claim = create_model("PassageClaim", __base__=Wire, **fields)
    claims = (list[claim], Field(max_length=most))
    return create_model("Passage", __base__=Wire, claims=claims)
