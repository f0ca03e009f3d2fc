"""A vendor's day ends in the middle of a batch: what was sent is recorded, and the next run sends the rest and nothing twice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ofrecord_kit.errors import DailyLimit
from ofrecord_kit.target import Change, New, Result
from ofrecord_kit.target.outbox import Outbox
from ofrecord_kit.testing.shop import Shop, World, record, schema


class ShortDay(Shop):
    """A vendor that takes one record a call, and so many writing calls a day."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 1000
        self.sent: Counter[str] = Counter()

    def creates_at_once(self, object_: str, number: int) -> int:
        return 1

    def updates_at_once(self, object_: str, number: int) -> int:
        return 1

    def _call(self, what: str) -> None:
        if not self.left:
            message = "spent"
            raise DailyLimit(message)
        self.left -= 1
        self.sent[what] += 1

    def create(self, object_: str, records: Sequence[New]) -> list[Result]:
        for new in records:
            self._call(f"create {new.values['Name']}")
        return super().create(object_, records)

    def update(self, object_: str, changes: Sequence[Change]) -> list[Result]:
        for change in changes:
            self._call(f"update {change.id}")
        return super().update(object_, changes)

    def stamp(self, object_: str, field_: str, ids: Mapping[str, str]) -> dict[str, Result]:
        for one in ids:
            self._call(f"stamp {one}")
        return super().stamp(object_, field_, ids)

    def act(self, object_: str, record: str, action: str) -> Result:
        self._call(f"{action} {record}")
        return super().act(object_, record, action)


@pytest.fixture
def world(tmp_path: Any) -> Any:
    made = World(tmp_path)
    made.shop = ShortDay()
    yield made
    made.ledger.close()


def batch(number: int, price: str = "1") -> list[dict[str, Any]]:
    return [record(str(one), Name=f"Thing {one}", Code=f"C{one}", Price=price) for one in range(number)]


def day(world: World, records: Sequence[Mapping[str, Any]], calls: int, said: Mapping[str, Any] | None = None) -> Any:
    """A run with so many calls left; the delivery it made."""
    world.shop.left = calls
    delivery = world.delivery(said)
    try:
        delivery.deliver(records)
    except DailyLimit:
        return delivery
    return None


def test_records_created_before_the_day_ended_are_not_created_or_looked_for_again(world: World) -> None:
    records = batch(5)
    ended = day(world, records, calls=3)
    assert [item.outcome for item in ended.done_before_end] == ["written"] * 3
    assert list(world.ledger.intended("product", "crm", [str(one) for one in range(5)])) == ["3"], "it was under way"
    assert day(world, records, calls=2) is None
    assert world.shop.sent == {f"create Thing {one}": 1 for one in range(5)}
    assert len(world.products()) == 5


def test_records_changed_before_the_day_ended_are_not_written_again(world: World) -> None:
    day(world, batch(5), calls=5)
    world.shop.sent.clear()
    changed = batch(5, price="2")
    assert day(world, changed, calls=2) is not None
    assert day(world, changed, calls=3) is None
    assert set(world.shop.sent.values()) == {1}
    assert {row["Price"] for row in world.products()} == {"2"}


def test_a_document_that_was_created_is_confirmed_on_the_next_day(world: World) -> None:
    said = schema(about={"once": {"then": ["confirmed"]}})
    records = batch(3)
    assert day(world, records, calls=4, said=said) is not None
    assert day(world, records, calls=2, said=said) is None
    assert sorted(world.shop.sent.values()) == [1] * 6
    assert len(world.shop.actions) == 3


def test_stamps_that_were_written_before_the_day_ended_are_not_owed_any_more(world: World) -> None:
    day(world, batch(250), calls=250)
    for one in range(250):
        world.shop.objects.setdefault("items", {})[str(one)] = {}
    world.shop.sent.clear()
    paid = []
    for calls in (120, 120, 120):
        world.shop.left = calls
        try:
            paid.append(Outbox("inventory", world.shop, world.ledger, world.now).drain()["stamped"])
        except DailyLimit:
            paid.append(calls)
    assert paid == [120, 120, 10]
    assert world.shop.sent == {f"stamp {one}": 1 for one in range(250)}


def test_a_run_that_is_asked_to_stop_leaves_the_rest_of_what_is_owed(world: World) -> None:
    day(world, batch(250), calls=250)
    for one in range(250):
        world.shop.objects.setdefault("items", {})[str(one)] = {}
    world.shop.left = 1000
    stops = iter([False, True])
    counts = Outbox("inventory", world.shop, world.ledger, world.now).drain(lambda: next(stops))
    assert counts["stamped"] == 100
    assert len(world.ledger.owed("inventory", world.now())) == 150
