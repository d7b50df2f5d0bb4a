"""Strategies `sentence` and `document`: a model writes the claims itself, the ledger bounds them.

A number may only be one that the passage holds; its words, qualifier and place come from the
ledger, quotes are the sentences that hold the numbers, circumstances that the model leaves out are
read by rule. Claims then pass through the same assembly as those of strategy `mention`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import Field, create_model

from llm_extract.extraction.assembly import assemble_drafts
from llm_extract.extraction.call import Caller, Conversation, Message
from llm_extract.extraction.circumstances import Setting, circumstances, read_settings
from llm_extract.extraction.drafts import Draft, group_victims
from llm_extract.extraction.mention import compact, find_words
from llm_extract.extraction.reading import SLOTS, Figure, Reading
from llm_extract.extraction.wire import Wire
from llm_extract.prompting import Prompt
from llm_extract.schema import CasualtyReport, Outcome

MOST_CLAIMS = 24
SENTENCE_REPLY_CLAIMS = 8
REPLY_TOKENS_A_CLAIM = 90


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sentences `first` to `last` (included) that are asked about at once."""

    first: int
    last: int


async def read_by_sentence(
    reading: Reading, prompt: Prompt, caller: Caller, conversation: Conversation
) -> CasualtyReport:
    """One request for each sentence with a number of people, read with the one it leans on."""
    settings = read_settings(reading)
    drafts: list[Draft] = []
    for stretch in stretches(reading):
        drafts += await _asked(
            reading, settings, prompt, caller, conversation, stretch, SENTENCE_REPLY_CLAIMS
        )
    return assemble_drafts(reading, settings, drafts)


async def read_by_document(
    reading: Reading, prompt: Prompt, caller: Caller, conversation: Conversation
) -> CasualtyReport:
    """One request for the whole report; none when it holds no number of people."""
    settings = read_settings(reading)
    drafts: list[Draft] = []
    if any(not f.facility for f in reading.figures):
        whole = Stretch(0, len(reading.sentences) - 1)
        drafts = await _asked(reading, settings, prompt, caller, conversation, whole, MOST_CLAIMS)
    return assemble_drafts(reading, settings, drafts)


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


async def _asked(
    reading: Reading,
    settings: Sequence[Setting],
    prompt: Prompt,
    caller: Caller,
    conversation: Conversation,
    stretch: Stretch,
    most: int,
) -> list[Draft]:
    first, last = reading.sentences[stretch.first], reading.sentences[stretch.last]
    figures = [
        f
        for f in reading.figures
        if stretch.first <= f.sentence <= stretch.last and not f.facility and not f.superseded
    ]
    answer = await caller.ask(
        messages(reading, prompt, stretch),
        answer_model(figures, prompt.strategy == "document", most),
        conversation,
        (first.start, last.end),
        REPLY_TOKENS_A_CLAIM * most,
    )
    if answer is None:
        return []
    return drafts_of(reading, settings, figures, answer.model_dump()["claims"])


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


def example_messages(prompt: Prompt) -> list[Message]:
    """What stands before every passage, the same bytes each time."""
    found: list[Message] = [{"role": "system", "content": prompt.system}]
    for example in prompt.examples:
        published = example.published.isoformat() if example.published else ""
        user = prompt.render_user(passage=example.report, before="", published=published).strip()
        found.append({"role": "user", "content": user})
        found.append({"role": "assistant", "content": compact(example.reply)})
    return found


def answer_model(figures: Sequence[Figure], linked: bool, most: int) -> type[Wire]:
    """The schema for one passage: its own numbers are the only numbers there are."""
    values = sorted({f.mention.value for f in figures if f.mention.value is not None})
    printed: Any = Literal[tuple(values)]
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


def drafts_of(
    reading: Reading,
    settings: Sequence[Setting],
    figures: Sequence[Figure],
    claims: Sequence[dict[str, Any]],
) -> list[Draft]:
    """Claims of a reply bound to ledger mentions; a claim none of whose numbers fits is dropped."""
    used: set[tuple[int, Outcome]] = set()
    drafts: list[Draft] = []
    made: list[Draft | None] = []
    for claim in claims:
        outcome: Outcome = claim["outcome"]
        slots = {
            name: figure
            for name in SLOTS
            if (figure := _figure_for(figures, claim[name], name, outcome, used)) is not None
        }
        total = _figure_for(figures, claim["total"], "total", outcome, used)
        first = total or next(iter(slots.values()), None)
        if first is None:
            made.append(None)
            continue
        around = circumstances(reading, settings, first, outcome)
        named = _standing(reading, claim["perpetrators"])
        said = _standing(reading, [claim["claimant"]] if claim["claimant"] else [])
        draft = Draft(
            outcome,
            first,
            total,
            replace(
                around,
                claimant=said[0] if said else around.claimant,
                perpetrators=tuple(named) or around.perpetrators,
                attribution=around.attribution or ("stated" if named else None),
                places=tuple(_standing(reading, claim["places"])) or around.places,
            ),
            victims=group_victims(first),
            slots=slots,
            sentences=sorted({f.sentence for f in [first, *slots.values()]}),
        )
        drafts.append(draft)
        made.append(draft)
    for claim, made_draft in zip(claims, made, strict=True):
        parent = claim.get("part_of")
        if made_draft is not None and parent is not None and parent < len(made):
            other = made[parent]
            if other is not None and not _is_within(other, made_draft):
                made_draft.parent = other
    return drafts


def _is_within(draft: Draft, whole: Draft) -> bool:
    """Whether a draft is another one or a part of it, over any number of steps."""
    above: Draft | None = draft
    while above is not None:
        if above is whole:
            return True
        above = above.parent
    return False


def _figure_for(
    figures: Sequence[Figure],
    value: int | None,
    slot: str,
    outcome: Outcome,
    used: set[tuple[int, Outcome]],
) -> Figure | None:
    """The figure with this value that fits the slot best; it feeds one slot of an outcome."""
    if value is None:
        return None
    candidates = [f for f in figures if f.mention.value == value and (f.index, outcome) not in used]
    if not candidates:
        return None
    best = min(
        candidates, key=lambda f: (f.group != slot if slot in SLOTS else not f.whole, f.index)
    )
    used.add((best.index, outcome))
    return best


def _standing(reading: Reading, names: Sequence[str]) -> list[str]:
    """Names as the report writes them; those that stand nowhere are left out."""
    text = reading.report.text
    spans = [find_words(text, name) for name in names]
    return [text[span[0] : span[1]] for span in spans if span is not None]
