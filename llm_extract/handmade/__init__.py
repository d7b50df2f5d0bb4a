"""Records of any origin to what the rules can check: our own lines, bare claims, typed tables."""

from llm_extract.handmade.checking import Checked, Checker
from llm_extract.handmade.entries import Entry, Problem, Typed
from llm_extract.handmade.read import ReadSettings, read_entries
from llm_extract.handmade.shelf import Shelf, fill_shelf

__all__ = [
    "Checked",
    "Checker",
    "Entry",
    "Problem",
    "ReadSettings",
    "Shelf",
    "Typed",
    "fill_shelf",
    "read_entries",
]
