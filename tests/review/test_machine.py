"""Whatever reviewers do in whatever order: no edit is lost, no lock is held for ever, the log
verifies, and predictions never change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from review_builders import (
    ANNA,
    BASIL,
    CLEO,
    LARGE,
    PLAIN,
    SUMS,
    Clock,
    put,
    report_of,
)
from sqlalchemy import select

from llm_extract.errors import ChangeError, ReviewError
from llm_extract.record import Record
from llm_extract.review.audit import verify
from llm_extract.review.cases import Case, Cases
from llm_extract.review.content import Content
from llm_extract.review.differences import same
from llm_extract.review.edits import Edit, parse_edit
from llm_extract.review.intake import take_in
from llm_extract.review.states import DECIDED, FOLLOWS, Reviewer
from llm_extract.review.work import LEASE, Desk
from llm_extract.store import open_store
from llm_extract.store.review_tables import review_cases, review_versions

REPORTS = [report_of(name, text) for name, text in (("a", SUMS), ("b", PLAIN), ("c", LARGE))]
WHO = st.sampled_from([ANNA, BASIL, CLEO])
MOST_WHICH = 20
WHICH = st.integers(0, MOST_WHICH)
"""A case, by chance; the last number alone may be a superseded one."""
OWN = st.sampled_from([True, True, True, False])
"""Whether a step is mostly made by the one who has the case open, as in life."""
EDITS = st.sampled_from(
    [
        parse_edit(fields)
        for fields in (
            {"action": "clear_slot", "item": "c1", "slot": "women"},
            {"action": "clear_slot", "item": "c1", "slot": "children"},
            {"action": "set_field", "item": "c1", "field": "claimant", "value": "Meridan"},
            {"action": "set_field", "item": "c1", "field": "perpetrators", "value": "Militia"},
            {"action": "set_qualifier", "item": "c1", "slot": "total", "qualifier": "about"},
            {"action": "delete_item", "item": "c2"},
            {"action": "set_parent", "item": "c2", "parent": "c1"},
        )
    ]
)
CHOICES = st.sampled_from(["accept", "accept", "accept", "reject", "defer"])
REASONS = {"accept": "wrong_number", "reject": "duplicate", "defer": "needs_source"}
EVE = Reviewer("eve", "senior")

EXAMPLES, STEPS = 25, 30


class Machine(RuleBasedStateMachine):
    """Three reviewers over three reports, which jobs read again now and then."""

    place: str

    @initialize()
    def open(self) -> None:
        """A store with three flagged or large records."""
        self.folder = TemporaryDirectory()
        self.store = open_store(Path(self.folder.name) / "store.sqlite")
        self.clock = Clock()
        self.desk = Desk(self.store.engine, clock=self.clock)
        self.cases = Cases(self.store.engine)
        self.prompts = 0
        self.made: list[str] = []
        self.now: dict[int, Content] = {}
        self.predicted: dict[int, Record] = {}
        self.states: dict[int, str] = {}
        self.read_again(new=True)

    def teardown(self) -> None:
        """At the end whoever may work on a case can take it once the leases have run out."""
        if not hasattr(self, "store"):
            return
        self.clock.pass_by(LEASE + timedelta(seconds=1))
        for case in self.all():
            if case.state not in DECIDED and case.state != "superseded":
                assert self.desk.take(case.pk, EVE).holder == "eve"
        assert verify(self.store.engine).problems == ()
        self.store.close()
        self.folder.cleanup()

    # --- steps --------------------------------------------------------------------------------

    @rule(new=st.booleans())
    def read_again(self, new: bool) -> None:
        """A job reads all reports, with a new prompt or as before."""
        self.prompts += new
        put(self.store, REPORTS, prompt_hash=f"{self.prompts:02}")
        take_in(self.store.engine, rate=1)

    @rule(seconds=st.sampled_from([60, 800, 1000]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.clock.pass_by(timedelta(seconds=seconds))

    @rule(which=WHICH, who=WHO)
    def take(self, which: int, who: Reviewer) -> None:
        """Somebody opens a case that nobody else has open."""

        def step(case: Case) -> None:
            self.desk.take(case.pk, who)
            until = case.held_until
            assert case.holder in (None, who.name) or (until and until <= self.clock())

        self.tried(step, which)

    @rule(which=WHICH, who=WHO)
    def release(self, which: int, who: Reviewer) -> None:
        """Somebody gives a case back."""
        self.tried(lambda case: self.desk.release(case.pk, who), which)

    @rule(which=WHICH, who=WHO, own=OWN, edit=EDITS, old=st.booleans())
    def edit(self, which: int, who: Reviewer, own: bool, edit: Edit, old: bool) -> None:
        """Somebody edits what they have in view, which may be older than what is there."""

        def step(case: Case) -> None:
            version = case.version - old
            name = acting(case, who, own)
            after = self.desk.edit(case.pk, name, edit, version)
            assert (version, name.name) == (case.version, case.holder)
            self.now[case.pk] = after.content
            if after.version != case.version:
                self.made.append(after.content.model_dump_json())

        self.tried(step, which)

    @rule(which=WHICH, who=WHO, own=OWN)
    def edit_and_undo(self, which: int, who: Reviewer, own: bool) -> None:
        """Undo leads to where the edit came from, redo to what it made."""

        def step(case: Case) -> None:
            edit = parse_edit(
                {"action": "set_field", "item": "c1", "field": "places", "value": "Old Port"}
            )
            name = acting(case, who, own)
            after = self.desk.edit(case.pk, name, edit, case.version)
            if after.content == case.content:
                return
            back = self.desk.undo(case.pk, name, after.version)
            assert back.content == case.content
            self.now[case.pk] = self.desk.redo(case.pk, name, back.version).content
            self.made.append(after.content.model_dump_json())
            assert self.now[case.pk] == after.content

        self.tried(step, which)

    @rule(which=WHICH, who=WHO, own=OWN)
    def undo_all(self, which: int, who: Reviewer, own: bool) -> None:
        """Undo ends where the work began, and as many times redo is where it was."""

        def step(case: Case) -> None:
            name = acting(case, who, own)
            back, steps = case, 0
            while back.can_undo:
                back = self.desk.undo(case.pk, name, back.version)
                self.now[case.pk] = back.content
                steps += 1
                assert steps <= len(self.made)
            for _ in range(steps):
                back = self.desk.redo(case.pk, name, back.version)
            self.now[case.pk] = back.content
            assert back.content == case.content

        self.tried(step, which)

    @rule(which=WHICH, who=WHO, own=OWN, choice=CHOICES)
    def decide(self, which: int, who: Reviewer, own: bool, choice: Any) -> None:
        """Somebody decides."""

        def step(case: Case) -> None:
            reason: Any = REASONS[choice]
            name = acting(case, who, own)
            after = self.desk.decide(case.pk, name, choice, reason, None, case.version)
            if after.state in ("approved", "corrected"):
                assert same(after.content, case.content)
            if after.stage != case.stage or after.state in DECIDED:
                self.now[case.pk] = after.content
            people = {one.who for one in after.round}
            if after.state in DECIDED and after.second_reason:
                assert len(people) > 1

        self.tried(step, which)

    @rule(which=WHICH, edit=EDITS)
    def agree(self, which: int, edit: Edit) -> None:
        """Two reviewers make the same change, one after the other, and accept it."""

        def step(case: Case) -> None:
            for who in (ANNA, BASIL):
                taken = self.desk.take(case.pk, who)
                self.now[case.pk] = taken.content
                edited = self.desk.edit(case.pk, who, edit, taken.version)
                self.now[case.pk] = edited.content
                if edited.version != taken.version:
                    self.made.append(edited.content.model_dump_json())
                after = self.desk.decide(
                    case.pk, who, "accept", "wrong_number", None, edited.version
                )
                self.now[case.pk] = after.content
                if after.state in DECIDED:
                    assert same(after.content, edited.content)
                    return

        self.tried(step, which, alone=False)

    @rule(which=WHICH, who=WHO)
    def ask_second(self, which: int, who: Reviewer) -> None:
        """Somebody wants two reviewers."""

        def step(case: Case) -> None:
            self.now[case.pk] = self.desk.ask_second(case.pk, who, "gold").content

        self.tried(step, which)

    @rule(which=WHICH)
    def reopen(self, which: int) -> None:
        """A senior opens a decided case again, from what was decided."""

        def step(case: Case) -> None:
            assert self.desk.reopen(case.pk, CLEO, "new facts").content == case.content

        self.tried(step, which)

    @rule(which=WHICH, who=WHO)
    def free(self, which: int, who: Reviewer) -> None:
        """Somebody frees what another holds."""
        self.tried(lambda case: self.desk.free(case.pk, who), which)

    # --- laws ---------------------------------------------------------------------------------

    @invariant()
    def cases_are_as_they_were_left(self) -> None:
        """Content is that of the last edit, the prediction the first one, states follow."""
        if not hasattr(self, "store"):
            return
        for case in self.all():
            assert self.now.setdefault(case.pk, case.content) == case.content
            assert self.predicted.setdefault(case.pk, case.record) == case.record
            before = self.states.get(case.pk, case.state)
            assert before == case.state or case.state in reachable(before)
            self.states[case.pk] = case.state

    @invariant()
    def nothing_that_was_made_is_gone(self) -> None:
        """Every content that anybody made stands in the store."""
        if not hasattr(self, "store"):
            return
        with self.store.engine.begin() as connection:
            kept = set(connection.execute(select(review_versions.c.json)).scalars())
        assert set(self.made) <= kept

    @invariant()
    def the_log_verifies(self) -> None:
        """No row is missing, and the store says what the log says."""
        if hasattr(self, "store"):
            assert verify(self.store.engine).problems == ()

    # --- helpers ------------------------------------------------------------------------------

    def all(self) -> list[Case]:
        """All cases."""
        with self.store.engine.begin() as connection:
            pks = connection.execute(select(review_cases.c.pk)).scalars().all()
        return [self.cases.get(pk) for pk in pks]

    def tried(self, step: Callable[[Case], object], which: int, alone: bool = True) -> None:
        """A step on some case, which may be refused; then nothing has changed, where it is alone
        and not the last of several."""
        found = self.all()
        if which < MOST_WHICH:
            found = [case for case in found if case.state != "superseded"]
        case = found[which % len(found)]
        try:
            step(case)
        except (ReviewError, ChangeError):
            assert not alone or self.cases.get(case.pk) == case, (
                "a step that was refused changed the case"
            )


def acting(case: Case, who: Reviewer, own: bool) -> Reviewer:
    """Who has the case open, if anybody and if it is to be them; else `who`."""
    holder = {one.name: one for one in (ANNA, BASIL, CLEO)}.get(case.holder or "")
    return holder if own and holder is not None else who


def reachable(state: str) -> set[str]:
    """States that some steps lead to from one."""
    found: set[str] = set()
    open_ = {state}
    while open_:
        following = FOLLOWS[open_.pop()] - found  # type: ignore[index]
        found |= following
        open_ |= following
    return found


@pytest.mark.slow
def test_reviewers_and_jobs_in_any_order() -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, print_blob=True
        ),
    )
