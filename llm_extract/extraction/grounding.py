"""Grounding: a filled schema becomes claims with ids, intervals and offsets into the report.

Quotes are located exactly, then by alignment that must keep every digit and number word; counts are
located on ledger mentions inside the quotes. What is not found stays without offsets: rules G01 and
G02 say so. Nothing is corrected here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from rapidfuzz import fuzz

from llm_extract.intervals import bounds, derived_total
from llm_extract.numbers import read_ledger
from llm_extract.numbers.mention import Ledger, Mention
from llm_extract.numbers.nouns import counted_noun
from llm_extract.record import (
    Evidence,
    RecordClaim,
    RecordCount,
    RecordFacility,
    RecordSubgroup,
)
from llm_extract.schema import CasualtyReport, Claim, Count

ALIGNMENT_FLOOR = 90.0
"""Least similarity (0 to 100, rapidfuzz partial ratio) of a quote that does not stand verbatim."""


def ground(
    extracted: CasualtyReport, text: str, ledger: Ledger
) -> tuple[list[RecordClaim], list[RecordFacility]]:
    """Claims and facilities with ids and offsets; `end` offsets are excluded."""
    taken: set[tuple[int, str]] = set()
    claims = [
        _ground_claim(claim, number, text, ledger, taken)
        for number, claim in enumerate(extracted.claims)
    ]
    facilities = []
    for number, facility in enumerate(extracted.facilities):
        evidence = [locate(quote, text, ledger) for quote in facility.evidence]
        count = None
        if facility.count is not None:
            count = _ground_count(
                facility.count, None, "facility", "facility", evidence, text, ledger, taken
            )
        part_of = facility.part_of
        if part_of is not None and not 0 <= part_of < len(extracted.facilities):
            part_of = None
        facilities.append(
            RecordFacility(
                id=f"f{number + 1}",
                kinds=facility.kinds,
                count=count,
                effect=facility.effect,
                part_of=part_of,
                part_of_id=f"f{part_of + 1}" if part_of is not None else None,
                claimant=facility.claimant,
                perpetrators=facility.perpetrators,
                attribution=facility.attribution,
                weapons=facility.weapons,
                places=facility.places,
                scope=facility.scope,
                period=facility.period,
                evidence=evidence,
            )
        )
    return [_linked(claim, len(claims)) for claim in claims], facilities


def locate(quote: str, text: str, ledger: Ledger) -> Evidence:
    """A quote and where it stands; offsets are null when it stands nowhere.

    White space is folded. An aligned quote takes the words of the report, and is accepted only if
    the numbers of both are the same.
    """
    words = quote.split()
    if not words:
        return Evidence(quote=quote, start=None, end=None)
    start = text.find(quote)
    if start >= 0:
        return Evidence(quote=quote, start=start, end=start + len(quote))
    folded = re.search(r"\s+".join(map(re.escape, words)), text)
    if folded is not None:
        return Evidence(quote=quote, start=folded.start(), end=folded.end())
    aligned = fuzz.partial_ratio_alignment(quote, text, score_cutoff=ALIGNMENT_FLOOR)
    if aligned is not None:
        found = text[aligned.dest_start : aligned.dest_end]
        if re.findall(r"\d+", found) == re.findall(r"\d+", quote) and _same_numbers(
            quote, ledger, aligned.dest_start, aligned.dest_end
        ):
            return Evidence(quote=found, start=aligned.dest_start, end=aligned.dest_end)
    return Evidence(quote=quote, start=None, end=None)


def _same_numbers(quote: str, ledger: Ledger, start: int, end: int) -> bool:
    theirs = [m.value for m in ledger.mentions if m.start < end and m.end > start]
    return [m.value for m in read_ledger(quote).mentions] == theirs


def _linked(claim: RecordClaim, number_of_claims: int) -> RecordClaim:
    part_of = claim.part_of
    if part_of is None or not 0 <= part_of < number_of_claims:
        return claim.model_copy(update={"part_of": None, "part_of_id": None})
    return claim.model_copy(update={"part_of_id": f"c{part_of + 1}"})


def _ground_claim(
    claim: Claim, number: int, text: str, ledger: Ledger, taken: set[tuple[int, str]]
) -> RecordClaim:
    evidence = [locate(quote, text, ledger) for quote in claim.evidence]

    def grounded(count: Count | None, slot: str) -> RecordCount | None:
        if count is None:
            return None
        return _ground_count(count, claim, slot, claim.outcome, evidence, text, ledger, taken)

    children, women, men = (
        grounded(claim.children, "children"),
        grounded(claim.women, "women"),
        grounded(claim.men, "men"),
    )
    total = grounded(claim.total, "total")
    return RecordClaim(
        id=f"c{number + 1}",
        outcome=claim.outcome,
        victims=claim.victims,
        total=total if total is not None else derived_total([children, women, men]),
        children=children,
        women=women,
        men=men,
        subgroups=[
            RecordSubgroup(
                group=part.group,
                label=part.label,
                count=_ground_count(
                    part.count, claim, part.group, claim.outcome, evidence, text, ledger, taken
                ),
            )
            for part in claim.subgroups
        ],
        claimant=claim.claimant,
        perpetrators=claim.perpetrators,
        attribution=claim.attribution,
        weapons=claim.weapons,
        places=claim.places,
        scope=claim.scope,
        period=claim.period,
        part_of=claim.part_of,
        part_of_id=None,
        evidence=evidence,
    )


def _ground_count(
    count: Count,
    claim: Claim | None,
    slot: str,
    outcome: str,
    evidence: Sequence[Evidence],
    text: str,
    ledger: Ledger,
    taken: set[tuple[int, str]],
) -> RecordCount:
    shared = _slice_of_one_group(claim, count, slot)
    used = frozenset() if shared else taken
    mention = _mention_of(count, slot, outcome, evidence, text, ledger, used)
    if mention is not None and not shared:
        taken.add((mention.start, outcome))
    low, high = bounds(count)
    return RecordCount(
        value=count.value,
        upper=count.upper,
        qualifier=count.qualifier,
        basis=count.basis,
        as_written=count.as_written,
        low=low,
        high=high,
        start=mention.start if mention is not None else None,
        end=mention.end if mention is not None else None,
    )


def _slice_of_one_group(claim: Claim | None, count: Count, slot: str) -> bool:
    """A part equal to its total ("14 children") shares the total's mention."""
    return claim is not None and slot != "total" and claim.total == count


def _mention_of(
    count: Count,
    slot: str,
    outcome: str,
    evidence: Sequence[Evidence],
    text: str,
    ledger: Ledger,
    taken: AbstractSet[tuple[int, str]],
) -> Mention | None:
    """The mention of a count in its quotes: same value, best one not used yet.

    Of "killed five and wounded five" each outcome takes its own five.
    """
    used = {start for start, _ in taken}
    candidates: list[tuple[tuple[bool, bool, bool, bool, bool, int], Mention]] = []
    for quote in evidence:
        if quote.start is None or quote.end is None:
            continue
        for mention in ledger.within(quote.start, quote.end):
            if mention.kind not in ("count", "vague") or mention.value != count.value:
                continue
            if mention.upper != count.upper:
                continue
            noun = counted_noun(text, mention)
            fits = noun is None or noun.label == slot or slot in ("total", "facility")
            rank = (
                (mention.start, outcome) in taken,
                mention.start in used,
                mention.qualifier != count.qualifier,
                mention.text != count.as_written,
                not fits,
                mention.start,
            )
            candidates.append((rank, mention))
    return min(candidates, key=lambda item: item[0])[1] if candidates else None
