"""The peers: what a user would pick instead of us, to be read on the same reports."""

from __future__ import annotations

from llm_extract.evals.peers.langextract_peer import LangextractPeer
from llm_extract.evals.peers.plain import PlainPeer
from llm_extract.evals.peers.reading import Peer, PeerReading
from llm_extract.evals.peers.regex_peer import RegexPeer

__all__ = ["PEERS", "Peer", "PeerReading"]

PEERS: dict[str, Peer] = {peer.name: peer for peer in (PlainPeer(), LangextractPeer(), RegexPeer())}
