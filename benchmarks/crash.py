"""Kills a job's workers at 50 points and more and shows that nothing is lost, doubled or unpaid.

Run with `make crash-test`; `--postgres` does the same with three workers at a time on a PostgreSQL
server of its own, `--url` on an empty database of yours. Every kill is SIGKILL, a seed decides
where: at the start, while inputs are read in, between a request's opening and its settling, during
commits, and at any time by the clock. Ends with 1 when anything does not hold.

"Spend equal" means: what the server charged is, request by request, what the store says was spent;
where a kill cut off a reply, so that no program can know what it cost, the store holds that request
at its upper bound, which is never below what the server charged, and never forgets it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random

from crashes import Course, Verdict, judged, prepared, run_job, same_records
from model_server import Capacity, Script, ServerProcess
from postgres import Cluster

REPORTS = 2000
KILLS = 50
WORKERS_SHARING = 3
SCRIPT = Script(charge_abandoned=True, capacity=Capacity(latency=0.005, jitter=0.5))
"""A server that answers within milliseconds and, as hosted ones do, charges what nobody waits for.
"""


def crashed(folder: Path, store: str, workers: int, options: argparse.Namespace) -> bool:
    """Run the job with kills and once without, and say what was found; whether all of it holds."""
    with ServerProcess(SCRIPT) as server, ServerProcess(SCRIPT) as calm:
        setup = prepared(folder, store, server.base_url, options.reports)
        course = run_job(setup, options.kills, workers, Random(options.seed), _display(options))
        verdict = judged(setup, server)
        other = replace(
            setup,
            store=str(folder / "calm.sqlite"),
            catalogue=prepared(folder / "calm", "", calm.base_url, 0).catalogue,
        )
        unkilled = run_job(other, 0, 1, Random(options.seed))
        verdict.faults += same_records(setup, other)
    return _told(course, unkilled, verdict, options.kills)


def _told(course: Course, unkilled: Course, verdict: Verdict, kills: int) -> bool:
    where = ", ".join(f"{number} {name}" for name, number in sorted(course.kills.items()))
    print(f"killed: {where}; {course.seconds:.0f} s, without kills {unkilled.seconds:.0f} s")
    print(
        f"tokens: the server charged {verdict.charged:,} for {verdict.requests:,} requests; "
        f"{verdict.settled:,} are settled, {verdict.unheard:,} were cut off by kills and are held "
        f"at {verdict.held:,}"
    )
    faults = [*course.broken, *unkilled.broken, *verdict.spend_faults, *verdict.faults]
    if course.killed < kills:
        faults.append(f"the job was done after {course.killed} kills of {kills}")
    for fault in faults[:20]:
        print(fault, file=sys.stderr)
    print(verdict.line(course.killed))
    return verdict.holds and not faults


def _display(options: argparse.Namespace) -> Callable[[Course, int], None]:
    def show(course: Course, left: int) -> None:
        done = f"{course.killed} of {options.kills} kills, {left} of {options.reports} reports left"
        end = "\r" if sys.stderr.isatty() and left else "\n"
        print(f"{done:<70}", end=end, file=sys.stderr, flush=True)

    return show


def main() -> int:
    """Read the options, run, and give the exit code."""
    parser = argparse.ArgumentParser("crash", description=__doc__)
    parser.add_argument("--reports", type=int, default=REPORTS)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--workers", type=int, help="at a time, on PostgreSQL")
    parser.add_argument("--seed", type=int, default=1)
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--postgres", action="store_true", help="start a PostgreSQL server")
    place.add_argument("--url", help="an empty PostgreSQL database")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crash-")))
        store, workers = str(folder / "store.sqlite"), 1
        if options.postgres or options.url:
            cluster = stack.enter_context(Cluster()) if options.postgres else None
            store = stack.enter_context(cluster.database()) if cluster else options.url
            workers = options.workers or WORKERS_SHARING
        return 0 if crashed(folder, store, workers, options) else 1


if __name__ == "__main__":
    sys.exit(main())
