"""The dashboard: what review has shown so far, each share with its bound."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from llm_extract.review.pace import DAYS
from llm_extract.review.two_reviewers import MOST_PAIRS
from llm_extract.review.web.access import Signed
from llm_extract.review.web.pages.rendering import render, rooms_of
from llm_extract.validators.catalogue import RULES

router = APIRouter()

STATEMENTS = {rule.id: rule.statement for rule in RULES}


@router.get("/dashboard")
def show(request: Request, session: Signed) -> Response:
    """All numbers of a store."""
    return render(
        request,
        "dashboard.html.j2",
        numbers=rooms_of(request).quality.numbers(),
        statements=STATEMENTS,
        looked_back=DAYS,
        most_pairs=MOST_PAIRS,
    )
