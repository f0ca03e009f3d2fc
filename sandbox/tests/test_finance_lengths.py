"""Texts as long as the vendor's OpenAPI files allow are taken, longer ones are refused with code 15.

Every length a request of these files states is tried; what is not taken at all is listed with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ofrecord_sandbox import finance
from ofrecord_sandbox.world import World

yaml = pytest.importorskip("yaml", reason="pyyaml reads the vendor's files")

SPECS = Path(__file__).parents[2].parent / "shared" / "reference" / "specs"
pytestmark = [
    pytest.mark.real_input,
    pytest.mark.skipif(not SPECS.is_dir(), reason="the vendor's OpenAPI files are not beside the project"),
]
FILES = [
    ("inventory/v1", "contacts", "/contacts"), ("books/v3", "contacts", "/contacts"),
    ("inventory/v1", "contact-persons", "/contacts/contactpersons"),
    ("inventory/v1", "items", "/items"), ("books/v3", "items", "/items"),
    ("inventory/v1", "compositeitems", "/compositeitems"), ("inventory/v1", "pricelists", "/pricebooks"),
    ("inventory/v1", "salesorders", "/salesorders"), ("books/v3", "sales-order", "/salesorders"),
    ("inventory/v1", "invoices", "/invoices"), ("books/v3", "invoices", "/invoices"),
    ("inventory/v1", "credit-notes", "/creditnotes"), ("books/v3", "credit-notes", "/creditnotes"),
    ("inventory/v1", "customer-payments", "/customerpayments"), ("books/v3", "customer-payments", "/customerpayments"),
    ("inventory/v1", "packages", "/packages"), ("inventory/v1", "shipmentorders", "/shipmentorders"),
    ("inventory/v1", "salesreturns", "/salesreturns"),
    ("inventory/v1", "inventoryadjustments", "/inventoryadjustments"),
]  # fmt: skip
NOT_TAKEN = {
    "/contacts pricebook_id": "an id; the length in the file belongs to the name of the list",
    "/invoices shipping_charge": "an amount",
    "/invoices line_items.mapped_items.": "components of a kit are never sent with an invoice here",
}
NEEDED = {
    "/contacts": {"contact_name": "A"},
    "/contacts/contactpersons": {"first_name": "A", "contact_id": "1"},
    "/items": {"name": "A"},
    "/compositeitems": {
        "name": "A", "sku": "A", "rate": 1, "item_type": "inventory", "product_type": "goods", "mapped_items": [{"item_id": "1"}],
    },
    "/pricebooks": {"name": "A", "pricebook_type": "per_item", "sales_or_purchase_type": "sales"},
    "/customerpayments": {"customer_id": "1", "payment_mode": "cash", "amount": 1},
    "/shipmentorders": {},
    "/inventoryadjustments": {
        "date": "2026-03-02", "reason": "C", "adjustment_type": "quantity", "line_items": [{"item_id": "1"}],
    },
}  # fmt: skip
STATED = re.compile(
    r"[Mm]ax(?:imum)?[- ]?[Ll]ength(?: allowed| of the \w+| of the reference number)*\s*(?:is)?\s*\[?(\d+)"
)


def resolved(whole: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = whole
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def stated(whole: dict[str, Any], schema: dict[str, Any], above: str = "") -> Iterator[tuple[str, int]]:
    """Name (`line_items[].name`) and length of every text below a schema that states one."""
    for name, one in resolved(whole, schema).get("properties", {}).items():
        kind = resolved(whole, one)
        words = STATED.search(kind.get("description", ""))
        most = kind.get("maxLength") or (words and int(words[1]))
        if kind.get("type") == "string" and most:
            yield above + name, most
        if kind.get("type") == "object":
            yield from stated(whole, kind, f"{above}{name}.")
        elif kind.get("type") == "array":
            yield from stated(whole, kind["items"], f"{above}{name}[].")


@cache
def lengths() -> tuple[tuple[str, str, str, int], ...]:
    """(door, path, name, length) of every create the sandbox has."""
    found = []
    for door, name, path in FILES:
        file = SPECS / f"zoho-{door.replace('/', '-')}" / f"{name}.yml"
        whole = yaml.load(file.read_text("utf-8"), Loader=yaml.CSafeLoader)
        body = resolved(whole, whole["paths"][path]["post"]["requestBody"])
        schema = body["content"]["application/json"]["schema"]
        found += [(door, path, *one) for one in stated(whole, schema)]
    return tuple(found)


def sent(path: str, name: str, value: str) -> dict[str, Any]:
    """The smallest body that carries a value under a name."""
    head, *rest = name.split(".")
    inner: Any = sent("", ".".join(rest), value) if rest else value
    body = {head.removesuffix("[]"): [inner] if head.endswith("[]") else inner}
    return NEEDED.get(path, {"customer_id": "1", "line_items": [{"item_id": "1"}]}) | body if path else body


def code(world: World, door: str, path: str, body: dict[str, Any]) -> int:
    return int(world.call("POST", f"/{door}{path}", body).content["code"])


def test_texts_of_every_stated_length_are_taken_and_longer_ones_refused():
    world = World()
    world.clock.freeze(datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    finance.register(world)
    wrong = []
    for door, path, name, most in lengths():
        if any(f"{path} {name.replace('[]', '')}".startswith(one) for one in NOT_TAKEN):
            continue
        longer, longest = (code(world, door, path, sent(path, name, "x" * n)) for n in (most + 1, most))
        if longer != 15 or longest in {2, 15}:
            wrong.append(f"{door}{path} {name} {most}: {most} characters {longest}, one more {longer}")
    assert wrong == []
    assert len(lengths()) > 90


def test_what_is_not_taken_is_in_the_files():
    names = {f"{path} {name.replace('[]', '')}" for _, path, name, _ in lengths()}
    assert [one for one in NOT_TAKEN if not any(name.startswith(one) for name in names)] == []
