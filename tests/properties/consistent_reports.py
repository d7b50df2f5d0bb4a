"""Draws consistent casualty reports: what happened, a text that states it, and the right record.

The facts come first and fit together by construction; templates of several kinds then state them.
Everything is drawn from one `random.Random`, so that benchmarks draw by seed and hypothesis draws
and shrinks through `consistent_reports`. All names and sentences are inventions.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from hypothesis import strategies as st
from properties import vocabulary as words
from properties.drafts import (
    ClaimDraft,
    Drawn,
    FacilityDraft,
    Figure,
    Manuscript,
    Piece,
    Pieces,
    joined,
)

from llm_extract.schema import Outcome, Period


@dataclass(eq=False)
class Desk:
    """Who writes: names not used yet, habits of spelling, the day of publication."""

    random: Random
    claimants: list[str]
    parties: list[str]
    places: list[str]
    published: date
    words_below: int
    page: Manuscript = field(default_factory=Manuscript)
    title: str | None = None

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one_of(self, *choices: str) -> str:
        return self.random.choice(choices)

    def place(self) -> str:
        return _taken(self.places, words.PLACES, self.random)

    def party(self) -> str:
        return _taken(self.parties, words.PARTIES, self.random)

    def claimant(self) -> str:
        return _taken(self.claimants, words.CLAIMANTS, self.random)

    def figure(self, value: int, *, qualified: float = 0.0, room: int | None = None) -> Figure:
        """A number as it is printed; `room` is the most people it may stand for."""
        if self.chance(qualified) and value > 1:
            return self._qualified(value, room)
        return Figure(words.written(value, self.words_below, self.random), value)

    def _qualified(self, value: int, room: int | None) -> Figure:
        number = words.written(value, self.words_below, self.random)
        kind = self.random.choice([*words.QUALIFIERS, "range", "vague"])
        if kind == "range" and (room is None or value < room):
            upper = value + self.random.randint(1, max(1, value // 4))
            upper = upper if room is None else min(upper, room)
            return self._range(value, upper)
        fitting = [(word, least) for word, least in words.VAGUE if value >= least]
        if kind == "vague" and fitting:
            word = self.random.choice(fitting)[0]
            after = "" if word == "several" else " of"
            return Figure(word, None, qualifier="vague", after=after)
        no_room = kind == "more_than" and room is not None and value >= room
        if kind not in words.QUALIFIERS or no_room:
            kind = "at_least"
        before, after = self.random.choice(words.QUALIFIERS[kind])
        return Figure(number, value, qualifier=kind, before=before, after=after)

    def _range(self, low: int, high: int) -> Figure:
        form = self.random.choice(["{} to {}", "between {} and {}", "{}-{}", "{}–{}"])
        return Figure(form.format(low, high), low, high, qualifier="range")


def draw_report(random: Random, *, claims: int = 10, words: int = 0) -> Drawn:
    """A consistent report of exactly `claims` claims; filled up to `words` words or a few more."""
    desk = _desk(random)
    while (room := claims - len(desk.page.claims)) > 0:
        fitting = [chapter for chapter, needs in CHAPTERS if needs <= room]
        random.choice(fitting)(desk, room)
        _asides(desk)
    written = sum(len(str(p).split()) for s in desk.page.sentences for p in s if isinstance(p, str))
    while written < words:
        written += _fill(desk)
    return desk.page.compose(random, desk.published, desk.title)


@st.composite
def consistent_reports(draw: st.DrawFn, most_claims: int = 6) -> Drawn:
    """Consistent reports of up to `most_claims` claims, for hypothesis."""
    claims = draw(st.integers(1, most_claims))
    return draw_report(draw(st.randoms()), claims=claims)


# What happened


def _desk(random: Random) -> Desk:
    return Desk(
        random,
        claimants=[],
        parties=[],
        places=[],
        published=date(random.randint(2014, 2025), 1, 1) + timedelta(days=random.randint(40, 360)),
        words_below=random.choice([0, 10, 10, 13, 100]),
    )


def _taken(left: list[str], every: tuple[str, ...], random: Random) -> str:
    """A name that was not drawn before, as long as there are any."""
    if not left:
        left += every
    return left.pop(random.randrange(len(left)))


def _toll(desk: Desk, most: int = 400) -> int:
    """A number of people: mostly small, sometimes large."""
    top = desk.random.choice([8, 30, 90, most])
    return desk.random.randint(2, max(2, top))


def _share_out(desk: Desk, whole: int, parts: int) -> list[int]:
    """At most `parts` numbers of one or more that sum to no more than `whole`."""
    left = whole
    shares: list[int] = []
    for _ in range(parts):
        if left < 1:
            break
        share = desk.random.randint(1, max(1, left * 2 // 3))
        shares.append(share)
        left -= share
    return shares


def _draw_parts(desk: Desk, claim: ClaimDraft, share: float = 0.6) -> None:
    """Gives a claim children, women, men and a subgroup, all within its total."""
    if not desk.chance(share):
        return
    whole = _room_of(claim.total)
    if claim.total.qualifier == "at_most" or whole < 2:
        return
    names = [name for name, p in (("children", 0.8), ("women", 0.6)) if desk.chance(p)]
    left = whole
    for name, value in zip(names, _share_out(desk, whole, len(names)), strict=False):
        claim.slots[name] = desk.figure(value, qualified=0.08, room=value)
        left -= value
    if left > 0 and _are_exact(claim, ("total", "children", "women")) and desk.chance(0.25):
        claim.slots["men"] = desk.figure(left)
    elif "children" in claim.slots and desk.chance(0.2):
        _draw_girls_and_boys(desk, claim)
    elif left > 1 and desk.chance(0.25):
        group = desk.random.choice(words.PROFESSIONS)
        value = desk.random.randint(1, min(left, 5))
        claim.slots[group] = _one_named(desk, group) if value == 1 else desk.figure(value)


def _draw_girls_and_boys(desk: Desk, claim: ClaimDraft) -> None:
    """Parts of the children, where these are a plain number."""
    children = claim.slots["children"].value
    if children is None or not _are_exact(claim, ("children",)):
        return
    for name, value in zip(("girls", "boys"), _share_out(desk, children, 2), strict=False):
        claim.slots[name] = desk.figure(value)


def _are_exact(claim: ClaimDraft, names: tuple[str, ...]) -> bool:
    return all(n in claim.slots and claim.slots[n].qualifier == "exact" for n in names)


def _one_named(desk: Desk, group: str) -> Figure:
    """A single person by the noun alone, "a nurse", or by the number one."""
    if desk.chance(0.6):
        singular = desk.random.choice(words.GROUP_NOUNS[group])[0]
        return Figure(words.article(singular), 1, basis="counted")
    return Figure("one", 1)


def _day(desk: Desk) -> date:
    return desk.published - timedelta(days=desk.random.randint(1, 25))


def _on(desk: Desk, day: date) -> tuple[str, Period]:
    month = words.MONTHS[day.month - 1]
    weekday = words.WEEKDAYS[day.weekday()]
    said = desk.one_of(
        f"on {day.day} {month} {day.year}",
        f"on {weekday}, {day.day} {month} {day.year}",
        f"on {month} {day.day}, {day.year}",
    )
    return said, Period(start=day, end=day, as_written=said.removeprefix("on "))


def _stretch(desk: Desk) -> tuple[str, Period]:
    """A stretch of days, a month or a year before publication, in words and as dates."""
    kind = desk.one_of("days", "month", "month", "year")
    if kind == "year":
        year = desk.published.year - 1
        said = desk.one_of(f"in {year}", f"during {year}", f"throughout {year}")
        return said, Period(start=date(year, 1, 1), end=date(year, 12, 31), as_written=str(year))
    ago = desk.published.replace(day=1) - timedelta(days=1)
    month = words.MONTHS[ago.month - 1]
    last = monthrange(ago.year, ago.month)[1]
    if kind == "month":
        said = desk.one_of(f"in {month} {ago.year}", f"during {month} {ago.year}")
        return said, Period(start=ago.replace(day=1), end=ago, as_written=f"{month} {ago.year}")
    first = desk.random.randint(1, 14)
    end = desk.random.randint(first + 3, last)
    said = desk.one_of(
        f"between {first} and {end} {month} {ago.year}",
        f"from {first} to {end} {month} {ago.year}",
        f"from {first} {month} to {end} {month} {ago.year}",
    )
    period = Period(start=ago.replace(day=first), end=ago.replace(day=end), as_written=said)
    return said, period


# How it is said


def _people(desk: Desk, claim: ClaimDraft) -> Pieces:
    """The total with its noun: "at least 35 civilians"."""
    singular, plural = desk.random.choice(words.CROWDS)
    if plural == "civilians":
        claim.victims = "civilians"
    total = claim.total
    return [total, f" {singular if total.is_one else plural}"]


def _counted(desk: Desk, group: str, figure: Figure) -> Pieces:
    """A part with its noun: "three children", "a nurse"."""
    figure.group = group
    if figure.basis == "counted":
        return [figure]
    singular, plural = desk.random.choice(words.GROUP_NOUNS[group])
    return [figure, f" {singular if figure.is_one else plural}"]


def _parts(desk: Desk, claim: ClaimDraft) -> list[Pieces]:
    """The parts with their nouns; girls and boys in brackets behind the children."""
    parts: dict[str, Pieces] = {
        name: _counted(desk, name, figure)
        for name, figure in claim.slots.items()
        if name != "total" and figure is not claim.total
    }
    minors = [parts.pop(name) for name in ("girls", "boys") if name in parts]
    if minors:
        parts["children"] = [*parts["children"], " (", *joined(minors), ")"]
    said = list(parts.values())
    if desk.chance(0.3):
        desk.random.shuffle(said)
    return said


def _including(desk: Desk, claim: ClaimDraft, *, closes: bool) -> Pieces:
    """The parts behind their total, with the comma after them where the sentence goes on."""
    parts = _parts(desk, claim)
    if not parts:
        return []
    said = joined(parts, desk.one_of(" and ", ", and ") if len(parts) > 2 else " and ")
    form = desk.one_of("including", "including", "among them", "brackets", "of them")
    minors = "girls" in claim.slots
    if form == "brackets" and not minors:
        return [" (including ", *said, ")"]
    plain = all(
        f.basis == "printed" and not f.is_one for n, f in claim.slots.items() if n != "total"
    )
    if form == "of them" and closes and plain and len(parts) == 1 and not minors:
        first, *noun = parts[0]
        return [", ", first, " of them", *noun]
    form = "among them" if form == "among them" else "including"
    return [f", {form} ", *said] if closes else [f", {form} ", *said, ","]


def _follow_up(desk: Desk, claim: ClaimDraft) -> Pieces:
    """A sentence of its own with the parts of the one before."""
    said = joined(_parts(desk, claim))
    dead = claim.outcome == "killed"
    opening = desk.one_of(
        *(
            ("The victims included ", "Among the dead were ", "The dead included ")
            if dead
            else ("Among the wounded were ", "The injured included ", "Those hurt included ")
        )
    )
    return [opening, *said, "."]


def _nobody_of_a_group(desk: Desk, claim: ClaimDraft) -> None:
    """Now and then a printed zero for children or women."""
    name = desk.one_of("children", "women")
    if name in claim.slots or not desk.chance(0.08):
        return
    claim.slots[name] = Figure("no", 0, group=name)
    desk.page.say("There were ", claim.slots[name], f" {name} among the dead.")


def _superseded(desk: Desk, claim: ClaimDraft) -> None:
    """An older number of the same dead, which is no claim any more."""
    older = desk.random.randint(1, max(1, claim.total.least - 1))
    if older < claim.total.least:
        desk.page.say(desk.one_of(*words.SUPERSEDED).format(number=older))


FRACTIONS = ((1, 2, "half"), (1, 3, "a third"), (1, 4, "a quarter"), (2, 3, "two thirds"))


def _share_of_children(desk: Desk, claim: ClaimDraft) -> None:
    """Now and then the children as a percentage or a fraction of the dead, as it rounds."""
    children, whole = claim.slots.get("children"), claim.total
    if claim.outcome != "killed" or not desk.chance(0.25):
        return
    if children is None or not _are_exact(claim, ("total", "children")):
        return
    share = (children.value or 0) / (whole.value or 1)
    named = [name for over, under, name in FRACTIONS if abs(over / under - share) < 0.015]
    said = named[0] if named and desk.chance(0.7) else f"{round(100 * share)} per cent"
    desk.page.say(f"Children made up {said} of the dead.")


def _verb(figure: Figure) -> str:
    return "was" if figure.is_one else "were"


HARM: dict[str, tuple[str, ...]] = {
    "killed": ("killed", "killed", "shot dead"),
    "injured": ("wounded", "injured", "hurt"),
    "detained": ("arrested", "detained"),
    "abducted": ("abducted", "kidnapped"),
    "displaced": ("displaced",),
    "missing": ("reported missing",),
}
NOUN_OF: dict[str, tuple[tuple[str, str], ...]] = {
    "killed": (("death", "deaths"), ("fatality", "fatalities"), ("killing", "killings")),
    "injured": (("injury", "injuries"),),
    "detained": (("arrest", "arrests"), ("arbitrary arrest", "arbitrary arrests")),
    "abducted": (("abduction", "abductions"), ("kidnapping", "kidnappings")),
    "displaced": (),
    "missing": (("disappearance", "disappearances"),),
}


def _harmed(desk: Desk, outcome: Outcome) -> str:
    return desk.random.choice(HARM[outcome])


def _attack(desk: Desk, claims: list[ClaimDraft], place: str, party: str | None) -> str:
    """How the people were harmed, "in an airstrike on Velm"; sets weapon, place and party."""
    name, weapon, at_place = desk.random.choice(words.ATTACKS)
    said = at_place.format(place=place)
    for claim in claims:
        claim.weapons = [weapon]
        claim.places = [place]
    if party is None:
        return said
    attribution = "stated"
    if name in words.BY_PARTY and desk.chance(0.6):
        said += desk.one_of(f" by the {party}", f" carried out by the {party}")
    else:
        said += desk.one_of(f" blamed on the {party}", f" attributed to the {party}")
        attribution = "alleged" if "blamed" in said else "stated"
    for claim in claims:
        claim.perpetrators = [party]
        claim.attribution = attribution
    return said


def _sourced(desk: Desk, claimant: str | None, said: Pieces) -> Pieces:
    """The clause with its source before or after it, and its full stop."""
    if claimant is None:
        return [*said, "."]
    form = desk.one_of("before", "that", "after", "after")
    if form == "before":
        return [f"According to {_the(claimant)}, ", *said, "."]
    if form == "that":
        verb = desk.one_of("said", "reported", "confirmed")
        return [f"{_the(claimant)} {verb} that ", *said, "."]
    return [*said, desk.one_of(f", {_the(claimant)} said.", f", according to {_the(claimant)}.")]


def _the(name: str) -> str:
    return name if name[:7] in ("Justice",) else f"the {name}"


# Chapters: each adds claims that fit together


def incident(desk: Desk, room: int) -> None:
    """One event: the dead, often the wounded too, their parts, perhaps a headline."""
    killed = ClaimDraft("killed", {"total": desk.figure(_toll(desk, 120), qualified=0.35)})
    claims = [killed]
    if room > 1 and desk.chance(0.65):
        claims.append(
            ClaimDraft("injured", {"total": desk.figure(_toll(desk, 200), qualified=0.25)})
        )
    claimant = desk.claimant() if desk.chance(0.8) else None
    party = desk.party() if desk.chance(0.6) else None
    place = desk.place()
    when, period = _on(desk, _day(desk))
    attack = _attack(desk, claims, place, party)
    for claim in claims:
        claim.claimant, claim.period = claimant, period
        _draw_parts(desk, claim, 0.6 if claim is killed else 0.3)
    apart = desk.chance(0.35) and len(killed.slots) > 1
    joint = _paragraph(desk)
    if desk.chance(0.2) and _headline(desk, killed, place):
        joint = "\n\n"
    inside: Callable[..., Pieces] = (lambda *_, **__: []) if apart else _including
    form = desk.one_of("passive", "passive", "active", "nominal", "when")
    said: Pieces
    if form == "passive":
        said = [
            *_people(desk, killed),
            *inside(desk, killed, closes=False),
            f" {_verb(killed.total)} {_harmed(desk, 'killed')}",
            *_and_wounded(desk, claims),
            f" in {attack} {when}",
        ]
    elif form == "active":
        verb = desk.one_of("killed", "claimed the lives of", "left dead")
        if verb == "left dead":
            said = [f"{attack} {when} left ", *_people(desk, killed), " dead"]
            said += _and_wounded(desk, claims, verb="")
            said += inside(desk, killed, closes=True) if len(claims) == 1 else []
            apart = apart or len(claims) > 1
        else:
            said = [f"{attack} {verb} ", *_people(desk, killed)]
            said += inside(desk, killed, closes=False)
            said += _and_wounded(desk, claims, verb="wounded ")
            said += [f" {when}"]
    elif form == "nominal":
        said = ["the death toll ", f"from {attack} {when} stands at ", killed.total]
        said += inside(desk, killed, closes=len(claims) == 1)
        said += _with_wounded(desk, claims)
    else:
        said = [
            f"{when}, ",
            *_people(desk, killed),
            f" {_verb(killed.total)} {_harmed(desk, 'killed')}",
            *_and_wounded(desk, claims),
            f" in {attack}",
            *(inside(desk, killed, closes=True) if len(claims) == 1 else []),
        ]
        apart = apart or len(claims) > 1
    desk.page.say(*_sourced(desk, claimant, said), joint=joint)
    if apart and len(killed.slots) > 1:
        desk.page.say(*_follow_up(desk, killed))
    _share_of_children(desk, killed)
    _nobody_of_a_group(desk, killed)
    if desk.chance(0.1):
        _superseded(desk, killed)
    if len(claims) > 1 and len(claims[1].slots) > 1 and not _are_printed(desk, claims[1]):
        desk.page.say(*_follow_up(desk, claims[1]))
    desk.page.claims += claims
    if desk.chance(0.25):
        _facilities(desk, killed)


def _headline(desk: Desk, claim: ClaimDraft, place: str) -> bool:
    """A heading with the total once more, where it is a plain number."""
    value = claim.total.value
    if value is None or not _are_exact(claim, ("total",)):
        return False
    again = Figure(str(value), value)
    claim.repeats.append(again)
    desk.page.say(again, f" killed in {place}", joint="\n\n")
    return True


def _paragraph(desk: Desk) -> str:
    return "\n\n" if desk.chance(0.5) else " "


def _and_wounded(desk: Desk, claims: list[ClaimDraft], verb: str | None = None) -> Pieces:
    """The wounded in the same clause, as a passive or behind a verb."""
    if len(claims) < 2:
        return []
    total = claims[1].total
    if verb is None:
        other = desk.one_of(" others", " more", "")
        return [" and ", total, f"{other} {_harmed(desk, 'injured')}"]
    if verb:
        return [f" and {verb}", total, desk.one_of(" others", " people", " more")]
    return [" and ", total, desk.one_of(" wounded", " others injured")]


def _with_wounded(desk: Desk, claims: list[ClaimDraft]) -> Pieces:
    return [] if len(claims) < 2 else [" with ", claims[1].total, " wounded"]


def _are_printed(desk: Desk, claim: ClaimDraft) -> bool:
    """Whether the parts of a claim stand in a sentence already."""
    printed = {id(p) for s in desk.page.sentences for p in s if isinstance(p, Figure)}
    return all(id(figure) in printed for figure in claim.slots.values())


def period_toll(desk: Desk, room: int) -> None:
    """A claimant's toll of a stretch of time, broken down by party, place or day."""
    outcome: Outcome = desk.random.choice(["killed", "killed", "killed", "injured", "detained"])
    head = ClaimDraft(outcome, {"total": desk.figure(_toll(desk, 900) + 6, qualified=0.25)})
    if head.total.qualifier in ("at_most", "fewer_than", "vague"):
        head.slots["total"] = desk.figure(max(8, head.total.least))
    head.claimant, head.scope = desk.claimant(), "period"
    when, head.period = _stretch(desk)
    place = desk.random.choice(words.CITIES)
    head.places = [place]
    _draw_parts(desk, head)
    desk.page.say(*_documented(desk, head, f"in {place} {when}"), joint=_paragraph(desk))
    _share_of_children(desk, head)
    desk.page.claims.append(head)
    if room > 1:
        dimensions = [_by_party, _by_place, _by_place, _by_day, _by_weapon]
        desk.random.choice(dimensions)(desk, head, room - 1)


