"""English reports are read by rule, without a model: outcomes, parts, parties, sources, places."""

from __future__ import annotations

from datetime import date

import pytest

from llm_extract.documents.report import Report
from llm_extract.extraction.assembly import assemble
from llm_extract.extraction.circumstances import read_settings
from llm_extract.extraction.figures import read_figures
from llm_extract.numbers import read_ledger
from llm_extract.schema import CasualtyReport, Claim, Count


def read(text: str) -> CasualtyReport:
    """What rules alone make of a text; a number that may mean two things must not be in it."""
    report = Report(id="e", text=text, source="test", language="en", published=date(2026, 3, 6))
    reading = read_figures(report, read_ledger(text, "en"))
    assert not [f.mention.text for f in reading.figures if len(f.options) > 1], "ambiguous"
    outcomes = {f.index: f.outcome for f in reading.figures if f.outcome is not None}
    return assemble(reading, read_settings(reading), outcomes)


def value(count: Count | None) -> int | None:
    return count.value if count is not None else None


def tolls(text: str) -> list[tuple[str, int | None]]:
    """Outcome and total of every claim."""
    return [(claim.outcome, value(claim.total)) for claim in read(text).claims]


def parts(claim: Claim) -> dict[str, int | None]:
    """The stated counts of a claim by name, without those the report is silent about."""
    slots = {name: getattr(claim, name) for name in ("total", "children", "women", "men")}
    groups = {part.group: part.count for part in claim.subgroups}
    return {name: value(count) for name, count in (slots | groups).items() if count is not None}


def tree(text: str) -> list[tuple[str, int | None, int | None]]:
    """Outcome, total and index of the containing claim."""
    return [(c.outcome, value(c.total), c.part_of) for c in read(text).claims]


# --- outcomes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("At least 12 people were killed in the raid.", [("killed", 12)]),
        ("The mine blast hit a minibus, killing 12 people.", [("killed", 12)]),
        ("The clinic recorded 12 deaths after the blast.", [("killed", 12)]),
        ("The death toll stood at 31.", [("killed", 31)]),
        ("Four fishermen lost their lives.", [("killed", 4)]),
        ("The fire claimed the lives of eight people.", [("killed", 8)]),
        ("The blast left 5 dead and 9 wounded.", [("killed", 5), ("injured", 9)]),
        ("Six people died and 14 others were injured.", [("killed", 6), ("injured", 14)]),
        ("Police arrested 23 people.", [("detained", 23)]),
        ("Militants abducted six teachers.", [("abducted", 6)]),
        ("Three people are still missing.", [("missing", 3)]),
        ("Some 450 people were displaced.", [("displaced", 450)]),
        ("Thirty people were killed or injured in the attack.", [("casualties", 30)]),
    ],
)
def test_active_passive_and_nominal_words_give_an_outcome(
    text: str, expected: list[tuple[str, int]]
) -> None:
    assert tolls(text) == expected


def test_what_happened_goes_before_the_state_people_were_in() -> None:
    assert tolls("57 inmates of the prison were killed.") == [("killed", 57)]
    assert tolls("Nine hostages were wounded in the raid.") == [("injured", 9)]


def test_words_of_bound_beside_a_number_stay_with_it() -> None:
    ranged, more = read("Between 20 and 25 people were killed. More than 100 were hurt.").claims
    assert ranged.total and more.total
    assert (ranged.total.value, ranged.total.upper, ranged.total.qualifier) == (20, 25, "range")
    assert (more.total.value, more.total.qualifier) == (100, "more_than")


def test_a_vague_number_has_no_value() -> None:
    (claim,) = read("Dozens of people were killed.").claims
    assert claim.total and (claim.total.value, claim.total.qualifier) == (None, "vague")


