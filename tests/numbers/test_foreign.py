"""Languages that are read only when the report says it is written in them."""

from __future__ import annotations

import pytest
from cases import Case, check

from llm_extract.numbers import read_ledger

CASES = [
    ("fr", Case("Au moins ‹vingt et un› civils", 21, qualifier="at_least")),
    ("fr", Case("plus de ‹1 234› morts", 1234, qualifier="more_than")),
    ("fr", Case("‹une vingtaine› d'enfants", 20, qualifier="about")),
    ("fr", Case("‹deux cent mille› habitants", 200_000)),
    (
        "fr",
        Case(
            "‹des› dizaines".replace("‹des› dizaines", "des ‹dizaines› de blessés"),
            None,
            "vague",
            "vague",
        ),
    ),
    ("fr", Case("le ‹14 mars 2021›", None, "date")),
    ("fr", Case("entre ‹15 et 17› personnes", 15, qualifier="range", upper=17)),
    ("fr", Case("‹une femme› a été tuée", 1, basis="counted")),
    ("fr", Case("‹3,5 millions› de personnes", 3_500_000)),
    ("es", Case("al menos ‹treinta y dos› personas", 32, qualifier="at_least")),
    ("es", Case("más de ‹1.234› desplazados", 1234, qualifier="more_than")),
    ("es", Case("‹decenas› de heridos", None, "vague", "vague")),
    ("es", Case("‹una docena› de niños", 12)),
    ("es", Case("el ‹3 de mayo de 2014›", None, "date")),
    ("es", Case("‹20› años", 20, "measure")),
    ("uk", Case("щонайменше ‹двадцять п’ять› людей", 25, qualifier="at_least")),
    ("uk", Case("‹троє› дітей", 3)),
    ("uk", Case("‹десятки› цивільних", None, "vague", "vague")),
    ("uk", Case("‹1 200› поранених", 1200)),
    ("uk", Case("загинула ‹одна› жінка", 1)),
    ("uk", Case("‹14 березня 2022› року", None, "date")),
    ("ru", Case("более ‹тридцати двух› человек", 32, qualifier="more_than")),
    ("ru", Case("‹тысяча двести› человек", 1200)),
    ("ru", Case("‹пять тысяч› человек", 5000)),
    ("ru", Case("около ‹ста› человек", 100, qualifier="about")),
    ("de", Case("mindestens ‹fünfundzwanzig› Menschen", 25, qualifier="at_least")),
    ("de", Case("‹zwei Dutzend› Verletzte", 24)),
    ("pt", Case("‹vinte e cinco› pessoas", 25)),
    ("it", Case("‹venticinque› persone", 25)),
    ("nl", Case("minstens ‹vijfentwintig› mensen", 25, qualifier="at_least")),
]


@pytest.mark.parametrize(("language", "case"), CASES, ids=[c.marked for _, c in CASES])
def test_the_marked_number_is_read(language: str, case: Case) -> None:
    check(case, language)


def test_another_language_is_not_guessed() -> None:
    assert read_ledger("vingt et un civils").mentions == ()


def test_an_unknown_language_is_read_as_english() -> None:
    assert [m.value for m in read_ledger("eight people", "xx").mentions] == [8]
