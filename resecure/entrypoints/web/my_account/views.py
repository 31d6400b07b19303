"""The home page, and what a person sees and does of their own account."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from resecure.entrypoints.web.access import public, signed_in
from resecure.entrypoints.web.having_done import done_here, go_on_having_done
from resecure.entrypoints.web.help.policy_text import blocks
from resecure.entrypoints.web.http import client_of, me_of, same_site, session_of, set_session
from resecure.entrypoints.web.jinja import as_datetime
from resecure.entrypoints.web.my_account.browsers import in_words
from resecure.entrypoints.web.my_account.forms import PasswordForm
from resecure.entrypoints.web.sign_in.forms import ProfileForm
from resecure.entrypoints.web.sign_in.views import markable, profile_of, waiting
from resecure.identity import application_sessions
from resecure.identity.agreements import acceptance_of
from resecure.identity.applications import usable_by
from resecure.identity.contacts import Kind
from resecure.identity.pending_contacts import number_of, pending
from resecure.identity.roles import held_by
from resecure.identity.sessions import live
from resecure.operations import end_session
from resecure.operations.change_password import change_password
from resecure.operations.check_profile import change_profile
from resecure.operations.leave_application import leave_application
from resecure.policy.passwords import password_rules
from resecure.policy.refusals import Invalid, Throttled
from resecure.policy.roles import Permission, role_of

SHOWN = 50


@require_safe
@public
def home(request: HttpRequest) -> HttpResponse:
    """The portal of who is signed in; the way in for everybody else."""
    if request.me is None:  # type: ignore[attr-defined]
        return render(request, "my_account/welcome.jinja", {})
    me = me_of(request)
    acceptance = acceptance_of(me.pk)
    notices = []
    done = done_here(request)
    if done == "accepted" and acceptance is not None:
        text = _("Your acceptance of the acceptable use policy is recorded: version %(version)s, on %(at)s.")
        said = text % {"version": acceptance.version.version, "at": as_datetime(acceptance.accepted_at)}
        notices.append({"kind": "success", "text": said})
    elif done == "steps":
        notices.append({"kind": "success", "text": _("All steps are done. You are signed in.")})
    grants = held_by(me.pk)[me.pk]
    manages = any(Permission.VIEW_ACCOUNT in role_of(grant).permissions for grant in grants)
    # Only after the last step, and only a page of ours: otherwise a link from outside could put words here.
    on = same_site(request, request.GET.get("next", "")) if notices else ""
    context = {"notices": notices, "manages": manages, "grants": grants, "on": on}
    return render(request, "my_account/home.jinja", context)


@require_safe
@signed_in
def profile(request: HttpRequest) -> HttpResponse:
    """What the service holds about the person."""
    me = me_of(request)
    texts = {
        "saved": _("Your profile is saved."),
        "address": _("Your new email address is confirmed. Sign in with it from now on."),
        "mobile": _("Your new mobile number is confirmed."),
        "withdrawn": _("Nothing was changed."),
    }
    done = texts.get(done_here(request))
    notices = [{"kind": "success", "text": done}] if done else []
    roles = [
        {"name": grant.get_role_display(), "sentence": role_of(grant).sentence, "organisation": grant.organisation}
        for grant in held_by(me.pk)[me.pk]
    ]
    context = {
        "account": me,
        "acceptance": acceptance_of(me.pk),
        "roles": roles,
        "notices": notices,
        "waits": pending(me),
    }
    return render(request, "my_account/profile.jinja", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def edit(request: HttpRequest) -> HttpResponse:
    """Change one's own profile."""
    me = me_of(request)
    if request.method == "POST":
        form = ProfileForm(request.POST)
        if form.is_valid():
            try:
                before = number_of(me)
                change_profile(by=me, **form.cleaned_data)
            except Invalid as invalid:
                for name, texts in invalid.errors.items():
                    form.add_error(name if name in form.fields else None, texts)
            else:
                if Kind.MOBILE in pending(me) and number_of(me) != before:
                    return HttpResponseRedirect(reverse("my_account:confirm", args=[Kind.MOBILE.value]))
                return go_on_having_done(request, reverse("my_account:profile"), "saved")
    else:
        form = ProfileForm(initial=profile_of(me))
    return render(request, "my_account/edit.jinja", {"form": form})


