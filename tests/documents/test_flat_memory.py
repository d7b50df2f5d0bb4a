"""Memory stays flat however many files or rows there are: each reading in a process of its own."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

MANY = 20_000
TEXT = "Nine people were killed on Tuesday in Karsa, officials said. " * 40
"""As 20,000 rows this is about 50 MB, so that a reader who holds a tenth of it is found out."""

GROWTH_MB = 20
PARQUET_GROWTH_MB = 40
"""Arrow keeps some 30 MB once a file has more than one page a column, and no more after that."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/status").exists(),
        # The peak of getrusage is that of the parent, where the parent held more.
        reason="the peak of a process alone is read from /proc",
    ),
]

_READ = """
import re, sys
from pathlib import Path
from llm_extract.documents import language, read_reports
from llm_extract.documents.inputs import find_files
from llm_extract.documents.options import ReadOptions
import llm_extract.documents.document as document

document.detect_language = lambda text: "en"
if sys.argv[1] == "list":
    found = sum(1 for _ in find_files([sys.argv[2]], ReadOptions()))
else:
    found = sum(1 for _ in read_reports([sys.argv[2]], skip=int(sys.argv[3])))
peak_kb = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]
print(found, int(peak_kb) // 1024)
"""


def peak_mb(kind: str, path: str | Path, skip: int = 0) -> tuple[int, int]:
    """How many were found, and the most memory the process held."""
    command = [sys.executable, "-c", _READ, kind, str(path), str(skip)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found, peak = map(int, done.stdout.split())
    return found, peak


def write_rows(path: Path, count: int) -> Path:
    rows = ((f"row-{number}", f"{number} {TEXT}") for number in range(count))
    if path.suffix == ".parquet":
        columns = dict(zip(("id", "text"), map(list, zip(*rows, strict=True)), strict=True))
        pyarrow.parquet.write_table(pyarrow.table(columns), path, compression="none")
        return path
    with gzip.open(path, "wt", compresslevel=1) as out:
        if ".jsonl" in path.suffixes:
            out.writelines(json.dumps({"id": id, "text": text}) + "\n" for id, text in rows)
        else:
            mark = "," if ".csv" in path.suffixes else "\t"
            out.write(f"id{mark}text\n")
            out.writelines(f'{id}{mark}"{text}"\n' for id, text in rows)
    return path


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".csv.gz", ".tsv.gz", ".parquet"])
def test_rows_are_streamed_in_flat_memory(tmp_path: Path, suffix: str) -> None:
    few, at_few = peak_mb("read", write_rows(tmp_path / f"few{suffix}", 1_000))
    many, at_many = peak_mb("read", write_rows(tmp_path / f"many{suffix}", MANY))
    assert (few, many) == (1_000, MANY)
    assert at_many - at_few <= (PARQUET_GROWTH_MB if suffix == ".parquet" else GROWTH_MB)


def test_files_are_listed_and_skipped_in_flat_memory(tmp_path: Path) -> None:
    for folder, count in (("few", 100), ("many", 60_000)):
        (tmp_path / folder).mkdir()
        for number in range(count):
            (tmp_path / folder / f"a-report-of-the-day-{number:07d}.txt").touch()
    _, at_few = peak_mb("list", tmp_path / "few")
    many = tmp_path / "many"
    for kind, given, skip in (
        ("list", many, 0),
        ("list", many / "*.txt", 0),
        ("read", many, 10**9),
    ):
        found, at_many = peak_mb(kind, given, skip)
        assert found == (60_000 if kind == "list" else 0)
        assert at_many - at_few <= GROWTH_MB
