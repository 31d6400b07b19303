"""The acceptable use policy as paragraphs: plain text in, no markup taken from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Block:
    """A heading, a paragraph, or a list with its items."""

    kind: str
    text: str = ""
    items: list[str] = field(default_factory=list)


def blocks(text: str) -> list[Block]:
    """The blocks in order. A line that begins with ``# `` is a heading, ``- `` an item; an empty line parts."""
    found: list[Block] = []
    parted = True
    for line in text.splitlines():
        line = line.strip()
        if heading := re.match(r"#+ +(.+)", line):
            found.append(Block(kind="heading", text=heading[1]))
            parted = True
        elif item := re.match(r"[-*] +(.+)", line):
            if not found or found[-1].kind != "list":
                found.append(Block(kind="list"))
            found[-1].items.append(item[1])
            parted = True
        elif not line:
            parted = True
        elif parted:
            found.append(Block(kind="paragraph", text=line))
            parted = False
        else:
            found[-1].text += f" {line}"
    return found
