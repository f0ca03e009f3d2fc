"""What tap-inventory alone promises, beside the contract of all taps."""

import json
from pathlib import Path

import pytest

from ofrecord_kit.testing.one_of_each import client_of, one_of_each
from ofrecord_kit.testing.tap import TapContract, run_tap
from tap_inventory.tap import TapInventory

CATALOG = Path(__file__).parents[2] / "rules" / "catalog" / "tap-inventory.json"


def another(stream, number, item):
    """The body of one more record."""
    if stream == "contacts":
        return {"contact_name": f"Other {number}"}
    body = {"name": f"Nut {number}", "rate": 1}
    if stream == "compositeitems":
        body |= {"sku": f"N-{number}", "item_type": "inventory", "product_type": "goods"}
        body["mapped_items"] = [{"item_id": item, "quantity": 1}]
    return body


class TestContract(TapContract):
    tap = TapInventory
    planted = tuple(kind.name for kind in TapInventory.stream_types if kind.selected_by_default)

    def plant(self, sandbox, state_dir):
        one_of_each(sandbox, state_dir)

    def test_the_sdks_standard_tests_pass(self, config, tmp_path):
        """The suite runs every stream there is; one that nobody selected has no records in its books."""
        super().test_the_sdks_standard_tests_pass({**config, "streams": list(self.planted)}, tmp_path)


def test_the_committed_catalog_is_what_discovery_finds(sandbox, tmp_path):
    discovered = TapInventory(config=sandbox.config(tmp_path)).catalog_dict
    assert json.loads(CATALOG.read_text(encoding="utf-8")) == json.loads(json.dumps(discovered)), (
        "rules/catalog/tap-inventory.json is stale: run `make catalogs`"
    )


def test_contacts_carry_addresses_and_persons(sandbox, tmp_path):
    one_of_each(sandbox, tmp_path)
    contact, _vendor = run_tap(TapInventory, tmp_path, sandbox.config(tmp_path, streams=["contacts"])).records()
    assert contact["billing_address"]["zip"] == "01234"
    assert [person["email"] for person in contact["contact_persons"]] == ["ada@example.org"]


@pytest.mark.parametrize(
    ("stream", "change"),
    [
        ("items", {"name": "Bolt M8 long"}),
        ("compositeitems", {"rate": 11}),
        ("contacts", {"website": "https://nord.example"}),
    ],
)
def test_only_what_changed_is_read_again_and_in_detail(sandbox, tmp_path, stream, change):
    ids = one_of_each(sandbox, tmp_path)
    with client_of(sandbox, tmp_path) as client:
        for number in range(3):
            client.send("POST", f"/inventory/v1/{stream}", json=another(stream, number, ids["items"]))
    sandbox.control("POST", "clock", {"move_s": 3600})
    config = sandbox.config(tmp_path, streams=[stream])
    first = run_tap(TapInventory, tmp_path, config)
    # the composite item is an item, too, and so are the two of the group; the vendor is a contact
    assert len(first.records()) == 4 + {"items": 3, "contacts": 1}.get(stream, 0)
    with client_of(sandbox, tmp_path) as client:
        client.send("PUT", f"/inventory/v1/{stream}/{ids[stream]}", json=change)
    again = run_tap(TapInventory, tmp_path, config, state=first.state).records()
    (name, value) = next(iter(change.items()))
    assert [record[name] for record in again] == [value]


def test_a_composite_item_carries_what_it_is_made_of_and_is_marked_among_the_items(sandbox, tmp_path):
    ids = one_of_each(sandbox, tmp_path)
    run = run_tap(TapInventory, tmp_path, sandbox.config(tmp_path, streams=["items", "compositeitems"]))
    (composite,) = run.records("compositeitems")
    assert composite["composite_item_id"] == ids["compositeitems"]
    parts = [(one["item_id"], one["name"], one["quantity"]) for one in composite["mapped_items"]]
    assert parts == [(ids["items"], "Bolt M8", 4)]
    assert composite["custom_field_hash"]["cf_crm_id"] == "77"
    made = {one["item_id"]: one["is_combo_product"] for one in run.records("items")}
    assert (made[ids["items"]], made[ids["compositeitems"]]) == (False, True)


def test_a_package_carries_its_order_and_how_it_travels(sandbox, tmp_path):
    ids = one_of_each(sandbox, tmp_path)
    (package,) = run_tap(TapInventory, tmp_path, sandbox.config(tmp_path, streams=["packages"])).records()
    assert (package["salesorder_id"], package["status"]) == (ids["salesorders"], "shipped")
    shipment = package["shipment_order"]
    seen = (shipment["carrier"], shipment["tracking_number"], shipment["shipping_date"], shipment["status"])
    assert seen == ("FedEx", "T-1", "2026-03-02", "shipped")


def test_a_delivery_brings_its_package_again(sandbox, tmp_path):
    one_of_each(sandbox, tmp_path)
    config = sandbox.config(tmp_path, streams=["packages"])
    sandbox.control("POST", "clock", {"move_s": 3600})
    first = run_tap(TapInventory, tmp_path, config)
    shipment = first.records()[0]["shipment_order"]["shipment_id"]
    with client_of(sandbox, tmp_path) as client:
        path = f"/inventory/v1/shipmentorders/{shipment}/status/delivered"
        client.send("POST", path, repeatable=True)
    (again,) = run_tap(TapInventory, tmp_path, config, state=first.state).records()
    assert (again["status"], again["shipment_order"]["status"]) == ("delivered", "delivered")


def test_a_return_carries_its_order_and_quantity(sandbox, tmp_path):
    ids = one_of_each(sandbox, tmp_path)
    (back,) = run_tap(TapInventory, tmp_path, sandbox.config(tmp_path, streams=["salesreturns"])).records()
    assert (back["salesorder_id"], back["quantity"], back["salesreturn_status"]) == (ids["salesorders"], 1, "approved")


def test_amounts_are_numbers_in_the_output_not_texts(sandbox, tmp_path):
    one_of_each(sandbox, tmp_path)
    (order,) = run_tap(TapInventory, tmp_path, sandbox.config(tmp_path, streams=["salesorders"])).records()
    assert order["total"] == 25


@pytest.mark.parametrize(
    ("stream", "place", "facts"),
    [
        ("items", ["name"], {"max-length": 100, "required": True}),
        ("items", ["stock_on_hand"], {"read-only": True}),
        ("contacts", ["billing_address", "properties", "zip"], {"max-length": 50}),
        ("contacts", ["billing_address", "properties", "address_id"], {"read-only": True}),
        ("contact_persons", ["first_name"], {"max-length": 100, "required": True}),
        ("salesorders", ["line_items"], {"required": True}),
        ("salesorders", ["line_items", "items", "properties", "quantity"], {}),
    ],
)
def test_the_catalog_knows_what_the_vendor_takes(sandbox, tmp_path, stream, place, facts):
    catalog = TapInventory(config=sandbox.config(tmp_path)).catalog_dict
    entries = {one["tap_stream_id"]: one["metadata"] for one in (*catalog["streams"], *catalog["objects"])}
    (found,) = (one["metadata"] for one in entries[stream] if one["breadcrumb"] == ["properties", *place])
    assert {key: value for key, value in found.items() if key not in {"inclusion", "vendor-type"}} == facts
