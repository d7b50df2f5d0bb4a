"""Circumstances of a figure by rule: claimant, parties, weapons, places, scope and period.

A sentence gives its own; what it leaves out carries over from the sentences it leans on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from llm_extract.extraction.names import name_table
from llm_extract.extraction.parties import Blame, Named, blames, claimants, full_names
from llm_extract.extraction.reading import Figure, Reading
from llm_extract.extraction.times import TimeWords, time_words
from llm_extract.passages import Sentence
from llm_extract.schema import Attribution, Outcome, Scope, Weapon


@dataclass(frozen=True, slots=True)
class Setting:
    """What one sentence says round its figures; `claimants` in text order, own ones only."""

    claimants: tuple[Named, ...]
    blames: tuple[Blame, ...]
    weapons: tuple[Weapon, ...]
    places: tuple[Named, ...]
    times: tuple[TimeWords, ...]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds for one figure."""

    claimant: str | None
    perpetrators: tuple[str, ...]
    attribution: Attribution | None
    weapons: tuple[Weapon, ...]
    places: tuple[str, ...]
    scope: Scope
    time: TimeWords | None


_STOCK_OUTCOMES: frozenset[Outcome] = frozenset({"detained", "missing", "displaced", "abducted"})


def read_settings(reading: Reading) -> list[Setting]:
    """The setting of every sentence of a report."""
    settings = [_setting(reading, sentence) for sentence in reading.sentences]
    places = {place.words for setting in settings for place in setting.places}
    return [
        replace(s, blames=tuple(b for b in s.blames if not _blames_a_place(b, places)))
        for s in settings
    ]


def _blames_a_place(blame: Blame, places: set[str]) -> bool:
    """In "the Belmora market bombing" the name is where it happened, not who did it."""
    return blame.around and all(party.words in places for party in blame.parties)


def _setting(reading: Reading, sentence: Sentence) -> Setting:
    text, table = reading.report.text, reading.table
    said: tuple[Named, ...] = ()
    if sentence.kind != "heading":
        said = tuple(claimants(text, sentence.start, sentence.end, table))
    names = name_table(table.language)
    accused = list(blames(text, sentence.start, sentence.end, table))
    # Who claims responsibility states no figure by that; any other source is no party.
    claiming = [p for b in accused if b.attribution == "claimed" for p in b.parties]
    said = tuple(s for s in said if not any(_overlap(p, s) for p in claiming))
    blamed = tuple(b for b in accused if not any(_overlap(p, s) for p in b.parties for s in said))
    taken = [*said, *(p for blame in blamed for p in blame.parties)]
    places: list[Named] = []
    for match in names.places.finditer(text, sentence.start, sentence.end):
        group = match.lastgroup or "place"
        place = Named(match.start(group), match.end(group), match.group(group))
        if (
            group == "place2"
            and sentence.kind == "prose"
            and not _NAMES_A_REGION.match(text, match.end())
        ):
            continue
        if names.never.search(place.words) or any(_overlap(place, other) for other in taken):
            continue
        if names.institution.search(place.words) or place.words.casefold() in names.pronouns:
            continue
        places.append(place)
    if sentence.cells and sentence.header is not sentence.cells:
        first = sentence.cells[0]
        if first.text and not re.search(r"\d|total|الإجمالي|المجموع", first.text, re.IGNORECASE):
            places.append(Named(first.start, first.end, first.text))
    return Setting(
        claimants=said,
        blames=blamed,
        weapons=tuple(
            weapon
            for weapon, pattern in table.weapons.items()
            if pattern.search(text, sentence.start, sentence.end)
        ),
        places=tuple(places),
        times=tuple(
            t
            for t in time_words(text, sentence.start, sentence.end, reading.report.published)
            if not _dates_the_statement(reading, sentence, t)
        ),
    )


_NAMES_A_REGION = re.compile(
    r"\s+(?:district|province|governorate|county|city|town|village|camp|had|saw|recorded|suffered)\b"
)


def _overlap(one: Named, other: Named) -> bool:
    return one.start < other.end and other.start < one.end


def _dates_the_statement(reading: Reading, sentence: Sentence, time: TimeWords) -> bool:
    """Whether time words say when something was stated, not when it happened."""
    if time.stretch:
        return False
    before = reading.report.text[max(sentence.start, time.start - 45) : time.start]
    verbs = reading.table.pattern("reporting", "verbs")
    last = [None, *verbs.finditer(before)][-1]
    if last is None:
        published = re.search(
            r"(?:released|published|issued|statement|report)\b[^.,;]{0,40}$", before, re.IGNORECASE
        )
        return published is not None
    between = before[last.end() :]
    return len(re.findall(r"\w+", between)) <= 4 and not re.search(r"[.;]|that\b", between)


