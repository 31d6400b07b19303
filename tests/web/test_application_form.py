"""The form of an application says what may be left empty, and only that."""

from __future__ import annotations

from resecure.entrypoints.web.applications.forms import ApplicationForm
from resecure.identity.applications import Kind


def test_a_logout_address_is_not_called_optional_where_it_may_be_needed() -> None:
    assert ApplicationForm(kind=Kind.WEB).part("logout_address").label == "Logout address"
    assert ApplicationForm(kind=Kind.PUBLIC).part("logout_address").label == "Logout address (optional)"
    assert ApplicationForm(kind=Kind.WEB).part("question_address").label == "Question address (optional)"
