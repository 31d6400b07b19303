"""Create account."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from resecure.entrypoints.web import errors
from resecure.entrypoints.web.access import administrator
from resecure.entrypoints.web.having_done import go_on_having_done
from resecure.entrypoints.web.http import me_of
from resecure.entrypoints.web.user_management.forms import CreateForm
from resecure.entrypoints.web.user_management.shared import grants_of, page, put_beside_fields
from resecure.operations.create_account import create_account
from resecure.policy.refusals import Invalid, Refusal, Refused
from resecure.policy.roles import Permission, role_of


@administrator
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Ask for a person; afterwards their account waits for its first temporary password."""
    places = [g.organisation for g in grants_of(request) if Permission.CREATE_ACCOUNT in role_of(g).permissions]
    if request.method != "POST":
        if not places:
            return errors.forbidden(request)
        return _show(request, CreateForm(initial={"organisation": places[0].code}))
    form = CreateForm(request.POST)
    if not form.is_valid():
        return _show(request, form)
    try:
        made = create_account(
            by=me_of(request),
            organisation_code=form.cleaned_data["organisation"],
            address=form.cleaned_data["address"],
            given_name=form.cleaned_data["given_name"],
            family_name=form.cleaned_data["family_name"],
            job_title=form.cleaned_data["job_title"],
            mobile=form.cleaned_data["mobile"],
        )
    except Invalid as invalid:
        put_beside_fields(form, invalid)
        return _show(request, form)
    except Refused as refused:
        return _show(request, form, reasons=refused.reasons)
    here = reverse("user_management:temporary_password", args=[made.pk])
    return go_on_having_done(request, here, "created")


def _show(request: HttpRequest, form: CreateForm, *, reasons: list[Refusal] | None = None) -> HttpResponse:
    context = {
        "page_title": _("Create account"),
        "form": form,
        "days": settings.RESECURE.finish_within_days,
        "back_href": reverse("user_management:search"),
        "back_text": _("Back to User Management"),
    }
    return page(request, "create", context, reasons=reasons or ())
