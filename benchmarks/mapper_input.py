"""The input of the mapper's benchmark: Singer lines of made-up things, the same whenever they are written.

A record looks as the finance APIs send an item: 44 fields, two of them nested, three lines, about 2 kB.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STREAM = "things"
_COLOURS = ("red", "blue", "green", "black", "white", "grey", "clear")
_CITIES = ("Köln", "Graz", "Lyon", "Turku", "Porto")
_DIGITS = 1_000_003


def thing(number: int) -> dict[str, Any]:
    """One record; its values vary with its number."""
    colour, city = _COLOURS[number % 7], _CITIES[number % 5]
    mixed = number * 7919 % _DIGITS
    cents = mixed % 100_000
    return {
        "item_id": f"4600000000{number:08}",
        "name": f"Thing {number:06} \u2013 {colour}, 5\u2033",
        "sku": f"TH-{number:06}-{colour[:2].upper()}",
        "status": "inactive" if number % 9 == 0 else "active",
        "source": "user",
        "description": f"A thing that is made in {city}, kept in a warehouse and sold by the piece. Number {number}.",
        "purchase_description": "Ordered from the maker by the carton, twelve pieces each.",
        "brand": f"Brand {mixed % 40}",
        "manufacturer": f"Maker {mixed % 90} GmbH & Co. KG",
        "unit": "pcs",
        "unit_id": "460000000000015",
        "rate": cents / 100,
        "purchase_rate": cents // 2 / 100,
        "currency_code": "USD",
        "item_type": "inventory",
        "product_type": "goods",
        "is_taxable": True,
        "tax_id": "460000000000037",
        "tax_name": "Standard",
        "tax_percentage": 19,
        "account_id": "460000000000388",
        "account_name": "Sales",
        "purchase_account_id": "460000000000567",
        "purchase_account_name": "Cost of goods sold",
        "vendor_id": f"46000000000{mixed:07}",
        "vendor_name": f"Maker {mixed % 90} GmbH & Co. KG",
        "vendor_phone": f"+49 30 {1_000_000 + mixed}" if number % 2 else f"(030) {1_000_000 + mixed}",
        "category_id": f"4600000000{mixed % 12:05}",
        "category_name": f"Category {mixed % 12}",
        "upc": f"{mixed:012}",
        "ean": f"{mixed:013}",
        "part_number": f"P{mixed:07}",
        "reorder_level": mixed % 50,
        "stock_on_hand": mixed % 500,
        "available_stock": mixed % 480,
        "actual_available_stock": mixed % 480 - mixed % 20,
        "committed_stock": mixed % 20,
        "is_returnable": True,
        "weight": mixed % 40_000 / 1000,
        "warehouse": {"location_id": f"46000000000{number % 5}", "city": city, "country": "", "is_primary": True},
        "line_items": [_line(number, place) for place in range(3)],
        "custom_field_hash": {"cf_crm_id": f"5725767000{number:08}" if number % 3 else ""},
        "created_time": f"2026-01-{number % 28 + 1:02}T08:30:00+00:00",
        "last_modified_time": f"2026-03-{number % 28 + 1:02}T09:{number % 60:02}:00+00:00",
    }


def _line(number: int, place: int) -> dict[str, Any]:
    return {
        "line_item_id": f"4600000001{number:07}{place}",
        "item_id": f"4600000000{number + place:08}",
        "name": f"Part {place} of thing {number:06}",
        "quantity": number % 4 + 1,
        "rate": (number + place) % 900 / 10,
        "unit": "pcs",
    }


def schema() -> dict[str, Any]:
    """JSON Schema of the records, as a tap announces it."""
    return {"type": "object", "properties": {name: _type(value) for name, value in thing(1).items()}}


def _type(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"type": ["object", "null"], "properties": {name: _type(inner) for name, inner in value.items()}}
    if isinstance(value, list):
        return {"type": ["array", "null"], "items": _type(value[0])}
    kind = {bool: "boolean", int: "number", float: "number", str: "string"}[type(value)]
    return {"type": [kind, "null"]}


def messages(records: int) -> Iterator[dict[str, Any]]:
    """SCHEMA, so many RECORDs, STATE."""
    yield {"type": "SCHEMA", "stream": STREAM, "schema": schema(), "key_properties": ["item_id"]}
    for number in range(1, records + 1):
        yield {"type": "RECORD", "stream": STREAM, "record": thing(number)}
    yield {"type": "STATE", "value": {"bookmarks": {STREAM: {"last_modified_time": "2026-03-28T09:59:00+00:00"}}}}


def write(path: Path, records: int) -> Path:
    """Write the lines to a file, as compactly as our taps do."""
    with path.open("w", encoding="utf-8") as file:
        for message in messages(records):
            file.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n")
    return path
