"""Forms of the pages: what a template needs to know of a field, and what it must never be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _

Hints = Mapping[str, "str | Promise"]


class SecretField(forms.CharField):
    """A password, a secret, a code or characters of one: kept exactly as typed and never shown again."""

    widget = forms.PasswordInput(render_value=False)

    def __init__(self, *, autocomplete: str = "off", **options: Any) -> None:
        # A password may begin or end with a space; stripping it would store another one than was typed.
        options.setdefault("strip", False)
        super().__init__(**options)
        self.widget.attrs.setdefault("autocomplete", autocomplete)


class NewPasswordField(SecretField):
    """A password being chosen: a password manager offers to make and keep one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(autocomplete="new-password", **options)


class CurrentPasswordField(SecretField):
    """The password the person has: a password manager offers to fill it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(autocomplete="current-password", **options)


@dataclass(frozen=True, kw_only=True)
class Option:
    """One choice of radios, checkboxes or a select."""

    value: str
    label: str
    hint: str
    chosen: bool
    disabled: bool = False


@dataclass(frozen=True, kw_only=True)
class Part:
    """A field as a template sees it. ``value`` of a secret is always empty."""

    name: str
    id: str
    kind: str
    type: str
    label: str
    hint: str
    error: str
    value: str
    options: list[Option]
    attributes: dict[str, str | bool]


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A line of the error summary and the place it leads to; ``href`` is empty when it is of no one field."""

    text: str
    href: str


class PageForm(forms.Form):
    """A form whose errors lead to their fields; what was typed survives an error, secrets excepted."""

    use_required_attribute = False  # the browser's own messages are not ours, and stop the server's
    mark_optional: ClassVar[bool] = True
    option_hints: ClassVar[Mapping[str, Hints]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            untouched = forms.Field.default_error_messages["required"]
            if field.required and field.error_messages.get("required") == untouched:
                field.error_messages["required"] = _what_is_missing(field)

    def part(self, name: str, *, hints: Hints | None = None) -> Part:
        """The field for a template. A secret's value is not in it, whatever was sent."""
        bound = self[name]
        widget = bound.field.widget
        kind = _kind(widget)
        raw = None if is_secret(bound.field) else bound.value()
        return Part(
            name=bound.html_name,
            id=bound.auto_id or name,
            kind=kind,
            type=getattr(widget, "input_type", "text"),
            label=self._label(bound),
            hint=str(bound.help_text),
            error=". ".join(str(error) for error in bound.errors),
            value="" if kind in {"checkboxes", "checkbox"} else _text(bound.field, raw),
            options=self._options(bound, raw, {**self.option_hints.get(name, {}), **(hints or {})}),
            attributes=_attributes(bound),
        )

    def mistakes(self) -> list[Mistake]:
        """Every error in the order of the fields; first those of the form as a whole."""
        found = [Mistake(text=str(error), href="") for error in self.non_field_errors()]
        for name in self.fields:
            bound = self[name]
            href = "" if bound.is_hidden else f"#{bound.auto_id or name}"
            found += [Mistake(text=str(error), href=href) for error in bound.errors]
        return found

    def _label(self, bound: forms.BoundField) -> str:
        label = str(bound.label)
        optional = self.mark_optional and not bound.field.required
        if optional and not isinstance(bound.field.widget, forms.CheckboxInput | forms.CheckboxSelectMultiple):
            return _("%(label)s (optional)") % {"label": label}
        return label

    def _options(self, bound: forms.BoundField, raw: Any, hints: Hints) -> list[Option]:
        widget = bound.field.widget
        if isinstance(widget, forms.CheckboxInput):
            label, hint = str(bound.label), str(bound.help_text)
            chosen_now = widget.check_test(raw)
            return [Option(value="on", label=label, hint=hint, chosen=chosen_now, disabled=bound.field.disabled)]
        if not isinstance(widget, forms.Select | forms.RadioSelect | forms.CheckboxSelectMultiple):
            return []
        chosen = {str(one) for one in (raw if isinstance(raw, list | tuple | set) else [raw]) if one is not None}
        pairs: list[tuple[Any, Any]] = []
        inner: Any
        for value, inner in widget.choices:  # a named group holds its choices where a label would stand
            pairs += inner if isinstance(inner, list | tuple) else [(value, inner)]
        return [
            Option(
                value=str(value),
                label=str(label),
                hint=str(hints.get(str(value), "")),
                chosen=str(value) in chosen,
            )
            for value, label in pairs
            if not (value in ("", None) and isinstance(widget, forms.RadioSelect))
        ]


def is_secret(field: forms.Field) -> bool:
    """Whether what is typed here may never be sent back to the browser."""
    return isinstance(field, SecretField) or isinstance(field.widget, forms.PasswordInput)


def _kind(widget: forms.Widget) -> str:
    # Order matters: the narrower classes inherit from the wider ones.
    kinds: list[tuple[type[forms.Widget], str]] = [
        (forms.HiddenInput, "hidden"),
        (forms.PasswordInput, "password"),
        (forms.CheckboxSelectMultiple, "checkboxes"),
        (forms.RadioSelect, "radios"),
        (forms.CheckboxInput, "checkbox"),
        (forms.Select, "select"),
        (forms.Textarea, "textarea"),
    ]
    return next((kind for cls, kind in kinds if isinstance(widget, cls)), "input")


def _text(field: forms.Field, raw: Any) -> str:
    shown = field.widget.format_value(raw) if not isinstance(raw, list | tuple) else None
    if isinstance(shown, list | tuple):
        shown = next(iter(shown), None)
    return "" if shown is None else str(shown)


def _attributes(bound: forms.BoundField) -> dict[str, str | bool]:
    """What the field asks of its control, and ``aria-invalid`` after an error."""
    attributes = {**bound.field.widget_attrs(bound.field.widget), **bound.field.widget.attrs}
    if isinstance(bound.field.widget, forms.Textarea):
        attributes.pop("cols", None)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    return {name: value if value is True else str(value) for name, value in attributes.items() if value is not False}


def _what_is_missing(field: forms.Field) -> str:
    label = str(field.label or "").strip()
    if not label:
        return _("Fill this in")
    if label.endswith("?"):
        return _("Answer the question “%(label)s”") % {"label": label}
    if isinstance(field.widget, forms.CheckboxInput):
        return _("Tick “%(label)s” to go on") % {"label": label}
    if isinstance(field.widget, forms.Select | forms.RadioSelect | forms.CheckboxSelectMultiple):
        return _("Choose an answer for “%(label)s”") % {"label": label}
    # An abbreviation keeps its capitals.
    first = label if label[1:2].isupper() else label[0].lower() + label[1:]
    return _("Enter %(label)s") % {"label": first}
