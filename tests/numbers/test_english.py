"""The English reader, case by case."""

from __future__ import annotations

import pytest
from cases import Case, check, read_at

from llm_extract.numbers import read_ledger

COUNTS = [
    Case("The blast killed ‹149› civilians.", 149),
    Case("‹1,234› people fled the valley.", 1234),
    Case("Some sources list ‹12,345,678› names.", 12_345_678),
    Case("A camp of ‹30.000› residents burned.", 30_000),
    Case("Nearly all ‹20 000› residents left.", 20_000),
    Case("All ‹20\u00a0500› residents left.", 20_500),
    Case("All ‹20\u202f500› residents left.", 20_500),
    Case("Clinics treated ‹٣٥› miners.", 35),
    Case("Clinics treated ‹۱۲۳› miners.", 123),
    Case("Clinics treated ‹١٬٢٣٤› miners.", 1234),
    Case("‹1.2 million› people need shelter.", 1_200_000),
    Case("‹3 thousand› people need shelter.", 3000),
    Case("‹30k› people need shelter.", 30_000),
    Case("‹Eight› villagers drowned.", 8),
    Case("‹Zero› civilians drowned.", 0),
    Case("‹Twenty-three› villagers drowned.", 23),
    Case("‹twenty three› villagers drowned.", 23),
    Case("‹a hundred› villagers drowned.", 100),
    Case("‹a hundred and twenty-three› villagers drowned.", 123),
    Case("‹one hundred twenty› villagers drowned.", 120),
    Case("‹two thousand five hundred› villagers left.", 2500),
    Case("‹three hundred and four thousand and six› villagers left.", 304_006),
    Case("‹two million three hundred thousand› villagers left.", 2_300_000),
    Case("‹one and a half million› villagers left.", 1_500_000),
    Case("‹half a million› villagers left.", 500_000),
    Case("‹half a dozen› traders were shot.", 6),
    Case("‹a dozen› traders were shot.", 12),
    Case("‹two dozen› traders were shot.", 24),
    Case("‹Seven› dead, ‹nine› hurt.".replace("‹nine›", "nine"), 7),
    Case("Killed:‹12›", 12),
    Case("| Eastvale | ‹12› | 5 |", 12),
    Case("Killed 10 traders and ‹one› guard.", 1),
    Case("They shot ‹one› of the traders.", 1),
    Case("Six went in and ‹one› of them died.", 1),
    Case("The only ‹one› survivor".replace("only ‹one›", "‹one›"), 1),
    Case("‹Both› men died.", 2),
    Case("Two were shot; ‹both› were killed.", 2),
    Case("The ‹twin› girls were buried.", 2),
    Case("A 12-year-old and ‹two› three-year-olds died.", 2),
    Case("Rebels shelled ‹30› vital facilities.", 30),
    Case("In May ‹2019› people".replace("In May ‹2019› people", "killed ‹2019› people"), 2019),
    Case("‹12›/15 hostages died", 12),
    Case("at the station ‹12› were killed", 12),
    Case("A ‹12›-member family drowned.", 12),
    Case("The dead number ‹14›.", 14),
]

COUNTED = [
    Case("‹A woman› was killed.", 1, basis="counted"),
    Case("They shot ‹an unidentified man›.", 1, basis="counted"),
    Case("They shot ‹another boy›.", 1, basis="counted"),
    Case("‹A police officer› fell.", 1, basis="counted"),
    Case("‹a school teacher› fell.", 1, basis="counted"),
    Case("Bombs hit ‹a primary school›.", 1, basis="counted"),
    Case("Bombs hit ‹a hospital›.", 1, basis="counted"),
    Case("‹a› 34-year-old man was shot", 1, basis="counted"),
    Case("‹a› seven-year-old was shot", 1, basis="counted"),
    Case("killing one man and wounding ‹another›.", 1, basis="counted"),
    Case("‹an injured child› was found", 1, basis="counted"),
    Case("‹a U.S. soldier› was found", 1, basis="counted"),
    Case("‹a city hall official› was found", 1, basis="counted"),
    Case("‹a state assembly candidate› was found", 1, basis="counted"),
    Case("‹a wounded man› was found", 1, basis="counted"),
    Case("‹an aid worker› was taken.", 1, basis="counted"),
]

