"""The inputs of the targets' benchmark: the same records for all, as a mapper hands them to each of the programs.

`narrow` are the twelve fields of the shipped product rules, `wide` are forty fields of the items in mapper_input.py, by the rules in
`wide-rules`: products, accounts and quotes of a CRM in use have forty to a hundred. `target-crm` and the bare loop read what
`ofrecord-mapper` writes for a target of ours; the SDK's sink reads what it writes with `plain`: ordinary Singer messages with the same fields and
nothing that only we need.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import mapper_input
import yaml
from canned import FIRST, as_listed

HERE = Path(__file__).parent
ROOT = HERE.parent
BIN = Path(sys.executable).parent
NARROW, WIDE = "narrow", "wide"
WIDTHS = {NARROW: "12 fields", WIDE: "40 fields"}
_WAY = {"from": "inventory", "to": "crm", "entities": ["product"]}
RULES: Mapping[str, Mapping[str, Any]] = {
    NARROW: {"rules": str(ROOT / "rules"), **_WAY},
    WIDE: {"rules": str(HERE / "wide-rules"), **_WAY},
}


def as_wide(number: int, bumped: int, _at: datetime) -> dict[str, Any]:
    """A record of 44 fields with three lines, 1.8 kB; the first price differs from every later one."""
    item = mapper_input.thing(number)
    return {**item, "rate": item["rate"] + bumped, "custom_field_hash": {}}


_STREAMS = {NARROW: "items", WIDE: "things"}
"""The wide ones are of a stream no catalog knows: they have fields that only the benchmark has."""
_MADE: Mapping[str, Callable[[int, int, datetime], dict[str, Any]]] = {NARROW: as_listed, WIDE: as_wide}


def item_lines(path: Path, records: int, price: int, width: str = NARROW) -> Path:
    """Items as a tap writes them."""
    stream, made = _STREAMS[width], _MADE[width]
    lines = ({"type": "RECORD", "stream": stream, "record": made(number, price, FIRST)} for number in range(records))
    begin = {"type": "SCHEMA", "stream": stream, "schema": schema_of_items(width), "key_properties": ["item_id"]}
    with path.open("w", encoding="utf-8") as file:
        for message in chain([begin], lines, [{"type": "STATE", "value": {"bookmarks": {stream: {}}}}]):
            file.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n")
    return path


def schema_of_items(width: str = NARROW) -> Any:
    """As the tap announces them."""
    if width == WIDE:
        return mapper_input.schema()
    catalog = json.loads((ROOT / "rules/catalog/tap-inventory.json").read_text(encoding="utf-8"))
    return next(one["schema"] for one in catalog["streams"] if one["tap_stream_id"] == "items")


def product_lines(place: Path, records: int, price: int, width: str = NARROW, *, plain: bool = False) -> Path:
    """The same as our mapper hands them on: to target-crm, or `plain` to any target."""
    path = place / f"products-{width}-{records}-{price}{'-plain' if plain else ''}.jsonl"
    if not path.exists():
        settings = place / "mapper.json"
        settings.write_text(json.dumps({**RULES[width], "plain": plain}), encoding="utf-8")
        items = item_lines(place / "items.jsonl", records, price, width)
        made = path.with_suffix(".part")
        with items.open("rb") as source, made.open("wb") as target:
            command = [str(BIN / "ofrecord-mapper"), "--config", str(settings)]
            subprocess.run(command, stdin=source, stdout=target, stderr=subprocess.DEVNULL, check=True)
        items.unlink()
        made.rename(path)
    return path


def with_fields_of_the_wide(fields: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Field metadata of the module with the fields of the wide records that it lacks: text of 255 characters each."""
    known = {one["api_name"] for one in fields}
    text = next(one for one in fields if one["api_name"] == "EAN")
    return [*fields, *({**text, "api_name": name} for name in _fields_of_the_wide() if name not in known)]


def _fields_of_the_wide() -> Iterator[str]:
    rules = yaml.safe_load((HERE / "wide-rules/product.yml").read_text(encoding="utf-8"))
    for field in rules["fields"]:
        yield field["crm"] if isinstance(field["crm"], str) else field["crm"]["field"]
