"""What the documents say of files, operations, steps and commands is compared with what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
OPERATIONS = ROOT / "resecure" / "operations"
# Pages beside those of the operations: the process that runs some of them.
NO_OPERATION = {"worker"}
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
# Folders that exist on the machine of whoever wrote it, and on no other.
_OF_ONE_MACHINE = re.compile(r"(?<![\w.~/-])/(?:home|root|work|Users|mnt|srv|farm)/")


def _words(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def _anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as a forge makes them."""
    headings = re.findall(r"^#+ (.+)$", _words(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_between_documents_leads_somewhere(document: Path) -> None:
    broken = []
    for target in _LINK.findall(_CODE.sub("", _words(document))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _hash, anchor = target.partition("#")
        there = (document.parent / name).resolve() if name else document
        if not there.exists() or (anchor and anchor not in _anchors(there)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_names_a_folder_of_one_machine(document: Path) -> None:
    assert not _OF_ONE_MACHINE.findall(_words(document))


def test_every_operation_has_its_page_and_every_page_its_operation() -> None:
    modules = {path.stem for path in OPERATIONS.glob("*.py")} - {"__init__"}
    pages = {path.stem for path in (DOCS / "operations").glob("*.md")} - NO_OPERATION
    assert pages == modules


def test_the_steps_of_the_resecure_page_are_those_of_the_code() -> None:
    code = _words(OPERATIONS / "resecure.py")
    taking_back = _words(ROOT / "resecure" / "identity" / "taking_back.py")
    in_code = {int(number) for number in re.findall(r"\((\d)\)", code + taking_back)}
    for first, last in re.findall(r"\((\d)\) to \((\d)\)", code):
        in_code |= set(range(int(first), int(last) + 1))
    on_page = [int(number) for number in re.findall(r"^\| \((\d)\) \|", _words(DOCS / "operations/resecure.md"), re.M)]
    assert on_page == sorted(in_code) == list(range(len(on_page)))


def test_every_refusal_of_a_resecure_is_on_its_page() -> None:
    from resecure.policy.actions import _reasons_not_to_resecure, reasons_of_standing

    sources = [OPERATIONS / "resecure.py", ROOT / "resecure" / "policy" / "evidence.py"]
    text = "".join(_words(source) for source in sources)
    codes = set(re.findall(r'Refusal\(\s*"(\w+)"', text))
    for function in (reasons_of_standing, _reasons_not_to_resecure):
        codes |= {str(each) for each in function.__code__.co_consts if re.fullmatch(r"[a-z]+(_[a-z]+)+", str(each))}
    page = _words(DOCS / "operations" / "resecure.md")
    assert len(codes) >= 9
    assert not {code for code in codes if f"`{code}`" not in page}


def test_decisions_are_numbered_without_a_gap() -> None:
    decisions = sorted((DOCS / "decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for number, path in enumerate(decisions, start=1):
        assert _words(path).startswith(f"# {number}. ")


def test_the_readme_begins_with_two_commands_that_the_makefile_has() -> None:
    readme, makefile = _words(ROOT / "README.md"), _words(ROOT / "Makefile")
    first = re.findall(r"^make (\w+)", readme, re.MULTILINE)
    assert first[:2] == ["demo", "test"]
    for target in set(re.findall(r"\bmake ([a-z]+)\b", _code_of(readme))):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def _code_of(text: str) -> str:
    return "\n".join(match.group() for match in _CODE.finditer(text))


def test_every_variable_a_document_names_exists() -> None:
    from resecure.config.variables import PREFIX, Environment

    known = {PREFIX + name.upper() for name in Environment.model_fields}
    named = {(d.name, v) for d in DOCUMENTS for v in re.findall(r"\bRESECURE_[A-Z_]+[A-Z]\b", _words(d))}
    assert not {(name, variable) for name, variable in named if variable not in known}


def test_the_glossary_explains_each_word_once() -> None:
    words = [word.lower() for word in re.findall(r"^\*\*(.+?)\*\*", _words(DOCS / "glossary.md"), re.MULTILINE)]
    assert len(words) == len(set(words))
    assert {
        "account",
        "generation",
        "sign-in",
        "step",
        "session",
        "resecure",
        "resecuring",
        "confirmation",
        "trigger",
        "temporary password",
        "account secret",
        "standing",
        "scope",
        "delivery",
        "connected system",
        "acknowledged",
        "confirmed",
        "record",
    } <= set(words)


# What a standard calls a thing is that thing's name, whatever our own word for the act is.
_NAMES_OF_STANDARDS = re.compile(r"(back-channel|rp-initiated)\s+logout|logout (token|address)(es|s)?", re.IGNORECASE)


def test_pages_and_documents_use_no_second_word_for_a_thing() -> None:
    """The words that the glossary sets aside, in what people read: templates and documents."""
    glossary = _words(DOCS / "glossary.md")
    banned = re.findall(r"“(.+?)”", glossary.partition("## Words we do not use")[2])
    assert len(banned) >= 5
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, banned)) + r")\b", re.IGNORECASE)
    templates = (ROOT / "resecure" / "entrypoints" / "web" / "templates").rglob("*.jinja")
    shown = {path: " ".join(re.findall(r'_\("((?:[^"\\]|\\.)*)"', _words(path))) for path in templates}
    shown |= {path: _CODE.sub("", _words(path)) for path in DOCUMENTS if path.name != "glossary.md"}
    assert not {
        (path.name, word) for path, text in shown.items() for word in pattern.findall(_NAMES_OF_STANDARDS.sub("", text))
    }
