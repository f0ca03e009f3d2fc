"""A first sync that takes more calls than a day has, small, on the virtual clock; `make load` plays the large one."""

import math
from collections import Counter
from datetime import UTC, datetime

import pytest
from load.company import Size
from load.first_sync import DAY_S, MINUTE_S, Synced, Terms, sync
from load.installation import PROJECT

from ofrecord.first_sync import first_sync
from ofrecord_transforms.load import load

SIZE = Size(accounts=60, items=60, quotes=15)
FREE = Terms(vendor_minute=0, vendor_day=0, vendor_credits=0, a_minute=0, a_day=0)
TIGHT = Terms(vendor_minute=20, vendor_day=100, a_minute=15, a_day=75, reserve=20)
REST = 4
"""Calls a night begins with beside its work: lists that are read again."""


def finished(found: Synced) -> None:
    """Everything is there, once."""
    assert not found.failed
    assert found.found == {
        "accounts": SIZE.accounts, "items": SIZE.items, "quotes": SIZE.quotes,
        "accounts twice": 0, "items twice": 0, "quotes twice": 0, "orders not confirmed": 0,
    }  # fmt: skip


def written(found: Synced) -> Counter[str]:
    """Writes to Inventory and Books, by what they were."""
    counts: Counter[str] = Counter()
    for (_who, system, method, path), number in found.calls.items():
        if system in {"inventory", "books"} and method != "GET" and path[:3] != "429":
            counts[path] += number
    return counts


def refused(found: Synced) -> Counter[str]:
    """Calls the vendors refused for load."""
    return Counter(
        {path: number for (_who, _system, _method, path), number in found.calls.items() if path[:3] == "429"}
    )


@pytest.fixture(scope="module")
def whole() -> Synced:
    """What it takes where nothing is limited."""
    found = sync(SIZE, FREE)
    finished(found)
    assert len(found.nights) == 1
    return found


def test_the_plan_told_before_is_what_it_takes(whole: Synced) -> None:
    asked = {"product": SIZE.items, "account": SIZE.accounts, "order": SIZE.quotes}
    told = sum(one.calls for one in first_sync(load(PROJECT / "rules"), asked))
    assert told <= len(whole.finance) <= 1.1 * told, "lists that turn out empty are not in the plan"


def test_a_first_sync_keeps_to_minute_and_day_leaves_its_reserve_and_ends_when_it_must(whole: Synced) -> None:
    found = sync(SIZE, TIGHT)
    finished(found)
    assert not refused(found)
    assert found.most_within(MINUTE_S) <= TIGHT.a_minute + 1, "one may be a little late on its way"
    assert found.most_within(DAY_S) == TIGHT.share == 60, "the day is used up, but for the reserve"
    assert [night.cut for night in found.nights] == ["calls_per_day"] * (len(found.nights) - 1) + [""]
    again = REST + TIGHT.a_minute  # what changed in the last minute before the end is read once more
    least, most = (len(whole.finance) / share for share in (TIGHT.share, TIGHT.share - again))
    assert math.ceil(least) <= len(found.nights) <= math.ceil(most)
    assert len(found.finance) - len(whole.finance) <= (len(found.nights) - 1) * again
    once_a_night = len(found.nights) - 1  # the record under way when the day ended is asked for
    assert written(found).total() - written(whole).total() <= once_a_night


def test_a_first_sync_that_knows_no_limit_goes_on_when_the_vendor_begins_a_new_day(whole: Synced) -> None:
    terms = Terms(vendor_minute=0, vendor_day=100, a_minute=0, a_day=0)
    found = sync(SIZE, terms)
    finished(found)
    assert [night.cut for night in found.nights] == ["45"] * (len(found.nights) - 1) + [""]
    days = Counter(datetime.fromtimestamp(at, UTC).date() for at in found.finance)
    assert max(days.values()) <= terms.vendor_day
    assert sum(refused(found).values()) <= 2 * len(found.nights), "who hears that the day is spent asks no more"
    assert written(found).total() - written(whole).total() <= len(found.nights) - 1


@pytest.mark.parametrize(("place", "call"), [(0, 2), (2, 30)], ids=["tap", "target"])
def test_a_first_sync_whose_process_is_killed_is_completed_by_the_next_night(place: int, call: int) -> None:
    found = sync(SIZE, FREE, kill=(0, "customers", (0, place, call)))
    finished(found)
    assert [night.cut for night in found.nights] == ["killed", ""]
