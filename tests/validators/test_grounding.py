"""G01 to G04: quotes and numbers against the text, both ways."""

from __future__ import annotations

from typing import Any

import pytest

from llm_extract.numbers.mention import Ledger
from llm_extract.record import Evidence
from llm_extract.validators.catalogue import check

TOLL = "On Monday 35 people were killed in Northam, including two children."


def test_a_record_that_quotes_what_it_says_is_clean(desk: Any) -> None:
    at = desk(TOLL)
    assert at.check(at.claim(total="35", children="two")) == []


def test_a_quote_that_stands_nowhere_is_an_error(desk: Any) -> None:
    at = desk(TOLL)
    claim = at.claim(total="35", quotes=[TOLL, "On Monday 36 people were killed"])
    [finding] = at.found("G01", claim)
    assert (finding.severity, finding.kind) == ("error", "extraction")
    assert finding.message == (
        'quote of killed (c1) does not stand in the report: "On Monday 36 people were killed"'
    )


def test_a_quote_altered_in_one_digit_is_found_though_it_is_located(desk: Any) -> None:
    at = desk(TOLL)
    altered = Evidence(quote=TOLL.replace("35", "36"), start=0, end=len(TOLL))
    assert len(at.found("G01", at.claim(total="35", evidence=[altered]))) == 1


def test_white_space_in_a_quote_is_folded(desk: Any) -> None:
    at = desk("On Monday 35 people\n were killed.")
    folded = Evidence(quote="35 people were killed.", start=10, end=33)
    assert at.check(at.claim(total="35", evidence=[folded])) == []


@pytest.mark.parametrize(("start", "end"), [(-5, 10), (10, 10), (20, 5), (0, 9999), (None, 5)])
def test_offsets_outside_the_report_are_an_error(
    desk: Any, start: int | None, end: int | None
) -> None:
    at = desk(TOLL)
    claim = at.claim(evidence=[Evidence(quote=TOLL, start=start, end=end)])
    assert len(at.found("G01", claim)) == 1


def test_quotes_of_facilities_are_checked_too(desk: Any) -> None:
    at = desk("On Monday nine schools were hit.")
    assert len(at.found("G01", facilities=[at.facility(count="nine", quote="ten schools")])) == 1


def test_a_number_that_no_quote_holds_is_an_error(desk: Any) -> None:
    at = desk(TOLL + " In 44 villages people mourn.")
    [finding] = at.found("G02", at.claim(quote=TOLL, total="44"))
    assert (finding.severity, finding.fields) == ("error", ["total"])
    assert finding.message == "total: 44 is not read in any quote of killed (c1)"


def test_an_invented_number_is_an_error(desk: Any) -> None:
    at = desk(TOLL)
    invented = at.count("35", value=53, low=53, high=53, as_written="53", start=None, end=None)
    assert len(at.found("G02", at.claim(total=invented))) == 1


def test_a_number_changed_beside_its_place_is_found_though_it_stands_elsewhere(desk: Any) -> None:
    at = desk(TOLL)
    changed = at.count("35", value=2, low=2, high=2)
    assert len(at.found("G02", at.claim(total=changed))) == 1


def test_a_range_is_read_with_both_its_numbers(desk: Any) -> None:
    at = desk("On Monday 15 to 17 people were killed.")
    assert at.check(at.claim(total="15 to 17")) == []
    narrower = at.count("15 to 17", upper=16, high=16)
    assert len(at.found("G02", at.claim(total=narrower))) == 1


def test_vague_words_are_read_as_they_stand(desk: Any) -> None:
    at = desk("On Monday dozens were killed.")
    assert at.check(at.claim(total="dozens")) == []
    other = at.count("dozens", as_written="hundreds", low=200)
    assert len(at.found("G02", at.claim(total=other))) == 1


