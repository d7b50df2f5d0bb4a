"""Risk: what makes a record urgent."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from llm_extract.review.risk import Signs, risk_of

NOTHING = Signs(errors=0, warnings=0, killed=0, blame=False)

SIGNS = st.builds(
    Signs,
    errors=st.integers(0, 30),
    warnings=st.integers(0, 30),
    killed=st.integers(0, 10**7),
    blame=st.booleans(),
)


def test_a_record_of_nothing_has_no_risk() -> None:
    assert risk_of(NOTHING) == 0


def test_an_error_weighs_more_than_a_warning_and_a_large_toll_more_than_a_small_one() -> None:
    assert risk_of(replace(NOTHING, errors=1)) > risk_of(replace(NOTHING, warnings=1))
    assert risk_of(replace(NOTHING, killed=400)) > risk_of(replace(NOTHING, killed=4))
    assert risk_of(replace(NOTHING, warnings=1, blame=True)) > risk_of(replace(NOTHING, warnings=1))


def test_one_error_outweighs_the_toll_of_a_disaster() -> None:
    assert risk_of(replace(NOTHING, errors=1)) > risk_of(replace(NOTHING, killed=1500))


@given(SIGNS, SIGNS)
def test_more_of_anything_never_lowers_the_risk(one: Signs, more: Signs) -> None:
    both = Signs(
        errors=one.errors + more.errors,
        warnings=one.warnings + more.warnings,
        killed=one.killed + more.killed,
        blame=one.blame or more.blame,
    )
    assert 0 <= risk_of(one) <= risk_of(both)
