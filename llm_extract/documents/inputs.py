"""Paths, folders, globs and "-" to a list of files, each with an id of its own; it opens none.

The list stands on disk, so that a folder of millions of files needs no more memory than one file.
"""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath
from typing import NamedTuple

from llm_extract.documents.options import ReadOptions
from llm_extract.documents.scratch import no_room, open_scratch, packed, unpacked
from llm_extract.documents.text import shown
from llm_extract.documents.walk import (
    WALK_TABLE,
    ClosedFolder,
    WalkedFile,
    walk_folder,
    walk_pattern,
)

STDIN = "-"

_CHUNK = 500
"""Files that are written to the list at once."""

_TABLES = """
CREATE TABLE found (
    input INTEGER, key BLOB, path BLOB, real BLOB, stem BLOB,
    id TEXT, source TEXT, code TEXT, message TEXT
);
CREATE TABLE files (
    place INTEGER PRIMARY KEY, path BLOB, real BLOB, stem BLOB,
    id TEXT, source TEXT, code TEXT, message TEXT
);
CREATE TABLE repeated (place INTEGER PRIMARY KEY);
CREATE TABLE shared (stem BLOB PRIMARY KEY) WITHOUT ROWID;
"""

_IN_ORDER = """
INSERT INTO files (path, real, stem, id, source, code, message)
SELECT path, real, stem, id, source, code, message FROM found ORDER BY input, key, rowid;
"""

_REPEATED = """
INSERT INTO repeated
SELECT place FROM (
    SELECT place, row_number() OVER (PARTITION BY real ORDER BY place) AS nth
    FROM files WHERE real IS NOT NULL
) WHERE nth > 1;
"""

_SHARED = """
INSERT INTO shared
SELECT stem FROM files WHERE stem IS NOT NULL GROUP BY stem HAVING count(*) > 1;
"""

