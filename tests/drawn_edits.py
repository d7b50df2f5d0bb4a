"""Draws sequences of edits on drawn records, fitting and unfitting ones, and states their laws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import get_args

from hypothesis import strategies as st
from properties.consistent_reports import draw_report
from properties.drafts import Drawn

from llm_extract.errors import ChangeError
from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Ledger
from llm_extract.record import Change, RecordClaim
from llm_extract.review.content import Content, Standing, above, content_of, counts_in
from llm_extract.review.edits import Edit, apply_edit, parse_edit
from llm_extract.schema import FacilityEffect, FacilityKind, Outcome, Qualifier

SEEDS = st.integers(0, 2**20)
SLOTS = (
    *("total", "children", "women", "men", "count", "subgroups.girls", "subgroups.girls.2"),
    *("subgroups.police", "subgroups.other", "subgroups.none"),
)
FIELDS = {
    "outcome": ("killed", "injured", "wounded"),
    "victims": ("civilians", ""),
    "claimant": ("", "Tal Orin Council", "\u200b", "a\x00b"),
    "perpetrators": ("", "Northern Guard\nMilitia Q"),
    "attribution": ("", "alleged"),
    "weapons": ("airstrike, drone", "sword"),
    "places": ("Halden\nHalden", ""),
    "scope": ("period", "always"),
    "period": ("2026-03-01\nopen\nsince 1 March", "2026-03-05\n2026-03-01\nin March", ""),
    "kinds": ("school medical", ""),
    "effect": ("damaged", "lost"),
    "label": ("fishermen", ""),
    "id": ("c7",),
}


@dataclass(frozen=True)
class Edited:
    """A drawn report, and all contents from the prediction to the last edit that fitted."""

    drawn: Drawn
    ledger: Ledger
    contents: tuple[Content, ...]

    @property
    def text(self) -> str:
        return self.drawn.text

    @property
    def last(self) -> Content:
        return self.contents[-1]


@st.composite
def edited(draw: st.DrawFn, most: int = 10) -> Edited:
    """A record of up to five claims after up to `most` edits, those that do not fit left out.

    Reports and edits are drawn by seeds: quicker than drawing each choice, and hypothesis still
    shrinks their number.
    """
    drawn = draw_report(Random(draw(SEEDS)), claims=draw(st.integers(1, 5)))
    ledger = read_ledger(drawn.text, "en")
    contents = [content_of(drawn.record)]
    for seed in draw(st.lists(SEEDS, min_size=1, max_size=most)):
        edit = an_edit(Random(seed), contents[-1], drawn.text, ledger)
        try:
            contents.append(apply_edit(contents[-1], edit, drawn.text, ledger))
        except ChangeError:
            continue
    return Edited(drawn, ledger, tuple(contents))


def an_edit(random: Random, content: Content, text: str, ledger: Ledger) -> Edit:
    """An edit of any kind, mostly about items, slots and numbers that there are."""
    page = _Page(random, content, text, ledger)
    action = random.choice(list(ACTIONS))
    return parse_edit({"action": action, **ACTIONS[action](page)})


@dataclass(frozen=True)
class _Page:
    """What a reviewer sees, and chance, which chooses from it."""

    random: Random
    content: Content
    text: str
    ledger: Ledger

    def item(self) -> str:
        ids = [item.id for item in self.content.items]
        return self.random.choice(ids) if ids and self.mostly() else "c99"

    def place(self) -> tuple[str, str]:
        """An item and a slot of it that holds a number."""
        stated = [(item.id, slot) for item in self.content.items for slot in counts_in(item)]
        if stated and self.mostly():
            return self.random.choice(stated)
        return self.item(), self.random.choice(SLOTS)

    def goal(self) -> tuple[str, str]:
        """An item and any slot that it may have."""
        item = self.item()
        return item, "count" if item[0] == "f" else self.random.choice(SLOTS)

    def span(self) -> dict[str, str]:
        start, end = (self.random.randint(0, len(self.text) + 2) for _ in range(2))
        if self.ledger.mentions and self.mostly():
            mention = self.random.choice(self.ledger.mentions)
            start, end = mention.start, mention.end
        return {"start": str(start), "end": str(end)}

    def mostly(self) -> bool:
        return self.random.random() < 0.9

    def one_of(self, choices: Sequence[str]) -> str:
        return self.random.choice(choices)


def _slot(page: _Page) -> dict[str, str]:
    return dict(zip(("item", "slot"), page.place(), strict=True))


def _goal(page: _Page) -> dict[str, str]:
    return dict(zip(("item", "slot"), page.goal(), strict=True))


def _number(page: _Page) -> dict[str, str]:
    span = page.span()
    digits = "".join(c for c in page.text[int(span["start"]) : int(span["end"])] if c.isdigit())
    return {
        **_goal(page),
        **span,
        "value": page.one_of([digits[:9], digits[:9], "12", "1,200", ""]),
        "qualifier": page.one_of(["exact", *get_args(Qualifier)]),
        "basis": page.one_of(["printed", "counted"]),
        "label": "drawn",
    }


def _move(page: _Page) -> dict[str, str]:
    return {**_slot(page), **dict(zip(("to_item", "to_slot"), page.goal(), strict=True))}


def _field(page: _Page) -> dict[str, str]:
    field = page.one_of(list(FIELDS))
    return {"item": page.item(), "field": field, "value": page.one_of(FIELDS[field])}


def _merge(page: _Page) -> dict[str, str]:
    """Two claims, mostly of one outcome."""
    kinds: dict[object, list[str]] = {}
    for each in page.content.items:
        kind = each.outcome if isinstance(each, RecordClaim) else each.effect
        kinds.setdefault(kind, []).append(each.id)
    several = [ids for ids in kinds.values() if len(ids) > 1]
    if several and page.mostly():
        item, into = page.random.sample(page.random.choice(several), 2)
        return {"item": item, "into": into}
    return {"item": page.item(), "into": page.item()}


def _split(page: _Page) -> dict[str, str]:
    item, slot = page.place()
    also = [s for each in page.content.items if each.id == item for s in counts_in(each)]
    return {"item": item, "slots": f"{slot},{page.one_of(also or [slot])}"}


def _changes(page: _Page) -> dict[str, str]:
    """What a client may send in the place of a suggestion."""
    item, slot = page.place()
    span = page.span()
    start, end = int(span["start"]), int(span["end"])
    held = next((each for each in page.content.items if each.id == item), None)
    there = counts_in(held).get(slot) if held is not None else None
    field = page.one_of([slot, slot, "part_of", "claim"])
    before: str | None = item
    if field == "part_of":
        before = held.part_of_id if held is not None else None
    elif field == slot:
        before = there.as_written if there is not None else None
    after = page.text[start:end] if field == slot else page.item()
    change = Change(claim=item, field=field, before=before, after=after, start=start, end=end)
    if page.random.random() < 0.3:
        change = change.model_copy(update={"after": None, "start": None, "end": None})
    return {"changes": f"[{change.model_dump_json()}]"}


KEYS = ("ab12", "cd34")

ACTIONS: dict[str, Callable[[_Page], dict[str, str]]] = {
    "set_slot": lambda page: {**_goal(page), **page.span(), "label": "drawn"},
    "set_number": _number,
    "set_qualifier": lambda page: {**_slot(page), "qualifier": page.one_of(get_args(Qualifier))},
    "clear_slot": _slot,
    "move_slot": _move,
    "set_field": _field,
    "set_parent": lambda page: {"item": page.item(), "parent": page.one_of([page.item(), ""])},
    "add_claim": lambda page: {**page.span(), "outcome": page.one_of(get_args(Outcome))},
    "add_facility": lambda page: {
        **page.span(),
        "kind": page.one_of(get_args(FacilityKind)),
        "effect": page.one_of(get_args(FacilityEffect)),
    },
    "delete_item": lambda page: {"item": page.item()},
    "merge_items": _merge,
    "split_item": _split,
    "bind_quote": lambda page: {"item": page.item(), **page.span()},
    "drop_quote": lambda page: {"item": page.item(), "index": page.one_of("012")},
    "apply_changes": _changes,
    "set_aside": _Page.span,
    "unset_aside": lambda page: dict(
        zip(("start", "end"), page.one_of([*page.content.aside, "0:1"]).split(":"), strict=True)
    ),
    "accept_finding": lambda page: {
        "key": page.one_of(KEYS),
        "rule": "A01",
        "standing": page.one_of(get_args(Standing)),
    },
    "unaccept_finding": lambda page: {"key": page.one_of(KEYS)},
}
"""The form of each edit, filled in by chance."""


def laws_broken(content: Content, text: str) -> Iterator[str]:
    """What is wrong with a content: ids, links, quotes, numbers, labels, numbers aside."""
    ids = [item.id for item in content.items]
    if len(ids) != len(set(ids)):
        yield "ids are not unique"
    spans = set()
    for items in (content.claims, content.facilities):
        for item in items:
            whole = None if item.part_of is None else items[item.part_of].id
            if whole != item.part_of_id:
                yield f"{item.id}: index and id of its whole are at odds"
            if item.id in above(items, item.id):
                yield f"{item.id} is part of itself"
            for quote in item.evidence:
                if quote.start is None or text[quote.start : quote.end] != quote.quote:
                    yield f"{item.id}: a quote does not stand where it says"
            for slot, count in counts_in(item).items():
                if count.basis == "derived":
                    continue
                spans.add((count.start, count.end))
                if text[count.start : count.end] != count.as_written:
                    yield f"{item.id}.{slot} does not stand where it says"
                if not any(
                    quote.start is not None
                    and quote.end is not None
                    and quote.start <= (count.start or 0)
                    and (count.end or 0) <= quote.end
                    for quote in item.evidence
                ):
                    yield f"{item.id}.{slot} stands in no quote"
    for claim in content.claims:
        for part in claim.subgroups:
            if (part.group == "other") != bool(part.label):
                yield f"{claim.id}: a label is missing, or one too many"
        if bool(claim.perpetrators) != (claim.attribution is not None):
            yield f"{claim.id}: attribution and perpetrators are at odds"
    for aside in content.aside:
        if tuple(map(int, aside.split(":"))) in spans:
            yield f"{aside} is aside and in a slot"
