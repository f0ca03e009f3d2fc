"""Where the ledger keeps values hashed, nobody but the owner of a field can put an edit of it back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ofrecord_kit.ledger import Ledger
from ofrecord_kit.target.delivery import Delivery
from ofrecord_kit.target.outbox import Outbox
from ofrecord_kit.testing.shop import NOON, Shop, World, field, record, schema

KEY = "a key of more than thirty-two characters"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.ledger.close()
    made.ledger = Ledger(str(tmp_path / "hashed.db"), "run", values="hashed", key=KEY)
    yield made
    made.ledger.close()


def test_an_edit_is_put_back_when_the_record_of_its_owner_is_read_again_though_nothing_is_new_in_it(
    world: World,
) -> None:
    assert world.deliver(record(Name="Bolt", Price="10")) == ["written"]
    (crm,) = world.shop.objects["Products"]
    there = schema(about={"from": "crm", "to": "inventory", "object": "items", "external_id": None, "source_external_id": None, "create": False},
                   Price=field("price", "inventory", violation="revert"))  # fmt: skip
    world.shop.objects["Products"][crm]["Price"] = "15"
    inventory = Delivery(world.wire(there), Shop(), world.ledger, world.now)
    edited = {"_ofrecord": {"id": crm, "native": {}, "observed": {"price": "15"}}}
    inventory.deliver([edited])
    inventory.deliver([edited])
    assert Outbox("crm", world.shop, world.ledger, world.now).drain()["postponed"] == 1
    assert world.shop.objects["Products"][crm]["Price"] == "15"

    assert world.deliver(record(Name="Bolt", Price="10")) == ["written"]
    assert world.shop.objects["Products"][crm]["Price"] == "10"
    assert world.ledger.owed("crm", NOON) == []
    assert world.deliver(record(Name="Bolt", Price="10")) == ["unchanged"]
