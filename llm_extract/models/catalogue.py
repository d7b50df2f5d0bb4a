"""The models that can be named: the bundled `models.toml` with the user's own laid over it."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from llm_extract.errors import ModelError
from llm_extract.models.spec import ModelSpec

BUNDLED = Path(__file__).parent / "models.toml"

USER_FILES_VARIABLE = "LLM_EXTRACT_MODELS"
"""Environment variable: one or more further files, separated as in PATH, the last one wins."""

Entries = dict[str, dict[str, Any]]


def user_file() -> Path:
    """The user's own catalogue, whether it exists or not."""
    return platformdirs.user_config_path("llm_extract") / "models.toml"


def load_models() -> dict[str, ModelSpec]:
    """All models by name, bundled ones first.

    A user's entry with a new name adds a model; with a known name it changes single keys. Raises
    ModelError that lists every fault of a file by its key.
    """
    entries: Entries = {}
    for path in _files():
        for name, entry in _read(path).items():
            entries[name] = _merged(entries.get(name, {}), entry)
        _check(entries, path)
    return {name: ModelSpec(name=name, **entry) for name, entry in entries.items()}


def find_model(name: str) -> ModelSpec:
    """The model of that name. Raises ModelError that names close matches and how to add one."""
    models = load_models()
    if name in models:
        return models[name]
    close = difflib.get_close_matches(name, models, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(models)}."
    raise ModelError(
        f"no model is named {name!r}: {hint} To add one, write [models.{_key(name)}] into "
        f"{user_file()}; the form is explained in {BUNDLED.name} of this package"
    )


def _files() -> list[Path]:
    files = [BUNDLED]
    if user_file().exists():
        files.append(user_file())
    named = os.environ.get(USER_FILES_VARIABLE, "")
    files.extend(Path(part).expanduser() for part in named.split(os.pathsep) if part)
    return files


def _read(path: Path) -> Entries:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise ModelError(f"{path}: is not TOML: {error}") from error
    faults = [f"unknown key {key!r} (only 'models' is known)" for key in content if key != "models"]
    models = content.get("models", {})
    if not isinstance(models, dict):
        faults.append("models: must be tables, as in [models.NAME]")
        models = {}
    faults.extend(
        f"models.{_key(name)}: must be a table"
        for name, entry in models.items()
        if not isinstance(entry, dict)
    )
    faults.extend(
        f"models.{_key(name)}.name: comes from the table's title, remove it"
        for name, entry in models.items()
        if isinstance(entry, dict) and "name" in entry
    )
    if faults:
        raise ModelError(f"{path}: {'; '.join(faults)}")
    return models


def _merged(known: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`own` laid over `known` key by key; a model of another kind replaces it whole."""
    if "kind" in own and own["kind"] != known.get("kind", own["kind"]):
        return dict(own)
    result = dict(known)
    for key, value in own.items():
        below = result.get(key)
        result[key] = (
            _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return result


def _check(entries: Entries, path: Path) -> None:
    faults: list[str] = []
    for name, entry in entries.items():
        try:
            ModelSpec(name=name, **entry)
        except ValidationError as error:
            faults.extend(
                ".".join(["models", _key(name), *map(str, fault["loc"])])
                + f": {fault['msg'].removeprefix('Value error, ')}"
                for fault in error.errors(include_input=False, include_url=False)
            )
    if faults:
        raise ModelError(f"{path}: {'; '.join(faults)}")


def _key(name: str) -> str:
    """The name as a TOML key: quoted where a bare key may not stand."""
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else f'"{name}"'
