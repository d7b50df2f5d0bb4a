"""Sentences of reports: where they end, what kind they are, what they stand under."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.passages import Sentence, split_sentences


def words(text: str) -> list[str]:
    return [sentence.text(text) for sentence in split_sentences(text)]


def kinds(text: str) -> list[str]:
    return [sentence.kind for sentence in split_sentences(text)]


def lead(text: str, opening: str) -> str | None:
    """What the sentence that begins so stands under."""
    sentences = split_sentences(text)
    (found,) = (s for s in sentences if s.text(text).startswith(opening))
    return None if found.lead is None else sentences[found.lead].text(text)


def titled(text: str, opening: str) -> dict[str, str] | None:
    """Words of a row's cells by the column titles over them; None where they can't be told."""
    (row,) = (s for s in split_sentences(text) if s.text(text).startswith(opening))
    assert row.kind == "row"
    if not row.header:
        return None
    assert 0 <= len(row.cells) - len(row.header) <= 1
    untitled = [""] * (len(row.cells) - len(row.header))
    titles = untitled + [title.text for title in row.header]
    return dict(zip(titles, (cell.text for cell in row.cells), strict=True))


# Prose


@pytest.mark.parametrize(
    "sentences",
    [
        ["Five people died.", "Two were hurt!", "Who fired?", "Nobody knows…"],
        ["He said “five died.”", "Then he left."],
        ['(A child died.)', "The rest lived."],
        ["قتل خمسة مدنيين في غارة.", "وأصيب ثلاثة آخرون؟", "لا أحد يعلم."],
        ["There were no deaths.", "3 people were hurt."],
    ],
)  # fmt: skip
def test_prose_ends_at_its_stops(sentences: list[str]) -> None:
    assert words(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. Sami and Gen. Orlo counted nine dead.",
        "The U.N. said that nine people died.",
        "At 5 p.m. Norda was shelled.",
        "J. Halloran and T. R. Voss counted nine dead.",
        "On 3 Jan. 2024 St. Mary lost nine people.",
        "It hit 3.5 km from the camp.",
        "The market (approx. 200 stalls) burned.",
    ],
)
def test_abbreviations_initials_and_decimals_end_nothing(sentence: str) -> None:
    assert words(f"{sentence} Two were hurt.") == [sentence, "Two were hurt."]


def test_a_stop_before_a_small_letter_ends_nothing() -> None:
    assert words("The so-called Brig. al-Norda lost nine.") == [
        "The so-called Brig. al-Norda lost nine."
    ]


def test_a_stop_without_a_space_behind_it_ends_nothing() -> None:
    assert words("It hit norda.example at noon.") == ["It hit norda.example at noon."]


def test_empty_lines_part_paragraphs() -> None:
    text = "Five died.\nTwo were hurt.\n\n \nOne is missing."
    assert [s.paragraph for s in split_sentences(text)] == [0, 0, 1]


@pytest.mark.parametrize("text", ["", " ", "\n\n\t\n", "\u00a0\u2003"])
def test_nothing_has_no_sentences(text: str) -> None:
    assert split_sentences(text) == []


# Lines


def test_hard_wrapped_lines_are_one_sentence() -> None:
    text = (
        "The shelling of the covered market in the eastern part of Norda on Sunday\n"
        "morning killed nine people and wounded twenty others, most of them from\n"
        "Suda. Among the dead were three children whose names are not known to the\n"
        "monitors."
    )
    assert [" ".join(s.split()) for s in words(text)] == [
        "The shelling of the covered market in the eastern part of Norda on Sunday morning killed "
        "nine people and wounded twenty others, most of them from Suda.",
        "Among the dead were three children whose names are not known to the monitors.",
    ]


def test_a_line_that_goes_on_in_small_letters_is_one_sentence() -> None:
    assert words("Nine died,\namong them three\nchildren.") == [
        "Nine died,\namong them three\nchildren."
    ]


def test_short_lines_stand_for_themselves() -> None:
    assert words("Nine died\nThree were hurt") == ["Nine died", "Three were hurt"]


@pytest.mark.parametrize("mark", ["-", "*", "•", "–", "1.", "2)", "(3)", "a)", "(b)"])
def test_a_bullet_is_a_sentence(mark: str) -> None:
    text = f"Nine died in three towns\n{mark} Norda lost five\n{mark} Suda lost four"
    assert kinds(text)[1:] == ["bullet", "bullet"]
    assert words(text)[1:] == [f"{mark} Norda lost five", f"{mark} Suda lost four"]


def test_a_bullet_goes_on_over_a_wrapped_line() -> None:
    text = "- five people in Norda, among them\n  three children\n- four in Suda"
    assert words(text) == ["- five people in Norda, among them\n  three children", "- four in Suda"]


def test_a_number_that_opens_a_sentence_is_no_bullet() -> None:
    assert kinds("9 people died.\n12.5 km away two died.") == ["prose", "prose"]


def test_labels_with_values_are_facts() -> None:
    assert kinds("Place: Norda\nKilled: 9\nInjured: 3") == ["fact"] * 3
    assert kinds("- Killed: 9\n- Injured: 3") == ["fact"] * 2
    assert kinds("المكان: نوردا\nالقتلى: 9") == ["fact"] * 2


def test_a_single_label_in_prose_is_no_fact() -> None:
    assert kinds("The monitor added: nine people died in Norda.") == ["prose"]


@pytest.mark.parametrize("rule", ["---", "=====", "* * *", "_____"])
def test_a_drawn_rule_takes_no_words_to_itself(rule: str) -> None:
    assert words(f"Killed\n{rule}\nNine people in Norda.") == [
        "Killed",
        rule,
        "Nine people in Norda.",
    ]


# What bullets, facts and rows stand under


@pytest.mark.parametrize("heading", ["# Killed", "Killed by district", "Killed by district:"])
@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n-----\n", "\n_____\n"])
def test_bullets_stand_under_the_heading_before_them(heading: str, gap: str) -> None:
    text = f"{heading}{gap}- Norda lost five\n- Suda lost four"
    assert lead(text, "- Norda") == lead(text, "- Suda") == heading


def test_bullets_stand_under_a_sentence_that_ends_in_a_colon() -> None:
    text = "It was a bad month. In all, nine people were killed:\n- five in Norda\n- four in Suda"
    assert lead(text, "- five") == lead(text, "- four") == "In all, nine people were killed:"


def test_facts_stand_under_their_heading() -> None:
    assert lead("Killed:\nNorda: 5\nSuda: 4", "Suda") == "Killed:"


def test_prose_ends_what_a_heading_reaches() -> None:
    text = "Killed:\n- five in Norda\n\nThe school was hit.\n\n- two in Suda"
    assert lead(text, "- five") == "Killed:"
    assert lead(text, "- two") is None


def test_prose_stands_under_nothing() -> None:
    assert lead("Killed by district\n\nNine people died.", "Nine") is None


# Tables

PIPES = "| Place | Killed | Injured |\n|---|---|---|\n| Norda | 5 | 3 |\n| Suda | 4 | 10 |"
BARE_PIPES = "Place | Killed | Injured\nNorda | 5 | 3\nSuda | 4 | 10"
TABS = "Place\tKilled\tInjured\nNorda\t5\t3\nSuda\t4\t10"
SPACES = "Place      Killed   Injured\nNorda           5         3\nSuda            4        10"
BOX = (
    "+-------+--------+---------+\n"
    "| Place | Killed | Injured |\n"
    "+-------+--------+---------+\n"
    "| Norda |      5 |       3 |\n"
    "| Suda  |      4 |      10 |\n"
    "+-------+--------+---------+"
)
UNTITLED = "           Killed   Injured\nNorda           5         3\nSuda            4        10"


@pytest.mark.parametrize("table", [PIPES, BARE_PIPES, TABS, SPACES, BOX])
def test_cells_stand_under_their_titles(table: str) -> None:
    opening = "| Suda" if "| Suda" in table else "Suda"
    assert titled(table, opening) == {"Place": "Suda", "Killed": "4", "Injured": "10"}


@pytest.mark.parametrize("table", [PIPES, BARE_PIPES, TABS, SPACES, BOX])
def test_a_table_stands_under_the_heading_over_it(table: str) -> None:
    text = f"Civilians by place:\n{table}"
    assert {s.lead for s in split_sentences(text) if s.kind == "row"} == {0}, (
        "neither the titles nor a drawn rule hide the heading"
    )


@pytest.mark.parametrize(
    "table",
    [
        UNTITLED,
        "Killed | Injured\nNorda | 5 | 3\nSuda | 4 | 10",
        "\tKilled\tInjured\nNorda\t5\t3\nSuda\t4\t10",
        "| | Killed | Injured |\n|---|---|---|\n| Norda | 5 | 3 |\n| Suda | 4 | 10 |",
    ],
)
def test_the_column_of_places_needs_no_title(table: str) -> None:
    opening = "| Suda" if "| Suda" in table else "Suda"
    assert titled(table, opening) == {"": "Suda", "Killed": "4", "Injured": "10"}


@pytest.mark.parametrize(
    ("table", "opening", "killed", "injured"),
    [
        ("| Place | Killed | Injured |\n| Norda | 5 | |\n| Suda | 4 | 10 |", "| Norda", "5", ""),
        ("| Place | Killed | Injured |\n| Norda | | 5 |\n| Suda | 4 | 10 |", "| Norda", "", "5"),
        ("| Place | Killed | Injured |\n| Norda | 5 |\n| Suda | 4 | 10 |", "| Norda", "5", ""),
        ("Place\tKilled\tInjured\nNorda\t\t5\nSuda\t4\t10", "Norda", "", "5"),
        ("Place\tKilled\tInjured\nNorda\t5\t\nSuda\t4\t10", "Norda", "5", ""),
        ("Place\tKilled\tInjured\nNorda\t5\nSuda\t4\t10", "Norda", "5", ""),
        ("Place   Killed   Injured\nNorda        5\nSuda         4        10", "Norda", "5", ""),
        ("Place   Killed   Injured\nNorda                  5\nSuda   4   10", "Norda", "", "5"),
        ("        Killed   Injured\nNorda        5\nSuda         4        10", "Norda", "5", ""),
        ("        Killed   Injured\nNorda                  5\nSuda   4   10", "Norda", "", "5"),
    ],
)
def test_an_empty_cell_moves_no_number_under_another_title(
    table: str, opening: str, killed: str, injured: str
) -> None:
    row = titled(table, opening)
    assert row is not None
    assert (row["Killed"], row["Injured"]) == (killed, injured)


@pytest.mark.parametrize(
    "table",
    [
        "Place\t\tKilled\tInjured\nSuda\t4\t10",
        "Place\tKilled\tInjured\nSuda\t\t4\t10",
        "Place\tKilled\t\tInjured\nSuda\t\t4\t10",
        "\tPlace\tKilled\tInjured\n\tSuda\t4\t10",
    ],
)
def test_tabs_side_by_side_may_be_drawn_for_the_eye(table: str) -> None:
    row = titled(table, "Suda")
    assert row is not None
    assert (row["Killed"], row["Injured"]) == ("4", "10")


@pytest.mark.parametrize(
    "table",
    [
        "Killed | Injured\nNorda | 5 | 3 | by a mortar",
        "Killed | Injured\nNorda | 5 | 3 | 4 | 1",
        "Place  Killed  Injured\nThe far north of Norda  5",
    ],
)
def test_titles_that_can_not_be_told_are_none(table: str) -> None:
    opening = "Norda" if "\nNorda" in table else "The far"
    assert titled(table, opening) is None


def test_a_row_without_numbers_breaks_no_table() -> None:
    table = "| Place | Killed |\n| North | |\n| Norda | 5 |"
    assert titled(table, "| Norda") == {"Place": "Norda", "Killed": "5"}


def test_an_arabic_table_is_a_table() -> None:
    table = "| المكان | القتلى | الجرحى |\n| نوردا | ٥ | ٣ |"
    assert titled(table, "| نوردا") == {"المكان": "نوردا", "القتلى": "٥", "الجرحى": "٣"}


def test_a_line_behind_a_table_is_prose() -> None:
    assert kinds(f"{TABS}\nThe numbers are those of the monitors.")[-1] == "prose"


def test_lines_of_cells_without_titles_are_no_table() -> None:
    assert "row" not in kinds("Norda  5  3\nSuda  4  10")


# Laws

PIECES = st.sampled_from(
    [
        *(
            "Nine died. ",
            "قتل خمسة.",
            "Killed",
            "5",
            "Place: Norda",
            "- ",
            "1. ",
            "#",
            ":",
            "؟",
            "Dr. ",
        ),
        *("|", " | ", "|---|", "\t", "  ", "Killed | Injured\n", "Norda\t5\n", "”", "\u00a0"),
        *("\n", "\n\n", "\r", "\x0b", "\u2028"),
    ]
)
TEXTS = st.text(max_size=120) | st.lists(PIECES, max_size=40).map("".join)


@given(text=TEXTS)
def test_sentences_are_in_order_apart_and_leave_out_nothing_written(text: str) -> None:
    sentences = split_sentences(text)
    assert [s.index for s in sentences] == list(range(len(sentences)))
    reached = 0
    for sentence in sentences:
        assert reached <= sentence.start < sentence.end <= len(text)
        assert not text[reached : sentence.start].strip()
        assert sentence.text(text) == sentence.text(text).strip()
        reached = sentence.end
    assert not text[reached:].strip()


@given(text=TEXTS)
def test_cells_lie_in_order_in_their_row_and_titles_are_one_less_at_most(text: str) -> None:
    for sentence in split_sentences(text):
        for cells in (sentence.cells, sentence.header):
            assert all(text[cell.start : cell.end] == cell.text for cell in cells)
            ends = [offset for cell in cells for offset in (cell.start, cell.end)]
            assert ends == sorted(ends)
        assert all(inside(sentence, cell.start, cell.end) for cell in sentence.cells if cell.text)
        if sentence.header:
            assert len(sentence.cells) - len(sentence.header) in (0, 1)


@given(text=TEXTS)
def test_a_lead_stands_before_what_it_leads(text: str) -> None:
    sentences = split_sentences(text)
    for sentence in sentences:
        if sentence.lead is not None:
            assert sentence.kind in ("bullet", "fact", "row")
            assert sentence.lead < sentence.index
            assert sentences[sentence.lead].kind in ("heading", "prose")


def inside(sentence: Sentence, start: int, end: int) -> bool:
    return sentence.start <= start <= end <= sentence.end
