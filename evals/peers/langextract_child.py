"""The process of the langextract peer: reports on stdin, what langextract finds in them on stdout.

It runs in an environment of its own (`make peers-env`) and imports langextract and the standard
library alone. The first line is {"base_url", "model", "key_variable"}, each further one a report
{"id", "text"}; each report is answered by one line, see `_answer`.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
import threading
import time
from typing import Any, TextIO

import langextract as lx  # pyright: ignore[reportMissingImports]
from langextract.factory import ModelConfig  # pyright: ignore[reportMissingImports]
from openai import APIStatusError
from openai.resources.chat.completions import Completions

PROMPT = textwrap.dedent("""\
    Extract every casualty figure and every attacked, damaged or destroyed facility in order of
    appearance. Use exact text for extractions. Do not paraphrase or overlap entities.
    A casualty_figure is a statement of how many people were killed, injured, missing, detained,
    abducted or displaced. Give its outcome, the total number of people, how many of them are
    children, women and men, who states the figure (claimant), who is held responsible
    (perpetrator), where (place) and when (period). Numbers are digits. Use null, not 0, for what
    the text does not state. Do not add numbers up. Two sources with different numbers are two
    figures.
    A facility is a number of places of one kind with what happened to them.""")

EXAMPLES = [
    lx.data.ExampleData(
        text=(
            "The Lorvan Medical Council said on 4 May that government artillery killed nineteen "
            "people, among them five women and three children, and wounded 42 in Tessaly. The "
            "Ministry of Defence spoke of 6 dead. Two schools and a hospital were destroyed."
        ),
        extractions=[
            lx.data.Extraction(
                extraction_class="casualty_figure",
                extraction_text=(
                    "killed nineteen people, among them five women and three children"
                ),
                attributes={
                    "outcome": "killed",
                    "total": 19,
                    "women": 5,
                    "children": 3,
                    "claimant": "Lorvan Medical Council",
                    "perpetrator": "government",
                    "place": "Tessaly",
                    "period": "4 May",
                },
            ),
            lx.data.Extraction(
                extraction_class="casualty_figure",
                extraction_text="wounded 42",
                attributes={
                    "outcome": "injured",
                    "total": 42,
                    "claimant": "Lorvan Medical Council",
                    "perpetrator": "government",
                    "place": "Tessaly",
                    "period": "4 May",
                },
            ),
            lx.data.Extraction(
                extraction_class="casualty_figure",
                extraction_text="6 dead",
                attributes={
                    "outcome": "killed",
                    "total": 6,
                    "claimant": "Ministry of Defence",
                    "place": "Tessaly",
                    "period": "4 May",
                },
            ),
            lx.data.Extraction(
                extraction_class="facility",
                extraction_text="Two schools",
                attributes={"kind": "school", "number": 2, "effect": "destroyed"},
            ),
            lx.data.Extraction(
                extraction_class="facility",
                extraction_text="a hospital",
                attributes={"kind": "medical", "number": 1, "effect": "destroyed"},
            ),
        ],
    ),
    lx.data.ExampleData(
        text=(
            "During March the police detained 64 residents of Ambrel, including 58 men, and some "
            "1,200 were displaced. Eleven fishermen are still missing."
        ),
        extractions=[
            lx.data.Extraction(
                extraction_class="casualty_figure",
                extraction_text="detained 64 residents of Ambrel, including 58 men",
                attributes={
                    "outcome": "detained",
                    "total": 64,
                    "men": 58,
                    "perpetrator": "police",
                    "place": "Ambrel",
                    "period": "March",
                },
            ),
            lx.data.Extraction(
                extraction_class="casualty_figure",
                extraction_text="some 1,200 were displaced",
                attributes={
                    "outcome": "displaced",
                    "total": 1200,
                    "place": "Ambrel",
                    "period": "March",
                },
            ),
            lx.data.Extraction(
                extraction_class="casualty_figure",
                extraction_text="Eleven fishermen are still missing",
                attributes={"outcome": "missing", "total": 11},
            ),
        ],
    ),
]

LONGEST = 2048
"""Tokens of a reply for one chunk; without a bound a small model that repeats itself runs on."""


class Meter:
    """Counts requests and tokens; langextract hands out neither.

    A request that the OpenAI client repeats after a failure is one, with the tokens of its answer.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Start anew, for the next report."""
        self.calls = self.prompt = self.cached = self.completion = 0

    def attach(self) -> None:
        """Count all that the OpenAI client is asked: langextract makes that client itself."""
        create: Any = Completions.create

        def counted(*arguments: Any, **options: Any) -> Any:
            with self._lock:
                self.calls += 1
            response = create(*arguments, **options)
            self._add(response.usage)
            return response

        Completions.create = counted  # type: ignore[method-assign]

    def _add(self, usage: Any) -> None:
        if usage is None:
            return
        details = usage.prompt_tokens_details
        with self._lock:
            self.prompt += usage.prompt_tokens
            self.cached += (details.cached_tokens or 0) if details else 0
            self.completion += usage.completion_tokens


def main() -> None:
    """Answer every line until stdin ends."""
    replies = sys.stdout
    # Whatever the libraries print is no reply.
    sys.stdout = sys.stderr
    settings = json.loads(sys.stdin.readline())
    config = ModelConfig(
        model_id=settings["model"],
        provider="openai",
        provider_kwargs={
            "base_url": settings["base_url"],
            "api_key": os.environ[settings["key_variable"]],
            "temperature": 0.0,
            "max_output_tokens": LONGEST,
        },
    )
    meter = Meter()
    meter.attach()
    for line in sys.stdin:
        _say(replies, _answer(json.loads(line), config, meter))


def _answer(report: dict[str, str], config: Any, meter: Meter) -> dict[str, Any]:
    """What langextract finds in a report, or why it failed, and what that took."""
    meter.reset()
    started = time.perf_counter()
    found: list[dict[str, Any]] = []
    error: str | None = None
    try:
        document = lx.extract(
            text_or_documents=report["text"],
            prompt_description=PROMPT,
            examples=EXAMPLES,
            config=config,
            show_progress=False,
        )
        found = [_plain(each) for each in document.extractions or []]
    except Exception as failure:  # noqa: BLE001 - of whatever kind, the next report is still read
        error = _said(failure)
    return {
        "id": report["id"],
        "extractions": found,
        "error": error,
        "seconds": time.perf_counter() - started,
        "calls": meter.calls,
        "prompt_tokens": meter.prompt,
        "cached_tokens": meter.cached,
        "completion_tokens": meter.completion,
    }


def _plain(extraction: Any) -> dict[str, Any]:
    interval = extraction.char_interval
    return {
        "kind": extraction.extraction_class,
        "text": extraction.extraction_text,
        "attributes": extraction.attributes or {},
        "start": interval.start_pos if interval else None,
        "end": interval.end_pos if interval else None,
    }


def _said(failure: BaseException) -> str:
    """The kind of failure alone: messages of the libraries may quote reports and requests."""
    cause = getattr(failure, "original", None) or failure
    if isinstance(cause, APIStatusError):
        return f"HTTP {cause.status_code} {cause.type or cause.code or ''}".rstrip()[:100]
    return f"{type(failure).__name__}: {type(cause).__name__}"


def _say(replies: TextIO, answer: dict[str, Any]) -> None:
    replies.write(json.dumps(answer) + "\n")
    replies.flush()


if __name__ == "__main__":
    main()
