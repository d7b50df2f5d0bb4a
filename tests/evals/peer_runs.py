"""What the tests of the peers share: reports, an endpoint of a scripted server, all readings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pydantic import SecretStr
from scripted_server import ScriptedServer

from llm_extract.documents import Report
from llm_extract.evals.peers.peer import Peer, PeerReading
from llm_extract.models.endpoint import Endpoint
from llm_extract.models.spec import ModelSpec

KEY = "key-of-this-test"


def report(identity: str, text: str, language: str = "en") -> Report:
    return Report(id=identity, text=text, source="test", language=language)


def endpoint_of(server: ScriptedServer) -> Endpoint:
    spec = ModelSpec(
        name="scripted",
        kind="endpoint",
        model="scripted",
        base_url=server.base_url,
        context_size=4096,
    )
    return Endpoint(server.base_url, SecretStr(KEY), "scripted", spec)


def read_all(peer: Peer, reports: Sequence[Report], endpoint: Endpoint | None) -> list[PeerReading]:
    async def collect() -> list[PeerReading]:
        return [reading async for reading in peer.read(reports, endpoint)]

    return asyncio.run(collect())
