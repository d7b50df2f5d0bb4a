"""Culprits and suggestions: which operand is to blame, and the smallest change that closes all.

Findings about the same numbers are one group. Of the changes that the report's own numbers and
claims offer (`candidates`), those are suggested after which no error of the group is left, as few
of its warnings as possible, and nothing new is found: the rules are run again on every one of them.
Only the smallest are kept, all equally small ones are listed, none is applied.

Sizes, smallest first, with the reason:

1. one slot takes another number, one claim another parent, one number an empty slot, claims that
   say the same become one: nothing is lost, one reading was wrong;
2. two slots change and nothing is lost: a swap, a move, two new numbers;
3. more numbers fill empty slots of one claim;
4. one slot is emptied or one link cut. Leaving something out closes nearly every sum, so it counts
   as larger than any reading that keeps what the report says. It never leaves a printed number
   unbound, since that is a finding again (G03).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from llm_extract.changes import CLAIM, PART_OF, apply, count_at
from llm_extract.errors import ChangeError
from llm_extract.numbers.mention import Ledger
from llm_extract.record import Change, Finding, Record, Suggestion
from llm_extract.validators.candidates import Candidates, Changes, Slot
from llm_extract.validators.catalogue import RULES, check_input, rule
from llm_extract.validators.profiles import Profiles
from llm_extract.validators.rule import Rule
from llm_extract.validators.rule_input import RuleInput
from llm_extract.validators.wording import cut, slot_words, spoken

TRIALS_A_GROUP = 60
"""Changed records that are examined for one group of findings; the least plausible are left out."""

TRIALS_A_RECORD = 160
"""Changed records that are examined for one record, shared evenly by its groups of findings."""

CLAIMS_EXAMINED = 3200
"""Claims in all changed records of one record: a record of more than 20 claims gets fewer trials,
so that the search takes no longer the larger a record is."""

MOST_LISTED = 5
"""Equally small changes that are listed; the last one says how many more there are."""

UNTOUCHED = frozenset({"C02", "S01", "X01"})
"""Rules about the text alone or how a record came about: no change can close or break them."""

JUDGED: tuple[Rule, ...] = tuple(each for each in RULES if each.id not in UNTOUCHED)
"""Rules that are run again on a changed record."""

Key = tuple[object, ...]

_NOTHING: Mapping[str, str | None] = {}


def examine(
    record: Record, text: str, ledger: Ledger, profiles: Profiles | None = None
) -> list[Finding]:
    """Everything the rules say about a record, with culprits and suggestions.

    The list is that of `catalogue.check`: in catalogue order, the same for any order of the claims;
    like it, this never raises on a record of the schema.
    """
    given = RuleInput(record, text, ledger, profiles)
    return _explained(given, check_input(given))


def with_suggestions(
    record: Record,
    text: str,
    ledger: Ledger,
    findings: Sequence[Finding],
    profiles: Profiles | None = None,
) -> list[Finding]:
    """The findings of `catalogue.check` on this record, each with its culprit and suggestions.

    A finding is given changes that close it, and with it all errors about the same numbers. At most
    `MOST_LISTED` are listed, the most plausible first.
    """
    return _explained(RuleInput(record, text, ledger, profiles), findings)


def finding_key(finding: Finding, merged: Mapping[str, str | None] = _NOTHING) -> Key:
    """What makes two findings of a report the same one: all but its words and numbers.

    `merged` gives the claims that went into another one, whose id stands for theirs.
    """
    loose = tuple(o.start for o in finding.operands if o.claim is None)
    claims = frozenset(merged.get(id) or id for id in finding.claims)
    return (finding.rule, finding.severity, claims, frozenset(finding.fields), loose)


def _explained(given: RuleInput, findings: Sequence[Finding]) -> list[Finding]:
    if not findings:
        return []
    closing = _Search(given, findings).closing()
    return [
        finding.model_copy(
            update={
                "culprit": _culprit(given, finding, closing.get(index, [])),
                "suggestions": _listed(given, closing.get(index, [])),
            }
        )
        for index, finding in enumerate(findings)
    ]


# --- the search -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Closing:
    """Changes that close something, what they close and leave, and what speaks against them."""

    changes: Changes
    closed: frozenset[int]
    errors_left: int
    findings_left: int
    doubts: tuple[int, ...]


@dataclass
class _Search:
    """The search for the smallest changes of one record; each change is examined once."""

    given: RuleInput
    findings: Sequence[Finding]
    _inputs: dict[Changes, RuleInput | None] = field(default_factory=dict)
    _after: dict[Changes, Counter[Key]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._offers = Candidates(self.given)
        self._keys = [finding_key(finding) for finding in self.findings]
        self._before = Counter(self._keys)

    def closing(self) -> dict[int, list[_Closing]]:
        """The smallest closing changes by the index of the finding that they close.

        What closes the errors of a group often explains a warning about a number left over: such a
        warning gets the same changes and no search of its own.
        """
        groups = _groups(self.findings)
        found: dict[int, list[_Closing]] = {}
        left = min(TRIALS_A_RECORD, CLAIMS_EXAMINED // max(1, len(self.given.held)))
        share = min(TRIALS_A_GROUP, max(1, left // max(1, len(groups))))
        for group in sorted(groups, key=lambda group: (not self._errors(group), group)):
            if all(index in found for index in group):
                continue
            if left <= 0:
                break
            smallest, spent = self._smallest(group, share)
            # A group without candidates costs a look at the ledger.
            left -= max(1, spent)
            for index in range(len(self.findings)):
                own = [each for each in smallest if index in each.closed]
                if own and (index in group or len(own) == len(smallest)):
                    found.setdefault(index, own)
        return found

    def _errors(self, group: Sequence[int]) -> list[int]:
        return [index for index in group if self.findings[index].severity == "error"]

    def _smallest(self, group: Sequence[int], trials: int) -> tuple[list[_Closing], int]:
        """The changes of the first size that closes the group, the most plausible first.

        At most `trials` are examined; how many it took comes with them.
        """
        needed = self._errors(group) or group
        spent = 0
        for candidates in self._by_size(group):
            closing: list[_Closing] = []
            for changes in islice(candidates, trials - spent):
                spent += 1
                closes = self._examined(changes, needed)
                if closes is not None:
                    closing.append(closes)
            if closing:
                return _best(closing, group), spent
        return [], spent

    def _by_size(self, group: Sequence[int]) -> Iterator[Iterator[Changes]]:
        """Candidates size by size; the first words of this module give the sizes."""
        own = [self.findings[index] for index in group]
        slots = list(dict.fromkeys(slot for finding in own for slot in _slots(finding)))
        claims = {id for finding in own for id in finding.claims}
        if not claims:
            yield from self._for_loose_numbers(own)
            return
        links = {id for finding in own for id in self._linked(finding)}
        yield chain(
            self._offers.merged(claims),
            self._offers.replaced(slots),
            self._offers.relinked(links),
        )
        yield self._offers.rearranged(slots)
        yield self._offers.emptied(slots, links)

    def _for_loose_numbers(self, findings: Sequence[Finding]) -> Iterator[Iterator[Changes]]:
        """Candidates for numbers that are in no claim: an empty slot, or one that has another."""
        starts = {o.start for f in findings for o in f.operands if o.start is not None}
        rivals = self._offers.rivals(starts)
        filled = list(self._offers.filled(starts))
        sizes = [chain(filled, self._offers.replaced(rivals)), self._offers.rearranged(rivals)]
        for number, size in enumerate(sizes, start=1):
            fitting = (c for c in size if any(change.start in starts for change in c))
            yield (c for c in fitting if len(c) == number)
        yield (fill for fill in filled if len(fill) > len(sizes))

    def _linked(self, finding: Finding) -> Iterator[str]:
        """Claims of a finding that are part of another one of it, or of none that there is."""
        for row in self.given.claims:
            if row.held.id in finding.claims:
                parent = self.given.parent_of(row)
                if PART_OF in finding.fields or (parent and parent.held.id in finding.claims):
                    yield row.held.id

    def _examined(self, changes: Changes, needed: Sequence[int]) -> _Closing | None:
        """What the changes close; None unless that is all that is needed, and nothing new opens."""
        given = self._changed(changes)
        if given is None or not self._closes(given, needed):
            return None
        if changes not in self._after:
            found = (finding for each in JUDGED for finding in each.check(given))
            self._after[changes] = Counter(map(finding_key, found))
        after = self._after[changes]
        if after - self._known_after(changes):
            return None
        closed = frozenset(
            index
            for index, finding in enumerate(self.findings)
            if finding.rule not in UNTOUCHED and not after[self._keys[index]]
        )
        left = [finding for i, finding in enumerate(self.findings) if i not in closed]
        return _Closing(
            changes=changes,
            closed=closed,
            errors_left=sum(finding.severity == "error" for finding in left),
            findings_left=len(left),
            doubts=self._offers.doubts(changes),
        )

    def _known_after(self, changes: Changes) -> Counter[Key]:
        """The findings that need no second telling, in the ids that are left."""
        merged = {change.claim: change.after for change in changes if change.field == CLAIM}
        if not merged:
            return self._before
        return Counter(finding_key(finding, merged) for finding in self.findings)

    def _changed(self, changes: Changes) -> RuleInput | None:
        """The rules' input after the changes; None where ids that are not unique forbid them."""
        if changes not in self._inputs:
            given = self.given
            try:
                record = apply(given.record, changes, given.text, given.ledger)
            except ChangeError:
                self._inputs[changes] = None
            else:
                self._inputs[changes] = given.with_record(record)
        return self._inputs[changes]

    def _closes(self, given: RuleInput, needed: Sequence[int]) -> bool:
        """Whether the rules that are broken find nothing more: quicker than asking all."""
        broken = dict.fromkeys(self.findings[index].rule for index in needed)
        still = {finding_key(finding) for id in broken for finding in rule(id).check(given)}
        return not any(self._keys[index] in still for index in needed)


