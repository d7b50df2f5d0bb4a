"""A model that answers: where to ask, with which key, what fits; checked before any work starts."""

from __future__ import annotations

import math
import os
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import anyio
import anyio.to_thread
import httpx2
from pydantic import SecretStr

from llm_extract.errors import ModelError
from llm_extract.models.pace import Limits
from llm_extract.models.pull import Progress, pull
from llm_extract.models.server import LocalServer, Message
from llm_extract.models.spec import ModelSpec

CHECK_SECONDS = 15.0
"""How long a server may take to list its models before it counts as unreachable."""

NO_KEY = "none"
"""Sent where a server asks for no key: the OpenAI client refuses an empty one."""

ASCII_CHARACTERS_PER_TOKEN = 3.0
"""English prose has 4 to 5 with the tokenizers in use; 3 errs on the safe side."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A checked OpenAI-compatible server and the model to ask there.

    `model` is the name that goes into requests. The key is in no representation of this object.
    """

    base_url: str
    api_key: SecretStr
    model: str
    spec: ModelSpec
    _server: LocalServer | None = field(default=None, repr=False, compare=False)

    def count_tokens(self, text: str) -> int:
        """Tokens of the text: exact for a local model, else an estimate that errs on the high side.

        The estimate takes 3 ASCII letters or spaces for a token, and every digit and every other
        character for one of its own.
        """
        if self._server is not None:
            return self._server.count_tokens(text)
        return estimate_tokens(text)

    def check_fits(self, prompt_tokens: int, max_tokens: int) -> None:
        """Raise ModelError when prompt and longest reply together exceed the model's context."""
        needed = prompt_tokens + max_tokens
        if needed > self.spec.context_size:
            raise ModelError(
                f"the request needs {needed} tokens ({prompt_tokens} of prompt, {max_tokens} for "
                f"the reply), model {self.spec.name!r} takes {self.spec.context_size}: shorten the "
                "text or raise context_size in models.toml if the server allows more",
                code="context_overflow",
            )

    @property
    def primes(self) -> bool:
        """Whether `prime` does anything."""
        return self._server is not None

    def prime(self, messages: Sequence[Message]) -> None:
        """Let a local model read the start that all coming requests share; else nothing happens."""
        if self._server is not None:
            self._server.prime(messages)

    def redact(self, text: str) -> str:
        """The text without this endpoint's key, whole or half masked as servers like to echo it."""
        return redact(text, self.api_key)


def limits_of(spec: ModelSpec) -> Limits:
    """How fast the model's server may be asked, as its entry says."""
    return Limits(spec.most_in_flight, spec.requests_per_minute, spec.tokens_per_minute)


@contextmanager
def open_endpoint(spec: ModelSpec, on_progress: Progress | None = None) -> Iterator[Endpoint]:
    """The model, ready to be asked, for as long as the context lasts.

    A local model is fetched when it is not on this machine yet (`on_progress` as in `pull`) and
    served; a server's key, address and model name are checked. Raises ModelError.
    """
    if spec.kind == "local":
        with LocalServer(spec, pull(spec, on_progress)) as server:
            yield Endpoint(server.base_url, server.api_key, spec.model, spec, server)
    else:
        yield _checked(spec)


@asynccontextmanager
async def open_endpoint_async(
    spec: ModelSpec, on_progress: Progress | None = None
) -> AsyncIterator[Endpoint]:
    """`open_endpoint` for async callers: waiting for the server is done in a worker thread."""
    context = open_endpoint(spec, on_progress)
    endpoint = await anyio.to_thread.run_sync(context.__enter__)
    try:
        yield endpoint
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(context.__exit__, None, None, None)


@lru_cache(maxsize=4096)  # worked examples stand in every request
def estimate_tokens(text: str) -> int:
    """Tokens of the text with an unknown tokenizer, rather too many than too few.

    A token for every digit and every character beyond ASCII, one for 3 of the rest.
    """
    plain = len(text.encode("ascii", "ignore").translate(None, b"0123456789"))
    return len(text) - plain + math.ceil(plain / ASCII_CHARACTERS_PER_TOKEN)


