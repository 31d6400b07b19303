"""Publish a version of the acceptable use policy."""

from __future__ import annotations

import hashlib

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity.accounts import Account
from resecure.identity.agreements import AupVersion
from resecure.operations.shared.frame import record_refusal
from resecure.operations.shared.typed import one_line
from resecure.policy.refusals import Invalid, Refusal, Refused

VERSION_ONCE = "identity_aupversion_version_key"  # the database's name of it
LONGEST_VERSION = 20
LONGEST_TEXT = 200_000


def publish_aup(*, version: str, text: str, by: Account) -> AupVersion:
    """Afterwards this is the version that must be accepted: whoever has accepted another accepts this one at
    the next sign-in. Sessions go on. A published text never changes. Only the service's own account, that is
    an operator at the console, publishes. Raises Refused, Invalid."""
    now = timezone.now()
    if not by.is_system:
        refusal = Refused(
            Refusal(
                "role_does_not_allow",
                _("Your role does not allow this."),
                _("Ask the operator of the service to publish it."),
            )
        )
        record_refusal(refusal, account=None, by=by, now=now, asked="publish_aup")
        raise refusal
    version = one_line(version)
    _insist_on_use(version, text)
    try:
        with transaction.atomic():
            made = AupVersion.objects.create(version=version, text=text.strip() + "\n", published_at=now)
            record.append(
                Event.AUP_PUBLISHED,
                actor=by.pk,
                target=None,
                at=now,
                details={"version": version, "sha256": hashlib.sha256(made.text.encode()).hexdigest()},
            )
    except IntegrityError as error:
        if not _is_taken(error):
            raise
        raise Invalid(
            {"version": [_("This version was published before; give the new text a version of its own")]}
        ) from None
    return made


def _is_taken(error: IntegrityError) -> bool:
    """Whether it is the version that stands there already, and not some other rule of the database."""
    broken = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    return broken == VERSION_ONCE


def _insist_on_use(version: str, text: str) -> None:
    errors: dict[str, list[str]] = {}
    if not version or len(version) > LONGEST_VERSION:
        errors["version"] = [_("Enter a version of 1 to %(most)d characters") % {"most": LONGEST_VERSION}]
    if not text.strip():
        errors["text"] = [_("The text is empty")]
    elif len(text) > LONGEST_TEXT or "\x00" in text:
        errors["text"] = [_("This is not a text of at most %(most)d characters") % {"most": LONGEST_TEXT}]
    if errors:
        raise Invalid(errors)