def _best(closing: Sequence[_Closing], group: Sequence[int]) -> list[_Closing]:
    """Of equally small changes those that leave the fewest errors, and least of the group."""

    def left(each: _Closing) -> tuple[int, int]:
        return each.errors_left, len(set(group) - each.closed)

    least = min(map(left, closing))
    return sorted((each for each in closing if left(each) == least), key=_plausibility)


def _plausibility(each: _Closing) -> tuple[object, ...]:
    names = [(len(c.claim), c.claim, c.field, c.start or 0, c.after or "") for c in each.changes]
    return each.findings_left, each.doubts, names


# --- findings that belong together ------------------------------------------------------------


def _groups(findings: Sequence[Finding]) -> list[list[int]]:
    """Indexes of findings that share an operand, directly or through others, in order."""
    joined: dict[Key, Key] = {}

    def root(node: Key) -> Key:
        while (above := joined.setdefault(node, node)) != node:
            joined[node] = joined.setdefault(above, above)
            node = joined[node]
        return node

    nodes = {
        index: sorted(_nodes(finding), key=str)
        for index, finding in enumerate(findings)
        if finding.rule not in UNTOUCHED
    }
    for first, *others in nodes.values():
        for other in others:
            joined[root(other)] = root(first)
    groups: dict[Key, list[int]] = {}
    for index, (first, *_) in nodes.items():
        groups.setdefault(root(first), []).append(index)
    return sorted(groups.values())


