"""A resecuring and how far it has got: the effects, the connected systems, the person."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.having_done import go_on_having_done
from resecure.entrypoints.web.http import me_of
from resecure.entrypoints.web.user_management import progress
from resecure.entrypoints.web.user_management.shared import account_href, look, names_of, page
from resecure.identity.confirmations import Method
from resecure.identity.resecurings import Resecuring
from resecure.operations.retry_deliveries import retry_deliveries
from resecure.policy.actions import permissions_over, reasons_not_to, reasons_of_standing
from resecure.policy.refusals import NotFound, Refusal, Refused
from resecure.policy.roles import Permission

REFRESHES = 5  # seconds, where there is no JavaScript to follow it


@administrator
@require_http_methods(["GET", "HEAD", "POST"])
def resecuring(request: HttpRequest, resecuring_id: UUID) -> HttpResponse:
    """Its state, live until nothing is open. A POST asks for what is open to be sent again now."""
    found = Resecuring.objects.filter(pk=resecuring_id).first()
    # For an unknown one the account is looked for all the same: the time must not tell the two apart.
    facts = look(request, found.account_id if found else resecuring_id)
    if found is None:
        raise NotFound
    reasons: list[Refusal] = []
    if request.method == "POST":
        try:
            retry_deliveries(resecuring_id, by=me_of(request))
        except Refused as refused:
            reasons = refused.reasons
        else:
            here = reverse("user_management:resecuring", args=[resecuring_id])
            return go_on_having_done(request, here, "retry")
    context = {
        **progress.context_of(found, facts.account),
        "page_title": _("Resecuring of %(name)s") % {"name": facts.account.name},
        "confirmed": Method(found.method).label,
        "may_retry": Permission.RESET_PASSWORD in permissions_over(facts),
        "may_close": not reasons_of_standing(Permission.RESECURE, facts),
        "approved_by": names_of([found.approved_by]).get(found.approved_by, "") if found.approved_by else "",
        "awaits": facts.awaits_temporary_password,
        "may_set": not reasons_not_to(Permission.RESET_PASSWORD, facts),
        "refreshes": REFRESHES,
        "back_href": account_href(found.account_id),
        "back_text": _("Back to the account"),
    }
    if context["over"]:
        del context["refreshes"]
    if request.headers.get("X-Fragment"):
        return render(request, "user_management/parts/progress.jinja", context)
    return page(request, "resecuring", context, reasons=reasons)
