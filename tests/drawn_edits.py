"""Draws sequences of edits on drawn records, fitting and unfitting ones, and states their laws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from hypothesis import strategies as st
from properties.consistent_reports import consistent_reports
from properties.drafts import Drawn

from llm_extract.errors import ChangeError
from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Ledger
from llm_extract.record import Change
from llm_extract.review.content import Content, above, content_of, counts_in
from llm_extract.review.edits import Edit, apply_edit, parse_edit
from llm_extract.schema import FacilityEffect, FacilityKind, Outcome, Qualifier

SLOTS = ("total", "children", "women", "men", "count", "subgroups.girls", "subgroups.girls.2")
SLOTS += ("subgroups.police", "subgroups.other", "subgroups.none")
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
def edited(draw: st.DrawFn, most: int = 8) -> Edited:
    """A record of up to four claims after up to `most` edits, those that do not fit left out."""
    drawn = draw(consistent_reports(most_claims=4))
    ledger = read_ledger(drawn.text, "en")
    contents = [content_of(drawn.record)]
    for _ in range(draw(st.integers(1, most))):
        edit = draw(edits(contents[-1], drawn.text, ledger))
        try:
            contents.append(apply_edit(contents[-1], edit, drawn.text, ledger))
        except ChangeError:
            continue
    return Edited(drawn, ledger, tuple(contents))


def edits(content: Content, text: str, ledger: Ledger) -> st.SearchStrategy[Edit]:
    """An edit of any kind, mostly about items, slots and numbers that there are."""
    items = st.sampled_from([*(item.id for item in content.items), "c99", "f9"])
    claims = st.sampled_from([*(claim.id for claim in content.claims), "c99"])
    stated = [(item.id, slot) for item in content.items for slot in counts_in(item)]
    slots = st.sampled_from(SLOTS)
    places = st.one_of(st.sampled_from(stated or [("c1", "total")]), st.tuples(items, slots))
    spans = st.one_of(
        st.sampled_from([(m.start, m.end) for m in ledger.mentions] or [(0, 1)]),
        st.tuples(st.integers(0, len(text) + 2), st.integers(0, len(text) + 2)),
    )

    @st.composite
    def one(draw: st.DrawFn, action: str) -> Edit:
        item, slot = draw(places)
        to_item, to_slot = draw(places)
        start, end = draw(spans)
        field = draw(st.sampled_from(sorted(FIELDS)))
        other = draw(claims)
        written: dict[str, dict[str, Any]] = {
            "set_slot": {"item": item, "slot": to_slot, "start": start, "end": end, "label": "x"},
            "set_number": {
                "item": item,
                "slot": to_slot,
                "start": start,
                "end": end,
                "value": draw(st.sampled_from(["", "1", "12", "1,200"])),
                "qualifier": draw(st.sampled_from(get_args(Qualifier))),
                "basis": draw(st.sampled_from(["printed", "counted"])),
            },
            "set_qualifier": {
                "item": item,
                "slot": slot,
                "qualifier": draw(st.sampled_from(get_args(Qualifier))),
            },
            "clear_slot": {"item": item, "slot": slot},
            "move_slot": {"item": item, "slot": slot, "to_item": to_item, "to_slot": to_slot},
            "set_field": {
                "item": item,
                "field": field,
                "value": draw(st.sampled_from(FIELDS[field])),
            },
            "set_parent": {"item": item, "parent": draw(st.sampled_from(["", to_item, other]))},
            "add_claim": {
                "start": start,
                "end": end,
                "outcome": draw(st.sampled_from(get_args(Outcome))),
            },
            "add_facility": {
                "start": start,
                "end": end,
                "kind": draw(st.sampled_from(get_args(FacilityKind))),
                "effect": draw(st.sampled_from(get_args(FacilityEffect))),
            },
            "delete_item": {"item": item},
            "merge_items": {"item": item, "into": to_item},
            "split_item": {"item": item, "slots": f"{slot},{to_slot}" if end % 2 else slot},
            "bind_quote": {"item": item, "start": start, "end": end},
            "drop_quote": {"item": item, "index": draw(st.integers(0, 2))},
            "set_aside": {"start": start, "end": end},
            "unset_aside": {"start": start, "end": end},
            "accept_finding": {"key": "ab12", "rule": "A01", "standing": "false_alarm"},
            "unaccept_finding": {"key": "ab12"},
        }
        return parse_edit({"action": action, **{n: str(v) for n, v in written[action].items()}})

    @st.composite
    def changes(draw: st.DrawFn) -> Edit:
        """What a client may send in the place of a suggestion."""
        item, slot = draw(places)
        start, end = draw(spans)
        there = [counts_in(each).get(slot) for each in content.items if each.id == item]
        parent = next((each.part_of_id for each in content.items if each.id == item), None)
        takes = draw(st.booleans())
        link = Change(
            claim=item, field="part_of", before=parent, after=draw(claims), start=start, end=None
        )
        count = Change(
            claim=item,
            field=slot,
            before=there[0].as_written if there and there[0] is not None else None,
            after=text[start:end] if takes else None,
            start=start if takes else None,
            end=end if takes else None,
        )
        out = Change(
            claim=item, field="claim", before=item, after=draw(claims), start=None, end=None
        )
        chosen = draw(st.sampled_from([link, count, out]))
        return parse_edit(
            {"action": "apply_changes", "changes": f"[{chosen.model_dump_json()}]"}
        )

    actions = [
        *("set_slot", "set_number", "set_qualifier", "clear_slot", "move_slot", "set_field"),
        *("set_parent", "add_claim", "add_facility", "delete_item", "merge_items", "split_item"),
        *("bind_quote", "drop_quote", "set_aside", "unset_aside"),
        *("accept_finding", "unaccept_finding"),
    ]
    return st.one_of(changes(), *(one(action) for action in actions))


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
