"""Signing in, its steps, and signing out. A step's page opens only when it is that step's turn."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from resecure.entrypoints.web.access import half_signed_in, public, signed_in
from resecure.entrypoints.web.forms import PageForm
from resecure.entrypoints.web.having_done import done_here, go_on_having_done
from resecure.entrypoints.web.help.policy_text import blocks
from resecure.entrypoints.web.http import (
    clear_session,
    clear_sign_in,
    client_of,
    me_of,
    next_of,
    same_site,
    session_of,
    set_browser,
    set_next,
    set_session,
    set_sign_in,
    sign_in_handle,
)
from resecure.entrypoints.web.language import chosen
from resecure.entrypoints.web.second_factor import asked
from resecure.entrypoints.web.sign_in.forms import SignInForm
from resecure.entrypoints.web.sign_in.steps import STEPS, StepPage, href_of, place_of
from resecure.identity.accounts import Account
from resecure.identity.agreements import current_aup
from resecure.identity.pending_contacts import number_of
from resecure.identity.sign_ins import SignIn
from resecure.operations import end_session
from resecure.operations.shared import step_frame
from resecure.operations.shared.progress import Progress
from resecure.operations.shared.proving import question
from resecure.operations.sign_in import sign_in
from resecure.operations.stop_sign_in import stop_sign_in
from resecure.policy.next_sign_in import Step
from resecure.policy.passwords import Rule, password_rules
from resecure.policy.refusals import Invalid, NotFound, NotSignedIn, PolicyNotPublished, Refused, Throttled
from resecure.policy.secrets import secret_rules

# Pages of ours that lead to another site.
LEADING_OUT = ("/oidc/", "/forward/")
NOT_READY = gettext_lazy(
    "Nobody can sign in yet: the acceptable use policy has not been published. Tell your administrator; the operator "
    "of the service must publish it. Your password was not used up"
)


@require_http_methods(["GET", "HEAD", "POST"])
@public
def start(request: HttpRequest) -> HttpResponse:
    """Address and password. One answer for every failure; who is half-way is led to where they stopped."""
    target = same_site(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.method != "POST":
        return _first_page(request, target)
    form = SignInForm(request.POST)
    if not form.is_valid():
        return start_page(request, form, target)
    try:
        progress = sign_in(form.cleaned_data["address"], form.cleaned_data["password"], client=client_of(request))
    except NotSignedIn:
        form.add_error(None, _("The address or the password is not right, or the account cannot be used just now"))
        return start_page(request, form, target)
    except PolicyNotPublished:
        form.add_error(None, NOT_READY)
        return start_page(request, form, target, status=503)
    except Throttled as throttled:
        form.add_error(None, _("Too many failed tries. Try again in %(wait)s") % {"wait": waiting(throttled.seconds)})
        response = start_page(request, form, target, status=429)
        response["Retry-After"] = str(throttled.seconds)
        return response
    if request.me is not None:  # type: ignore[attr-defined]
        # Somebody else signs in on this browser: the session that was here must not live on unseen.
        with suppress(NotFound):
            end_session.sign_out(session_of(request), by=me_of(request))
    home = HttpResponseRedirect(onwards_to(target) if target else reverse("my_account:home"))
    response = go_on(request, progress, home)
    if progress.session is None:
        set_next(response, target)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@half_signed_in
def second_factor(request: HttpRequest) -> HttpResponse:
    return _serve(request, STEPS[Step.SECOND_FACTOR])


@require_http_methods(["GET", "HEAD", "POST"])
@half_signed_in
def new_password(request: HttpRequest) -> HttpResponse:
    return _serve(request, STEPS[Step.NEW_PASSWORD])


@require_http_methods(["GET", "HEAD", "POST"])
@half_signed_in
def aup(request: HttpRequest) -> HttpResponse:
    return _serve(request, STEPS[Step.AUP])


@require_http_methods(["GET", "HEAD", "POST"])
@half_signed_in
def profile(request: HttpRequest) -> HttpResponse:
    return _serve(request, STEPS[Step.PROFILE])


@require_http_methods(["GET", "HEAD", "POST"])
@half_signed_in
def account_secret(request: HttpRequest) -> HttpResponse:
    return _serve(request, STEPS[Step.ACCOUNT_SECRET])


@require_safe
@signed_in
def onwards(request: HttpRequest) -> HttpResponse:
    """A moment's page on the way from the sign-in to an application."""
    target = same_site(request, request.GET.get("next", "")) or reverse("my_account:home")
    return render(request, "sign_in/onwards.jinja", {"page_title": _("You are signed in"), "onwards_href": target})


@require_POST
@public
def cancel(request: HttpRequest) -> HttpResponse:
    """Afterwards the half-way sign-in is over, and this browser no longer holds it; the same answer where it was
    over before."""
    with suppress(NotSignedIn):
        stop_sign_in(sign_in_handle(request))
    response = go_on_having_done(request, reverse("sign_in:start"), "stopped", nobody=True)
    clear_sign_in(response)
    return response