LISTED = [
    Case(text, 1, basis="counted")
    for text in (
        "They shot a woman, ‹her brother› and her two children.",
        "They shot two men, two children and ‹their mother›.",
        "They shot a farmer and ‹his› 12-year-old son.",
        "They shot the mayor and ‹his secretary›.",
        "They shot ‹the mayor› and his secretary.",
        "They shot ‹the mayor› and a council member.",
        "They shot ‹the mayor› of Eastvale and two bodyguards.",
        "They shot two guards and ‹the mayor›.",
        "They shot Omar Haddad, 34, ‹his wife› Lina and their two sons.",
        "They shot a man (34) and ‹his brother›.",
        "They shot him and ‹his brother›.",
        "They shot ‹his wife› and three sons.",
        "He fell along with ‹his wife›, mother-in-law and driver.",
        "He fell along with his wife, ‹mother-in-law› and driver.",
        "He fell along with his wife, mother-in-law and ‹driver›.",
        "He fell along with his wife, 90-year-old ‹mother-in-law› and driver.",
        "A guide was shot along with his wife, 90-year-old ‹mother-in-law› and driver.",
        "They shot a trader and ‹her U.S.-born daughter›.",
        "A mother and ‹son› were shot.",
        "A man and ‹woman› were shot.",
    )
]

DENIALS = [
    Case("‹Not a single› soldier was hurt.", 0),
    Case("‹Not one› villager was hurt.", 0),
    Case("‹Not one› of them was hurt.", 0),
    Case("‹not a soul› was hurt.", 0),
    Case("‹not a\nsingle› soldier was hurt.", 0),
    Case("‹No› civilians were hurt.", 0),
    Case("There were ‹no› casualties.", 0),
    Case("‹No› further deaths were recorded.", 0),
    Case("‹No one› was killed.", 0),
    Case("‹Nobody› was hurt.", 0),
    Case("Twelve were aboard; ‹none› were injured.", 0),
    Case("Shells fell ‹without› casualties.", 0),
]

QUALIFIED = [
    Case("‹At least›".replace("‹At least›", "At least ‹12› died"), 12, qualifier="at_least"),
    Case("no fewer than ‹12› died", 12, qualifier="at_least"),
    Case("not less than ‹twelve› died", 12, qualifier="at_least"),
    Case("a minimum of ‹12› died", 12, qualifier="at_least"),
    Case("‹12› or more people died", 12, qualifier="at_least"),
    Case("‹12› people or more died", 12, qualifier="at_least"),
    Case("The injured included ‹one› child and two women.", 1),
    Case("‹12› or more aid workers died", 12, qualifier="at_least"),
    Case("In Velm ‹12› or more arrested", 12, qualifier="at_least"),
    Case("‹40›+ wounded", 40, qualifier="at_least"),
    Case("at least another ‹12› died", 12, qualifier="at_least"),
    Case("(at least ‹12› of them women)", 12, qualifier="at_least"),
    Case("more than ‹12› died", 12, qualifier="more_than"),
    Case("over ‹12› died", 12, qualifier="more_than"),
    Case("upwards of ‹a hundred› died", 100, qualifier="more_than"),
    Case("more than ‹a dozen› died", 12, qualifier="more_than"),
    Case("up to ‹12› died", 12, qualifier="at_most"),
    Case("no more than ‹12› died", 12, qualifier="at_most"),
    Case("as many as ‹12› died", 12, qualifier="at_most"),
    Case("fewer than ‹12› died", 12, qualifier="fewer_than"),
    Case("less than ‹12› died", 12, qualifier="fewer_than"),
    Case("under ‹12› people died", 12, qualifier="fewer_than"),
    Case("about ‹12› died", 12, qualifier="about"),
    Case("some ‹12› people died", 12, qualifier="about"),
    Case("nearly ‹12› died", 12, qualifier="about"),
    Case("an estimated ‹12› died", 12, qualifier="about"),
    Case("close to ‹12› died", 12, qualifier="about"),
    Case("~‹12› died", 12, qualifier="about"),
    Case("‹12› or so people died", 12, qualifier="about"),
    Case("up to about ‹12› died", 12, qualifier="at_most"),
    Case("killing ‹12› people at least five of whom were women", 12),
]

BROKEN_AND_MISREAD = [
    Case("‹forty-\nseven› villagers drowned.", 47),
    Case("‹seven-\nteen› villagers drowned.", 17),
    Case("a ‹hun-\ndred› villagers drowned.".replace("a ‹", "‹a "), 100),
    Case("‹1,3O8› villagers drowned.", 1308),
    Case("‹l2› villagers drowned.", 12),
    Case("‹2O› villagers drowned.", 20),
    Case("‹I5› villagers drowned.", 15),
    Case("‹1l8› villagers drowned.", 118),
]

