"""Organisations: the policy of one, and setting it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field, JsonValue

from resecure.entrypoints.api.access import me_of
from resecure.entrypoints.api.schemas import OrganisationOut, answers
from resecure.entrypoints.api.shown import organisation_of
from resecure.identity.organisations import Organisation
from resecure.operations import set_organisation_policy as operation
from resecure.policy.organisation_policy import Counting, OrganisationPolicy

router = Router(tags=["organisations"])


class OrganisationPolicyIn(Schema):
    """Only what changes; null takes a setting back, so that what is above counts again."""

    settings: dict[str, JsonValue] = Field(max_length=100)


class PolicySettingOut(Schema):
    """One setting: what counts here, what is set here, and whose value it is (null: the default)."""

    key: str
    label: str
    sentence: str
    value: int | bool | list[str]
    text: str
    default: int | bool | list[str]
    set_here: int | bool | list[str] | None
    set_by: OrganisationOut | None


class OrganisationPolicyOut(Schema):
    organisation: OrganisationOut
    settings: list[PolicySettingOut]


@router.get("/organisations/{code}/policy", response=answers({200: OrganisationPolicyOut}, 401, 404, 409))
def organisation_policy(request: HttpRequest, code: str) -> dict[str, Any]:
    """Every setting of an organisation, what counts and whose value it is."""
    return _shown(*operation.look_at_organisation_policy(code, by=me_of(request)))


@router.put(
    "/organisations/{code}/policy",
    response=answers({200: OrganisationPolicyOut}, 400, 401, 403, 404, 409, 415, 422),
)
def set_organisation_policy(request: HttpRequest, code: str, payload: OrganisationPolicyIn) -> dict[str, Any]:
    """Set what is named; null takes a setting back. What is not named stays as it is."""
    me = me_of(request)
    operation.set_organisation_policy(code, settings=payload.settings, by=me)
    return _shown(*operation.look_at_organisation_policy(code, by=me))


def _shown(at: Organisation, policy: OrganisationPolicy) -> dict[str, Any]:
    return {"organisation": organisation_of(at), "settings": [_setting(each) for each in policy.all()]}


def _setting(each: Counting[Any]) -> dict[str, Any]:
    setting = each.setting
    return {
        "key": setting.key,
        "label": str(setting.label),
        "sentence": str(setting.sentence),
        "value": setting.stored(each.value),
        "text": setting.said(each.value),
        "default": setting.stored(setting.default),
        "set_here": None if each.set_here is None else setting.stored(each.set_here),
        "set_by": None if each.from_code is None else {"code": each.from_code, "name": each.from_name},
    }
