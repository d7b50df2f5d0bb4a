"""The spine: one report in, one record out; a batch job, an eval run and a review are its visitors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Strategy = Literal["auto", "document", "sentence", "mention"]

DEFAULT_MODEL = "qwen2.5-coder-1.5b"


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides a record besides its report; changing any of it makes another run.

    `prompt` is NAME or NAME@VERSION, None takes the newest default prompt of the strategy.
    """

    model: str = DEFAULT_MODEL
    prompt: str | None = None
    strategy: Strategy = "auto"


@dataclass(frozen=True, slots=True)
class WorkKey:
    """Identity of one piece of work; equal keys give equal records, so a repeat costs no model call."""

    report_sha256: str
    published: str
    prompt_hash: str
    model: str
    strategy: str
    package_version: str