# --- parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("40 people were killed, including six children.", {"total": 40, "children": 6}),
        (
            "40 people were killed, among them six children and two women.",
            {"total": 40, "children": 6, "women": 2},
        ),
        (
            "66 people were killed, of whom 24 were children and 15 women.",
            {"total": 66, "children": 24, "women": 15},
        ),
        ("Nine people were injured, three of them children.", {"total": 9, "children": 3}),
        (
            "Nine people were killed, four children and two women among them.",
            {"total": 9, "children": 4, "women": 2},
        ),
        (
            "Twelve people (four children, five women and three men) were killed.",
            {"total": 12, "children": 4, "women": 5, "men": 3},
        ),
        (
            "Fifteen people were killed (4 children, 2 women).",
            {"total": 15, "children": 4, "women": 2},
        ),
        (
            "Fifteen people were killed, including two journalists, a medic and three policemen.",
            {"total": 15, "journalists": 2, "medical_workers": 1, "police": 3},
        ),
        (
            "Twenty people were killed, including five boys and three girls.",
            {"total": 20, "boys": 5, "girls": 3},
        ),
        ("The raid killed 12 people, 9 of whom were civilians.", {"total": 12, "civilians": 9}),
    ],
)
def test_parts_stand_under_the_total_they_are_named_of(text: str, expected: dict[str, int]) -> None:
    (claim,) = read(text).claims
    assert parts(claim) == expected


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("Four of them were children.", {"children": 4}),
        ("Four were children and two were women.", {"children": 4, "women": 2}),
        ("They included four children.", {"children": 4}),
        ("Two nurses were among the dead.", {"medical_workers": 2}),
        (
            "Among the dead were two journalists and a medic.",
            {"journalists": 2, "medical_workers": 1},
        ),
    ],
)
def test_a_sentence_may_lean_on_the_toll_before_it(second: str, expected: dict[str, int]) -> None:
    (claim,) = read(f"Eleven people were killed in Pell. {second}").claims
    assert parts(claim) == {"total": 11, **expected}


def test_each_of_two_tolls_of_a_sentence_has_its_own_parts() -> None:
    killed, injured = read(
        "Fifteen people, four of them children, were killed and nine, including two women, "
        "were wounded."
    ).claims
    assert (killed.outcome, parts(killed)) == ("killed", {"total": 15, "children": 4})
    assert (injured.outcome, parts(injured)) == ("injured", {"total": 9, "women": 2})


def test_the_wounded_who_died_are_killed_and_part_of_the_wounded() -> None:
    text = "Eighteen people were wounded. Three of the wounded died in hospital."
    assert tree(text) == [("injured", 18, None), ("killed", 3, 0)]


def test_a_number_that_only_points_back_makes_no_second_claim() -> None:
    text = "The Vardan Monitor documented 198 deaths. Of the 198 deaths 66 occurred in Tarsk."
    assert tree(text) == [("killed", 198, None), ("killed", 66, 0)]
    assert read(text).claims[1].places == ["Tarsk"]
    behind = "The clinic recorded 198 deaths and 40 injured. Of the 198, 66 died in custody."
    assert tree(behind)[-1] == ("killed", 66, 0)
    assert tree("The clinic recorded 149 deaths. 105 of the 149 occurred in Tarsk.") == [
        ("killed", 149, None),
        ("killed", 105, 0),
    ]


def test_numbers_in_brackets_behind_places_split_the_toll_up() -> None:
    text = "The clinic recorded 31 deaths: Tarsk (12), Orlen (10) and Pell (9)."
    assert tree(text) == [
        ("killed", 31, None),
        ("killed", 12, 0),
        ("killed", 10, 0),
        ("killed", 9, 0),
    ]


# --- lists and slices -------------------------------------------------------------------------


def test_children_women_and_men_without_a_total_are_one_claim_without_a_total() -> None:
    (claim,) = read("Four children, two women and three men were killed in Orlen.").claims
    assert parts(claim) == {"children": 4, "women": 2, "men": 3}
    (family,) = read("A woman and her two children were killed.").claims
    assert parts(family) == {"children": 2, "women": 1}


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("A medic and two aides were killed.", 3),
        ("A teacher and a driver were killed.", 2),
        ("A nurse, a driver and a guard were killed.", 3),
    ],
)
def test_people_listed_one_by_one_are_counted(text: str, total: int) -> None:
    (claim,) = read(text).claims
    assert claim.total and (claim.total.value, claim.total.basis) == (total, "counted")


