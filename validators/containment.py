"""Rules A05 and A06: claims that are part of another one, against it and against siblings."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date

from llm_extract.cues import cue_table
from llm_extract.record import Evidence, Finding, RecordClaim
from llm_extract.schema import Outcome, Weapon
from llm_extract.validators.arithmetic import SEXES_AND_AGES, sum_within, verdict
from llm_extract.validators.rule import OPEN_BOUND, READING, SUMS, Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.terms import Held, Row, Term, days_of, in_order, same_name
from llm_extract.validators.wording import cut, found, listed, named

CONTAINED: dict[Outcome, frozenset[Outcome]] = {
    "casualties": frozenset({"casualties", "killed", "injured"}),
    "detained": frozenset({"detained", "killed"}),
    "missing": frozenset({"missing", "killed"}),
    "injured": frozenset({"injured", "killed"}),
    "abducted": frozenset({"abducted", "killed"}),
}
"""Outcomes that a part may have where not only the whole's own: the rule catalogue's list, and
those abducted who were killed."""

WEAPON_FAMILIES: dict[Weapon, frozenset[Weapon]] = {
    "airstrike": frozenset({"drone", "barrel_bomb", "cluster_munition", "missile", "rocket"}),
    "artillery": frozenset({"mortar", "rocket", "cluster_munition"}),
    "ied": frozenset({"vehicle_bomb", "suicide_attack", "landmine"}),
    "suicide_attack": frozenset({"vehicle_bomb"}),
    "small_arms": frozenset({"sniper", "execution"}),
    "missile": frozenset({"rocket"}),
}
"""Weapons that may be meant by the wider word on the left: siblings of the two may share people."""

Slices = frozenset[Hashable]


def siblings_within_parent(given: RuleInput) -> Iterator[Finding]:
    """A05: parts of one claim along one dimension sum to no more than it, slot by slot.

    Siblings are summed along a dimension when their values on it are stated, differ from the
    parent's and share nothing with one another; of those that share something (a joint attack
    beside the attacks of one of its parties) the narrower one is kept. A part alone is checked too.
    """
    for parent, siblings in _families(given):
        for field in ("total", *SEXES_AND_AGES):
            whole = parent.terms.get(field)
            if whole is not None:
                yield from _slot_within(given, whole, siblings)


def parts_fit_their_parents(given: RuleInput) -> Iterator[Finding]:
    """A06: no circle; a part has its parent's claimant, a fitting outcome, and lies in its period.

    A part that names no claimant or date inherits it. Of one event people die, are found dead or
    still lie in hospital on later days: such parts may be dated after it, never before. Another
    party is a warning, since a unit may belong to an army; so is another place than that of a whole
    which is a place's part itself, since a town may lie in a region.
    """
    yield from _circles(given)
    for row in given.claims:
        child = row.held
        if child.part_of is None:
            continue
        above = given.parent_of(row)
        if above is None:
            yield _misfit(child, [], "is part of a claim that does not exist", "part_of")
            continue
        parent = above.held
        if child.part_of_id is not None and child.part_of_id != parent.id:
            why = f"is part of {parent.id} by index but of {cut(child.part_of_id)} by id"
            yield _misfit(child, [parent], why, "part_of")
        if child.outcome not in contained_in(parent.outcome):
            why = f"cannot be part of {named(parent)}: {parent.outcome} holds no {child.outcome}"
            yield _misfit(child, [parent], why, "outcome")
        if (
            child.claimant is not None
            and parent.claimant is not None
            and row.speaker != above.speaker
        ):
            why = f"is part of {named(parent)}, a figure of another claimant"
            yield _misfit(child, [parent], why, "claimant")
        yield from _elsewhere(given, row, above)
        if not _lies_inside(row, above):
            why = (
                f"is dated {_dates(child)}, outside {_dates(parent)} of {named(parent)} "
                "that it is part of"
            )
            yield _misfit(child, [parent], why, "period")


def contained_in(outcome: Outcome) -> frozenset[Outcome]:
    """The outcomes that a part of such a claim may have."""
    return CONTAINED.get(outcome) or frozenset({outcome})


def apart_on(one: RecordClaim, other: RecordClaim) -> frozenset[str]:
    """The dimensions on which both claims state something and share nothing."""
    return frozenset(
        name
        for name, slices_of in DIMENSIONS.items()
        if (mine := slices_of(one)) and (theirs := slices_of(other)) and not _share(mine, theirs)
    )


def _families(given: RuleInput) -> Iterator[tuple[Row[RecordClaim], list[Row[RecordClaim]]]]:
    """Each parent with its parts of one outcome, in order of their ids."""
    parts: dict[tuple[int, Outcome], list[Row[RecordClaim]]] = {}
    for child in given.claims:
        link = child.held.part_of
        parent = None if link is None else given.parent_of(child)
        if link is not None and parent is not None and parent.held is not child.held:
            parts.setdefault((link, child.held.outcome), []).append(child)
    for (index, _), same in parts.items():
        yield given.claims[index], sorted(same, key=lambda row: in_order(row.held))


def _slot_within(
    given: RuleInput, whole: Term, siblings: Sequence[Row[RecordClaim]]
) -> Iterator[Finding]:
    fitting: list[Term] = []
    for child in siblings:
        term = child.terms.get(whole.field)
        if term is None:
            continue
        alone = verdict([term], whole)
        if alone is not None:
            yield from sum_within(given, "A05", [term], whole)
        if alone != "error":
            fitting.append(term)
    if len(fitting) < 2 or verdict(fitting, whole) is None:
        return
    told: set[frozenset[str]] = set()
    for dimension, slices_of in DIMENSIONS.items():
        apart = _disjoint(fitting, whole.held, slices_of)
        who = frozenset(term.held.id for term in apart)
        if len(apart) > 1 and who not in told:
            told.add(who)
            yield from sum_within(given, "A05", apart, whole, dimension=dimension)


def _disjoint(
    terms: Sequence[Term],
    parent: Held,
    slices_of: Callable[[Held], Slices],
) -> list[Term]:
    """Terms that share nothing on a dimension, as many people of them as can be told quickly."""
    own = slices_of(parent)
    stated: list[tuple[Term, Slices]] = []
    for term in terms:
        slices = slices_of(term.held)
        if slices and slices != own:
            stated.append((term, slices))
    apart = _apart_in_time(stated) if slices_of is _days else _apart_by_name(stated)
    chosen = {id(term) for term in apart}
    return [term for term in terms if id(term) in chosen]


def _apart_in_time(stated: Sequence[tuple[Term, Slices]]) -> list[Term]:
    """Terms of periods that share no day: of all such choices the one of most people."""
    spans = [
        (term, span[0], span[1])
        for term, slices in stated
        for span in slices
        if isinstance(span, tuple)
    ]
    spans.sort(key=lambda item: item[2])
    ends = [end for _, _, end in spans]
    before = [bisect_left(ends, start, hi=nth) for nth, (_, start, _) in enumerate(spans)]
    most = [0]
    for nth, (term, _, _) in enumerate(spans):
        most.append(max(most[nth], most[before[nth]] + term.count.low))
    kept: list[Term] = []
    nth = len(spans)
    while nth > 0:
        if most[nth] == most[nth - 1]:
            nth -= 1
        else:
            kept.append(spans[nth - 1][0])
            nth = before[nth - 1]
    return kept


def _apart_by_name(stated: Sequence[tuple[Term, Slices]]) -> list[Term]:
    """Terms of names that share nothing: single names before joint ones, then large before small.

    Each name is compared with those kept that have its rarest word, so a long list costs little
    more than reading it.
    """
    names = [
        (term, [one for one in slices if isinstance(one, frozenset)]) for term, slices in stated
    ]
    often = Counter(word for _, every in names for one in every for word in one)
    names.sort(key=lambda item: (len(item[1]), -item[0].count.low))
    by_rarest: dict[Hashable, list[frozenset[Hashable]]] = {}
    by_word: dict[Hashable, list[frozenset[Hashable]]] = {}

    def rarest(name: frozenset[Hashable]) -> Hashable:
        return min(name, key=lambda word: (often[word], str(word)))

    def is_free(name: frozenset[Hashable]) -> bool:
        inside = (kept for word in name for kept in by_rarest.get(word, ()))
        around = by_word.get(rarest(name), ())
        return not (any(kept <= name for kept in inside) or any(name <= kept for kept in around))

    kept_terms: list[Term] = []
    for term, every in names:
        if all(map(is_free, every)):
            kept_terms.append(term)
            for name in every:
                by_rarest.setdefault(rarest(name), []).append(name)
                for word in name:
                    by_word.setdefault(word, []).append(name)
    return kept_terms


def _share(first: Slices, second: Slices) -> bool:
    return any(_overlap(one, other) for one in first for other in second)


def _overlap(one: Hashable, other: Hashable) -> bool:
    """Whether two parties, places, weapons or periods may be about the same people."""
    if one == other:
        return True
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one <= other or other <= one
    if isinstance(one, tuple) and isinstance(other, tuple):
        return bool(one[0] <= other[1] and other[0] <= one[1])
    return False


def _parties(claim: Held) -> Slices:
    return _name_slices(claim.perpetrators)


def _places(claim: Held) -> Slices:
    return _name_slices(claim.places)


def _name_slices(names: Iterable[str]) -> Slices:
    return frozenset(frozenset(words) for name in names if (words := same_name(name)))


def _weapons(claim: Held) -> Slices:
    return frozenset(
        frozenset({weapon, *WEAPON_FAMILIES.get(weapon, ())}) for weapon in claim.weapons
    )


def _days(claim: Held) -> Slices:
    days = days_of(claim)
    return frozenset() if days is None else frozenset({(days[0] or date.min, days[1] or date.max)})


DIMENSIONS: dict[str, Callable[[Held], Slices]] = {
    "perpetrator": _parties,
    "place": _places,
    "weapon": _weapons,
    "period": _days,
}
"""What a toll is broken down by, with the values a claim has there."""


def _circles(given: RuleInput) -> Iterator[Finding]:
    """One finding for each circle of part_of links, in time linear in the claims."""
    claims = given.record.claims
    if all(claim.part_of is None or claim.part_of < nth for nth, claim in enumerate(claims)):
        return  # links that only lead back never meet themselves
    seen: dict[int, int] = {}
    for start in range(len(claims)):
        path: list[int] = []
        at: int | None = start
        while at is not None and 0 <= at < len(claims) and at not in seen:
            seen[at] = start
            path.append(at)
            at = claims[at].part_of
        if at is not None and seen.get(at) == start and at in path:
            circle = sorted((claims[i] for i in path[path.index(at) :]), key=in_order)
            others = listed([claim.id for claim in circle[1:]])
            why = f"is part of itself through {others}" if others else "is part of itself"
            yield _misfit(circle[0], circle[1:], why, "part_of")


def _lies_inside(row: Row[RecordClaim], above: Row[RecordClaim]) -> bool:
    inner, outer = row.days, above.days
    if inner is None or outer is None:
        return True
    child, parent = row.held, above.held
    begin, end = outer
    if parent.scope == "incident" and (child.outcome == "killed" or child.scope == "snapshot"):
        end = None
    return all(
        (begin is None or begin <= day) and (end is None or day <= end)
        for day in inner
        if day is not None
    )


def _elsewhere(
    given: RuleInput, row: Row[RecordClaim], above: Row[RecordClaim]
) -> Iterator[Finding]:
    """A part blamed on another party than its whole, or of another place than a place's part.

    The quotes may explain it: "the army killed 40, including 12 by its air force" names both.
    """
    child, parent = row.held, above.held
    region = given.parent_of(above)
    for field, mine, theirs in (
        ("perpetrators", child.perpetrators, parent.perpetrators),
        ("places", child.places, parent.places),
    ):
        if not mine or not theirs or mine == theirs or (field == "places" and region is None):
            continue
        own, around = _name_slices(mine), _name_slices(theirs)
        if not own or not around or _share(own, around) or _quotes_name(given, child, around):
            continue
        if field == "places" and region is not None and _share(around, _places(region.held)):
            continue
        inner, outer = (listed([cut(name) for name in names]) for names in (mine, theirs))
        yield found(
            "A06",
            "warning",
            "extraction",
            f"{named(child)} is of {inner}, but part of {named(parent)}, which is of {outer}",
            claims=[child, parent],
            fields=[field],
        )


def _quotes_name(given: RuleInput, claim: RecordClaim, names: Slices) -> bool:
    """Whether a quote holds one of the names, or leans on its sentence ("21 of them") that does."""
    return any(
        isinstance(name, frozenset) and name <= set(same_name(words))
        for quote in claim.evidence
        for words in (quote.quote, _leaned_on(given, quote))
        for name in names
    )


def _leaned_on(given: RuleInput, quote: Evidence) -> str:
    table = cue_table(given.record.report.language)
    sentence = given.sentence_at(quote.start) if quote.start is not None else None
    if sentence is None or not table.pattern("context", "of_container").search(quote.quote):
        return ""
    return sentence.text(given.text)


def _dates(claim: RecordClaim) -> str:
    span = claim.period
    if span is None:
        return "at no date"
    if span.start == span.end and span.start is not None:
        return span.start.isoformat()
    start = span.start.isoformat() if span.start else "an open start"
    end = span.end.isoformat() if span.end else "an open end"
    return f"{start} to {end}"


def _misfit(child: RecordClaim, others: Sequence[RecordClaim], why: str, field: str) -> Finding:
    return found(
        "A06",
        "error",
        "extraction",
        f"{named(child)} {why}",
        claims=[child, *others],
        fields=[field],
    )


RULES = (
    Rule(
        "A05",
        "claims part_of the same claim along one dimension (party, place, weapon, day) sum to <= "
        "the parent, for total and for each of children, women, men",
        "error",
        SUMS,
        f"{OPEN_BOUND} Siblings that share a party, place, weapon or day (joint attacks) are not "
        "summed with one another; nor are those that inherit the parent's.",
        siblings_within_parent,
    ),
    Rule(
        "A06",
        "a part_of child has the parent's claimant, an outcome the parent's can contain, and lies "
        "inside its period; its party is the parent's; no part_of circle",
        "error",
        READING,
        "A part that states no claimant or date inherits it, and a parent in the report's own "
        "voice may have a named part. People of one event who died, were found dead or still lay "
        "in hospital later are dated after it. Another party is a warning, and none where the "
        "part's quotes name the parent's too. So is another place, but only beside a whole that is "
        "part of a wider place itself: names don't tell whether a town lies in a region.",
        parts_fit_their_parents,
    ),
)
