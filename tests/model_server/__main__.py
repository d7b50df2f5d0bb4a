"""`python -m model_server`: serves until it is stopped; its first line is its base URL."""

from __future__ import annotations

import argparse
import asyncio
import gc
import signal
import sys
from pathlib import Path

from model_server.app import App
from model_server.script import Script

STANDARD_INPUT = "-"


async def serve(script: Script, port: int, until_input_ends: bool) -> None:
    """Serve until SIGTERM, SIGINT, POST /scripted/stop or, if wanted, the end of the input."""
    app = App(script)
    server, base_url = await app.serve(port)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, app.stopped.set)
    if until_input_ends:
        # Whoever started this holds the other end, which the kernel closes when he dies.
        loop.add_reader(sys.stdin.fileno(), app.stopped.set)
    print(base_url, flush=True)
    await app.stopped.wait()
    server.close()
    app.close()
    await asyncio.sleep(0)


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser("model_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--script",
        default=None,
        help="JSON file of a script; - reads one line of standard input and stops at its end",
    )
    options = parser.parse_args()
    piped = options.script == STANDARD_INPUT
    if options.script is None:
        script = Script()
    else:
        text = sys.stdin.readline() if piped else Path(options.script).read_text(encoding="utf-8")
        script = Script.from_json(text)
    # What is alive now lives for ever: the collector need not look at it again.
    gc.freeze()
    asyncio.run(serve(script, options.port, until_input_ends=piped))


if __name__ == "__main__":
    main()
