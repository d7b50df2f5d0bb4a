"""Repair: findings are followed up with short questions and a second strategy; what closes is kept.

Never applied to a contradiction: where all numbers of a finding are truly printed the report itself
is at odds, and a person decides. What is not kept stays in the provenance, where rule X01 compares
it with what is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from llm_extract import changes
from llm_extract.errors import ChangeError, ModelError
from llm_extract.extraction.call import Conversation
from llm_extract.extraction.questions import Choice, Question, questions_about
from llm_extract.extraction.understanding import Understanding
from llm_extract.numbers.mention import Ledger, Mention
from llm_extract.prompting import PromptStrategy
from llm_extract.record import (
    Attempt,
    Change,
    Finding,
    OtherReading,
    Record,
    RecordClaim,
    RecordFacility,
    Tokens,
)
from llm_extract.validators.catalogue import check
from llm_extract.validators.culprits import examine

Repair = Literal["off", "ask", "second", "both"]
"""What is done about findings: nothing, questions, a second strategy, or both in this order."""

ROUNDS = 2
QUESTIONS_A_ROUND = 3
"""Questions of one round; each takes seconds with a small local model, so six are half a minute."""
SECOND_PASSAGES = 2
"""Passages that the second strategy is asked about, by far the dearest step."""

UNREPAIRED = frozenset({"C02", "S01", "X01"})
"""Rules about how a record came about or about what the report asks of its reader: no reading of
its numbers could close them."""

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Reached:
    """A reading with the record that follows from it; `record` carries its findings.

    `changes` were made to that record after it was assembled; `passages` are what the strategy read
    itself, as START:END, the whole report where there are none.
    """

    strategy: PromptStrategy
    prompt: str
    understanding: Understanding
    record: Record
    changes: tuple[Change, ...] = ()
    passages: tuple[str, ...] = ()

    def other(self) -> OtherReading:
        """As the provenance keeps a reading that was not kept."""
        return OtherReading(
            strategy=self.strategy,
            prompt=self.prompt,
            passages=list(self.passages),
            claims=self.record.claims,
            facilities=self.record.facilities,
            findings=self.record.findings,
        )


class Desk(Protocol):
    """What repair asks of the spine: a model, and records of what was understood."""

    async def ask(self, question: Question) -> Choice | None:
        """The answer to a question; None when there is no usable one. Raises ModelError."""
        ...

    async def read_again(
        self, first: Reached, mentions: Sequence[Mention], sentences: frozenset[int]
    ) -> Reached | None:
        """The first reading with these sentences read by another strategy, for which the numbers
        are figures too; None when nothing in them can be asked. Raises ModelError."""
        ...

    def assembled(self, first: Reached, understanding: Understanding) -> Record:
        """The record of another understanding, without findings."""
        ...


@dataclass(slots=True)
class Repairs:
    """One record while its findings are followed up."""

    desk: Desk
    text: str
    ledger: Ledger
    conversation: Conversation
    kept: Reached
    others: list[OtherReading] = field(default_factory=list)
    _tried: dict[Key, set[str]] = field(default_factory=dict)

    async def follow_up(self, mode: Repair) -> None:
        """Leaves in `kept` the reading that closes best and in `others` those that were not kept.

        A model that fails ends it there: what was reached so far stays.
        """
        first = self.kept
        if mode in ("ask", "both"):
            await self._unless_it_fails(self._ask_in_rounds)
        if self.kept is not first:
            self.others.append(first.other())
        if mode in ("second", "both"):
            await self._unless_it_fails(lambda: self._ask_second(first.record))

    async def _unless_it_fails(self, step: Callable[[], Awaitable[None]]) -> None:
        made = len(self.conversation.attempts)
        try:
            await step()
        except ModelError as error:
            attempts = self.conversation.attempts
            if len(attempts) == made or attempts[-1].error is None:
                # Refused before anything was sent: C02 reads attempts.
                attempts.append(_not_sent(len(self.text), str(error)))

    # --- questions ----------------------------------------------------------------------------

    async def _ask_in_rounds(self) -> None:
        for _ in range(ROUNDS):
            questions = self._open_questions()[:QUESTIONS_A_ROUND]
            if not questions:
                return
            for question in questions:
                if question.finding in self.kept.record.findings:
                    await self._ask_about(question)

    def _open_questions(self) -> list[Question]:
        """What may still be asked: no answer twice, and nothing about contradictions."""
        found: dict[Key, Question] = {}
        for finding in self.kept.record.findings:
            if not _is_repaired(finding):
                continue
            for question in questions_about(self.kept.understanding.reading, finding):
                key = self._question_key(question)
                tried = self._tried.get(key, set())
                left = question.without(tried)
                settled = any(choice.label in tried for choice in question.choices[-1:])
                if not settled and len(left.choices) > 1 and self._can_follow(question):
                    found.setdefault(key, left)
        return list(found.values())

    def _can_follow(self, question: Question) -> bool:
        """A number cannot be settled any more once a record was changed by hand of the rules."""
        return question.number is None or not self.kept.changes

    def _question_key(self, question: Question) -> Key:
        if question.number is not None:
            return (question.number.start,)
        return _key(self.kept.record, question.finding)

    async def _ask_about(self, question: Question) -> None:
        key = self._question_key(question)
        choice = await self.desk.ask(question)
        if choice is None:
            choice = question.choices[-1]
        self._tried.setdefault(key, set()).add(choice.label)
        tried = self._followed(question, choice)
        if tried is not None and closes(self.kept.record, tried.record):
            self.kept = replace(tried, record=self._examined(tried.record))

    def _followed(self, question: Question, choice: Choice) -> Reached | None:
        """What follows from an answer, its findings not yet explained; None when nothing does."""
        kept = self.kept
        if choice.changes:
            try:
                record = changes.apply(kept.record, choice.changes, self.text, self.ledger)
            except ChangeError:
                return None
            made = (*kept.changes, *choice.changes)
            return replace(kept, record=self._checked(record), changes=made)
        if question.number is None or (choice.outcome is None and not choice.aside):
            return None
        if choice.outcome is not None:
            understood = kept.understanding.with_outcome(question.number, choice.outcome)
        else:
            understood = kept.understanding.with_aside(question.number)
        record = self.desk.assembled(kept, understood)
        return replace(kept, understanding=understood, record=self._checked(record))

    # --- the second strategy ------------------------------------------------------------------

    async def _ask_second(self, first: Record) -> None:
        """Asks another strategy about what was flagged at first, also what was put right since.

        Its reading is kept only if it closes more than what stands.
        """
        flagged = [
            f for f in first.findings if f.rule not in UNREPAIRED and f.kind != "plausibility"
        ]
        sentences = _sentences_of(self.kept, first, flagged)
        if not sentences:
            return
        starts = {o.start for f in flagged for o in f.operands if o.claim is None}
        mentions = [m for m in self.ledger.mentions if m.start in starts]
        reached = await self.desk.read_again(self.kept, mentions, sentences)
        if reached is None:
            return
        second = replace(reached, record=self._examined(reached.record))
        if closes(self.kept.record, second.record):
            # What was put right by questions is part of it, and no reading of its own.
            if not self.others:
                self.others.append(self.kept.other())
            self.kept = second
        else:
            self.others.append(second.other())

    # --- the rules ----------------------------------------------------------------------------

    def _checked(self, record: Record) -> Record:
        findings = check(record, self.text, self.ledger)
        return record.model_copy(update={"findings": findings})

    def _examined(self, record: Record) -> Record:
        findings = examine(record, self.text, self.ledger)
        return record.model_copy(update={"findings": findings})


def closes(before: Record, after: Record) -> bool:
    """Whether the findings of `after` are some of those of `before`, and fewer: fewer errors, or as
    many and fewer warnings. All contradictions must still be there.
    """
    old = Counter(_key(before, finding) for finding in before.findings)
    new = Counter(_key(after, finding) for finding in after.findings)
    if new - old:
        return False
    contradictions = Counter(
        _key(before, finding) for finding in before.findings if finding.kind == "contradiction"
    )
    return not contradictions - new and _weight(after) < _weight(before)


def _weight(record: Record) -> tuple[int, int]:
    severities = Counter(finding.severity for finding in record.findings)
    return severities["error"], severities["warning"]


def _is_repaired(finding: Finding) -> bool:
    return finding.kind == "extraction" and finding.rule not in UNREPAIRED


def _key(record: Record, finding: Finding) -> Key:
    """What makes findings of two records of one report the same: the numbers, never the ids."""
    places = sorted((o.start or -1, o.end or -1, o.as_written) for o in finding.operands)
    items: list[RecordClaim | RecordFacility] = [*record.claims, *record.facilities]
    held = {item.id: item for item in items}
    quotes = sorted(
        (quote.start or -1, quote.quote)
        for id in finding.claims
        if not places and id in held
        for quote in held[id].evidence
    )
    names = tuple(sorted(finding.fields))
    return finding.rule, finding.severity, finding.kind, names, tuple(places), tuple(quotes)


def _sentences_of(kept: Reached, first: Record, flagged: Sequence[Finding]) -> frozenset[int]:
    """Indexes of the sentences that findings are about: of their numbers, else of their claims'."""
    held = {claim.id: claim for claim in first.claims}
    starts: set[int] = set()
    for finding in flagged:
        own = {o.start for o in finding.operands if o.start is not None}
        claims = [held[id] for id in finding.claims if id in held]
        starts |= own or {
            count.start
            for claim in claims
            for count in claim.slots().values()
            if count.start is not None
        }
    return frozenset(
        s.index
        for s in kept.understanding.reading.sentences
        if any(s.start <= start < s.end for start in starts)
    )


def _not_sent(length: int, why: str) -> Attempt:
    nothing = Tokens(prompt=0, cached=0, completion=0)
    return Attempt(
        passage=f"0:{length}", number=1, seconds=0.0, tokens=nothing, reply=None, error=why
    )
