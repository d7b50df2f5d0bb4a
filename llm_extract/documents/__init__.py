"""Documents: files, rows and streams to reports with a normalised text."""

from llm_extract.documents.fingerprint import input_fingerprint
from llm_extract.documents.options import ReadOptions
from llm_extract.documents.read import read_reports, report_from_text
from llm_extract.documents.report import Report, UnreadableReport

__all__ = [
    "ReadOptions",
    "Report",
    "UnreadableReport",
    "input_fingerprint",
    "read_reports",
    "report_from_text",
]
