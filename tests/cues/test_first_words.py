"""The words that a cue can begin with: whole where its pattern ends them, else first letters."""

from __future__ import annotations

import pytest

from llm_extract.cues.first_words import openings


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
    ],
)
def test_a_cue_begins_with_the_words_of_its_pattern(
    pattern: str, words: set[str], prefixes: set[str]
) -> None:
    assert openings(pattern) == (words, prefixes)


@pytest.mark.parametrize("pattern", ["", r"\d+ dead", "x?"])
def test_a_cue_that_need_not_begin_with_letters_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="must begin with letters"):
        openings(pattern)
