"""The steps of a sign-in as pages: which comes next, and which of how many it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from resecure.entrypoints.web.forms import PageForm
from resecure.entrypoints.web.second_factor import SecondFactorForm
from resecure.entrypoints.web.sign_in.forms import AccountSecretForm, AupForm, NewPasswordForm, ProfileForm
from resecure.identity.agreements import current_aup
from resecure.identity.sign_ins import SignIn
from resecure.operations.agree_to_aup import agree_to_aup
from resecure.operations.check_profile import check_profile
from resecure.operations.choose_password import choose_password
from resecure.operations.give_second_factor import give_second_factor
from resecure.operations.set_account_secret import set_account_secret
from resecure.operations.shared.progress import Progress
from resecure.operations.shared.proving import Given
from resecure.policy.next_sign_in import Step


@dataclass(frozen=True, kw_only=True)
class StepPage:
    """One step: its page, its form, and the operation that takes it."""

    step: Step
    heading: str | Promise
    form: Callable[..., PageForm]
    take: Callable[[str, dict[str, Any]], Progress]

    @property
    def url_name(self) -> str:
        return f"sign_in:{self.step.value}"

    @property
    def template(self) -> str:
        return f"sign_in/{self.step.value}.jinja"


def href_of(step: Step) -> str:
    """Where a step is taken; adding a second factor has pages of its own."""
    return reverse(f"sign_in:{step.value}")


def _aup_form(*args: Any, **kwargs: Any) -> PageForm:
    return AupForm(*args, shown=current_aup().version, **kwargs)


STEPS: dict[Step, StepPage] = {
    page.step: page
    for page in (
        StepPage(
            step=Step.SECOND_FACTOR,
            heading=_("Show that it is you"),
            form=SecondFactorForm,
            take=lambda handle, typed: give_second_factor(
                handle,
                Given(code=typed["code"], passkey=typed["passkey"], challenge=typed["challenge"]),
                client=typed["client"],
            ),
        ),
        StepPage(
            step=Step.NEW_PASSWORD,
            heading=_("Choose a new password"),
            form=NewPasswordForm,
            take=lambda handle, typed: choose_password(handle, typed["password"]),
        ),
        StepPage(
            step=Step.AUP,
            heading=_("Read and accept the acceptable use policy"),
            form=_aup_form,
            take=lambda handle, typed: agree_to_aup(handle, version=typed["version"]),
        ),
        StepPage(
            step=Step.PROFILE,
            heading=_("Check your profile"),
            form=ProfileForm,
            take=lambda handle, typed: check_profile(handle, **typed),
        ),
        StepPage(
            step=Step.ACCOUNT_SECRET,
            heading=_("Set your account secret"),
            form=AccountSecretForm,
            take=lambda handle, typed: set_account_secret(handle, typed["secret"]),
        ),
    )
}


def place_of(sign_in: SignIn, owed: list[Step]) -> tuple[int, int]:
    """Which step this is of how many: what this sign-in has done, and what it owes, each counted once."""
    done = {
        Step.SECOND_FACTOR: sign_in.second_factor_at if sign_in.by_password else None,
        Step.NEW_PASSWORD: sign_in.new_password_at,
        Step.AUP: sign_in.aup_at,
        Step.PROFILE: sign_in.profile_at,
    }
    behind = sum(1 for step, at in done.items() if at is not None and step not in owed)
    return behind + 1, behind + len(owed)
