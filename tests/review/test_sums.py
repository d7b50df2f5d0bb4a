"""The arithmetic of claims as people read it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from review_builders import SUMS, read_by_rule, report_of

from llm_extract.intervals import bounds
from llm_extract.record import RecordClaim, RecordCount
from llm_extract.review.content import Content, content_of
from llm_extract.review.sums import SumLine, number_words, sums_of
from llm_extract.schema import Count, Qualifier

SAMPLE = content_of(read_by_rule(report_of("s", SUMS))).claims[0]


def number(value: int, qualifier: Qualifier = "exact", upper: int | None = None) -> RecordCount:
    """A printed number with the interval that its qualifier allows."""
    words = Count(
        value=value, upper=upper, qualifier=qualifier, basis="printed", as_written=str(value)
    )
    low, high = bounds(words)
    return RecordCount(**words.model_dump(), low=low, high=high, start=None, end=None)


def claim(id: str, total: RecordCount | None, **more: object) -> RecordClaim:
    """A claim of people killed; whole claims and parts differ in what is named."""
    return SAMPLE.model_copy(
        update={
            "id": id,
            "outcome": "killed",
            "total": total,
            "children": None,
            "women": None,
            "men": None,
            "part_of_id": None,
            **more,
        }
    )


def lines(*claims: RecordClaim) -> list[SumLine]:
    """The sums of the first claim."""
    return sums_of(claims[0], Content(claims=list(claims), facilities=[], aside=[]))


def parts(*totals: RecordCount) -> list[RecordClaim]:
    return [claim(f"c{n}", total, part_of_id="c1") for n, total in enumerate(totals, 2)]


def test_parts_of_a_claim_are_summed_against_its_total() -> None:
    [line] = lines(claim("c1", number(149)), *parts(number(105), number(27), number(8)))
    assert (line.words, line.state) == ("105 + 27 + 8 = 140 of 149", "open")
    assert line.parts == ("c2", "c3", "c4")


def test_children_women_and_men_close_their_own_total() -> None:
    [line] = lines(claim("c1", number(94), children=number(39), women=number(12), men=number(43)))
    assert (line.label, line.words) == ("children + women + men", "39 + 12 + 43 = 94 of 94")
    assert line.state == "closed"


def test_parts_that_are_surely_more_than_the_whole_are_over() -> None:
    [line] = lines(claim("c1", number(14), children=number(9), women=number(7)))
    assert (line.words, line.state) == ("9 + 7 = 16 of 14", "over")


def test_parts_that_may_fit_into_the_whole_are_not_over() -> None:
    about = number(100, "about")
    [line] = lines(claim("c1", about), *parts(number(60), number(45)))
    assert (line.words, line.state) == ("60 + 45 = 105 of ~100", "open")


def test_a_least_number_among_the_parts_makes_the_sum_one() -> None:
    [line] = lines(claim("c1", number(149)), *parts(number(105), number(35, "at_least")))
    assert (line.words, line.state) == ("105 + ≥ 35 = ≥ 140 of 149", "open")


def test_a_whole_without_upper_bound_is_never_exceeded() -> None:
    [line] = lines(claim("c1", number(10, "at_least")), *parts(number(40), number(40)))
    assert line.state == "open"


def test_one_part_is_shown_without_an_equals_sign() -> None:
    [line] = lines(claim("c1", number(14)), *parts(number(9)))
    assert line.words == "9 of 14"


def test_children_of_parts_are_summed_against_the_children_of_the_whole() -> None:
    whole = claim("c1", number(187), children=number(41))
    below = [
        claim("c2", number(112), children=number(27), part_of_id="c1"),
        claim("c3", number(46), children=number(14), part_of_id="c1"),
    ]
    assert [(line.label, line.words) for line in lines(whole, *below)] == [
        ("parts", "112 + 46 = 158 of 187"),
        ("children of parts", "27 + 14 = 41 of 41"),
    ]


def test_one_part_with_more_children_than_the_whole_is_told() -> None:
    whole = claim("c1", number(20), children=number(3))
    few, many = (claim("c2", None, children=number(each), part_of_id="c1") for each in (2, 5))
    assert lines(whole, few) == []
    [line] = lines(whole, many)
    assert (line.words, line.state) == ("5 of 3", "over")


def test_parts_of_another_outcome_and_derived_totals_make_no_sum() -> None:
    wounded = claim("c2", number(50), part_of_id="c1", outcome="injured")
    assert lines(claim("c1", number(20)), wounded) == []
    derived = number(21).model_copy(update={"basis": "derived"})
    assert lines(claim("c1", derived, women=number(9), men=number(12))) == []


QUALIFIERS: tuple[Qualifier, ...] = ("exact", "at_least", "more_than", "at_most", "about")
numbers = st.builds(number, st.integers(1, 500), st.sampled_from(QUALIFIERS))


@given(numbers, st.lists(numbers, min_size=1, max_size=5))
def test_over_means_that_no_choice_within_the_intervals_fits(
    whole: RecordCount, made: list[RecordCount]
) -> None:
    [line] = lines(claim("c1", whole), *parts(*made))
    fits = whole.high is None or sum(part.low for part in made) <= whole.high
    assert (line.state == "over") == (not fits)
    if line.state == "closed":
        assert sum(part.low for part in made) == whole.low


def test_numbers_are_told_in_their_shortest_form() -> None:
    told = [
        number_words(each)
        for each in (
            number(1250),
            number(5, "more_than"),
            number(30, "about"),
            number(15, "range", 17),
            number(62, "at_least"),
            number(9, "at_most"),
            number(9, "fewer_than"),
        )
    ]
    assert told == ["1,250", "> 5", "~30", "15–17", "≥ 62", "≤ 9", "< 9"]
