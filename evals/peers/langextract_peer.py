"""The langextract peer: what Google's library finds with its own prompt form, chunks and examples.

langextract cannot stand beside our packages (it wants an older tenacity), so it works in a child
process with an environment of its own, `langextract_child.py`, which `make peers-env` makes.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from llm_extract.documents import Report
from llm_extract.errors import ModelError
from llm_extract.evals.peers.flat import FlatClaim, FlatFacility, casualty_report
from llm_extract.evals.peers.reading import NO_TOKENS, PeerReading
from llm_extract.models.endpoint import Endpoint
from llm_extract.record import Tokens
from llm_extract.schema import CasualtyReport, FacilityEffect, FacilityKind, Outcome

PYTHON_VARIABLE = "LLM_EXTRACT_LANGEXTRACT_PYTHON"
"""Names the interpreter of the environment that holds langextract, where make did not make it."""

KEY_VARIABLE = "LLM_EXTRACT_PEER_KEY"
"""Hands the endpoint's key to the child: other users of a machine may read command lines."""

REPORT_SECONDS = 1800.0
"""A report of several chunks, each asked three times at most for the ten minutes of the client."""

LONGEST_LINE = 64 * 1024**2
"""Bytes of a line from the child."""

LONGEST_NUMBER = 9
"""Digits of a count of people; Python refuses to read endless ones."""

OUTCOMES: dict[str, Outcome] = {
    **{outcome: outcome for outcome in get_args(Outcome)},
    "dead": "killed",
    "death": "killed",
    "deaths": "killed",
    "wounded": "injured",
    "arrested": "detained",
    "kidnapped": "abducted",
}
"""langextract constrains attributes to text, so a model is free to choose a word of its own."""

KINDS: dict[str, FacilityKind] = {
    **{kind: kind for kind in get_args(FacilityKind)},
    "hospital": "medical",
    "clinic": "medical",
    "mosque": "place_of_worship",
    "church": "place_of_worship",
    "house": "residential",
    "home": "residential",
    "building": "residential",
}

EFFECTS: dict[str, FacilityEffect] = {effect: effect for effect in get_args(FacilityEffect)}

_CHILD = Path(__file__).with_name("langextract_child.py")
_Value = TypeVar("_Value")


class LangextractPeer:
    """langextract with its defaults; `child` is the script that runs it."""

    name = "langextract"
    needs_model = True

    def __init__(self, child: Path = _CHILD, report_seconds: float = REPORT_SECONDS) -> None:
        self._child = child
        self._report_seconds = report_seconds

    def ready(self) -> None:
        """Raise ModelError when its environment is missing."""
        _interpreter()

    async def read(
        self, reports: Sequence[Report], endpoint: Endpoint | None
    ) -> AsyncIterator[PeerReading]:
        """One reading a report, as `Peer.read` says."""
        if endpoint is None:
            raise ValueError("the langextract peer needs a model")
        command = (str(_interpreter()), "-I", "-X", "utf8", str(self._child))
        async with _Process(command, endpoint) as process:
            for report in reports:
                started = time.perf_counter()
                try:
                    answer = await asyncio.wait_for(process.ask(report), self._report_seconds)
                except (_ProcessError, TimeoutError) as error:
                    # Half an answer may still come: the next report has a process of its own.
                    await process.stop()
                    line = str(error) or f"no answer within {self._report_seconds:.0f} s"
                    seconds = time.perf_counter() - started
                    yield PeerReading(report.id, None, line, seconds, 0, NO_TOKENS)
                else:
                    yield _reading(report, answer, endpoint)


def as_report(text: str, extractions: Sequence[Extraction]) -> CasualtyReport:
    """Extractions of a text as claims and facilities.

    Those that are not located in the text are left out, as langextract's readme advises: a model
    may repeat its examples.
    """
    claims: list[FlatClaim] = []
    facilities: list[FlatFacility] = []
    for each in extractions:
        if each.start is None or each.end is None:
            continue
        quote = text[each.start : each.end]
        if each.kind == "casualty_figure":
            claim = _claim(each.attributes, quote)
            claims += [claim] if claim else []
        elif each.kind == "facility":
            facilities.append(_facility(each.attributes, quote))
    return casualty_report(claims, facilities)


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Extraction(_Line):
    """One extraction of the child; `start` and `end` (exclusive) are null when it has no place."""

    kind: str
    text: str
    attributes: dict[str, Any]
    start: int | None
    end: int | None


