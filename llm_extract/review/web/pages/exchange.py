"""In and out: sheets for colleagues who work in a spreadsheet, and what they changed in them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError

from llm_extract.errors import RecordsError, ReviewError
from llm_extract.review.cases import Case
from llm_extract.review.exchange.arriving import (
    Plan,
    apply_plan,
    case_numbers,
    figures_first,
)
from llm_extract.review.exchange.sheet import csv_parts, write_xlsx
from llm_extract.review.exchange.sheet_back import SheetRow, plan_sheet, read_sheet, rows_that_say
from llm_extract.review.filters import ONE_OF, Filters
from llm_extract.review.web.access import Posting, Signed
from llm_extract.review.web.pages.rendering import render, rooms_of

router = APIRouter()

MOST_CASES = 2000
"""Of one download; the command `llm-extract review export` writes any number."""

MOST_PREVIEW = 900_000
"""Characters of the changed rows that a preview holds until they are confirmed, which is as long as
a field of a form may be."""

_ROWS: TypeAdapter[list[SheetRow]] = TypeAdapter(list[SheetRow])


@router.get("/exchange")
def show(request: Request, _session: Signed) -> Response:
    """What can be downloaded, and the form for what came back."""
    filters = Filters.from_query(request.query_params)
    found = rooms_of(request).queue.counts(filters.of(_session.reviewer.name)).cases
    return render(
        request,
        "exchange.html.j2",
        filters=filters,
        found=found,
        most=MOST_CASES,
        states=sorted(ONE_OF["state"]),
    )


@router.get("/exchange/sheet.csv")
def download_csv(request: Request, session: Signed) -> Response:
    """The filtered cases as csv."""
    words = "".join(csv_parts(_cases(request, session.reviewer.name)))
    return _file(words.encode(), "text/csv; charset=utf-8", "claims.csv")


@router.get("/exchange/sheet.xlsx")
def download_xlsx(request: Request, session: Signed) -> Response:
    """The filtered cases as xlsx."""
    raw = io.BytesIO()
    write_xlsx(_cases(request, session.reviewer.name), raw)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _file(raw.getvalue(), kind, "claims.xlsx")


@router.post("/exchange")
def upload(request: Request, session: Posting, sheet: Annotated[UploadFile, File()]) -> Response:
    """What a sheet would change; nothing is changed before that is confirmed."""
    rows = _told(lambda: read_sheet(sheet.filename or "the sheet", sheet.file.read()))
    plan = plan_sheet(rooms_of(request).cases, rows, session.reviewer)
    kept = _ROWS.dump_json(rows_that_say(plan, rows)).decode()
    if len(kept) > MOST_PREVIEW:
        raise ReviewError(
            "so many changes cannot be confirmed on a page: import the sheet in parts, or by "
            "`llm-extract review import`",
            code="sheet",
        )
    return _preview(request, plan, kept)


@router.post("/exchange/confirm")
def confirm(
    request: Request, session: Posting, rows: Annotated[str, Form(max_length=MOST_PREVIEW)]
) -> Response:
    """Put the changes of a preview into the cases, as far as these are still what they were."""
    try:
        read = _ROWS.validate_json(rows)
    except ValidationError:
        raise ReviewError("this preview is damaged: upload the sheet again", code="sheet") from None
    rooms = rooms_of(request)
    plan = plan_sheet(rooms.cases, read, session.reviewer)
    done, faults = apply_plan(rooms.desk, plan, session.reviewer, "changes of a sheet")
    return render(request, "exchange_done.html.j2", done=done, faults=[*plan.conflicts, *faults])


def _preview(request: Request, plan: Plan, kept: str) -> Response:
    changes: list[tuple[Any, Sequence[Any]]] = [
        (change, figures_first(change.differences)) for change in plan.changes
    ]
    return render(request, "exchange_preview.html.j2", plan=plan, changes=changes, kept=kept)


def _told(read: Callable[[], list[SheetRow]]) -> list[SheetRow]:
    """A sheet that cannot be read is no failure of the server."""
    try:
        return read()
    except RecordsError as error:
        raise ReviewError(str(error), code="sheet") from None


def _cases(request: Request, name: str) -> list[Case]:
    rooms = rooms_of(request)
    pks = case_numbers(rooms.reader, Filters.from_query(request.query_params).of(name))
    if len(pks) > MOST_CASES:
        raise ReviewError(
            f"{len(pks):,} cases are more than the {MOST_CASES:,} of one sheet: filter them, or "
            "write them by `llm-extract review export`",
            code="sheet",
        )
    return [rooms.cases.get(pk) for pk in pks]


def _file(raw: bytes, kind: str, name: str) -> Response:
    disposition = f'attachment; filename="{name}"'
    return Response(raw, media_type=kind, headers={"content-disposition": disposition})
