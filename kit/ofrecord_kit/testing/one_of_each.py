"""One of everything an inventory tap reads, written through the vendor's API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.testing.sandbox import Sandbox
from ofrecord_kit.vendors.finance import INVENTORY

DAY = "2026-03-01"


def client_of(sandbox: Sandbox, state_dir: Path) -> Client:
    """A client of the inventory system."""
    return Client(Connection.from_config(sandbox.config(state_dir)), system="inventory", plugin="test")


class Writer:
    """Creates records; every method returns ids or records as the vendor answers them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def add(self, path: str, key: str, **record: Any) -> dict[str, Any]:
        """Create a record by `path`, whose answer has it under `key`."""
        found: dict[str, Any] = self._client.send("POST", f"{INVENTORY}/{path}", json=record).body[key]
        return found

    def rows(self, path: str) -> list[dict[str, Any]]:
        """A list."""
        found: list[dict[str, Any]] = self._client.get(f"{INVENTORY}/{path}").body[path]
        return found

    def tell(self, path: str, method: str = "POST", **body: Any) -> None:
        """An action on a record."""
        self._client.send(method, f"{INVENTORY}/{path}", json=body or None, repeatable=True)


def one_of_each(sandbox: Sandbox, state_dir: Path) -> dict[str, str]:
    """An order that is shipped and partly returned, a purchase that has arrived and is billed, and the rest; ids by stream."""
    with client_of(sandbox, state_dir) as client:
        writer = Writer(client)
        ids = _masters(writer)
        return ids | _sold(writer, ids) | _bought(writer, ids) | _moved(writer, ids)


def _masters(writer: Writer) -> dict[str, str]:
    item = writer.add("items", "item", name="Bolt M8", sku="B-M8", rate=12.5, unit="pcs", purchase_rate=7,
                      item_type="inventory", initial_stock=100, custom_fields=[{"api_name": "cf_crm_id", "value": "76"}])["item_id"]  # fmt: skip
    person = {"first_name": "Ada", "last_name": "Berg", "email": "ada@example.org"}
    address = {"address": "Hafenstraße 1", "city": "Kiel", "zip": "01234", "country": "Germany"}
    customer = writer.add(
        "contacts", "contact", contact_name="Nordlicht GmbH", contact_persons=[person], billing_address=address
    )
    vendor = writer.add("contacts", "contact", contact_name="Werk AG", contact_type="vendor")
    made = {"name": "Set", "sku": "SET", "rate": 9, "item_type": "inventory", "product_type": "goods"}
    own = [{"api_name": "cf_crm_id", "value": "77"}]
    parts = [{"item_id": item, "quantity": 4}]
    composite = writer.add("compositeitems", "composite_item", **made, mapped_items=parts, custom_fields=own)
    rates = [{"item_id": item, "pricebook_rate": 11}]
    fixed = {"pricebook_type": "per_item", "sales_or_purchase_type": "sales", "pricebook_items": rates}
    prices = writer.add("pricebooks", "pricebook", name="Resellers", **fixed)
    variants = [
        {"name": "Cap red", "rate": 5, "attribute_option_name1": "red"},
        {"name": "Cap blue", "rate": 5, "attribute_option_name1": "blue"},
    ]
    group = writer.add(
        "itemgroups", "item_group", group_name="Cap", unit="pcs", attribute_name1="Colour", items=variants
    )
    return {
        "items": item,
        "contacts": customer["contact_id"],
        "contactpersons": customer["contact_persons"][0]["contact_person_id"],
        "vendor": vendor["contact_id"],
        "compositeitems": composite["composite_item_id"],
        "pricebooks": prices["pricebook_id"],
        "itemgroups": group["group_id"],
    }


def _sold(writer: Writer, ids: dict[str, str]) -> dict[str, str]:
    lines = [{"item_id": ids["items"], "quantity": 2, "rate": 12.5}]
    order = writer.add("salesorders", "salesorder", customer_id=ids["contacts"], line_items=lines)
    key, line = order["salesorder_id"], order["line_items"][0]["line_item_id"]
    writer.tell(f"salesorders/{key}/status/confirmed")
    packed = [{"so_line_item_id": line, "quantity": 2}]
    package = writer.add(f"packages?salesorder_id={key}", "package", date=DAY, line_items=packed)["package_id"]
    query = f"salesorder_id={key}&package_ids={package}"
    sent = {"date": "2026-03-02", "delivery_method": "FedEx", "tracking_number": "T-1"}
    shipment = writer.add(f"shipmentorders?{query}", "shipment_order", **sent)
    back = writer.add(
        f"salesreturns?salesorder_id={key}", "salesreturn", line_items=[{"salesorder_item_id": line, "quantity": 1}]
    )
    invoice = writer.add("invoices", "invoice", customer_id=ids["contacts"], date=DAY, line_items=lines)
    credit = writer.add("creditnotes", "creditnote", customer_id=ids["contacts"], date=DAY, line_items=lines)
    return {
        "salesorders": key,
        "packages": package,
        "shipments": shipment["shipment_id"],
        "salesreturns": back["salesreturn_id"],
        "invoices": invoice["invoice_id"],
        "creditnotes": credit["creditnote_id"],
    }


def _bought(writer: Writer, ids: dict[str, str]) -> dict[str, str]:
    lines = [{"item_id": ids["items"], "quantity": 5, "rate": 7}]
    order = writer.add("purchaseorders", "purchase_order", vendor_id=ids["vendor"], date=DAY, line_items=lines)
    key, line = order["purchaseorder_id"], order["line_items"][0]["line_item_id"]
    writer.tell(f"purchaseorders/{key}/status/issued")
    arrived = [{"line_item_id": line, "quantity": 5}]
    receive = writer.add(f"purchasereceives?purchaseorder_id={key}", "purchase_receive", date=DAY, line_items=arrived)
    billed = [{**lines[0], "purchaseorder_item_id": line}]
    bill = writer.add(
        "bills", "bill", vendor_id=ids["vendor"], bill_number="W-1", date=DAY, due_date="2026-04-01", line_items=billed
    )
    return {"purchaseorders": key, "purchasereceives": receive["receive_id"], "bills": bill["bill_id"]}


def _moved(writer: Writer, ids: dict[str, str]) -> dict[str, str]:
    counted = [{"item_id": ids["items"], "quantity_adjusted": -1}]
    lost = {"date": DAY, "reason": "Broken", "adjustment_type": "quantity", "line_items": counted}
    adjustment = writer.add("inventoryadjustments", "inventory_adjustment", **lost)
    place = writer.add("locations", "locations", location_name="Hamburg", type="general")["location_id"]
    main = writer.rows("locations")[0]["location_id"]
    lines = [{"item_id": ids["items"], "name": "Bolt M8", "quantity_transfer": 3}]
    transfer = writer.add(
        "transferorders", "transfer_order", date=DAY, from_location_id=main, to_location_id=place, line_items=lines
    )
    return {
        "inventoryadjustments": adjustment["inventory_adjustment_id"],
        "locations": place,
        "transferorders": transfer["transfer_order_id"],
    }