def _documented(desk: Desk, head: ClaimDraft, where: str) -> Pieces:
    """The first sentence of a toll, with its source and its parts."""
    source = _the(head.claimant or "office")
    nouns = NOUN_OF[head.outcome]
    form = desk.one_of("deaths of", "noun", "passive", "people")
    if form == "noun" and nouns:
        singular, plural = desk.random.choice(nouns)
        verb = desk.one_of("documented", "recorded", "counted", "verified")
        civil = desk.chance(0.4)
        head.victims = "civilians" if civil else "unspecified"
        noun = ("civilian " if civil else "") + (singular if head.total.is_one else plural)
        opening = f"{source} {verb} "
        return [opening, head.total, f" {noun} {where}", *_including(desk, head, closes=True), "."]
    people = _people(desk, head)
    if form == "deaths of" and head.outcome == "killed":
        inside = _including(desk, head, closes=False)
        return [f"{source} documented the deaths of ", *people, *inside, f" {where}."]
    inside = _including(desk, head, closes=False)
    verb = f" {_verb(head.total)} {HARM[head.outcome][0]} {where}"
    return _sourced(desk, head.claimant, [*people, *inside, verb])


def _slices(desk: Desk, head: ClaimDraft, room: int, parts: float) -> list[ClaimDraft]:
    """Claims that are part of a toll and that its total and its parts have room for."""
    left = {
        name: _room_of(head.slots[name])
        for name in ("total", "children", "women")
        if name in head.slots
    }
    slices: list[ClaimDraft] = []
    for value in _share_out(desk, left["total"], min(room, desk.random.randint(2, 4))):
        total = desk.figure(value, qualified=0.12, room=value)
        if total.value is None or total.qualifier in ("more_than", "fewer_than"):
            total = desk.figure(value)
        part = ClaimDraft(head.outcome, {"total": total})
        part.parent, part.claimant, part.scope = head, head.claimant, head.scope
        part.period, part.victims = head.period, head.victims
        inside = value
        for name in ("children", "women"):
            most = min(inside, left.get(name, inside))
            if most > 0 and value > 1 and total.qualifier != "at_most" and desk.chance(parts):
                share = desk.random.randint(1, most)
                part.slots[name] = desk.figure(share)
                inside -= share
                if name in left:
                    left[name] -= share
        slices.append(part)
    return slices