_SETTLED = """
SELECT path, stem, stem IN (SELECT stem FROM shared), id, source, code, message
FROM files ORDER BY place;
"""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read; `path` is None for the standard input.

    `below` is its path below the folder that holds all files of the run, with slashes.
    """

    id: str
    path: Path | None
    source: str
    below: str


@dataclass(frozen=True, slots=True)
class MissingInput:
    """An input that names no file: why, for machines and for people."""

    id: str
    source: str
    code: str
    message: str


def find_files(
    inputs: Sequence[str], options: ReadOptions
) -> Generator[InputFile | MissingInput, None, None]:
    """The files that `inputs` name, in their order, folders and globs sorted; each file once.

    The id of a file is its stem; files that share a stem are told apart by their path below the
    folder that holds all files of the run, suffix included.
    Hidden files of folders are left out, as are files that an earlier input named (with a notice).
    All are listed before the first one comes. Raises `DocumentError` (`no_room`) when the disk is
    full.
    """
    try:
        with closing(open_scratch(_TABLES + WALK_TABLE)) as base:
            for number, given in enumerate(inputs):
                _list_input(base, number, given)
            _settle(base, options)
            yield from _settled(base)
    except sqlite3.OperationalError as error:
        raise no_room(error) from error


def suffix_of(path: PurePath) -> str:
    """The suffix that tells the format, lower case, `.gz` together with the one before it."""
    suffixes = [s.lower() for s in path.suffixes[-2:]]
    if suffixes and suffixes[-1] == ".gz":
        return "".join(suffixes)
    return suffixes[-1] if suffixes else ""


def _list_input(base: sqlite3.Connection, number: int, given: str) -> None:
    """Everything that one input names, in no order."""
    if given == STDIN:
        _insert(base, number, [_NOTHING])
        return
    try:
        missing = _list_path(base, number, given)
    except (OSError, ValueError) as error:
        missing = _missing(given, f"is no usable path ({shown(str(error))}); check the name")
    if missing:
        _insert(base, number, [missing])


def _list_path(base: sqlite3.Connection, number: int, given: str) -> _Listed | None:
    """Lists what `given` names; where that is nothing, what stands for it in the list."""
    path = Path(given)
    if path.is_dir():
        listed = _insert(base, number, map(_listed, walk_folder(base, str(path))))
        return None if listed else _missing(str(path), "holds no files; check the folder")
    if os.path.lexists(path):
        _insert(base, number, [_listed(WalkedFile(str(path), os.path.realpath(path), b""))])
        return None
    if glob.has_magic(given):
        listed = _insert(base, number, map(_listed, walk_pattern(base, given)))
        return None if listed else _missing(given, "matches no file; check the pattern")
    return _missing(given, "does not exist; check the path")


class _Listed(NamedTuple):
    """A row of the list: a file, or why there is none, or neither for the standard input."""

    key: bytes
    path: bytes | None
    real: bytes | None
    stem: bytes | None
    refusal: tuple[str, str, str, str] | tuple[None, None, None, None]


_NO_REFUSAL = (None, None, None, None)
_NOTHING = _Listed(b"", None, None, None, _NO_REFUSAL)


def _listed(found: WalkedFile | ClosedFolder) -> _Listed:
    if isinstance(found, WalkedFile):
        stem = _stem(os.path.basename(found.path))
        return _Listed(
            *(found.key, packed(found.path), packed(found.real), packed(stem)), _NO_REFUSAL
        )
    closed = str(Path(found.path))
    why = f"{shown(closed)}: the folder can't be listed; allow reading it"
    refusal = (_storable(Path(closed).name), _storable(closed), "no_permission", why)
    return _NOTHING._replace(key=found.key, refusal=refusal)


def _missing(given: str, why: str) -> _Listed:
    refusal = (_storable(given), _storable(given), "missing", f"{shown(given)}: {why}")
    return _NOTHING._replace(refusal=refusal)


def _insert(base: sqlite3.Connection, number: int, rows: Iterable[_Listed]) -> int:
    """Writes the rows to the list, and says how many they were."""
    count = 0
    left = iter(rows)
    while chunk := list(islice(left, _CHUNK)):
        base.executemany(
            "INSERT INTO found VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(number, row.key, row.path, row.real, row.stem, *row.refusal) for row in chunk],
        )
        count += len(chunk)
    return count


def _settle(base: sqlite3.Connection, options: ReadOptions) -> None:
    """Puts the list in order, without files named before, and finds the stems files share."""
    base.execute(_IN_ORDER)
    base.execute("DROP TABLE found")
    base.execute(_REPEATED)
    for (path,) in base.execute(
        "SELECT path FROM files JOIN repeated USING (place) ORDER BY place"
    ):
        options.notice(f"{shown(str(Path(unpacked(path))))}: named twice, read once")
    base.execute("DELETE FROM files WHERE place IN (SELECT place FROM repeated)")
    base.execute(_SHARED)


def _settled(base: sqlite3.Connection) -> Iterator[InputFile | MissingInput]:
    common = _common_folder(base)
    last_folder, prefix = None, ""
    for path, stem, is_shared, *refusal in base.execute(_SETTLED):
        if path is None:
            is_stdin = refusal == [*_NO_REFUSAL]
            yield InputFile("stdin", None, "stdin", "") if is_stdin else MissingInput(*refusal)
            continue
        folder, name = os.path.split(unpacked(path))
        if folder != last_folder:
            last_folder, prefix = folder, _below(folder, common)
        whole = Path(folder, name)
        below = prefix + name
        unique = below if is_shared else unpacked(stem)
        yield InputFile(_storable(unique), whole, _storable(str(whole)), _storable(below))


def _common_folder(base: sqlite3.Connection) -> str | None:
    """The folder that holds all files; None where there is none, as on two drives."""
    common = last = None
    for (path,) in base.execute("SELECT path FROM files WHERE path IS NOT NULL ORDER BY place"):
        folder = os.path.dirname(unpacked(path))
        if folder == last:
            continue
        last = folder
        whole = os.path.abspath(folder)
        try:
            common = whole if common is None else os.path.commonpath((common, whole))
        except ValueError:
            return None
    return common


def _below(folder: str, common: str | None) -> str:
    """What stands before the names of files in `folder`: its path below `common`, with a slash."""
    whole = Path(os.path.abspath(folder))
    below = whole if common is None else whole.relative_to(common)
    return "" if below == Path() else below.as_posix().removesuffix("/") + "/"


def _stem(name: str) -> str:
    suffix = suffix_of(PurePath(name))
    return name[: -len(suffix)] if suffix else name


def _storable(name: str) -> str:
    """File names may hold bytes that are no text; ids and sources never do."""
    return name.encode("utf-8", "replace").decode("utf-8")
