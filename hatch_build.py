"""Build hook: puts the top-level folders validators, evals and prompts into the package.

In the source tree they are reached by links in llm_extract/; a wheel has no links, so it gets the
real files. The hand-labelled gold reports stay out of it: they are for work on the source.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("validators", "evals", "prompts")
NOT_SHIPPED = {"gold", "__pycache__"}


class LinkedFolders(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the three folders to a wheel; an editable install follows the links instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before a wheel is built; `version` is `standard` or `editable`."""
        if version == "editable":
            return
        for folder in FOLDERS:
            for entry in sorted(Path(self.root, folder).iterdir()):
                if entry.name not in NOT_SHIPPED:
                    build_data["force_include"][str(entry)] = f"llm_extract/{folder}/{entry.name}"