def circumstances(
    reading: Reading, settings: Sequence[Setting], figure: Figure, outcome: Outcome | None
) -> Circumstances:
    """What holds for a figure by its own sentence and by those it leans on."""
    setting = settings[figure.sentence]
    blame = _blame_of(setting, figure)
    scope, time = _scope_and_time(reading, settings, figure, outcome)
    places = _places_of(reading, setting, figure)
    claimant = _claimant_of(reading, settings, figure)
    parties = [
        p.words for p in (blame.parties if blame else ()) if claimant is None or p.words != claimant
    ]
    return Circumstances(
        claimant=claimant,
        perpetrators=tuple(dict.fromkeys(parties)),
        attribution=blame.attribution if blame and parties else None,
        weapons=setting.weapons,
        places=tuple(dict.fromkeys(p.words for p in places)),
        scope=scope,
        time=time,
    )


def _blame_of(setting: Setting, figure: Figure) -> Blame | None:
    """The blame whose words are nearest to a figure among those that reach it."""
    ranked: list[tuple[int, Blame]] = []
    for blame in setting.blames:
        low, high = blame.reach
        party_end = max(p.end for p in blame.parties)
        party_start = min(p.start for p in blame.parties)
        if not (low <= figure.start and figure.end <= high):
            continue
        if low >= party_end:
            ranked.append((figure.start - party_end, blame))
        elif high <= party_start:
            ranked.append((party_start - figure.end, blame))
        else:
            ranked.append((500, blame))
    return min(ranked, key=lambda item: item[0])[1] if ranked else None


def _places_of(reading: Reading, setting: Setting, figure: Figure) -> list[Named]:
    """Places of a sentence that no other figure of the same kind stands nearer to."""
    if not setting.places:
        return []
    others = [
        f
        for f in reading.in_sentence(figure.sentence)
        if f.index != figure.index and f.whole and f.outcome == figure.outcome and not f.superseded
    ]
    if not others:
        return list(setting.places)
    kept: list[Named] = []
    for place in setting.places:
        own = _gap(place, figure)
        if all(own <= _gap(place, other) for other in others):
            kept.append(place)
    return kept


def _gap(place: Named, figure: Figure) -> int:
    # A place mostly follows its figure ("12 in Aleppo, 4 in Idlib").
    return place.start - figure.end if place.start >= figure.end else 2 * (figure.start - place.end)


def _claimant_of(reading: Reading, settings: Sequence[Setting], figure: Figure) -> str | None:
    own = settings[figure.sentence].claimants
    if own:
        nearest = min(own, key=lambda c: _claimant_distance(reading, c, figure))
        return _longest(reading, settings, nearest.words)
    if reading.sentences[figure.sentence].kind == "fact":
        return None
    paragraph = reading.sentences[figure.sentence].paragraph
    for index in range(figure.sentence - 1, -1, -1):
        before = settings[index].claimants
        if before:
            return _longest(reading, settings, before[-1].words)
        if reading.sentences[index].paragraph < paragraph - 2:
            break
    return None


def _claimant_distance(reading: Reading, claimant: Named, figure: Figure) -> int:
    if claimant.end <= figure.start:
        between = reading.report.text[claimant.end : figure.start]
        return len(between) + 200 * between.count(";")
    between = reading.report.text[figure.end : claimant.start]
    return len(between) + 30 + 200 * between.count(";")


def _longest(reading: Reading, settings: Sequence[Setting], words: str) -> str:
    """The longest form of a claimant's name in the report: "the Centre" is one named in full."""
    spelled = full_names(reading.report.text).get(words)
    if spelled is not None:
        return re.sub(r"^(?:the|The)\s+", "", spelled)
    named = [n for s in settings for n in (*s.claimants, *(p for b in s.blames for p in b.parties))]
    longer = [
        c.words
        for c in named
        if len(c.words) > len(words)
        and re.search(
            rf"\b{re.escape(words)}$|^{re.escape(words.removeprefix('ال'))}\b",
            c.words,
            re.IGNORECASE,
        )
    ]
    return max(longer, key=len, default=words)


def _scope_and_time(
    reading: Reading, settings: Sequence[Setting], figure: Figure, outcome: Outcome | None
) -> tuple[Scope, TimeWords | None]:
    sentence = reading.sentences[figure.sentence]
    words = reading.text(sentence)
    time = _nearest_time(reading, settings[figure.sentence].times, figure)
    if time is None and sentence.lead is not None:
        time = _nearest_time(reading, settings[sentence.lead].times, figure)
    if time is not None and time.open_ended:
        return "cumulative", time
    if time is None and reading.table.pattern("scope", "cumulative").search(words):
        return "cumulative", None
    if outcome in _STOCK_OUTCOMES and reading.table.pattern("scope", "snapshot").search(words):
        return "snapshot", time
    if time is not None and time.stretch:
        return "period", time
    if time is None and reading.table.pattern("scope", "period").search(words):
        return "period", None
    return "incident", time


def _nearest_time(reading: Reading, times: Sequence[TimeWords], figure: Figure) -> TimeWords | None:
    """The time words nearest to a figure, periods first; not those behind a part of it."""
    parts = [
        f
        for f in reading.in_sentence(figure.sentence)
        if f.container == figure.index and f.whole and f.start >= figure.end
    ]
    own = [t for t in times if not any(p.end <= t.start for p in parts)]
    return min(
        own,
        key=lambda t: (
            not t.stretch,
            abs(t.start - figure.end) if t.start >= figure.end else abs(figure.start - t.end),
        ),
        default=None,
    )