def redact(text: str, api_key: SecretStr) -> str:
    """The text without the key: as it is, half masked with stars or dots, or as a bearer token."""
    key = api_key.get_secret_value()
    if key and key != NO_KEY:
        text = text.replace(key, "[key]")
        head = re.escape(key[:3])
        text = re.sub(rf"{head}[\w-]*(?:\*+|\.{{3,}}|…)[\w*.…-]*", "[key]", text)
    text = re.sub(r"\bsk-[\w*.…-]{6,}", "[key]", text)
    return re.sub(r"(?i)\b(bearer\s+)(?!\[key\])\S+", r"\1[key]", text)


def _checked(spec: ModelSpec) -> Endpoint:
    assert spec.base_url is not None
    endpoint = Endpoint(spec.base_url.rstrip("/"), _key(spec), spec.model, spec)
    _check_name(endpoint, _served_names(endpoint))
    return endpoint


def _key(spec: ModelSpec) -> SecretStr:
    if spec.api_key_env is None:
        return SecretStr(NO_KEY)
    key = os.environ.get(spec.api_key_env, "").strip()
    if not key:
        raise ModelError(
            f"model {spec.name!r} needs a key: the environment variable {spec.api_key_env} is not "
            "set",
            code="missing_key",
        )
    if not (key.isascii() and key.isprintable()):
        raise ModelError(
            f"model {spec.name!r}: the environment variable {spec.api_key_env} holds characters "
            "that no key has; was something else pasted into it?",
            code="missing_key",
        )
    return SecretStr(key)


def _served_names(endpoint: Endpoint) -> list[str] | None:
    """The names of the server's models; None where it has no list of them."""
    name, url = endpoint.spec.name, f"{endpoint.base_url}/models"
    headers = {"Authorization": f"Bearer {endpoint.api_key.get_secret_value()}"}
    try:
        reply = httpx2.get(url, headers=headers, timeout=CHECK_SECONDS)
    except (httpx2.TransportError, httpx2.InvalidURL) as error:
        reason = endpoint.redact(str(error) or type(error).__name__)
        raise ModelError(
            f"model {name!r}: no server answers at {endpoint.base_url} ({reason}); start it or "
            "correct base_url in models.toml",
            code="model_unreachable",
        ) from None
    if reply.status_code in {httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN}:
        variable = endpoint.spec.api_key_env
        advice = f"check the key in {variable}" if variable else "name its variable in api_key_env"
        raise ModelError(
            f"model {name!r}: {endpoint.base_url} refuses the key (HTTP {reply.status_code}); "
            f"{advice}",
            code="refused_key",
        )
    if reply.status_code in {httpx2.codes.NOT_FOUND, httpx2.codes.METHOD_NOT_ALLOWED}:
        return None
    if reply.status_code != httpx2.codes.OK:
        raise ModelError(
            f"model {name!r}: {url} answers HTTP {reply.status_code}; is base_url right and the "
            "server ready?",
            code="model_unreachable",
        )
    return _names(reply, endpoint)


def _names(reply: httpx2.Response, endpoint: Endpoint) -> list[str]:
    try:
        content: Any = reply.json()
        return [str(entry["id"]) for entry in content["data"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"model {endpoint.spec.name!r}: {endpoint.base_url} does not speak the OpenAI protocol "
            "(no list of models there); base_url often ends in /v1",
            code="model_unreachable",
        ) from error


def _check_name(endpoint: Endpoint, names: list[str] | None) -> None:
    """Ollama serves `NAME` under `NAME:latest`."""
    wanted = endpoint.model
    if names is None or wanted in names or f"{wanted}:latest" in names:
        return
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    raise ModelError(
        f"model {endpoint.spec.name!r}: {endpoint.base_url} has no model {wanted!r}; it has "
        f"{shown or 'none'}",
        code="unknown_model",
    )
