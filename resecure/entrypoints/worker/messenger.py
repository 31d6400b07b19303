"""The messenger: one thread of the worker that tells applications, many side by side.

Connections are asyncio's; the database is asked from one other thread, in batches: a batch is claimed, signed, sent
at once, and whatever answers came in meanwhile are written by one statement. Mail has carriers of its own, so that
no slow mail server delays the end of a session.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from time import monotonic
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_noop

from resecure.connectors.applications import Lines, NotReached, Said
from resecure.entrypoints.worker.database import LOST
from resecure.entrypoints.worker.logout_tokens import logout_token, question_token
from resecure.entrypoints.worker.presence import Presence
from resecure.entrypoints.worker.stopping import BackOff, Stopping
from resecure.identity import signing_keys
from resecure.identity.accounts import system_account
from resecure.operations.tell_applications import tell_applications
from resecure.propagation import outbox, telling
from resecure.propagation.models import Delivery, System
from resecure.propagation.telling import Answer

T = TypeVar("T")
# On their way at once. Those that an application keeps waiting soon count no more, up to the limit: they must not
# keep others waiting, and neither must a long queue of quick ones.
AT_ONCE, SOON, LIMIT = 24, 0.25, 256
BATCH = 12
TO_ONE = 16  # at once to one application: what it cannot take in waits here, not in its queue
POLL = 1.0
# An application that says no to a message says it again; a person must see to it, after a while.
TRIES_WHEN_REFUSED = 8
TOO_MANY_REQUESTS, REQUEST_TIMEOUT, SERVER_FAULT = 429, 408, 500
log = structlog.get_logger("messenger")


class Messenger:
    """``run`` until stopped; ``wake`` from another thread when there may be something to do."""

    def __init__(self, stopping: Stopping) -> None:
        self._stopping = stopping
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self._answers: list[Answer] = []
        self._began: deque[float] = deque()
        self._to: Counter[str] = Counter()  # how many are on their way to each application
        self._paused: frozenset[str] = frozenset()
        self._presence = Presence()
        self._under: dict[asyncio.Task[None], int | None] = {}  # what is on its way, by the number that claimed it

    def wake(self) -> None:
        """Look at once."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._woken.set)

    def run(self) -> None:
        """Tell applications until asked to stop; then end with the deliveries in hand."""
        present = Thread(target=self._presence.run, name="presence")
        present.start()
        try:
            asyncio.run(self._run())
        finally:
            self._presence.end()
            present.join()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="messenger-database") as self._database:
            async with Lines(networks=settings.RESECURE.application_networks, at_once=LIMIT) as self._lines:
                watching = asyncio.create_task(self._watch())
                try:
                    await self._work()
                finally:
                    watching.cancel()
            await self._asked(_close)

    async def _work(self) -> None:
        back_off, running = BackOff(self._stopping), set[asyncio.Task[None]]()
        while not self._stopping.asked() or running or self._answers:
            self._woken.clear()
            try:
                busy = await self._once(running)
                back_off.over()
            except LOST as error:
                # The answers stay and are written when it is back; what was claimed lapses and is told again.
                log.warning("database lost", error=type(error).__name__)
                await self._asked(_close)
                if self._stopping.asked():
                    return
                await asyncio.to_thread(back_off.wait)
                continue
            except Exception as fault:  # noqa: BLE001 - a key that is not there, say: it may come
                log.error("batch broke", error=type(fault).__name__)
                if self._stopping.asked():
                    return
                await asyncio.to_thread(back_off.wait)
                continue
            if not busy:
                await self._sleep(running)
            running = {each for each in running if not each.done()}

    async def _once(self, running: set[asyncio.Task[None]]) -> bool:
        """Write what came in, claim what there is room for. False when there was nothing to do."""
        number = self._presence.number()
        room = self._room(running) if number is not None else 0
        answers, self._answers = self._answers, []
        if not answers and (room < BATCH or self._stopping.asked()):
            return False
        try:
            ready = await self._asked(lambda: self._batch(answers, 0 if self._stopping.asked() else room, number))
        except LOST:
            self._answers = answers + self._answers
            raise
        for delivery, token in ready:
            self._to[delivery.target] += 1
            task = asyncio.create_task(self._carry(delivery, token))
            self._under[task] = number
            task.add_done_callback(self._under.pop)
            running.add(task)
        self._began.extend([monotonic()] * len(ready))
        return bool(ready or answers)

    async def _watch(self) -> None:
        """Give up what is on its way once nobody could tell any more that we live: another sends it then."""
        while True:
            number = self._presence.number()
            for task in [each for each, under in self._under.items() if under != number]:
                task.cancel()
            await asyncio.sleep(0.1)

    def _room(self, running: set[asyncio.Task[None]]) -> int:
        left = sum(not each.done() for each in running)
        while self._began and self._began[0] < monotonic() - SOON:
            self._began.popleft()
        return min(BATCH, AT_ONCE - min(left, len(self._began)), LIMIT - left)

    def _batch(self, answers: list[Answer], room: int, number: int | None) -> list[tuple[Delivery, str]]:
        """In the database's thread: answers in, deliveries out, each with its token."""
        if answers:
            telling.answer(answers)
        if room <= 0:
            return []
        now = timezone.now()
        for asked in outbox.claim(now=now, limit=8, system=System.APPLICATIONS, by=number):
            found = tell_applications(asked, by=system_account())
            log.info("applications found", delivery=str(asked.pk), number=found)
        claimed = outbox.claim(now=now, limit=room, system=System.APPLICATION, by=number)
        if not claimed:
            return []
        now, issuer = timezone.now(), _issuer()
        sign = signing_keys.signer(now=now)
        return [(each, logout_token(each, issuer=issuer, now=now, sign=sign)) for each in self._may_go(claimed)]

    def _may_go(self, claimed: list[Delivery]) -> list[Delivery]:
        """Those whose application can be reached, as far as we know. One that could not be gets one, as a question
        whether it is back; the others wait until then."""
        now, going = timezone.now(), []
        pauses = telling.paused([each.target for each in claimed])
        later: dict[str, list[Delivery]] = {}
        on_the_way = self._to.copy()
        for each in claimed:
            pause = pauses.get(each.target)
            most = TO_ONE if pause is None else 1
            if (pause is not None and pause.until > now) or on_the_way[each.target] >= most:
                later.setdefault(each.target, []).append(each)
            else:
                on_the_way[each.target] += 1
                going.append(each)
        for target, deliveries in later.items():
            pause = pauses.get(target)
            soonest = now + (timedelta(milliseconds=20) if pause is None else timedelta(seconds=1))
            telling.put_off(deliveries, until=soonest if pause is None else max(pause.until, soonest))
        # Those of other batches stay: an answer that is under way must still be able to say that its own is back.
        self._paused = (self._paused - {each.target for each in claimed}) | frozenset(pauses)
        return going

    async def _carry(self, delivery: Delivery, token: str) -> None:
        told_at = timezone.now()
        try:
            answer = await self._told(delivery, token)
        except asyncio.CancelledError:
            self._to[delivery.target] -= 1
            log.warning("given up", delivery=str(delivery.pk))
            return
        except NotReached as fault:
            answer = await self._not_reached(delivery, fault, told_at)
        except Exception as fault:  # noqa: BLE001 - one row that we cannot deliver must not stop all the others
            log.error("delivery broke", delivery=str(delivery.pk), error=type(fault).__name__)
            because = f"{gettext_noop('a fault of this service')} ({type(fault).__name__})"
            answer = _again(delivery, told_at, because, acknowledged=False)
        self._to[delivery.target] -= 1
        self._answers.append(replace(answer, by=delivery.claimed_by))
        self._woken.set()

    async def _told(self, delivery: Delivery, token: str) -> Answer:
        told_at = timezone.now()
        said = await self._lines.post(delivery.payload["logout_address"], {"logout_token": token})
        if said.status >= SERVER_FAULT or said.status in {TOO_MANY_REQUESTS, REQUEST_TIMEOUT}:
            raise NotReached(gettext_noop("the application answered with an error"), detail=str(said.status))
        if delivery.target in self._paused:
            await self._asked(lambda: telling.back(delivery.target, now=timezone.now()))
        if said.status not in {200, 204}:
            because = f"{gettext_noop('the application refused the message')} ({said.status})"
            refused = delivery.attempts >= TRIES_WHEN_REFUSED
            log.info("application refused", delivery=str(delivery.pk), status=said.status)
            return _again(delivery, told_at, because, acknowledged=False, for_good=refused)
        if not delivery.payload["question_address"]:
            log.info("told", delivery=str(delivery.pk), attempts=delivery.attempts)
            return Answer(delivery=delivery.pk, told_at=told_at, at=timezone.now())
        return await self._confirmed(delivery, told_at)

    async def _confirmed(self, delivery: Delivery, told_at: Any) -> Answer:
        """It took our word; now ask, as RFC 7662 asks about a token: is this session active?"""
        question = await self._asked(lambda: question_token(delivery, issuer=_issuer(), now=timezone.now()))
        try:
            said = await self._lines.post(
                delivery.payload["question_address"],
                {"token": delivery.payload["sid"], "token_type_hint": "sid"},
                {"Authorization": f"Bearer {question}"},
            )
        except NotReached as fault:
            return _again(delivery, told_at, str(fault), acknowledged=True)
        if _says_over(said):
            log.info("confirmed", delivery=str(delivery.pk), attempts=delivery.attempts)
            return Answer(delivery=delivery.pk, told_at=told_at, at=timezone.now(), confirmed=True)
        because = gettext_noop("the application says that the session goes on, or does not say")
        log.warning("not confirmed", delivery=str(delivery.pk), status=said.status)
        return _again(delivery, told_at, because, acknowledged=True)

    async def _not_reached(self, delivery: Delivery, fault: NotReached, told_at: Any) -> Answer:
        log.info("application not reached", delivery=str(delivery.pk), because=str(fault))
        if fault.internal:
            # Not a matter of time: somebody must register another address, or declare the network.
            return _again(delivery, told_at, str(fault), acknowledged=False, for_good=True)
        try:
            until = await self._asked(lambda: telling.pause(delivery.target, now=timezone.now()))
        except LOST:
            until = timezone.now() + timedelta(seconds=2)
        # However long it is away: an outage of a day is more attempts than any count of them would allow.
        again = _again(delivery, told_at, str(fault), acknowledged=False)
        return replace(again, next_attempt_at=until, for_good=False)

    async def _asked(self, question: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._database, question)

    async def _sleep(self, running: set[asyncio.Task[None]]) -> None:
        wait = 0.05 if self._stopping.asked() else POLL
        if self._stopping.asked() and running:
            await asyncio.wait(running, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            return
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._woken.wait(), wait)


def _again(delivery: Delivery, told_at: Any, because: str, *, acknowledged: bool, for_good: bool = False) -> Answer:
    now = timezone.now()
    ceiling = min(outbox.LONGEST_WAIT, timedelta(seconds=2 ** min(delivery.attempts, 12)))
    return Answer(
        delivery=delivery.pk,
        told_at=told_at,
        at=now,
        acknowledged=acknowledged,
        because=because,
        for_good=for_good or delivery.attempts >= outbox.ATTEMPTS_BEFORE_FAILED,
        next_attempt_at=now + ceiling * (0.5 + secrets.randbelow(500) / 1000),
    )


def _close() -> None:
    """In the thread whose connection it is."""
    connection.close()


def _says_over(said: Said) -> bool:
    if said.status != 200:
        return False
    try:
        return json.loads(said.body).get("active") is False
    except (ValueError, AttributeError):
        return False


def _issuer() -> str:
    address: str = settings.RESECURE.public_url
    return address.rstrip("/")
