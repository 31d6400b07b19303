"""Random stories over a few accounts: after each step the invariant holds.

HYPOTHESIS_PROFILE=long tries many more and longer ones.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from resecure.audit.record import verify
from resecure.identity.accounts import MAY_SIGN_IN, Account, system_account
from resecure.identity.confirmations import Purpose
from resecure.identity.resecurings import Trigger
from resecure.identity.sign_ins import find
from resecure.operations.advance_statuses import advance_statuses
from resecure.operations.agree_to_aup import agree_to_aup
from resecure.operations.change_password import change_password
from resecure.operations.check_profile import check_profile
from resecure.operations.choose_password import choose_password
from resecure.operations.delete import delete
from resecure.operations.disable import disable
from resecure.operations.enable import enable
from resecure.operations.end_all_sessions import end_all_sessions
from resecure.operations.join import join
from resecure.operations.mark_as_leaver import mark_as_leaver
from resecure.operations.resecure import resecure
from resecure.operations.restore import restore
from resecure.operations.set_account_secret import set_account_secret
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.shared.progress import Progress
from resecure.operations.sign_in import sign_in
from resecure.operations.unlock import unlock
from resecure.policy.refusals import Invalid, NotSignedIn, Refused, Throttled
from resecure.policy.transitions import TABLE
from tests.attacks.stories import HERE
from tests.conftest import PASSWORD, World, make_world
from tests.faults.snapshots import assert_whole, quick_hashes

pytestmark = [pytest.mark.fault, pytest.mark.database]
PEOPLE = 3
WHO = st.integers(0, PEOPLE - 1)
MOVES = {(each.before, each.after) for each in TABLE}
LETTERS = str.maketrans("0123456789", "abcdefghij")


class Accounts(RuleBasedStateMachine):
    """A few people, their administrator, and everything either can do."""

    hashed = ""

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(timezone.now(), tick=False)
        self.traveller = self.clock.start()
        self.story = transaction.atomic()
        self.story.__enter__()
        self.world: World = make_world(self.hashed)
        self.people = [self.world.person() for _ in range(PEOPLE)]
        self.by = self.world.administrator("global_administrator", organisation=self.world.region)
        self.sessions: list[tuple[int, str, int]] = []  # whose, token, generation at issue
        self.handles: list[tuple[int, str, int]] = []
        self.current: dict[int, str | None] = dict.fromkeys(range(PEOPLE), PASSWORD)
        self.retired: dict[int, set[str]] = {who: set() for who in range(PEOPLE)}
        self.made = 0
        self.statuses = dict.fromkeys(range(PEOPLE), "active")
        self.generations = dict.fromkeys(range(PEOPLE), 1)

    def teardown(self) -> None:
        try:
            assert_whole()
        finally:
            transaction.set_rollback(True)
            self.story.__exit__(None, None, None)
            self.clock.stop()

    @initialize(age=st.integers(0, 3))
    def some_were_at_work_before(self, age: int) -> None:
        for who in range(age):
            self.sign_in(who)

    # --- what we know

    def row(self, who: int) -> Account:
        return Account.objects.get(pk=self.people[who].pk)

    def new_password(self) -> str:
        self.made += 1
        return f"copper lantern {str(self.made).translate(LETTERS)} over seven hills"

    def knows(self, who: int, password: str | None) -> None:
        old = self.current[who]
        if old:
            self.retired[who].add(old)
        self.current[who] = password

    def keep(self, who: int, progress: Progress) -> None:
        generation = self.row(who).generation
        if progress.session:
            self.sessions.append((who, progress.session, generation))
        elif progress.handle:
            self.handles = [each for each in self.handles if each[1] != progress.handle]
            self.handles.append((who, progress.handle, generation))

    def confirmed(self, who: int, purpose: Purpose) -> Any:
        return self.world.confirmation(self.people[who], by=self.by, purpose=purpose.value)

    # --- what the person does

    @rule(who=WHO)
    def sign_in(self, who: int) -> None:
        with suppress(NotSignedIn, Throttled):
            self.keep(who, sign_in(self.people[who].address, self.current[who] or "", client=HERE))

    @rule(who=WHO)
    def try_every_retired_password(self, who: int) -> None:
        for password in sorted(self.retired[who])[-3:]:
            with pytest.raises((NotSignedIn, Throttled)):
                sign_in(self.people[who].address, password, client=HERE)

    @rule(who=WHO, times=st.integers(1, 11))
    def type_wrong_passwords(self, who: int, times: int) -> None:
        for _ in range(times):
            with pytest.raises((NotSignedIn, Throttled)):
                sign_in(self.people[who].address, "wrong", client=HERE)

    @rule(pick=st.integers(0, 5), step=st.integers(0, 3))
    def take_a_step_in_or_out_of_turn(self, pick: int, step: int) -> None:
        if not self.handles:
            return
        who, handle, _generation = self.handles[pick % len(self.handles)]
        chosen, secret = self.new_password(), f"marmalade{str(self.made).translate(LETTERS)}sky"
        calls = [
            lambda: choose_password(handle, chosen),
            lambda: agree_to_aup(handle, version="1"),
            lambda: check_profile(handle, given_name="Some", family_name="Body"),
            lambda: set_account_secret(handle, secret),
        ]
        try:
            progress = calls[step]()
        except (NotSignedIn, Refused):
            return
        if step == 0:
            self.knows(who, chosen)
        self.keep(who, progress)

    @rule(pick=st.integers(0, 5))
    def take_all_steps_that_are_owed(self, pick: int) -> None:
        for step in range(4):
            self.take_a_step_in_or_out_of_turn(pick, step)

    @rule(who=WHO)
    def change_password(self, who: int) -> None:
        chosen = self.new_password()
        try:
            token = change_password(self.people[who].pk, old=self.current[who] or "", new=chosen, client=HERE)
        except (NotSignedIn, Invalid, Throttled):
            return
        self.knows(who, chosen)
        self.sessions.append((who, token, self.row(who).generation))

    # --- what the administrator does

    @rule(who=WHO)
    def resecure(self, who: int) -> None:
        try:
            resecure(
                self.people[who].pk,
                by=self.by,
                because=Trigger.FORGOTTEN_SECRET,
                confirmation=self.confirmed(who, Purpose.RESECURE),
            )
        except Refused:
            return
        self.knows(who, None)

    @rule(who=WHO)
    def set_temporary_password(self, who: int) -> None:
        try:
            made = set_temporary_password(
                self.people[who].pk, by=self.by, confirmation=self.confirmed(who, Purpose.RESET_PASSWORD)
            )
        except Refused:
            return
        self.knows(who, made.password)

    @rule(who=WHO, how=st.sampled_from([disable, enable, delete, restore, mark_as_leaver, end_all_sessions]))
    def do(self, who: int, how: Any) -> None:
        with suppress(Refused):
            how(self.people[who].pk, by=self.by)

    @rule(who=WHO)
    def unlock(self, who: int) -> None:
        with suppress(Refused):
            unlock(self.people[who].pk, by=self.by, confirmation=self.confirmed(who, Purpose.UNLOCK))

    @rule(who=WHO)
    def join(self, who: int) -> None:
        with suppress(Refused):
            join(self.people[who].pk, organisation_code="REG", by=self.by)

    # --- time

    @rule(minutes=st.sampled_from([1, 20, 31, 70, 60 * 13, 60 * 25]))
    def time_goes_on(self, minutes: int) -> None:
        self.traveller.shift(timedelta(minutes=minutes))

    @rule(days=st.sampled_from([1, 31]))
    def the_clock_runs(self, days: int) -> None:
        self.traveller.shift(timedelta(days=days))
        Account.objects.filter(pk=self.by.pk).update(last_active_at=timezone.now())
        advance_statuses(by=system_account())

    # --- what holds after each step

    @invariant()
    def what_was_issued_passes_only_in_its_own_generation(self) -> None:
        accounts = [self.row(who) for who in range(PEOPLE)]
        for who, token, generation in self.sessions:
            may = accounts[who].generation == generation and accounts[who].status in MAY_SIGN_IN
            if self.world.passes(token):
                assert may, "a session passes that must not"
        for who, handle, generation in self.handles:
            may = accounts[who].generation == generation and accounts[who].status in MAY_SIGN_IN
            if find(handle, now=timezone.now()) is not None:
                assert may, "a sign-in lives that must not"

    @invariant()
    def a_fresh_session_of_the_present_generation_passes(self) -> None:
        if self.sessions:
            who, token, generation = self.sessions[-1]
            account = self.row(who)
            fresh = account.last_active_at is not None and account.last_active_at == timezone.now()
            if fresh and account.generation == generation and account.status in MAY_SIGN_IN:
                assert self.world.passes(token)

    @invariant()
    def statuses_move_along_the_table_and_generations_only_grow(self) -> None:
        for who in range(PEOPLE):
            now = self.row(who)
            before, self.statuses[who] = self.statuses[who], now.status
            assert before == now.status or (before, now.status) in MOVES
            assert now.generation >= self.generations[who]
            self.generations[who] = now.generation

    @invariant()
    def a_resecured_account_is_opened_by_nothing_of_before(self) -> None:
        for who in range(PEOPLE):
            if self.current[who] is None:
                assert self.row(who).password == ""


def test_the_invariant_holds_after_each_step_of_random_stories(
    db: None, hashed_password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_hashes(monkeypatch)
    Accounts.hashed = hashed_password
    long = os.environ.get("HYPOTHESIS_PROFILE") == "long"
    run_state_machine_as_test(
        Accounts,
        settings=settings(
            max_examples=300 if long else 15,
            stateful_step_count=60 if long else 25,
            deadline=None,
            derandomize=not long,
            database=None,
            # A failure is told at once, as a story of up to 25 steps; only the long form also makes it short.
            phases=(Phase.explicit, Phase.generate, *([Phase.shrink] if long else [])),
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert verify()[1] == []
