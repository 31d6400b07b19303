"""The kinds of settings that an organisation may have: a number, yes or no, some of several."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

T = TypeVar("T")
Words = str | Promise


@dataclass(frozen=True, kw_only=True)
class Setting(ABC, Generic[T]):
    """One setting. ``key`` is stored, and the name for programs; ``sentence`` says what it does, to people;
    ``costs`` what is lost by a looser value than the default."""

    key: str
    area: Area
    label: Words
    sentence: Words
    default: T
    costs: Words

    @abstractmethod
    def understood(self, stored: object) -> T:
        """The value, from what is stored or was sent. Raises ValueError with a sentence for people."""

    @abstractmethod
    def stricter(self, upper: T, own: T) -> T:
        """The value that counts where an organisation has set ``own`` and ``upper`` counts above it."""

    @abstractmethod
    def said(self, value: T) -> str:
        """The value as people read it."""

    @abstractmethod
    def stored(self, value: T) -> Any:
        """The value as JSON."""

    @property
    @abstractmethod
    def looser(self) -> str:
        """In which direction it protects less, for the manual and for the errors."""


@dataclass(frozen=True, kw_only=True)
class Number(Setting[int]):
    """A whole number from ``least`` to ``most``, of ``unit``."""

    least: int
    most: int
    unit: Literal["", "minutes", "hours", "days", "times"] = ""
    looser_is: Literal["above", "below"]

    def understood(self, stored: object) -> int:
        if isinstance(stored, bool) or not isinstance(stored, int) or not self.least <= stored <= self.most:
            raise ValueError(
                _("Enter a whole number from %(least)d to %(most)d") % {"least": self.least, "most": self.most}
            )
        return stored

    def stricter(self, upper: int, own: int) -> int:
        return min(upper, own) if self.looser_is == "above" else max(upper, own)

    def said(self, value: int) -> str:
        words = {
            "": "%(n)d",
            "minutes": ngettext("%(n)d minute", "%(n)d minutes", value),
            "hours": ngettext("%(n)d hour", "%(n)d hours", value),
            "days": ngettext("%(n)d day", "%(n)d days", value),
            "times": ngettext("%(n)d time", "%(n)d times", value),
        }
        return words[self.unit] % {"n": value}

    def stored(self, value: int) -> int:
        return value

    @property
    def looser(self) -> str:
        return _("a higher number") if self.looser_is == "above" else _("a lower number")


@dataclass(frozen=True, kw_only=True)
class YesNo(Setting[bool]):
    """Yes or no; ``looser_is`` the answer that protects less."""

    looser_is: bool

    def understood(self, stored: object) -> bool:
        if not isinstance(stored, bool):
            raise ValueError(_("Answer yes or no"))
        return stored

    def stricter(self, upper: bool, own: bool) -> bool:
        return own if upper is self.looser_is else upper

    def said(self, value: bool) -> str:
        return _("yes") if value else _("no")

    def stored(self, value: bool) -> bool:
        return value

    @property
    def looser(self) -> str:
        return self.said(self.looser_is)


@dataclass(frozen=True, kw_only=True)
class Several(Setting[frozenset[str]]):
    """Some of ``choices`` (value to label); at least ``at_least`` of them. ``looser_is``: whether more of them, or
    fewer, protect less."""

    choices: dict[str, Words]
    looser_is: Literal["more", "fewer"]
    at_least: int = 1

    def understood(self, stored: object) -> frozenset[str]:
        given = list(stored) if isinstance(stored, list | tuple | set | frozenset) else [None]
        chosen = frozenset(each for each in given if isinstance(each, str))
        if len(chosen) < len(given) or not chosen <= self.choices.keys():
            raise ValueError(_("Choose among %(values)s, each once") % {"values": ", ".join(self.choices)})
        if len(chosen) < self.at_least:
            raise ValueError(
                ngettext("Choose at least %(n)d", "Choose at least %(n)d of them", self.at_least) % {"n": self.at_least}
            )
        return chosen

    def stricter(self, upper: frozenset[str], own: frozenset[str]) -> frozenset[str]:
        if self.looser_is == "fewer":
            return upper | own
        # Where the two have too little in common, what is set above counts: none at all would shut everybody out.
        both = upper & own
        return both if len(both) >= self.at_least else upper

    def said(self, value: frozenset[str]) -> str:
        return "; ".join(str(label) for each, label in self.choices.items() if each in value) or _("none")

    def stored(self, value: frozenset[str]) -> list[str]:
        return [each for each in self.choices if each in value]

    @property
    def looser(self) -> str:
        return _("more of them") if self.looser_is == "more" else _("fewer of them")


@dataclass(frozen=True)
class Area:
    """A part of the page: settings that belong together."""

    key: str
    label: Words