def _room_of(figure: Figure) -> int:
    """How many people parts may print for it not to be exceeded by them."""
    value = figure.value if figure.value is not None else figure.least
    return value - 1 if figure.qualifier == "fewer_than" else value


def _by_party(desk: Desk, head: ClaimDraft, room: int) -> None:
    """Slices by the party held responsible, each a sentence or two in one."""
    for nth, part in enumerate(_slices(desk, head, room, 0.4)):
        party = desk.party()
        part.perpetrators, part.attribution = [party], "stated"
        said = _blamed(desk, part, party, comes_first=nth == 0)
        desk.page.say(*said, joint=" " if nth else _paragraph(desk))
        desk.page.claims.append(part)


def _blamed(desk: Desk, part: ClaimDraft, party: str, *, comes_first: bool) -> Pieces:
    """A slice of one party; only the first can lean on the toll before it with "of these"."""
    said: Pieces
    nouns = NOUN_OF[part.outcome]
    form = desk.one_of("responsible", "active", "blamed", *(["of these"] if comes_first else []))
    if form == "responsible" and nouns:
        singular, plural = nouns[0]
        noun = singular if part.total.is_one else plural
        said = [f"The {party} was responsible for ", part.total, f" {noun}"]
    elif form == "blamed" and part.outcome == "killed":
        part.attribution = "alleged"
        said = [f"The {party} was blamed for the deaths of ", *_crowd(desk, part)]
    elif form == "of these":
        harmed = HARM[part.outcome][0]
        said = ["Of these, ", part.total, f" {_verb(part.total)} {harmed} by the {party}"]
    else:
        verb = HARM[part.outcome][0]
        said = [f"The {party} {verb} ", *_crowd(desk, part)]
    return [*said, *_including(desk, part, closes=True), "."]


