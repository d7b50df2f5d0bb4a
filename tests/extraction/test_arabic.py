"""Arabic reports are read by rule: verb first, parts behind, proclitics, denials, names."""

from __future__ import annotations

from datetime import date

import pytest

from llm_extract.cues import cue_table
from llm_extract.documents.report import Report
from llm_extract.extraction.assembly import assemble
from llm_extract.extraction.circumstances import read_settings
from llm_extract.extraction.figures import read_figures
from llm_extract.extraction.names import name_table
from llm_extract.extraction.parties import blames, claimants
from llm_extract.numbers import read_ledger
from llm_extract.schema import Claim


def read(text: str) -> list[Claim]:
    report = Report(id="a", text=text, source="test", language="ar", published=date(2026, 3, 6))
    reading = read_figures(report, read_ledger(text, "ar"))
    outcomes = {f.index: f.outcome for f in reading.figures if f.outcome is not None}
    return assemble(reading, read_settings(reading), outcomes).claims


def tolls(text: str) -> list[tuple[str, int | None]]:
    return [(claim.outcome, claim.total.value if claim.total else None) for claim in read(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("قُتل 12 مدنياً في غارة على بلدة كفر نجم.", [("killed", 12)]),
        ("أسفر الهجوم عن مقتل 8 أشخاص وإصابة أكثر من 10.", [("killed", 8), ("injured", 10)]),
        ("استشهاد خمسة مدنيين وجرح 9 آخرين جراء القصف.", [("killed", 5), ("injured", 9)]),
        ("إن 23 مدنياً قُتلوا في القصف.", [("killed", 23)]),
        ("لقي ثلاثة عمال مصرعهم في المصنع.", [("killed", 3)]),
        ("سقط 30 شخصاً بين قتيل وجريح في التفجير.", [("casualties", 30)]),
        ("اعتقلت قوات الأمن 14 شخصاً في مدينة السرو.", [("detained", 14)]),
        ("اختطف مسلحون 6 معلمين من القرية.", [("abducted", 6)]),
        ("نزح 450 شخصاً من القرية.", [("displaced", 450)]),
        ("في غارة جوية على أطراف السوق مساء أمس قُتل 7 أشخاص.", [("killed", 7)]),
    ],
)
def test_the_word_before_a_number_gives_its_outcome(
    text: str, expected: list[tuple[str, int]]
) -> None:
    assert tolls(text) == expected


def test_parts_behind_among_them_belong_to_the_number_before() -> None:
    killed, injured = read("قُتل 12 مدنياً بينهم 3 أطفال وامرأتان، وأصيب 20 آخرون.")
    assert killed.total and killed.children and killed.women and injured.total
    assert (killed.total.value, killed.children.value, killed.women.value) == (12, 3, 2)
    assert (injured.outcome, injured.total.value) == ("injured", 20)
    assert killed.victims == "civilians"


def test_as_for_the_rest_leads_to_its_verb() -> None:
    (claim,) = read("أما المدنيون التسعة الباقون، وبينهم ثلاثة أطفال، فقُتلوا على يد مجهولين.")
    assert claim.total and claim.children
    assert (claim.outcome, claim.total.value, claim.children.value) == ("killed", 9, 3)


def test_a_fact_box_is_read_line_by_line() -> None:
    box = "- عدد القتلى: 18 مدنياً\n- الجرحى المُعلن عنهم: 10\n- المفقودون: 4 أشخاص"
    assert tolls(box) == [("killed", 18), ("injured", 10), ("missing", 4)]


def test_emphasis_round_a_fact_box_does_not_hide_it() -> None:
    assert tolls("_القتلى :10_\n_الجرحى: 12_") == [("killed", 10), ("injured", 12)]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("القتلى المعلن عنهم : لم يبلغ عن قتلى.\nالموقع: السرو", "killed"),
        ("لم تسجل إصابات.", "injured"),
    ],
)
def test_a_denial_is_a_printed_zero(text: str, outcome: str) -> None:
    assert tolls(text) == [(outcome, 0)]


def test_a_toll_that_rose_gives_the_new_figure_only() -> None:
    assert tolls("ارتفع عدد القتلى من 12 إلى 18 قتيلاً.") == [("killed", 18)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("وثّق مرصد سنجان لحقوق الإنسان في تقريره الشهري مقتل 6", "مرصد سنجان لحقوق الإنسان"),
        ("قالت شبكة الرافد للتوثيق إن 23 مدنياً قتلوا", "شبكة الرافد للتوثيق"),
        ("بحسب وزارة الصحة في المدينة قتل 5", "وزارة الصحة"),
        ("أكد خالد الحلواني، وهو طبيب، مقتل 5", "خالد الحلواني"),
    ],
)
def test_a_claimant_ends_where_its_name_ends(text: str, name: str) -> None:
    found = claimants(text, 0, len(text), cue_table("ar"))
    assert [claimant.words for claimant in found] == [name]


def test_the_one_who_is_told_states_nothing() -> None:
    text = "قال لفريق التحقيق إن 5 أشخاص قتلوا"
    assert claimants(text, 0, len(text), cue_table("ar")) == []


@pytest.mark.parametrize(
    ("text", "party", "attribution"),
    [
        ("قوات النظام قتلت 37 مدنياً", "قوات النظام", "stated"),
        ("قتل تنظيم الراية السوداء مسعفين", "تنظيم الراية السوداء", "stated"),
        ("قُتل 5 على يد اللواء الخامس", "اللواء الخامس", "stated"),
        ("الجاني المحتمل: القوات الجوية الأرانية", "القوات الجوية الأرانية", "alleged"),
    ],
)
def test_a_party_is_blamed_by_its_verb_or_label(text: str, party: str, attribution: str) -> None:
    found = list(blames(text, 0, len(text), cue_table("ar")))
    assert [(blame.parties[0].words, blame.attribution) for blame in found] == [
        (party, attribution)
    ]


def test_aeroplanes_of_nobody_are_no_party() -> None:
    text = "قصفت طائرات حربية البلدة وقتل 5"
    assert list(blames(text, 0, len(text), cue_table("ar"))) == []


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("في محافظة الشرقة خلال شهر آذار", ["الشرقة"]),
        ("قصف مدفعي على بلدة تل السنديان مساء الثلاثاء", ["تل السنديان"]),
        ("في ريف السرو الجنوبي", ["السرو"]),
        ("في بلدة كفر نجم", ["كفر نجم"]),
        ("في قصف على سوق المدينة", []),
        ("في الساعة السابعة", []),
    ],
)
def test_a_place_stands_behind_in_or_its_kind(text: str, places: list[str]) -> None:
    assert [m.group("place") for m in name_table("ar").places.finditer(text)] == places
