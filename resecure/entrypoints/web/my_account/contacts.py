"""Pages for a new address or number: asked for, confirmed by the code that was sent there, or given up."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from resecure.entrypoints.web.access import signed_in
from resecure.entrypoints.web.having_done import done_here, go_on_having_done
from resecure.entrypoints.web.http import me_of
from resecure.entrypoints.web.my_account.forms import AddressForm, ContactCodeForm
from resecure.identity.contacts import Kind
from resecure.identity.pending_contacts import pending
from resecure.operations import confirm_contact as operation
from resecure.operations.shared.frame import insist_proven_or_new
from resecure.policy.refusals import Invalid, NotFound, Refused


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def address(request: HttpRequest) -> HttpResponse:
    """Ask to be reached by another address."""
    me = me_of(request)
    insist_proven_or_new(me)  # before anything is typed that a fresh sign-in would lose; the write asks again
    form = AddressForm(request.POST) if request.method == "POST" else AddressForm()
    if form.is_bound and form.is_valid():
        try:
            asked = operation.ask_for_address(form.cleaned_data["address"], by=me)
        except Invalid as invalid:
            form.add_error("address", invalid.errors["address"])
        else:
            if asked:
                return HttpResponseRedirect(reverse("my_account:confirm", args=[Kind.ADDRESS.value]))
            form.add_error("address", _("This is the address that your account has"))
    return render(request, "my_account/address.jinja", {"form": form, "account": me})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def confirm(request: HttpRequest, kind: str) -> HttpResponse:
    """Type the code that came by mail or text message."""
    me, wanted = me_of(request), _kind(kind)
    waits = pending(me).get(wanted)
    if waits is None:
        return HttpResponseRedirect(reverse("my_account:profile"))
    form = ContactCodeForm(request.POST) if request.method == "POST" else ContactCodeForm()
    if form.is_bound and form.is_valid():
        try:
            operation.confirm_contact(wanted, form.cleaned_data["code"], by=me)
        except Refused as refused:
            form.add_error("code", [each.whole for each in refused.reasons])
        except NotFound:
            return HttpResponseRedirect(reverse("my_account:profile"))
        else:
            return go_on_having_done(request, reverse("my_account:profile"), wanted.value)
    notices = []
    if done_here(request) == "not_sent":
        text = _("Too many codes were sent in the last hour. Try again in an hour.")
        notices.append({"kind": "warning", "text": text})
    elif done_here(request) == "sent":
        notices.append({"kind": "success", "text": _("Another code is on its way. The one before no longer counts.")})
    context = {"form": form, "waits": waits, "kind": wanted.value, "notices": notices}
    return render(request, "my_account/confirm_contact.jinja", context)


@require_POST
@signed_in
def another(request: HttpRequest, kind: str) -> HttpResponse:
    """Send another code."""
    sent = "sent"
    try:
        operation.send_another_code(_kind(kind), by=me_of(request))
    except Refused:
        sent = "not_sent"
    except NotFound:
        return HttpResponseRedirect(reverse("my_account:profile"))
    return go_on_having_done(request, reverse("my_account:confirm", args=[kind]), sent)


@require_POST
@signed_in
def withdraw(request: HttpRequest, kind: str) -> HttpResponse:
    """Give the new one up."""
    operation.withdraw_contact(_kind(kind), by=me_of(request))
    return go_on_having_done(request, reverse("my_account:profile"), "withdrawn")


def _kind(text: str) -> Kind:
    if text not in Kind.values:
        raise Http404
    return Kind(text)
