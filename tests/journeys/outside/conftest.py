"""What a journey through an application needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.stories import Story


@pytest.fixture
def register(story: Story) -> Callable[..., tuple[Any, str]]:
    """Registers an application, for the people of the region of this story."""
    from resecure.identity.accounts import system_account
    from resecure.identity.applications import Kind
    from resecure.operations.register_application import register_application
    from resecure.operations.shared.application_frame import Registration

    def made(name: str, kind: Kind = Kind.WEB, **columns: Any) -> tuple[Any, str]:
        typed = Registration(name=name, organisations=[story.world.region.code], **columns)
        application, secret = register_application(typed, kind=kind, by=system_account())
        if secret:
            story.service.secrets.add(secret)
        return application, secret

    return made
