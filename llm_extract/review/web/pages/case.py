"""The screen of one case: what the report says, what was read in it, each step of a reviewer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from llm_extract.changes import GROUPS
from llm_extract.errors import ChangeError, ReviewError
from llm_extract.review.cases import Case
from llm_extract.review.deciding import Choice
from llm_extract.review.edits import Edit, parse_edit
from llm_extract.review.edits.forms import ApplyChanges
from llm_extract.review.queue import Filters
from llm_extract.review.sessions import Session
from llm_extract.review.states import REASONS_OF, Reason
from llm_extract.review.web.access import Posting, Signed
from llm_extract.review.web.pages.case_fields import choices, form_fields
from llm_extract.review.web.pages.case_view import is_blind, view_of
from llm_extract.review.web.pages.rendering import is_fragment, render, rooms_of
from llm_extract.review.web.rooms import Rooms

router = APIRouter()

Word = Annotated[str, Form(max_length=4000)]
Version = Annotated[int, Form(ge=0)]


@router.get("/next")
def next_case(request: Request, session: Signed) -> Response:
    """Take the next case of the queue, as its query string filters it."""
    rooms = rooms_of(request)
    filters = Filters.from_query(request.query_params)
    for _ in range(20):
        pk = rooms.queue.next_free(filters, session.reviewer)
        if pk is None:
            break
        try:
            rooms.desk.take(pk, session.reviewer)
        except ReviewError:
            continue  # somebody was faster
        return RedirectResponse(f"/cases/{pk}?{urlencode(filters.to_query())}", 303)
    return render(request, "nothing_left.html.j2")


@router.get("/cases/{pk}")
def show(request: Request, session: Signed, pk: int) -> Response:
    """The whole screen."""
    return _page(request, session, rooms_of(request).cases.get(pk), "case.html.j2")


@router.get("/cases/{pk}/parts")
def show_parts(request: Request, session: Signed, pk: int) -> Response:
    """What a step would answer, for a page that is out of date."""
    return _page(request, session, rooms_of(request).cases.get(pk), "case_parts.html.j2")


@router.get("/cases/{pk}/history")
def show_history(request: Request, session: Signed, pk: int) -> Response:
    """What was done to it; not for who is to judge without knowing that."""
    rooms = rooms_of(request)
    blind = is_blind(rooms.cases.get(pk), session.reviewer)
    history = [] if blind else rooms.cases.history(pk)
    return render(request, "case_history.html.j2", history=history)


@router.get("/cases/{pk}/items/{item}")
def ask_fields(request: Request, session: Signed, pk: int, item: str) -> Response:
    """The form of a claim's or facility's fields."""
    case = rooms_of(request).cases.get(pk)
    for each in case.content.items:
        if each.id == item:
            return render(
                request, "case_fields.html.j2", case=case, item=each, fields=form_fields(each)
            )
    raise ReviewError(f"there is no claim {item} any more: load the page again", code="stale")


@router.post("/cases/{pk}/take")
def take(request: Request, session: Posting, pk: int) -> Response:
    """Open it for work."""
    rooms_of(request).desk.take(pk, session.reviewer)
    return _again(request, pk)


@router.post("/cases/{pk}/release")
def release(request: Request, session: Posting, pk: int) -> Response:
    """Give it back, and return to the queue."""
    rooms_of(request).desk.release(pk, session.reviewer)
    return RedirectResponse(f"/queue?{request.url.query}", 303)


@router.post("/cases/{pk}/renew")
def renew(request: Request, session: Posting, pk: int) -> Response:
    """Say that it is still looked at."""
    if rooms_of(request).desk.renew(pk, session.reviewer):
        return Response(status_code=204)
    raise ReviewError("you no longer have this case open: load the page again", code="held")


@router.post("/cases/{pk}/edit")
async def edit(request: Request, session: Posting, pk: int) -> Response:
    """Make one edit; the fields of the form are those of the edit, and `version`."""
    form = await request.form()
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    fields.pop("csrf", None)
    version = _number(fields.pop("version", ""))
    if version is None:
        raise ChangeError("version: the page does not say which state it shows: load it again")
    return await run_in_threadpool(_edit, request, session, pk, fields, version)


def _edit(
    request: Request, session: Session, pk: int, fields: dict[str, str], version: int
) -> Response:
    rooms = rooms_of(request)
    if fields.get("action") == "apply_suggestion":
        change: Edit = _suggested(rooms, rooms.cases.get(pk), fields)
        return _changed(
            request, session, lambda: rooms.desk.edit(pk, session.reviewer, change, version)
        )
    if fields.get("action") == "set_fields":
        edits = _field_edits(rooms.cases.get(pk), fields)
        return _changed(
            request, session, lambda: rooms.desk.edit_all(pk, session.reviewer, edits, version)
        )
    one = parse_edit(fields)
    return _changed(request, session, lambda: rooms.desk.edit(pk, session.reviewer, one, version))


@router.post("/cases/{pk}/undo")
def undo(request: Request, session: Posting, pk: int, version: Version) -> Response:
    """Go back one step."""
    desk = rooms_of(request).desk
    return _changed(request, session, lambda: desk.undo(pk, session.reviewer, version))


@router.post("/cases/{pk}/redo")
def redo(request: Request, session: Posting, pk: int, version: Version) -> Response:
    """Do again what was undone."""
    desk = rooms_of(request).desk
    return _changed(request, session, lambda: desk.redo(pk, session.reviewer, version))


@router.post("/cases/{pk}/side")
def take_side(
    request: Request, session: Posting, pk: int, decision: Annotated[int, Form()], version: Version
) -> Response:
    """Put what one of two reviewers made of it in the place of what is there."""
    rooms = rooms_of(request)
    case = rooms.cases.get(pk)
    chosen = next((one for one in case.round if one.pk == decision), None)
    if case.stage != "adjudication" or chosen is None or chosen.content is None:
        raise ReviewError("there is no such decision to take over", code="stale")
    content, who = chosen.content, chosen.who
    return _changed(
        request,
        session,
        lambda: rooms.desk.replace(pk, session.reviewer, content, f"as {who} says", version),
    )


@router.post("/cases/{pk}/decide")
def decide(
    request: Request,
    session: Posting,
    pk: int,
    choice: Word,
    version: Version,
    reason: Word = "",
    note: Word = "",
) -> Response:
    """Accept, reject or defer; then the next case comes at once."""
    if choice not in ("accept", "reject", "defer"):
        raise ReviewError("a case is accepted, rejected or deferred", code="reason")
    rooms_of(request).desk.decide(
        pk,
        session.reviewer,
        cast(Choice, choice),
        cast(Reason | None, reason or None),
        note,
        version,
    )
    return _go(request, f"/next?{request.url.query}")


@router.post("/cases/{pk}/note")
def note(request: Request, session: Posting, pk: int, words: Word) -> Response:
    """Write a note."""
    rooms_of(request).desk.note(pk, session.reviewer, words)
    return _again(request, pk)


@router.post("/cases/{pk}/second")
def second(request: Request, session: Posting, pk: int, why: Word = "asked for") -> Response:
    """Ask for a second reviewer."""
    rooms_of(request).desk.ask_second(pk, session.reviewer, why.strip()[:200] or "asked for")
    return _again(request, pk)


@router.post("/cases/{pk}/assign")
def assign(request: Request, session: Posting, pk: int, assignee: Word = "") -> Response:
    """Say who is to look at it; nobody when empty."""
    name = assignee.strip()[:64] or None
    rooms_of(request).desk.assign(pk, session.reviewer, name)
    return _again(request, pk)


@router.post("/cases/{pk}/free")
def free(request: Request, session: Posting, pk: int) -> Response:
    """Take it from whoever has it open."""
    rooms_of(request).desk.free(pk, session.reviewer)
    return _again(request, pk)


@router.post("/cases/{pk}/reopen")
def reopen(request: Request, session: Posting, pk: int, why: Word) -> Response:
    """Open a decided case anew."""
    rooms_of(request).desk.reopen(pk, session.reviewer, why.strip()[:200])
    return _again(request, pk)


# --- answers ----------------------------------------------------------------------------------


def _changed(request: Request, session: Session, step: Callable[[], Case]) -> Response:
    """The screen after a step; where the page was out of date, its present state with a line."""
    return _page(request, session, step(), "case_parts.html.j2")


def _page(request: Request, session: Session, case: Case, template: str) -> HTMLResponse:
    rooms = rooms_of(request)
    older = None if case.previous is None else rooms.cases.get(case.previous)
    newer = rooms.cases.successor_of(case.pk) if case.state == "superseded" else None
    view = view_of(case, rooms.judgements.of(case), session.reviewer, older, newer)
    return render(request, template, view=view, query=request.url.query, **_CHOICES)


_CHOICES: dict[str, Any] = {
    "reasons": REASONS_OF,
    "groups": sorted(GROUPS),
    "choices": choices(),
}


def _again(request: Request, pk: int) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return _go(request, f"/cases/{pk}{query}")


def _go(request: Request, address: str) -> Response:
    """Another page, also where htmx asked for a part of one."""
    if is_fragment(request):
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


# --- forms ------------------------------------------------------------------------------------


def _number(told: str) -> int | None:
    """A number of a form; None: it is none, or longer than any of ours."""
    return int(told) if told.isdecimal() and len(told) < 10 else None


def _suggested(rooms: Rooms, case: Case, fields: dict[str, str]) -> ApplyChanges:
    """The changes that a finding suggests; the form names it by its key and their place."""
    index = _number(fields.get("index", ""))
    for each in rooms.judgements.of(case):
        if each.key == fields.get("key") and index is not None:
            found = each.finding.suggestions[index : index + 1]
            if found:
                return ApplyChanges(action="apply_changes", changes=found[0].changes)
    raise ChangeError("this suggestion is gone: the record was changed since")


def _field_edits(case: Case, fields: dict[str, str]) -> list[Edit]:
    """The edits of a form of all fields: those that it changes."""
    item = fields.get("item", "")
    for each in case.content.items:
        if each.id == item:
            shown = {field.name: field.value for field in form_fields(each)}
            changed = [
                (name, fields[name].replace("\r\n", "\n").strip())
                for name, value in shown.items()
                if name in fields and fields[name].replace("\r\n", "\n").strip() != value
            ]
            return [
                parse_edit({"action": "set_parent", "item": item, "parent": value})
                if name == "part_of"
                else parse_edit(
                    {"action": "set_field", "item": item, "field": name, "value": value}
                )
                for name, value in changed
            ]
    raise ChangeError(f"there is no claim {item!r} any more: load the page again")
