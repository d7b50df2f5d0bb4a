"""The sample of clean records: the draw, and the first of each kind."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from llm_extract.review.sampling import FIRSTS, SampleReason, is_drawn, sample_reason

DIGESTS = st.binary(max_size=8).map(lambda word: hashlib.sha256(word).hexdigest())
RATES = st.floats(0, 1)


def test_a_tenth_is_drawn_of_many() -> None:
    drawn = sum(is_drawn(hashlib.sha256(str(n).encode()).hexdigest(), 0.1) for n in range(5000))
    assert 430 < drawn < 570  # further off than 3 standard deviations (64) it is no fair draw


@given(DIGESTS, RATES, RATES)
def test_what_a_smaller_rate_draws_a_larger_one_draws_too(
    sha256: str, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert is_drawn(sha256, high) or not is_drawn(sha256, low)


@given(DIGESTS)
def test_nothing_is_drawn_of_none_and_all_of_all(sha256: str) -> None:
    assert is_drawn(sha256, 1.0)
    assert not is_drawn(sha256, 0.0)


@given(DIGESTS)
def test_the_first_records_of_a_kind_are_all_looked_at(sha256: str) -> None:
    many: dict[SampleReason, int] = {
        "new_claimant": FIRSTS,
        "new_model": FIRSTS,
        "new_prompt": FIRSTS,
    }
    assert sample_reason(sha256, 0, many) is None
    for reason in many:
        assert sample_reason(sha256, 0, many | {reason: FIRSTS - 1}) == reason


@given(DIGESTS)
def test_what_is_drawn_is_said_to_be_drawn_although_it_is_a_first_one(sha256: str) -> None:
    """Else the random sample would miss the records of new claimants."""
    assert sample_reason(sha256, 1, {"new_model": 0}) == "drawn"
