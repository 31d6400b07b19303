"""The HTML of a mail: the same words as its text, set so that they read well on a telephone, by day and by night.

Made from the text, so the two cannot say different things. Nothing is loaded from anywhere, nothing tells that it was
opened, and every address stands there to be read before it is followed.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

_ADDRESS = re.compile(r"^https?://\S+$")
_PAGE = Path(__file__).with_name("mail.html").read_text()
_PARAGRAPH = '<p style="margin:0 0 16px;overflow-wrap:anywhere;word-break:break-word">{lines}</p>'


def html_of(subject: str, text: str, *, language: str) -> str:
    """The page for the text of a mail. Whatever people typed is escaped: it shows, and does nothing."""
    paragraphs = [
        _PARAGRAPH.format(lines="<br>\n".join(_line(line) for line in part.splitlines()))
        for part in text.strip().split("\n\n")
    ]
    return _PAGE.format(language=escape(language), subject=escape(subject), paragraphs="\n".join(paragraphs))


def _line(line: str) -> str:
    shown = escape(line)
    # No colour of ours: by night a mail program chooses one that can be read on its own ground.
    return f'<a href="{shown}">{shown}</a>' if _ADDRESS.match(line) else shown
