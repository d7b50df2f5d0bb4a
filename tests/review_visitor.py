"""Visitors of the review pages: browsers without script, signed in to a store of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi.testclient import TestClient
from httpx2 import Response

from llm_extract.review.sessions import AccountSessions, LocalSessions
from llm_extract.review.states import Reviewer, Role
from llm_extract.review.web.access import COOKIE, Access
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


def signed_in(rooms: Rooms, name: str, role: Role) -> tuple[TestClient, str]:
    """The browser of an account of the store, and the token of its forms."""
    sessions = AccountSessions(rooms.engine, rooms.reader)
    app = create_app(rooms, Access(sessions, None), {"testserver"})
    browser = TestClient(app, follow_redirects=False)
    cookie, session = sessions.begin(Reviewer(name, role))
    browser.cookies.set(COOKIE, cookie)
    return browser, session.csrf
