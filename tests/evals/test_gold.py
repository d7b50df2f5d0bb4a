"""The gold reports hold what the codebook asks of them, so that no score rests on a slip."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pytest

from llm_extract.evals.gold_reports import GoldReport, read_gold
from llm_extract.schema import Claim, Count, FacilityClaim

GOLD = Path(__file__).resolve().parents[2] / "evals" / "gold"
REPORTS = [report for name in ("dev", "test") for report in read_gold(GOLD / name)]

CONTAINED = {
    "casualties": {"casualties", "killed", "injured"},
    "detained": {"detained", "killed"},
    "missing": {"missing", "killed"},
    "injured": {"injured", "killed"},
}
"""Outcomes that a part may have under another outcome of its whole; any contains its own."""

each_report = pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.id)


def test_the_json_schema_beside_the_reports_is_that_of_the_reader() -> None:
    written = json.loads((GOLD / "gold.schema.json").read_text(encoding="utf-8"))
    assert written == GoldReport.model_json_schema()


def test_ids_are_unique_and_name_their_files() -> None:
    ids = [report.id for report in REPORTS]
    assert len(set(ids)) == len(ids)
    assert sorted(ids) == sorted(path.stem for path in GOLD.glob("*/*.json"))


@each_report
def test_the_head_is_complete(report: GoldReport) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", report.id)
    assert report.published is not None
    assert report.traps == sorted(set(report.traps))
    assert report.traps


@each_report
def test_the_text_is_normalised_and_of_a_real_report_s_length(report: GoldReport) -> None:
    assert unicodedata.is_normalized("NFC", report.text)
    least = 25 if report.style == "incident_note" else 80
    assert least <= len(report.text.split()) <= 320


@each_report
def test_every_quote_stands_once_and_verbatim_in_the_text(report: GoldReport) -> None:
    quotes = [quote for claim in _claims(report) for quote in claim.evidence]
    assert [quote for quote in quotes if report.text.count(quote) != 1] == []


@each_report
def test_every_number_is_written_in_a_quote_of_its_claim(report: GoldReport) -> None:
    for claim in _claims(report):
        for count in _counts(claim):
            assert any(_place(quote, count.as_written) >= 0 for quote in claim.evidence), count


@each_report
def test_a_number_in_digits_has_the_value_of_its_digits(report: GoldReport) -> None:
    for claim in _claims(report):
        for count in _counts(claim):
            if re.fullmatch(r"\d{1,3}(,\d{3})*|\d+", count.as_written):
                assert count.value == int(count.as_written.replace(",", ""))


@each_report
def test_value_upper_and_qualifier_go_together(report: GoldReport) -> None:
    for claim in _claims(report):
        for count in _counts(claim):
            assert (count.value is None) == (count.qualifier == "vague")
            assert (count.upper is not None) == (count.qualifier == "range")
            if count.value is not None and count.upper is not None:
                assert count.upper > count.value


@each_report
def test_a_zero_is_a_printed_denial_that_blames_nobody(report: GoldReport) -> None:
    for claim in report.gold.claims:
        for count in _counts(claim):
            if count.value == 0:
                assert count.basis == "printed"
                assert not count.as_written.isdigit()
        if claim.total is not None and claim.total.value == 0:
            assert not claim.perpetrators
            assert not claim.weapons


@each_report
def test_every_claim_counts_somebody(report: GoldReport) -> None:
    assert all(_counts(claim) for claim in _claims(report))


@each_report
def test_names_and_times_are_words_of_the_text(report: GoldReport) -> None:
    for claim in _claims(report):
        words = [*claim.perpetrators, *claim.places]
        words += [claim.claimant] if claim.claimant else []
        words += [claim.period.as_written] if claim.period else []
        assert [word for word in words if word not in report.text] == []


@each_report
def test_attribution_stands_with_perpetrators_only(report: GoldReport) -> None:
    assert all(bool(c.perpetrators) == bool(c.attribution) for c in _claims(report))


@each_report
def test_only_other_groups_are_labelled(report: GoldReport) -> None:
    for claim in report.gold.claims:
        for part in claim.subgroups:
            assert (part.group == "other") == (part.label is not None)
            assert part.label is None or part.label in report.text


@each_report
def test_periods_end_after_they_start_and_not_after_publication(report: GoldReport) -> None:
    assert report.published is not None
    latest = report.published + timedelta(days=1)
    for claim in _claims(report):
        if claim.period is None:
            continue
        start, end = claim.period.start, claim.period.end
        assert start is None or end is None or start <= end
        assert all(day <= latest for day in (start, end) if day is not None)


@each_report
def test_claims_and_facilities_stand_in_text_order(report: GoldReport) -> None:
    for claims in (report.gold.claims, report.gold.facilities):
        starts = [_first_number(report.text, claim) for claim in claims]
        assert starts == sorted(starts)


@each_report
def test_parts_lead_to_a_whole_without_a_circle(report: GoldReport) -> None:
    for claims in (report.gold.claims, report.gold.facilities):
        for start in range(len(claims)):
            seen = [start]
            while (parent := claims[seen[-1]].part_of) is not None:
                assert parent < len(claims)
                assert parent not in seen
                seen.append(parent)


@each_report
def test_a_part_has_its_whole_s_claimant_and_an_outcome_it_can_contain(report: GoldReport) -> None:
    for part, whole in _parts(report):
        assert part.claimant == whole.claimant
        assert part.outcome in CONTAINED.get(whole.outcome, {whole.outcome})


@each_report
def test_no_two_claims_are_equal(report: GoldReport) -> None:
    written = [claim.model_dump_json() for claim in report.gold.claims]
    assert len(set(written)) == len(written)


@each_report
def test_sums_break_only_where_a_contradiction_is_intended(report: GoldReport) -> None:
    # Not every contradiction is a sum above its whole: parts may fall short of a closed toll.
    assert not list(_broken_sums(report)) or "contradiction" in report.traps


def _claims(report: GoldReport) -> list[Claim | FacilityClaim]:
    return [*report.gold.claims, *report.gold.facilities]


def _parts(report: GoldReport) -> Iterator[tuple[Claim, Claim]]:
    claims = report.gold.claims
    return ((claim, claims[claim.part_of]) for claim in claims if claim.part_of is not None)


def _counts(claim: Claim | FacilityClaim) -> list[Count]:
    if isinstance(claim, FacilityClaim):
        return [] if claim.count is None else [claim.count]
    slots = (claim.total, claim.children, claim.women, claim.men)
    return [slot for slot in slots if slot] + [part.count for part in claim.subgroups]


def _place(quote: str, written: str) -> int:
    """Where the number words stand as words of their own; Arabic joins "and" to the word."""
    found = re.search(rf"(?<!\w){re.escape(written)}(?!\w)", quote)
    return found.start() if found else quote.find(f"و{written}")


def _first_number(text: str, claim: Claim | FacilityClaim) -> int:
    return min(
        text.index(quote) + place
        for quote in claim.evidence
        for count in _counts(claim)
        if (place := _place(quote, count.as_written)) >= 0
    )


def _low(count: Count | None) -> int:
    """The least number the words allow; nothing is claimed for absent, vague and rough counts."""
    if count is None or count.value is None or count.qualifier in {"about", "at_most"}:
        return 0
    if count.qualifier == "fewer_than":
        return 0
    return count.value + (count.qualifier == "more_than")


def _high(count: Count | None) -> float:
    open_above = {"about", "at_least", "more_than", "vague"}
    if count is None or count.value is None or count.qualifier in open_above:
        return math.inf
    if count.upper is not None:
        return count.upper
    return count.value - (count.qualifier == "fewer_than")


def _least(claim: Claim) -> int:
    parts = _low(claim.children) + _low(claim.women) + _low(claim.men)
    return max(_low(claim.total), parts)


def _broken_sums(report: GoldReport) -> Iterator[str]:
    for claim in report.gold.claims:
        where = f"{claim.outcome} {claim.evidence[0]!r}"
        most = _high(claim.total)
        if _least(claim) > most or any(_low(part.count) > most for part in claim.subgroups):
            yield f"{where}: parts exceed the total"
        young = sum(_low(p.count) for p in claim.subgroups if p.group in {"boys", "girls"})
        if young > _high(claim.children):
            yield f"{where}: boys and girls exceed the children"
        parts = [part for part, whole in _parts(report) if whole is claim]
        for group in _beside_each_other(claim, parts):
            if sum(_least(part) for part in group) > most:
                yield f"{where}: the slices exceed the whole"
            for slot in ("children", "women", "men"):
                if sum(_low(getattr(part, slot)) for part in group) > _high(getattr(claim, slot)):
                    yield f"{where}: the {slot} of the slices exceed those of the whole"


def _beside_each_other(whole: Claim, parts: list[Claim]) -> Iterator[list[Claim]]:
    """Groups of parts that share nobody: each alone, and slices along one dimension."""
    for part in parts:
        yield [part]
    for outcome in {part.outcome for part in parts}:
        alike = [part for part in parts if part.outcome == outcome]
        for dimension in ("perpetrators", "places", "weapons"):
            inherited = getattr(whole, dimension)
            own = [p for p in alike if getattr(p, dimension) not in ([], inherited)]
            pairs = combinations([set(getattr(part, dimension)) for part in own], 2)
            if not any(_meet(one, other) for one, other in pairs):
                yield own
    if whole.outcome == "casualties":
        yield [part for part in parts if part.outcome in {"killed", "injured"}]


def _meet(one: set[str], other: set[str]) -> bool:
    """Whether two lists of names may speak of one place: a hospital and the park of its name."""
    return any(a.startswith(b) or b.startswith(a) for a in one for b in other)