def test_slices_of_one_group_stay_apart() -> None:
    first, second = read("Seven men were killed in Orlen. Four men were killed in Pell.").claims
    assert (parts(first), first.places) == ({"total": 7, "men": 7}, ["Orlen"])
    assert (parts(second), second.places) == ({"total": 4, "men": 4}, ["Pell"])


def test_one_number_for_women_and_children_is_neither() -> None:
    whole, both = read("Thirty people were killed, including 12 women and children.").claims
    assert parts(whole) == {"total": 30}
    assert (parts(both), both.part_of) == ({"total": 12}, 0)


def test_civilians_and_soldiers_are_two_claims() -> None:
    civilians, soldiers = read("12 civilians and 5 soldiers were killed.").claims
    assert (civilians.victims, value(civilians.total)) == ("civilians", 12)
    assert (soldiers.victims, value(soldiers.total)) == ("combatants", 5)


# --- what is no toll --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "The toll has risen to 18, up from 12.",
        "Eighteen people were killed, not 12 as first reported.",
        "Twelve people were killed, the clinic first said. The clinic has corrected its toll: "
        "18 people were killed, not 12.",
        "The clinic put the dead at 12 on Monday. It now says 18 people were killed, not 12 as "
        "first reported.",
    ],
)
def test_a_corrected_figure_does_not_live_on_also_where_it_stood_first(text: str) -> None:
    assert tolls(text) == [("killed", 18)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The fire injured 14 workers. All 12 miners were rescued.", [("injured", 14)]),
        ("Five people were killed. Another 12 were rescued from the rubble.", [("killed", 5)]),
        ("Nine detainees were released on Friday.", []),
        ("Militants released nine hostages and killed two guards.", [("killed", 2)]),
    ],
)
def test_people_who_got_away_are_no_claim(text: str, expected: list[tuple[str, int]]) -> None:
    assert tolls(text) == expected


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("No one was killed in the strike.", "killed"),
        ("No deaths were reported.", "killed"),
        ("There were no casualties.", "casualties"),
        ("Nobody was hurt.", "casualties"),
    ],
)
def test_a_denial_is_a_printed_zero(text: str, outcome: str) -> None:
    assert tolls(text) == [(outcome, 0)]


def test_a_denial_for_one_kind_of_victims_leaves_the_others() -> None:
    denied, injured = read(
        "There were no civilian casualties, but two soldiers were wounded."
    ).claims
    assert (denied.victims, value(denied.total)) == ("civilians", 0)
    assert (injured.outcome, value(injured.total)) == ("injured", 2)


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("A mother of three was killed.", 1),
        ("Three children aged 4, 7 and 9 were killed.", 3),
        ("A 12-year-old boy was killed.", 1),
        ("Samir (44), Omar (17) and Lina (9) were among the 14 people killed.", 14),
        ("The town has a population of 4,000. Nine people were killed.", 9),
    ],
)
def test_ages_offspring_and_inhabitants_are_no_victims(text: str, total: int) -> None:
    assert tolls(text) == [("killed", total)]


# --- tables, bullets, sums --------------------------------------------------------------------


def test_columns_give_outcome_and_group_and_the_last_row_is_the_total_of_the_others() -> None:
    orlen, _, pell, _, killed, injured = claims = read(
        "| District | Killed | of whom children | Injured |\n"
        "|---|---|---|---|\n"
        "| Orlen | 12 | 3 | 7 |\n"
        "| Pell | 8 | 1 | 4 |\n"
        "| Total | 20 | 4 | 11 |\n"
    ).claims
    assert [c.outcome for c in claims] == ["killed", "injured"] * 3
    assert parts(orlen) == {"total": 12, "children": 3}
    assert parts(pell) == {"total": 8, "children": 1}
    assert (parts(killed), parts(injured)) == ({"total": 20, "children": 4}, {"total": 11})
    assert [c.part_of for c in claims] == [4, 5, 4, 5, None, None]
    assert [c.places for c in (orlen, pell, killed)] == [["Orlen"], ["Pell"], []]


def test_bullets_that_add_up_to_the_total_above_are_its_parts() -> None:
    text = "There were 20 deaths in Vardan:\n- 12 people in Orlen\n- 5 in Pell\n- 3 in Tarsk"
    assert tree(text) == [("killed", 20, None)] + [("killed", n, 0) for n in (12, 5, 3)]
    assert [c.places for c in read(text).claims] == [["Vardan"], ["Orlen"], ["Pell"], ["Tarsk"]]


