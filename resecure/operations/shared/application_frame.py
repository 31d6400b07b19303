"""What operations on applications stand in: who may, one transaction, the record, and the refusal on record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import applications
from resecure.identity.accounts import Account
from resecure.identity.applications import Application, Kind
from resecure.identity.organisations import Organisation, by_code
from resecure.identity.roles import held_by
from resecure.operations.shared.frame import RECORDED, insist_proven, insist_still_acting, record_refusal
from resecure.operations.shared.typed import name_part
from resecure.policy.refusals import Invalid, NotFound, Refusal, Refused
from resecure.policy.roles import Permission, role_of

MOST_ADDRESSES = 20
LONGEST = 500
# A scheme of an application on a device: the reverse of a domain, so that no two use one (RFC 8252, 7.1).
OWN_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")


@dataclass(kw_only=True)
class ApplicationFrame:
    """An operation under way: who, when, on which application; and what its record will say."""

    by: Account
    now: datetime
    application: Application | None = None
    details: dict[str, Any] = field(default_factory=dict)


def look_at_applications(*, by: Account) -> list[Application]:
    """Every registered application, for whoever may manage them. Raises Refused, on record."""
    _insist_may_manage(by)
    return list(applications.registered())


def look_at_application(application: UUID, *, by: Account) -> Application:
    """One of them. Raises Refused, NotFound."""
    _insist_may_manage(by)
    found = applications.find(application)
    if found is None:
        raise NotFound
    return found


def _insist_may_manage(by: Account) -> None:
    if may_manage(by):
        return
    refusal = _not_for_this_role()
    record_refusal(refusal, account=None, by=by, now=timezone.now(), asked=Permission.REGISTER_APPLICATION.value)
    raise refusal


def _not_for_this_role() -> Refused:
    return Refused(
        Refusal("role_does_not_allow", _("Your role does not allow this."), _("Ask a Global Administrator."))
    )


def may_manage(by: Account) -> bool:
    """Whether this person manages applications: by a role that does, wherever it is held."""
    return by.is_system or any(
        Permission.REGISTER_APPLICATION in role_of(grant).permissions for grant in held_by(by.pk)[by.pk]
    )


@contextmanager
def managing(event: Event, *, by: Account, application: UUID | None = None) -> Iterator[ApplicationFrame]:
    """Open the transaction, check who asks, lock the application if one is named; at the end write the record.

    Raises Refused, NotFound, NotSignedIn: on record, and nothing changed.
    """
    now = timezone.now()
    try:
        with transaction.atomic():
            if not by.is_system:
                insist_still_acting(by)
                insist_proven(by)
            if not may_manage(by):
                raise _not_for_this_role()
            frame = ApplicationFrame(by=by, now=now)
            if application is not None:
                found = Application.objects.select_for_update().filter(pk=application, removed_at=None).first()
                if found is None:
                    raise NotFound
                frame.application = found
            yield frame
            made = frame.application
            assert made is not None
            record.append(
                event,
                actor=by.pk,
                target=None,
                at=now,
                details={"application": str(made.pk), "name": made.name, **frame.details},
            )
    except RECORDED as refusal:
        record_refusal(refusal, account=None, by=by, now=now, asked=event.value)
        raise


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What is typed about an application, as typed. Every list in the order given."""

    name: str
    address: str = ""
    redirect_addresses: Sequence[str] = ()
    after_sign_out_addresses: Sequence[str] = ()
    logout_address: str = ""
    question_address: str = ""
    asks_each_time: bool = False
    organisations: Sequence[str] = ()


def checked(typed: Registration, kind: Kind) -> tuple[dict[str, Any], list[Organisation]]:
    """The columns and the organisations, or Invalid with what is wrong with each field."""
    errors: dict[str, list[str]] = {}
    columns: dict[str, Any] = {"asks_each_time": typed.asks_each_time or kind is Kind.FORWARD}

    def keep(name: str, value: Any) -> None:
        try:
            columns[name] = value()
        except Invalid as invalid:
            errors.update(invalid.errors)

    signs_in = kind in {Kind.WEB, Kind.PUBLIC}
    keep("name", lambda: name_part("name", typed.name, most=100))
    keep("address", lambda: _one("address", typed.address, required=kind is Kind.FORWARD))
    keep(
        "redirect_addresses",
        lambda: _several("redirect_addresses", typed.redirect_addresses if signs_in else [], kind, required=signs_in),
    )
    keep(
        "after_sign_out_addresses",
        lambda: _several("after_sign_out_addresses", typed.after_sign_out_addresses if signs_in else [], kind),
    )
    # Without an address to be told at, the application's own session would outlive ours.
    told = kind is Kind.WEB and not columns["asks_each_time"]
    keep("logout_address", lambda: _one("logout_address", typed.logout_address if signs_in else "", required=told))
    keep("question_address", lambda: _one("question_address", typed.question_address if signs_in else ""))
    if kind is Kind.FORWARD and "address" in columns and urlsplit(columns["address"]).path.strip("/"):
        errors["address"] = [_("Enter only the beginning of the address, like https://rota.example.org")]
    organisations = []
    for code in dict.fromkeys(each.strip().upper() for each in typed.organisations if each.strip()):
        found = by_code(code)
        if found is None:
            errors["organisations"] = [_("There is no organisation with the code %(code)s") % {"code": code}]
        else:
            organisations.append(found)
    if errors:
        raise Invalid(errors)
    columns["address"] = columns["address"].rstrip("/") if kind is Kind.FORWARD else columns["address"]
    return columns, organisations


def _several(name: str, given: Sequence[str], kind: Kind, *, required: bool = False) -> list[str]:
    found = list(dict.fromkeys(each.strip() for each in given if each.strip()))
    if required and not found:
        raise Invalid({name: [_("Enter at least one address")]})
    if len(found) > MOST_ADDRESSES:
        raise Invalid({name: [_("Enter at most %(most)d addresses") % {"most": MOST_ADDRESSES}]})
    for each in found:
        _insist_usable(name, each, own_scheme=kind is Kind.PUBLIC)
    return found


def _one(name: str, given: str, *, required: bool = False) -> str:
    found = given.strip()
    if not found and required:
        raise Invalid({name: [_("Enter an address, like https://rota.example.org/signed-out")]})
    if found:
        _insist_usable(name, found)
    return found


def _insist_usable(name: str, address: str, *, own_scheme: bool = False) -> None:
    """Only what can be compared letter by letter, and where nothing can be read on the way."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        parts.port  # noqa: B018 - raises for what is no port
    except ValueError:
        parts, host = urlsplit(""), ""
    plain = address.isascii() and address.isprintable() and not set(address) & set(' "<>\\^`{|}*#')
    if len(address) > LONGEST or not plain or "@" in parts.netloc:
        wrong = _("Enter a plain address without spaces, wildcards, names or a part after #: %(address)s")
    elif own_scheme and OWN_SCHEME.fullmatch(parts.scheme):
        return
    elif not host or parts.scheme not in {"http", "https"}:
        wrong = _("Enter a whole address that begins with https://: %(address)s")
    elif parts.scheme == "http" and not _is_this_machine(host):
        wrong = _("Begin with https://, so that nobody reads it on the way: %(address)s")
    else:
        return
    raise Invalid({name: [wrong % {"address": address[:100]}]})


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
