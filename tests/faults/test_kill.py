"""A process killed with SIGKILL at random moments of a running mix. RESECURE_TEST_KILLS=200 for the long form."""

from __future__ import annotations

import os

import pytest

from resecure.audit.models import Record
from tests.conftest import World
from tests.faults.mix import kill_many
from tests.faults.snapshots import assert_whole, quick_hashes


@pytest.mark.fault
@pytest.mark.database
def test_a_killed_process_leaves_every_operation_wholly_done_or_not_at_all(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_hashes(monkeypatch)

    told = kill_many(int(os.environ.get("RESECURE_TEST_KILLS", "15")), committed_world, check=assert_whole)

    assert told > 3, "the mix was killed before it did anything"
    events = set(Record.objects.values_list("event", flat=True))
    assert {"account_resecured", "sign_in_completed", "account_disabled", "account_deleted"} <= events