def test_the_total_of_a_sentence_has_no_place_of_its_slices() -> None:
    claims = read("Twenty people were killed in May: 12 in Orlen and 8 in Pell.").claims
    assert [(value(c.total), c.places, c.part_of) for c in claims] == [
        (20, [], None),
        (12, ["Orlen"], 0),
        (8, ["Pell"], 0),
    ]


def test_a_slice_by_place_or_party_is_part_of_the_total_of_its_period_while_it_fits() -> None:
    text = "In February 2026, 42 people were killed in Vardan."
    assert tree(f"{text} In Orlen, 12 people were killed.") == [
        ("killed", 42, None),
        ("killed", 12, 0),
    ]
    parties = "The Ardan army killed 30 people, and the Black Banner killed 20."
    assert [c.part_of for c in read(f"{text} {parties}").claims] == [None, 0, None]


def test_a_sum_may_stand_under_its_bullets() -> None:
    text = (
        "- 12 people were killed in Orlen.\n- 8 people were killed in Pell.\n"
        "In total 20 people were killed."
    )
    assert tree(text) == [("killed", 12, 2), ("killed", 8, 2), ("killed", 20, None)]


def test_rows_of_months_are_parts_of_the_total_row_in_every_group() -> None:
    january, february, total = read(
        "| Month | Killed | Children | Women |\n"
        "|---|---|---|---|\n"
        "| January | 12 | 3 | 2 |\n"
        "| February | 8 | 1 | 4 |\n"
        "| Total | 20 | 4 | 6 |\n"
    ).claims
    assert parts(january) == {"total": 12, "children": 3, "women": 2}
    assert parts(february) == {"total": 8, "children": 1, "women": 4}
    assert parts(total) == {"total": 20, "children": 4, "women": 6}
    assert (january.part_of, february.part_of, total.part_of) == (2, 2, None)


@pytest.mark.parametrize(
    "text",
    [
        "The attack caused 30 casualties. Nine people were killed and 21 were injured.",
        "There were 30 casualties: 9 killed and 21 injured.",
        "Casualties: 30 (9 killed, 21 injured)",
    ],
)
def test_killed_and_injured_are_parts_of_the_casualties_they_add_up_to(text: str) -> None:
    assert tree(text) == [("casualties", 30, None), ("killed", 9, 0), ("injured", 21, 0)]


# --- parties ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "party", "attribution"),
    [
        ("Seven civilians were killed by the Ardan army.", "Ardan army", "stated"),
        ("The Ardan army killed seven civilians.", "Ardan army", "stated"),
        ("Ardan forces shelled Pell, killing seven civilians.", "Ardan forces", "stated"),
        ("The Ardan army was responsible for 30 deaths.", "Ardan army", "stated"),
        (
            "Nine people were killed in an attack blamed on the Black Banner.",
            "Black Banner",
            "alleged",
        ),
        ("Residents accused the Ardan army of killing seven people.", "Ardan army", "alleged"),
        (
            "The Black Banner claimed responsibility for the bombing that killed 9 people.",
            "Black Banner",
            "claimed",
        ),
    ],
)
def test_a_party_is_blamed_by_its_verb(text: str, party: str, attribution: str) -> None:
    (claim,) = read(text).claims
    assert (claim.perpetrators, claim.attribution) == ([party], attribution)


def test_a_number_without_a_noun_goes_with_the_party_it_stands_for() -> None:
    claims = read(
        "Fifty civilians were killed in May. The Ardan army was responsible for 30 deaths, and "
        "the Black Banner for 20."
    ).claims
    assert [(value(c.total), c.perpetrators, c.part_of) for c in claims] == [
        (50, [], None),
        (30, ["Ardan army"], 0),
        (20, ["Black Banner"], 0),
    ]


