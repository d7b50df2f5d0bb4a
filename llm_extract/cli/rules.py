"""`llm-extract rules`: the rule catalogue as a table, a page a rule, as JSON or as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated

import typer
from rich import box
from rich.padding import Padding
from rich.table import Table

from llm_extract.cli.console import out, plain
from llm_extract.cli.tables import STYLES
from llm_extract.handmade.examples import Broken, Row, broken
from llm_extract.record import Finding
from llm_extract.validators.catalogue import RULES, WITHOUT_TEXT
from llm_extract.validators.rule import Rule

INTRODUCTION = """# The rules

A rule looks at a record, the text of its report and the numbers that code reads there. What it has
to say is a finding: an `error` blocks acceptance, a `warning` goes to review. Of which kind a
finding is says who is at fault: `extraction` (the record differs from the text), `contradiction`
(the figures contradict one another as they are printed) or `plausibility` (clear but unusual).
Counts are intervals: a rule of sums is broken only if no choice inside them satisfies it.

This page is written by `llm-extract rules --markdown` from the code that checks: the findings below
the examples are those of the rules themselves. `llm-extract rules A02` shows one of them.
"""


@dataclass(frozen=True, slots=True)
class Page:
    """What is told of one rule."""

    rule: Rule
    broken: Broken

    @property
    def needs_text(self) -> bool:
        """Whether the rule can only be asked with the report at hand."""
        return self.rule.id not in WITHOUT_TEXT

    def as_dict(self) -> dict[str, object]:
        """The page for programs."""
        example = self.broken.example
        return {
            "id": self.rule.id,
            "statement": self.rule.statement,
            "severity": self.rule.severity,
            "kind": self.rule.kind,
            "exceptions": self.rule.exceptions,
            "needs_text": self.needs_text,
            "example": {
                **example.model_dump(mode="json"),
                "findings": [
                    {"severity": f.severity, "kind": f.kind, "message": f.message}
                    for f in self.broken.findings
                ],
            },
        }


def rules(
    id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Only this rule, with an example.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: a list of rules, or the one of ID.")
    ] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print every page in full, as docs/rules.md.")
    ] = False,
) -> None:
    """Show what is checked: statement, severity, kind, exceptions and a text that breaks it."""
    chosen = RULES if id is None else (_named(id),)
    if as_json:
        found = [_page(rule).as_dict() for rule in chosen]
        print(json.dumps(found if id is None else found[0], ensure_ascii=False, indent=2))
    elif as_markdown:
        print(markdown(chosen), end="")
    elif id is None:
        _print_table()
    else:
        _print_page(_page(chosen[0]))


def markdown(chosen: Iterable[Rule] = RULES) -> str:
    """The catalogue as one Markdown page."""
    pages = [_page(rule) for rule in chosen]
    lines = [
        INTRODUCTION,
        "| id | statement | severity | needs the text |",
        "| --- | --- | --- | --- |",
    ]
    for page in pages:
        link = f"[{page.rule.id}](#{page.rule.id.lower()})"
        needs = "yes" if page.needs_text else "no"
        lines.append(
            f"| {link} | {_inline(page.rule.statement)} | {page.rule.severity} | {needs} |"
        )
    for page in pages:
        lines += ["", *_markdown_page(page)]
    return "\n".join(lines) + "\n"


def _page(rule: Rule) -> Page:
    return Page(rule, broken(rule.id))


def _named(id: str) -> Rule:
    known = {rule.id: rule for rule in RULES}
    if id.upper() not in known:
        close = get_close_matches(id.upper(), known) or list(known)
        raise typer.BadParameter(f"there is no rule {id!r}; there is {', '.join(close)}")
    return known[id.upper()]


def _print_table() -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for column in ("rule", "severity", "text", "states"):
        table.add_column(column, no_wrap=column != "states")
    for rule in RULES:
        table.add_row(
            plain(rule.id, "bold"),
            plain(rule.severity, STYLES[rule.severity]),
            "" if rule.id in WITHOUT_TEXT else "needed",
            plain(rule.statement),
        )
    out.print(table)


def _print_page(page: Page) -> None:
    rule = page.rule
    out.print(plain(f"{rule.id}  {rule.statement}", "bold"))
    out.print()
    facts = Table.grid(padding=(0, 2))
    for name, words in _facts(page):
        facts.add_row(plain(name, "dim"), plain(words))
    out.print(facts)
    out.print()
    out.print(plain("an example that breaks it", "bold"))
    out.print(Padding(plain(page.broken.example.text), (0, 0, 0, 2)))
    for name, words in _typed(page):
        out.print(Padding(plain(f"{name}: {words}", "dim"), (0, 0, 0, 2)))
    for finding in page.broken.findings:
        line = plain(f"{finding.severity} ", STYLES[finding.severity])
        out.print(Padding(line.append(plain(finding.message)), (0, 0, 0, 2)))


def _facts(page: Page) -> Iterator[tuple[str, str]]:
    yield "severity", page.rule.severity
    yield "kind", page.rule.kind
    yield "exceptions", page.rule.exceptions
    yield "text", "needed" if page.needs_text else "not needed: figures alone can break it"


def _typed(page: Page) -> Iterator[tuple[str, str]]:
    """The example's rows and what else its rule looks at, each with its name."""
    example = page.broken.example
    for row in example.rows:
        yield "read as", _row_words(row)
    if not example.rows:
        yield "read as", "nothing"
    for row in example.other_rows:
        yield "second reading", _row_words(row)
    if example.published:
        yield "published", example.published
    if example.unanswered:
        yield "answer of the model", example.unanswered


def _row_words(row: Row) -> str:
    return ", ".join(f"{field} {cell}" for field, cell in row.items())


def _markdown_page(page: Page) -> Iterator[str]:
    rule = page.rule
    yield f"## {rule.id}"
    yield ""
    yield f"{_inline(rule.statement)[:1].upper()}{_inline(rule.statement)[1:]}."
    yield ""
    for name, words in _facts(page):
        yield f"- {name}: {_inline(words)}"
    yield ""
    yield f"> {_inline(page.broken.example.text)}"
    yield ""
    for name, words in _typed(page):
        yield f"- {name}: {_inline(words)}"
    for finding in page.broken.findings:
        yield ""
        yield _finding_line(finding)


def _finding_line(finding: Finding) -> str:
    return f"**{finding.severity}** ({finding.kind}): {_inline(finding.message)}"


def _inline(words: str) -> str:
    """Words as Markdown shows them: nothing in them is markup."""
    for sign in "\\`*_|<>[]#":
        words = words.replace(sign, f"\\{sign}")
    return words
