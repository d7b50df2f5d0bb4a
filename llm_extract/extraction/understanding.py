"""What strategies have understood of a report, in a form that can be changed in part.

Figures whose outcome is settled and claims that a model wrote, each at home in its sentence: one
more number can be settled, sentences can be taken from another strategy, and the report is
assembled anew. Values only; nothing is asked here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from llm_extract.extraction.assembly import assemble_drafts, drafts_of_figures
from llm_extract.extraction.circumstances import Setting
from llm_extract.extraction.reading import Figure, Option, Reading
from llm_extract.extraction.written import drafts_of
from llm_extract.numbers.mention import Mention
from llm_extract.numbers.nouns import counted_noun
from llm_extract.schema import CasualtyReport, Outcome


@dataclass(frozen=True, slots=True)
class Written:
    """Claims that a model wrote about these figures; those of some sentences no longer hold."""

    figures: tuple[Figure, ...]
    claims: tuple[dict[str, Any], ...]
    void: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Understanding:
    """A report as understood: outcomes by index of their figure, and claims that were written.

    `aside` are numbers that count nobody who was harmed, as an answer says; `reading.unread` are
    those of which code says so.
    """

    reading: Reading
    settings: Sequence[Setting]
    outcomes: Mapping[int, Outcome]
    written: tuple[Written, ...] = ()
    aside: tuple[Mention, ...] = ()

    def report(self) -> CasualtyReport:
        """The claims and facilities that follow from it."""
        drafts = drafts_of_figures(self.reading, self.settings, dict(self.outcomes))
        for each in self.written:
            found = drafts_of(self.reading, self.settings, each.figures, each.claims)
            drafts += [draft for draft in found if draft.figure.sentence not in each.void]
        return assemble_drafts(self.reading, self.settings, drafts)

    def unread(self) -> list[str]:
        """Mentions that are listed as not about people or places, as START:END."""
        listed = [
            *self.reading.unread,
            *self.aside,
            *(f.mention for f in self.reading.figures if f.superseded or f.facility),
        ]
        return [f"{m.start}:{m.end}" for m in sorted(listed, key=lambda m: m.start)]

    def with_outcome(self, mention: Mention, outcome: Outcome) -> Understanding:
        """The same with one more number that counts people of this outcome."""
        grown = self.with_figures([mention])
        figure = _figure_of(grown.reading, mention)
        assert figure is not None
        cue = next((o.cue for o in figure.options if o.outcome == outcome), None)
        settled = replace(figure, options=(Option(outcome, cue, 0.0),))
        figures = [settled if f is figure else f for f in grown.reading.figures]
        return replace(
            grown,
            reading=replace(grown.reading, figures=figures),
            outcomes={**grown.outcomes, figure.index: outcome},
            aside=tuple(m for m in self.aside if m.start != mention.start),
        )

    def with_aside(self, mention: Mention) -> Understanding:
        """The same with one number that counts nobody who was harmed."""
        figure = _figure_of(self.reading, mention)
        gone = figure.index if figure is not None else None
        return replace(
            self,
            outcomes={n: outcome for n, outcome in self.outcomes.items() if n != gone},
            aside=(*self.aside, mention),
        )

    def with_figures(self, mentions: Sequence[Mention]) -> Understanding:
        """The same with a figure for each of these numbers that has none, as yet unsettled."""
        reading = replace(
            self.reading, figures=list(self.reading.figures), unread=list(self.reading.unread)
        )
        for mention in mentions:
            if _figure_of(reading, mention) is None:
                reading.figures.append(_new_figure(reading, mention))
        return replace(self, reading=reading)

    def joined(self, other: Understanding, sentences: Collection[int]) -> Understanding:
        """This one, with what another one says of these sentences; its figures extend this one's.

        Figures that this one alone knows must not come after those of `other`.
        """
        there = frozenset(sentences)
        where = {figure.index: figure.sentence for figure in other.reading.figures}
        return Understanding(
            reading=other.reading,
            settings=[
                other.settings[n] if n in there else setting
                for n, setting in enumerate(self.settings)
            ],
            outcomes={
                **{n: outcome for n, outcome in self.outcomes.items() if where[n] not in there},
                **{n: outcome for n, outcome in other.outcomes.items() if where[n] in there},
            },
            written=(
                *(replace(each, void=each.void | there) for each in self.written),
                *other.written,
            ),
            aside=self.aside,
        )


def outcomes_by_rule(reading: Reading) -> dict[int, Outcome]:
    """The likeliest outcome of every figure that has one."""
    return {f.index: f.options[0].outcome for f in reading.figures if f.options}


def outcomes_near(reading: Reading, mention: Mention) -> list[Outcome]:
    """Outcomes of which the words near a number tell: its sentence's, else those it leans on.

    The nearest sentence with a casualty word decides, of it, the heading over it and the two
    sentences before.
    """
    at = _sentence_of(reading, mention)
    sentence = reading.sentences[at]
    leans_on = [at, *([sentence.lead] if sentence.lead is not None else []), at - 1, at - 2]
    for index in leans_on:
        if index >= 0 and reading.cues[index]:
            ordered = sorted(reading.cues[index], key=lambda cue: abs(cue.start - mention.start))
            return list(dict.fromkeys(cue.outcome for cue in ordered))
    return []


def _figure_of(reading: Reading, mention: Mention) -> Figure | None:
    return next((f for f in reading.figures if f.mention.start == mention.start), None)


def _new_figure(reading: Reading, mention: Mention) -> Figure:
    noun = counted_noun(reading.report.text, mention)
    sentence = _sentence_of(reading, mention)
    cues = {cue.outcome: cue for cue in reversed(reading.cues[sentence])}
    return Figure(
        index=len(reading.figures),
        mention=mention,
        noun=noun,
        sentence=sentence,
        start=mention.start,
        end=max(mention.end, noun.end) if noun is not None else mention.end,
        group=noun.label if noun is not None else "people",
        facility=False,
        options=tuple(
            Option(outcome, cues.get(outcome), 1.0) for outcome in outcomes_near(reading, mention)
        ),
    )


def _sentence_of(reading: Reading, mention: Mention) -> int:
    """Index of the sentence that a number stands in; every number stands in one."""
    return next(s.index for s in reading.sentences if s.start <= mention.start < s.end)