@require_POST
@public
def sign_out(request: HttpRequest) -> HttpResponse:
    """Afterwards the session is over and the browser holds nothing; the same answer where it was over before."""
    if request.me is not None:  # type: ignore[attr-defined]
        with suppress(NotFound):
            end_session.sign_out(session_of(request), by=me_of(request))
    with suppress(NotSignedIn):
        stop_sign_in(sign_in_handle(request))
    response = go_on_having_done(request, reverse("sign_in:start"), "signed_out", nobody=True)
    clear_session(response)
    clear_sign_in(response)
    return response


def waiting(seconds: int) -> str:
    """A time to wait, in words, rounded up."""
    minutes = -(-seconds // 60)
    return ngettext("%(minutes)d minute", "%(minutes)d minutes", minutes) % {"minutes": minutes}


def markable(rules: list[Rule]) -> list[dict[str, str]]:
    """The rules as the page's list of requirements takes them."""
    return [{"text": rule.text, "rule": rule.check, "value": rule.value} for rule in rules]


def onwards_to(target: str) -> str:
    """Where a form may lead. Browsers follow a form to no other site (form-action), and an application is one: to
    where that may be, a page of ours leads on by itself."""
    return f"{reverse('sign_in:onwards')}?{urlencode({'next': target})}" if target.startswith(LEADING_OUT) else target


def _first_page(request: HttpRequest, target: str) -> HttpResponse:
    if request.me is not None and "anew" not in request.GET:  # type: ignore[attr-defined]
        return HttpResponseRedirect(target or reverse("my_account:home"))
    if (owed := _owed_by_the_cookie(request)) is None:
        return start_page(request, SignInForm(initial={"address": request.GET.get("address", "")[:254]}), target)
    response = HttpResponseRedirect(owed)
    if target:
        set_next(response, target)
    return response


def _owed_by_the_cookie(request: HttpRequest) -> str | None:
    try:
        owed = step_frame.owed_by(step_frame.current(sign_in_handle(request)))
    except NotSignedIn:
        return None
    return href_of(owed[0]) if owed else None


def start_page(request: HttpRequest, form: SignInForm, target: str, *, status: int = 200) -> HttpResponse:
    notices = []
    if not form.is_bound:
        done = done_here(request)
        if done == "signed_out":
            notices.append({"kind": "success", "text": _("You have signed out.")})
        elif done == "stopped":
            notices.append(
                {
                    "kind": "information",
                    "text": _(
                        "You stopped before the last step, so nothing is open. If you had not yet chosen a new "
                        "password, your temporary one is used up: ask your administrator for another."
                    ),
                }
            )
        elif "anew" in request.GET and target.startswith(LEADING_OUT):
            text = _("The application asks you to sign in again.")
            notices.append({"kind": "information", "text": text})
        elif "ended" in request.GET and _held_something(request):
            notices.append(
                {
                    "kind": "information",
                    "text": _(
                        "You are no longer signed in. A session ends after a while without use, when the password "
                        "changes, and when an administrator takes the account back. Sign in again to go on."
                    ),
                }
            )
    context = {"form": form, "next": target, "notices": notices, "throttled": status == 429}
    context["passkey"] = settings.RESECURE.passkey_sign_in
    context |= asked(request, None)
    # Asked of the form, not of the failure: the words below it are the same for every reason.
    context["refused"] = status == 200 and bool(form.non_field_errors())
    return render(request, "sign_in/start.jinja", context, status=status)


def _held_something(request: HttpRequest) -> bool:
    """Whether this browser was signed in, or half-way: a cookie that no longer opens anything stays in it."""
    return any(request.COOKIES.get(name) for name in (settings.SESSION_COOKIE, settings.SIGN_IN_COOKIE))


def go_on(request: HttpRequest, progress: Progress, response: HttpResponse) -> HttpResponse:
    """To the next step, or with a session where this answer leads."""
    if progress.session is not None:
        set_session(response, progress.session)
        if progress.browser is not None:
            set_browser(response, progress.browser)
        rotate_token(request)
        return response
    response = HttpResponseRedirect(href_of(progress.owed[0]))
    if progress.handle is not None and progress.handle != sign_in_handle(request):
        set_sign_in(response, progress.handle)
        rotate_token(request)
    return response


def _serve(request: HttpRequest, page: StepPage) -> HttpResponse:
    """Show a step or take it; out of its turn, lead to the one whose turn it is."""
    sign_in: SignIn = request.sign_in  # type: ignore[attr-defined]
    owed = step_frame.owed_by(sign_in)
    if owed[0] is not page.step:
        return _out_of_turn(request, page, owed)
    if request.method != "POST":
        return _step_page(request, page, page.form(**_shown_first(page, sign_in)), owed)
    form = page.form(request.POST)
    if not form.is_valid():
        return _step_page(request, page, form, owed)
    try:
        progress = page.take(sign_in_handle(request), {**form.cleaned_data, **_more(request, page)})
    except Throttled as throttled:
        return _throttled(request, page, form, owed, throttled.seconds)
    except Invalid as invalid:
        for name, texts in invalid.errors.items():
            form.add_error(name if name in form.fields else None, texts)
        return _step_page(request, page, form, owed)
    except Refused as refused:
        if any(reason.code == "aup_changed" for reason in refused.reasons):
            return _step_page(request, page, page.form(), owed, changed=True)
        # Another tab took this step a moment ago.
        current = step_frame.owed_by(step_frame.current(sign_in_handle(request)))
        if not current:
            raise NotSignedIn from None
        return _to_owed(request, current, refused=True)
    return go_on(request, progress, _after(request, page, sign_in))


def _after(request: HttpRequest, page: StepPage, sign_in: SignIn) -> HttpResponse:
    """Where a step leads if it was the last."""
    if page.step is Step.SECOND_FACTOR:
        target = next_of(request)  # nothing was recorded that the person should read of
        return HttpResponseRedirect(onwards_to(target) if target else reverse("my_account:home"))
    accepted = sign_in.aup_agreed_id is not None or page.step is Step.AUP
    return home_of(request, done="accepted" if accepted else "steps", account=sign_in.account_id)


def _throttled(request: HttpRequest, page: StepPage, form: PageForm, owed: list[Step], seconds: int) -> HttpResponse:
    form.add_error(None, _("Too many wrong codes. Try again in %(wait)s") % {"wait": waiting(seconds)})
    response = _step_page(request, page, form, owed)
    response.status_code, response["Retry-After"] = 429, str(seconds)
    return response


def home_of(request: HttpRequest, *, done: str, account: UUID) -> HttpResponse:
    """Home, where the person reads that all is recorded; from there on to what they asked for before the steps."""
    return go_on_having_done(request, reverse("my_account:home"), done, account=account, then=next_of(request))


def _more(request: HttpRequest, page: StepPage) -> dict[str, Any]:
    """What a step needs beside what was typed."""
    return {"client": client_of(request)} if page.step is Step.SECOND_FACTOR else {}


def _out_of_turn(request: HttpRequest, page: StepPage, owed: list[Step]) -> HttpResponse:
    """What was sent is on record; a page that is looked at is not."""
    if request.method == "POST":
        with suppress(Refused):
            step_frame.insist_on_turn(page.step, request.sign_in)  # type: ignore[attr-defined]
    return _to_owed(request, owed, refused=request.method == "POST")


def _to_owed(request: HttpRequest, owed: list[Step], *, refused: bool) -> HttpResponse:
    here = href_of(owed[0])
    return go_on_having_done(request, here, "not_this_step") if refused else HttpResponseRedirect(here)


def _shown_first(page: StepPage, sign_in: SignIn) -> dict[str, Any]:
    if page.step is not Step.PROFILE:
        return {}
    return {"initial": profile_of(sign_in.account)}


def profile_of(account: Account) -> dict[str, str]:
    """What the form for the profile begins with."""
    names = ("given_name", "family_name", "job_title")
    return {
        **{name: getattr(account, name) for name in names},
        "mobile": number_of(account),
        "language": chosen(account),
    }


def _step_page(
    request: HttpRequest, page: StepPage, form: PageForm, owed: list[Step], *, changed: bool = False
) -> HttpResponse:
    sign_in: SignIn = request.sign_in  # type: ignore[attr-defined]
    number, of = place_of(sign_in, owed)
    notices = []
    if done_here(request) == "not_this_step":
        text = _("What you sent was not this step, or was already done. Nothing more was changed. Go on here.")
        notices.append({"kind": "information", "text": text})
    context: dict[str, Any] = {
        "form": form,
        "heading": page.heading,
        "number": number,
        "of": of,
        "last": len(owed) == 1,
        "account": sign_in.account,
        "notices": notices,
    }
    if page.step is Step.SECOND_FACTOR:
        context |= asked(request, question(sign_in.account, bound_to=sign_in.pk))
    elif page.step is Step.NEW_PASSWORD:
        context["rules"] = markable(password_rules(sign_in.account))
    elif page.step is Step.ACCOUNT_SECRET:
        context["rules"] = markable(secret_rules(sign_in.account))
    elif page.step is Step.AUP:
        version = current_aup()
        context |= {"version": version, "blocks": blocks(version.text)}
        if changed or sign_in.aup_at is not None:
            text = _("The policy changed after you opened it. This is the new version: read it before you accept.")
            notices.append({"kind": "warning", "text": text})
    return render(request, page.template, context)
