from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from llm_extract.cli import models
from llm_extract.models.spec import ModelSpec

Cli = Callable[..., Result]

ENDPOINT = ModelSpec(
    name="own",
    kind="endpoint",
    model="reader",
    base_url="http://127.0.0.1:9/v1",
    api_key_env="OWN_READER_KEY",
    context_size=4096,
)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights of this machine and no catalogue of its user take part."""
    monkeypatch.setenv("LLM_EXTRACT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_the_list_names_models_their_state_licence_and_where_to_add_one(cli: Cli) -> None:
    shown = cli("models", "list").stdout
    assert "qwen2.5-coder-1.5b" in shown and "not fetched" in shown and "Apache-2.0" in shown
    assert "models.toml" in shown


def test_without_a_command_the_models_are_listed(cli: Cli) -> None:
    assert cli("models").stdout == cli("models", "list").stdout


def test_an_endpoint_says_which_key_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OWN_READER_KEY", raising=False)
    assert models.state(ENDPOINT) == "needs OWN_READER_KEY"
    monkeypatch.setenv("OWN_READER_KEY", "swordfish")
    assert models.state(ENDPOINT) == "endpoint"


def test_an_unknown_model_is_one_line_with_close_ones(cli: Cli) -> None:
    failed = cli("models", "pull", "qwen")
    assert failed.exit_code == 3
    assert failed.stderr.startswith("error: ") and failed.stderr.count("\n") == 1


def test_pull_says_where_the_weights_are(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fetched(spec: ModelSpec, progress: Callable[[int, int], None], say: object) -> Path:
        progress(5, 10)
        return tmp_path / "weights.gguf"

    monkeypatch.setattr(models, "pull_weights", fetched)
    done = cli("models", "pull", "smollm2-135m")
    assert done.exit_code == 0
    assert f"smollm2-135m is ready: {tmp_path / 'weights.gguf'}" in done.stderr


def test_an_endpoint_can_be_neither_fetched_nor_served(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "find_model", lambda _: ENDPOINT)
    for command in ("pull", "serve"):
        failed = cli("models", command, "own")
        assert failed.exit_code == 3 and "endpoint" in failed.stderr


def test_serving_needs_the_weights_first(cli: Cli) -> None:
    failed = cli("models", "serve", "smollm2-135m")
    assert failed.exit_code == 3
    assert "llm-extract models pull smollm2-135m" in failed.stderr
