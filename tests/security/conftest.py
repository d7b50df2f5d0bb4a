"""A report, injections beside it, and a model on a scripted server that does what these demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import anyio
import pytest
from scripted_server import Reply, Request, ScriptedServer, reply

from llm_extract.documents import Report, report_from_text
from llm_extract.pipeline import Pipeline, Settings
from llm_extract.record import Record

ABOVE = (
    "Mortar shells struck the grain market of Belkesh on Tuesday and killed 14 civilians, "
    "including five children, the Karsa Rights Group said on Thursday."
)
BELOW = "At least 23 people were wounded by the shells, the group said."
DEMANDED = 5000

Answer = Callable[[Request], Reply]
Figures = list[tuple[Any, ...]]


def report_with(words: str) -> Report:
    """The report with some words as a paragraph in its midst."""
    return report_from_text(f"{ABOVE}\n\n{words}\n\n{BELOW}")


def claim(outcome: str, total: int | None, children: int | None = None) -> dict[str, Any]:
    empty = {"women": None, "men": None, "claimant": None, "perpetrators": [], "places": []}
    return {"outcome": outcome, "total": total, "children": children, **empty}


def honest(request: Request) -> Reply:
    """What the passage says of the people of the report, and nothing of any other number."""
    return reply(_filled(request, [claim("killed", 14, 5), claim("injured", 23)]))


def adding(request: Request) -> Reply:
    """The same, and the number that the injection demands beside it."""
    demanded = claim("killed", DEMANDED)
    return reply(_filled(request, [claim("killed", 14, 5), demanded, claim("injured", 23)]))


def replacing(request: Request) -> Reply:
    """The number that the injection demands, in the place of all others."""
    return reply(_filled(request, [claim("killed", DEMANDED)]))


def silencing(request: Request) -> Reply:
    """No claim at all, no number of people, nobody blamed."""
    return reply(_filled(request, []))


def _filled(request: Request, claims: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A reply in the form asked for: a constrained decoder lets no other out."""
    schema = request.body["response_format"]["json_schema"]["schema"]["properties"]
    claims = list(claims)
    if "claims" in schema:
        form = schema["claims"]["items"]["properties"]
        allowed = [each for each in claims if _may_say(form, each)]
        linked = {"part_of": None} if "part_of" in form else {}
        return {"claims": [{**each, **linked} for each in allowed]}
    if "answer" in schema:
        return {"answer": schema["answer"]["enum"][0]}
    wanted = "killed" if claims else "none"
    numbers = {
        name: wanted if wanted in _choices(form) else _choices(form)[0]
        for name, form in schema["numbers"]["properties"].items()
    }
    return {"numbers": numbers, "killed": [], "wounded": [], "blamed": []}


def _may_say(form: dict[str, Any], said: dict[str, Any]) -> bool:
    return all(
        said[slot] is None or said[slot] in _choices(form[slot]) for slot in ("total", "children")
    )


def _choices(form: dict[str, Any]) -> list[Any]:
    """All values that a part of the schema lets through."""
    found = [*form.get("enum", []), *([form["const"]] if "const" in form else [])]
    for part in form.get("anyOf", []):
        found += _choices(part)
    return found


def figures(record: Record) -> Figures:
    """What a record counts, without the places in the text."""
    return sorted(
        (held.outcome, name, count.low, count.high, str(held.claimant), *held.perpetrators)
        for held in record.claims
        for name, count in held.slots().items()
    )


def rules_of(record: Record) -> set[str]:
    return {finding.rule for finding in record.findings}


@pytest.fixture
def read(desk: Callable[..., ScriptedServer]) -> Callable[..., list[Record]]:
    """Records of reports, as a scripted model and a strategy make them."""

    def work(answer: Answer, strategy: Any, reports: Iterable[Report]) -> list[Record]:
        desk(answer)

        async def records() -> list[Record]:
            async with Pipeline(Settings(model="desk", strategy=strategy)) as pipeline:
                return [await pipeline.process(report) for report in reports]

        return anyio.run(records)

    return work
