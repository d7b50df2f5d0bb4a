"""A claim of a silent report: every key that the schema wants, none of them stated."""

from __future__ import annotations

from typing import Any

SILENT: dict[str, Any] = {
    "outcome": "killed",
    "victims": "unspecified",
    "total": None,
    "children": None,
    "women": None,
    "men": None,
    "subgroups": [],
    "claimant": None,
    "perpetrators": [],
    "attribution": None,
    "weapons": [],
    "places": [],
    "scope": "incident",
    "period": None,
    "part_of": None,
}
"""Tests add what their claim says, its evidence at least."""
