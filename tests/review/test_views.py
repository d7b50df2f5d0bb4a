"""Saved views: one's own and everybody's."""

from __future__ import annotations

import pytest
from review_builders import ANNA, BASIL, CLEO

from llm_extract.errors import ReviewError
from llm_extract.review.queue import Filters
from llm_extract.review.states import Reviewer
from llm_extract.review.views import MOST_NAME, MOST_VIEWS, Views
from llm_extract.store import Store

SUMS_OF_TERN = Filters(rule="A02", model="tern", words="قتلوا & more")


@pytest.fixture
def views(store: Store) -> Views:
    return Views(store.engine)


def names(views: Views, who: Reviewer) -> list[str]:
    return [view.name for view in views.seen_by(who)]


def test_a_view_gives_the_filters_that_were_saved(views: Views) -> None:
    views.save(" my  sums ", SUMS_OF_TERN, ANNA)
    [view] = views.seen_by(ANNA)
    assert (view.name, view.filters, view.shared) == ("my sums", SUMS_OF_TERN, False)


def test_nobody_else_sees_ones_own_views_and_all_see_the_shared_ones(views: Views) -> None:
    views.save("mine", SUMS_OF_TERN, ANNA)
    views.save("ours", SUMS_OF_TERN, CLEO, shared=True)
    assert names(views, ANNA) == ["mine", "ours"]
    assert names(views, BASIL) == ["ours"]


def test_saving_under_a_name_again_replaces_the_view(views: Views) -> None:
    views.save("mine", SUMS_OF_TERN, ANNA)
    views.save("mine", Filters(language="ar"), ANNA)
    [view] = views.seen_by(ANNA)
    assert view.filters == Filters(language="ar")


def test_analysts_change_no_view_of_everybody(views: Views) -> None:
    views.save("ours", SUMS_OF_TERN, CLEO, shared=True)
    for step in (
        lambda: views.save("ours", Filters(), ANNA, shared=True),
        lambda: views.delete("ours", ANNA, shared=True),
    ):
        with pytest.raises(ReviewError) as refused:
            step()
        assert refused.value.code == "role"


def test_a_view_that_is_deleted_is_gone_and_no_other(views: Views) -> None:
    views.save("mine", SUMS_OF_TERN, ANNA)
    views.save("mine", SUMS_OF_TERN, BASIL)
    views.delete("mine", ANNA)
    assert (names(views, ANNA), names(views, BASIL)) == ([], ["mine"])
    with pytest.raises(ReviewError, match="no view of that name"):
        views.delete("mine", ANNA)


@pytest.mark.parametrize("name", ["", "  ", "x" * (MOST_NAME + 1)])
def test_a_view_has_a_name_of_some_length(views: Views, name: str) -> None:
    with pytest.raises(ReviewError, match="a view's name"):
        views.save(name, Filters(), ANNA)


def test_an_owner_has_so_many_views_and_can_still_replace_one(
    views: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_VIEWS > 2
    monkeypatch.setattr("llm_extract.review.views.MOST_VIEWS", 2)
    views.save("one", Filters(), ANNA)
    views.save("two", Filters(), ANNA)
    views.save("two", SUMS_OF_TERN, ANNA)
    with pytest.raises(ReviewError, match="delete one"):
        views.save("three", Filters(), ANNA)
    assert names(views, ANNA) == ["one", "two"]
