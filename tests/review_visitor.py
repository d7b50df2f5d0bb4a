"""A visitor of the review pages: a browser without script, signed in to a store of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi.testclient import TestClient
from httpx2 import Response

from llm_extract.review.sessions import LocalSessions
from llm_extract.review.states import Reviewer, Role
from llm_extract.review.web.access import Access
from llm_extract.review.web.app import create_app
from llm_extract.review.web.rooms import Rooms


class Visitor:
    """A browser of somebody who is signed in."""

    def __init__(self, rooms: Rooms, name: str, role: Role) -> None:
        access = Access(LocalSessions(), Reviewer(name, role))
        self.client = TestClient(create_app(rooms, access, {"testserver"}))
        self.client.get(f"/start?token={access.start_token}")

    def get(self, address: str, **headers: str) -> str:
        """A page that is there."""
        answer = self.client.get(address, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(
        self,
        address: str,
        fields: Mapping[str, object] | None = None,
        /,
        by_script: bool = False,
        **more: object,
    ) -> Response:
        """What a form of the pages gets, or htmx for it."""
        [csrf, *_] = re.findall(r'name="csrf" value="([^"]+)"', self.get("/queue"))
        headers = {"origin": "http://testserver"}
        if by_script:
            headers["hx-request"] = "true"
        return self.client.post(
            address, data={"csrf": csrf, **(fields or {}), **more}, headers=headers
        )
