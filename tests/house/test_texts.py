"""Every text that a person can see goes through gettext, and the catalogue holds it."""

from __future__ import annotations

import ast
import importlib.util
import io
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "resecure"
TEMPLATES = PACKAGE / "entrypoints" / "web" / "templates"
TRANSLATES = {"_", "gettext", "ngettext", "pgettext", "npgettext"}
LATER = {"gettext_lazy", "ngettext_lazy", "pgettext_lazy", "gettext_noop"}

# --- templates

SEEN = {"alt", "aria-label", "aria-description", "label", "placeholder", "title"}
PRODUCT = "Resecure"


class Visible(HTMLParser):
    """Gathers what a browser would show or a screen reader would say."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent = tag in {"script", "style"}
        button = tag == "input" and dict(attrs).get("type") in {"submit", "button", "reset"}
        self.found += [value for name, value in attrs if value and (name in SEEN or (button and name == "value"))]

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser's call
        self.silent = False

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found += data.splitlines()


def bare_texts(template: str) -> list[str]:
    """What of a template is shown without having gone through gettext."""
    tree = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(template)
    reader = Visible()
    reader.feed("".join(each.data for each in tree.find_all(nodes.TemplateData)))
    reader.close()
    written = [text.strip() for text in reader.found]
    return [
        text for text in written + list(_literals(tree)) if re.search("[^\\W\\d_]", text.replace(PRODUCT, "").strip())
    ]


def _literals(node: nodes.Node) -> Iterator[str]:
    """The sentences and capitalised words among a template's literals: keys and classes are written small."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Call) and isinstance(child.node, nodes.Name) and child.node.name in TRANSLATES:
            continue
        text = child.value if isinstance(child, nodes.Const) and isinstance(child.value, str) else ""
        if re.match(r"[A-Z][a-z]", text) or len(re.findall(r"[A-Za-z]{2,}(?= )", text)) > 1:
            yield text
        yield from _literals(child)


def test_every_visible_text_of_a_template_goes_through_gettext() -> None:
    bare = {
        str(path.relative_to(TEMPLATES)): found
        for path in sorted(TEMPLATES.rglob("*.jinja"))
        if (found := bare_texts(path.read_text(encoding="utf-8")))
    }

    assert bare == {}


def test_a_bare_text_in_a_template_is_noticed() -> None:
    assert bare_texts("<p>Hello</p>") == ["Hello"]
    assert bare_texts('{% if a %}<a title="Go there" href="/x">{{ b }}</a>{% endif %}') == ["Go there"]
    assert bare_texts('<input type="submit" value="Send">') == ["Send"]
    assert bare_texts('{{ tag({"text": "All is well"}) }}') == ["All is well"]
    assert bare_texts('<p class="a b">{{ _("Hello %(name)s", name="x") }} – {{ one }} 12</p>{# why #}') == []
    assert bare_texts("<p>{% trans %}Hello{% endtrans %}</p>") == []


def test_the_script_of_the_pages_takes_its_texts_from_them() -> None:
    script = (PACKAGE / "entrypoints/web/static/resecure/resecure.js").read_text(encoding="utf-8")

    assert (
        re.findall(r"(?:textContent|innerText|innerHTML|ariaLabel|title)\s*=\s*[\"'`][^\"'`$]*[A-Za-z].*", script) == []
    )


# --- Python

