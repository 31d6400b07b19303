"""What an organisation may set for itself: one entry a setting; and what counts at a place of the tree.

A setting that nobody on the way from the top down to a place has set is the default there. An organisation may set
anything within the bounds, but nothing looser than one above it has set: of two, the stricter counts, whoever set
theirs first. So a region that becomes stricter need not wait until every practice has noticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from resecure.identity.confirmations import Method
from resecure.identity.organisations import PolicyOf, policies_on
from resecure.policy.refusals import Invalid
from resecure.policy.setting_kinds import Area, Number, Setting, Several, YesNo
from resecure.policy.watching_settings import WATCHING_SETTINGS

T = TypeVar("T")
__all__ = [
    "SETTINGS",
    "Area",
    "Counting",
    "Number",
    "OrganisationPolicy",
    "Setting",
    "Several",
    "YesNo",
    "by_area",
    "changed",
]

CONFIRMING = Area("confirming", gettext_lazy("Confirming who the caller is"))

CHANNEL_AGE = Number(
    key="confirmation_channel_days",
    area=CONFIRMING,
    label=gettext_lazy("Days before a changed number counts"),
    sentence=gettext_lazy(
        "A number on record proves nothing for so many days after it was changed: whoever changes it first and calls"
        " then would prove themselves to themselves."
    ),
    default=7,
    least=1,
    most=90,
    unit="days",
    looser_is="below",
    costs=gettext_lazy("A thief who changed the number can be called back on it sooner."),
)

METHODS = Several(
    key="confirmation_methods",
    area=CONFIRMING,
    label=gettext_lazy("Ways to confirm who a caller is"),
    sentence=gettext_lazy("The others prove nothing here."),
    default=frozenset(Method.values),
    choices={each.value: each.label for each in Method},
    looser_is="more",
    costs=gettext_lazy("Each way more is one more that a caller who pretends can try."),
)
CAUTION_HOURS = Number(
    key="caution_hours",
    area=CONFIRMING,
    label=gettext_lazy("Hours of caution after a caller could not be confirmed"),
    sentence=gettext_lazy("So long every administrator who opens the account sees who was unsure, and when."),
    default=24,
    least=1,
    most=720,
    unit="hours",
    looser_is="below",
    costs=gettext_lazy("A caller who failed with one administrator finds the next one unwarned sooner."),
)

SECOND_FACTOR = Area("second_factor", gettext_lazy("Second factor"))

RESECURE_RESETS_FACTOR = YesNo(
    key="resecure_resets_second_factor",
    area=SECOND_FACTOR,
    label=gettext_lazy("A resecure also resets the second factor"),
    sentence=gettext_lazy(
        "With it, Resecure Account has a fifth effect: every passkey, authenticator app and recovery code goes."
        " Without it, somebody else does that by Reset second factor."
    ),
    default=False,
    looser_is=True,
    costs=gettext_lazy("One caller who deceives one administrator opens an account with its second factor and all."),
)

# One entry for each; the page, the API and the manual show them in this order, under their areas.
_ALL: tuple[Setting[Any], ...] = (METHODS, CHANNEL_AGE, CAUTION_HOURS, RESECURE_RESETS_FACTOR, *WATCHING_SETTINGS)
SETTINGS = {each.key: each for each in _ALL}


@dataclass(frozen=True, kw_only=True)
class Counting(Generic[T]):
    """What counts of one setting at one place, and where it comes from."""

    setting: Setting[T]
    value: T
    # Of the organisation whose value counts; None for the default.
    from_code: str | None = None
    from_name: str | None = None
    # What the organisation of the place has set itself, whether or not it counts; None if nothing.
    set_here: T | None = None
    # What counts for whoever stands above the place; None where nobody there has set anything.
    above: T | None = None
    here: bool = False


class OrganisationPolicy:
    """The settings as they count at one place of the tree."""

    def __init__(self, policies: Sequence[PolicyOf]) -> None:
        """``policies``: what is set on the way down to the place, the highest first, the place itself last."""
        self._policies = policies

    @classmethod
    def at(cls, path: str) -> OrganisationPolicy:
        """The policy at this place, read now."""
        return cls(policies_on(path))

    def of(self, setting: Setting[T]) -> T:
        """The value that counts."""
        return self.counting(setting).value

    def counting(self, setting: Setting[T]) -> Counting[T]:
        """The value that counts, and whose it is."""
        value: T | None = None
        above: T | None = None
        set_here: T | None = None
        whose: PolicyOf | None = None
        for place in self._policies:
            last = place is self._policies[-1]
            if last:
                above = value
            own = _understood(setting, place.policy)
            if own is None:
                continue
            if last:
                set_here = own
            counts = own if value is None else setting.stricter(value, own)
            if value is None or counts != value:
                value, whose = counts, place
        if value is None or whose is None:
            return Counting(setting=setting, value=setting.default)
        return Counting(
            setting=setting,
            value=value,
            from_code=whose.code,
            from_name=whose.name,
            set_here=set_here,
            above=above,
            here=whose is self._policies[-1],
        )

    def all(self) -> list[Counting[Any]]:
        """Every setting, in its order."""
        return [self.counting(each) for each in SETTINGS.values()]


def _understood(setting: Setting[T], policy: dict[str, object]) -> T | None:
    if setting.key not in policy:
        return None
    try:
        return setting.understood(policy[setting.key])
    except ValueError:
        return None  # of another version, or put in by hand: as if it were not set


@dataclass(kw_only=True)
class Changed:
    """What an organisation's own policy becomes, and for the record each change as (before, after)."""

    policy: dict[str, Any]
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)


def changed(policies: Sequence[PolicyOf], wanted: dict[str, object | None]) -> Changed:
    """The organisation's policy after these changes: None takes a setting back, what is not named stays.

    Raises Invalid, with every error: an unknown setting, a value out of bounds, one looser than what counts above.
    """
    here = policies[-1]
    policy, errors = dict(here.policy), dict[str, list[str]]()
    made = Changed(policy=policy)
    for key, given in wanted.items():
        setting = SETTINGS.get(key)
        if setting is None:
            errors[key] = [_("There is no such setting")]
            continue
        if given is None:
            policy.pop(key, None)
        else:
            try:
                value = setting.understood(given)
                _insist_not_looser(setting, value, above=OrganisationPolicy(policies).counting(setting).above)
                policy[key] = setting.stored(value)
            except ValueError as wrong:
                errors[key] = [str(wrong)]
                continue
        before, after = here.policy.get(key), policy.get(key)
        if before != after:
            made.changes[key] = (before, after)
    if errors:
        raise Invalid(errors)
    return made


def _insist_not_looser(setting: Setting[T], value: T, *, above: T | None) -> None:
    if above is not None and setting.stricter(above, value) != value:
        raise ValueError(
            _("An organisation above has set: %(value)s. Here it can only be stricter") % {"value": setting.said(above)}
        )


def by_area(counting: Iterable[Counting[Any]]) -> list[tuple[Area, list[Counting[Any]]]]:
    """The settings under their areas, each in its order."""
    found: dict[str, tuple[Area, list[Counting[Any]]]] = {}
    for each in counting:
        found.setdefault(each.setting.area.key, (each.setting.area, []))[1].append(each)
    return list(found.values())
