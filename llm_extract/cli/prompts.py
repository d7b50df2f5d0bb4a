"""`llm-extract prompts`: the prompts of the package and what they say."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich import box
from rich.table import Table

from llm_extract.cli.console import out, plain
from llm_extract.cli.failures import Program
from llm_extract.prompting import list_prompts, load_prompt

app = typer.Typer(
    cls=Program,
    invoke_without_command=True,
    epilog="Example: llm-extract prompts show sentence@1",
)


@app.callback()
def prompts(context: typer.Context) -> None:
    """The prompts that are sent to models, with their versions and hashes."""
    if context.invoked_subcommand is None:
        list_all()


@app.command("list", epilog="Example: llm-extract prompts list")
def list_all() -> None:
    """List every version of every prompt."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for column in ("prompt", "strategy", "languages", "description"):
        table.add_column(column, no_wrap=column == "prompt")
    for prompt in list_prompts():
        table.add_row(
            plain(prompt.ref, "bold"),
            prompt.strategy,
            plain(", ".join(prompt.languages)),
            plain(prompt.description),
        )
    out.print(table)


@app.command(epilog="Example: llm-extract prompts show sentence@1")
def show(
    ref: Annotated[
        str, typer.Argument(metavar="NAME[@V]", help="A prompt; without @V its newest version.")
    ],
) -> None:
    """Print a prompt: system text, template of the user message, worked examples."""
    prompt = load_prompt(ref)
    out.print(plain(f"{prompt.ref} · {prompt.strategy} · sha256 {prompt.content_hash}", "bold"))
    sections = [("System", prompt.system), ("User", prompt.user)]
    for number, example in enumerate(prompt.examples, start=1):
        reply = json.dumps(example.reply, ensure_ascii=False, indent=2)
        sections += [(f"Example {number}: report", example.report), ("Reply", reply)]
    for title, text in sections:
        out.print(plain(f"\n{title}", "bold"))
        for line in text.splitlines():
            out.print(plain(line), soft_wrap=True)