def _crowd(desk: Desk, part: ClaimDraft) -> Pieces:
    """A slice's total with a noun that says no more of the victims than the toll did."""
    one = part.total.is_one
    if part.victims == "civilians":
        return [part.total, " civilian" if one else " civilians"]
    return [part.total, " person" if one else " people"]


def _by_place(desk: Desk, head: ClaimDraft, room: int) -> None:
    """Slices by place: a list under a heading, a sentence each, or one sentence for all."""
    slices = _slices(desk, head, room, 0.35)
    for part in slices:
        part.places = [desk.place()]
    form = desk.one_of("bullets", "sentences", "one")
    harmed = HARM[head.outcome][0]
    if form == "bullets":
        lead = desk.one_of(f"People {harmed} by place:", f"Breakdown of those {harmed}:")
        desk.page.say(lead, joint="\n\n")
        for part in slices:
            said = [f"{part.places[0]}: ", part.total, f" {harmed}"]
            said += _including(desk, part, closes=True)
            desk.page.say(*said, joint="\n- ")
    elif form == "sentences":
        for part in slices:
            desk.page.say(*_in_place(desk, part))
    else:
        items: list[Pieces] = []
        for nth, part in enumerate(slices):
            part.slots = {"total": part.total}
            noun = (" person" if part.total.is_one else " people") if nth == 0 else ""
            verb = f" {_verb(part.total)} {harmed}" if nth == 0 else ""
            items.append([part.total, f"{noun}{verb} in {part.places[0]}"])
        desk.page.say(*joined(items), ".")
    desk.page.claims += slices


