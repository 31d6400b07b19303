"""A person's browser, which notices what no page of ours may do."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, expect

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
NARROW = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 900}
SECONDS = 20
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Chromium says this of a page that we answer with 409 or 422 on purpose; of anything it loads, it is a fault.
_ANSWERED = re.compile(r"^Failed to load resource: the server responded with a status of (401|403|404|409|422|429) ")
_WIDEST = """() => [...document.querySelectorAll('body *')]
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 1).slice(-3)
  .map((each) => each.outerHTML.slice(0, 120)).join(' | ')"""
# axe finds nothing to object to twice on the same kind of page: each is looked at once in a run.
_looked_at: set[tuple[Any, ...]] = set()


class Window:
    """One browser with one page. ``complaints`` is empty while all is well."""

    def __init__(self, context: BrowserContext, *, url: str, scripts: bool = True) -> None:
        self.context, self.url, self.scripts = context, url, scripts
        self.page: Page = context.new_page()
        self.page.set_default_timeout(SECONDS * 1000)
        self.complaints: list[str] = []
        self.also: tuple[str, ...] = ()  # applications that a journey goes to
        self._documents: set[str] = set()
        context.on("request", self._asked)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script broke: {error}"))

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:", "about:", *self.also)):
            self.complaints.append(f"left the host: {request.url}")
        if request.is_navigation_request():
            self._documents.add(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type != "error" and "Content Security Policy" not in message.text:
            return
        if _ANSWERED.match(message.text) and message.location.get("url") in self._documents:
            return
        self.complaints.append(f"console: {message.text} ({message.location.get('url')})")

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    def go(self, path: str) -> None:
        """Open a path, as if typed."""
        self.page.goto(self.url + path)
        self.arrived()

    def reload(self) -> None:
        self.page.reload()
        self.arrived()

    def press(self, name: str | re.Pattern[str], *, role: Any = "button", within: Locator | None = None) -> None:
        """Press the button, or follow the link, that leads to another page."""
        whole = isinstance(name, str)
        found = (within or self.page).get_by_role(role, name=name, exact=whole)
        with self.page.expect_navigation():
            found.first.click()
        self.arrived()

    def follow(self, name: str | re.Pattern[str]) -> None:
        self.press(name, role="link")

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).locator("visible=true").fill(text)

    def choose(self, label: str) -> None:
        self.page.get_by_label(label, exact=True).locator("visible=true").check()

    def shows(self, *texts: str | re.Pattern[str]) -> None:
        """The texts are on the page, or come onto it."""
        for text in texts:
            expect(self.page.locator("body")).to_contain_text(text)

    def hides(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.locator("body")).not_to_contain_text(text)

    def heading(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.locator("h1")).to_contain_text(text)

    def at(self, path: str | re.Pattern[str]) -> None:
        """The page is at this path, whatever its query."""
        there = path.pattern if isinstance(path, re.Pattern) else re.escape(path)
        expect(self.page).to_have_url(re.compile(rf"^{re.escape(self.url)}{there}(\?.*)?$"))

    def until(self, found: Callable[[], bool], what: str) -> None:
        """Reload until it is so: for what another process does and no page announces."""
        end = monotonic() + SECONDS
        while not found():
            assert monotonic() < end, f"never came: {what}"
            self.page.reload()

    def gate(self) -> int:
        """What a connected application is told about this browser."""
        return self.context.request.get(f"{self.url}/gate").status

    def status_of(self, path: str) -> tuple[int, str]:
        """The answer to this path with this browser's cookies: its status and where it leads."""
        answer = self.context.request.get(self.url + path, max_redirects=0)
        return answer.status, answer.headers.get("location", "")

    def arrived(self) -> None:
        """Look once at each kind of page: accessible, and no wider than a small phone."""
        if not self.scripts:
            return
        kind = (
            _UUID.sub("…", self.path),
            self.page.locator(".nhsuk-error-summary").count() > 0,
            self.page.locator("#temporary-password").count() > 0,
            self.page.locator("dialog[open]").count() > 0,
            self.page.locator(".rs-notice").count() > 0,
            self.page.locator("#progress").count() > 0,
        )
        if kind in _looked_at:
            return
        _looked_at.add(kind)
        self._is_accessible()
        self._fits_a_phone()

    def _is_accessible(self) -> None:
        found = Axe().run(self.page, options=RULES)
        for each in found.response["violations"]:
            nodes = "; ".join(" ".join(node["target"]) for node in each["nodes"][:4])
            self.complaints.append(f"axe on {self.path}: {each['id']} ({each['help']}) at {nodes}")

    def _fits_a_phone(self) -> None:
        before = self.page.viewport_size
        assert before is not None
        if before["width"] != NARROW["width"]:
            self.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > NARROW["width"]:
            at = self.page.evaluate(_WIDEST)
            self.complaints.append(f"{self.path} is {wide} wide on a screen of {NARROW['width']}: {at}")
        if before["width"] != NARROW["width"]:
            self.page.set_viewport_size(before)