@require_safe
@signed_in
def sessions(request: HttpRequest) -> HttpResponse:
    """Where the person is signed in."""
    me, now = me_of(request), timezone.now()
    found = live(me, now=now, idle=timedelta(minutes=settings.RESECURE.session_idle_minutes))
    mine = session_of(request)
    # This one first, whatever was used since: it is the one the others are compared with.
    first = list(found.filter(pk=mine))
    rows = [
        {"session": each, "here": each.pk == mine, "browser": in_words(each.client_name)}
        for each in [*first, *found.exclude(pk=mine)[: SHOWN - 1]]
    ]
    texts = {
        "ended": _("That session is over."),
        "others": _("Every other session is over. Only this one is left."),
        "password": _("Your password is changed, and every other session is over."),
    }
    done = texts.get(done_here(request))
    notices = [{"kind": "success", "text": done}] if done else []
    context = {"rows": rows, "total": found.count(), "notices": notices}
    return render(request, "my_account/sessions.jinja", context)


@require_POST
@signed_in
def end(request: HttpRequest, session: UUID) -> HttpResponse:
    """End one session of one's own; for anybody else's the answer is that there is none."""
    end_session.end_session(session, by=me_of(request))
    return go_on_having_done(request, reverse("my_account:sessions"), "ended")


@require_POST
@signed_in
def end_others(request: HttpRequest) -> HttpResponse:
    """End every session of one's own but this one."""
    end_session.end_my_other_sessions(session_of(request), by=me_of(request))
    return go_on_having_done(request, reverse("my_account:sessions"), "others")


@require_safe
@signed_in
def applications(request: HttpRequest) -> HttpResponse:
    """Which applications the person is signed in to, and which they may use."""
    me, mine = me_of(request), session_of(request)
    rows = [
        {
            "id": each.pk,
            "name": each.application.name,
            "started_at": each.started_at,
            "browser": in_words(each.session.client_name),
            "here": each.session_id == mine,
        }
        for each in application_sessions.live(me, now=timezone.now())[:SHOWN]
    ]
    left = done_here(request) == "left"
    notices = [{"kind": "success", "text": _("You are signed out of that application.")}] if left else []
    context = {"rows": rows, "usable": usable_by(me), "notices": notices}
    return render(request, "my_account/applications.jinja", context)


@require_POST
@signed_in
def leave(request: HttpRequest, sid: UUID) -> HttpResponse:
    """Sign out of one application; for anybody else's the answer is that there is none."""
    leave_application(sid, by=me_of(request))
    return go_on_having_done(request, reverse("my_account:applications"), "left")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; the session goes on under a new token, every other one ends."""
    me = me_of(request)
    status = 200
    form = PasswordForm(request.POST) if request.method == "POST" else PasswordForm()
    if form.is_bound and form.is_valid():
        typed = form.cleaned_data
        try:
            token = change_password(
                me.pk,
                old=typed["old"],
                new=typed["password"],
                client=client_of(request),
                session=session_of(request),
            )
        except Invalid as invalid:
            for name, texts in invalid.errors.items():
                form.add_error(name if name in form.fields else None, texts)
        except Throttled as throttled:
            status = 429
            wait = waiting(throttled.seconds)
            form.add_error(None, _("Too many failed tries. Try again in %(wait)s") % {"wait": wait})
        else:
            response = go_on_having_done(request, reverse("my_account:sessions"), "password")
            set_session(response, token)
            return response
    context = {"form": form, "account": me, "rules": markable(password_rules(me))}
    return render(request, "my_account/password.jinja", context, status=status)


@require_safe
@signed_in
def aup(request: HttpRequest) -> HttpResponse:
    """Which version the person accepted, when, and its text."""
    acceptance = acceptance_of(me_of(request).pk)
    text = blocks(acceptance.version.text) if acceptance else []
    return render(request, "my_account/aup.jinja", {"acceptance": acceptance, "blocks": text})
