"""The app: pages, errors and the intake behind them, put together for one store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from logging import getLogger
from pathlib import Path
from traceback import extract_tb

import anyio
import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from llm_extract.errors import ChangeError, LlmExtractError, ReviewError
from llm_extract.review.intake import news, take_in
from llm_extract.review.sampling import RATE
from llm_extract.review.web.access import Access, NotSignedIn
from llm_extract.review.web.guard import Guard
from llm_extract.review.web.pages import accounts, case, dashboard, exchange, login, queue
from llm_extract.review.web.pages.rendering import STATIC, is_fragment, message, render
from llm_extract.review.web.rooms import Rooms

INTAKE_SECONDS = 15.0
"""How long a record that a job has settled may be no case yet."""

THREADS = 8
"""Pages that are worked on at once: one interpreter runs one of them at a time, and more, such as
anyio's 40, would only take turns. As many as connections that read."""

STATUS = {
    "no_case": 404,
    "role": 403,
    "not_yours": 403,
    "csrf": 403,
    "throttled": 429,
    "reason": 422,
    "note": 422,
    "sheet": 422,
    "filter": 422,
    "view": 422,
    "name": 422,
    "password": 422,
}
"""Status of an answer by the code of its ReviewError; others are 409: not possible now."""

_log = getLogger("llm_extract.review")


def create_app(
    rooms: Rooms, access: Access, hosts: Collection[str], scheme: str = "http", rate: float = RATE
) -> FastAPI:
    """The app for a store; `hosts` are the Host headers that it answers to.

    While it runs, records that jobs settle become cases; `rate` is the share of clean ones that are
    drawn.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_keep_taking_in, rooms, rate)
            yield
            tasks.cancel_scope.cancel()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.review = rooms
    app.state.access = access
    app.add_middleware(Guard, hosts=hosts, scheme=scheme, failed=_failed)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for page in (login, queue, case, dashboard, exchange, accounts):
        app.include_router(page.router)
    app.add_api_route("/", lambda: RedirectResponse("/queue", 303), methods=["GET"])
    app.add_exception_handler(LlmExtractError, _told)
    app.add_exception_handler(NotSignedIn, _ask_to_sign_in)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _misread)
    return app


async def _keep_taking_in(rooms: Rooms, rate: float) -> None:
    seen: tuple[int, int] | None = None
    while True:
        try:
            now = await anyio.to_thread.run_sync(news, rooms.reader)
            if now != seen:
                await anyio.to_thread.run_sync(take_in, rooms.engine, rate)
                seen = now
        except LlmExtractError as error:
            _log.warning("records were not taken in, which is tried again: %s", error)
        except Exception as error:  # noqa: BLE001 - reviewers go on with the cases there are
            _log.error("records were not taken in by %s, which is tried again", _kind_of(error))
        await anyio.sleep(INTAKE_SECONDS)


def _told(request: Request, error: Exception) -> Response:
    """An error of ours is for people."""
    if isinstance(error, ReviewError):
        status = STATUS.get(error.code, 409)
    else:
        status = 422 if isinstance(error, ChangeError) else 500
    return message(request, str(error), status)


def _ask_to_sign_in(request: Request, _error: Exception) -> Response:
    if is_fragment(request):
        return message(request, "you are no longer signed in: load the page again", 401)
    if request.app.state.access.local is None:
        return RedirectResponse("/login", 303)
    return render(request, "start.html.j2", status=401)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = "there is no such page" if error.status_code == 404 else str(error.detail)
    return message(request, words, error.status_code)


def _misread(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return message(request, f"{first['loc'][-1]}: {first['msg']}", 422)


def _failed(request: Request, error: Exception) -> Response:
    """What nobody foresaw: its kind goes to the terminal, without any text of a report."""
    _log.error("a page failed by %s; please report how it came about", _kind_of(error))
    return message(request, "something went wrong here: your last step was not saved", 500)


def _kind_of(error: Exception) -> str:
    """The kind and place of an error, whose words can be those of a report."""
    frames = extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "llm_extract" in frame.filename] or frames
    return f"{type(error).__name__} ({Path(ours[-1].filename).name}:{ours[-1].lineno})"
