"""Killed and injured in narrative reports, as strict, checked records with their evidence.

    from llm_extract import Extractor

    with Extractor() as extractor:
        record = extractor.extract("report.txt", published="2026-03-05")
    print(record)

The names below are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llm_extract.api import Extractor, Record, check, extract
    from llm_extract.errors import LlmExtractError
    from llm_extract.schema import CasualtyReport

__all__ = ["CasualtyReport", "Extractor", "LlmExtractError", "Record", "check", "extract"]

_HOMES = {
    "CasualtyReport": "schema",
    "Extractor": "api",
    "LlmExtractError": "errors",
    "Record": "api",
    "check": "api",
    "extract": "api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
