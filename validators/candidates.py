"""Candidates: the changes of a record that the report's own numbers and claims offer.

A number is offered to a slot only if no slot has it yet, it stands in the claim's sentences or
beside them, and the noun it counts does not speak against it ("16 women" is never offered as
children). Whether a change helps is not asked here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product

from llm_extract.changes import CLAIM, COUNT, GROUPS, PART_OF, PLAIN_SLOTS, count_at
from llm_extract.lexicon import Noun
from llm_extract.numbers.mention import Mention
from llm_extract.record import Change, RecordClaim, RecordCount, RecordFacility
from llm_extract.validators.binding import counts_casualties, listed_mentions, names_victims
from llm_extract.validators.containment import apart_on, contained_in
from llm_extract.validators.repetition import identity
from llm_extract.validators.rule_input import RuleInput, run_of
from llm_extract.validators.terms import Held, counts_of, in_order, says

Changes = tuple[Change, ...]
Slot = tuple[str, str]
"""Id of a claim or facility and the name of one of its slots."""

NEIGHBOURS = 6
"""Other claims that a number may change places with: a toll has rarely more parts in a sentence."""

FITS, UNTOLD = 0, 1
"""The noun beside a number names the slot; no noun tells."""


@dataclass(frozen=True)
class Candidates:
    """What may be changed in one record, each kind of change with the most plausible first."""

    given: RuleInput

    def rivals(self, starts: Collection[int]) -> list[Slot]:
        """Slots that have a number and would fit one at these offsets that no slot has."""
        mentions = [m for m in self._free if m.start in starts]
        return [
            (held.id, field)
            for held in self._holders
            for field in self._slots[held.id]
            if any(self._speaks_of(held, m) and self._fit(m, field) == FITS for m in mentions)
        ]

    def replaced(self, slots: Iterable[Slot]) -> Iterator[Changes]:
        """Another number for a slot: one that no slot has, or its own as the ledger reads it."""
        for slot in self._known(slots):
            for mention in self._offered(slot):
                yield (self._set(slot, mention),)

    def relinked(self, ids: Iterable[str]) -> Iterator[Changes]:
        """Another claim as the one that a claim is part of."""
        for child in self._claims_of(ids):
            for parent in self._parents_for(child):
                yield (_link(child, parent.id),)

    def merged(self, ids: Iterable[str]) -> Iterator[Changes]:
        """One claim for claims that say the same: the later ones go into the first."""
        alike: dict[object, list[RecordClaim]] = {}
        for claim in self._claims_of(ids):
            alike.setdefault((identity(claim), claim.part_of), []).append(claim)
        for first, *others in alike.values():
            if others:
                yield tuple(
                    Change(
                        claim=other.id,
                        field=CLAIM,
                        before=other.id,
                        after=first.id,
                        start=None,
                        end=None,
                    )
                    for other in others
                )

    def filled(self, starts: Collection[int]) -> Iterator[Changes]:
        """Empty slots of one claim for all numbers at these offsets, by the nouns beside them."""
        mentions = [m for m in self._free if m.start in starts]
        if not mentions or len(mentions) < len(starts):
            return
        for held in self._holders:
            if not all(self._speaks_of(held, mention) for mention in mentions):
                continue
            slots = [self._empty_slot(held, mention) for mention in mentions]
            if None not in slots and len(set(slots)) == len(slots):
                pairs = zip(slots, mentions, strict=True)
                yield tuple(self._set(slot, m) for slot, m in pairs if slot is not None)

    def rearranged(self, slots: Sequence[Slot]) -> Iterator[Changes]:
        """Two slots changed and no number lost: a swap, a move, one of these with a new number."""
        known = self._known(slots)
        yield from self._unique(self._swapped(known))
        yield from self._handed_over(known)
        yield from self._moved(known)
        yield from self._replaced_together(known)

    def emptied(self, slots: Iterable[Slot], ids: Iterable[str]) -> Iterator[Changes]:
        """A slot left empty while the report has no number of its noun, a claim part of none."""
        for child in self._claims_of(ids):
            if child.part_of is not None or child.part_of_id is not None:
                yield (_link(child, None),)
        for slot in self._known(slots):
            id, field = slot
            derived = self._slots[id][field].basis == "derived"
            named = any(self._fit(m, field) == FITS for m in self._offered(slot))
            if len(self._slots[id]) > 1 and not derived and not named:
                yield (self._set(slot, None),)

    def doubts(self, changes: Changes) -> tuple[int, int, int]:
        """What speaks against a change, gravest first.

        Numbers whose noun does not tell, numbers from outside the claim's quotes, and other tolls
        that stand between a number and the total it would belong to.
        """
        taken = [
            (change, mention)
            for change in changes
            if change.start is not None
            and change.end is not None
            and (mention := self.given.mention_at(change.start, change.end)) is not None
        ]
        return (
            sum(self._fit(mention, change.field) != FITS for change, mention in taken),
            sum(m not in self._mentions[c.claim] for c, m in taken),
            sum(self._tolls_between(c.claim, m.start) for c, m in taken),
        )

    def _tolls_between(self, id: str, start: int) -> int:
        own = self._tolls.get(id)
        if own is None:
            return 0
        first, last = sorted((own, start))
        return sum(first < toll < last for toll in self._tolls.values())

    @cached_property
    def _tolls(self) -> dict[str, int]:
        """Where the totals of the claims stand."""
        return {
            claim.id: claim.total.start
            for claim in self._claims
            if claim.total is not None and claim.total.start is not None
        }

    # --- what the record holds ----------------------------------------------------------------

    @cached_property
    def _held(self) -> dict[str, Held]:
        return {held.id: held for held in self.given.held}

    @cached_property
    def _slots(self) -> dict[str, dict[str, RecordCount]]:
        return {held.id: counts_of(held) for held in self.given.held}

    @cached_property
    def _mentions(self) -> dict[str, tuple[Mention, ...]]:
        """The countable mentions of each claim's quotes."""
        return {row.held.id: self.given.quoted(row) for row in self.given.rows}

    @cached_property
    def _holders(self) -> list[Held]:
        return sorted(self.given.held, key=in_order)

    @cached_property
    def _claims(self) -> list[RecordClaim]:
        return sorted(self.given.record.claims, key=in_order)

    def _claims_of(self, ids: Iterable[str]) -> list[RecordClaim]:
        wanted = set(ids)
        return [claim for claim in self._claims if claim.id in wanted]

    def _known(self, slots: Iterable[Slot]) -> list[Slot]:
        return [(id, field) for id, field in slots if field in self._slots.get(id, {})]

    def _source(self, slot: Slot) -> Mention | None:
        """The mention that a slot's count stands on; None where it stands on none alone."""
        id, field = slot
        count = self._slots[id][field]
        if count.start is not None and count.end is not None:
            return self.given.mention_at(count.start, count.end)
        alike = [m for m in self._mentions[id] if says(m, count)]
        return min(alike, key=lambda m: (self._fit(m, field) is None, m.start), default=None)

    @cached_property
    def _fed(self) -> frozenset[int]:
        """Starts of the mentions that some slot has."""
        fed: set[int] = set()
        for row in self.given.rows:
            for count in (term.count for term in row.terms.values()):
                if count.basis == "derived":
                    continue
                if count.start is not None and count.end is not None:
                    inside = self.given.mentions_between(count.start, count.end)
                    fed.update(m.start for m in inside if says(m, count) or len(inside) > 1)
                else:
                    fed.update(m.start for m in self.given.quoted(row) if says(m, count))
                fed.update(m.start for m in run_of(self.given, row, count))
        return frozenset(fed)

    @cached_property
    def _free(self) -> tuple[Mention, ...]:
        """Counts of casualties or places that no slot has and the record does not set aside."""
        aside = listed_mentions(self.given)
        return tuple(
            m
            for m in self.given.countable
            if m.start not in self._fed
            and (m.start, m.end) not in aside
            and (self._names_a_slot(m) or counts_casualties(self.given, m))
        )

    def _names_a_slot(self, mention: Mention) -> bool:
        noun = self.given.noun_of(mention)
        return noun is not None and (noun.role == "facility" or noun.label in PLAIN_SLOTS)

    def _reach(self, held: Held) -> range:
        """Indexes of the sentences of a claim's quotes and one on each side, in their paragraph."""
        touched = self._quoted[held.id]
        if not touched:
            return range(0)
        sentences = self.given.sentences
        first, last = min(touched), max(touched)
        if first > 0 and sentences[first - 1].paragraph == sentences[first].paragraph:
            first -= 1
        if last + 1 < len(sentences) and (
            sentences[last + 1].paragraph == sentences[last].paragraph
        ):
            last += 1
        return range(first, last + 1)

    @cached_property
    def _reaches(self) -> dict[str, range]:
        return {held.id: self._reach(held) for held in self.given.held}

    def _is_near(self, mention: Mention, id: str) -> bool:
        sentence = self.given.sentence_at(mention.start)
        return sentence is not None and sentence.index in self._reaches[id]

    def _speaks_of(self, held: Held, mention: Mention) -> bool:
        """Whether a number stands in a claim's quoted sentence, or goes on from one, in no quote.

        A sentence goes on from the one before it in running text, unless it tells of something else
        that befell people.
        """
        sentence = self.given.sentence_at(mention.start)
        if sentence is None:
            return False
        if sentence.index in self._all_quoted:
            return sentence.index in self._quoted[held.id]
        if sentence.index - 1 not in self._quoted[held.id] or not isinstance(held, RecordClaim):
            return False
        before = self.given.sentences[sentence.index - 1]
        told = {cue.outcome for cue in self.given.cues_between(sentence.start, sentence.end)}
        return (
            sentence.kind == before.kind == "prose"
            and sentence.paragraph == before.paragraph
            and (not told or bool(told & {held.outcome, "casualties"}))
        )

    @cached_property
    def _all_quoted(self) -> frozenset[int]:
        return frozenset().union(*self._quoted.values())

    @cached_property
    def _quoted(self) -> dict[str, frozenset[int]]:
        """Indexes of the sentences of each claim's quotes."""
        return {row.held.id: frozenset(self.given.touched(row)) for row in self.given.rows}

    def _neighbours(self, id: str) -> list[Held]:
        """Claims of the same toll or the same sentences, those of the same toll first."""
        own = self._held[id]
        alike = [h for h in self._holders if h.id != id and type(h) is type(own)]
        kin = {own.id, own.part_of_id} - {None}

        def is_kin(held: Held) -> bool:
            return held.id in kin or (held.part_of_id is not None and held.part_of_id in kin)

        reach = self._reaches[id]
        near = [
            h
            for h in alike
            if is_kin(h) or (reach and self._reaches[h.id] and _meet(reach, self._reaches[h.id]))
        ]
        return sorted(near, key=lambda h: (not is_kin(h), in_order(h)))[:NEIGHBOURS]

    # --- numbers for slots --------------------------------------------------------------------

    def _fit(self, mention: Mention, field: str) -> int | None:
        """How the noun beside a number goes with a slot; None when it speaks against it."""
        noun = self.given.noun_of(mention)
        if noun is None:
            return FITS if field == "total" else UNTOLD
        if field == COUNT or noun.role == "facility":
            return FITS if field == COUNT and noun.role == "facility" else None
        if field == "total":
            return FITS if names_victims(self.given, noun) else None
        name = field.removeprefix("subgroups.").partition(".")[0]
        if name == "other":
            return UNTOLD if noun.label in ("people", "occupation") else None
        return FITS if noun.label == name else None

    def _may_go(self, mention: Mention, here: Slot, there: Slot) -> bool:
        """Whether a slot's number may belong to another: near its claim, its noun not against it.

        A number of its own claim's quotes stays there, unless the other claim quotes it too.
        """
        is_own = mention in self._mentions[here[0]]
        is_theirs = mention in self._mentions[there[0]]
        near = is_theirs or (not is_own and self._is_near(mention, there[0]))
        return near and self._fit(mention, there[1]) is not None

    def _offered(self, slot: Slot) -> list[Mention]:
        id, field = slot
        own = self._source(slot)
        found = [
            (fit, mention not in self._mentions[id], mention.start, mention)
            for mention in (*self._free, *self._slices(slot))
            if self._is_near(mention, id)
            and (fit := self._fit(mention, field)) is not None
            and not (fit == UNTOLD and self._repeats(mention, slot))
        ]
        offered = [mention for *_, mention in sorted(found, key=lambda entry: entry[:3])]
        if own is not None and own not in offered and _differs(own, self._slots[id][field]):
            offered.insert(0, own)
        return offered

    def _repeats(self, mention: Mention, slot: Slot) -> bool:
        """Whether a number says again what another slot of the claim has, as headlines do."""
        id, field = slot
        return any(says(mention, c) for name, c in self._slots[id].items() if name != field)

    def _slices(self, slot: Slot) -> list[Mention]:
        """Numbers that a total and the only group of a claim may share, as in "14 children"."""
        id, field = slot
        if len(self._slots[id]) > 2:
            return []
        partners = [name for name in self._slots[id] if (name == "total") != (field == "total")]
        sources = (self._source((id, name)) for name in partners)
        return [m for m in sources if m is not None and self._fit(m, field) == FITS]

    def _empty_slot(self, held: Held, mention: Mention) -> Slot | None:
        """The empty slot of a claim that the noun beside a number names."""
        noun = self.given.noun_of(mention)
        if noun is None:
            return None
        for field in _slots_named(noun, held):
            if field not in self._slots[held.id] and self._fit(mention, field) == FITS:
                return held.id, field
        return None

    def _set(self, slot: Slot, mention: Mention | None) -> Change:
        id, field = slot
        count = self._slots[id].get(field)
        return Change(
            claim=id,
            field=field,
            before=count.as_written if count is not None else None,
            after=mention.text if mention is not None else None,
            start=mention.start if mention is not None else None,
            end=mention.end if mention is not None else None,
        )

    # --- two slots ----------------------------------------------------------------------------

    def _swapped(self, slots: Iterable[Slot]) -> Iterator[Changes]:
        for one in slots:
            mine = self._source(one)
            if mine is None:
                continue
            for other in self._partners(one):
                theirs = self._source(other)
                if (
                    theirs is not None
                    and theirs is not mine
                    and self._may_go(theirs, other, one)
                    and self._may_go(mine, one, other)
                ):
                    first, second = sorted([(one, theirs), (other, mine)], key=_slot_order)
                    yield self._set(*first), self._set(*second)

    def _partners(self, slot: Slot) -> Iterator[Slot]:
        """Slots that a slot may be mixed up with: the others of its claim, its like elsewhere."""
        id, field = slot
        yield from ((id, other) for other in self._slots[id] if other != field)
        for held in self._neighbours(id):
            if field in self._slots[held.id]:
                yield held.id, field

    def _vacant(self, slot: Slot, mention: Mention) -> Iterator[Slot]:
        """Empty slots that a slot's number may belong to: its like elsewhere, its noun's here."""
        id, field = slot
        named = self._empty_slot(self._held[id], mention)
        if named is not None:
            yield named
        for held in self._neighbours(id):
            if field not in self._slots[held.id] and self._may_go(mention, slot, (held.id, field)):
                yield held.id, field

    def _moved(self, slots: Iterable[Slot]) -> Iterator[Changes]:
        for slot in slots:
            mine = self._source(slot)
            if mine is None or slot[1] in ("total", COUNT):
                continue
            for vacant in self._vacant(slot, mine):
                yield self._set(slot, None), self._set(vacant, mine)

    def _handed_over(self, slots: Iterable[Slot]) -> Iterator[Changes]:
        for slot in slots:
            mine = self._source(slot)
            if mine is None:
                continue
            for mention, vacant in product(self._offered(slot), self._vacant(slot, mine)):
                if mention is not mine:
                    yield self._set(slot, mention), self._set(vacant, mine)

    def _replaced_together(self, slots: Iterable[Slot]) -> Iterator[Changes]:
        for one, other in combinations(slots, 2):
            for mine, theirs in product(self._offered(one), self._offered(other)):
                if mine is not theirs:
                    yield self._set(one, mine), self._set(other, theirs)

    @staticmethod
    def _unique(found: Iterable[Changes]) -> Iterator[Changes]:
        yield from dict.fromkeys(found)

    # --- links --------------------------------------------------------------------------------

    def _parents_for(self, child: RecordClaim) -> list[RecordClaim]:
        """Claims that could contain a claim as far as outcome and circumstances tell."""
        if child.part_of is None and child.part_of_id is None:
            return []
        below = self._below(child)
        fitting = [
            claim
            for claim in self._claims
            if claim.id not in below
            and claim.id != child.part_of_id
            and child.outcome in contained_in(claim.outcome)
            and not self._are_beside(child, claim)
        ]
        return sorted(
            fitting,
            key=lambda claim: (
                claim.claimant != child.claimant,
                claim.scope != child.scope,
                claim.outcome != child.outcome,
                in_order(claim),
            ),
        )

    def _are_beside(self, child: RecordClaim, other: RecordClaim) -> bool:
        """Whether two claims count different people: of parties, weapons, days that differ.

        Two places that differ may lie within one another, unless the record has them side by side.
        """
        apart = apart_on(child, other)
        siblings = child.part_of_id is not None and child.part_of_id == other.part_of_id
        return bool(apart if siblings else apart - {"place"})

    def _below(self, claim: RecordClaim) -> set[str]:
        """Ids of a claim and of all that is part of it."""
        found = {claim.id}
        grew = True
        while grew:
            more = {c.id for c in self._claims if c.part_of_id in found} - found
            found |= more
            grew = bool(more)
        return found


def _slots_named(noun: Noun, held: Held) -> list[str]:
    """Slots of a claim that a noun may name, the closest first.

    "96 civilians" is a toll of its own and no subgroup, so civilians name the total alone.
    """
    if isinstance(held, RecordFacility):
        return [COUNT]
    own = [noun.label] if noun.label in PLAIN_SLOTS else []
    if noun.label in GROUPS - {"civilians", "other"}:
        own = [f"subgroups.{noun.label}"]
    return [*own, "total"]


def _differs(mention: Mention, count: RecordCount) -> bool:
    """Whether the ledger reads another count where one stands."""
    read = count_at(mention)
    one = (read.value, read.upper, read.qualifier, read.low, read.high)
    return one != (count.value, count.upper, count.qualifier, count.low, count.high)


def _link(child: RecordClaim, parent: str | None) -> Change:
    return Change(
        claim=child.id, field=PART_OF, before=child.part_of_id, after=parent, start=None, end=None
    )


def _meet(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


def _slot_order(entry: tuple[Slot, Mention]) -> tuple[int, str, str]:
    (id, field), _ = entry
    return len(id), id, field
