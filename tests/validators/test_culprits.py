"""Culprits and suggestions: worked cases, and the laws that every suggestion keeps."""

from __future__ import annotations

import time
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from properties.consistent_reports import consistent_reports, draw_report
from properties.corruptions import CORRUPTIONS, permuted
from properties.drafts import Drawn

from llm_extract.changes import apply
from llm_extract.numbers import read_ledger
from llm_extract.record import Finding, Record
from llm_extract.validators.catalogue import check
from llm_extract.validators.culprits import MOST_LISTED, examine, finding_key, with_suggestions

TOLL = "In all 149 people were killed in Norland, including 37 children and 16 women."
ARMY = "Army X killed 105 people, including 33 children and 13 women."
MILITIA = "Militia Y killed 27 people."
BAND = "Group Z killed eight people, including four children and two women."
TEXT = f"{TOLL} {ARMY} {MILITIA} {BAND}"


class Case:
    """The claims of TEXT, some of them changed, and what is said of them."""

    def __init__(self, desk: Any, text: str = TEXT, language: str | None = "en") -> None:
        self.at = desk(text, language)
        self.at.ledger = read_ledger(text, language)

    def claims(self, **changed: dict[str, Any]) -> list[Any]:
        part = {"part_of": 0, "part_of_id": "c1"}
        fields: dict[str, dict[str, Any]] = {
            "c1": {"quote": TOLL, "total": "149", "children": "37", "women": "16"},
            "c2": {
                "quote": ARMY,
                "total": "105",
                "children": "33",
                "women": "13",
                "perpetrators": ["Army X"],
                **part,
            },
            "c3": {"quote": MILITIA, "total": "27", "perpetrators": ["Militia Y"], **part},
            "c4": {
                "quote": BAND,
                "total": "eight",
                "children": "four",
                "women": "two",
                "perpetrators": ["Group Z"],
                **part,
            },
        }
        return [self.at.claim(id, **fields[id] | changed.get(id, {})) for id in fields]

    def examine(self, *claims: Any) -> list[Finding]:
        return examine(self.at.record(*claims), self.at.text, self.at.ledger)


def told(findings: list[Finding], rule: str) -> list[str]:
    """The changes below the findings of a rule, each once, without what they close."""
    messages = [s.message for f in findings if f.rule == rule for s in f.suggestions]
    return list(dict.fromkeys(message.partition(" closes ")[0] for message in messages))


def told_at_all(findings: list[Finding]) -> set[str]:
    """The changes below any finding, without what they close."""
    return {s.message.partition(" closes ")[0] for f in findings for s in f.suggestions}


def test_the_worked_report_as_it_should_be_read_has_no_finding(desk: Any) -> None:
    case = Case(desk)
    assert case.examine(*case.claims()) == []


def test_a_number_of_another_party_gives_way_to_the_one_of_the_passage(desk: Any) -> None:
    case = Case(desk)
    findings = case.examine(*case.claims(c4={"children": "33"}))
    assert {f.rule for f in findings} >= {"A01", "A05", "G02", "G03"}
    for finding in findings:
        assert finding.culprit == "c4.children"
        assert [s.message.partition(" closes ")[0] for s in finding.suggestions] == [
            'children of c4: "four" in place of "33"'
        ]


def test_a_part_bound_to_the_wrong_party_goes_back_and_its_own_number_comes_in(desk: Any) -> None:
    text = "Army X killed 105 people, among them 33 children, and Group Z 50, among them 9 children"
    case = Case(desk, text + ".")
    findings = case.examine(
        case.at.claim(total="105", perpetrators=["Army X"]),
        case.at.claim("c2", total="50", children="33", perpetrators=["Group Z"]),
    )
    assert told(findings, "G03") == [
        'children of c2: "9" in place of "33"; children of c1: "33"',
    ]


def test_swapped_children_and_women_are_swapped_back(desk: Any) -> None:
    case = Case(desk)
    findings = case.examine(*case.claims(c2={"children": "13", "women": "33"}))
    assert told(findings, "A05") == [
        'children of c2: "33" in place of "13"; women of c2: "13" in place of "33"'
    ]
    assert {f.culprit for f in findings} == {None}


def test_a_claim_under_the_wrong_total_goes_to_one_that_can_hold_it(desk: Any) -> None:
    case = Case(desk)
    wrong = {"part_of": 2, "part_of_id": "c3", "perpetrators": [], "total": "105"}
    findings = case.examine(*case.claims(c2=wrong | {"children": None, "women": None}))
    assert told(findings, "A05") == ["c2 as part of c1 in place of c3"]
    assert next(f for f in findings if f.rule == "A05").culprit == "c2.part_of"


