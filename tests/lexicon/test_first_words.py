"""The words that a pattern can begin with: whole where it ends them, else first letters."""

from __future__ import annotations

import pytest

from llm_extract.lexicon.first_words import can_begin, openings


@pytest.mark.parametrize(
    ("pattern", "words", "prefixes"),
    [
        ("kill(?:s|ing|ed)?", {"kill", "kills", "killing", "killed"}, set()),
        ("hospitali[sz]ed", {"hospitalised", "hospitalized"}, set()),
        ("(?:civilian )?casualt(?:y|ies)", {"civilian", "casualty", "casualties"}, set()),
        ("li(?:ves|fe) (?:was )?lost", {"lives", "life"}, set()),
        ("killed/injured", {"killed"}, set()),
        ("POWs?", {"pow", "pows"}, set()),
        ("left[^.;]{0,20} injured", set(), {"left"}),
        ("forc(?:ed|ing)(?= away)", set(), {"forced", "forcing"}),
        ("kill-?ed", set(), {"kill"}),
        (r"(?:large|small)\s+numbers?\b", {"large", "small"}, set()),
        (r"(?:(?<=and\s)|(?<=,\s))(?:son|half-brother)\b", {"son", "half"}, set()),
        (r"https?://\S+", {"http", "https"}, set()),
        (r"www\.\S+", {"www"}, set()),
    ],
)
def test_matches_begin_with_the_words_of_its_pattern(
    pattern: str, words: set[str], prefixes: set[str]
) -> None:
    assert openings(pattern) == (words, prefixes)


@pytest.mark.parametrize("pattern", ["", r"\d+ dead", "x?", r"\w{3,}ing"])
def test_a_pattern_need_not_say_how_it_begins(pattern: str) -> None:
    assert openings(pattern) is None
    assert can_begin(pattern, "dead")
