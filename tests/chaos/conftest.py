"""What the tests of this folder share: a task that carries new items to the CRM, and what must be true after the next run."""

import pytest

TASK = "tap-inventory--products own-products-inventory-to-crm target-crm"
BACK = "tap-crm--products own-products-crm-to-inventory target-inventory"


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
        since = 0
        for _ in ("what was left", "nothing is left"):
            since = stocked.stage.journal()["next"]
            for task in (TASK, BACK):
                outcomes = stocked.pipe(task)
                assert [one.code for one in outcomes] == [0, 0, 0], "\n".join(one.complaint for one in outcomes)
        assert len(stocked.products()) == items
        assert len(set(stocked.products())) == items
        assert stocked.writes(since) == []

    return look