def test_an_age_is_no_count_to_read(desk: Any) -> None:
    at = desk(TOLL)
    first, *rest = at.ledger.mentions
    at.ledger = type(at.ledger)(at.text, (first._replace(kind="age"), *rest))
    assert len(at.found("G02", at.claim(total="35"))) == 1


def test_derived_counts_are_not_looked_for(desk: Any) -> None:
    at = desk("On Monday two women and five men were killed.")
    seven = at.count("7", basis="derived")
    assert at.found("G02", at.claim(total=seven, women="two", men="five")) == []


def test_people_listed_one_by_one_are_read_as_the_run_that_sums_to_them(desk: Any) -> None:
    at = desk("On Monday a doctor and two medics were killed.")
    listed = at.count("3", basis="counted", as_written="a doctor and two medics")
    assert at.check(at.claim(total=listed)) == []


def test_named_people_are_read_where_their_names_stand(desk: Any) -> None:
    at = desk("On Monday the medics Amal and Rana were killed.")
    named = at.count("2", basis="counted", as_written="Amal and Rana")
    assert at.check(at.claim(total=named)) == []
    more = at.count("9", basis="counted", as_written="Amal and Rana")
    assert len(at.found("G02", at.claim(total=more))) == 1


def test_a_zero_is_read_where_its_denying_words_stand(desk: Any) -> None:
    at = desk("On Monday no casualties were reported.")
    zero = at.count("no", value=0, qualifier="exact", low=0, high=0)
    assert at.found("G02", at.claim(outcome="casualties", total=zero)) == []


@pytest.mark.parametrize("words", ["0", "no"])
def test_a_zero_is_not_read_in_another_number_or_in_a_qualifier(desk: Any, words: str) -> None:
    text = "On Monday no fewer than 105 people were killed."
    at = desk(text)
    place = (text.index("no"), text.index("105") - 1)
    qualified = at.ledger.mentions[0]._replace(
        qualifier="at_least", qualifier_start=place[0], qualifier_end=place[1]
    )
    zero = at.count("no", as_written=words, value=0, qualifier="exact", low=0, high=0, start=None)
    claim = at.claim(total="at least 105", children=zero)
    ledger = Ledger(text, (qualified,))
    found = [f for f in check(at.record(claim), text, ledger) if f.rule == "G02"]
    assert [finding.fields for finding in found] == [["children"]]


def test_an_equal_number_of_the_same_sentence_is_of_other_people(desk: Any) -> None:
    at = desk("On Monday four people were killed in Velm and four in Kandor. The four lived apart.")
    [finding] = at.found("G03", at.claim(total="four"))
    assert finding.operands[0].start == at.text.rindex("four in Kandor")
    again = desk("On Monday four people were killed in Velm. Of the four, two were children.")
    assert again.found("G03", again.claim(total="four", children="two")) == []


def test_an_equal_number_of_another_group_is_of_other_people(desk: Any) -> None:
    at = desk("On Monday 35 people died, with 20 wounded. The dead included 20 children.")
    own = at.count("20", "included 20 children")
    [finding] = at.found("G03", at.claim(total="35", children=own))
    assert finding.operands[0].start == at.text.index("20")


def test_a_headline_repeats_a_total_in_other_words(desk: Any) -> None:
    at = desk("20 dead in Velm\n\nOn Monday 20 civilians were killed in Velm.")
    own = at.count("20", "20 civilians")
    assert at.found("G03", at.claim(total=own)) == []


def test_a_number_of_arrests_needs_a_claim(desk: Any) -> None:
    at = desk("Lawyers documented 30 arbitrary arrests in Velm.")
    assert len(at.found("G03")) == 1
    assert at.found("G03", at.claim(total="30", outcome="detained")) == []


def test_a_count_of_people_in_no_claim_is_a_warning_with_its_place(desk: Any) -> None:
    at = desk(TOLL)
    [finding] = at.found("G03", at.claim(total="35"))
    assert (finding.severity, finding.claims) == ("warning", [])
    assert finding.message == '"two" is in no claim: "in Northam, including two children."'
    assert finding.operands[0].start == TOLL.index("two")