# Rooms whose texts operators and programs read: English, without a catalogue (docs/texts.md).
OF_OPERATORS = (
    "config/",
    "entrypoints/console/",
    "entrypoints/gate/",
    "entrypoints/metrics.py",
    "entrypoints/probes.py",
)
NOT_SHOWN = {
    "audit/checkpoints.py": "what `resecure audit verify` says of a checkpoint, on the console",
    "audit/record.py": "what `resecure audit verify` finds, on the console",
    "entrypoints/oidc/server.py": "what the standard says in errors, for who writes programs",
    "entrypoints/oidc/switches.py": "what `resecure doctor` finds, on the console",
    "entrypoints/api/service.py": "the description in OpenAPI, for who writes programs",
    "identity/credentials.py": "what a ciphertext is bound to",
    "policy/approval_states.py": "the table of an approval's states, for the handbook",
    "policy/transitions.py": "the table of statuses, for the handbook",
}
# Names that are the same in every language, and words that only programs read.
NOT_TEXTS = {
    "Microsoft Edge",
    "503 Service Unavailable",
    "400 Bad Request",
    "401 Unauthorized",
    "403 Forbidden",
    "405 Method Not Allowed",
    "200 OK",
    "204 No Content",
    "GET, POST",
    "signing key",
    "resecure signing key",
    "openid profile email",
    'Bearer realm="resecure"',
    'Basic realm="resecure"',
    "Samsung Internet",
    "Value error, ",
    "my account",
    "temporary password request",
    'Bearer realm="resecure", SignIn realm="resecure"',
}
# Calls whose words go into a log, a metric, a digest, or the name of an exception.
NOT_FOR_PEOPLE = {"Counter", "Gauge", "GaugeMetricFamily", "Histogram", "key_of", "__init__"}
ERRORS = {"AssertionError", "KeyError", "LookupError", "RuntimeError", "TypeError", "ValueError"}
SQL = re.compile(
    r"\b(SELECT|INSERT|VALUES|UPDATE|DELETE|RETURNING|FROM|JOIN|WHERE|LIKE|LIMIT|UNION|WHEN|ORDER BY|AND|AS"
    r"|IS NOT|IS TRUE|LOCK)\b"
)
# What these are given is shown as it is: by position or by name.
SHOWN = {
    "Refusal": {1, 2, "text", "instead"},
    "Rule": {0, "text"},
    "Invalid": {0},
    "InvalidOnRecord": {0},
    "Row": {"name", "detail"},
    "Mail": {"subject", "happened", "meets_next", "not_expected"},
    "Mistake": {"text"},
    "problem": {"title", "detail"},
    "page": {"heading", "text"},
    "add_error": {1, "error"},
    "ValidationError": {0, "message"},
    "NotTaken": {0, "text"},
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if "migrations" not in path.parts and not name.startswith(OF_OPERATORS):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def is_of_the_log(call: ast.Call) -> bool:
    of = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(of, ast.Name) and of.id == "log"


def prose(name: str, tree: ast.AST) -> Iterator[str]:
    """The constants that read like a sentence and go neither through gettext nor to a place that no person reads."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.Call):
            callee = called(child)
            # What a schema raises is shown as the error of its field.
            raised = callee in ERRORS and name != "entrypoints/api/schemas.py"
            if callee in TRANSLATES | LATER | NOT_FOR_PEOPLE or is_of_the_log(child) or raised:
                continue
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            text = child.value
            if re.search(r"[A-Za-z]{2,} [A-Za-z%{(]", text) and not SQL.search(text) and text not in NOT_TEXTS:
                yield text
        yield from prose(name, child)


def shown_without_gettext(tree: ast.AST) -> Iterator[str]:
    """Literals, however short, where only texts belong."""
    for call in (each for each in ast.walk(tree) if isinstance(each, ast.Call) and called(each) in SHOWN):
        places = SHOWN[called(call)]
        given: list[ast.expr] = [each for place, each in enumerate(call.args) if place in places]
        given += [each.value for each in call.keywords if each.arg in places]
        yield from _letters(_values(given))


def _values(given: Iterable[ast.expr]) -> Iterator[ast.expr]:
    for each in given:
        if isinstance(each, ast.Dict):
            yield from _values(each.values)
        elif isinstance(each, ast.List):
            yield from _values(each.elts)
        elif isinstance(each, ast.IfExp):
            yield from _values([each.body, each.orelse])
        elif isinstance(each, ast.BinOp):
            yield from _values([each.left])
        elif isinstance(each, ast.JoinedStr):
            yield from each.values
        else:
            yield each


def _letters(values: Iterable[ast.expr]) -> Iterator[str]:
    for each in values:
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and re.search("[A-Za-z]", each.value):
            yield each.value


def test_every_text_in_code_goes_through_gettext() -> None:
    bare = {
        name: found
        for name, tree in sources()
        if name not in NOT_SHOWN and (found := [*prose(name, tree), *shown_without_gettext(tree)])
    }

    assert bare == {}


def test_a_bare_text_in_code_is_noticed() -> None:
    def found(code: str) -> list[str]:
        tree = ast.parse(code)
        return [*prose("a.py", tree), *shown_without_gettext(tree)]

    assert found('Refusal("not_now", "No.", _("Wait."))') == ["No."]
    assert found('Invalid({"name": ["Wrong"]})') == ["Wrong"]
    assert found('Row(name=_("Done"), detail=f"until {when}")') == ["until "]
    assert found('SENTENCES = {1: "{actor} resecured {target}"}') == ["{actor} resecured {target}"]
    assert found('SENTENCES = {1: "The status moved on"}') == ["The status moved on"]
    assert found('_("The status moved on"); log.info("status moved on"); """The status moved on."""') == []


def test_what_is_left_out_of_the_rule_exists() -> None:
    assert [name for name in NOT_SHOWN if not (PACKAGE / name).exists()] == []


def translated_too_early(tree: ast.AST) -> Iterator[int]:
    """Lines where gettext is asked at import: the answer would be English for everybody, for ever."""
    eager = {
        alias.asname or alias.name
        for each in ast.walk(tree)
        if isinstance(each, ast.ImportFrom) and each.module == "django.utils.translation"
        for alias in each.names
        if alias.name in TRANSLATES
    }

    def visit(node: ast.AST) -> Iterator[int]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for early in [*child.args.defaults, *child.args.kw_defaults, *child.decorator_list]:
                    if early is not None:
                        yield from visit(ast.Expr(early))
            elif not isinstance(child, ast.Lambda):
                if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in eager:
                    yield child.lineno
                yield from visit(child)

    return visit(tree)


def test_no_text_is_translated_when_its_module_is_imported() -> None:
    early = {name: found for name, tree in sources() if (found := list(translated_too_early(tree)))}

    assert early == {}


def test_a_text_translated_at_import_is_noticed() -> None:
    head = "from django.utils.translation import gettext as _\n"

    assert list(translated_too_early(ast.parse(head + 'A = {1: _("a")}'))) == [2]
    assert list(translated_too_early(ast.parse(head + 'def f(a=_("a")): return 1'))) == [2]
    assert list(translated_too_early(ast.parse(head + 'def f(): return _("a")'))) == []


def test_what_is_given_to_gettext_stands_in_the_catalogue_as_it_is() -> None:
    """A text that is put together first is never found: the parts go in after the translation."""
    wrong = [
        f"{name}:{call.lineno}"
        for name, tree in sources()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and called(call) in TRANSLATES | LATER
        and any(isinstance(each, (ast.JoinedStr, ast.BinOp)) for each in call.args[:2])
    ]

    assert wrong == []


# --- catalogue


def messages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "scripts" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_catalogue_holds_every_text_and_no_other() -> None:
    tool = messages()

    assert tool.TEMPLATE.read_text(encoding="utf-8") == tool.template(), "run: python scripts/messages.py"


def test_the_catalogue_holds_texts_of_every_way_to_a_person() -> None:
    held = {each.id for each in messages().collected() if each.id}

    assert {
        "Skip to main content",  # a template
        "You cannot do that",  # a page made in code
        "This is your own account.",  # a refusal
        "{actor} resecured {target}",  # the record
        "Your account is ready to be taken back",  # a mail
        "Looks after every account and grants every role.",  # a role
        "the mail server broke off",  # a fault of a delivery
        "Send at most %(max_length)d characters.",  # the API
    } <= held


def test_each_translation_is_compiled_and_keeps_the_places_of_its_text() -> None:
    tool = messages()
    for path in sorted(tool.LOCALE.glob("*/LC_MESSAGES/django.po")):
        catalogue = read_po(io.BytesIO(path.read_bytes()))
        assert [(each.id, errors) for each, errors in catalogue.check()] == [], path
        assert path.with_suffix(".mo").read_bytes() == tool.compiled(path), "run: python scripts/messages.py compile"
