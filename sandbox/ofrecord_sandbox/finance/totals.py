# ruff: noqa: EM101, TRY003 - `raise invalid(name)` names a field, the words are in `answers`
"""Lines of documents, taxes and totals, half up to the digits of the currency ("Sales Orders", "Invoices").

Discounts are an amount or a percentage; `item_level` ones sit on lines, `entity_level` ones on the document and are
taken before tax unless `is_discount_before_tax` is false. Tax is rounded line by line (UNVERIFIED: the vendor has a
preference for it). The server computes all sums; sums that are sent are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance.answers import RefusedError, absent, invalid
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.engine import new_id
from ofrecord_sandbox.finance.values import (
    Kind,
    day,
    dec,
    digits_of,
    discount,
    flag,
    identifier,
    many,
    num,
    number,
    one_of,
    rounded,
    shape,
    text,
    today,
    whole,
)
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

FIELD = shape(
    {"customfield_id": identifier, "api_name": text(100), "label": text(100), "value": text(255), "index": whole}
)
LINE: dict[str, Kind] = {
    "line_item_id": identifier, "item_id": identifier, "name": text(200), "description": text(2000), "rate": number,
    "quantity": number, "unit": text(100), "discount": discount, "tax_id": identifier, "location_id": identifier,
    "warehouse_id": identifier, "item_order": whole, "account_id": identifier, "salesorder_item_id": identifier,
    "invoice_item_id": identifier, "hsn_or_sac": text(100), "product_type": text(50), "item_custom_fields": many(FIELD),
    "tax_name": text(100), "tax_type": text(50), "tax_percentage": number, "item_total": number, "bcy_rate": number,
}  # fmt: skip
AVATAX: dict[str, Kind] = dict.fromkeys(("avatax_exempt_no", "avatax_use_code", "avatax_tax_code"), text(25))
LINE |= AVATAX
_COMPUTED = ("tax_name", "tax_type", "tax_percentage", "item_total", "bcy_rate", "warehouse_id")
HEAD: dict[str, Kind] = {
    "customer_id": identifier, "date": day, "reference_number": text(50), "line_items": many(shape(LINE)),
    "discount": discount, "discount_type": one_of("item_level", "entity_level"), "is_discount_before_tax": flag,
    "is_inclusive_tax": flag, "shipping_charge": number, "adjustment": number, "adjustment_description": text(100),
    "exchange_rate": number, "notes": text(5000), "terms": text(10000), "location_id": identifier, "template_id": identifier,
    "salesperson_id": identifier, "salesperson_name": text(200), "billing_address_id": identifier,
    "shipping_address_id": identifier, "contact_persons": many(identifier), "place_of_supply": text(50),
    "gst_treatment": text(50), "gst_no": text(50), "pricebook_id": identifier, "currency_id": identifier,
}  # fmt: skip
HEAD |= AVATAX
BOUGHT: dict[str, Kind] = {key: kind for key, kind in HEAD.items() if key != "customer_id"} | {"vendor_id": identifier}
"""The head of a document of purchase."""
FRESH: dict[str, Any] = {
    "reference_number": "", "discount": 0, "discount_type": "entity_level", "is_discount_before_tax": True,
    "is_inclusive_tax": False, "shipping_charge": 0, "adjustment": 0, "adjustment_description": "", "exchange_rate": 1,
    "notes": "", "terms": "", "salesperson_id": "", "salesperson_name": "", "template_id": "", "pricebook_id": "",
}  # fmt: skip


def prepare(
    world: World, record: Record, before: Record | None, given: Mapping[str, Any], party: str = "customer"
) -> None:
    """Complete a document: customer or vendor (`party`), currency, lines, sums; raises RefusedError."""
    words = party.capitalize()
    customer = world.store.table("finance/contacts").get(record.get(f"{party}_id", ""))
    if customer is None or (party == "vendor" and customer["contact_type"] != "vendor"):
        raise absent(words)
    _active(customer, words, new=before is None)
    if before is not None and before[f"{party}_id"] != record[f"{party}_id"]:
        raise invalid(party)
    if record["is_inclusive_tax"]:
        raise invalid("is_inclusive_tax")
    record["date"] = record.get("date") or today(world)
    record[f"{party}_name"] = customer["contact_name"]
    for key in ("company_name", "email", "currency_id", "currency_code", "currency_symbol"):
        record[key] = customer.get(key, "")
    record["price_precision"] = digits_of(record["currency_code"])
    for side in ("billing_address", "shipping_address"):
        if before is None:
            record[side] = {key: value for key, value in customer[side].items() if key != "address_id"}
            record.setdefault(f"{side}_id", customer[side]["address_id"])
    for key in ("shipping_charge", "adjustment", "discount"):
        record[key] = 0 if record[key] == "" else record[key]
    record["line_items"] = (
        _lines(world, record, before) if "line_items" in given else [*map(dict, record["line_items"])]
    )
    add_up(record)


def _active(record: Record, words: str, *, new: bool) -> None:
    if new and record["status"] == "inactive" and not doubts.inactive_in_documents:
        raise RefusedError(1043, f"{words} is inactive. Mark it as active to use it in transactions.")


def _lines(world: World, record: Record, before: Record | None) -> list[Record]:
    old = {line["line_item_id"]: line for line in (before or {}).get("line_items", [])}
    return [_line(world, line, old, order) for order, line in enumerate(record["line_items"], start=1)]


def _line(world: World, sent: Record, old: Mapping[str, Record], order: int) -> Record:
    line_id = sent.get("line_item_id", "")
    if line_id != "" and line_id not in old:
        raise absent("Line item")
    place = sent.get("warehouse_id", "")
    line: Record = dict(old.get(line_id, {"line_item_id": new_id(world) if line_id == "" else line_id}))
    line |= {key: value for key, value in sent.items() if key not in _COMPUTED and (key, value) != ("line_item_id", "")}
    item: Record = {}
    if line.get("item_id", "") != "":
        known = world.store.table("finance/items").get(line["item_id"])
        if known is None:
            raise absent("Item")
        _active(known, "Item", new=line_id == "")
        item = known
    line.setdefault("item_id", "")
    for key in ("name", "unit", "sku", "description"):
        line[key] = line.get(key) or item.get(key, "")
    if line["name"] == "" and line["description"] == "":
        raise invalid("item_id")
    line["rate"] = item.get("rate", 0) if line.get("rate", "") == "" else line["rate"]
    line["quantity"] = 1 if line.get("quantity", "") == "" else line["quantity"]
    if dec(line["quantity"]) <= 0:
        raise invalid("quantity")
    line["item_order"] = line.get("item_order") or order
    line["discount"] = line.get("discount", 0)
    line["location_id"] = line.get("location_id") or place or primary_location(world)
    if world.store.table("finance/locations").get(line["location_id"]) is None:
        raise absent("Location")
    _tax(world, line)
    return line


def _tax(world: World, line: Record) -> None:
    line["tax_id"] = line.get("tax_id", "")
    tax = world.store.table("finance/taxes").get(line["tax_id"]) if line["tax_id"] != "" else {}
    if tax is None:
        raise absent("Tax")
    line["tax_name"], line["tax_type"] = tax.get("tax_name", ""), tax.get("tax_type", "")
    line["tax_percentage"] = tax.get("tax_percentage", 0)


def primary_location(world: World) -> str:
    """Id of the location that lines without one belong to."""
    for location in world.store.table("finance/locations").rows.values():
        if location["is_primary"]:
            return str(location["location_id"])
    return ""


def refunded(world: World, collection: str, id_key: str, key: str) -> Decimal:
    """The sum given back of one document; `collection` names the table of its refunds."""
    table = world.store.table(f"finance/{collection}")
    ids = table.index("of", lambda one: (one[id_key],)).ids(key)
    return sum((dec(table.rows[one]["amount"]) for one in ids), Decimal(0))


def add_up(record: Record) -> None:
    """Compute every sum of a document from its lines."""
    digits = record["price_precision"]
    per_item = record["discount_type"] == "item_level"
    before_tax = record["is_discount_before_tax"]
    nets = [_net(line, digits, discounted=per_item) for line in record["line_items"]]
    sub_total = sum(nets, Decimal(0))
    taken = Decimal(0)
    if not per_item and before_tax:
        taken = _off(record["discount"], sub_total, digits)
    share = Decimal(1) - taken / sub_total if sub_total else Decimal(1)
    taxes: dict[str, list[Any]] = {}
    for line, net in zip(record["line_items"], nets, strict=True):
        tax = rounded(net * share * dec(line["tax_percentage"]) / 100, digits)
        line["item_total"], line["bcy_rate"] = num(net), line["rate"]
        line["line_item_taxes"] = [] if line["tax_id"] == "" else [_named(line, tax)]
        if line["tax_id"] != "":
            entry = taxes.setdefault(line["tax_id"], [line, Decimal(0)])
            entry[1] += tax
    tax_total = sum((amount for _, amount in taxes.values()), Decimal(0))
    if not per_item and not before_tax:
        taken = _off(record["discount"], sub_total + tax_total, digits)
    total = sub_total - taken + tax_total + dec(record["shipping_charge"]) + dec(record["adjustment"])
    record["sub_total"], record["tax_total"] = num(sub_total), num(tax_total)
    record["discount_total"] = record["discount_amount"] = num(taken)
    record["taxes"] = [_named(line, amount) for line, amount in taxes.values()]
    record["total"] = num(rounded(total, digits))


def _net(line: Record, digits: int, *, discounted: bool) -> Decimal:
    gross = dec(line["rate"]) * dec(line["quantity"])
    off = _off(line["discount"], gross, digits) if discounted else Decimal(0)
    line["discount_amount"] = num(off)
    line["quantity"] = num(dec(line["quantity"]))
    return rounded(gross - off, digits)


def _off(given: Any, of: Decimal, digits: int) -> Decimal:
    if isinstance(given, str) and given.endswith("%"):
        return rounded(of * dec(given[:-1]) / 100, digits)
    return dec(given)


def _named(line: Record, amount: Decimal) -> dict[str, Any]:
    return {
        "tax_id": line["tax_id"],
        "tax_name": f"{line['tax_name']} ({line['tax_percentage']}%)",
        "tax_amount": num(amount),
    }