class _Answer(_Line):
    """What the child says of one report."""

    id: str
    extractions: list[Extraction]
    error: str | None
    seconds: float
    calls: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


class _ProcessError(Exception):
    """The child cannot be started, has ended, or answers nonsense; one line."""


class _Process:
    """The child, started with the first report and anew after it failed; a context manager."""

    def __init__(self, command: Sequence[str], endpoint: Endpoint) -> None:
        self._command = command
        self._endpoint = endpoint
        self._running: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def ask(self, report: Report) -> _Answer:
        """The child's answer for a report. Raises _ProcessError."""
        try:
            process = self._running or await self._start()
            _send(process, {"id": report.id, "text": report.text})
            line = await _stdout(process).readline()
        except (OSError, ValueError) as error:
            raise _ProcessError(f"langextract's process failed: {type(error).__name__}") from None
        if not line:
            code = await process.wait()
            raise _ProcessError(
                f"langextract's process ended with code {code}; make peers-env builds its "
                "environment anew"
            )
        try:
            answer = _Answer.model_validate_json(line)
        except ValidationError:
            raise _ProcessError("langextract's process answered with what is no reading") from None
        if answer.id != report.id:
            raise _ProcessError("langextract's process answered for another report")
        return answer

    async def stop(self) -> None:
        """End the child; harmless when it is not running."""
        process, self._running = self._running, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def _start(self) -> asyncio.subprocess.Process:
        endpoint = self._endpoint
        self._running = process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # langextract logs replies, and with them report text.
            stderr=asyncio.subprocess.DEVNULL,
            limit=LONGEST_LINE,
            env={**os.environ, KEY_VARIABLE: endpoint.api_key.get_secret_value()},
        )
        settings = {
            "base_url": endpoint.base_url,
            "model": endpoint.model,
            "key_variable": KEY_VARIABLE,
        }
        _send(process, settings)
        return process


def _send(process: asyncio.subprocess.Process, line: dict[str, str]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(line).encode() + b"\n")


def _stdout(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    assert process.stdout is not None
    return process.stdout


def _interpreter() -> Path:
    """The Python that has langextract. Raises ModelError when there is none."""
    named = os.environ.get(PYTHON_VARIABLE)
    path = Path(named) if named else Path(sys.prefix) / "bench" / "bin" / "python"
    if not path.is_file():
        raise ModelError(
            f"langextract has no environment ({path} is missing): run make peers-env, or name a "
            f"Python that has langextract[openai] in {PYTHON_VARIABLE}",
            code="missing_environment",
        )
    return path


def _reading(report: Report, answer: _Answer, endpoint: Endpoint) -> PeerReading:
    failed = answer.error is not None
    return PeerReading(
        id=report.id,
        report=None if failed else as_report(report.text, answer.extractions),
        error=endpoint.redact(answer.error) if answer.error is not None else None,
        seconds=answer.seconds,
        calls=answer.calls,
        tokens=Tokens(
            prompt=answer.prompt_tokens,
            cached=answer.cached_tokens,
            completion=answer.completion_tokens,
        ),
    )


def _claim(attributes: dict[str, Any], quote: str) -> FlatClaim | None:
    """A casualty_figure as a claim; None with an outcome that is none of the schema's."""
    outcome = _known(attributes.get("outcome"), OUTCOMES)
    if outcome is None:
        return None
    return FlatClaim(
        outcome=outcome,
        total=_number(attributes.get("total")),
        children=_number(attributes.get("children")),
        women=_number(attributes.get("women")),
        men=_number(attributes.get("men")),
        claimant=next(iter(_words(attributes.get("claimant"))), None),
        perpetrators=_words(attributes.get("perpetrator")),
        places=_words(attributes.get("place")),
        period=next(iter(_words(attributes.get("period"))), None),
        quote=quote,
    )


def _facility(attributes: dict[str, Any], quote: str) -> FlatFacility:
    return FlatFacility(
        kind=_known(attributes.get("kind"), KINDS) or "other",
        number=_number(attributes.get("number")),
        effect=_known(attributes.get("effect"), EFFECTS) or "attacked",
        quote=quote,
    )


def _known(word: object, known: dict[str, _Value]) -> _Value | None:
    return known.get(str(word).strip().casefold())


def _number(value: object) -> int | None:
    """An attribute as a number: 1200 or "1,200"."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    digits = str(value).replace(",", "").strip()
    return int(digits) if digits.isdecimal() and len(digits) <= LONGEST_NUMBER else None


def _words(value: object) -> tuple[str, ...]:
    """An attribute as names: one, or a list of them."""
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
