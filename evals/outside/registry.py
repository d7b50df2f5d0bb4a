"""Which outside sets there are, and which adapter reads each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from llm_extract.errors import RecordsError
from llm_extract.evals.outside.acled import read_acled
from llm_extract.evals.outside.gtd import read_gtd
from llm_extract.evals.outside.item import Entry, distinct
from llm_extract.evals.outside.muc4 import read_muc4
from llm_extract.evals.outside.syrian_archive import read_syrian_archive
from llm_extract.evals.outside.table import read_table
from llm_extract.evals.outside.ucdp import read_ucdp
from llm_extract.evals.outside.wad import read_wad


class OutsideSet(StrEnum):
    """The sets that label tolls, by the names that commands take."""

    wad = "wad"
    syrian_archive = "syrian-archive"
    muc4 = "muc4"
    gtd = "gtd"
    acled = "acled"
    ucdp = "ucdp"
    table = "table"


ABOUT: Final[Mapping[OutsideSet, str]] = {
    OutsideSet.wad: "JSON lines; text: text; killed, injured non-combatants, zeros dropped",
    OutsideSet.syrian_archive: "JSON lines, English and Arabic; text: header_text, text; killed, "
    "injured, zeros kept",
    OutsideSet.muc4: "message files and key files; text: the messages; killed, injured summed over "
    "a message's templates",
    OutsideSet.gtd: "xlsx or csv; text: summary; killed, injured with or without attackers",
    OutsideSet.acled: "csv or xlsx; text: notes; killed, zeros dropped",
    OutsideSet.ucdp: "csv or xlsx; text: source_headline, else source_article; killed, low to high",
    OutsideSet.table: "csv, tsv or xlsx with the columns that --map names",
}
"""What a set's files are, the column its text comes from and what its labels count."""

_FILE_ADAPTERS: Final[Mapping[OutsideSet, Callable[[Path], Iterator[Entry]]]] = {
    OutsideSet.wad: read_wad,
    OutsideSet.syrian_archive: read_syrian_archive,
    OutsideSet.gtd: read_gtd,
    OutsideSet.acled: read_acled,
    OutsideSet.ucdp: read_ucdp,
}


def read_set(
    which: OutsideSet, files: Sequence[Path], mapping: Mapping[str, str] | None = None
) -> Iterator[Entry]:
    """The entries of a set's local files, file after file, each read as far as it is asked for.

    `mapping` (field to column) is for `table` alone. Ids are distinct.

    Raises:
        RecordsError: a file can't be opened, is none of this set, or the set takes no mapping.
    """
    if mapping and which is not OutsideSet.table:
        raise RecordsError(f"--map is for the set table; the columns of {which} are known")
    if which is OutsideSet.muc4:
        return distinct(read_muc4(files))
    read = partial(read_table, mapping=mapping or {})
    adapter = _FILE_ADAPTERS.get(which, read)
    return distinct(entry for file in files for entry in adapter(file))
