"""What we write to a person's mobile: one or two sentences, in their language.

No text holds a password or secret. A code stands in one only while it travels: it is sealed in the outbox and opened
when the message is handed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from resecure.propagation.models import Change

SHORT_TEXTS: dict[Change, str] = {
    Change.SPOKEN_CODE: gettext_noop(
        "Your code is {code}. Read it to the administrator who is calling you about your account. "
        "Never read it to anybody who called you out of the blue, and never type it into a page."
    ),
}


def short_text_of(change: Change, payload: Mapping[str, Any], public_url: str) -> str:
    """The text message about a change, in the person's language."""
    wanted = payload.get("language", "")
    with translation.override(wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        words = {"code": payload.get("code", ""), "url": public_url}
        return gettext(SHORT_TEXTS[change]).format(**words)
