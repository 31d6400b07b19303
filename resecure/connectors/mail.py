"""Mail: by SMTP, or into a folder of this machine that the demonstration shows as a mailbox."""

from __future__ import annotations

import email
import email.policy
import mailbox
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_noop

from resecure.connectors.fault import NotTaken

TIMEOUT = 10.0  # seconds for one answer
ALTOGETHER = 40.0  # seconds for one message; under the minute for which a worker holds its claim
CANNOT_SAY = 500  # an answer from here on is for good (RFC 5321, 4.2.1)


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where mail is handed over."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    tls: bool = False


def message(*, sender: str, to: str, subject: str, text: str, key: UUID, html: str = "") -> EmailMessage:
    """A message of text and, beside it, HTML that says the same.

    The same ``key`` gives the same Message-ID, so a repeat can be recognised.

    Raises NotTaken for an address that would break out of its header.
    """
    made = EmailMessage(policy=SMTP)
    try:
        made["From"] = sender
        made["To"] = to
        made["Subject"] = subject
    except ValueError:
        raise NotTaken(gettext_noop("the address cannot be written into a message"), for_good=True) from None
    made["Date"] = format_datetime(timezone.now())  # +0000; -0000 would say that we do not know where we are
    made["Message-ID"] = f"<{key}@{parseaddr(sender)[1].rpartition('@')[2] or 'resecure.invalid'}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    return made


def send(made: EmailMessage, *, server: Server) -> None:
    """Hand the message to the server. Afterwards the server has answered for it, or NotTaken is raised."""
    smtp: smtplib.SMTP | None = None
    let_in = False
    try:
        smtp = _connect(server)
        if server.starttls:
            smtp.starttls(context=ssl.create_default_context())
        if server.user:
            smtp.login(server.user, server.password)
        let_in = True
        smtp.send_message(made)
    except (smtplib.SMTPException, OSError) as error:
        fault = _fault(error)
        # Before it knew which message: so it would be with any other.
        fault.away = not let_in
        raise fault from None
    finally:
        if smtp is not None:
            _leave(smtp)


def _leave(smtp: smtplib.SMTP) -> None:
    """Say goodbye, but wait for nothing: whether the message was taken has been answered already."""
    with suppress(smtplib.SMTPException, OSError):
        if smtp.sock is not None:
            smtp.sock.settimeout(1)
            smtp.sock.sendall(b"QUIT\r\n")
    smtp.close()


def _fault(error: Exception) -> NotTaken:
    """What went wrong, in words of ours. Only the server's no to this message is for good: a wrong password
    or certificate is put right by an operator, and then the message must go."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _text in error.recipients.values()]
        refused_for_good = all(code >= CANNOT_SAY for code in codes)
        text = gettext_noop("the mail server refused the address")
        return NotTaken(text, detail=codes[0], for_good=refused_for_good)
    if isinstance(error, smtplib.SMTPDataError):
        text = gettext_noop("the mail server refused the message")
        return NotTaken(text, detail=error.smtp_code, for_good=error.smtp_code >= CANNOT_SAY)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return NotTaken(gettext_noop("the mail server refused our user name or password"), detail=error.smtp_code)
    if isinstance(error, smtplib.SMTPResponseException):
        return NotTaken(gettext_noop("the mail server answered with an error"), detail=error.smtp_code)
    if isinstance(error, TimeoutError):
        return NotTaken(gettext_noop("the mail server did not answer in time"))
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return NotTaken(gettext_noop("the mail server broke off"))
    if isinstance(error, smtplib.SMTPException):
        return NotTaken(gettext_noop("the mail server cannot do what is needed"), detail=type(error).__name__)
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotTaken(gettext_noop("the certificate of the mail server is not valid"))
    strerror = error.strerror if isinstance(error, OSError) else None
    return NotTaken(gettext_noop("the mail server cannot be reached"), detail=strerror or type(error).__name__)


class _InTime:
    """An SMTP client that gives a server a time for the whole message, not only for each answer: one that
    sends a line every nine seconds would hold a thread, and its claim, for as long as it likes."""

    _until = 0.0
    sock: Any

    def send(self, data: Any) -> None:
        self._hurry()
        super().send(data)  # type: ignore[misc]

    def getreply(self) -> tuple[int, bytes]:
        self._hurry()
        try:
            answer: tuple[int, bytes] = super().getreply()  # type: ignore[misc]
        except smtplib.SMTPServerDisconnected as error:
            if isinstance(error.__context__, TimeoutError):
                raise TimeoutError from None
            raise
        return answer

    def _hurry(self) -> None:
        self._until = self._until or monotonic() + ALTOGETHER
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError
        if self.sock is not None:
            self.sock.settimeout(min(TIMEOUT, left))


class _Plain(_InTime, smtplib.SMTP):
    pass


class _Encrypted(_InTime, smtplib.SMTP_SSL):
    pass


def _connect(server: Server) -> smtplib.SMTP:
    if server.tls:
        return _Encrypted(server.host, server.port, timeout=TIMEOUT, context=ssl.create_default_context())
    return _Plain(server.host, server.port, timeout=TIMEOUT)


def keep(made: EmailMessage, *, folder: Path) -> None:
    """Put the message into a maildir instead of sending it: the demonstration's mailbox."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        mailbox.Maildir(folder / "maildir", create=True).add(made)
    except OSError as error:
        text = gettext_noop("the mailbox of the demonstration cannot be written")
        raise NotTaken(text, detail=error.strerror or type(error).__name__) from None


def kept(*, folder: Path, to: str = "") -> list[EmailMessage]:
    """The messages in the demonstration's mailbox, the newest first, for one address or for all."""
    if not (folder / "maildir").exists():
        return []
    found = []
    for raw in mailbox.Maildir(folder / "maildir", create=False):
        made = email.message_from_bytes(raw.as_bytes(), policy=email.policy.default)
        if not to or str(made["To"]).casefold() == to.casefold():
            found.append(made)
    return sorted(found, key=lambda each: each["Date"].datetime, reverse=True)
