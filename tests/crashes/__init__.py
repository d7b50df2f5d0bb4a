"""Workers that are killed at aimed points, and what must hold of a store whatever happened to them.

script = Script(charge_abandoned=True)
with ServerProcess(script) as server:
    setup = prepared(folder, str(store), server.base_url, reports=2000)
    course = run_job(setup, kills=50, workers=1, random=Random(1))
    verdict = judged(setup, server)
"""

from __future__ import annotations

from crashes.course import Course, run_job
from crashes.lives import MODEL, OPTIONS, Aim, Setup, live, prepared
from crashes.verdict import Verdict, judged, same_records

__all__ = [
    "MODEL",
    "OPTIONS",
    "Aim",
    "Course",
    "Setup",
    "Verdict",
    "judged",
    "live",
    "prepared",
    "run_job",
    "same_records",
]
