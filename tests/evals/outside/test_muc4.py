"""MUC-4 messages are joined with their keys, and templates reduced to tolls."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_extract.errors import RecordsError
from llm_extract.evals.outside import Entry, LeftOut, OutsideItem
from llm_extract.evals.outside.muc4 import read_muc4
from llm_extract.evals.tolls import TollLabel, agrees
from tests.evals.outside.layouts import the_fault, the_item

MESSAGES = """\

DEV-MUC3-9001 (QUAY)

     SAN TALO, 3 JAN 90 -- [REPORT] [TEXT] THE PORT OFFICE SAID THAT SIX
MINERS WERE KILLED ON A FERRY.

"""
SLOTS = {
    0: "MESSAGE: ID",
    1: "MESSAGE: TEMPLATE",
    2: "INCIDENT: DATE",
    4: "INCIDENT: TYPE",
    11: "PERP: ORGANIZATION CONFIDENCE",
    18: "HUM TGT: NAME",
    19: "HUM TGT: DESCRIPTION",
    20: "HUM TGT: TYPE",
    21: "HUM TGT: NUMBER",
    22: "HUM TGT: FOREIGN NATION",
    23: "HUM TGT: EFFECT OF INCIDENT",
    24: "HUM TGT: TOTAL NUMBER",
}
WIDTH = 34


def template(
    numbers: list[str],
    effects: list[str],
    *,
    total: str = "-",
    id: str = "DEV-MUC3-9001 (QUAY)",
    number: str = "1",
) -> str:
    """A template as key files have it: a label to column 33, a fill a line."""
    fills = {0: [id], 1: [number], 21: numbers, 23: effects, 24: [total]}
    lines = []
    for slot, name in SLOTS.items():
        values = fills.get(slot) or ["-"]
        lines.append(f"{f'{slot}.':<4}{name}".ljust(WIDTH) + values[0])
        lines += [" " * WIDTH + value for value in values[1:]]
    return "\n".join(lines) + "\n"


def entries(folder: Path, *templates: str, messages: str = MESSAGES) -> list[Entry]:
    (folder / "dev-muc3").write_text(messages)
    (folder / "key-dev").write_text("; keys of the quay\n\n" + "\n".join(templates))
    return list(read_muc4([folder / "key-dev", folder / "dev-muc3"]))


def killed(folder: Path, *templates: str) -> TollLabel | None:
    """The label of the dead, where one miner was injured too, so that there is an item."""
    hurt = template(['1: "HELPER"'], ['INJURY: "HELPER"'], number="9")
    return the_item(entries(folder, *templates, hurt)).labels["killed"]


def test_a_message_keeps_its_id_text_and_dateline_day(tmp_path: Path) -> None:
    item = the_item(entries(tmp_path, template(['6: "MINERS"'], ['DEATH: "MINERS"'])))
    assert item.id == "DEV-MUC3-9001" and item.language == "en"
    assert item.text.startswith("SAN TALO, 3 JAN 90 -- [REPORT] [TEXT] THE PORT")
    assert item.published == date(1990, 1, 3)
    assert item.labels == {"killed": TollLabel(6, 6), "injured": None}
    assert item.place == f"{tmp_path / 'dev-muc3'} line 2"


def test_every_message_gets_its_own_templates(tmp_path: Path) -> None:
    second = "TST3-MUC4-9002\n\n   PELL, 4 MAY 91 (QUAY WIRE) -- TWO HURT.\n"
    found = entries(
        tmp_path,
        template(['6: "MINERS"'], ['DEATH: "MINERS"']),
        template(['2: "GUESTS"'], ['INJURY: "GUESTS"'], id="TST3-MUC4-9002"),
        messages=MESSAGES + second,
    )
    one, two = (entry for entry in found if isinstance(entry, OutsideItem))
    assert (one.id, two.id) == ("DEV-MUC3-9001", "TST3-MUC4-9002")
    assert two.labels == {"killed": None, "injured": TollLabel(2, 2)}
    assert two.published == date(1991, 5, 4) and "MINERS" not in two.text


@pytest.mark.parametrize("maker", ["", " (QUAY)", " (Quay & Co./North-2)", "(QUAY)  "])
def test_a_header_may_name_anyone_who_made_the_key(tmp_path: Path, maker: str) -> None:
    messages = f"{MESSAGES}\nDEV-MUC3-9002{maker}\n\nPELL, 4 MAY 91 -- QUIET.\n"
    found = entries(tmp_path, template(["6"], ["DEATH"]), messages=messages)
    assert [isinstance(entry, OutsideItem) for entry in found] == [True, False]


def test_targets_are_summed_by_their_effect(tmp_path: Path) -> None:
    found = template(
        ['6: "MINERS"', '1: "A. QUILL"', '4: "GUARDS"'],
        ['DEATH: "MINERS"', 'DEATH: "A. QUILL"', 'INJURY: "GUARDS"'],
    )
    item = the_item(entries(tmp_path, found))
    assert item.labels == {"killed": TollLabel(7, 7), "injured": TollLabel(4, 4)}


def test_incidents_are_summed(tmp_path: Path) -> None:
    one = template(['6: "MINERS"'], ['DEATH: "MINERS"'])
    two = template(['2: "GUESTS"'], ['DEATH: "GUESTS"'], number="2")
    assert killed(tmp_path, one, two) == TollLabel(8, 8)


def test_the_same_target_of_two_incidents_may_be_the_same_people(tmp_path: Path) -> None:
    one = template(['6: "MINERS" / "WORKERS"'], ['DEATH: "MINERS" / "WORKERS"'])
    two = template(['6: "WORKERS"'], ['DEATH: "WORKERS"'], number="2")
    assert killed(tmp_path, one, two) == TollLabel(6, 12)


def test_an_optional_incident_counts_at_the_high_end_only(tmp_path: Path) -> None:
    sure = template(['6: "MINERS"'], ['DEATH: "MINERS"'])
    optional = template(['2: "GUESTS"'], ['DEATH: "GUESTS"'], number="2 (OPTIONAL)")
    assert killed(tmp_path, sure, optional) == TollLabel(6, 8)
    assert killed(tmp_path, optional) is None


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("6", TollLabel(6, 6)),
        ("5 - 10", TollLabel(5, 10)),
        ("5 / 7", TollLabel(5, 7)),
        ("(5 / 7)", TollLabel(5, 7)),
        ("PLURAL", TollLabel(2, None)),
        ("PLURAL / 6", TollLabel(2, None)),
        ("-", None),
    ],
)
def test_numbers_are_ranges_where_the_key_leaves_them_open(
    tmp_path: Path, number: str, expected: TollLabel | None
) -> None:
    assert killed(tmp_path, template([f'{number}: "MINERS"'], ['DEATH: "MINERS"'])) == expected


def test_alternatives_may_go_on_in_the_next_line(tmp_path: Path) -> None:
    found = template(['6: "MINERS" /', '"WORKERS"'], ['DEATH: "STAFF"', '/ "WORKERS"'])
    assert killed(tmp_path, found) == TollLabel(6, 6)


@pytest.mark.parametrize("effect", ['DEATH / INJURY: "GUESTS"', '? DEATH: "GUESTS"'])
def test_an_open_effect_counts_at_the_high_end_only(tmp_path: Path, effect: str) -> None:
    found = template(['6: "MINERS"', '2: "GUESTS"'], ['DEATH: "MINERS"', effect])
    assert killed(tmp_path, found) == TollLabel(6, 8)


def test_people_of_two_effects_are_not_all_dead(tmp_path: Path) -> None:
    found = template(
        ['6: "MINERS"', '9: "GUESTS"'],
        ['DEATH: "MINERS"', 'DEATH: "GUESTS"', 'INJURY: "GUESTS"'],
    )
    assert killed(tmp_path, found) == TollLabel(6, 15)


@pytest.mark.parametrize("effect", ['NO DEATH: "MINERS"', "NO INJURY OR DEATH", "-"])
def test_nobody_killed_is_no_label(tmp_path: Path, effect: str) -> None:
    assert killed(tmp_path, template(['6: "MINERS"'], [effect])) is None


def test_an_effect_without_a_name_is_of_all_targets(tmp_path: Path) -> None:
    assert killed(tmp_path, template(['6: "MINERS"', "2"], ["DEATH"])) == TollLabel(8, 8)


def test_a_total_stands_in_for_a_missing_number(tmp_path: Path) -> None:
    found = template(['-: "MINERS"'], ['DEATH: "MINERS"'], total="11")
    assert killed(tmp_path, found) == TollLabel(11, 11)


def test_a_total_of_others_too_does_not(tmp_path: Path) -> None:
    found = template(['-: "MINERS"', '3: "GUESTS"'], ['DEATH: "MINERS"'], total="11")
    assert killed(tmp_path, found) is None


def test_one_missing_number_leaves_the_message_without_that_toll(tmp_path: Path) -> None:
    one = template(['6: "MINERS"'], ['DEATH: "MINERS"'])
    two = template(["-"], ['DEATH: "GUESTS"'], number="2")
    assert killed(tmp_path, one, two) is None


def test_an_irrelevant_message_is_passed_over(tmp_path: Path) -> None:
    (entry,) = entries(tmp_path, template(["*"], ["*"], total="*", number="*"))
    assert isinstance(entry, LeftOut) and not entry.broken


def test_a_slash_or_colon_in_a_name_is_no_alternative(tmp_path: Path) -> None:
    found = template([r'6: "CREW: M/V \"TALO\""'], [r'DEATH: "CREW: M/V \"TALO\""'])
    assert killed(tmp_path, found) == TollLabel(6, 6)


def test_a_number_of_another_form_leaves_its_message_out(tmp_path: Path) -> None:
    fault = the_fault(entries(tmp_path, template(['MANY: "MINERS"'], ['DEATH: "MINERS"'])))
    assert fault.place == f"{tmp_path / 'dev-muc3'} line 2"
    assert f"the template at {tmp_path / 'key-dev'} line 3 has 'MANY'" in fault.why


def test_a_line_that_is_no_slot_is_refused_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match=r"key-dev line 15 is no slot"):
        entries(tmp_path, template(['6: "MINERS"'], ['DEATH: "MINERS"']) + "SEE NOTES\n")


def test_both_kinds_of_file_are_needed(tmp_path: Path) -> None:
    entries(tmp_path, template(["6"], ["DEATH"]))
    with pytest.raises(RecordsError, match="no MUC-4 key file"):
        list(read_muc4([tmp_path / "dev-muc3"]))
    with pytest.raises(RecordsError, match="no MUC-4 message file"):
        list(read_muc4([tmp_path / "key-dev"]))
    (tmp_path / "other").write_text("quay\n")
    with pytest.raises(RecordsError, match="other is neither"):
        list(read_muc4([tmp_path / "other"]))


@pytest.mark.parametrize("line", ["SAN TALO, 3 FOO 90 --", "SAN TALO, 31 FEB 90 --", "SAN TALO --"])
def test_a_dateline_without_a_day_gives_none(tmp_path: Path, line: str) -> None:
    messages = f"DEV-MUC3-9001 (QUAY)\n\n{line} SIX DIED.\n"
    found = template(['6: "MINERS"'], ['DEATH: "MINERS"'])
    assert the_item(entries(tmp_path, found, messages=messages)).published is None


@given(st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=5))
def test_a_label_holds_the_sum_of_its_sure_templates(
    tmp_path_factory: pytest.TempPathFactory, incidents: list[tuple[int, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("muc4")
    templates = [
        template(
            [f'{people}: "MINERS OF DAY {day % 3}"'],
            [f'DEATH: "MINERS OF DAY {day % 3}"'],
            number=f"{day} (OPTIONAL)" if optional else str(day),
        )
        for day, (people, optional) in enumerate(incidents, start=1)
    ]
    plain = sum(people for people, optional in incidents if not optional)
    label = killed(folder, *templates)
    assert (label is None) == (plain == 0)
    assert label is None or agrees(plain, label)
