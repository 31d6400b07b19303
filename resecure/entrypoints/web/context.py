"""What every page shows around its own content."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from resecure.identity.roles import held_by
from resecure.operations.shared.waiting import MOST, waiting_counts
from resecure.policy.roles import Permission, role_of


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Navigation by role, who is signed in, the footer."""
    me = getattr(request, "me", None)
    context: dict[str, Any] = {
        "language": language(),
        "home_href": "/",
        "footer_links": [
            {"text": _("Help"), "href": reverse("help:index")},
            {"text": _("Who to call"), "href": reverse("organisations:find")},
            {"text": _("Acceptable use policy"), "href": reverse("help:aup")},
        ],
    }
    if settings.RESECURE.mail_server is None:
        context["phase"] = _("Demonstration: every person here is invented.")
        context["footer_links"].append({"text": _("Mailbox"), "href": reverse("mailbox:index")})
    if me is not None:
        context |= {
            "me": me,
            "signed_in_as": me.name,
            "account_href": reverse("my_account:profile"),
            "sign_out_href": reverse("sign_in:sign_out"),
            "navigation": _navigation(request, me.pk),
        }
    return context


def language() -> str:
    """The language the page is in, for its ``lang``: a screen reader chooses its voice by it."""
    return (get_language() or "en").partition("-")[0]


def _counted(text: str, count: int) -> str:
    """The word with how many wait for this person; without, where none does."""
    if count == 0:
        return text
    return f"{text} ({count})" if count < MOST else f"{text} ({MOST}+)"


def _navigation(request: HttpRequest, me: Any) -> list[dict[str, Any]]:
    grants = getattr(request, "grants", None)
    if grants is None:
        grants = held_by(me)[me]
    items = [(_("Home"), reverse("my_account:home"))]
    if any(Permission.VIEW_ACCOUNT in role_of(grant).permissions for grant in grants):
        items.append((_("User Management"), reverse("user_management:search")))
        approvals, alerts = waiting_counts(grants, by=me)
        items.append((_counted(_("Approvals"), approvals), reverse("approvals:index")))
        if any(Permission.VIEW_ALERTS in role_of(grant).permissions for grant in grants):
            items.append((_counted(_("Alerts"), alerts), reverse("alerts:index")))
    if any(Permission.VIEW_AUDIT in role_of(grant).permissions for grant in grants):
        items.append((_("Audit"), reverse("audit:index")))
    if any(Permission.REGISTER_APPLICATION in role_of(grant).permissions for grant in grants):
        items.append((_("Applications"), reverse("applications:index")))
    items.append((_("My account"), reverse("my_account:profile")))
    return [
        {
            "text": text,
            "href": href,
            "current": request.path == href or (href != "/" and request.path.startswith(href)),
        }
        for text, href in items
    ]
