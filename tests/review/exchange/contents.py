"""Contents of all kinds, for laws: what rules read in a text of ours, and what they never read."""

from __future__ import annotations

from datetime import date
from typing import Any, get_args

from hypothesis import strategies as st

from llm_extract.changes import count_at
from llm_extract.intervals import bounds
from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Ledger
from llm_extract.record import (
    Evidence,
    RecordClaim,
    RecordCount,
    RecordFacility,
    RecordSubgroup,
)
from llm_extract.review.content import Accepted, Content
from llm_extract.review.edits.pieces import linked, with_derived_total
from llm_extract.review.exchange.marks import Head, Loose, Mark, Marked, Number, content_from
from llm_extract.schema import (
    FacilityEffect,
    FacilityKind,
    Group,
    Outcome,
    Period,
    Qualifier,
    Scope,
    Victims,
    Weapon,
)

TEXT = (
    "🕯 The Arven Directorate said 14 people were killed in Halden on Tuesday, among them nine "
    "children and about seven women. Another 71 people were wounded, 26 of them children. "
    "قُتل 13 مدنياً في تل السنديان 😔. Dozens fled, 120 to 150 were held and 3 schools burned."
)
LEDGER: Ledger = read_ledger(TEXT, "en")

_names = st.sampled_from(["Arven Directorate", "تل السنديان", "=Halden", "<b>Orn</b>", "a, b; c"])
_periods = st.builds(
    Period,
    start=st.none() | st.just(date(2026, 3, 1)),
    end=st.none() | st.just(date(2026, 3, 3)),
    as_written=st.just("Tuesday"),
)


@st.composite
def _spans(draw: st.DrawFn) -> tuple[int, int]:
    start = draw(st.integers(0, len(TEXT) - 2))
    return start, draw(st.integers(start + 1, len(TEXT)))


@st.composite
def _counts(draw: st.DrawFn) -> RecordCount:
    if draw(st.booleans()):
        return count_at(draw(st.sampled_from(LEDGER.mentions)))
    start, end = draw(_spans()) if draw(st.booleans()) else (None, None)
    qualifier = draw(st.sampled_from(get_args(Qualifier)))
    count = RecordCount(
        value=None if qualifier == "vague" else draw(st.integers(0, 500)),
        upper=draw(st.integers(500, 900)) if qualifier == "range" else None,
        qualifier=qualifier,
        basis=draw(st.sampled_from(["printed", "counted"])),
        as_written=draw(st.just(TEXT[start:end]) | st.just("some"))
        if start is not None
        else "many",
        low=0,
        high=None,
        start=start,
        end=end,
    )
    low, high = bounds(count)
    return count.model_copy(update={"low": low, "high": high})


@st.composite
def _quotes(draw: st.DrawFn) -> Evidence:
    if draw(st.integers(0, 5)) == 0:
        return Evidence(quote="words of nowhere", start=None, end=None)
    start, end = draw(_spans())
    return Evidence(quote=TEXT[start:end], start=start, end=end)


@st.composite
def _shared(draw: st.DrawFn, letter: str, place: int) -> dict[str, Any]:
    perpetrators = draw(st.lists(_names, max_size=2, unique=True))
    whole = draw(st.none() | st.integers(0, place - 1)) if place else None
    return {
        "id": f"{letter}{place + 1}",
        "claimant": draw(st.none() | _names),
        "perpetrators": perpetrators,
        "attribution": draw(st.sampled_from(["stated", "alleged"])) if perpetrators else None,
        "weapons": draw(st.lists(st.sampled_from(get_args(Weapon)), max_size=2, unique=True)),
        "places": draw(st.lists(_names, max_size=2, unique=True)),
        "scope": draw(st.sampled_from(get_args(Scope))),
        "period": draw(st.none() | _periods),
        "part_of": None,
        "part_of_id": None if whole is None else f"{letter}{whole + 1}",
        "evidence": draw(st.lists(_quotes(), max_size=2, unique=True)),
    }


@st.composite
def _subgroups(draw: st.DrawFn) -> RecordSubgroup:
    group = draw(st.sampled_from(get_args(Group)))
    label = "fishermen" if group == "other" else None
    return RecordSubgroup(group=group, label=label, count=draw(_counts()))


@st.composite
def _claims(draw: st.DrawFn, place: int) -> RecordClaim:
    slots = {name: draw(st.none() | _counts()) for name in ("total", "children", "women", "men")}
    return with_derived_total(
        RecordClaim(
            outcome=draw(st.sampled_from(get_args(Outcome))),
            victims=draw(st.sampled_from(get_args(Victims))),
            **slots,
            subgroups=draw(st.lists(_subgroups(), max_size=2)),
            **draw(_shared("c", place)),
        )
    )


@st.composite
def _facilities(draw: st.DrawFn, place: int) -> RecordFacility:
    kinds = st.lists(st.sampled_from(get_args(FacilityKind)), min_size=1, max_size=2, unique=True)
    return RecordFacility(
        kinds=draw(kinds),
        count=draw(st.none() | _counts()),
        effect=draw(st.sampled_from(get_args(FacilityEffect))),
        **draw(_shared("f", place)),
    )


@st.composite
def contents(draw: st.DrawFn) -> Content:
    """Contents about `TEXT`: any claims, numbers read by the ledger or by nobody, some nowhere."""
    aside = draw(st.lists(st.sampled_from(LEDGER.mentions), max_size=2, unique=True))
    accepted = Accepted(key="0a", rule="A02", standing="source_says_so")
    return linked(
        Content(
            claims=[draw(_claims(n)) for n in range(draw(st.integers(0, 3)))],
            facilities=[draw(_facilities(n)) for n in range(draw(st.integers(0, 2)))],
            aside=[f"{mention.start}:{mention.end}" for mention in aside],
            accepted=draw(st.sampled_from([[], [accepted]])),
        )
    )


def _at(words: str, item: str, slot: str, after: str = "", **more: Any) -> Mark:
    start = TEXT.index(after + words) + len(after)
    return Mark(item=item, slot=slot, start=start, end=start + len(words), **more)


FULL = content_from(
    Marked(
        heads=[
            Head(
                id="c1",
                outcome="killed",
                claimant="Arven Directorate",
                perpetrators=["an army", "=a militia"],
                attribution="alleged",
                weapons=["artillery"],
                places=["Halden"],
                period=Period(start=date(2026, 3, 3), end=None, as_written="Tuesday"),
            ),
            Head(id="c2", outcome="killed", places=["Halden"], part_of="c1"),
            Head(id="c3", outcome="injured"),
            Head(id="f1", effect="destroyed", kinds=["school"]),
        ],
        marks=[
            _at("14", "c1", "total"),
            _at("nine", "c1", "children"),
            _at("about seven", "c1", "women", number=Number(value=7, qualifier="about")),
            _at("14 people were killed in Halden", "c1", "quote"),
            _at("nine", "c2", "total"),
            _at("nine", "c2", "subgroups.other", label="children"),
            _at("71", "c3", "total"),
            _at("71 people were wounded", "c3", "quote"),
            _at("3", "f1", "count", after="and "),
            _at("120", "", "not_people"),
        ],
        loose=Loose(accepted=[Accepted(key="0a", rule="A02", standing="false_alarm")]),
    ),
    TEXT,
    LEDGER,
)
"""A content with all that there is: parts of wholes, places, numbers of all kinds, quotes."""
