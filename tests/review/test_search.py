"""Full-text search: what users type is only words, the same in both databases."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from review_builders import ARABIC, PLAIN, cases_in
from sqlalchemy import select

from llm_extract.review.search import having, words_of
from llm_extract.store import Store
from llm_extract.store.review_tables import review_cases

TYPED = st.text(max_size=60) | st.text(alphabet="\"*():^-+&|!<>'\\ aZ1٣é_", max_size=30)


def found(store: Store, words: str) -> set[int]:
    asked = having(words, store.engine.dialect.name)
    if asked is None:
        return set()
    with store.engine.begin() as connection:
        return set(connection.execute(select(review_cases.c.pk).where(asked)).scalars())


def test_reports_are_found_by_beginnings_of_words_without_case_or_accents(store: Store) -> None:
    cases_in(store, PLAIN, "Un tiroteo dejó 3 muertos en la región de San Pál.", ARABIC)
    assert found(store, "SHELLING civ") == {1}
    assert found(store, "region pal") == {2}
    assert found(store, "dejó") == {2}
    assert found(store, "قتلوا") == {3}
    assert found(store, "shelling region") == set()


def test_reports_are_found_by_their_id_and_source(store: Store) -> None:
    cases_in(store, PLAIN, PLAIN + " Rain fell.")
    assert found(store, "r2") == {2}
    assert found(store, "r2.txt") == {2}


def test_nothing_that_is_typed_is_an_error_or_an_operator(store: Store) -> None:
    cases_in(store, PLAIN)

    @settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
    @given(TYPED)
    def holds(typed: str) -> None:
        assert found(store, typed) <= {1}

    holds()
    assert found(store, "civilians OR nothing") == set()
    assert found(store, "NOT shelling") == set()
    assert found(store, "x" * 5000) == set()


@given(st.text(max_size=200))
def test_words_of_words_are_the_same_words(text: str) -> None:
    words = words_of(text)
    assert words_of(" ".join(words)) == words
