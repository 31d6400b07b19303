"""The look of the pages: nothing from outside, errors that lead to their fields, secrets never sent back."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.template.backends.jinja2 import Jinja2
from django.test import RequestFactory

from resecure.entrypoints import web
from resecure.entrypoints.web import jinja
from resecure.entrypoints.web.forms import CurrentPasswordField, NewPasswordField, PageForm, SecretField
from resecure.entrypoints.web.spelling import spelled

HERE = Path(web.__file__).parent
STATIC = HERE / "static" / "resecure"
FRONTEND = Path(__file__).parents[2] / "frontend"
NOON = dt.datetime(2026, 7, 1, 12, 5, tzinfo=dt.UTC)


class Sample(PageForm):
    option_hints = {"method": {"call_back": "Never a number the caller gives."}}

    address = forms.EmailField(label="Email address", help_text="As in the directory.")
    mobile = forms.CharField(label="Mobile number", required=False)
    current = CurrentPasswordField(label="Current password")
    password = NewPasswordField(label="New password")
    secret = SecretField(label="Account secret")
    note = forms.CharField(label="Reference", widget=forms.Textarea)
    method = forms.ChoiceField(
        label="Method",
        choices=[("in_person", "In person"), ("call_back", "Call-back")],
        widget=forms.RadioSelect,
    )
    roles = forms.MultipleChoiceField(
        label="Roles", choices=[("la", "Local Administrator"), ("lh", "Local Helpdesk")],
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    change = forms.BooleanField(label="Require Password Change at Next logon", required=False)
    organisation = forms.ChoiceField(label="Organisation", choices=[("", "Choose"), ("B", "Brynmawr Surgery")])


def sent(**values: Any) -> Sample:
    form = Sample(values)
    form.is_valid()
    return form


def rendered(source: str, **context: Any) -> str:
    """The text rendered by Django's Jinja2 backend, as a page is."""
    options = {"environment": "resecure.entrypoints.web.jinja.environment"}
    engine = Jinja2({"NAME": "test", "DIRS": [], "APP_DIRS": False, "OPTIONS": options})
    return str(engine.from_string(source).render(context, RequestFactory().get("/")))


FIELD = '{% from "components/forms.jinja" import field %}{{ field(form, name) }}'
ALL = (
    '{% from "components/forms.jinja" import field, error_summary %}{{ error_summary(form) }}'
    "{% for name in form.fields %}{{ field(form, name) }}{% endfor %}"
)


def test_the_stylesheet_has_no_font_file_and_names_no_host() -> None:
    css = (STATIC / "resecure.css").read_text()
    assert not re.search(r"@font-face|\.woff|\.ttf|frutiger|@import", css, re.IGNORECASE)
    assert not re.search(r"https?:|url\(\W?//", css)
    assert "system-ui" in css


def test_every_picture_the_stylesheet_names_is_there() -> None:
    names = re.findall(r"url\(\"?([^\")]+)\"?\)", (STATIC / "resecure.css").read_text())
    assert names
    for name in names:
        assert name.startswith("data:") or (STATIC / name).is_file()


def test_no_font_and_no_map_is_served() -> None:
    assert not [path for path in STATIC.rglob("*") if path.suffix in {".woff", ".woff2", ".ttf", ".otf", ".map"}]
    assert "sourceMappingURL" not in "".join(path.read_text() for path in STATIC.glob("*.js"))


def test_the_notice_of_the_library_is_served_with_it() -> None:
    assert "MIT License" in (STATIC / "NOTICE").read_text()


def test_the_lock_of_the_frontend_holds_hashes_and_no_address() -> None:
    lock = (FRONTEND / "package-lock.json").read_text()
    assert "http" not in lock
    assert json.loads(lock)["packages"]["node_modules/nhsuk-frontend"]["integrity"].startswith("sha512-")


def test_no_template_has_an_inline_script_or_style() -> None:
    for path in (HERE / "templates").rglob("*.jinja"):
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", text), path.name


def test_every_error_is_in_the_summary_with_a_link_to_its_field() -> None:
    form = sent(address="nonsense")
    page = rendered(ALL, form=form)
    assert len(form.mistakes()) == 8
    for mistake in form.mistakes():
        assert f'href="{mistake.href}"' in page
        assert f'id="{mistake.href[1:]}"' in page


def test_an_error_is_tied_to_its_control() -> None:
    page = rendered(FIELD, form=sent(address="nonsense"), name="address")
    assert 'aria-describedby="id_address-hint id_address-error"' in page
    assert 'id="id_address-error"' in page
    assert 'aria-invalid="true"' in page


def test_a_group_of_choices_is_described_by_its_error() -> None:
    page = rendered(FIELD, form=sent(), name="method")
    assert re.search(r'<fieldset[^>]*aria-describedby="id_method-error"', page)
    assert "Never a number the caller gives." in page


def test_a_form_without_errors_has_no_summary() -> None:
    assert "nhsuk-error-summary" not in rendered(ALL, form=Sample())


@pytest.mark.parametrize("name", ["current", "password", "secret"])
def test_a_secret_is_not_sent_back_after_an_error(name: str) -> None:
    form = sent(**{name: "correct horse battery"})
    assert form.errors
    assert form.part(name).value == ""
    assert "correct horse" not in rendered(ALL, form=form)


def test_a_secret_given_as_an_initial_value_is_not_shown() -> None:
    assert "correct horse" not in rendered(ALL, form=Sample(initial={"secret": "correct horse"}))


