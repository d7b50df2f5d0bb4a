"""The review server in a thread, and a window of Chromium at it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import BrowserContext, sync_playwright

from llm_extract.review.sessions import LocalSessions
from llm_extract.review.states import Reviewer
from llm_extract.review.web.access import Access
from llm_extract.review.web.app import create_app
from llm_extract.review.web.rooms import Rooms
from llm_extract.review.web.serving import host_names, listen

SWITCHES = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LAPTOP, TABLET = {"width": 1280, "height": 800}, {"width": 820, "height": 1180}


@contextmanager
def served(rooms: Rooms, reviewer: Reviewer) -> Iterator[str]:
    """The address by which a reviewer comes into a server of these rooms."""
    opened = listen("127.0.0.1", 0)
    port = opened.getsockname()[1]
    access = Access(LocalSessions(), reviewer)
    app = create_app(rooms, access, host_names("127.0.0.1", port))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, args=([opened],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}/start?token={access.start_token}"
    finally:
        server.should_exit = True
        thread.join()
        opened.close()


@contextmanager
def window(rooms: Rooms, reviewer: Reviewer, **options: Any) -> Iterator[BrowserContext]:
    """A window of a reviewer who is signed in; without Chromium the test is skipped, and in CI it
    fails."""
    chromium = shutil.which("chromium")
    if chromium is None:
        missing = "Chromium is missing; on Debian: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with served(rooms, reviewer) as address, sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
        context = opened.new_context(**{"viewport": LAPTOP, "base_url": address, **options})
        page = context.new_page()
        page.goto(address)
        page.close()
        yield context
        opened.close()
