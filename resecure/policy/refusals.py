"""Refusals: every reason for a no, with what to do instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason. ``code`` is stable, for programs; ``text`` says why, ``instead`` what to do."""

    code: str
    text: str
    instead: str = ""

    @property
    def whole(self) -> str:
        return f"{self.text} {self.instead}".strip()


class Refused(Exception):
    """The operation did not happen, and nothing changed. Holds every reason at once."""

    def __init__(self, *reasons: Refusal) -> None:
        super().__init__("; ".join(reason.code for reason in reasons))
        self.reasons = list(reasons)


class NotFound(Exception):
    """There is no such thing for whoever asked: unknown and out of scope are the same answer."""

    code = "not_found"


class Invalid(Exception):
    """What was typed cannot be used. ``errors``: for each field the texts to show beside it."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(", ".join(sorted(errors)))
        self.errors = errors


class InvalidOnRecord(Invalid):
    """What was typed cannot be used, and the answer tells of things beyond what the actor may see: an organisation
    outside their roles (the same answer as for none), an address that somebody has. Shown beside the field like any
    slip of the pen, but on record, for it may be somebody trying how far they get."""

    def __init__(self, errors: dict[str, list[str]], *, code: str) -> None:
        super().__init__(errors)
        self.code = code


class Throttled(Exception):
    """Too many failed tries from this place. ``seconds``: when to try again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"try again in {seconds} seconds")
        self.seconds = seconds


class PolicyNotPublished(Exception):
    """Nobody can sign in: the operator has not published an acceptable use policy yet. Nothing happened."""


class SecondFactorNeeded(Exception):
    """Who asks is signed in, but gave no second factor lately: once they do, the same request is answered.
    ``enrolled``: whether they have one; otherwise what is lacking is a fresh sign-in. ``max_age``: in seconds."""

    code = "second_factor_needed"

    def __init__(self, *, max_age: int, enrolled: bool = True) -> None:
        super().__init__("a second factor is needed")
        self.max_age = max_age
        self.enrolled = enrolled


class NotSignedIn(Exception):
    """The credential, session or sign-in does not pass. One answer for every cause."""

    code = "not_signed_in"