def _in_place(desk: Desk, part: ClaimDraft) -> Pieces:
    harmed = HARM[part.outcome][0]
    place = part.places[0]
    people = _crowd(desk, part)
    if desk.chance(0.5):
        inside = _including(desk, part, closes=False)
        return [f"In {place}, ", *people, *inside, f" {_verb(part.total)} {harmed}."]
    inside = _including(desk, part, closes=True)
    return [*people, f" {_verb(part.total)} {harmed} in {place}", *inside, "."]


def _by_day(desk: Desk, head: ClaimDraft, room: int) -> None:
    """Slices by day, within the toll's own stretch of time."""
    period = head.period
    if period is None or period.start is None or period.end is None:
        return
    days = (period.end - period.start).days
    slices = _slices(desk, head, min(room, days), 0.25)
    offsets = sorted(desk.random.sample(range(days + 1), len(slices)))
    harmed = HARM[head.outcome][0]
    for part, offset in zip(slices, offsets, strict=True):
        when, part.period = _on(desk, period.start + timedelta(days=offset))
        people = _crowd(desk, part)
        inside = _including(desk, part, closes=True)
        if desk.chance(0.5):
            desk.page.say(f"{when}, ", *people, f" {_verb(part.total)} {harmed}", *inside, ".")
        else:
            desk.page.say(*people, f" {_verb(part.total)} {harmed} {when}", *inside, ".")
    desk.page.claims += slices