GROUPS = [
    Case("a group of ‹12› fled", 12),
    Case("a family of ‹five› fled", 5),
    Case("a crowd of ‹200› fled", 200),
    Case("a convoy of ‹40› soldiers fled", 40),
    Case("The ‹twins› Omar and Lina died.", 2),
    Case("Only ‹one› died.", 1),
    Case("‹A lone gunman› fired.", 1, basis="counted"),
    Case("‹twelve› people dead or missing", 12),
]

RANGES = [
    Case("‹15 to 17› people died", 15, qualifier="range", upper=17),
    Case("between ‹15 and 17› people died", 15, qualifier="range", upper=17),
    Case("‹15-17› people died", 15, qualifier="range", upper=17),
    Case("‹15–17› people died", 15, qualifier="range", upper=17),
    Case("‹two or three› people died", 2, qualifier="range", upper=3),
    Case("‹fifteen to seventeen› people died", 15, qualifier="range", upper=17),
    Case("The toll rose from ‹15› to 17 people", 15),
    Case("The toll rose from 15 to ‹17› people", 17),
    Case("The roof fell in. ‹13 to 15› people died.", 13, upper=15, qualifier="range"),
    Case("Killed: ‹12› – 15 injured", 12),
    Case("They won ‹5›-2 at home", 5),
]

VAGUE = [
    Case(text, None, "vague", "vague")
    for text in (
        "‹dozens› of people",
        "‹Hundreds› fled",
        "‹tens of thousands› fled",
        "‹scores› of traders",
        "‹several› women",
        "‹many› women",
        "‹a few› women",
        "‹a number of› women",
        "‹several hundred› women",
        "‹a few dozen› women",
        "‹a large number of› women",
        "‹numerous› villagers",
    )
]

OTHER_KINDS = [
    *(
        Case(text, None, "date")
        for text in (
            "on ‹14 March 2021›, shells",
            "on ‹March 14›, shells",
            "on ‹March 14, 2021› shells",
            "on ‹14/03/2021› shells",
            "on ‹2021-03-14› shells",
            "on ‹3 Dec›.",
            "the ‹3rd of May› raid",
            "from ‹November 27› to December 3",
            "to ‹December 3›,",
            "on ‹Sept. 4›,",
            "‹27› to 30 November",
            "on ‹4 April›.",
            "in ‹March 2021› alone",
        )
    ),
    Case("in ‹2019›, shells", 2019, "year"),
    Case("since ‹2011› people have fled", 2011, "year"),
    Case("the ‹2014› war", 2014, "year"),
    Case("mid-‹2019›", 2019, "year"),
    Case("in ‹2014-2016› people fled", None, "year"),
    Case("in the ‹1990s›", None, "year"),
    Case("a man aged ‹34›", 34, "age"),
    Case("a girl of ‹six› was hit", 6, "age"),
    Case("a boy of ‹14›, was hit", 14, "age"),
    Case("a mother of ‹three› was hit", 3, "count"),
    Case("a boy of the ‹14› was hit", 14, "count"),
    Case("a ‹34›-year-old man", 34, "age"),
    Case("a ‹six›-month-old baby", 6, "age"),
    Case("Amal, ‹7›, was hit", 7, "age"),
    Case("a boy, ‹9›, was hit", 9, "age"),
    Case("Amal, who is ‹34› years old", 34, "age"),
    Case("children between ‹3 and 14› years", 3, "age", "range", upper=14),
    Case("children under ‹18›", 18, "age", "fewer_than"),
    Case("‹25%›".replace("25%›", "25›%") + " of them", 25, "percent"),
    Case("‹25› per cent of them", 25, "percent"),
    Case("‹a third› of them children", None, "percent"),
    Case("‹two-thirds› of them children", None, "percent"),
    Case("‹one in five› of them", None, "percent"),
    Case("‹half› of the town", None, "percent"),
    Case("the ‹ninth› victim", 9, "ordinal"),
    Case("the ‹twenty-first› victim", 21, "ordinal"),
    Case("the ‹3rd› victim", 3, "ordinal"),
    Case("worth $‹5 million› in all", 5_000_000, "money"),
    Case("a fine of ‹300› dollars", 300, "money"),
    Case("‹12› km away", 12, "measure"),
    Case("‹12.5› km away", None, "measure"),
    Case("‹three› days later", 3, "measure"),
    Case("‹two and a half› hours", None, "measure"),
    Case("‹several› days later", None, "measure", "vague"),
    Case("between ‹2014 and 2016›, shells", 2014, "year", "range", upper=2016),
    Case("aged 5 and ‹7›", 7, "age"),
    Case("aged ‹5› and 7", 5, "age"),
    Case("aged 3, ‹5› and 9", 5, "age"),
    Case("aged 3, 5 and ‹9›", 9, "age"),
    Case("aged six and ‹eleven›", 11, "age"),
    Case("aged 6 and ‹12› soldiers", 12),
    Case("aged between ‹3 and 14›", 3, "age", "range", upper=14),
    Case("older than ‹65›", 65, "age", "more_than"),
    Case("over the age of ‹60›", 60, "age", "more_than"),
    Case("under the age of ‹five›", 5, "age", "fewer_than"),
    Case("Omar and Lina, ‹5›, died", 5, "age"),
    Case("a man (‹34›) died", 34, "age"),
    Case("at ‹2200›, shells fell", 2200, "measure"),
    Case("at ‹20:30› local time", None, "measure"),
    Case("at ‹8 pm›", None, "measure"),
    Case("an ‹82› mm mortar", 82, "measure"),
    Case("an ‹82›mm mortar", 82, "measure"),
    Case("‹three› times", 3, "measure"),
    Case("Resolution ‹2254› was read", 2254, "identifier"),
    Case("Article ‹3› was read", 3, "identifier"),
    Case("in Ward ‹4› last night", 4, "identifier"),
    *(
        Case(text, None, "identifier")
        for text in (
            "‹COVID-19› wards",
            "a ‹T-72› tank",
            "‹S-5M› rockets",
            "‹2S19› howitzers",
            "post ‹O8› burned",
            "‹20l› of fuel",
            "two ‹Su-24› jets",
            "call ‹+963 11 222 3344›",
            "‹https://example.org/a12›",
            "at ‹36.12345›, 37.1",
        )
    ),
    Case("as shown [‹2›] above", 2, "identifier"),
    Case("‹1›. Eastvale: 12 dead", 1, "identifier"),
    Case("‹6›.Gunmen fled", 6, "identifier"),
    Case("1. Eastvale: 12\n‹2›. Westvale: 5", 2, "identifier"),
]

