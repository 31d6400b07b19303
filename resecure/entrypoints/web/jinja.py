"""The Jinja environment of every page: named as ``environment`` in Django's template settings."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.templatetags.static import static
from django.urls import reverse
from django.utils import dateformat, timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext, pgettext
from jinja2 import BaseLoader, ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader

from resecure.entrypoints.web.spelling import spelled

TEMPLATES = Path(__file__).parent / "templates"
ZONE = ZoneInfo("Europe/London")


def environment(**options: Any) -> Environment:
    """Our templates first, then the component library's; autoescape on; every text can be translated."""
    loaders: list[BaseLoader] = [FileSystemLoader(TEMPLATES)]
    if isinstance(given := options.pop("loader", None), BaseLoader):
        loaders.append(given)
    loaders.append(PackageLoader("nhsuk_frontend_jinja"))
    # A name, an address or a reference comes from outside: a template that forgets to escape would let
    # its owner run script as the administrator who looks at it. No setting may switch this off.
    options["autoescape"] = True
    # The library's components reach through parameters that were not given.
    options["undefined"] = ChainableUndefined
    options["extensions"] = [*options.get("extensions", ()), "jinja2.ext.i18n"]
    made = Environment(loader=ChoiceLoader(loaders), **options)  # noqa: S701 - autoescape is set above
    made.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=_, ngettext=ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    made.globals.update(static=static, url=url)
    made.filters.update(datetime=as_datetime, date=as_date, clock=as_clock, ago=ago, iso=iso, spelled=spelled)
    return made


def url(name: str, /, *args: object, **kwargs: object) -> str:
    """The path of a named page."""
    return reverse(name, args=args or None, kwargs=kwargs or None)


def as_datetime(moment: dt.datetime | None) -> str:
    """``23 November 2026, 9:05am``, as a clock in the United Kingdom shows it; nothing for ``None``."""
    if not moment:
        return ""
    local = _local(moment)
    return dateformat.format(local, "j F Y, g:i") + (_("am") if local.hour < 12 else _("pm"))


def as_clock(moment: dt.datetime | None) -> str:
    """The time of day to the second, for what happens within a minute."""
    return dateformat.format(_local(moment), "H:i:s") if moment else ""


def as_date(day: dt.date | dt.datetime | None) -> str:
    """``23 November 2026``; nothing for ``None``."""
    if not day:
        return ""
    return dateformat.format(_local(day) if isinstance(day, dt.datetime) else day, "j F Y")


def ago(moment: dt.datetime | None) -> str:
    """``3 minutes ago``, or ``in 3 days`` for what is still to come; nothing for ``None``."""
    if not moment:
        return ""
    now = timezone.now()
    if abs(now - moment) < dt.timedelta(minutes=1):
        return _("just now")
    if moment > now:
        return _("in %(time)s") % {"time": timesince(now, moment, depth=1)}
    return _("%(time)s ago") % {"time": timesince(moment, now, depth=1)}


def iso(moment: dt.datetime | None) -> str:
    """For the ``datetime`` attribute of a ``time`` element."""
    return moment.isoformat() if moment else ""


def _local(moment: dt.datetime) -> dt.datetime:
    # A moment without a zone would be shown an hour wrong for half the year, silently.
    if timezone.is_naive(moment):
        raise ValueError("a moment without a time zone cannot be shown")
    return moment.astimezone(ZONE)
