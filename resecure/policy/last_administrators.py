"""The administrators an organisation keeps: whether taking one away would leave too few."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from resecure.identity.accounts import Status
from resecure.identity.roles import RoleGrant, RoleName
from resecure.policy.refusals import Refusal

KEPT = {RoleName.PRIMARY_LOCAL_ADMINISTRATOR: 1, RoleName.LOCAL_ADMINISTRATOR: 2}
# Who is Disabled keeps the role and can do nothing with it. Inactive and Locked are a sign-in or a call away from work.
COUNTED = frozenset({Status.ACTIVE, Status.INACTIVE, Status.LOCKED})


def is_among_the_last(grant: RoleGrant) -> bool:
    """Whether the organisation keeps too few of this role without this grant.

    A grant of an account that is not at work is none of the last: it was missed when the account was shut.
    """
    kept = KEPT.get(RoleName(grant.role), 0)
    if not kept:
        return False
    live = RoleGrant.objects.filter(
        role=grant.role,
        organisation=grant.organisation_id,
        withdrawn_at__isnull=True,
        account__status__in=COUNTED,
    )
    holders = list(live.values_list("pk", flat=True)[: kept + 1])
    return grant.pk in holders and len(holders) <= kept


def those_among_the_last(grants: Iterable[RoleGrant]) -> list[RoleGrant]:
    """Those of these grants without which an organisation has too few administrators."""
    return [grant for grant in grants if is_among_the_last(grant)]


def reasons_to_keep(grants: Iterable[RoleGrant]) -> list[Refusal]:
    """The reason, with one sentence for each organisation, against ending these grants; an empty list if none."""
    last = those_among_the_last(grants)
    if not last:
        return []
    return [
        Refusal(
            "among_the_last",
            " ".join(sentence_of(grant) for grant in last),
            _("Grant the role to somebody else first, or confirm that you mean it."),
        )
    ]


def sentence_of(grant: RoleGrant) -> str:
    """What the organisation would be left with, for a refusal and for the warning before it."""
    kept = KEPT[RoleName(grant.role)]
    return ngettext(
        "%(organisation)s would be left with too few administrators: it keeps at least %(kept)d %(role)s.",
        "%(organisation)s would be left with too few administrators: it keeps at least %(kept)d of the role %(role)s.",
        kept,
    ) % {"organisation": grant.organisation.name, "kept": kept, "role": grant.get_role_display()}
