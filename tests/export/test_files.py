import os
import threading
from pathlib import Path

import pytest

from llm_extract.errors import RecordsError
from llm_extract.export import UNWRITABLE, written_whole


def test_readers_see_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "toll.csv"
    path.write_text("old")
    with written_whole(path) as file:
        file.write("new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    link.symlink_to(target)
    with written_whole(link) as file:
        file.write("new")
    assert link.is_symlink() and target.read_text() == "new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    with written_whole(pipe) as file:
        file.write("toll")
    reader.join()
    assert got == ["toll"] and pipe.is_fifo()


def test_a_folder_in_the_place_of_the_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="cannot be written") as caught, written_whole(tmp_path):
        pass
    assert caught.value.code == UNWRITABLE
