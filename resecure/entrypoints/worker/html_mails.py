"""The HTML of a mail: the same words as its text, set so that they read well on a telephone, by day and by night.

Made from the text, so the two cannot say different things. Nothing is loaded from anywhere, nothing tells that it was
opened, and every address stands there to be read before it is followed.
"""

from __future__ import annotations

import re
from html import escape

_ADDRESS = re.compile(r"^https?://\S+$")
_PAGE = """<!doctype html>
<html lang="{language}" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{subject}</title>
</head>
<body style="margin:0;padding:16px;font-family:Arial,Helvetica,sans-serif;font-size:18px;line-height:1.5">
<div role="article" lang="{language}" style="max-width:560px;margin:0 auto">
<p style="margin:0 0 16px;padding:0 0 8px;border-bottom:4px solid #2f6b57;font-weight:bold">Resecure</p>
<h1 style="margin:0 0 16px;font-size:24px;line-height:1.3">{subject}</h1>
{paragraphs}
</div>
</body>
</html>
"""
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
