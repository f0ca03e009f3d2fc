"""Several runs at once, and two people who create the same thing on both sides: one record per system, one link."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.ledger import Ledger
from ofrecord_kit.target.delivery import Delivery
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.wire import read_wire
from ofrecord_kit.testing.shop import NOON, Shop, field, record, schema


class SlowShop(Shop):
    """A vendor in which all runs look for a record before any of them creates it."""

    def __init__(self, runs: int) -> None:
        super().__init__()
        self.everybody_looked = threading.Barrier(runs, timeout=30)

    def find(
        self, object_: str, field_: str, values: Sequence[Any], form: str | None, among: Mapping[str, Any] | None = None
    ) -> dict[Any, list[str]]:
        found = super().find(object_, field_, values, form, among)
        self.everybody_looked.wait()
        return found


def run_of(path: Path, name: str, shop: Shop, *records: Mapping[str, Any]) -> list[Item]:
    ledger = Ledger(str(path / "ledger.db"), name)
    wire = read_wire(schema(about={"match": []}))
    assert wire is not None
    try:
        return Delivery(wire, shop, ledger, lambda: NOON).deliver(records)
    finally:
        ledger.close()


@pytest.mark.parametrize("records", [1, 20])
@pytest.mark.parametrize("runs", [2, 4])
def test_runs_that_meet_at_one_record_make_it_once(tmp_path: Path, runs: int, records: int) -> None:
    Ledger(str(tmp_path / "ledger.db")).close()
    shop = SlowShop(runs)
    batch = [record(str(number), Name=f"Bolt {number}") for number in range(records)]
    with ThreadPoolExecutor(runs) as pool:
        outcomes = list(pool.map(lambda number: run_of(tmp_path, f"run-{number}", shop, *batch), range(runs)))
    assert len(shop.objects["Products"]) == records
    for items in zip(*outcomes, strict=True):
        assert sorted(str(item.outcome) for item in items) == ["failed"] * (runs - 1) + ["written"]
        codes = [held.code for item in items for held in item.helds]
        assert codes == ["BUSY"] * (runs - 1)
    later = run_of(tmp_path, "later", Shop(), *batch)
    assert {item.outcome for item in later} == {"unchanged"}
    ledger = Ledger(str(tmp_path / "ledger.db"))
    assert ledger.held() == []
    assert ledger.intended("product", "crm", [str(number) for number in range(records)]) == {}
    ledger.close()


def test_a_creation_that_a_dead_run_began_is_taken_over_after_a_while(tmp_path: Path) -> None:
    for name, at in (("dead", NOON - timedelta(days=1)), ("live", NOON)):
        ledger = Ledger(str(tmp_path / "ledger.db"), name)
        with ledger.writing(at) as writing:
            writing.claim("product", "crm", ["1" if name == "dead" else "2"])
        ledger.close()
    taken, left = run_of(tmp_path, "mine", Shop(), record("1", Name="Bolt"), record("2", Name="Nut"))
    assert (taken.outcome, left.outcome, left.helds[0].code) == ("written", "failed", "BUSY")


PLACES = {"crm": "Accounts", "inventory": "contacts"}


class Both:
    """A customer that two people made at the same time, one in each system."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shops = {system: Shop() for system in PLACES}
        for system, shop in self.shops.items():
            self.id_of = shop.put(PLACES[system], name="Acme Ltd", phone="11" if system == "crm" else None)
        Ledger(str(path / "ledger.db")).close()

    def go(self, way: tuple[str, str]) -> list[str | None]:
        source, to = way
        made = schema(about={
            "entity": "customer", "object": PLACES[to], "from": source, "to": to, "external_id": None,
            "source_external_id": None, "match": [{"field": "name", "format": "legal name"}],
        })  # fmt: skip
        made["properties"] = {
            "name": field("name", "crm", **({} if source == "crm" else {"violation": "revert"})),
            "phone": field("phone", "shared"),
        }
        wire = read_wire(made)
        assert wire is not None
        ledger = Ledger(str(self.path / "ledger.db"), f"{source}-{to}")
        records = []
        for identity, row in self.shops[source].objects[PLACES[source]].items():
            sent = dict(row) if source == "crm" else {"phone": row["phone"]}
            note = {"id": identity, "native": sent, "observed": {} if source == "crm" else {"name": row["name"]}}
            records.append({**sent, "_ofrecord": {**note, "match": {"name": row["name"]}}})
        try:
            return [item.outcome for item in Delivery(wire, self.shops[to], ledger, lambda: NOON).deliver(records)]
        finally:
            ledger.close()


def one_after_the_other(both: Both) -> None:
    for way in (("crm", "inventory"), ("inventory", "crm")):
        both.go(way)


def the_other_way_round(both: Both) -> None:
    for way in (("inventory", "crm"), ("crm", "inventory")):
        both.go(way)


def at_once(both: Both) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(both.go, [("crm", "inventory"), ("inventory", "crm")]))


@pytest.mark.promise("F094")
@pytest.mark.parametrize("happens", [one_after_the_other, the_other_way_round, at_once])
def test_a_customer_created_on_both_sides_ends_as_one_pair(tmp_path: Path, happens: Callable[[Both], None]) -> None:
    both = Both(tmp_path)
    happens(both)
    one_after_the_other(both)
    rows = [list(both.shops[system].objects[at].values()) for system, at in PLACES.items()]
    assert rows == [[{"name": "Acme Ltd", "phone": "11"}]] * 2
    assert one_after_the_other(both) is None
    ledger = Ledger(str(tmp_path / "ledger.db"))
    assert len(ledger.links_of("customer", "crm", "inventory", both.shops["crm"].objects["Accounts"])) == 1
    assert ledger.held() == []
    ledger.close()
