"""What tokens cost."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.models.catalogue import find_model
from llm_extract.models.prices import NANODOLLARS, cost, dollars, price_of
from llm_extract.models.spec import ModelSpec, Prices
from llm_extract.record import Tokens

OPENAI = "https://api.openai.com/v1"
PRICES = Prices(input=0.4, cached=0.1, output=1.6)

COUNTS = st.integers(0, 10_000_000)
AMOUNTS = st.decimals(0, 1000, places=4).map(float)
ANY_PRICES = st.builds(Prices, input=AMOUNTS, cached=st.none() | AMOUNTS, output=AMOUNTS)


@st.composite
def any_tokens(draw: st.DrawFn) -> Tokens:
    prompt, completion = draw(COUNTS), draw(COUNTS)
    cached, reasoning = draw(st.integers(0, prompt)), draw(st.integers(0, completion))
    return Tokens(prompt=prompt, cached=cached, completion=completion, reasoning=reasoning)


def model(base_url: str = OPENAI, name: str = "gpt-4.1-mini", **changes: Any) -> ModelSpec:
    keys = {"kind": "endpoint", "model": name, "base_url": base_url, "context_size": 128_000}
    return ModelSpec(name="desk", **{**keys, **changes})


def tokens(prompt: int = 0, completion: int = 0, cached: int = 0, reasoning: int = 0) -> Tokens:
    return Tokens(prompt=prompt, cached=cached, completion=completion, reasoning=reasoning)


# --- prices ------------------------------------------------------------------------------------


def test_the_users_prices_win() -> None:
    own = Prices(input=9, output=9)
    assert price_of(model(prices=own)) == own


def test_a_providers_model_is_known_by_address_and_name() -> None:
    assert price_of(model()) == PRICES
    assert price_of(model(name="gpt-4.1-mini-2025-04-14")) == PRICES
    assert price_of(model("https://openrouter.ai/api/v1", "openai/gpt-4.1-mini")) == PRICES


@pytest.mark.parametrize(
    ("base_url", "name"),
    [
        (OPENAI, "no-such-model"),
        ("http://127.0.0.1:8000/v1", "gpt-4.1-mini"),
        ("https://models.example.org/v1", "gpt-4.1-mini"),
        ("https://api.perplexity.ai", "sonar"),  # bills each request beside its tokens
    ],
)
def test_what_nobody_knows_has_no_price(base_url: str, name: str) -> None:
    assert price_of(model(base_url, name)) is None


def test_a_local_model_costs_nothing_and_that_is_known() -> None:
    free = price_of(find_model("gemma3-270m"))
    assert free == Prices(input=0, output=0)
    assert cost(tokens(prompt=1_000_000, completion=1_000_000), free) == 0


@pytest.mark.parametrize(("context_size", "dearest"), [(128_000, 1.25), (1_000_000, 2.5)])
def test_a_price_that_grows_with_the_prompt_is_that_of_the_longest(
    context_size: int, dearest: float
) -> None:
    url = "https://generativelanguage.googleapis.com/v1beta/openai/"
    prices = price_of(model(url, "gemini-2.5-pro", context_size=context_size))
    assert prices is not None
    assert prices.input == dearest


def test_a_price_that_changes_with_the_hour_is_the_dearest_of_the_day() -> None:
    from genai_prices import Usage, calc_price

    url = "https://api.deepseek.com/v1"
    prices = price_of(model(url, "deepseek-chat"))
    assert prices is not None

    def at(hour: int) -> float:
        when = datetime.now(UTC).replace(hour=hour)
        known = calc_price(
            Usage(), "deepseek-chat", provider_api_url=url, genai_request_timestamp=when
        )
        return float(known.model_price.input_mtok)

    assert at(8) != at(20), "this model no longer has hours; take another one"
    assert prices.input == max(at(8), at(20))


def test_no_price_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert price_of(model(name="gpt-4.1-nano")) is not None


# --- cost --------------------------------------------------------------------------------------


def test_a_million_tokens_cost_their_price() -> None:
    million = 1_000_000
    assert cost(tokens(prompt=million), PRICES) == 400_000_000
    assert cost(tokens(prompt=million, cached=million), PRICES) == 100_000_000
    assert cost(tokens(completion=million), PRICES) == 1_600_000_000


def test_cached_tokens_are_part_of_the_prompt() -> None:
    assert cost(tokens(prompt=1000, cached=600), PRICES) == 400 * 400 + 600 * 100


def test_without_a_cached_price_a_cached_token_costs_as_a_fresh_one() -> None:
    plain = Prices(input=0.4, output=1.6)
    assert cost(tokens(prompt=1000, cached=600), plain) == cost(tokens(prompt=1000), plain)


def test_reasoning_is_part_of_the_completion() -> None:
    assert cost(tokens(completion=100, reasoning=90), PRICES) == 100 * 1600


def test_in_the_batch_lane_input_and_output_cost_half() -> None:
    assert cost(tokens(prompt=1000, completion=100), PRICES, batch=True) == 1000 * 200 + 100 * 800


def test_in_the_batch_lane_a_cached_token_costs_its_price_but_never_more_than_a_fresh_one() -> None:
    assert cost(tokens(prompt=1000, cached=1000), PRICES, batch=True) == 1000 * 100
    dear = Prices(input=0.4, cached=0.3, output=1.6)
    assert cost(tokens(prompt=1000, cached=1000), dear, batch=True) == 1000 * 200


def test_without_prices_there_is_no_cost() -> None:
    assert cost(tokens(prompt=1000, completion=1000), None) == 0


def test_parts_of_a_nanodollar_are_rounded_up() -> None:
    assert cost(tokens(prompt=1), Prices(input=0.0001, output=0)) == 1


def test_a_server_that_counts_more_cached_than_read_is_never_owed_by() -> None:
    assert cost(tokens(prompt=10, cached=30), PRICES) == 30 * 100


@given(any_tokens(), ANY_PRICES)
def test_the_cost_is_the_exact_product_rounded_up_by_less_than_one(
    used: Tokens, prices: Prices
) -> None:
    def tenths_of_nanodollars(price: float) -> int:
        return round(price * 10_000)  # four decimal places, a thousand nanodollars a dollar

    exact = (
        tenths_of_nanodollars(prices.input) * (used.prompt - used.cached)
        + tenths_of_nanodollars(prices.input if prices.cached is None else prices.cached)
        * used.cached
        + tenths_of_nanodollars(prices.output) * used.completion
    )
    assert 0 <= cost(used, prices) * 10 - exact < 10


@given(any_tokens(), any_tokens(), ANY_PRICES, st.booleans())
def test_more_tokens_never_cost_less_and_parts_never_less_than_the_whole(
    some: Tokens, more: Tokens, prices: Prices, batch: bool
) -> None:
    both = Tokens(
        prompt=some.prompt + more.prompt,
        cached=some.cached + more.cached,
        completion=some.completion + more.completion,
    )
    whole = cost(both, prices, batch=batch)
    first, second = (cost(part, prices, batch=batch) for part in (some, more))
    assert max(first, second) <= whole <= first + second <= whole + 1


@given(any_tokens(), ANY_PRICES)
def test_the_batch_lane_is_never_dearer(used: Tokens, prices: Prices) -> None:
    assert cost(used, prices, batch=True) <= cost(used, prices)


# --- words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nanodollars", "words"),
    [
        (0, "$0.00"),
        (1, "$0.0000000010"),
        (12_340, "$0.000012"),
        (9_990_000, "$0.0100"),
        (12_300_000, "$0.012"),
        (500_000_000, "$0.50"),
        (1_234_567_000, "$1.23"),
        (1_234_567_890_000, "$1,234.57"),
    ],
)
def test_an_amount_is_written_for_people(nanodollars: int, words: str) -> None:
    assert dollars(nanodollars) == words


@given(st.integers(1, 10**15))
def test_an_amount_in_words_is_within_a_twentieth_of_itself(nanodollars: int) -> None:
    told = float(dollars(nanodollars).removeprefix("$").replace(",", ""))
    assert told * NANODOLLARS == pytest.approx(nanodollars, rel=0.05)