def test_a_count_listed_as_not_about_people_is_accounted_for(desk: Any) -> None:
    at = desk(TOLL)
    start = TOLL.index("two")
    assert at.check(at.claim(total="35"), unread=[f"{start}:{start + 3}"]) == []


@pytest.mark.parametrize(
    "other",
    [
        "The 44 attacks caused deaths.",
        "It took 44 vehicles to move the dead.",
        "A doctor said that many families mourn the dead of the week before.",
        "They marched 44 abreast.",
    ],
)
def test_numbers_that_are_not_of_victims_need_no_claim(desk: Any, other: str) -> None:
    at = desk(f"{TOLL} {other}".replace("A doctor", "There a doctor"))
    assert at.found("G03", at.claim(quote=TOLL, total="35", children="two")) == []


@pytest.mark.parametrize(
    "other",
    [
        "The victims included 12 women.",
        "Another 12 were wounded.",
        "The shelling killed a woman.",
        "At the same time dozens were injured.",
        "Nearby 12 schools lay in ruins.",
    ],
)
def test_numbers_of_victims_and_facilities_need_a_claim(desk: Any, other: str) -> None:
    at = desk(f"{TOLL} {other}")
    assert len(at.found("G03", at.claim(quote=TOLL, total="35", children="two"))) == 1


def test_a_number_under_a_heading_of_casualties_needs_a_claim(desk: Any) -> None:
    at = desk("Killed in November:\n- Northam: 12\n- Southam: 9\n")
    assert len(at.found("G03")) == 2


def test_one_number_in_two_slots_is_an_error(desk: Any) -> None:
    at = desk(TOLL)
    women = at.count("two")
    [finding] = at.found("G04", at.claim(total="35", children="two", women=women))
    assert finding.severity == "error"
    assert finding.message == (
        'one number, "two", feeds children of killed (c1) and women of killed (c1)'
    )


def test_one_number_in_two_outcomes_is_an_error(desk: Any) -> None:
    at = desk(TOLL)
    hurt = at.claim("c2", outcome="injured", total="35")
    [finding] = at.found("G04", at.claim(total="35", children="two"), hurt)
    assert finding.claims == ["c1", "c2"]


def test_one_number_for_people_and_for_facilities_is_an_error(desk: Any) -> None:
    at = desk(TOLL)
    claims = [at.claim(total="35", children="two")]
    assert len(at.found("G04", *claims, facilities=[at.facility(count="35")])) == 1


def test_a_slice_of_one_group_is_total_and_group(desk: Any) -> None:
    at = desk("On Monday 14 boys were killed.")
    claim = at.claim(total="14", children="14", subgroups={"boys": "14"})
    assert at.found("G04", claim) == []


def test_a_number_of_people_is_no_slice_of_one_group(desk: Any) -> None:
    at = desk("On Monday 14 people were killed.")
    assert len(at.found("G04", at.claim(total="14", children="14"))) == 1
    every = desk("On Monday 14 people were killed, all of them children.")
    assert every.found("G04", every.claim(total="14", children="14")) == []


def test_a_slice_is_of_one_sex_or_age_only(desk: Any) -> None:
    at = desk("On Monday 14 children were killed.")
    assert len(at.found("G04", at.claim(total="14", children="14", women="14"))) == 1


def test_casualties_share_their_number_with_a_part(desk: Any) -> None:
    at = desk("On Monday 14 casualties, all of them killed, were reported.")
    whole = at.claim(outcome="casualties", total="14")
    assert at.found("G04", whole, at.claim("c2", total="14", part_of=0)) == []


def test_equal_numbers_that_stand_often_enough_may_share_a_place(desk: Any) -> None:
    at = desk("On Monday 14 people were killed and 14 injured.")
    assert (
        at.found("G04", at.claim(total="14"), at.claim("c2", outcome="injured", total="14")) == []
    )
