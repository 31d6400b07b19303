"""Close a delivery that can never be made: what it means, why, Confirm."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.having_done import go_on_having_done
from resecure.entrypoints.web.http import me_of
from resecure.entrypoints.web.user_management.forms import CloseForm
from resecure.entrypoints.web.user_management.shared import look, page, put_beside_fields
from resecure.identity.resecurings import Resecuring
from resecure.operations.close_delivery import close_delivery
from resecure.policy.actions import Facts, reasons_of_standing
from resecure.policy.refusals import Invalid, NotFound, Refusal, Refused
from resecure.policy.roles import Permission
from resecure.propagation import outbox


@administrator
@require_http_methods(["GET", "HEAD", "POST"])
def close_delivery_page(request: HttpRequest, resecuring_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Say what it means, ask why; on Confirm nobody waits for it any more."""
    found = Resecuring.objects.filter(pk=resecuring_id).first()
    # For an unknown one the account is looked for all the same: the time must not tell the two apart.
    facts = look(request, found.account_id if found else resecuring_id)
    if found is None:
        raise NotFound
    each = next((each for each in outbox.progress(resecuring=found.pk) if each.delivery == delivery_id), None)
    if each is None:
        raise NotFound
    if request.method != "POST":
        return _show(request, facts, found, each, CloseForm(), reasons_of_standing(Permission.RESECURE, facts))
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _show(request, facts, found, each, form)
    try:
        close_delivery(delivery_id, resecuring=found.pk, because=form.cleaned_data["because"], by=me_of(request))
    except Invalid as invalid:
        put_beside_fields(form, invalid)
        return _show(request, facts, found, each, form)
    except Refused as refused:
        return _show(request, facts, found, each, form, refused.reasons)
    return go_on_having_done(request, reverse("user_management:resecuring", args=[found.pk]), "closed")


def _show(
    request: HttpRequest,
    facts: Facts,
    found: Resecuring,
    each: outbox.Progress,
    form: CloseForm,
    reasons: list[Refusal] | None = None,
) -> HttpResponse:
    name = each.name or str(each.system.label)
    context = {
        "page_title": _("Close %(name)s without an answer?") % {"name": name},
        "account": facts.account,
        "form": form,
        "fields": ["because"],
        "button": _("Confirm"),
        "variant": "warning",
        "effects": [
            _("Nothing is sent there any more about this resecuring: %(change)s.") % {"change": each.change.label},
            _("It does not count as told or confirmed. Sessions of the person may live on there."),
            _("The resecuring shows as closed, not complete, with your name, the time and your reason."),
            _("It cannot be opened again. If the system may come back, wait or send again instead."),
        ],
        "back_href": reverse("user_management:resecuring", args=[found.pk]),
        "back_text": _("Back to the resecuring"),
    }
    return page(request, "action", context, reasons=reasons or ())