def _by_weapon(desk: Desk, head: ClaimDraft, room: int) -> None:
    """Slices by what the people were harmed with, in one sentence or one each."""
    if head.outcome not in ("killed", "injured"):
        _by_place(desk, head, room)
        return
    slices = _slices(desk, head, min(room, len(words.CAUSES)), 0.2)
    causes = desk.random.sample(words.CAUSES, len(slices))
    harmed = HARM[head.outcome][0]
    for part, (cause, weapon) in zip(slices, causes, strict=True):
        part.weapons = [weapon]
        people = _crowd(desk, part)
        inside = _including(desk, part, closes=True)
        if desk.chance(0.5):
            desk.page.say(f"{cause} {harmed} ", *people, *inside, ".")
        else:
            desk.page.say(*people, f" {_verb(part.total)} {harmed} by {cause}", *inside, ".")
    desk.page.claims += slices


def casualties(desk: Desk, room: int) -> None:
    """Killed and injured that sum to a printed number of casualties."""
    dead, hurt = _toll(desk, 90), _toll(desk, 90)
    claimant, place = desk.claimant(), desk.place()
    when, period = _stretch(desk)
    whole = ClaimDraft("casualties", {"total": desk.figure(dead + hurt)})
    killed = ClaimDraft("killed", {"total": desk.figure(dead)}, parent=whole)
    injured = ClaimDraft("injured", {"total": desk.figure(hurt)}, parent=whole)
    for claim in (whole, killed, injured):
        claim.claimant, claim.places = claimant, [place]
        claim.scope, claim.period = "period", period
    verb = desk.one_of("recorded", "verified", "documented")
    opening: Pieces = [f"{_the(claimant)} {verb} ", whole.total, " casualties"]
    where = f" in {place} {when}"
    if desk.chance(0.5):
        desk.page.say(
            *opening,
            f"{where}: ",
            killed.total,
            " killed and ",
            injured.total,
            " injured.",
            joint=_paragraph(desk),
        )
    else:
        desk.page.say(*opening, f"{where}.", joint=_paragraph(desk))
        desk.page.say(
            "Of those, ",
            killed.total,
            f" {_verb(killed.total)} killed and ",
            injured.total,
            f" {_verb(injured.total)} wounded.",
        )
    desk.page.claims += [whole, killed, injured]


