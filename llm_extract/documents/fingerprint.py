"""What tells the inputs of one job from those of another, without reading them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import fields, replace
from hashlib import sha256

from llm_extract.documents.inputs import InputFile, MissingInput, find_files
from llm_extract.documents.options import ReadOptions

_NO_PART_OF_IT = frozenset({"stdin", "on_notice"})
"""Options that don't decide what is read from files."""


def input_fingerprint(inputs: Sequence[str], options: ReadOptions) -> str:
    """Hex SHA-256 over the files that `inputs` name, in their order, and over `options`.

    A file counts with its path below the folder that holds all files of the run, its size and its
    time of change in ns: the same files under another name of their folder, or seen from another
    folder, are the same inputs, and a change that keeps size and time is not noticed. A file that
    can't be reached and an input that names none count as such.

    The standard input can't be read twice, and nothing is known of it before it is read. So with
    "-" among `inputs` every call gives another fingerprint: no two jobs over it are the same, and
    a job that was stopped while it read it can't go on reading.

    Raises `DocumentError` (`no_room`) when the disk is full.
    """
    digest = sha256()
    for option in fields(options):
        if option.name not in _NO_PART_OF_IT:
            digest.update(_framed("option", option.name, getattr(options, option.name)))
    for item in find_files(inputs, replace(options, on_notice=None)):
        digest.update(_framed(*_identity(item)))
    return digest.hexdigest()


def _identity(item: InputFile | MissingInput) -> tuple[object, ...]:
    if isinstance(item, MissingInput):
        return ("missing", item.id, item.code)
    if item.path is None:
        return ("stdin", secrets.token_hex())
    try:
        found = os.stat(item.path)
    except OSError as error:
        return ("unreachable", item.id, item.below, error.errno)
    return ("file", item.id, item.below, found.st_size, found.st_mtime_ns)


def _framed(*parts: object) -> bytes:
    """The parts so that no two lists of parts give the same bytes."""
    return (repr(parts) + "\n").encode("utf-8")
