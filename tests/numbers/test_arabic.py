"""The Arabic reader, case by case."""

from __future__ import annotations

import pytest
from cases import Case, check

from llm_extract.numbers import read_ledger

COUNTS = [
    Case("مقتل ‹149› مدنياً", 149),
    Case("مقتل ‹٣٥› مدنياً", 35),
    Case("نزح ‹٤٠٬٥٠٠› شخص", 40_500),
    Case("نزح ‹40.500› شخص", 40_500),
    Case("مقتل 3 رجال و‹16› سيدة", 16),
    Case("وفاة ‹ثلاثة› رجال", 3),
    Case("وفاة ‹ثلاث› نساء", 3),
    Case("وفاة ‹ثماني› نساء", 8),
    Case("وفاة رجل و‹ثلاث› نساء", 3),
    Case("وفاة ‹عشرة› رجال", 10),
    Case("وفاة ‹أحد عشر› رجلاً", 11),
    Case("وفاة ‹إحدى عشرة› امرأة", 11),
    Case("وفاة ‹اثني عشر› رجلاً", 12),
    Case("وفاة ‹خمسة عشر› رجلاً", 15),
    Case("وفاة ‹خمسة وثلاثين› رجلاً", 35),
    Case("توفي ‹خمسة وثلاثون› رجلاً", 35),
    Case("توفيت ‹خمس وثلاثون› امرأة", 35),
    Case("وفاة ‹عشرين› رجلاً", 20),
    Case("وفاة ‹مئة› رجل", 100),
    Case("وفاة ‹مائة وخمسة وعشرين› رجلاً", 125),
    Case("وفاة ‹مئتي› رجل", 200),
    Case("وفاة ‹مئتين وثلاثة› رجال", 203),
    Case("وفاة ‹ثلاثمئة› رجل", 300),
    Case("وفاة ‹خمسمائة وسبعين› رجلاً", 570),
    Case("نزح ‹ألف› شخص", 1000),
    Case("نزح ‹ألفي› شخص", 2000),
    Case("نزح ‹ألف ومئتا› شخص", 1200),
    Case("نزح ‹ثلاثة آلاف ومئتان وخمسون› شخصاً", 3250),
    Case("نزح ‹خمسة عشر ألف› شخص", 15_000),
    Case("نزح ‹20 ألف› شخص", 20_000),
    Case("نزح ‹مليون ونصف› شخص", 1_500_000),
    Case("نزح ‹مليونا› شخص", 1_000_000),
    Case("دفن القتلى ‹الثلاثة› أمس", 3),
    Case("توفي ‹أحد› المدنيين", 1),
    Case("توفي مدني ‹واحد›", 1),
    Case("توفي مدنيين ‹اثنين›", 2),
]

DUALS = [
    Case("مقتل ‹طفلين›", 2),
    Case("قتل ‹طفلان› أمس", 2),
    Case("مقتل ‹امرأتين›", 2),
    Case("مقتل رجل و‹امرأتين›", 2),
    Case("نقل ‹جريحين› إلى المشفى", 2),
    Case("سقط ‹قتيلان› أمس", 2),
    Case("تضررت ‹مدرستان› أمس", 2),
    Case("بعد ‹يومين› من القصف", 2, "measure"),
    Case("نفذت ‹غارتين› على البلدة", 2),
]

COUNTED = [
    Case("مقتل ‹طفل› في البلدة", 1, basis="counted"),
    Case("مقتل طفل و‹امرأة› في البلدة", 1, basis="counted"),
    Case("وإصابة ‹رجل› بجروح", 1, basis="counted"),
    Case("قصفت ‹مدرسة› في البلدة", 1, basis="counted"),
    Case("مقتل 5 رجال و‹طفلة› أمس", 1, basis="counted"),
]

DENIALS = [
    Case("‹لم› يسقط قتلى", 0),
    Case("‹دون› وقوع أي إصابات", 0),
    Case("‹لا› يوجد ضحايا", 0),
    Case("‹لم› يبلغ عن قتلى", 0),
    Case("‹عدم› تسجيل إصابات", 0),
]