def test_a_password_is_kept_as_typed_with_its_spaces() -> None:
    assert sent(password=" correct horse ").cleaned_data["password"] == " correct horse "


def test_everything_else_typed_survives_an_error() -> None:
    form = sent(
        address="nonsense", mobile="07700 900123", note="Call 12", method="call_back", roles=["lh"],
        change="on", organisation="B",
    )  # fmt: skip
    page = rendered(ALL, form=form)
    assert 'value="nonsense"' in page
    assert 'value="07700 900123"' in page
    assert ">Call 12</textarea>" in page
    assert re.search(r'value="call_back" checked', page)
    assert re.search(r'value="lh" checked', page)
    assert not re.search(r'value="la" checked', page)
    assert re.search(r'id="id_change"[^>]* checked', page)
    assert re.search(r'value="B" selected', page)


def test_markup_that_was_typed_is_shown_and_not_run() -> None:
    typed = "\"><script>alert(1)</script>'"
    page = rendered(ALL, form=sent(address=typed, mobile=typed, note=typed, method=typed, organisation=typed))
    assert "<script" not in page
    assert typed in html.unescape(page)


@pytest.mark.parametrize(
    ("name", "autocomplete"),
    [("current", "current-password"), ("password", "new-password"), ("secret", "off")],
)
def test_a_password_manager_is_told_what_a_field_is(name: str, autocomplete: str) -> None:
    page = rendered(FIELD, form=Sample(), name=name)
    assert f'autocomplete="{autocomplete}"' in page
    assert 'type="password"' in page
    assert "nhsuk-password-input" in page


def test_a_refused_action_says_why_and_what_to_do_instead() -> None:
    page = rendered(
        '{% from "components/actions.jinja" import action with context %}{{ action(button) }}',
        button={
            "text": "Resecure Account", "allowed": False, "href": "/resecure",
            "reasons": [{"text": "The AUP was never accepted."}],
            "instead": {"text": "Set temporary password", "href": "/set"},
        },
    )  # fmt: skip
    assert re.search(r'<button[^>]*aria-disabled="true"[^>]*aria-describedby="action-resecure-account-why"', page)
    assert 'id="action-resecure-account-why"' in page
    assert "The AUP was never accepted." in page
    assert 'href="/set"' in page
    assert 'href="/resecure"' not in page


def test_an_action_that_changes_something_is_posted_with_a_token() -> None:
    page = rendered(
        '{% from "components/actions.jinja" import action with context %}{{ action(button) }}',
        button={"text": "Unlock", "post": "/x"},
    )
    assert '<form action="/x" method="post">' in page
    assert "csrfmiddlewaretoken" in page


@pytest.mark.parametrize(
    "status",
    [
        "Active",
        "Inactive",
        "Active (Leaver)",
        "Locked",
        "Disabled",
        "Deleted",
        "Deleted Permanent",
        "Pending",
        "Enabling",
        "Disabling",
        "Deleting",
        "Restoring",
        "Migration Pending",
    ],
)
def test_every_status_is_said_in_words(status: str) -> None:
    source = '{% from "components/status.jinja" import status_tag %}{{ status_tag(status) }}'
    stored = status.lower().replace("(", "").replace(")", "").replace(" ", "_")
    assert status in rendered(source, status=status)
    assert rendered(source, status=stored) == rendered(source, status=status)


def test_the_title_says_that_the_page_has_an_error() -> None:
    source = '{% extends "base/layout.jinja" %}'
    assert "<title>Sign in – Resecure</title>" in rendered(source, page_title="Sign in", form=Sample())
    assert "<title>Error: Sign in – Resecure</title>" in rendered(source, page_title="Sign in", form=sent())


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
def test_an_error_page_needs_nothing_but_its_number(status: int) -> None:
    page = rendered('{% extends "base/error.jinja" %}', status=status)
    assert re.search(r"<h1[^>]*>[^<]+</h1>", page)
    assert "NHS" not in page


def test_a_moment_is_shown_by_the_clock_of_the_united_kingdom() -> None:
    assert jinja.as_datetime(NOON) == "1 July 2026, 1:05pm"
    morning = dt.datetime(2026, 11, 23, 9, 5, tzinfo=dt.UTC)
    assert jinja.as_datetime(morning) == "23 November 2026, 9:05am"
    assert jinja.as_date(dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.UTC)) == "1 July 2026"
    with pytest.raises(ValueError, match="without a time zone"):
        jinja.as_datetime(NOON.replace(tzinfo=None))


def test_a_value_is_spelled_whole_for_the_phone() -> None:
    parts = spelled("Ab-7 ß")
    assert "".join(part.written for part in parts) == "Ab-7 ß"
    assert [part.said for part in parts] == ["capital Alfa, Bravo", "hyphen", "seven", "space", "ß"]


def test_the_rules_of_a_password_are_a_plain_list_with_what_the_module_needs() -> None:
    page = rendered(
        '{% from "components/forms.jinja" import requirements %}{{ requirements(rules, "id_password") }}',
        rules=[
            {"text": "At least 15 characters", "rule": "min-length", "value": 15},
            {"text": "Not breached"},
        ],
    )
    assert 'data-for="id_password"' in page
    assert re.search(r'<li[^>]*data-rule="min-length" data-value="15">At least 15 characters', page)
    assert re.search(r'<li class="rs-requirement">Not breached', page)
