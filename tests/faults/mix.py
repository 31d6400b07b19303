"""A process that does one operation after the other until somebody kills it, and says what it was told."""

from __future__ import annotations

import os
import signal
import time
from random import Random  # chooses what happens next, with a seed; nothing secret
from typing import Any
from uuid import UUID

from django.db import connection, connections

from resecure.identity.accounts import Account
from resecure.identity.confirmations import Method, Purpose
from resecure.identity.resecurings import Resecuring, Trigger
from resecure.operations.choose_password import choose_password
from resecure.operations.confirm_identity import confirm_identity
from resecure.operations.delete import delete
from resecure.operations.disable import disable
from resecure.operations.enable import enable
from resecure.operations.end_all_sessions import end_all_sessions
from resecure.operations.resecure import resecure
from resecure.operations.restore import restore
from resecure.operations.set_temporary_password import set_temporary_password
from resecure.operations.shared.progress import Client
from resecure.operations.sign_in import sign_in
from resecure.operations.unlock import unlock
from resecure.policy.generated_passwords import generate
from resecure.policy.refusals import Invalid, NotSignedIn, Refused, Throttled
from tests.attacks.stories import HERE, taken_steps


class Mix:
    """What one process does to these people by this administrator."""

    def __init__(self, people: list[UUID], by: Account, *, seed: int, says: int) -> None:
        self.people, self.by, self.dice, self.says = people, by, Random(seed), says

    def forever(self) -> None:
        deeds = [self.resecure, self.resecure, self.come_back, self.come_back, self.shut_and_open, self.wrong]
        while True:
            try:
                self.dice.choice(deeds)(self.dice.choice(self.people))
            except (Refused, NotSignedIn, Throttled, Invalid):
                continue

    def confirmed(self, person: UUID, purpose: Purpose) -> UUID:
        made = confirm_identity(person, by=self.by, method=Method.CALL_BACK, reference="mix", purpose=purpose)
        return made.pk

    def resecure(self, person: UUID) -> None:
        made = resecure(
            person,
            by=self.by,
            because=Trigger.FORGOTTEN_SECRET,
            confirmation=self.confirmed(person, Purpose.RESECURE),
        )
        os.write(self.says, f"{made.pk}\n".encode())

    def come_back(self, person: UUID) -> None:
        given = set_temporary_password(
            person, by=self.by, confirmation=self.confirmed(person, Purpose.RESET_PASSWORD)
        ).password
        address = Account.objects.values_list("address", flat=True).get(pk=person)
        handle = sign_in(address, given or "", client=HERE).handle
        assert handle is not None
        chosen = f"walnut {self.dice.randrange(10**9)} harbour gravel violin"
        try:
            secret = "".join(self.dice.choice("abcdefghijklmnop") for _ in range(14))
            taken_steps(handle, password=chosen, secret=secret)
        except Refused:
            choose_password(handle, chosen)

    def shut_and_open(self, person: UUID) -> None:
        close, back = self.dice.choice([(disable, enable), (delete, restore), (end_all_sessions, end_all_sessions)])
        try:
            close(person, by=self.by)
        finally:
            back(person, by=self.by)

    def wrong(self, person: UUID) -> None:
        if self.dice.random() < 0.5:
            unlock(person, by=self.by, confirmation=self.confirmed(person, Purpose.UNLOCK))
        address = Account.objects.values_list("address", flat=True).get(pk=person)
        # Each from another place: otherwise the throttle soon stops the whole mix.
        place = f"198.51.{self.dice.randrange(256)}.{self.dice.randrange(256)}"
        sign_in(address, "wrong", client=Client(address=place))


def killed_after(seconds: float, people: list[UUID], by: Account, *, seed: int) -> list[str]:
    """Start a process that does the mix, kill it after so long. Returns the resecurings it was told were done.

    No thread but ours may run and no connection be open: the child is a fork.
    """
    connections.close_all()
    hears, says = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hears)
        try:
            Mix(people, by, seed=seed, says=says).forever()
        finally:
            os._exit(1)
    os.close(says)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    with os.fdopen(hears) as told:
        lines = told.read().split()
    assert os.WIFSIGNALED(status), "the mix ended by itself: an operation raised something that is no refusal"
    return lines


def wait_until_alone(seconds: float = 10) -> None:
    """Until the server has noticed that the killed client is gone."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.005)
    raise AssertionError("a killed client's connection stays open")


def kill_many(times: int, world: Any, *, check: Any, seed: int = 4711) -> int:
    """Kill that many processes in the middle of the mix and check after each. Returns the resecures told."""
    dice, told = Random(seed), 0
    people, by = [world.person().pk for _ in range(8)], world.administrator()
    generate(Account.objects.select_related("organisation").get(pk=people[0]))  # reads the word list, once for all
    for number in range(times):
        done = killed_after(0.1 + dice.random() * 0.35, people, by, seed=seed + number)
        wait_until_alone()
        assert Resecuring.objects.filter(pk__in=done).count() == len(done), "told of success before the commit"
        told += len(done)
        check()
    return told
