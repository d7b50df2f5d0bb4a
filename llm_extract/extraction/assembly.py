"""Assembly: figures whose meaning is settled become the claims of one report.

Parts are put under their totals, repeats are merged, circumstances carry over, `part_of` is
inferred. Every number comes from the ledger; nothing is added up here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from llm_extract.extraction.carrying import carry_over, spread_the_only_blame
from llm_extract.extraction.circumstances import Circumstances, Setting
from llm_extract.extraction.drafts import Draft, count_of, period_of
from llm_extract.extraction.facilities import facility_claims
from llm_extract.extraction.parents import infer_parents
from llm_extract.extraction.placing import place
from llm_extract.extraction.reading import Figure, Reading
from llm_extract.schema import CasualtyReport, Claim, Count, Outcome, Subgroup


def assemble(
    reading: Reading,
    settings: Sequence[Setting],
    outcomes: dict[int, Outcome],
) -> CasualtyReport:
    """Builds the report from figures with settled outcomes (`figure.index` → outcome).

    A figure that is missing in `outcomes` is not about people.
    """
    drafts = drafts_of_figures(reading, settings, outcomes)
    return assemble_drafts(reading, settings, drafts)


def drafts_of_figures(
    reading: Reading, settings: Sequence[Setting], outcomes: dict[int, Outcome]
) -> list[Draft]:
    """Figures with settled outcomes, each in the claim it is part of or one of its own."""
    drafts: list[Draft] = []
    holder: dict[int, Draft] = {}
    live = [f for f in _not_replaced(reading) if not f.facility]
    outcomes = {**outcomes, **_deaths_of_a_fact_box(reading, outcomes)}
    for figure in sorted(live, key=lambda f: f.mention.start):
        outcome = outcomes.get(figure.index)
        if outcome is not None:
            place(reading, settings, figure, outcome, drafts, holder)
    return drafts


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
    carry_over(reading, drafts)
    spread_the_only_blame(drafts)
    drafts = _merged(reading, drafts)
    infer_parents(drafts)
    order = sorted(range(len(drafts)), key=lambda n: drafts[n].figure.mention.start)
    drafts = [drafts[n] for n in order]
    return CasualtyReport(
        claims=[_claim(reading, draft, drafts) for draft in drafts],
        facilities=facility_claims(reading, settings),
    )


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


# --- writing the schema -----------------------------------------------------------------------


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
        period=period_of(around.time),
        part_of=parent,
        evidence=_quotes(reading, draft.sentences, [f.mention.start for f in draft.figures()]),
    )


def _slot(draft: Draft, name: str) -> Count | None:
    figure = draft.slots.get(name)
    return count_of(figure) if figure is not None else None


def _quotes(reading: Reading, sentences: Iterable[int], starts: Sequence[int]) -> list[str]:
    """The sentences that hold the numbers of a claim, as they stand."""
    return [
        reading.text(reading.sentences[n])
        for n in sorted(set(sentences))
        if any(reading.sentences[n].start <= s < reading.sentences[n].end for s in starts)
    ]