def _nodes(finding: Finding) -> set[Key]:
    loose = {("text", o.start) for o in finding.operands if o.claim is None}
    return {*_slots(finding), *loose} or {("alone", *finding_key(finding))}


def _slots(finding: Finding) -> list[Slot]:
    """The slots that a finding is about: its operands, or what it names where it has none."""
    if finding.operands:
        return [(o.claim, o.field) for o in finding.operands if o.claim and o.field]
    return [(id, name) for id in finding.claims for name in finding.fields]


# --- what is told -----------------------------------------------------------------------------


def _culprit(given: RuleInput, finding: Finding, closing: Sequence[_Closing]) -> str | None:
    """The one operand that is not read in its quotes, or else the one that every change sets anew.

    What closes by being left out is not to blame for that alone.
    """
    unread = {f"{id}.{name}" for id, name in _slots(finding) if _is_unread(given, (id, name))}
    if len(unread) == 1:
        return unread.pop()
    if not closing or any(all(c.after is None for c in each.changes) for each in closing):
        return None
    always = set.intersection(*({f"{c.claim}.{c.field}" for c in each.changes} for each in closing))
    return always.pop() if len(always) == 1 else None


def _is_unread(given: RuleInput, slot: Slot) -> bool:
    return any(
        term.field == slot[1] and term.held.id == slot[0] and not given.is_grounded(term)
        for term in given.terms
    )


def _listed(given: RuleInput, closing: Sequence[_Closing]) -> list[Suggestion]:
    suggestions = [
        Suggestion(message=_message(given, each), changes=list(each.changes))
        for each in closing[:MOST_LISTED]
    ]
    more = len(closing) - len(suggestions)
    if more:
        last = suggestions[-1]
        told = f"{last.message} ({more} more that are as small are not listed)"
        suggestions[-1] = last.model_copy(update={"message": told})
    return suggestions


def _message(given: RuleInput, each: _Closing) -> str:
    others = len(each.closed) - 1
    also = f" and {others} other finding{'' if others == 1 else 's'}" if others else ""
    return f"{'; '.join(_phrase(given, change) for change in each.changes)} closes this{also}"


def _phrase(given: RuleInput, change: Change) -> str:
    if change.field == CLAIM:
        return f"{change.claim} and {change.after} as one claim"
    if change.field == PART_OF:
        instead = f" in place of {change.before}" if change.before is not None else ""
        return f"{change.claim} as part of {change.after or 'no claim'}{instead}"
    slot = f"{slot_words(change.field)} of {change.claim}"
    if change.before is None or change.after is None:
        return f"{slot}: {_quoted(change.after)}" + (
            f" in place of {_quoted(change.before)}" if change.before is not None else ""
        )
    if change.before != change.after:
        return f"{slot}: {_quoted(change.after)} in place of {_quoted(change.before)}"
    mention = given.mention_at(change.start or 0, change.end or 0)
    read = f" read as {spoken(count_at(mention))}" if mention is not None else ""
    return f"{slot}: {_quoted(change.after)}{read}"


def _quoted(words: str | None) -> str:
    return "nothing" if words is None else f'"{cut(words, 30)}"'