QUALIFIED = [
    Case("ما لا يقل عن ‹12› شخصاً", 12, qualifier="at_least"),
    Case("بما لا يقل عن ‹12› شخصاً", 12, qualifier="at_least"),
    Case("على الأقل ‹12› شخصاً", 12, qualifier="at_least"),
    Case("‹12› شخصاً على الأقل", 12, qualifier="at_least"),
    Case("أكثر من ‹12› شخصاً", 12, qualifier="more_than"),
    Case("ما يزيد على ‹12› شخصاً", 12, qualifier="more_than"),
    Case("لا يتجاوز ‹12› شخصاً", 12, qualifier="at_most"),
    Case("أقل من ‹12› شخصاً", 12, qualifier="fewer_than"),
    Case("نحو ‹12› شخصاً", 12, qualifier="about"),
    Case("حوالي ‹عشرين› شخصاً", 20, qualifier="about"),
    Case("قرابة ‹12› شخصاً", 12, qualifier="about"),
    Case("زهاء ‹12› شخصاً", 12, qualifier="about"),
    Case("بين ‹15 و17› شخصاً", 15, qualifier="range", upper=17),
    Case("‹15 - 17› شخصاً", 15, qualifier="range", upper=17),
    Case("ارتفع العدد من ‹15› إلى 17 شخصاً", 15),
]

OTHER_KINDS = [
    *(
        Case(text, None, "vague", "vague")
        for text in (
            "‹عشرات› المدنيين",
            "‹مئات› الجرحى",
            "‹العديد› من الأطفال",
            "‹عدد› من الأطفال",
            "‹بضعة› أشخاص",
            "‹عشرات الآلاف› من الناس",
            "‹عدة› أشخاص",
        )
    ),
    *(
        Case(text, None, "date")
        for text in (
            "في ‹14 آذار 2021› قصف",
            "في ‹٣ شباط› قصف",
            "في ‹4 نيسان / أبريل 2017› قصف",
            "في ‹5 تشرين الثاني 2019› قصف",
            "في ‹15/3/2021› قصف",
            "في ‹آب 2016› قصف",
        )
    ),
    Case("في عام ‹2019› قصف", 2019, "year"),
    Case("منذ عام ‹٢٠١١› قصف", 2011, "year"),
    Case("‹25›% من القتلى", 25, "percent"),
    Case("‹25›٪ من القتلى", 25, "percent"),
    Case("‹25› بالمئة من القتلى", 25, "percent"),
    Case("‹25› في المئة من القتلى", 25, "percent"),
    Case("تبلغ من العمر ‹7› سنوات", 7, "age"),
    Case("سامر (‹34› عاماً)", 34, "age"),
    Case("الساعة ‹10:30› صباحاً", None, "measure"),
    Case("مسافة ‹12› كيلومتراً", 12, "measure"),
    Case("بعد ‹ثلاثة› أيام", 3, "measure"),
    Case("الغارة ‹الثالثة› أمس", 3, "ordinal"),
    Case("القرار ‹2254› الصادر", 2254, "identifier"),
]

CASES = COUNTS + DUALS + COUNTED + DENIALS + QUALIFIED + OTHER_KINDS


@pytest.mark.parametrize("case", CASES, ids=[case.marked for case in CASES])
def test_the_marked_number_is_read(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    "text",
    [
        "وصل يوم الاثنين",
        "قال المدنيون ذلك",
        "زار مدير المدرسة البلدة",
        "مقتل مدير المدرسة",
        "قال حسين ذلك",
    ],
)
def test_words_that_are_no_number_are_not_read(text: str) -> None:
    assert read_ledger(text).mentions == ()


def test_the_counted_noun_after_a_number_is_not_a_second_count() -> None:
    assert [m.text for m in read_ledger("قتل 35 طفلاً").mentions] == ["35"]


def test_vowel_signs_do_not_change_what_is_read() -> None:
    text = "قُتِلَ ثَلاثَةُ رِجالٍ وطِفلَينِ"
    assert [m.value for m in read_ledger(text).mentions] == [3, 2]
    assert [m.text for m in read_ledger(text).mentions] == ["ثَلاثَةُ", "طِفلَينِ"]
