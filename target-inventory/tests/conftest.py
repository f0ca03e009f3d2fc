"""One sandbox for these tests, and a company in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ofrecord_kit.testing.finance import Company
from ofrecord_kit.testing.sandbox import Sandbox, sandbox, sandbox_server
from target_inventory.objects import Inventory

__all__ = ["company", "sandbox", "sandbox_server"]


@pytest.fixture
def company(sandbox: Sandbox, tmp_path: Path) -> Iterator[Company]:
    """One customer and one stocked item."""
    made = Company(sandbox, tmp_path, Inventory)
    yield made
    made.client.close()
