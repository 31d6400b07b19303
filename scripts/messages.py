"""The catalogues of texts: ``python scripts/messages.py`` collects every text into resecure/locale/resecure.pot.

``… messages.py update cy`` brings what is translated into a language up to date with it (and begins a new
language), ``… messages.py compile`` makes what the service reads, and says how many texts are translated. tests/house
compares both.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "resecure" / "locale"
TEMPLATE = LOCALE / "resecure.pot"
# The demonstration, the console and the logs speak English to operators; what they import from elsewhere is collected.
METHODS = [
    ("entrypoints/console/**", "ignore"),
    ("**/migrations/**", "ignore"),
    ("**.py", "python"),
    ("**/templates/**.jinja", "jinja2"),
]
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
}
# Neither a date nor a person: the same texts give the same file, on every machine.
HEAD = """\
# Every text of Resecure that people see. Written by scripts/messages.py. Do not edit.
msgid ""
msgstr ""
"Project-Id-Version: Resecure\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def collected() -> Catalog:
    """Every text of the package, with the files it stands in."""
    found = Catalog(project="Resecure", charset="utf-8")
    texts = extract_from_dir(
        str(ROOT / "resecure"),
        method_map=METHODS,
        options_map={"**/templates/**.jinja": {"silent": "false", "newstyle_gettext": "true"}},
        keywords=KEYWORDS,
        strip_comment_tags=True,
    )
    for name, _line, text, comments, context in texts:
        found.add(text, locations=[(f"resecure/{Path(name).as_posix()}", 0)], auto_comments=comments, context=context)
    return found


def template() -> str:
    """The .pot: sorted by text, places without line numbers, so that only a change of a text changes it."""
    written = io.BytesIO()
    write_po(written, collected(), width=120, sort_output=True, omit_header=True, include_lineno=False)
    return HEAD + written.getvalue().decode("utf-8")


def update(language: str) -> Path:
    """Afterwards the language's .po holds every text; what is new or no longer the same is left to translate."""
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    if path.exists():
        catalogue = read_po(io.BytesIO(path.read_bytes()), locale=language)
    else:
        path.parent.mkdir(parents=True)
        catalogue = Catalog(locale=language, project="Resecure", charset="utf-8", fuzzy=False)
    # Without guesses: a text that only looks like another would be shown as its translation.
    catalogue.update(collected(), no_fuzzy_matching=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, sort_output=True, include_lineno=False, ignore_obsolete=True)
    return path


def is_whole(message: Message) -> bool:
    """Whether every form of it is translated."""
    said = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return bool(message.id) and all(said)


def compiled(path: Path) -> bytes:
    """The .mo of a .po."""
    written = io.BytesIO()
    write_mo(written, read_po(io.BytesIO(path.read_bytes())))
    return written.getvalue()


def main(command: str = "collect", *languages: str) -> None:
    """Do what the module says."""
    if command == "collect":
        LOCALE.mkdir(exist_ok=True)
        TEMPLATE.write_text(template(), encoding="utf-8")
    elif command == "update" and languages:
        for language in languages:
            print(update(language).relative_to(ROOT))
    elif command == "compile":
        for path in sorted(LOCALE.glob("*/LC_MESSAGES/django.po")):
            path.with_suffix(".mo").write_bytes(compiled(path))
            held = {each.id for each in collected() if each.id}
            done = {each.id for each in read_po(io.BytesIO(path.read_bytes())) if is_whole(each)} & held
            print(f"{path.parent.parent.name}: {len(done)} of {len(held)} texts")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
