"""The child process that serves one local model: `python -m llm_extract.models.served`.

A process of its own because the server of the library blocks its host for good when it is released
while a request runs, and because a crash of native code must not take the job with it. The settings
come as one line of JSON on standard input, so that the key stands in no process list; the address
goes out as one line of JSON. When standard input closes (the parent stopped or died) it ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

QUIET = -1
"""Log level at which the native server writes nothing, so that no report text reaches a log."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What the child is told. `context_size` counts the tokens of one slot."""

    path: str
    name: str
    api_key: str
    slots: int
    context_size: int
    threads: int
    port: int
    slot_folder: str

    def to_line(self) -> str:
        """One line of JSON, without its line end."""
        return json.dumps(asdict(self))


def serve(model: ServedModel) -> None:
    """Serve until standard input closes; never returns.

    The engine is imported here because it is large and untyped, and the parent has no use for it;
    what it may print goes to standard error, so that the answer to the parent stays one line.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    engine: Any = import_module("xllamacpp")
    params = engine.CommonParams()
    params.model.path = model.path
    params.model_alias = {model.name}
    params.api_keys = [model.api_key]
    params.n_parallel = model.slots
    params.n_ctx = model.context_size * model.slots
    params.cpuparams.n_threads = model.threads
    params.cpuparams_batch.n_threads = model.threads
    params.port = model.port
    params.slot_save_path = model.slot_folder
    params.cache_prompt = True
    params.cache_ram_mib = 0
    params.use_jinja = True
    params.ui = False
    params.verbosity = QUIET
    server = engine.Server(params)
    print(json.dumps({"url": server.listening_address}), file=answers, flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(ServedModel(**json.loads(sys.stdin.readline())))
