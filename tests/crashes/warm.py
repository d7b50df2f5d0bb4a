"""Imported once, in the process that workers are forked from: what each would else do at its start.

Tables of words are read and their patterns compiled, which takes longer than most workers live.
"""

from __future__ import annotations

from crashes import lives
from llm_extract.documents import report_from_text
from llm_extract.extraction.figures import read_figures
from llm_extract.extraction.grounding import ground
from llm_extract.extraction.understanding import Understanding
from llm_extract.numbers import read_ledger
from llm_extract.pipeline import head_of
from llm_extract.prompting import load_prompt
from llm_extract.record import Record
from llm_extract.validators.culprits import examine

report = report_from_text(lives.text_of(0))
ledger = read_ledger(report.text, report.language)
reading = read_figures(report, ledger)
claims, facilities = ground(Understanding(reading, [], {}).report(), report.text, ledger)
record = Record(
    report=head_of(report),
    claims=claims,
    facilities=facilities,
    findings=[],
    disposition="clean",
    failure=None,
    provenance=None,
)
examine(record, report.text, ledger)
load_prompt("document")