def test_a_number_of_the_next_sentence_comes_with_the_sentence(desk: Any) -> None:
    first, second = "In Norland 40 people were killed on Monday.", "The dead included 12 children."
    case = Case(desk, f"{first} {second}")
    record = case.at.record(case.at.claim(quote=first, total="40", children="40"))
    findings = examine(record, case.at.text, case.at.ledger)
    taken = [s for f in findings for s in f.suggestions if s.changes[0].after == "12"]
    assert taken
    changed = apply(record, taken[0].changes, case.at.text, case.at.ledger)
    assert [quote.quote for quote in changed.claims[0].evidence] == [first, second]
    assert examine(changed, case.at.text, case.at.ledger) == []


def test_equally_small_changes_are_all_listed_and_none_is_applied(desk: Any) -> None:
    case = Case(desk, "In Norland 40 people were killed, 12 in Northam and nine in Southam.")
    record = case.at.record(
        case.at.claim(total="40"),
        case.at.claim("c2", total="50", part_of=0, part_of_id="c1", places=["Northam"]),
    )
    before = record.model_copy(deep=True)
    findings = examine(record, case.at.text, case.at.ledger)
    assert told(findings, "A05") == [
        'total of c2: "12" in place of "50"',
        'total of c2: "nine" in place of "50"',
    ]
    assert all(f.culprit == "c2.total" for f in findings if f.rule in ("A05", "G02"))
    assert record == before


def test_at_most_some_are_listed_and_the_last_says_how_many_more(desk: Any) -> None:
    numbers = ", ".join(f"{n} in Town {chr(64 + n)}" for n in range(11, 20))
    case = Case(desk, f"In Norland 400 people were killed: {numbers}.")
    findings = case.examine(
        case.at.claim(total="400"),
        case.at.claim("c2", total="500", part_of=0, part_of_id="c1", places=["Town K"]),
    )
    broken = next(f for f in findings if f.rule == "A05")
    assert len(broken.suggestions) == MOST_LISTED
    assert broken.suggestions[-1].message.endswith("(4 more that are as small are not listed)")


def test_where_the_text_contradicts_itself_no_number_is_offered(desk: Any) -> None:
    case = Case(desk, "In Norland 149 people were killed, including 35 children and 120 women.")
    findings = case.examine(case.at.claim(total="149", children="35", women="120"))
    assert [f.kind for f in findings] == ["contradiction"]
    assert (findings[0].suggestions, findings[0].culprit) == ([], None)


def test_a_number_that_is_named_women_is_never_offered_as_children(desk: Any) -> None:
    case = Case(desk, "In Norland 40 people were killed, including 12 women.")
    findings = case.examine(case.at.claim(total="40", children="50"))
    changed = {(c.field, c.after) for f in findings for s in f.suggestions for c in s.changes}
    assert ("children", "12") not in changed
    assert changed == {("children", None)}


def test_a_number_in_no_claim_is_offered_to_the_empty_slot_of_its_noun(desk: Any) -> None:
    case = Case(desk)
    findings = case.examine(*case.claims(c2={"children": None}))
    assert told(findings, "G03") == ['children of c2: "33"']
    assert findings[0].culprit == "c2.children"


def test_a_sentence_in_no_claim_fills_the_slots_of_the_toll_before_it(desk: Any) -> None:
    first = "In Norland 94 people were killed."
    case = Case(desk, f"{first} Killed were 39 children, 12 women and 43 men.")
    findings = case.examine(case.at.claim(quote=first, total="94"))
    assert told(findings, "C01") == ['children of c1: "39"; women of c1: "12"; men of c1: "43"']


def test_the_number_of_a_lost_claim_is_not_pressed_into_another_one(desk: Any) -> None:
    case = Case(desk)
    claims = [claim for claim in case.claims() if claim.id != "c3"]
    findings = case.examine(*claims)
    assert {f.rule for f in findings} == {"G03", "C01"}
    assert not any(f.suggestions for f in findings)


def test_a_claim_that_stands_twice_becomes_one(desk: Any) -> None:
    case = Case(desk)
    claims = case.claims()
    again = claims[1].model_copy(update={"id": "c5"})
    findings = case.examine(*claims, again)
    assert told_at_all(findings) == {"c5 and c2 as one claim"}


def test_a_dropped_qualifier_is_read_again(desk: Any) -> None:
    case = Case(desk, "In Norland 40 people were killed, including at least 12 children.")
    wrong = case.at.count("12", high=15)
    findings = case.examine(case.at.claim(total="40", children=wrong))
    assert told(findings, "N01")[0].startswith('children of c1: "12" read as at least 12')


def test_cutting_a_link_comes_after_everything_that_keeps_what_was_read(desk: Any) -> None:
    toll, army = "In Norland 30 people were killed.", "Army X killed 40 people."
    case = Case(desk, f"{toll} {army}")
    link = {"part_of": 0, "part_of_id": "c1"}
    findings = case.examine(
        case.at.claim(quote=toll, total="30"),
        case.at.claim("c2", quote=army, total="40", perpetrators=["Army X"], **link),
    )
    assert told(findings, "A05") == ["c2 as part of no claim in place of c1"]
    assert [f.culprit for f in findings] == [None]


