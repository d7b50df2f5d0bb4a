"""Facilities: figures of places attacked, damaged or destroyed become facility claims."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llm_extract.extraction.circumstances import Setting, circumstances
from llm_extract.extraction.drafts import count_of, period_of
from llm_extract.extraction.reading import LIST_LINK, Figure, Reading
from llm_extract.lexicon import noun_lexicon
from llm_extract.passages import Sentence
from llm_extract.schema import FacilityClaim, FacilityKind

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


def facility_claims(reading: Reading, settings: Sequence[Setting]) -> list[FacilityClaim]:
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
                    period=period_of(around.time),
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
