"""Edits of contents: as values, read from forms, told in words, applied."""

from __future__ import annotations

from llm_extract.review.edits.apply import apply_edit
from llm_extract.review.edits.forms import Edit, describe, parse_edit

__all__ = ["Edit", "apply_edit", "describe", "parse_edit"]
