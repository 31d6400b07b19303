"""What is told to a person, and the pages that are theirs, are Welsh wholly; elsewhere a page is English wholly."""

from __future__ import annotations

import io

from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation

from tests.house.test_texts import messages

# Every text that stands in one of these is translated. What is new here: scripts/messages.py update cy, translate what
# is empty in the .po, scripts/messages.py compile.
A_PERSONS = (
    "resecure/entrypoints/web/errors.py",
    "resecure/entrypoints/web/forms.py",
    "resecure/entrypoints/web/jinja.py",
    "resecure/entrypoints/web/my_account/",
    "resecure/entrypoints/web/not_me/",
    "resecure/entrypoints/web/second_factor.py",
    "resecure/entrypoints/web/sign_in/",
    "resecure/entrypoints/web/templates/base/",
    "resecure/entrypoints/web/templates/components/",
    "resecure/entrypoints/web/templates/my_account/",
    "resecure/entrypoints/web/templates/not_me/",
    "resecure/entrypoints/web/templates/second_factor/",
    "resecure/entrypoints/web/templates/sign_in/",
    "resecure/entrypoints/worker/mails.py",
    "resecure/entrypoints/worker/short_texts.py",
    "resecure/identity/accounts.py",
    "resecure/identity/roles.py",
    "resecure/operations/agree_to_aup.py",
    "resecure/operations/change_password.py",
    "resecure/operations/check_profile.py",
    "resecure/operations/choose_password.py",
    "resecure/operations/confirm_contact.py",
    "resecure/operations/make_recovery_codes.py",
    "resecure/operations/remove_second_factor.py",
    "resecure/operations/set_account_secret.py",
    "resecure/operations/shared/enrolling.py",
    "resecure/operations/shared/proving.py",
    "resecure/operations/shared/step_frame.py",
    "resecure/operations/shared/typed.py",
    "resecure/operations/sign_in.py",
    "resecure/policy/next_sign_in.py",
    "resecure/policy/passwords.py",
    "resecure/policy/roles.py",
    "resecure/policy/secrets.py",
)


def test_no_text_that_a_person_is_told_is_left_in_english() -> None:
    tool = messages()
    path = tool.LOCALE / "cy" / "LC_MESSAGES" / "django.po"
    done = {each.id for each in read_po(io.BytesIO(path.read_bytes()), locale="cy") if tool.is_whole(each)}
    wanted = {
        each.id
        for each in tool.collected()
        if each.id and any(name.startswith(A_PERSONS) for name, _line in each.locations)
    }

    assert len(wanted) > 350
    assert sorted(map(str, wanted - done)) == [], "run: scripts/messages.py update cy; translate; … compile"


def test_every_place_of_a_text_in_braces_is_kept() -> None:
    """babel compares those in %(…)s; mails are put together by braces."""
    path = messages().LOCALE / "cy" / "LC_MESSAGES" / "django.po"

    def places(text: str) -> list[str]:
        return sorted({part.partition("}")[0] for part in text.split("{")[1:]})

    wrong = [
        each.id
        for each in read_po(io.BytesIO(path.read_bytes()), locale="cy")
        if isinstance(each.id, str) and each.string and places(each.id) != places(str(each.string))
    ]
    assert wrong == []


def test_every_language_is_offered_and_says_where_it_is_whole() -> None:
    offered = {code for code, _name in settings.LANGUAGES} - {settings.LANGUAGE_CODE}

    assert offered == settings.LANGUAGE_ROOMS.keys()
    with translation.override("cy"):
        assert translation.gettext("Sign in") == "Mewngofnodi"
