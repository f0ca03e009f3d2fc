"""Composite items, what a package tells of its shipment, and what a list of returns shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sandbox_worlds import Finance

from ofrecord_sandbox.finance.doubts import doubts

ROOT = "/inventory/v1"


class Shop(Finance):
    """A world with two stocked items: 40 bolts, 30 nuts."""

    root = ROOT

    def __init__(self) -> None:
        super().__init__()
        self.bolt, self.nut = self.item("Bolt", 40), self.item("Nut", 30)

    def item(self, name: str, stock: int) -> str:
        body = {"name": name, "sku": name, "rate": 2, "item_type": "inventory", "initial_stock": stock}
        return str(self.ok("POST", "/items", body)["item"]["item_id"])

    def body(self, **more: Any) -> dict[str, Any]:
        parts = [{"item_id": self.bolt, "quantity": 4}, {"item_id": self.nut, "quantity": 1}]
        kept = {"name": "Set", "sku": "SET", "rate": 9, "item_type": "inventory", "product_type": "goods"}
        return {**kept, "mapped_items": parts, **more}

    def made(self, **more: Any) -> dict[str, Any]:
        return dict(self.ok("POST", "/compositeitems", self.body(**more))["composite_item"])

    def seen(self, composite: dict[str, Any]) -> dict[str, Any]:
        return dict(self.ok("GET", f"/compositeitems/{composite['composite_item_id']}")["composite_item"])

    def shipped(self, item: str, quantity: int) -> dict[str, Any]:
        customer = self.ok("POST", "/contacts", {"contact_name": "Nordlicht"})["contact"]["contact_id"]
        head = {"customer_id": customer, "line_items": [{"item_id": item, "quantity": quantity}]}
        order = self.ok("POST", "/salesorders", head)["salesorder"]
        key = order["salesorder_id"]
        self.ok("POST", f"/salesorders/{key}/status/confirmed")
        line = {"so_line_item_id": order["line_items"][0]["line_item_id"], "quantity": quantity}
        package = self.ok("POST", f"/packages?salesorder_id={key}", {"line_items": [line]})["package"]["package_id"]
        sent = {"date": "2026-03-02", "delivery_method": "FedEx", "tracking_number": "T-1"}
        self.ok("POST", f"/shipmentorders?salesorder_id={key}&package_ids={package}", sent)
        return {"order": order, "package": package}


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_composite_names_its_components_in_its_detail_only(shop):
    made = shop.seen(shop.made())
    assert "item_id" not in made
    parts = [(one["name"], one["sku"], one["quantity"], one["stock_on_hand"]) for one in made["mapped_items"]]
    assert parts == [("Bolt", "Bolt", 4, 40), ("Nut", "Nut", 1, 30)]
    [row] = shop.ok("GET", "/compositeitems")["composite_items"]
    assert (row["composite_item_id"], row["is_combo_product"]) == (made["composite_item_id"], True)
    assert row["combo_type"] == "assembly"
    assert not {"mapped_items", "item_id"} & set(row)


def test_a_composite_has_the_custom_fields_of_items_and_shares_their_values(shop):
    stamp = [{"api_name": "cf_crm_id", "value": "77"}]
    made = shop.made(custom_fields=stamp)
    assert made["custom_field_hash"]["cf_crm_id"] == "77"
    assert shop.call("PUT", f"/items/{shop.bolt}", {"custom_fields": stamp})[0] == 400


def test_items_list_composites_marked_unless_the_doubt_says_otherwise(shop, monkeypatch):
    shop.made()

    def marks() -> dict[str, bool]:
        return {row["name"]: row["is_combo_product"] for row in shop.ok("GET", "/items")["items"]}

    assert marks() == {"Bolt": False, "Nut": False, "Set": True}
    monkeypatch.setattr(doubts, "composites_in_items", False)
    assert marks() == {"Bolt": False, "Nut": False}
    assert shop.call("GET", f"/compositeitems/{shop.bolt}")[0] == 404


def test_a_composite_can_be_changed_and_switched_off(shop):
    path = f"/compositeitems/{shop.made()['composite_item_id']}"
    parts = [{"item_id": shop.nut, "quantity": 2}]
    changed = shop.ok("PUT", path, {"rate": 11, "mapped_items": parts})["composite_item"]
    assert (changed["rate"], [one["name"] for one in changed["mapped_items"]]) == (11, ["Nut"])
    shop.ok("POST", f"{path}/inactive")
    assert shop.ok("GET", path)["composite_item"]["status"] == "inactive"
    assert shop.ok("GET", "/compositeitems?filter_by=Status.Active")["composite_items"] == []


@pytest.mark.parametrize("left_out", ["name", "sku", "rate", "item_type", "product_type", "mapped_items"])
def test_a_composite_without_what_it_needs_is_refused(shop, left_out):
    body = shop.body()
    del body[left_out]
    assert shop.call("POST", "/compositeitems", body)[0] == 400


def test_a_composite_is_never_made_of_itself_and_its_components_cannot_be_deleted(shop):
    key = shop.made(combo_type="kit")["composite_item_id"]
    outer = shop.made(sku="OUTER", combo_type="kit", mapped_items=[{"item_id": key, "quantity": 1}])
    for part in (key, outer["composite_item_id"]):
        body = {"mapped_items": [{"item_id": part, "quantity": 1}]}
        assert shop.call("PUT", f"/compositeitems/{key}", body)[0] == 400
    assert shop.call("DELETE", f"/items/{shop.nut}")[1]["code"] == 2049


def test_an_assembly_is_counted_as_itself(shop):
    made = shop.made(initial_stock=3)
    assert shop.seen(made)["stock_on_hand"] == 3
    shop.shipped(made["composite_item_id"], 2)
    assert shop.seen(made)["available_stock"] == 1
    assert shop.ok("GET", f"/items/{shop.bolt}")["item"]["available_stock"] == 40


def test_a_kit_has_the_stock_of_its_scarcest_component_and_takes_them_with_it(shop):
    kit = shop.made(combo_type="kit")
    assert shop.seen(kit)["available_stock"] == 10
    shop.shipped(kit["composite_item_id"], 3)
    assert shop.ok("GET", f"/items/{shop.bolt}")["item"]["available_stock"] == 28
    assert shop.ok("GET", f"/items/{shop.nut}")["item"]["available_stock"] == 27
    seen = shop.seen(kit)
    assert (seen["available_stock"], seen["actual_available_stock"], seen["available_for_sale_stock"]) == (7, 7, 7)


def test_the_detail_of_a_package_tells_how_it_travels(shop):
    package = shop.shipped(shop.bolt, 2)["package"]
    seen = shop.ok("GET", f"/packages/{package}")["package"]
    how = seen["shipment_order"]
    assert (seen["status"], how["status"], how["carrier"], how["tracking_number"], how["shipping_date"]) == (
        "shipped", "shipped", "FedEx", "T-1", "2026-03-02",
    )  # fmt: skip
    shop.ok("POST", f"/shipmentorders/{how['shipment_id']}/status/delivered")
    assert shop.ok("GET", f"/packages/{package}")["package"]["shipment_order"]["status"] == "delivered"


def test_packages_are_sorted_by_modification_and_a_delivery_is_one(shop):
    first, second = shop.shipped(shop.bolt, 1), None
    shop.world.clock.freeze(datetime(2026, 3, 3, 18, 0, tzinfo=UTC))
    line = {"item_id": shop.nut, "quantity": 1}
    head = {"customer_id": first["order"]["customer_id"], "line_items": [line]}
    order = shop.ok("POST", "/salesorders", head)["salesorder"]
    shop.ok("POST", f"/salesorders/{order['salesorder_id']}/status/confirmed")
    body = {"line_items": [{"so_line_item_id": order["line_items"][0]["line_item_id"], "quantity": 1}]}
    second = shop.ok("POST", f"/packages?salesorder_id={order['salesorder_id']}", body)["package"]

    def newest() -> list[str]:
        rows = shop.ok("GET", "/packages?sort_column=last_modified_time&sort_order=D")["packages"]
        return [row["package_id"] for row in rows]

    assert newest() == [second["package_id"], first["package"]]
    shop.world.clock.freeze(datetime(2026, 3, 4, 18, 0, tzinfo=UTC))
    shipment = shop.ok("GET", f"/packages/{first['package']}")["package"]["shipment_id"]
    shop.ok("POST", f"/shipmentorders/{shipment}/status/delivered")
    assert newest() == [first["package"], second["package_id"]]


def test_a_list_of_returns_shows_order_quantity_and_states(shop):
    order = shop.shipped(shop.bolt, 5)["order"]
    line = {"salesorder_item_id": order["line_items"][0]["line_item_id"], "quantity": 2}
    shop.ok("POST", f"/salesreturns?salesorder_id={order['salesorder_id']}", {"line_items": [line]})
    [row] = shop.ok("GET", "/salesreturns")["salesreturns"]
    assert (row["salesorder_number"], row["quantity"], row["refunded_amount"], row["salesreturn_status"]) == (
        order["salesorder_number"], 2, 0, "approved",
    )  # fmt: skip


def test_a_shipment_bumps_its_package_unless_the_doubt_says_otherwise(shop, monkeypatch):
    package = shop.shipped(shop.bolt, 1)["package"]

    def modified() -> str:
        return str(shop.ok("GET", f"/packages/{package}")["package"]["last_modified_time"])

    before, shipment = modified(), shop.ok("GET", f"/packages/{package}")["package"]["shipment_id"]
    shop.world.clock.freeze(datetime(2026, 3, 5, 18, 0, tzinfo=UTC))
    monkeypatch.setattr(doubts, "shipment_bumps_package", False)
    shop.ok("POST", f"/shipmentorders/{shipment}/status/delivered")
    assert modified() == before
    monkeypatch.setattr(doubts, "shipment_bumps_package", True)
    shop.ok("POST", f"/shipmentorders/{shipment}/status/delivered")
    assert modified() > before