def test_each_slice_has_the_party_behind_its_by_and_unidentified_gunmen_are_none() -> None:
    _, army, banner, unknown = read(
        "The network documented 50 deaths in May. Of these 50, 30 were killed by the Ardan army, "
        "12 by the Black Banner and 8 by unidentified gunmen."
    ).claims
    assert [c.perpetrators for c in (army, banner, unknown)] == [
        ["Ardan army"],
        ["Black Banner"],
        [],
    ]
    assert [c.part_of for c in (army, banner, unknown)] == [0, 0, 0]


def test_an_army_that_speaks_of_its_own_dead_is_the_claimant_and_not_to_blame() -> None:
    (claim,) = read(
        "The Ardan army said 12 of its soldiers were killed by the Black Banner."
    ).claims
    assert (claim.claimant, claim.perpetrators) == ("Ardan army", ["Black Banner"])
    assert (claim.victims, value(claim.total)) == ("combatants", 12)


def test_two_parties_of_two_sentences_are_not_mixed() -> None:
    claims = read("The Ardan army killed 12 civilians. The Black Banner killed four.").claims
    assert [c.perpetrators for c in claims] == [["Ardan army"], ["Black Banner"]]


# --- claimants --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "claimant"),
    [
        ("According to Pell General Hospital, 14 people were killed.", "Pell General Hospital"),
        ("14 people were killed, according to the Vardan Red Crescent.", "Vardan Red Crescent"),
        (
            "Karim Adell, a spokesman for the Vardan Red Crescent, said 14 people were killed.",
            "Vardan Red Crescent",
        ),
        (
            "Karim Adell, director of the Pell Hospital, said 14 people were killed.",
            "Pell Hospital",
        ),
        ("Fourteen people were killed.", None),
    ],
)
def test_the_claimant_is_the_organisation_not_its_spokesperson(
    text: str, claimant: str | None
) -> None:
    (claim,) = read(text).claims
    assert (claim.claimant, value(claim.total)) == (claimant, 14)


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("Vardan Network for Human Rights (VNHR)", "VNHR"),
        ("Vardan Documentation Centre", "The Centre"),
    ],
)
def test_a_claimant_is_written_in_its_longest_form(full: str, short: str) -> None:
    first, second = read(
        f"The {full} said 12 people were killed in Pell. {short} recorded 5 injured in Tarsk."
    ).claims
    assert first.claimant == second.claimant == full.removesuffix(" (VNHR)")


@pytest.mark.parametrize(
    "text",
    [
        "The Health Ministry said 12 people were killed in Pell. "
        "The Vardan Monitor said 15 people were killed in Pell.",
        "The Health Ministry said 12 people were killed, while the Vardan Monitor put the toll "
        "at 15.",
        "The Health Ministry said 12 people were killed; according to the Vardan Monitor, 15 "
        "people were killed.",
    ],
)
def test_claimants_who_contradict_each_other_keep_their_own_figures(text: str) -> None:
    assert [(c.claimant, value(c.total), c.part_of) for c in read(text).claims] == [
        ("Health Ministry", 12, None),
        ("Vardan Monitor", 15, None),
    ]


# --- places, times, repeats -------------------------------------------------------------------


def test_each_claim_has_the_place_and_day_of_its_sentence() -> None:
    first, second = read(
        "Three people were killed in Orlen on 2 March 2026. "
        "Three people were killed in Pell on 3 March 2026."
    ).claims
    assert (first.places, second.places) == (["Orlen"], ["Pell"])
    assert first.period and first.period.start == first.period.end == date(2026, 3, 2)
    assert second.period and second.period.start == date(2026, 3, 3)
    assert (first.scope, second.scope) == ("incident", "incident")


@pytest.mark.parametrize(
    "head",
    ["PELL, 4 March 2026 - ", "Report of 4 March 2026\n\n", "Pell, Vardan\n4 March 2026\n\n"],
)
def test_the_day_of_a_dateline_holds_where_none_is_named(head: str) -> None:
    (claim,) = read(f"{head}A blast killed 12 people at a bus station.").claims
    assert claim.period and claim.scope == "incident"
    assert (claim.period.start, claim.period.end) == (date(2026, 3, 4), date(2026, 3, 4))


