"""`llm-extract rules`: the catalogue, its pages, and `docs/rules.md` in step with both."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from llm_extract.cli.rules import markdown
from llm_extract.handmade.examples import broken, examples
from llm_extract.validators.catalogue import RULES, WITHOUT_TEXT

Cli = Callable[..., Result]
PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
IDS = [rule.id for rule in RULES]


@pytest.mark.parametrize("id", IDS)
def test_every_rule_has_an_example_that_breaks_it(id: str) -> None:
    found = broken(id).findings
    assert found
    severest = "error" if any(finding.severity == "error" for finding in found) else "warning"
    stated = next(rule for rule in RULES if rule.id == id).severity
    assert severest == stated


def test_there_is_no_example_of_a_rule_that_there_is_not() -> None:
    assert set(examples()) == set(IDS)


def test_the_rules_that_need_no_text_are_rules() -> None:
    assert set(IDS) >= WITHOUT_TEXT


def test_the_page_of_the_docs_is_that_of_the_code() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == markdown(), "write it anew: llm-extract rules --markdown > docs/rules.md"


def test_the_catalogue_is_a_table(cli: Cli) -> None:
    shown = cli("rules").stdout
    first = [line.split(maxsplit=1)[0] for line in shown.splitlines() if line[:1].isupper()]
    assert first == IDS


def test_a_rule_has_a_page_with_what_it_says_of_its_example(cli: Cli) -> None:
    shown = " ".join(cli("rules", "a02").stdout.split())
    assert "children + women + men <= total" in shown
    assert "severity error" in shown and "exceptions An open bound" in shown
    assert broken("A02").findings[0].message in shown


def test_an_unknown_rule_is_told_its_neighbours(cli: Cli) -> None:
    shown = cli("rules", "A22")
    assert shown.exit_code == 2
    assert "there is no rule 'A22'" in shown.stderr and "A02" in shown.stderr


def test_programs_get_the_catalogue_as_json(cli: Cli) -> None:
    every = json.loads(cli("rules", "--json").stdout)
    assert [rule["id"] for rule in every] == IDS
    one = json.loads(cli("rules", "A05", "--json").stdout)
    assert one == next(rule for rule in every if rule["id"] == "A05")
    assert one["needs_text"] is False and one["example"]["findings"]
