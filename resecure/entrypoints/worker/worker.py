"""The worker: takes deliveries out of the outbox and carries them out; beside it, the messenger and the clock.

One thread listens. A notice, or a second without one, wakes a carrier; a carrier that finds something wakes
the next before it starts, so that a quiet service asks little and a busy one uses every thread. A carrier
claims one delivery at a time: nothing that it cannot begin at once loses its minute by waiting behind a
slow server, and the other carriers go on with other accounts. Text messages have carriers of their own: a dead
gateway keeps no mail waiting, and no mail server a text message.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Thread

import structlog
from django.db import connection
from django.utils import timezone

from resecure.entrypoints.worker.clock import Clock
from resecure.entrypoints.worker.database import LOST, own_connection
from resecure.entrypoints.worker.delivering import Post, deliver
from resecure.entrypoints.worker.messenger import Messenger
from resecure.entrypoints.worker.stopping import BackOff, Stopping
from resecure.propagation import gateways, outbox
from resecure.propagation.gateways import Turn
from resecure.propagation.models import System

CARRIERS = 8
SMS_CARRIERS = 4
POLL = 1.0  # seconds; what is postponed comes due without a notice, and a notice can be lost
log = structlog.get_logger("worker")


class Worker:
    """``run`` returns after ``stopping.ask()`` and the deliveries in hand."""

    def __init__(self, *, post: Post | None = None, carriers: int = CARRIERS, clock: bool = True) -> None:
        self.stopping = Stopping()
        self._post = post or Post.configured()
        self._carriers = {System.MAIL: carriers, System.SMS: min(carriers, SMS_CARRIERS)}
        self._clock = clock
        self._wakes: dict[System, Queue[None]] = {
            system: Queue(maxsize=number) for system, number in self._carriers.items()
        }
        self._messenger = Messenger(self.stopping)

    def run(self) -> None:
        """Deliver until asked to stop. A lost database is waited for."""
        threads = [
            Thread(target=self._carry, args=(system,), name=f"{system.value}-carrier-{each}")
            for system, number in self._carriers.items()
            for each in range(number)
        ]
        threads.append(Thread(target=self._messenger.run, name="messenger"))
        if self._clock:
            threads.append(Thread(target=Clock(self.stopping).run, name="clock"))
        for thread in threads:
            thread.start()
        log.info("worker started", carriers=sum(self._carriers.values()))
        try:
            self._listen()
        finally:
            self.stopping.ask()
            for thread in threads:
                thread.join()
            log.info("worker ended")

    def _listen(self) -> None:
        back_off = BackOff(self.stopping)
        while not self.stopping.asked():
            try:
                with own_connection() as listening:
                    listening.execute(f"LISTEN {outbox.CHANNEL}")
                    back_off.over()
                    while not self.stopping.asked():
                        # Asked once before the first notice too: rows may have waited while nobody listened.
                        self._wake()
                        for _notice in listening.notifies(timeout=POLL, stop_after=1):
                            pass
            except LOST as error:
                log.warning("database lost", error=type(error).__name__)
                back_off.wait()
        connection.close()

    def _wake(self) -> None:
        self._messenger.wake()
        for wakes in self._wakes.values():
            with suppress(Full):  # as many wakes as carriers wait: all of them will look
                wakes.put_nowait(None)

    def _carry(self, system: System) -> None:
        back_off = BackOff(self.stopping)
        while not self.stopping.asked():
            try:
                self._wakes[system].get(timeout=POLL / 2)
            except Empty:
                continue
            try:
                while not self.stopping.asked() and self.carry_one(system):
                    pass
                back_off.over()
            except LOST as error:
                log.warning("database lost", error=type(error).__name__)
                connection.close()
                back_off.wait()
        connection.close()

    def carry_one(self, system: System = System.MAIL) -> bool:
        """Claim one due delivery and deliver it. False when nothing is due."""
        claimed = outbox.claim(now=timezone.now(), limit=1, system=system)
        if not claimed:
            return False
        turn = gateways.turn_of(claimed[0], now=timezone.now())
        if turn is Turn.WAIT:
            return False
        with suppress(Full):
            self._wakes[system].put_nowait(None)
        deliver(claimed[0], post=self._post, stopping=self.stopping, asking=turn is Turn.ASK)
        return True


def run() -> None:
    """Run a worker until SIGTERM or SIGINT, then end after the deliveries in hand."""
    worker = Worker()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_given: worker.stopping.ask())
    worker.run()
