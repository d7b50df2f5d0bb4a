"""A scripted OpenAI-compatible server in a process of its own, for tests and benchmarks.

    with ServerProcess(Script(seed=1, faults=(Fault("error_503", share=0.1),))) as server:
        client = AsyncOpenAI(base_url=server.base_url, api_key="k", max_retries=0)
        ...
        spent = server.ledger().charged

`ServerThread` is the same in a thread of this process. From a shell:
`PYTHONPATH=tests python -m model_server --port 8099 --script script.json`
"""

from __future__ import annotations

from model_server.ledger import Served, Tokens, Totals
from model_server.process import ServerProcess, ServerThread
from model_server.script import BatchApi, Capacity, Fault, Script, Usage

__all__ = [
    "BatchApi",
    "Capacity",
    "Fault",
    "Script",
    "Served",
    "ServerProcess",
    "ServerThread",
    "Tokens",
    "Totals",
    "Usage",
]
