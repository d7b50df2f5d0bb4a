"""A local model is served by a child process that never outlives its parent.

The engine is a stand-in here, written below: what it says is known, and it starts in no time.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx2
import pytest

from llm_extract.errors import ModelError
from llm_extract.models.endpoint import open_endpoint
from llm_extract.models.server import LocalServer, serve_until_interrupted
from llm_extract.models.spec import ModelSpec, Weights

ENGINE = """
import http.server, json, os, pathlib, sys, threading
from types import SimpleNamespace

print("the engine greets")

class CommonParams:
    def __init__(self):
        self.model = SimpleNamespace(path="")
        self.cpuparams = SimpleNamespace()
        self.cpuparams_batch = SimpleNamespace()

class Server:
    def __init__(self, params):
        if "broken" in params.model.path:
            sys.stderr.write("loading\\ncannot read the weights\\n")
            raise SystemExit(3)
        log = pathlib.Path(params.model.path + ".log")
        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                asked = json.loads(body or "{}")
                with log.open("a") as lines:
                    lines.write(self.path + "\\n")
                status, reply = 200, {}
                if self.headers.get("authorization") != f"Bearer {params.api_keys[0]}":
                    status = 401
                if self.path == "/tokenize":
                    reply = {"tokens": asked["content"].split()}
                if self.path.startswith("/slots"):
                    file = pathlib.Path(params.slot_save_path + asked["filename"])
                    if "save" in self.path:
                        file.write_bytes(b"state")
                    elif file.read_bytes() != b"state":
                        status = 400
                if self.path == "/exit":
                    os._exit(9)
                sent = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)
            do_GET = do_POST = answer
            def log_message(self, *_): pass
        serving = http.server.ThreadingHTTPServer(("127.0.0.1", params.port), Handler)
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        self.listening_address = f"http://127.0.0.1:{serving.server_address[1]}"
        shown = [params.n_ctx, params.n_parallel, params.verbosity, params.ui]
        log.write_text(json.dumps([*shown, *params.model_alias]) + "\\n")
