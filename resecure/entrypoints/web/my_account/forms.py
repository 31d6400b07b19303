"""What one changes of one's own account."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from resecure.entrypoints.web.forms import CurrentPasswordField, NewPasswordField, PageForm


class PasswordForm(PageForm):
    old = CurrentPasswordField(
        label=_("Present password"), error_messages={"required": _("Enter your present password")}
    )
    password = NewPasswordField(label=_("New password"), error_messages={"required": _("Enter a new password")})
