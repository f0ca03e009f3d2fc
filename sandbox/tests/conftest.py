"""What tests of the CRM begin with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ofrecord_sandbox.assemble import new_world
from ofrecord_sandbox.world import World


@pytest.fixture
def world() -> World:
    """Everything of the sandbox, on the first of March at nine."""
    made = new_world()
    made.clock.freeze(datetime(2026, 3, 1, 9, 0, tzinfo=UTC))
    return made
