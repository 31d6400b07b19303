"""The threat model can fail: every test it names is there, and a requirement without a test says that it is not met."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "threat-model.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def functions_of(path: Path) -> set[str]:
    """The names of the functions a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}


def missing(text: str) -> list[str]:
    """The tests that a page names and that are not there."""
    return [
        f"{file}::{name}"
        for file, name in _TEST.findall(text)
        if not (ROOT / file).exists() or name not in functions_of(ROOT / file)
    ]


def rows(text: str) -> list[list[str]]:
    """The rows of the tables of requirements and of attacks: three cells each."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return [each for each in cells if len(each) == 3 and each[0] not in {"requirement", "what they do", "---"}]


def test_every_test_that_the_threat_model_names_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(_TEST.findall(text)) > 80
    assert missing(text) == []


def test_a_test_that_is_gone_is_noticed() -> None:
    assert missing("`tests/house/test_threat_model.py::test_that_nobody_wrote`, `tests/no_such.py::test_x`") == [
        "tests/house/test_threat_model.py::test_that_nobody_wrote",
        "tests/no_such.py::test_x",
    ]


def test_every_row_names_a_test_or_says_plainly_that_it_is_not_met() -> None:
    found = rows(PAGE.read_text(encoding="utf-8"))
    assert len(found) > 90
    for what, how, test in found:
        assert _TEST.search(test) or (test == "none" and how.startswith(("**Not met**", "**Not offered**"))), what


@pytest.mark.parametrize("chapter", ["4", "6", "7", "8", "16"])
def test_every_chapter_that_bears_on_the_service_has_its_requirements_by_number(chapter: str) -> None:
    firsts = [row[0].partition(":")[0] for row in rows(PAGE.read_text(encoding="utf-8"))]
    numbers = {number for first in firsts for number in re.findall(r"[\d.]*\d", first)}
    assert len([each for each in numbers if each.startswith(f"{chapter}.")]) >= 8
