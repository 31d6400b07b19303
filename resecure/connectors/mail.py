"""Mail: by SMTP, or into a folder of this machine that the demonstration shows as a mailbox."""

from __future__ import annotations

import email
import email.policy
import mailbox
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from pathlib import Path
from uuid import UUID

TIMEOUT = 15.0


class NotTaken(Exception):
    """The server did not take the message. ``for_good`` says whether trying again is useless."""

    def __init__(self, text: str, *, for_good: bool = False) -> None:
        super().__init__(text)
        self.for_good = for_good


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where mail is handed over."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    tls: bool = False


def message(*, sender: str, to: str, subject: str, text: str, key: UUID) -> EmailMessage:
    """A plain-text message. The same ``key`` gives the same Message-ID, so a repeat can be recognised."""
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = to
    made["Subject"] = subject
    made["Date"] = formatdate()
    made["Message-ID"] = f"<{key}@resecure.invalid>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text)
    return made


def send(made: EmailMessage, *, server: Server) -> None:
    """Hand the message to the server. Afterwards the server has answered for it, or NotTaken is raised."""
    try:
        with _connect(server) as smtp:
            if server.starttls:
                smtp.starttls(context=ssl.create_default_context())
            if server.user:
                smtp.login(server.user, server.password)
            smtp.send_message(made)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        raise NotTaken(
            f"the mail server refused the address ({codes[0]})", for_good=all(code >= 500 for code in codes)
        ) from None
    except smtplib.SMTPResponseException as error:
        raise NotTaken(f"the mail server answered {error.smtp_code}") from None
    except smtplib.SMTPException as error:
        raise NotTaken(f"the mail server broke off ({type(error).__name__})") from None
    except TimeoutError:
        raise NotTaken(f"the mail server did not answer in {TIMEOUT:.0f} seconds") from None
    except OSError as error:
        raise NotTaken(f"the mail server cannot be reached ({error.strerror or type(error).__name__})") from None


def _connect(server: Server) -> smtplib.SMTP:
    if server.tls:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=ssl.create_default_context())
    return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)


def keep(made: EmailMessage, *, folder: Path) -> None:
    """Put the message into a maildir instead of sending it: the demonstration's mailbox."""
    folder.mkdir(parents=True, exist_ok=True)
    mailbox.Maildir(folder / "maildir", create=True).add(made)


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