def cumulative(desk: Desk, room: int) -> None:
    """Everything since a start."""
    outcome: Outcome = desk.random.choice(["killed", "killed", "detained", "abducted", "missing"])
    claim = ClaimDraft(outcome, {"total": desk.figure(_toll(desk, 9000), qualified=0.4)})
    claim.claimant, claim.scope = desk.claimant(), "cumulative"
    year = desk.published.year - desk.random.randint(1, 9)
    month = desk.random.randint(1, 12)
    since = f"{words.MONTHS[month - 1]} {year}"
    claim.period = Period(start=date(year, month, 1), end=None, as_written=f"since {since}")
    _draw_parts(desk, claim)
    people = _people(desk, claim)
    verb = f"have been {_harmed(desk, outcome)}" if outcome != "missing" else "have gone missing"
    verb = verb.replace("have", "has") if claim.total.is_one else verb
    inside = _including(desk, claim, closes=False)
    said: Pieces
    if desk.chance(0.5):
        said = [f"since {since}, ", *people, *inside, f" {verb}"]
    else:
        said = [*people, *inside, f" {verb} since {since}"]
    desk.page.say(*_sourced(desk, claim.claimant, said), joint=_paragraph(desk))
    desk.page.claims.append(claim)


def in_detention(desk: Desk, room: int) -> None:
    """A stock on a day."""
    claim = ClaimDraft("detained", {"total": desk.figure(_toll(desk, 2000) + 3, qualified=0.3)})
    claim.claimant, claim.scope = desk.claimant(), "snapshot"
    _draw_parts(desk, claim)
    opening = desk.one_of(" are still held in ", " remain in detention in ", " are being held in ")
    city = desk.random.choice(words.CITIES)
    claim.places = [city]
    said = [*_people(desk, claim), f"{opening}{city}", *_including(desk, claim, closes=True)]
    desk.page.say(f"{_the(claim.claimant)} said that ", *said, ".", joint=_paragraph(desk))
    desk.page.claims.append(claim)


def one_group(desk: Desk, room: int) -> None:
    """A toll of one group only: the number is the total and the group."""
    group = desk.random.choice(["children", "women", "journalists", "aid_workers", "students"])
    outcome: Outcome = desk.random.choice(["killed", "injured", "abducted", "detained"])
    value = desk.random.randint(1, 14)
    total = _one_named(desk, group) if value == 1 else desk.figure(value, qualified=0.2)
    claim = ClaimDraft(outcome, {"total": total, group: total})
    claim.claimant, claim.places = desk.claimant(), [desk.place()]
    when, claim.period = _on(desk, _day(desk))
    verb = f" {_verb(total)} {_harmed(desk, outcome)}"
    said = [*_counted(desk, group, total), f"{verb} in {claim.places[0]} {when}"]
    desk.page.say(*_sourced(desk, claim.claimant, said), joint=_paragraph(desk))
    desk.page.claims.append(claim)


def denial(desk: Desk, room: int) -> None:
    """A printed zero."""
    claimant, place = desk.claimant(), desk.place()
    form = desk.one_of("no casualties", "nobody", "no civilians")
    outcome: Outcome = "casualties" if form == "no casualties" else "killed"
    total = Figure("nobody" if form == "nobody" else "no", 0)
    claim = ClaimDraft(outcome, {"total": total})
    claim.claimant, claim.places = claimant, [place]
    said: Pieces
    if form == "no casualties":
        said = [total, f" casualties were reported in {place}"]
    elif form == "nobody":
        said = [total, f" was killed in {place}"]
    else:
        claim.victims = "civilians"
        said = [total, f" civilians were killed in {place}"]
    desk.page.say(*_sourced(desk, claimant, said), joint=_paragraph(desk))
    desk.page.claims.append(claim)


