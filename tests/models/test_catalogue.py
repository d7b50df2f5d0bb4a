"""Models are named in TOML files: a user's file adds to the bundled one, its faults are listed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from llm_extract.errors import ModelError
from llm_extract.models.catalogue import BUNDLED, find_model, load_models
from llm_extract.pipeline import DEFAULT_MODEL


@pytest.fixture(autouse=True)
def no_user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue of whoever runs the tests plays no part."""
    monkeypatch.setattr(
        "llm_extract.models.catalogue.user_file", lambda: tmp_path / "config" / "models.toml"
    )
    monkeypatch.delenv("LLM_EXTRACT_MODELS", raising=False)


def own(path: Path, content: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    path.write_text(content, encoding="utf-8")
    before = os.environ.get("LLM_EXTRACT_MODELS")
    monkeypatch.setenv(
        "LLM_EXTRACT_MODELS", os.pathsep.join(part for part in (before, str(path)) if part)
    )
    return path


ENDPOINT = """
[models.desk]
kind = "endpoint"
base_url = "http://127.0.0.1:9/v1"
model = "reader"
context_size = 8000
prices = { input = 1.5, output = 6 }
"""


def test_the_bundled_models_are_local_verified_and_can_be_fetched() -> None:
    models = load_models()
    assert list(models) == ["qwen2.5-coder-1.5b", "smollm2-135m", "gemma3-270m"]
    for spec in models.values():
        assert spec.kind == "local"
        assert spec.weights is not None
        assert spec.weights.sources


def test_the_default_model_is_bundled_with_the_publishers_checksum() -> None:
    weights = find_model(DEFAULT_MODEL).weights
    assert weights is not None
    assert weights.bytes == 1_117_320_768
    assert weights.sha256.startswith("cc324af070c2")
    assert [source.kind for source in weights.sources] == ["hub", "wheels"]


def test_the_examples_in_the_bundled_file_are_valid_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commented = BUNDLED.read_text(encoding="utf-8").partition("# Examples of servers.")[2]
    lines = [line.removeprefix("# ") for line in commented.splitlines()[2:]]
    own(tmp_path / "m.toml", "\n".join(lines).replace("\n#\n", "\n\n"), monkeypatch)
    assert list(load_models())[3:] == ["openai", "vllm", "ollama", "llamacpp"]


def test_a_users_file_adds_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own(tmp_path / "m.toml", ENDPOINT, monkeypatch)
    spec = find_model("desk")
    assert (spec.name, spec.model, spec.mode, spec.context_size) == (
        "desk",
        "reader",
        "json_schema",
        8000,
    )
    assert spec.prices is not None
    assert (spec.prices.input, spec.prices.cached, spec.prices.output) == (1.5, None, 6.0)
    assert "smollm2-135m" in load_models()


def test_the_file_in_the_users_configuration_is_read_without_being_named(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "models.toml").write_text(ENDPOINT, encoding="utf-8")
    assert find_model("desk").kind == "endpoint"


def test_a_known_name_changes_single_keys_and_the_last_file_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(tmp_path / "a.toml", f'[models."{DEFAULT_MODEL}"]\nslots = 2\nthreads = 1\n', monkeypatch)
    own(tmp_path / "b.toml", f'[models."{DEFAULT_MODEL}"]\nslots = 8\n', monkeypatch)
    spec = find_model(DEFAULT_MODEL)
    assert (spec.slots, spec.threads) == (8, 1)
    assert spec.weights is not None


def test_a_known_name_of_another_kind_is_replaced_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(tmp_path / "m.toml", ENDPOINT.replace("desk", "gemma3-270m"), monkeypatch)
    spec = find_model("gemma3-270m")
    assert (spec.kind, spec.weights) == ("endpoint", None)


def test_an_unknown_name_gets_close_matches_and_the_way_to_add_one() -> None:
    with pytest.raises(ModelError) as caught:
        find_model("qwen2.5-coder")
    message = str(caught.value)
    assert "did you mean qwen2.5-coder-1.5b?" in message
    assert '[models."qwen2.5-coder"] into' in message
    assert "models.toml" in message


def test_all_faults_of_a_file_are_listed_by_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = own(
        tmp_path / "m.toml",
        '[models.a]\nkind = "endpoint"\nmodel = "m"\ncontext_size = 0\ncolour = "red"\n'
        '[models."b.2"]\nkind = "endpoint"\nmodel = "m"\ncontext_size = 100\n',
        monkeypatch,
    )
    with pytest.raises(ModelError) as caught:
        load_models()
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "models.a.context_size: Input should be greater than 0" in message
    assert "models.a.colour: Extra inputs are not permitted" in message
    assert 'models."b.2": an endpoint needs a base_url' in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[models.a\n", "is not TOML"),
        ("[model.a]\nkind = 'local'\n", "unknown key 'model' (only 'models' is known)"),
        ("models = 3\n", "must be tables"),
        ("models.a = 3\n", "models.a: must be a table"),
        ("[models.a]\nname = 'b'\n", "models.a.name: comes from the table's title"),
        ("[models.a]\nkind = 'local'\nmodel = 'm'\ncontext_size = 1\n", "needs a table 'weights'"),
        (ENDPOINT + "weights = {}\n", "models.desk.weights.file: Field required"),
        (ENDPOINT + "mode = 'tools'\n", "models.desk.mode: Input should be 'json_schema'"),
        (ENDPOINT.replace("http://", "ftp://"), "must be an address like https://host/v1"),
    ],
)
def test_a_fault_is_named_with_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, message: str
) -> None:
    path = own(tmp_path / "m.toml", content, monkeypatch)
    with pytest.raises(ModelError) as caught:
        load_models()
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_a_file_that_is_named_but_missing_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_EXTRACT_MODELS", str(tmp_path / "gone.toml"))
    with pytest.raises(ModelError, match=r"gone\.toml: cannot be read \(No such file"):
        load_models()


@pytest.mark.parametrize(
    "line",
    [
        'api_key_env = "sk-canary-1234567890"',
        'api_key_env = "gsk_canary1234567890"',
        'api_key = "sk-canary-1234567890"',
        'base_url = "https://me:canary@host/v1"',
        'base_url = "https://host/v1?key=canary"',
    ],
)
def test_a_key_written_into_the_file_is_refused_and_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    kept = (
        ENDPOINT.replace('base_url = "http://127.0.0.1:9/v1"\n', "") if "url" in line else ENDPOINT
    )
    own(tmp_path / "m.toml", kept + line + "\n", monkeypatch)
    with pytest.raises(ModelError) as caught:
        load_models()
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(caught.value.__cause__)
