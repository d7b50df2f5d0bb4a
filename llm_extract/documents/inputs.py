"""Paths, folders, globs and "-" to a list of files, each with an id of its own; it opens none."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llm_extract.documents.options import ReadOptions
from llm_extract.documents.text import shown

STDIN = "-"


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read; `path` is None for the standard input."""

    id: str
    path: Path | None
    source: str


@dataclass(frozen=True, slots=True)
class MissingInput:
    """An input that names no file: why, for machines and for people."""

    id: str
    source: str
    code: str
    message: str


def find_files(inputs: Sequence[str], options: ReadOptions) -> list[InputFile | MissingInput]:
    """The files that `inputs` name, in their order, folders and globs sorted; each file once.

    The id of a file is its stem; files that share a stem are told apart by their path below the
    folder that holds all files of the run, suffix included.
    Hidden files of folders are left out, as are files that an earlier input named (with a notice).
    """
    found: list[Path | MissingInput | None] = []
    for given in inputs:
        found.extend([None] if given == STDIN else _paths(given))
    seen: set[Path] = set()
    kept: list[Path | MissingInput | None] = []
    for item in found:
        if isinstance(item, Path):
            real = Path(os.path.realpath(item))
            if real in seen:
                options.notice(f"{shown(str(item))}: named twice, read once")
                continue
            seen.add(real)
        kept.append(item)
    paths = [item for item in kept if isinstance(item, Path)]
    shared = Counter(_stem(path) for path in paths)
    folder = _common_folder(paths)
    files: list[InputFile | MissingInput] = []
    for item in kept:
        if item is None:
            files.append(InputFile("stdin", None, "stdin"))
        elif isinstance(item, MissingInput):
            files.append(item)
        else:
            stem = _stem(item)
            unique = stem if shared[stem] == 1 else _below(item, folder)
            files.append(InputFile(_storable(unique), item, _storable(str(item))))
    return files


def suffix_of(path: Path) -> str:
    """The suffix that tells the format, lower case, `.gz` together with the one before it."""
    suffixes = [s.lower() for s in path.suffixes[-2:]]
    if suffixes and suffixes[-1] == ".gz":
        return "".join(suffixes)
    return suffixes[-1] if suffixes else ""


def _paths(given: str) -> list[Path | MissingInput]:
    path = Path(given)
    try:
        if path.is_dir():
            return _folder(path)
        if os.path.lexists(path):
            return [path]
        if glob.has_magic(given):
            matches = sorted(Path(match) for match in glob.iglob(given, recursive=True))
            files: list[Path | MissingInput] = [m for m in matches if not m.is_dir()]
            return files or [_missing(given, "matches no file; check the pattern")]
    except (OSError, ValueError) as error:
        return [_missing(given, f"is no usable path ({shown(str(error))}); check the name")]
    return [_missing(given, "does not exist; check the path")]


def _folder(folder: Path) -> list[Path | MissingInput]:
    files: list[Path | MissingInput] = []

    def refuse(error: OSError) -> None:
        closed = str(error.filename)
        files.append(
            MissingInput(
                *(_storable(Path(closed).name), _storable(closed), "no_permission"),
                f"{shown(closed)}: the folder can't be listed; allow reading it",
            )
        )

    for root, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files.extend(Path(root, name) for name in sorted(names) if not name.startswith("."))
    return files or [_missing(str(folder), "holds no files; check the folder")]


def _missing(given: str, why: str) -> MissingInput:
    return MissingInput(_storable(given), _storable(given), "missing", f"{shown(given)}: {why}")


def _stem(path: Path) -> str:
    name = path.name
    suffix = suffix_of(path)
    return name[: -len(suffix)] if suffix else name


def _common_folder(paths: Sequence[Path]) -> Path:
    folders = {os.path.abspath(path.parent) for path in paths}
    try:
        return Path(os.path.commonpath(folders)) if folders else Path()
    except ValueError:
        return Path()


def _below(path: Path, folder: Path) -> str:
    whole = Path(os.path.abspath(path))
    return (whole.relative_to(folder) if whole.is_relative_to(folder) else whole).as_posix()


def _storable(name: str) -> str:
    """File names may hold bytes that are no text; ids and sources never do."""
    return name.encode("utf-8", "replace").decode("utf-8")