CASES = (
    COUNTS
    + COUNTED
    + LISTED
    + DENIALS
    + QUALIFIED
    + BROKEN_AND_MISREAD
    + GROUPS
    + RANGES
    + VAGUE
    + OTHER_KINDS
)


@pytest.mark.parametrize("case", CASES, ids=[case.marked for case in CASES])
def test_the_marked_number_is_read(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    "text",
    [
        "They helped one another.",
        "No one knows.",
        "A spokesman said so.",
        "The one that matters is peace.",
        "There was no claim of responsibility.",
        "Both sides agreed.",
        "Twin explosions shook the square.",
        "How many?",
        "A market explosion shook the square.",
        "He may go; they march on.",
        "One of the largest raids yet.",
        "His brother said so.",
        "Omar and his lawyer said so.",
        "The mayor and a spokesman said so.",
        "Omar and his house were searched.",
        "He was hit in the chest and his head.",
        "In Eastvale, his brother was told.",
        "Lina said Omar Haddad, her husband, was ill.",
        "Omar Haddad, the mayor, was ill.",
        "His friend and colleague Omar fell ill.",
        "On Friday and his brother fled.",
        "A group of gunmen fled.",
        "The rebels and their army fled.",
        "A group led protesters through the square.",
    ],
)
def test_words_that_are_no_number_are_not_read(text: str) -> None:
    assert read_ledger(text).mentions == ()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("A teacher and activist fell ill.", ["A teacher"]),
        ("His wife, mother of two, fell ill.", ["two"]),
        ("A man and his lawyer said so.", ["A man"]),
        ("Not one but two men fell ill.", ["two"]),
    ],
)
def test_no_person_is_counted_twice_or_for_another(text: str, numbers: list[str]) -> None:
    assert [m.text for m in read_ledger(text).mentions] == numbers


def test_a_misread_number_keeps_its_printed_text() -> None:
    mention = read_at("Some ‹1,3O8› people fled.")
    assert mention is not None and mention.text == "1,3O8"


def test_a_qualifier_has_its_own_span() -> None:
    text = "Officials said at least 12 people died."
    mention = read_ledger(text).mentions[0]
    assert text[mention.qualifier_start : mention.qualifier_end] == "at least"
    assert mention.text == "12"


def test_a_wrapped_line_that_begins_with_a_count_is_not_a_list_number() -> None:
    mention = read_at("the number of dead rose to\n‹12›. More are missing")
    assert mention is not None and mention.kind == "count"


def test_a_count_after_a_month_without_a_day_is_not_swallowed_by_a_date() -> None:
    mention = read_at("In March ‹12› people drowned")
    assert mention is not None and mention.kind == "count"
