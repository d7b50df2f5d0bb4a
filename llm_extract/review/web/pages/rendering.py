"""Renders templates; every value is escaped, and what a page needs from its request stands here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from llm_extract.review.web.access import session_of
from llm_extract.review.web.rooms import Rooms

TEMPLATES = Path(__file__).parent.parent / "templates"
STATIC = Path(__file__).parent.parent / "static"

RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
"""Languages that are written from right to left (ISO 639, by their script in CLDR)."""

_STATIC_VERSION = str(int(max(path.stat().st_mtime for path in STATIC.iterdir())))


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["words"] = lambda code: str(code).replace("_", " ")
    made.filters["direction"] = direction
    made.filters["age"] = age
    made.globals["static_version"] = _STATIC_VERSION
    return made


def direction(language: str | None) -> str:
    """`rtl` or `ltr`; of an unknown language `auto`."""
    if not language:
        return "auto"
    return "rtl" if language.split("-")[0].lower() in RIGHT_TO_LEFT else "ltr"


def age(moment: datetime) -> str:
    """How long ago, in the largest unit: 5 min, 3 h, 2 days."""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for unit, size in (("day", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'s' if unit == 'day' and number > 1 else ''}"
    return "now"


_JINJA = _environment()


def rooms_of(request: Request) -> Rooms:
    """The rooms of the server that answers."""
    rooms: Rooms = request.app.state.review
    return rooms


def render(request: Request, name: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page or fragment from a template, with the session of the request."""
    if not hasattr(request.state, "session"):
        request.state.session = session_of(request)
    words = _JINJA.get_template(name).render(
        session=request.state.session,
        path=request.url.path,
        has_accounts=request.app.state.access.local is None,
        **context,
    )
    return HTMLResponse(words, status_code=status)


def is_fragment(request: Request) -> bool:
    """Whether htmx asks, which puts the answer into a page."""
    return request.headers.get("hx-request") == "true"


def message(request: Request, words: str, status: int) -> HTMLResponse:
    """A line that says what is not possible: in the page when htmx asks, else as one.

    The session is not looked for: that the store fails may be what is said.
    """
    request.state.session = getattr(request.state, "session", None)
    name = "message.html.j2" if is_fragment(request) else "trouble.html.j2"
    return render(request, name, status=status, words=words)
