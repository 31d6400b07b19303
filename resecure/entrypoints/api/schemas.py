"""What comes in and goes out, as types. OpenAPI is made from them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import AfterValidator, Field, StrictBool, model_validator

from resecure.identity.confirmations import Document, Method, Purpose
from resecure.identity.resecurings import Trigger
from resecure.identity.roles import RoleName


def _storable(text: str) -> str:
    # NUL cannot be stored in PostgreSQL and a lone surrogate in no UTF-8 at all.
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError(_("This holds a character that cannot be stored."))
    return text


Text = Annotated[str, AfterValidator(_storable), Field(max_length=1000)]
# Longer than any password may be: whoever sends more is answered before anything is hashed.
Password = Annotated[str, AfterValidator(_storable), Field(max_length=1024, json_schema_extra={"format": "password"})]
# Its length is the operation's to judge.
Letter = Annotated[str, AfterValidator(_storable), Field(max_length=20, json_schema_extra={"format": "password"})]


# --- in


class SignInIn(Schema):
    address: Text
    password: Password


class NewPasswordIn(Schema):
    password: Password


class AupIn(Schema):
    version: Text


class ProfileIn(Schema):
    given_name: Text
    family_name: Text
    mobile: Text = ""
    job_title: Text = ""
    language: Text | None = None


class SecretIn(Schema):
    secret: Password


class ChangePasswordIn(Schema):
    old: Password
    new: Password


Addresses = Annotated[list[Text], Field(max_length=50)]


class ApplicationIn(Schema):
    """An application as it is to be registered; what its kind does not have is left out."""

    name: Text
    address: Text = ""
    redirect_addresses: Addresses = []
    after_sign_out_addresses: Addresses = []
    logout_address: Text = ""
    question_address: Text = ""
    asks_each_time: StrictBool = False
    organisations: Addresses = []


class ApplicationNewIn(ApplicationIn):
    kind: Literal["web", "public", "machine", "forward"]


class AccountIn(Schema):
    organisation: Text
    address: Text
    given_name: Text
    family_name: Text
    job_title: Text = ""
    mobile: Text = ""


class ConfirmationIn(Schema):
    method: Method
    reference: Text
    operation: Purpose = Purpose.RESECURE
    document: Document | None = None
    code: Text = ""


class CodeIn(Schema):
    operation: Purpose = Purpose.RESECURE


class CodeSent(Schema):
    expires_at: datetime


class LettersIn(Schema):
    """The ``question`` that was asked, the three letters in the order of its positions, and what a yes is for."""

    question: UUID
    letters: list[Letter] = Field(min_length=3, max_length=3)
    operation: Purpose = Purpose.RESECURE
    reference: Text = ""


class QuestionOut(Schema):
    """``words``: of a legacy question; empty where letters of the account secret are asked for."""

    question: UUID
    positions: list[int]
    words: str
    expires_at: datetime


class LettersOut(Schema):
    """``confirmation`` after a yes. After a no, what it led to; never which letter was wrong."""

    yes: bool
    confirmation: ConfirmationOut | None
    locked: bool
    locked_until: datetime | None
    tries_left: int


class CannotConfirmIn(Schema):
    said: Text = ""


class ResecureIn(Schema):
    because: Trigger
    confirmation: UUID | None = None


class TemporaryPasswordIn(Schema):
    """Either ``generate`` or ``password``. ``reason`` where no change is required; ``generation`` is what the
    caller saw: if somebody acted since, nothing happens."""

    generate: StrictBool = False
    password: Password | None = None
    require_change: StrictBool = True
    reason: Text = ""
    confirmation: UUID | None = None
    generation: int | None = Field(None, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _one_of_two(self) -> TemporaryPasswordIn:
        if self.generate == (self.password is not None):
            raise ValueError(_('Send either "generate": true or a "password".'))
        return self


class UnlockIn(Schema):
    confirmation: UUID | None = None


class ShutIn(Schema):
    """May be left out. ``though_it_is_the_last``: also where the organisation is left with too few administrators."""

    though_it_is_the_last: StrictBool = False


class JoinIn(Schema):
    organisation: Text


class RoleIn(Schema):
    role: RoleName
    organisation: Text
    reaches_children: StrictBool = True


# --- out


class Reason(Schema):
    code: str
    text: str
    instead: str


class Problem(Schema):
    """Every error. ``code`` is stable; ``title`` and ``detail`` are for people."""

    type: str
    status: int
    code: str
    title: str
    detail: str
    reasons: list[Reason] | None = None
    errors: dict[str, list[str]] | None = None


class SessionOpened(Schema):
    """``session`` is null where a browser asked by cookie: it is in the new cookie then."""

    session: str | None


class StepsOwed(Schema):
    sign_in: str
    owed: list[Literal["second_factor", "new_password", "add_second_factor", "aup", "profile", "account_secret"]]


class AupOut(Schema):
    version: str
    text: str


class OrganisationOut(Schema):
    code: str
    name: str


class RoleOut(Schema):
    id: int
    role: RoleName
    organisation: OrganisationOut
    reaches_children: bool
    granted_at: datetime


class SessionOut(Schema):
    id: UUID
    started_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    client_address: str | None
    client_name: str
    current: bool


class Sessions(Schema):
    items: list[SessionOut]


class Found(Schema):
    id: UUID
    name: str
    address: str
    job_title: str
    status: str
    organisation: OrganisationOut


class FoundPage(Schema):
    """``too_many``: more match than could be looked through, so some may be missing; search for more letters."""

    items: list[Found]
    next: str | None
    too_many: bool


class Who(Schema):
    id: UUID
    name: str


class Agreement(Schema):
    """``state``: whether the acceptance that counts is of the current version."""

    state: Literal["accepted", "older_version_accepted", "not_accepted"]
    version: str | None
    accepted_at: datetime | None


class Action(Schema):
    allowed: bool
    reasons: list[Reason]


class MethodOut(Action):
    """``number`` is what to ring: shown, never typed. ``of``: whose it is, where it is the line manager's."""

    number: str | None
    of: str | None


