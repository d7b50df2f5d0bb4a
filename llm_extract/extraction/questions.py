"""Short questions about one passage: what a number counts, or which of a few changes is right.

Every answer is one of a closed list that code has drawn up, so an answer can bring in no number and
no word that the report does not hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from pydantic import create_model

from llm_extract.extraction.call import Caller, Conversation, Message
from llm_extract.extraction.reading import Reading
from llm_extract.extraction.understanding import outcomes_near
from llm_extract.extraction.wire import Wire, compact
from llm_extract.numbers.mention import Mention
from llm_extract.prompting import Prompt
from llm_extract.record import Change, Finding, Operand, Suggestion
from llm_extract.schema import Outcome

PASSAGE_CHARACTERS = 600
"""Longest passage of a question that takes in the sentence before: one is read in seconds."""
REPLY_TOKENS = 16
"""An answer is one word in a line of JSON."""
UNCLEAR = "unclear"

OUTCOME_WORDS: dict[Outcome, str] = {
    "killed": "they were killed",
    "injured": "they were injured and lived",
    "missing": "they are missing",
    "detained": "they were arrested or held",
    "abducted": "they were abducted",
    "displaced": "they were displaced",
    "casualties": "killed and injured people, in one number",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer and what follows from it: an outcome, a number put aside, or changes.

    Nothing follows from one that has none of these.
    """

    label: str
    words: str
    outcome: Outcome | None = None
    aside: bool = False
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one passage, `end` excluded; `number` is what it asks about, if one."""

    finding: Finding
    number: Mention | None
    start: int
    end: int
    words: str
    choices: tuple[Choice, ...]

    def without(self, labels: Collection[str]) -> Question:
        """The same with fewer answers."""
        kept = tuple(choice for choice in self.choices if choice.label not in labels)
        return replace(self, choices=kept)


def questions_about(reading: Reading, finding: Finding) -> list[Question]:
    """What can be asked about a finding: about each number that is in no claim, or its suggestions.

    None where no answer could change anything.
    """
    loose = [o for o in finding.operands if o.claim is None and o.start is not None]
    if loose and len(loose) == len(finding.operands):
        return [q for o in loose if (q := _about_number(reading, finding, o)) is not None]
    if not finding.suggestions:
        return []
    held = [_sentence_at(reading, o.start) for o in finding.operands if o.start is not None]
    taken = [c.start for s in finding.suggestions for c in s.changes if c.start is not None]
    around = sorted({*held, *(_sentence_at(reading, start) for start in taken)})
    if not around:
        return []
    return [
        _placed(
            reading,
            around,
            Question(
                finding,
                None,
                0,
                0,
                f"{finding.message}. What does the passage say?",
                (
                    *_suggested(finding.suggestions),
                    Choice(
                        UNCLEAR,
                        "the passage says something else, or what the question says of it is right",
                    ),
                ),
            ),
        )
    ]


def _about_number(reading: Reading, finding: Finding, operand: Operand) -> Question | None:
    mention = next(
        (
            m
            for m in reading.ledger.mentions
            if (m.start, m.end) == (operand.start, operand.end) and m.kind in ("count", "vague")
        ),
        None,
    )
    outcomes = outcomes_near(reading, mention) if mention is not None else []
    if mention is None or not outcomes:
        return None
    choices = (
        *_suggested(finding.suggestions),
        *(Choice(o, OUTCOME_WORDS[o], outcome=o) for o in outcomes),
        Choice(
            "others",
            "people who were not harmed: attackers, witnesses, people who were rescued or helped",
            aside=True,
        ),
        Choice("things", "it does not count people", aside=True),
        Choice(UNCLEAR, "the passage does not say"),
    )
    words = f'what happened to the people that "{_line(mention.text)}" counts?'
    question = Question(finding, mention, 0, 0, words, choices)
    return _placed(reading, [_sentence_at(reading, mention.start)], question)


def _suggested(suggestions: Sequence[Suggestion]) -> Iterable[Choice]:
    for number, suggestion in enumerate(suggestions, start=1):
        yield Choice(str(number), _line(suggestion.message), changes=tuple(suggestion.changes))


def _placed(reading: Reading, around: Sequence[int], question: Question) -> Question:
    """The question with its passage: the sentences between, and the one before if there is room.

    Numbers far apart are asked about in the first one's sentence.
    """
    first, last = around[0], around[-1]
    sentences = reading.sentences
    if sentences[last].end - sentences[first].start > 2 * PASSAGE_CHARACTERS:
        last = first
    if first > 0 and sentences[last].end - sentences[first - 1].start <= PASSAGE_CHARACTERS:
        first -= 1
    return replace(question, start=sentences[first].start, end=sentences[last].end)


def _sentence_at(reading: Reading, start: int) -> int:
    at = (s.index for s in reading.sentences if s.start <= start < s.end)
    return next(at, len(reading.sentences) - 1)


async def ask(
    text: str,
    question: Question,
    prompt: Prompt,
    caller: Caller,
    conversation: Conversation,
) -> Choice | None:
    """The answer that the model chooses; None when it gives no usable one. Raises ModelError."""
    passage = _line(text[question.start : question.end])
    reply = await caller.ask(
        [*example_messages(prompt), _user(prompt, passage, question)],
        answer_model(question),
        conversation,
        (question.start, question.end),
        REPLY_TOKENS,
    )
    if reply is None:
        return None
    label = reply.model_dump()["answer"]
    return next(choice for choice in question.choices if choice.label == label)


def answer_model(question: Question) -> type[Wire]:
    """The schema of the reply: one of the labels."""
    labels: Any = Literal[tuple(choice.label for choice in question.choices)]
    return create_model("Answer", __base__=Wire, answer=(labels, ...))


@lru_cache(maxsize=32)
def example_messages(prompt: Prompt) -> tuple[Message, ...]:
    """What stands before every question, the same bytes each time."""
    found: list[Message] = [{"role": "system", "content": prompt.system}]
    for example in prompt.examples:
        found.append({"role": "user", "content": example.report.strip()})
        found.append({"role": "assistant", "content": compact(example.reply)})
    return tuple(found)


def _user(prompt: Prompt, passage: str, question: Question) -> Message:
    answers = [(choice.label, choice.words) for choice in question.choices]
    content = prompt.render_user(passage=passage, question=question.words, answers=answers)
    return {"role": "user", "content": content.strip()}


def _line(words: str) -> str:
    return " ".join(words.split())
