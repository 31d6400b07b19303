"""Send the code of a video call: one page, one button, and back to what it is for."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.user_management.shared import account_href, look, page
from resecure.identity.confirmations import Purpose
from resecure.operations.confirm_identity import send_confirmation_code
from resecure.policy.refusals import NotFound, Refused
from resecure.policy.roles import Permission

PAGES = {Purpose.RESECURE: "resecure", Purpose.RESET_PASSWORD: "temporary_password", Purpose.UNLOCK: "unlock"}


@administrator
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, account_id: UUID, purpose: str) -> HttpResponse:
    """The number is shown, never typed. Afterwards the form asks for what the person reads back."""
    facts = look(request, account_id, asked=Permission.CONFIRM_IDENTITY)
    if purpose not in PAGES:
        raise NotFound
    wanted, reasons = Purpose(purpose), []
    if request.method == "POST":
        try:
            send_confirmation_code(account_id, by=facts.by, purpose=wanted)
        except Refused as refused:
            reasons = refused.reasons
        else:
            there = reverse(f"user_management:{PAGES[wanted]}", args=[account_id])
            return HttpResponseRedirect(f"{there}?method=video_call")
    context = {
        "page_title": _("Send a code to the number on record"),
        "account": facts.account,
        "back_href": account_href(account_id),
        "back_text": _("Back to the account"),
    }
    return page(request, "code", context, reasons=reasons)