class Unsure(Schema):
    name: str
    at: datetime


class CautionOut(Schema):
    """Administrators who could not confirm somebody who asked for this account. It blocks nothing."""

    until: datetime
    unsure: list[Unsure]


class AccountOut(Schema):
    id: UUID
    address: str
    given_name: str
    family_name: str
    job_title: str
    mobile: str
    organisation: OrganisationOut
    status: str
    status_since: datetime
    generation: int
    created_at: datetime
    created_by: Who | None
    updated_at: datetime
    updated_by: Who | None
    last_sign_in_at: datetime | None
    aup: Agreement
    account_secret_set: bool
    awaiting_temporary_password: bool
    temporary_password_expires_at: datetime | None
    live_sessions: int
    roles: list[RoleOut]
    resecuring: UUID | None
    actions: dict[str, Action]
    confirmation_methods: dict[str, MethodOut]
    caution: CautionOut | None


class AccountState(Schema):
    id: UUID
    status: str
    generation: int


class ConfirmationOut(Schema):
    id: UUID
    operation: str
    expires_at: datetime


class ResecuringBegun(Schema):
    resecuring: UUID
    account: UUID
    begun_at: datetime
    finish_by: datetime


class TemporaryPasswordOut(Schema):
    """``password`` is null in the answer to a repeated request: it was shown before."""

    password: str | None
    expires_at: datetime | None
    require_change: bool


class Effect(Schema):
    at: datetime


class Effects(Schema):
    password_reset: Effect
    aup_status_reset: Effect
    account_secret_reset: Effect
    all_sessions_revoked: Effect
    second_factor_reset: Effect | None  # None where the policy leaves it alone


class CloseIn(Schema):
    because: Text


class SystemOut(Schema):
    delivery: UUID
    system: str
    # The application, where that is the system.
    name: str
    change: str
    state: str
    requested_at: datetime
    told_at: datetime | None
    acknowledged_at: datetime | None
    confirmed_at: datetime | None
    milliseconds: int | None
    attempts: int
    failed_because: str
    closed_at: datetime | None
    closed_by: UUID | None
    closed_because: str


class ResecuringOut(Schema):
    id: UUID
    account: UUID
    by: UUID
    because: str
    begun_at: datetime
    finish_by: datetime
    temporary_password_set_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    effects: Effects
    systems: list[SystemOut]
    # Nothing is open, and nothing was closed without an answer.
    complete: bool
    # Nothing is open, and something was closed: closed, not complete.
    closed: bool


class AwaitingOut(Schema):
    id: UUID
    name: str
    address: str
    status: str
    organisation: OrganisationOut
    since: datetime


class Awaiting(Schema):
    items: list[AwaitingOut]


def answers(good: dict[int, Any], *bad: int) -> dict[int, Any]:
    """The answers of a route for OpenAPI: the good ones, and the problems it can give."""
    return {**good, **dict.fromkeys((*bad, 503), Problem)}
