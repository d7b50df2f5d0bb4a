"""Folders and patterns to the files they name, in no order; folders yet to be seen wait on disk."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from llm_extract.documents.scratch import packed, unpacked

WALK_TABLE = """
CREATE TABLE folders (
    place INTEGER PRIMARY KEY, path BLOB, real BLOB, key BLOB, step INTEGER
);
"""

_ANY_DEPTH = "**"


class WalkedFile(NamedTuple):
    """A file: its path as given, its path without links, and what sorts it in its input."""

    path: str
    real: str
    key: bytes


class ClosedFolder(NamedTuple):
    """A folder that can't be listed, and what sorts it in its input."""

    path: str
    key: bytes


def walk_folder(base: sqlite3.Connection, folder: str) -> Iterator[WalkedFile | ClosedFolder]:
    """The files below `folder` but for hidden ones; links to folders are not followed.

    Sorted by key, the files of a folder stand before those of the folders in it.
    """
    start = _Folder(folder, os.path.realpath(folder), b"")
    yield from _Walk(base, (_Step(_ANY_DEPTH), _Step("*")), _BY_FOLDER).walk(start)


def walk_pattern(base: sqlite3.Connection, pattern: str) -> Iterator[WalkedFile]:
    """The files that `pattern` matches as `glob.iglob` has it, `**` for any depth; no folders.

    Sorted by key, they stand in the order of their paths. Folders that can't be listed match
    nothing. Raises `ValueError` for a pattern that can be no path.
    """
    path = Path(pattern)
    parts = path.parts[1:] if path.anchor else path.parts
    if not os.path.basename(pattern):
        parts = (*parts, "")
    if parts[-1] == _ANY_DEPTH:
        parts = (*parts, "*")
    start = _Folder(path.anchor, os.path.realpath(path.anchor or os.curdir), b"")
    for found in _Walk(base, [_Step(part) for part in parts], _BY_PATH).walk(start):
        if isinstance(found, WalkedFile):
            yield found


class _Folder(NamedTuple):
    path: str
    real: str
    key: bytes


@dataclass(frozen=True, slots=True)
class _Order:
    """Marks in front of each name of a key, which ends it with a NUL, as no name holds one."""

    file: bytes
    folder: bytes
    follows_links: bool


_BY_FOLDER = _Order(file=b"\x01", folder=b"\x02", follows_links=False)
_BY_PATH = _Order(file=b"", folder=b"", follows_links=True)


@dataclass(frozen=True)
class _Step:
    """One part of a pattern."""

    part: str

    @cached_property
    def is_name(self) -> bool:
        return not glob.has_magic(self.part)

    @cached_property
    def is_any_depth(self) -> bool:
        return self.part == _ANY_DEPTH

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(fnmatch.translate(os.path.normcase(self.part)))

    def matches(self, name: str) -> bool:
        if name.startswith(".") and not self.part.startswith("."):
            return False
        return self.is_any_depth or self._pattern.match(os.path.normcase(name)) is not None


class _Walk:
    """A walk over folders; which of them are left, and at which step, stands in the database."""

    def __init__(self, base: sqlite3.Connection, steps: Sequence[_Step], order: _Order) -> None:
        self._base = base
        self._steps = steps
        self._order = order

    def walk(self, start: _Folder) -> Iterator[WalkedFile | ClosedFolder]:
        self._push(start, 0)
        while (row := self._pop()) is not None:
            folder, step = row
            active = [step]
            while self._steps[active[-1]].is_any_depth:
                active.append(active[-1] + 1)
            if self._steps[active[-1]].is_name:
                yield from self._named(folder, active.pop())
            if active:
                yield from self._listed(folder, active)

    def _named(self, folder: _Folder, step: int) -> Iterator[WalkedFile]:
        """What the name of a step is in `folder`, which is not listed for it."""
        name = self._steps[step].part
        path = os.path.join(folder.path, name)
        if os.path.isdir(path):
            if not self._is_last(step):
                self._push(self._below(folder, name, os.path.realpath(path)), step + 1)
        elif self._is_last(step) and os.path.lexists(path):
            yield self._file(folder, name, os.path.realpath(path))

    def _listed(
        self, folder: _Folder, active: Sequence[int]
    ) -> Iterator[WalkedFile | ClosedFolder]:
        try:
            with os.scandir(folder.path or os.curdir) as entries:
                for entry in entries:
                    yield from self._matched(folder, entry, active)
        except OSError:
            yield ClosedFolder(folder.path, folder.key)

    def _matched(
        self, folder: _Folder, entry: os.DirEntry[str], active: Sequence[int]
    ) -> Iterator[WalkedFile]:
        steps = [step for step in active if self._steps[step].matches(entry.name)]
        if not steps:
            return
        is_link = _is_link(entry)
        if not _is_folder(entry):
            if self._is_last(steps[-1]):
                yield self._file(folder, entry.name, _real(folder, entry, is_link))
        elif self._order.follows_links or not is_link:
            below = self._below(folder, entry.name, _real(folder, entry, is_link))
            for step in steps:
                if self._steps[step].is_any_depth:
                    self._push(below, step)
                elif not self._is_last(step):
                    self._push(below, step + 1)

    def _is_last(self, step: int) -> bool:
        return step == len(self._steps) - 1

    def _file(self, folder: _Folder, name: str, real: str) -> WalkedFile:
        key = folder.key + self._order.file + packed(name) + b"\x00"
        return WalkedFile(os.path.join(folder.path, name), real, key)

    def _below(self, folder: _Folder, name: str, real: str) -> _Folder:
        key = folder.key + self._order.folder + packed(name) + b"\x00"
        return _Folder(os.path.join(folder.path, name), real, key)

    def _push(self, folder: _Folder, step: int) -> None:
        self._base.execute(
            "INSERT INTO folders (path, real, key, step) VALUES (?, ?, ?, ?)",
            (packed(folder.path), packed(folder.real), folder.key, step),
        )

    def _pop(self) -> tuple[_Folder, int] | None:
        row = self._base.execute(
            "SELECT place, path, real, key, step FROM folders ORDER BY place DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        place, path, real, key, step = row
        self._base.execute("DELETE FROM folders WHERE place = ?", (place,))
        return _Folder(unpacked(path), unpacked(real), key), step


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_link(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink()
    except OSError:
        return True


def _real(folder: _Folder, entry: os.DirEntry[str], is_link: bool) -> str:
    return os.path.realpath(entry.path) if is_link else os.path.join(folder.real, entry.name)
