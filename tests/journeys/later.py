"""The service as it is served, with a clock that is ahead: for journeys in which somebody comes back the next day."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import time_machine

time_machine.travel(datetime.now(UTC) + timedelta(hours=int(os.environ["JOURNEY_HOURS_LATER"])), tick=True).start()

from resecure.config.wsgi import application  # noqa: E402, F401 - after the clock was moved