def test_emptying_a_slot_is_not_offered_while_its_own_number_is_there(desk: Any) -> None:
    case = Case(desk, f"{TOLL} {BAND}")
    claims = case.claims(c1={"children": "37"}, c4={"children": "two"})
    findings = case.examine(claims[0], claims[3])
    assert findings
    assert not any(c.after is None for f in findings for s in f.suggestions for c in s.changes)


def test_two_numbers_of_another_party_are_both_replaced(desk: Any) -> None:
    case = Case(desk)
    findings = case.examine(*case.claims(c4={"children": "33", "women": "13"}))
    assert told_at_all(findings) == {
        'children of c4: "four" in place of "33"; women of c4: "two" in place of "13"'
    }


def test_a_suggestion_says_how_much_it_closes(desk: Any) -> None:
    case = Case(desk)
    one = case.examine(*case.claims(c2={"children": None}))
    assert [s.message for f in one for s in f.suggestions] == ['children of c2: "33" closes this']
    many = case.examine(*case.claims(c4={"children": "33"}))
    ending = f" closes this and {len(many) - 1} other findings"
    assert all(s.message.endswith(ending) for f in many for s in f.suggestions)


def test_findings_of_check_are_the_same_but_for_what_is_added(desk: Any) -> None:
    case = Case(desk)
    record = case.at.record(*case.claims(c4={"children": "33"}))
    bare = check(record, case.at.text, case.at.ledger)
    explained = with_suggestions(record, case.at.text, case.at.ledger, bare)
    plain = {"suggestions": [], "culprit": None}
    assert [f.model_copy(update=plain) for f in explained] == bare
    assert explained == examine(record, case.at.text, case.at.ledger)


# --- laws -------------------------------------------------------------------------------------


def spoiled(drawn: Drawn, corruption: str, random: Random) -> Record:
    return CORRUPTIONS[corruption](drawn.record, drawn.text, random) or drawn.record


@given(consistent_reports(), st.sampled_from(sorted(CORRUPTIONS)), st.randoms())
@settings(max_examples=60, deadline=None)
def test_after_a_suggestion_its_finding_is_gone_and_nothing_is_new(
    drawn: Drawn, corruption: str, random: Random
) -> None:
    record, ledger = spoiled(drawn, corruption, random), read_ledger(drawn.text, "en")
    findings = examine(record, drawn.text, ledger)
    for finding in findings:
        for suggestion in finding.suggestions:
            changed = apply(record, suggestion.changes, drawn.text, ledger)
            after = {finding_key(each) for each in check(changed, drawn.text, ledger)}
            assert finding_key(finding) not in after
            merged = {c.claim: c.after for c in suggestion.changes if c.field == "claim"}
            assert after <= {finding_key(each, merged) for each in findings}


@given(consistent_reports())
@settings(max_examples=20, deadline=None)
def test_a_clean_record_gets_no_suggestion(drawn: Drawn) -> None:
    ledger = read_ledger(drawn.text, "en")
    findings = examine(drawn.record, drawn.text, ledger)
    assert bool(findings) == bool(check(drawn.record, drawn.text, ledger))
    if not findings:
        assert not any(finding.suggestions for finding in findings)


@given(consistent_reports(), st.sampled_from(sorted(CORRUPTIONS)), st.randoms(), st.randoms())
@settings(max_examples=30, deadline=None)
def test_suggestions_are_the_same_for_any_order_of_the_claims(
    drawn: Drawn, corruption: str, random: Random, shuffle: Random
) -> None:
    record, ledger = spoiled(drawn, corruption, random), read_ledger(drawn.text, "en")
    order = list(range(len(record.claims)))
    shuffle.shuffle(order)
    findings = examine(record, drawn.text, ledger)
    assert examine(permuted(record, order), drawn.text, ledger) == findings
    assert examine(record, drawn.text, ledger) == findings


def test_a_record_with_forty_findings_is_explained_in_a_tenth_of_a_second() -> None:
    random = Random(3)
    drawn = draw_report(random, claims=16, words=500)
    ledger = read_ledger(drawn.text, "en")
    record = drawn.record
    names = sorted(CORRUPTIONS)
    while len(check(record, drawn.text, ledger)) < 40:
        record = CORRUPTIONS[random.choice(names)](record, drawn.text, random) or record
    findings = check(record, drawn.text, ledger)
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        with_suggestions(record, drawn.text, ledger, findings)
        seconds.append(time.perf_counter() - started)
    print(f"{len(findings)} findings explained in {1e3 * min(seconds):.0f} ms")
    assert min(seconds) < 0.5
