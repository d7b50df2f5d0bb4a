"""Assembly: figures whose meaning is settled become the claims of one report.

Parts are put under their totals, repeats are merged, circumstances carry over, `part_of` is
inferred. Every number comes from the ledger; nothing is added up here.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from llm_extract.extraction.circumstances import Circumstances, Setting, circumstances
from llm_extract.extraction.reading import LIST_LINK, SLOTS, Figure, Reading, can_contain
from llm_extract.extraction.times import TimeWords, time_words
from llm_extract.lexicon import noun_lexicon
from llm_extract.passages import Sentence
from llm_extract.schema import (
    CasualtyReport,
    Claim,
    Count,
    FacilityClaim,
    FacilityKind,
    Group,
    Outcome,
    Period,
    Subgroup,
    Victims,
)

COMBATANTS = frozenset({"security_forces", "fighters"})
"""Groups whose slice makes the victims combatants (record.md, decision on combatants)."""


@dataclass(slots=True)
class Draft:
    """A claim in the making."""

    outcome: Outcome
    figure: Figure
    total: Figure | None
    circumstances: Circumstances
    victims: Victims = "unspecified"
    slots: dict[str, Figure] = field(default_factory=dict)
    subgroups: list[tuple[Group, str | None, Figure]] = field(default_factory=list)
    parent: Draft | None = None
    listed: bool = False
    fresh: bool = False
    announced: bool = False
    plural: bool = False
    anew: bool = False
    sentences: list[int] = field(default_factory=list)

    def figures(self) -> list[Figure]:
        """All figures of this claim, the total first."""
        own = [self.total] if self.total is not None else []
        return [*own, *self.slots.values(), *(f for _, _, f in self.subgroups)]


def assemble(
    reading: Reading,
    settings: Sequence[Setting],
    outcomes: dict[int, Outcome],
) -> CasualtyReport:
    """Builds the report from figures with settled outcomes (`figure.index` → outcome).

    A figure that is missing in `outcomes` is not about people.
    """
    drafts: list[Draft] = []
    holder: dict[int, Draft] = {}
    live = [f for f in _not_replaced(reading) if not f.facility]
    outcomes = {**outcomes, **_deaths_of_a_fact_box(reading, outcomes)}
    for figure in sorted(live, key=lambda f: f.mention.start):
        outcome = outcomes.get(figure.index)
        if outcome is None:
            continue
        _place(reading, settings, figure, outcome, drafts, holder)
    return assemble_drafts(reading, settings, drafts)


def _deaths_of_a_fact_box(reading: Reading, outcomes: dict[int, Outcome]) -> dict[int, Outcome]:
    """Fact boxes that list casualties beside injured mean the dead by casualties."""
    facts = [s for s in reading.sentences if s.kind == "fact"]
    paragraphs = {
        s.paragraph for s in facts if any(c.outcome == "injured" for c in reading.cues[s.index])
    }
    return {
        f.index: "killed"
        for f in reading.figures
        if outcomes.get(f.index) == "casualties"
        and reading.sentences[f.sentence].kind == "fact"
        and reading.sentences[f.sentence].paragraph in paragraphs
        and f.options[0].cue is not None
        and ":" in reading.report.text[f.options[0].cue.end : f.start]
    }


def _not_replaced(reading: Reading) -> list[Figure]:
    """Figures that the report does not take back, there or later ("after first saying 8")."""
    gone = [f for f in reading.figures if f.superseded]
    return [
        f
        for f in reading.figures
        if not f.superseded
        and not any(
            g.mention.value == f.mention.value
            and g.sentence != f.sentence
            and g.mention.start > f.mention.start
            and f.outcome in {o.outcome for o in g.options}
            for g in gone
        )
    ]


def assemble_drafts(
    reading: Reading, settings: Sequence[Setting], drafts: list[Draft]
) -> CasualtyReport:
    """Merges repeats, lets circumstances carry over, infers `part_of`, writes the schema."""
    drafts.sort(key=lambda draft: draft.figure.mention.start)
    _carry_over(reading, drafts)
    _spread_the_only_blame(drafts)
    drafts = _merged(reading, drafts)
    _infer_parents(drafts)
    order = sorted(range(len(drafts)), key=lambda n: drafts[n].figure.mention.start)
    drafts = [drafts[n] for n in order]
    return CasualtyReport(
        claims=[_claim(reading, draft, drafts) for draft in drafts],
        facilities=_facilities(reading, settings),
    )


def _place(
    reading: Reading,
    settings: Sequence[Setting],
    figure: Figure,
    outcome: Outcome,
    drafts: list[Draft],
    holder: dict[int, Draft],
) -> None:
    """Puts one figure into the claim it is part of, or makes a claim of it."""
    container = holder.get(figure.container) if figure.container is not None else None
    if container is not None and container.outcome == outcome and _fill(reading, container, figure):
        holder[figure.index] = container
        return
    if _join_listed(reading, figure, outcome, drafts):
        holder[figure.index] = drafts[-1]
        return
    sibling = _sibling(reading, figure, outcome, drafts, holder)
    if sibling is not None:
        holder[figure.index] = sibling
        return
    around = circumstances(reading, settings, figure, outcome)
    draft = Draft(outcome, figure, figure, around, victims=group_victims(figure))
    draft.sentences.append(figure.sentence)
    before = reading.report.text[max(0, figure.start - 20) : figure.start]
    draft.fresh = _FRESH.search(before) is not None
    words = reading.text(reading.sentences[figure.sentence])
    draft.plural = _MANY_ATTACKS.search(words) is not None
    draft.anew = _ANOTHER_EVENT.search(words) is not None
    draft.announced = (
        _TOTAL_WORDS.search(reading.text(reading.sentences[figure.sentence])) is not None
    )
    draft.listed = reading.sentences[figure.sentence].kind in ("bullet", "row", "fact")
    if not figure.whole:
        _fill(reading, draft, figure)
    if container is not None and can_contain(container.outcome, outcome):
        draft.parent = container
    drafts.append(draft)
    holder[figure.index] = draft


_FRESH = re.compile(r"\b(?:remaining|other|another|further|additional|new)\s+$", re.IGNORECASE)
"""Words that tell a number from an equal one before it."""


_MANY_ATTACKS = re.compile(
    r"\b(?:attacks|strikes|air ?strikes|raids|clashes|fighting|bombardments?|shelling|offensive|"
    r"violence|incidents|assaults|bombings|ambushes|massacres)\b",
    re.IGNORECASE,
)
"""Words of a first sentence whose toll sums up several places."""
_ANOTHER_EVENT = re.compile(
    r"\b(?:another|separate(?:ly)?|elsewhere|also|later|earlier|previous(?:ly)?|meanwhile|additional)\b",
    re.IGNORECASE,
)
_TOTAL_WORDS = re.compile(
    r"\b(?:in total|total|altogether|overall|in all|all told)\b|إجمالي|المجموع", re.IGNORECASE
)
"""Words that announce a sum of what stands above."""
LONGEST_LIST_LINK = 80
"""Characters between two people that one sentence lists one by one."""


def _fill(reading: Reading, draft: Draft, figure: Figure) -> bool:
    """Puts a part into a free slot of a claim; False when it must be a claim of its own."""
    if figure.combined:
        return False
    if figure.group in SLOTS:
        if figure.group in draft.slots:
            return False
        draft.slots[figure.group] = figure
    elif figure.whole:
        single = figure.mention.basis == "counted"
        if (figure.group == "people" and not single) or _own_slice(reading, figure):
            return False
        group: Group = "civilians" if figure.group == "civilians" else "other"
        label = figure.noun.form if group == "other" and figure.noun else None
        draft.subgroups.append((group, label, figure))
    else:
        draft.subgroups.append((figure.group, None, figure))  # type: ignore[arg-type]
    if figure.sentence not in draft.sentences:
        draft.sentences.append(figure.sentence)
    return True


def _own_slice(reading: Reading, figure: Figure) -> bool:
    """Whether the words after a part give it a place or party of its own ("12 men in Sarun")."""
    sentence = reading.sentences[figure.sentence]
    after = reading.report.text[figure.end : sentence.end]
    if reading.table.language == "ar":
        return re.match(r"\s+(?:في|على يد|\w+وا)\b", after) is not None
    return re.match(r"\s+(?:in|at|by|near)\s", after) is not None


def _join_listed(
    reading: Reading, figure: Figure, outcome: Outcome, drafts: Sequence[Draft]
) -> bool:
    """Takes a figure into a list of people that begins with single ones ("a medic and two aides").

    Such a list has one counted total (record.md, list without a printed total).
    """
    if not drafts or figure.group in SLOTS or figure.mention.value is None:
        return False
    last = drafts[-1]
    total = last.total
    if total is None or last.outcome != outcome:
        return False
    if total.mention.basis != "counted" and total.mention.value != 1:
        return False
    if _FRESH.search(reading.report.text[max(0, figure.start - 20) : figure.start]) or (
        figure.noun is not None and figure.noun.label in ("people", "civilians")
    ):
        return False
    if last.figure.sentence != figure.sentence or last.figure.group in SLOTS:
        return False
    link = reading.report.text[total.end : figure.start]
    single = figure.mention.basis == "counted" and len(link) <= LONGEST_LIST_LINK
    if not single and not LIST_LINK.fullmatch(link):
        return False
    if group_victims(figure) != last.victims:
        last.victims = "unspecified"
    span = reading.report.text[total.start : figure.end]
    mention = replace(
        total.mention,
        end=figure.end,
        text=span,
        value=(total.mention.value or 0) + figure.mention.value,
        basis="counted",
    )
    last.total = replace(total, mention=mention, end=figure.end)
    if not figure.whole:
        last.subgroups.append((figure.group, None, figure))  # type: ignore[arg-type]
    return True


def _sibling(
    reading: Reading,
    figure: Figure,
    outcome: Outcome,
    drafts: Sequence[Draft],
    holder: dict[int, Draft],
) -> Draft | None:
    """The claim of a list of groups without a total that this figure goes on with."""
    if figure.group not in SLOTS or figure.combined or not drafts:
        return None
    last = drafts[-1]
    ends = [f for f in last.figures() if f.sentence == figure.sentence]
    if last.outcome != outcome or not ends or figure.group in last.slots:
        return None
    if last.figure.whole or last.figure.group not in SLOTS:
        return None
    link = reading.report.text[max(f.end for f in ends) : figure.start]
    if not LIST_LINK.fullmatch(link):
        return None
    last.total = None
    last.slots[figure.group] = figure
    return last


def group_victims(figure: Figure) -> Victims:
    """What the noun of a figure makes of its people."""
    if figure.group == "civilians" or (figure.noun and "civilian" in figure.noun.form):
        return "civilians"
    return "combatants" if figure.group in COMBATANTS else "unspecified"


def _carry_over(reading: Reading, drafts: Sequence[Draft]) -> None:
    """Lets claims take period, place, parties and victims from what contains or precedes them."""
    dateline = _dateline(reading)
    previous: Draft | None = None
    frames: dict[str | None, Circumstances] = {}
    for draft in drafts:
        own = draft.circumstances
        if own.time is None and own.scope in ("incident", "period") and draft.parent is None:
            frame = frames.get(own.claimant)
            if frame is not None:
                own = replace(own, time=frame.time, scope=frame.scope)
            elif dateline is not None and dateline.stretch:
                own = replace(own, time=dateline, scope="period")
            draft.circumstances = own
        draft.circumstances = _inherited(reading, draft, previous)
        if draft.circumstances.time is None and draft.circumstances.scope == "incident":
            draft.circumstances = replace(draft.circumstances, time=dateline)
        if own.time is not None and own.scope == "period":
            frames.setdefault(draft.circumstances.claimant, draft.circumstances)
        if draft.parent is not None and draft.victims == "unspecified" and draft.figure.whole:
            draft.victims = draft.parent.victims
        previous = draft


def _spread_the_only_blame(drafts: Sequence[Draft]) -> None:
    """One event with one party blamed: the attribution covers all its figures (record.md).

    An accusation covers the figures of its source only.
    """
    blamed = {d.circumstances.perpetrators for d in drafts if d.circumstances.perpetrators}
    if len(blamed) != 1 or any(d.circumstances.scope != "incident" for d in drafts):
        return
    giver = next(d.circumstances for d in drafts if d.circumstances.perpetrators)
    for draft in drafts:
        own = draft.circumstances
        if own.perpetrators or own.claimant in giver.perpetrators:
            continue
        if giver.attribution == "alleged" and own.claimant != giver.claimant:
            continue
        draft.circumstances = replace(
            own, perpetrators=giver.perpetrators, attribution=giver.attribution
        )


_DATE_LABEL = re.compile(
    r"[\W_]*(?:the\s+)?(?:date|التاريخ|تاريخ|fecha|дата)\b[^:]*:", re.IGNORECASE
)
DATELINE_CHARACTERS = 60
DATELINE_SENTENCES = 4


def _head_of(reading: Reading) -> list[Sentence]:
    """The first sentences of a report, and its fact box where it opens with one."""
    box = itertools.takewhile(lambda s: s.kind in ("fact", "heading"), reading.sentences)
    return max(list(box), reading.sentences[:DATELINE_SENTENCES], key=len)


def _dateline(reading: Reading) -> TimeWords | None:
    """The day or period in the head of a report: in a short line of the first few, without figures.

    A period goes before a day, which may be that of publication.
    """
    found: list[TimeWords] = []
    for sentence in _head_of(reading):
        if any(f.sentence == sentence.index for f in reading.figures):
            continue
        if sentence.kind == "fact" and not _DATE_LABEL.match(reading.text(sentence)):
            continue
        short = sentence.end - sentence.start <= DATELINE_CHARACTERS
        found += [
            t
            for t in time_words(
                reading.report.text, sentence.start, sentence.end, reading.report.published
            )
            if re.search(r"\d", t.words) and not t.open_ended and (t.stretch or short)
        ]
    return min(found, key=lambda t: (not t.stretch, t.start), default=None)


def _inherited(reading: Reading, draft: Draft, previous: Draft | None) -> Circumstances:
    """Circumstances with what the claim leaves to its container or its predecessor."""
    own = draft.circumstances
    giver = draft.parent or previous
    if giver is None:
        return own
    given = giver.circumstances
    leans = draft.parent is not None or (
        own.claimant == given.claimant
        and (draft.figure.sentence == giver.figure.sentence or _near(reading, giver, draft))
    )
    if not leans:
        return own
    time, scope = own.time, own.scope
    passing = draft.parent is not None or giver.parent is None
    if time is None and scope in ("incident", given.scope) and passing:
        time, scope = given.time, given.scope
    same_sentence = draft.figure.sentence == giver.figure.sentence
    leaning = draft.parent is not None or same_sentence or draft.figure.sentence in giver.sentences
    places = own.places
    if not places and draft.announced and draft.parent is None:
        places = ()
    elif (not places and len(given.places) == 1 and (leaning or scope == given.scope)) or (
        not places and leaning and draft.outcome != giver.outcome
    ):
        places = given.places
    perpetrators, attribution = own.perpetrators, own.attribution
    if not perpetrators and leaning and draft.outcome != giver.outcome:
        perpetrators, attribution = given.perpetrators, given.attribution
    if not perpetrators and draft.parent is not None and len(given.perpetrators) == 1:
        perpetrators, attribution = given.perpetrators, given.attribution
    return Circumstances(
        claimant=own.claimant if own.claimant is not None else given.claimant,
        perpetrators=perpetrators,
        attribution=attribution,
        weapons=own.weapons or (given.weapons if leaning else ()),
        places=places,
        scope=scope,
        time=time,
    )


def _near(reading: Reading, giver: Draft, draft: Draft) -> bool:
    here = reading.sentences[draft.figure.sentence].paragraph
    return here - reading.sentences[giver.sentences[-1]].paragraph <= 1


def _merged(reading: Reading, drafts: list[Draft]) -> list[Draft]:
    """One claim for a figure that the report repeats."""
    kept: list[Draft] = []
    renamed: dict[int, Draft] = {}
    for draft in drafts:
        twin = next((k for k in kept if _repeats(k, draft)), None)
        if twin is None:
            kept.append(draft)
            continue
        renamed[id(draft)] = twin
        for name, figure in draft.slots.items():
            twin.slots.setdefault(name, figure)
        known = {(g, f.mention.value) for g, _, f in twin.subgroups}
        twin.subgroups.extend(s for s in draft.subgroups if (s[0], s[2].mention.value) not in known)
        twin.sentences.extend(n for n in draft.sentences if n not in twin.sentences)
        united = _united(twin.circumstances, draft.circumstances)
        if reading.sentences[twin.figure.sentence].kind == "fact":
            # A fact box speaks for the report; whoever repeats its figure is not its source.
            united = replace(united, claimant=twin.circumstances.claimant)
        twin.circumstances = united
        if twin.victims == "unspecified":
            twin.victims = draft.victims
    for draft in kept:
        if draft.parent is not None:
            draft.parent = renamed.get(id(draft.parent), draft.parent)
            if draft.parent is draft:
                draft.parent = None
    return kept


def _repeats(first: Draft, second: Draft) -> bool:
    """Whether a later claim says the same again: same number, nothing that tells them apart."""
    if first.outcome != second.outcome or first.total is None or second.total is None:
        return False
    one, two = first.total.mention, second.total.mention
    if (one.value, one.upper) != (two.value, two.upper) or one.value is None:
        return False
    if first.figure.sentence == second.figure.sentence or second.parent not in (None, first.parent):
        return False
    if second.fresh:
        return False
    if one.basis == two.basis == "counted" and one.text.casefold() != two.text.casefold():
        return False
    a, b = first.circumstances, second.circumstances
    if a.claimant is not None and b.claimant is not None and a.claimant != b.claimant:
        return False
    for mine, theirs in ((a.places, b.places), (a.perpetrators, b.perpetrators)):
        if mine and theirs and not set(mine) & set(theirs):
            return False
    if a.time is not None and b.time is not None:
        days = [(t.first, t.last) for t in (a.time, b.time)]
        if days[0] != days[1] and a.time.stretch == b.time.stretch:
            return False
    for name, figure in second.slots.items():
        other = first.slots.get(name)
        if other is not None and other.mention.value != figure.mention.value:
            return False
    groups = {first.figure.group, second.figure.group}
    if {one.basis, two.basis} == {"printed", "counted"} and first.figure.noun is not None:
        # "A nurse was killed … killing one nurse": the same one.
        return second.figure.noun is not None and (
            first.figure.noun.form == second.figure.noun.form
        )
    return len(groups) == 1 or bool(groups & {"people", "civilians", "occupation"})


def _united(one: Circumstances, two: Circumstances) -> Circumstances:
    return Circumstances(
        claimant=one.claimant or two.claimant,
        perpetrators=one.perpetrators or two.perpetrators,
        attribution=one.attribution or two.attribution,
        weapons=one.weapons or two.weapons,
        places=one.places or two.places,
        scope=one.scope if one.scope != "incident" else two.scope,
        time=one.time or two.time,
    )


def _infer_parents(drafts: Sequence[Draft]) -> None:
    """Finds totals that certainly contain slices: sums that close, parties or places of a total."""
    for total in drafts:
        if total.outcome == "casualties":
            _adopt_killed_and_injured(total, drafts)
        _adopt_closing_run(total, drafts)
        if total.listed or total.announced:
            _adopt_rows_above(total, drafts)
    for draft in drafts:
        if draft.parent is not None or draft.total is None or not draft.total.mention.value:
            continue
        candidates = [
            other
            for other in drafts
            if other is not draft and _certainly_contains(other, draft) and not _below(other, draft)
        ]
        candidates.sort(key=_low)
        for other in candidates:
            siblings = [d for d in drafts if d.parent is other and d.outcome == draft.outcome]
            used = sum(_low(d) for d in siblings if _along(d, draft))
            if used + _low(draft) <= _low(other):
                draft.parent = other
                break


def _adopt_closing_run(total: Draft, drafts: Sequence[Draft]) -> None:
    """Claims that follow a total and add up to it exactly are its parts (record.md, `part_of`)."""
    size = _low(total)
    if total.total is None or size < 2:
        return
    following: list[Draft] = []
    for draft in drafts:
        if draft.figure.mention.start <= total.figure.mention.start:
            continue
        if draft.parent is not None and draft.parent is not total:
            continue
        if draft.outcome != total.outcome or _low(draft) == 0 or _below(total, draft):
            continue
        if draft.circumstances.claimant != total.circumstances.claimant:
            break
        following.append(draft)
    for first in range(len(following)):
        for last in range(first + 2, len(following) + 1):
            run = following[first:last]
            if sum(_low(d) for d in run) == size:
                for part in run:
                    part.parent = total
                return


def _adopt_killed_and_injured(total: Draft, drafts: Sequence[Draft]) -> None:
    """Killed and injured that add up to the casualties before them are their parts (rule A07)."""
    after = [
        d
        for d in drafts
        if d.parent is None
        and d.outcome in ("killed", "injured")
        and d.figure.mention.start > total.figure.mention.start
        and d.circumstances.claimant == total.circumstances.claimant
    ]
    for killed, injured in itertools.pairwise(after):
        outcomes = {killed.outcome, injured.outcome}
        if len(outcomes) == 2 and _low(killed) + _low(injured) == _low(total) > 0:
            killed.parent = injured.parent = total
            return


def _adopt_rows_above(total: Draft, drafts: Sequence[Draft]) -> None:
    """Rows or bullets that stand over a line with their sum are its parts."""
    run: list[Draft] = []
    above = [d for d in drafts if d.figure.mention.start < total.figure.mention.start and d.listed]
    for draft in reversed(above):
        if draft.outcome != total.outcome or draft.parent is not None:
            continue
        run.append(draft)
        added = sum(_low(d) for d in run)
        if added == _low(total) and len(run) >= 2:
            for part in run:
                part.parent = total
        if added >= _low(total):
            return


def _low(draft: Draft) -> int:
    """The least number of people a claim counts; the sum of its parts where no total is printed."""
    if draft.total is not None:
        return draft.total.mention.value or 0
    return sum(figure.mention.value or 0 for figure in draft.slots.values())


def _below(draft: Draft, ancestor: Draft) -> bool:
    while draft.parent is not None:
        draft = draft.parent
        if draft is ancestor:
            return True
    return False


def _along(one: Draft, other: Draft) -> bool:
    """Whether two parts slice their total along one dimension."""
    a, b = one.circumstances, other.circumstances
    return bool(a.perpetrators) == bool(b.perpetrators)


def _certainly_contains(total: Draft, part: Draft) -> bool:
    if total.total is None or not can_contain(total.outcome, part.outcome):
        return False
    if total.outcome != part.outcome or _low(total) <= _low(part):
        return False
    if total.victims == "civilians" and part.victims == "combatants":
        return False
    a, b = total.circumstances, part.circumstances
    if a.claimant != b.claimant or a.scope != b.scope or not _same_time(a.time, b.time):
        return False
    if total.figure.mention.start > part.figure.mention.start and not total.announced:
        return False
    by_party = (
        bool(b.perpetrators)
        and set(b.perpetrators) != set(a.perpetrators)
        and (not a.perpetrators or set(b.perpetrators) < set(a.perpetrators))
    )
    listed = part.listed and not total.listed
    by_place = bool(b.places) and not set(b.places) & set(a.places)
    spread = total.plural and not part.anew and bool(total.sentences) and total.sentences[0] <= 1
    by_place = by_place and (listed or spread or a.scope != "incident")
    return by_party or by_place


def _same_time(one: TimeWords | None, other: TimeWords | None) -> bool:
    if one is None or other is None:
        return True
    if one.first is None or other.first is None:
        return one.first == other.first
    last_one, last_other = one.last, other.last
    if last_one is None or last_other is None:
        return one.first <= other.first
    return one.first <= other.first and other.last is not None and last_other <= last_one


# --- writing the schema -----------------------------------------------------------------------


def count_of(figure: Figure) -> Count:
    """A count of the schema from a ledger mention."""
    mention = figure.mention
    return Count(
        value=mention.value,
        upper=mention.upper,
        qualifier=mention.qualifier,
        basis=mention.basis,
        as_written=mention.text,
    )


def _claim(reading: Reading, draft: Draft, drafts: Sequence[Draft]) -> Claim:
    around = draft.circumstances
    parent = next((n for n, d in enumerate(drafts) if d is draft.parent), None)
    denied = draft.total is not None and draft.total.mention.value == 0
    return Claim(
        outcome=draft.outcome,
        victims=draft.victims,
        total=count_of(draft.total) if draft.total is not None else None,
        children=_slot(draft, "children"),
        women=_slot(draft, "women"),
        men=_slot(draft, "men"),
        subgroups=[
            Subgroup(group=group, label=label, count=count_of(figure))
            for group, label, figure in draft.subgroups
        ],
        claimant=around.claimant,
        perpetrators=[] if denied else list(around.perpetrators),
        attribution=None if denied else around.attribution,
        weapons=[] if denied else list(around.weapons),
        places=list(around.places),
        scope=around.scope,
        period=_period(around.time),
        part_of=parent,
        evidence=_quotes(reading, draft.sentences, [f.mention.start for f in draft.figures()]),
    )


def _slot(draft: Draft, name: str) -> Count | None:
    figure = draft.slots.get(name)
    return count_of(figure) if figure is not None else None


def _period(time: TimeWords | None) -> Period | None:
    if time is None:
        return None
    return Period(start=time.first, end=time.last, as_written=time.words)


def _quotes(reading: Reading, sentences: Iterable[int], starts: Sequence[int]) -> list[str]:
    """The sentences that hold the numbers of a claim, as they stand."""
    return [
        reading.text(reading.sentences[n])
        for n in sorted(set(sentences))
        if any(reading.sentences[n].start <= s < reading.sentences[n].end for s in starts)
    ]


# --- facilities -------------------------------------------------------------------------------

_EFFECTS: tuple[tuple[str, str], ...] = (
    (
        "destroyed",
        r"destr(?:oy|uct)\w*|level+ed|razed|flattened|burned down|collapsed|torched|تدمير|"
        r"دمر\w*|مدمر\w*",
    ),
    ("damaged", r"damag\w+|partially|أضرار|تضرر\w*|متضرر\w*"),
    (
        "attacked",
        r"attack\w*|target\w*|hit|struck|bomb\w*|shell\w*|strike\w*|raid\w*|storm\w*|assault\w*|"
        r"استهد\w+|قصف\w*|هجوم|اعتداء\w*|هاجم\w*",
    ),
)
_NOT_HIT = re.compile(
    r"\b(?:rebuil|reopen|repair|support|suppl|treat|open|visit|build)\w*", re.IGNORECASE
)


def _facilities(reading: Reading, settings: Sequence[Setting]) -> list[FacilityClaim]:
    found: list[tuple[Figure, FacilityClaim]] = []
    for figure in reading.figures:
        if not figure.facility or figure.superseded or figure.noun is None:
            continue
        sentence = reading.sentences[figure.sentence]
        words = reading.text(sentence)
        effect = _effect(reading, sentence, figure)
        if effect is None or (_NOT_HIT.search(words) and effect == "attacked"):
            continue
        around = circumstances(reading, settings, figure, None)
        parent = next((n for n, (f, _) in enumerate(found) if f.index == figure.container), None)
        found.append(
            (
                figure,
                FacilityClaim(
                    kinds=_kinds(reading, sentence, figure),
                    count=count_of(figure),
                    effect=effect,  # type: ignore[arg-type]
                    part_of=parent,
                    claimant=around.claimant,
                    perpetrators=list(around.perpetrators),
                    attribution=around.attribution,
                    weapons=list(around.weapons),
                    places=list(around.places),
                    scope=around.scope,
                    period=_period(around.time),
                    evidence=[words],
                ),
            )
        )
    return [claim for _, claim in found]


_SUCH_AS = re.compile(r"\s*,?\s*(?:including|such as|among them|like)\s+", re.IGNORECASE)


def _kinds(reading: Reading, sentence: Sentence, figure: Figure) -> list[FacilityKind]:
    """The kind that is counted, then those that a list without numbers names behind it."""
    kinds: list[FacilityKind] = [figure.group]  # type: ignore[list-item]
    text = reading.report.text
    opening = _SUCH_AS.match(text, figure.end, sentence.end)
    if opening is None:
        return kinds
    at = opening.end()
    for noun in noun_lexicon(reading.table.language).scan(text, at, sentence.end):
        if noun.role != "facility" or not LIST_LINK.fullmatch(text, at, noun.start):
            break
        if noun.label not in kinds:
            kinds.append(noun.label)  # type: ignore[arg-type]
        at = noun.end
    return kinds


def _effect(reading: Reading, sentence: Sentence, figure: Figure) -> str | None:
    """The effect word nearest to a facility; a counted one needs it close by."""
    text = reading.report.text
    reach = 140 if figure.mention.basis == "printed" else 45
    ranked: list[tuple[int, str]] = []
    for effect, pattern in _EFFECTS:
        for match in re.finditer(
            rf"\b(?:{pattern})\b", text[sentence.start : sentence.end], re.IGNORECASE
        ):
            start, end = sentence.start + match.start(), sentence.start + match.end()
            gap = figure.start - end if end <= figure.start else start - figure.end
            if gap <= reach:
                ranked.append((gap, effect))
    return min(ranked)[1] if ranked else None
