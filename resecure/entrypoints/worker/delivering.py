"""Deliver one claimed delivery, and write down how it went."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from resecure.connectors import mail, sms
from resecure.connectors.fault import NotTaken
from resecure.entrypoints.worker.database import until_written
from resecure.entrypoints.worker.html_mails import html_of
from resecure.entrypoints.worker.mails import language_of, text_of
from resecure.entrypoints.worker.short_texts import short_text_of
from resecure.entrypoints.worker.stopping import Stopping
from resecure.identity.sealed_words import opened
from resecure.propagation import gateways, outbox
from resecure.propagation.models import Change, Delivery, System

log = structlog.get_logger("worker")
_OURS = gettext_noop("a fault of this service")  # stored in English; whoever shows it finds the translation


@dataclass(frozen=True, kw_only=True)
class Post:
    """Where mail and text messages go: to a server, or without one into the demonstration's mailbox."""

    server: mail.Server | None
    mailbox: Path
    sender: str
    public_url: str
    gateway: sms.Gateway | None = None

    @classmethod
    def configured(cls) -> Post:
        """The post of this process's configuration."""
        found = settings.RESECURE
        given, gate = found.mail_server, found.sms_gateway
        return cls(
            server=None if given is None else mail.Server(**asdict(given)),
            mailbox=found.state_directory / "mailbox",
            sender=found.mail_from,
            public_url=found.public_url,
            gateway=None if gate is None else sms.Gateway(**asdict(gate)),
        )


def deliver(delivery: Delivery, *, post: Post, stopping: Stopping, asking: bool = False) -> None:
    """Afterwards the system has it, or it waits for another try, or it failed for good and says why. ``asking``: its
    gateway was away; when it answers, all that waits for it is due.

    The answer is written after the sending: a worker that dies in between sends again under the same
    Message-ID. The other order could lose a message.
    """
    began = timezone.now()
    try:
        _in_time(delivery)
        _WAYS[System(delivery.system)](delivery, post)
    except NotTaken as fault:
        because = str(fault)
        if fault.away:
            log.info("gateway away", system=delivery.system, delivery=str(delivery.pk), because=because)
            until_written(
                lambda: gateways.away(delivery, asked=began, now=timezone.now(), because=because), stopping=stopping
            )
            return
        if fault.for_good:
            log.warning("delivery failed", delivery=str(delivery.pk), because=because)
            until_written(lambda: outbox.fail(delivery, because=because), stopping=stopping)
        else:
            log.info("delivery postponed", delivery=str(delivery.pk), because=because, attempts=delivery.attempts)
            until_written(lambda: outbox.postpone(delivery, now=timezone.now(), because=because), stopping=stopping)
    except Exception as fault:  # noqa: BLE001 - one row that we cannot deliver must not stop all the others
        name = type(fault).__name__
        log.error("delivery broke", delivery=str(delivery.pk), change=delivery.change, error=name)
        until_written(
            lambda: outbox.postpone(delivery, now=timezone.now(), because=f"{_OURS} ({name})"),
            stopping=stopping,
        )
    else:
        until_written(lambda: outbox.acknowledge(delivery, now=timezone.now()), stopping=stopping)
        log.info("delivered", delivery=str(delivery.pk), change=delivery.change, attempts=delivery.attempts)
    if asking:
        until_written(lambda: gateways.answered(delivery, now=timezone.now()), stopping=stopping)


def _in_time(delivery: Delivery) -> None:
    """What is good for minutes only is not sent when they are over: it would confuse, and help nobody."""
    until = delivery.payload.get("until")
    if until and timezone.now() >= datetime.fromisoformat(until):
        raise NotTaken(gettext_noop("it could not be sent while it was good for anything"), for_good=True)


def _mail(delivery: Delivery, post: Post) -> None:
    change = Change(delivery.change)
    subject, text = text_of(
        change,
        delivery.payload,
        post.public_url,
        at=delivery.requested_at,
        sealed=_opened(delivery),
    )
    made = mail.message(
        sender=post.sender,
        to=delivery.payload["address"],
        subject=subject,
        text=text,
        html=html_of(subject, text, language=language_of(delivery.payload)),
        key=delivery.pk,
    )
    if post.server is None:
        mail.keep(made, folder=post.mailbox)
    else:
        mail.send(made, server=post.server)


def _sms(delivery: Delivery, post: Post) -> None:
    text = short_text_of(Change(delivery.change), delivery.payload, post.public_url, sealed=_opened(delivery))
    to = delivery.payload["mobile"]
    if post.gateway is None:
        mail.keep(sms.message(to=to, text=text, key=delivery.pk, at=timezone.now()), folder=post.mailbox)
    else:
        sms.send(to=to, text=text, key=delivery.pk, gateway=post.gateway, again=delivery.attempts > 1)


def _opened(delivery: Delivery) -> dict[str, str]:
    """What travelled sealed. When its key has been retired meanwhile, a notice goes without its link: better than not
    at all. A message that is nothing without its code has failed."""
    try:
        return opened(delivery.account, delivery.payload)
    except LookupError:
        if delivery.change in {Change.SPOKEN_CODE, Change.CONTACT_CODE}:
            raise NotTaken(gettext_noop("the key that opens its code is gone"), for_good=True) from None
        log.warning("sent without its link", delivery=str(delivery.pk))
        return {}


_WAYS = {System.MAIL: _mail, System.SMS: _sms}