@pytest.mark.parametrize(
    ("text", "scope", "start", "end"),
    [
        (
            "Reporting period: 1 to 31 January 2026\n\nTwelve people were killed.",
            "period",
            date(2026, 1, 1),
            date(2026, 1, 31),
        ),
        (
            "In February 2026, 42 people were killed.",
            "period",
            date(2026, 2, 1),
            date(2026, 2, 28),
        ),
        ("Since March 2011, 42 people have been killed.", "cumulative", date(2011, 3, 1), None),
    ],
)
def test_a_stretch_of_time_gives_the_scope(
    text: str, scope: str, start: date, end: date | None
) -> None:
    (claim,) = read(text).claims
    assert claim.period
    assert (claim.scope, claim.period.start, claim.period.end) == (scope, start, end)


def test_a_month_within_a_count_since_january_is_its_part() -> None:
    since, month = read(
        "The number of people killed since January has reached 412, including 60 in February."
    ).claims
    assert (since.scope, month.scope, month.part_of) == ("cumulative", "period", 0)
    assert since.period and since.period.start == date(2026, 1, 1)
    assert month.period and month.period.end == date(2026, 2, 28)


def test_a_stock_of_people_is_a_snapshot() -> None:
    (claim,) = read("Three people are still missing.").claims
    assert claim.scope == "snapshot"


def test_a_toll_that_is_repeated_is_one_claim_that_quotes_both() -> None:
    text = (
        "Twelve people were killed in Pell. "
        "A funeral was held for the twelve people killed in Pell, four of them children."
    )
    (claim,) = read(text).claims
    assert parts(claim) == {"total": 12, "children": 4}
    assert [quote in text for quote in claim.evidence] == [True, True]


def test_equal_numbers_of_two_places_are_two_claims() -> None:
    text = "Twelve people were killed in Orlen, and a further 12 were killed in Pell."
    assert [(value(c.total), c.places) for c in read(text).claims] == [
        (12, ["Orlen"]),
        (12, ["Pell"]),
    ]


def test_a_further_number_is_no_repeat_of_an_equal_one() -> None:
    text = "Twelve people were killed in a raid. A further 12 people were killed on the road."
    assert tolls(text) == [("killed", 12), ("killed", 12)]


def test_every_quote_stands_in_the_report() -> None:
    text = "Nine people were injured in Pell. Two of them later died. A clinic was hit."
    quotes = [q for c in read(text).claims for q in c.evidence]
    assert quotes and all(quote in text for quote in quotes)


# --- facilities -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Three schools were destroyed.", [("school", 3, "destroyed")]),
        (
            "Two hospitals and a market were damaged in the shelling.",
            [("medical", 2, "damaged"), ("market", 1, "damaged")],
        ),
        (
            "A school and two mosques were hit by shells.",
            [("school", 1, "attacked"), ("place_of_worship", 2, "attacked")],
        ),
        (
            "The strike damaged 40 houses and destroyed 6 shops.",
            [("residential", 40, "damaged"), ("market", 6, "destroyed")],
        ),
        ("Five schools were rebuilt after the shelling of Pell.", []),
    ],
)
def test_places_hit_are_facilities_by_kind_and_effect(
    text: str, expected: list[tuple[str, int, str]]
) -> None:
    report = read(text)
    found = [(kind, value(f.count), f.effect) for f in report.facilities for kind in f.kinds]
    assert (found, report.claims) == (expected, [])


def test_kinds_with_numbers_are_parts_of_the_facilities_they_are_named_of() -> None:
    report = read("14 facilities were attacked, including three schools and two hospitals.")
    assert [(f.kinds, value(f.count), f.part_of) for f in report.facilities] == [
        (["vital_facility"], 14, None),
        (["school"], 3, 0),
        (["medical"], 2, 0),
    ]


def test_kinds_named_without_numbers_stand_beside_the_kind_counted() -> None:
    (facility,) = read(
        "The town saw attacks on at least 14 vital facilities, including schools and mosques."
    ).facilities
    assert facility.kinds == ["vital_facility", "school", "place_of_worship"]


def test_a_facility_has_the_party_and_place_of_its_sentence() -> None:
    (facility,) = read("The Ardan army shelled three schools in Tarsk.").facilities
    assert (facility.perpetrators, facility.places) == (["Ardan army"], ["Tarsk"])
    assert facility.weapons == ["artillery"]
