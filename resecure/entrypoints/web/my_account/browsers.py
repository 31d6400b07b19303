"""What a browser calls itself, in words a person recognises their own computer by."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# The order decides: nearly every browser also claims to be the ones below it.
_BROWSERS = [
    ("Edg", "Microsoft Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
]
_SYSTEMS: list[tuple[str, str | Promise]] = [
    ("iPhone", gettext_lazy("an iPhone")),
    ("iPad", gettext_lazy("an iPad")),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", gettext_lazy("a Chromebook")),
    ("Macintosh", gettext_lazy("a Mac")),
    ("Linux", "Linux"),
]


def in_words(user_agent: str) -> str:
    """``Firefox on Windows``. Never the header itself: whoever sent it wrote it, and may want it read here."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = str(next((name for mark, name in _SYSTEMS if mark in user_agent), ""))
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    if browser or system:
        return browser or _("A browser on %(system)s") % {"system": system}
    return _("A program or an unknown browser")
