"""`llm-extract models`: the models that can be named, fetched and served."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich import box
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.progress import TimeRemainingColumn as TimeLeft
from rich.table import Table

from llm_extract.cli.console import err, out, plain, say
from llm_extract.cli.failures import Program
from llm_extract.errors import ModelError
from llm_extract.models.catalogue import find_model, load_models, user_file
from llm_extract.models.pull import is_pulled, weights_path
from llm_extract.models.pull import pull as pull_weights
from llm_extract.models.server import LocalServer, serve_until_interrupted
from llm_extract.models.spec import ModelSpec
from llm_extract.pipeline import DEFAULT_MODEL

app = typer.Typer(
    cls=Program, invoke_without_command=True, epilog="Example: llm-extract models pull"
)

Name = Annotated[str, typer.Argument(metavar="[NAME]", help="A local model of `models list`.")]


@app.callback()
def models(context: typer.Context) -> None:
    """The models that can read reports: local ones and endpoints."""
    if context.invoked_subcommand is None:
        list_all()


@app.command("list", epilog="Example: llm-extract models list")
def list_all() -> None:
    """List the models, whether they are ready, and where to add one's own."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("model", no_wrap=True)
    table.add_column("state")
    table.add_column("context", justify="right")
    table.add_column("description", ratio=1)
    table.add_column("licence", overflow="fold", max_width=24)
    for name, spec in load_models().items():
        table.add_row(
            plain(name, "bold"),
            plain(state(spec)),
            f"{spec.context_size:,}",
            plain(spec.description or spec.base_url or ""),
            plain(spec.weights.licence if spec.weights else ""),
        )
    out.print(table)
    out.print(plain(f"your own models: {user_file()}"), soft_wrap=True)


@app.command(epilog="Example: llm-extract models pull smollm2-135m")
def pull(
    name: Name = DEFAULT_MODEL,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Fetch the weights of a local model into the cache folder and verify their checksum.

    Weights that are there already are not fetched again.
    """
    spec = find_model(name)
    if spec.weights is None:
        raise ModelError(f"{name} is an endpoint: there is nothing to fetch, only to be reached")
    present = is_pulled(spec)
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeLeft(),
        console=err,
        disable=quiet or present,
    )
    with progress:
        task = progress.add_task(f"fetching {name}", total=spec.weights.bytes)
        path = pull_weights(
            spec,
            lambda got, total: progress.update(task, completed=got, total=total),
            None if quiet else say,
        )
    if not quiet:
        say(f"{name} is {'there already' if present else 'ready'}: {path}")


@app.command(epilog="Example: llm-extract models serve --port 8080")
def serve(
    name: Name = DEFAULT_MODEL,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on the loopback; 0 takes a free one.")
    ] = 0,
) -> None:
    """Serve a local model on 127.0.0.1 for any OpenAI-compatible client, until Ctrl-C."""
    spec = find_model(name)
    if spec.weights is None:
        raise ModelError(f"{name} is an endpoint: it is served at {spec.base_url} already")
    if not is_pulled(spec):
        raise ModelError(f"{name} is not fetched yet; run: llm-extract models pull {name}")
    say(f"loading {name} …")
    serve_until_interrupted(spec, weights_path(spec), _announce, port=port)


def state(spec: ModelSpec) -> str:
    """Whether a model can be used as it is, or what is missing."""
    if spec.weights is not None:
        size = f"{spec.weights.bytes / 1e9:.1f} GB"
        return f"fetched, {size}" if is_pulled(spec) else f"not fetched, {size}"
    if spec.api_key_env and not os.environ.get(spec.api_key_env):
        return f"needs {spec.api_key_env}"
    return "endpoint"


def _announce(server: LocalServer) -> None:
    out.print(plain(f"base URL  {server.base_url}"), soft_wrap=True)
    out.print(plain(f"model     {server.spec.model}"), soft_wrap=True)
    out.print(plain(f"API key   {server.api_key.get_secret_value()}"), soft_wrap=True)
    say("Ctrl-C stops it")