"""

SHARED = [{"role": "system", "content": "Read with care."}]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    engine = tmp_path / "engine"
    engine.mkdir()
    (engine / "xllamacpp.py").write_text(ENGINE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(engine))
    monkeypatch.setenv("LLM_EXTRACT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.gguf"
    path.write_bytes(b"weights")
    return path


def local(file: Path) -> ModelSpec:
    return ModelSpec(
        name="tiny",
        kind="local",
        model="tiny-q4",
        context_size=100,
        slots=3,
        weights=Weights(
            file=str(file),
            bytes=7,
            sha256="9d1d98737d7c8af4aff65cd0f3b9f6a68ed6fef9b7f4a6bff1bbf7b7b7e3b4b0",
            licence="none",
        ),
    )


def heard(file: Path) -> list[str]:
    return Path(f"{file}.log").read_text(encoding="utf-8").splitlines()


def alive(url: str) -> bool:
    try:
        httpx2.get(f"{url}/health", timeout=2, trust_env=False)
    except httpx2.TransportError:
        return False
    return True


def ended(url: str, seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not alive(url):
            return True
        time.sleep(0.02)
    return False


def test_it_answers_while_the_context_lasts_and_not_longer(file: Path) -> None:
    with LocalServer(local(file), file) as server:
        url = server.url
        assert server.base_url == f"{url}/v1"
        assert url.startswith("http://127.0.0.1:")
        assert alive(url)
    assert not server.running
    assert not alive(url)
    server.stop()


def test_every_slot_has_the_whole_context_and_nothing_is_logged(file: Path) -> None:
    with LocalServer(local(file), file):
        assert heard(file)[0] == '[300, 3, -1, false, "tiny-q4"]'


def test_strangers_on_the_machine_are_refused(file: Path) -> None:
    with LocalServer(local(file), file) as server:
        assert httpx2.get(f"{server.url}/v1/models", trust_env=False).status_code == 401


def test_the_key_stands_in_no_command_line_and_no_representation(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def popen(command: list[str], **settings: Any) -> subprocess.Popen[str]:
        commands.append(command)
        return original(command, **settings)

    original = subprocess.Popen
    monkeypatch.setattr("llm_extract.models.server.subprocess.Popen", popen)
    with LocalServer(local(file), file) as server:
        key = server.api_key.get_secret_value()
        assert key not in repr(server)
    assert key not in " ".join(commands[0])


def test_it_counts_tokens_with_the_models_own_tokenizer(file: Path) -> None:
    with LocalServer(local(file), file) as server:
        assert server.count_tokens("nine people drowned") == 3


def test_a_shared_start_is_read_once_and_put_into_every_slot(file: Path) -> None:
    with LocalServer(local(file), file) as server:
        server.prime(SHARED)
        server.prime(SHARED)
    assert [line for line in heard(file)[1:] if line != "/health"] == [
        "/v1/chat/completions",
        "/slots/0?action=save",
        "/slots/1?action=restore",
        "/slots/2?action=restore",
    ]


def test_a_later_run_does_not_read_the_shared_start_again(file: Path) -> None:
    for _ in range(2):
        with LocalServer(local(file), file) as server:
            server.prime(SHARED)
    assert [line for line in heard(file)[1:] if line != "/health"] == [
        f"/slots/{slot}?action=restore" for slot in range(3)
    ]


def test_a_spoilt_start_is_read_anew(file: Path, cache: Path) -> None:
    with LocalServer(local(file), file) as server:
        server.prime(SHARED)
    (kept,) = (cache / "starts").iterdir()
    kept.write_bytes(b"spoilt")
    with LocalServer(local(file), file) as server:
        server.prime(SHARED)
    assert "/v1/chat/completions" in heard(file)
    assert kept.read_bytes() == b"state"


def test_only_the_last_few_starts_are_kept(file: Path, cache: Path) -> None:
    with LocalServer(local(file), file) as server:
        for number in range(9):
            server.prime([{"role": "system", "content": str(number)}])
    assert len(list((cache / "starts").iterdir())) == 6


def test_weights_that_cannot_be_served_are_named_with_the_reason(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    with pytest.raises(ModelError) as caught, LocalServer(local(broken), broken):
        pass
    assert f"'tiny' cannot be served from {broken}: cannot read the weights;" in str(caught.value)


def test_a_server_that_is_not_entered_says_so(file: Path) -> None:
    with pytest.raises(ModelError, match="'tiny' is not started"):
        LocalServer(local(file), file).count_tokens("x")


def test_a_crash_of_the_engine_is_an_error_and_not_the_end_of_the_job(file: Path) -> None:
    with LocalServer(local(file), file) as server:
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"{server.url}/exit", trust_env=False)
        with pytest.raises(ModelError, match="'tiny' stopped answering"):
            server.count_tokens("x")


PARENT = dedent(
    """
    import sys, time
    from pathlib import Path
    from llm_extract.models.server import LocalServer, serve_until_interrupted
    from llm_extract.models.spec import ModelSpec
    spec = ModelSpec.model_validate_json(sys.argv[1])
    file = Path(spec.weights.file)
    """
)


def parent(file: Path, body: str) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-c", PARENT + dedent(body), local(file).model_dump_json()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_the_child_ends_when_its_parent_is_killed(file: Path) -> None:
    process, url = parent(
        file,
        """
        with LocalServer(spec, file) as server:
            print(server.url, flush=True)
            time.sleep(60)
        """,
    )
    assert alive(url)
    process.kill()
    process.communicate()
    assert ended(url)


def test_serving_ends_cleanly_on_an_interrupt(file: Path, listens_to_ctrl_c: None) -> None:
    process, url = parent(
        file, "serve_until_interrupted(spec, file, lambda s: print(s.url, flush=True))"
    )
    assert alive(url)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 0
    assert ended(url)


def test_serving_says_when_the_engine_stopped_by_itself(file: Path) -> None:
    def crash(server: LocalServer) -> None:
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"{server.url}/exit", trust_env=False)

    with pytest.raises(ModelError, match="stopped by itself"):
        serve_until_interrupted(local(file), file, crash)


def test_an_open_local_endpoint_counts_exactly_and_primes(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_extract.models.endpoint.pull", lambda *_: file)
    with open_endpoint(local(file)) as endpoint:
        assert endpoint.model == "tiny-q4"
        assert endpoint.count_tokens("149 people 1 2 3") == 5
        endpoint.prime(SHARED)
        assert endpoint.api_key.get_secret_value() not in repr(endpoint)
    assert "/slots/2?action=restore" in heard(file)