def admission(desk: Desk, room: int) -> None:
    """A party that says of itself whom it killed."""
    party = desk.party()
    group = desk.one_of("security_forces", "police", "fighters")
    total = desk.figure(desk.random.randint(2, 30), qualified=0.2)
    claim = ClaimDraft("killed", {"total": total, group: total}, claimant=party)
    claim.victims = "unspecified" if group == "police" else "combatants"
    claim.perpetrators, claim.attribution = [party], "claimed"
    place = desk.place()
    claim.places = [place]
    when, claim.period = _on(desk, _day(desk))
    people = _counted(desk, group, total)
    said: Pieces
    if desk.chance(0.5):
        said = [f"The {party} said it had killed ", *people, f" in {place} {when}."]
    else:
        said = [f"The {party} claimed responsibility for an ambush near {place} that killed "]
        said += [*people, f" {when}."]
    desk.page.say(*said, joint=_paragraph(desk))
    desk.page.claims.append(claim)


def second_opinion(desk: Desk, room: int) -> None:
    """Two claimants who count the same event differently."""
    place = desk.place()
    when, period = _on(desk, _day(desk))
    value = _toll(desk, 80)
    other = value + desk.random.randint(1, max(1, value // 3))
    first = ClaimDraft("killed", {"total": desk.figure(value)})
    second = ClaimDraft("killed", {"total": desk.figure(other, qualified=0.3)})
    for claim in (first, second):
        claim.claimant, claim.places, claim.period = desk.claimant(), [place], period
    _draw_parts(desk, first)
    people = _people(desk, first)
    inside = _including(desk, first, closes=False)
    verb = f" {_verb(first.total)} killed in {place} {when}"
    desk.page.say(*_sourced(desk, first.claimant, [*people, *inside, verb]), joint=_paragraph(desk))
    name = _the(second.claimant or "office")
    desk.page.say(
        *desk.random.choice(
            (
                [f"{name}, however, put the death toll in {place} at ", second.total, "."],
                [f"{name} gave the number of deaths in {place} as ", second.total, "."],
                [f"{name} counted ", second.total, f" dead in {place} {when}."],
            )
        )
    )
    desk.page.claims += [first, second]


CHAPTERS: tuple[tuple[Callable[[Desk, int], None], int], ...] = (
    (incident, 1),
    (incident, 1),
    (incident, 2),
    (period_toll, 1),
    (period_toll, 3),
    (period_toll, 4),
    (casualties, 3),
    (cumulative, 1),
    (in_detention, 1),
    (one_group, 1),
    (denial, 1),
    (admission, 1),
    (second_opinion, 2),
)
"""What a report is made of, with the claims each needs at least."""


def _facilities(desk: Desk, claim: ClaimDraft) -> None:
    """A sentence on places that the event damaged, one or two kinds of them."""
    effect = desk.one_of("damaged", "destroyed")
    kinds = desk.random.sample(sorted(words.FACILITIES), desk.random.randint(1, 2))
    items: list[Pieces] = []
    for kind in kinds:
        singular, plural = words.FACILITIES[kind]
        value = desk.random.randint(1, 12)
        if value == 1:
            figure = Figure(words.article(singular), 1, basis="counted", counts="places")
            items.append([figure])
        else:
            figure = desk.figure(value, qualified=0.2)
            figure.counts = "places"
            items.append([figure, f" {plural}"])
        draft = FacilityDraft(
            kind,  # type: ignore[arg-type]
            effect,
            figure,
            claim.claimant,
            list(claim.weapons),
            list(claim.places),
        )
        desk.page.facilities.append(draft)
    opening: Piece = desk.one_of("The attack also ", "The same attack ", "It also ")
    desk.page.say(opening, f"{effect} ", *joined(items), ".")


def _asides(desk: Desk) -> None:
    """Now and then a sentence whose numbers are no people, or one without any."""
    if desk.chance(0.45):
        _aside(desk)
    if desk.chance(0.3):
        desk.page.say(desk.random.choice(words.FILLER))


def _aside(desk: Desk) -> None:
    said = desk.random.choice(words.ASIDES).format(
        year=desk.random.randint(1975, desk.published.year - 2),
        small=desk.random.randint(2, 29),
        large=desk.random.randint(101, 2900),
        age=desk.random.randint(19, 71),
        thousands=f"{desk.random.randint(2, 90)},000",
    )
    desk.page.say(said)


def _fill(desk: Desk) -> int:
    sentence = desk.random.choice(words.FILLER)
    desk.page.say(sentence, joint=_paragraph(desk) if desk.chance(0.3) else " ")
    return len(sentence.split())
