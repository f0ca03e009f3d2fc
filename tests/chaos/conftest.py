"""What the tests of this folder share: a task that carries new items to the CRM, and what must be true after the next run."""

import os
import re
from pathlib import Path

import pytest

TASK = "tap-inventory--products own-products-inventory-to-crm target-crm"
BACK = "tap-crm--products own-products-crm-to-inventory target-inventory"

LONG = re.compile(
    r"test_two_jobs|test_vendors_that_go|between two runs|from the beginning|asked_to_stop.*\[(tap|mapper)\]|\[\w+-a later moment\]"
)
"""Tests that only `make chaos` runs (OFRECORD_CHAOS=1): the others show the same of another part or moment."""


def pytest_collection_modifyitems(config, items):
    here = Path(__file__).parent
    long = [one for one in items if one.path.parent == here and LONG.search(one.name)]
    if not os.environ.get("OFRECORD_CHAOS"):
        items[:] = [one for one in items if one not in long]
        config.hook.pytest_deselected(items=long)


@pytest.fixture
def stocked(site):
    """Items in inventory that the CRM does not have yet; answers take as long as those of a near vendor."""
    for number in range(12):
        site.new_item(f"LG-{number:02}")
    site.stage.control("POST", "latency", {"seconds": 0.03})
    yield site
    site.stage.control("POST", "latency", {"seconds": 0})


@pytest.fixture
def all_is_well(stocked):
    """Undisturbed runs complete, every item is one product, and then there is nothing left to write."""

    def look(*, items=12):
        stocked.stage.control("POST", "latency", {"seconds": 0})
        for _ in ("what was left", "nothing is left"):
            since = stocked.stage.journal()["next"]
            outcomes = stocked.pipe(TASK)
            assert [one.code for one in outcomes] == [0, 0, 0], "\n".join(one.complaint for one in outcomes)
        assert len(stocked.products()) == items
        assert len(set(stocked.products())) == items
        assert stocked.writes(since) == []

    return look
