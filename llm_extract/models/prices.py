"""What tokens cost: the user's prices first, else those that the library genai-prices knows.

Money is counted in nanodollars (10⁻⁹ US dollars) as integers: a price of one dollar per million
tokens is 1,000 of them a token, and sums over a million reports stay exact.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal

from llm_extract.models.spec import ModelSpec, Prices
from llm_extract.record import Tokens

NANODOLLARS = 1_000_000_000
"""In a dollar."""

BATCH_SHARE = Decimal("0.5")
"""Of the price, in a provider's batch lane: OpenAI's guide to its Batch API promises "50% cost
discount compared to synchronous APIs" on input and output."""

_NANODOLLARS_A_TOKEN = NANODOLLARS // 1_000_000
"""At a price of one dollar per million tokens."""

_FREE = Prices(input=0, output=0)

_KEYS = {"input": "input_mtok", "cached": "cache_read_mtok", "output": "output_mtok"}
"""Names of our prices and of those of genai-prices, both in dollars per million tokens."""


def price_of(spec: ModelSpec) -> Prices | None:
    """Prices of a model's tokens; None where nobody knows them.

    `prices` of the model's entry win. A local model costs 0, which is known: nobody sends a bill,
    so a cap on cost is kept. An endpoint whose address is no known provider's, such as one's own
    server, is unknown, and so is a model that bills requests beside tokens. What is known stands in
    the installed release of genai-prices, nothing is fetched. Prices that change with the hour or
    the length of the prompt are taken at their dearest, up to a prompt as long as the model's
    context: a job runs through days, and a cap on cost must hold.
    """
    if spec.prices is not None:
        return spec.prices
    if spec.kind == "local":
        return _FREE
    return _known(spec)


def cost(tokens: Tokens, prices: Prices | None, *, batch: bool = False) -> int:
    """Nanodollars for the tokens of one request, rounded up; 0 without prices.

    Cached tokens are part of the prompt's and have their own price, reasoning is part of the
    completion. In a provider's batch lane (`batch`) input and output cost `BATCH_SHARE`. A cached
    token costs there what it does elsewhere, or what a fresh one does where that is less: for many
    models no provider says more.
    """
    if prices is None:
        return 0
    share = BATCH_SHARE if batch else Decimal(1)
    fresh, output = _exact(prices.input) * share, _exact(prices.output) * share
    cached = _exact(prices.input if prices.cached is None else prices.cached)
    if batch:
        cached = min(cached, fresh)
    read = max(0, tokens.prompt - tokens.cached)
    price = fresh * read + cached * tokens.cached + output * tokens.completion
    return int((price * _NANODOLLARS_A_TOKEN).to_integral_value(ROUND_CEILING))


def dollars(nanodollars: int) -> str:
    """An amount for people: cents from a dollar on, two digits that say something below it."""
    amount = Decimal(nanodollars) / NANODOLLARS
    places = 2 if abs(amount) >= 1 or not amount else max(2, 1 - amount.adjusted())
    return f"${amount:,.{places}f}"


def _known(spec: ModelSpec) -> Prices | None:
    # A fifth of a second, which only a run on a provider's model has to wait.
    from genai_prices import Usage, calc_price

    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        day = [
            calc_price(
                Usage(),
                spec.model,
                provider_api_url=spec.base_url,
                genai_request_timestamp=midnight + timedelta(hours=hour),
            ).model_price
            for hour in range(24)
        ]
    except LookupError:
        return None
    dearest: dict[str, float | None] = {}
    for name, key in _KEYS.items():
        prices = [price for hour in day for price in _stated(hour, key, spec.context_size)]
        dearest[name] = float(max(prices)) if prices else None
    billed_otherwise = any(_stated(hour, "requests_kcount", 0) for hour in day)
    if dearest["input"] is None or dearest["output"] is None or billed_otherwise:
        return None
    return Prices.model_validate(dearest)


def _stated(prices: object, key: str, longest: int) -> list[Decimal]:
    """The prices under a key for prompts of up to `longest` tokens; none where none is stated."""
    from genai_prices.types import TieredPrices

    stated = getattr(prices, key, None)
    if stated is None:
        return []
    if isinstance(stated, TieredPrices):
        return [stated.base, *(tier.price for tier in stated.tiers if tier.start < longest)]
    return [Decimal(stated)]


def _exact(price: float) -> Decimal:
    """The decimal number that a person wrote: 0.1 is a tenth."""
    return Decimal(repr(price))
