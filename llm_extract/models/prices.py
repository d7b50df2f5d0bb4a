"""Placeholder until the branch is merged."""

from __future__ import annotations

from llm_extract.models.spec import ModelSpec, Prices
from llm_extract.record import Tokens


def price_of(spec: ModelSpec) -> Prices | None:
    return spec.prices


def cost(tokens: Tokens, prices: Prices | None) -> int:
    return 0
