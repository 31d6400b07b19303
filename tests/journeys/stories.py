"""What people do in these journeys, step by step."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, expect

from tests.conftest import PASSWORD, World
from tests.journeys.browsers import DESK, NARROW, Window
from tests.journeys.service import Service

NEW = "a quiet lantern over seven hills"
SECRET = "thunderstorms"
STEPS = "/sign-in/new-password/", "/sign-in/acceptable-use-policy/", "/sign-in/profile/", "/sign-in/account-secret/"


@dataclass
class Story:
    """Browsers and people of one test."""

    world: World
    service: Service
    chromium: Browser
    cookie: str
    windows: list[Window] = field(default_factory=list)

    def window(
        self, account: Any = None, *, scripts: bool = True, phone: bool = False, at: Service | None = None
    ) -> Window:
        """A browser of its own: nobody is signed in, or this account is. ``at``: another server than the story's."""
        url = (at or self.service).url
        context = self.chromium.new_context(
            viewport=NARROW if phone else DESK,  # type: ignore[arg-type]
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        if account is not None:
            context.add_cookies([{"name": self.cookie, "value": self.world.session(account), "url": url}])
        made = Window(context, url=url, scripts=scripts)
        self.windows.append(made)
        return made

    def person(self, **columns: Any) -> Any:
        """A person whose address no other test has."""
        number = self.world.made + 1
        columns.setdefault("address", f"someone.{number}@journeys.example.org")
        return self.world.person(**columns)

    def administrator(self, role: str = "local_administrator", **columns: Any) -> Any:
        number = self.world.made + 1
        columns.setdefault("address", f"administrator.{number}@journeys.example.org")
        return self.world.administrator(role, **columns)

    def desk(self, role: str = "local_administrator", *, scripts: bool = True) -> Window:
        """The browser of an administrator who is signed in."""
        return self.window(self.administrator(role), scripts=scripts)

    def temporary(self, person: Any) -> str:
        """Resecured, with a temporary password, by the operations: where a journey begins later."""
        from resecure.operations.set_temporary_password import set_temporary_password

        by = self.administrator()
        self.world.resecured(person, by=by)
        given = set_temporary_password(person.pk, by=by)
        assert given.password is not None
        self.service.secrets.add(given.password)
        return given.password


def sign_in(window: Window, address: str, password: str = PASSWORD) -> None:
    """Type address and password on the sign-in page."""
    if not window.path.startswith("/sign-in/") or window.page.get_by_label("Email address").count() == 0:
        window.go("/sign-in/")
    window.fill("Email address", address)
    window.fill("Password", password)
    window.press("Sign in")


def give_code(window: Window, code: str) -> None:
    """Type a code where one is asked for."""
    window.fill("Code", code)
    window.press("Continue")


def account_path(person: Any) -> str:
    return f"/user-management/{person.pk}/"


def identify(window: Window, *, reference: str = "call 4711") -> None:
    """Say how the person was identified."""
    window.choose("In person, with photo ID")
    window.fill("Reference", reference)


def fill_dialog(window: Window, *, reference: str = "call 4711") -> None:
    window.choose("They cannot remember their account secret")
    identify(window, reference=reference)


def resecure(window: Window, person: Any) -> None:
    """From the person's page by the dialog, or by its page without scripts, to the temporary password."""
    window.go(account_path(person))
    if window.scripts:
        window.page.get_by_role("button", name="Resecure Account", exact=True).click()
        expect(window.page.locator("dialog#resecure-dialog")).to_be_visible()
    else:
        window.press("Resecure Account")
    fill_dialog(window)
    window.press("Confirm")
    window.at(f"{account_path(person)}temporary-password/")


def shown_password(window: Window, service: Service) -> str:
    """The temporary password on the page, which no log may hold."""
    password = window.page.locator("#temporary-password").inner_text().strip()
    assert len(password) >= 15
    service.secrets.add(password)
    return password


def update(window: Window, service: Service) -> str:
    """Have a password generated; returns it."""
    window.choose("Generate Password")
    window.press("Update")
    return shown_password(window, service)


def choose_password(window: Window, password: str = NEW) -> None:
    window.at(STEPS[0])
    window.fill("New password", password)
    window.press(re.compile("^Save and "))


def accept(window: Window) -> None:
    window.at(STEPS[1])
    window.page.get_by_label("I have read and accept version").check()
    window.press(re.compile("^Accept and "))


def check_profile(window: Window) -> None:
    window.at(STEPS[2])
    window.press(re.compile("^Save and "))


def set_secret(window: Window, secret: str = SECRET) -> None:
    window.at(STEPS[3])
    window.fill("Account secret", secret)
    window.press(re.compile("^Save and "))


def back_to_work(window: Window) -> None:
    """Every step after the temporary password, to the portal."""
    choose_password(window)
    accept(window)
    check_profile(window)
    set_secret(window)
    window.at("/")
    window.shows("Your acceptance of the acceptable use policy is recorded")


def is_out(window: Window) -> None:
    """The browser was signed in; its next click ends at the sign-in page, and nothing lets it pass."""
    window.go("/my-account/")
    window.at("/sign-in/")
    window.shows("You are no longer signed in.")
    assert window.gate() == 401


def is_in(window: Window) -> None:
    window.go("/my-account/")
    window.at("/my-account/")
    window.heading("My account")
    assert window.gate() == 204


def mail_comes(window: Window, address: str, subject: str) -> None:
    """The worker delivers it to the mailbox of the demonstration."""
    window.go(f"/mailbox/?{urlencode({'to': address})}")
    link = window.page.get_by_role("link", name=subject, exact=True)
    window.until(lambda: link.count() > 0, f"the mail “{subject}” to {address}")
