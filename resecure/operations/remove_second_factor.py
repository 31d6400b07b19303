"""Remove second factor: one of one's own."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from resecure.audit import record
from resecure.audit.events import Event
from resecure.identity import second_factors, sessions
from resecure.identity.accounts import Account, touch
from resecure.identity.second_factors import SecondFactor
from resecure.operations.shared.frame import RECORDED, insist_proven_or_new, locked_own, record_refusal
from resecure.operations.shared.going_on import go_on_alone
from resecure.operations.shared.progress import Client
from resecure.operations.shared.telling import tell
from resecure.policy.refusals import NotFound, Refusal, Refused
from resecure.propagation.models import Change


def remove_second_factor(factor: UUID, *, by: Account, client: Client) -> str:
    """Afterwards it opens nothing and proves nothing, also in the session that asks, which goes on in a fresh one
    whose token is returned; every other session is over. With the last factor the recovery codes go.

    Who holds an administrator role keeps one. Raises SecondFactorNeeded, Refused, NotFound, NotSignedIn.
    """
    now = timezone.now()
    try:
        with transaction.atomic():
            account = locked_own(by)
            insist_proven_or_new(by)
            held = SecondFactor.objects.filter(pk=factor, account=by.pk).first()
            if held is None:
                raise NotFound
            if len(second_factors.of(by.pk)) == 1:
                _insist_may_go_without(account)
            proof = sessions.proof_of(by.acting_session) if by.acting_session else None
            held.delete()
            if not second_factors.has_one(by.pk):
                second_factors.forget_all(by.pk)
            if proof is not None and proof.factor == factor:
                proof = None  # it proves nothing any more
            token = go_on_alone(account, proof=proof, client=client, now=now)
            touch(account, by=by.pk, now=now, second_factor_changed_at=now)
            tell(Change.SECOND_FACTOR_REMOVED, account, at=now)
            record.append(
                Event.SECOND_FACTOR_REMOVED,
                actor=by.pk,
                target=by.pk,
                organisation_path=account.organisation_path,
                at=now,
                details={"kind": held.kind, "from": client.address},
            )
    except RECORDED as refusal:
        record_refusal(refusal, account=by.pk, by=by, now=now, asked="remove_second_factor")
        raise
    return token


def _insist_may_go_without(account: Account) -> None:
    _factor, administers = second_factors.has_one_and_a_role(account.pk)
    if administers and settings.RESECURE.second_factor_required:
        raise Refused(
            Refusal(
                "last_second_factor",
                _("This is your last one, and you hold an administrator role."),
                _("Add another one first."),
            )
        )
    if account.password_is_short:
        raise Refused(
            Refusal(
                "password_too_short_alone",
                _("This is your last one, and your password is too short to stand alone."),
                _("Change your password to a longer one first."),
            )
        )
