"""Answers of the CRM and of inventory from memory, as fast as one process can: `canned.py [--items N] [--fields FILE]`.

The sandbox is the faithful stand-in; this one is there so that what is measured does not wait for it. It knows one module, `Products`,
and one list, `items`; it checks nothing. It prints one line `ready http://127.0.0.1:PORT`. `--fields` names a file with the field
metadata of the module, as the sandbox answers it. `GET /_bench/calls` tells the calls by method and path, `POST /_bench/bump` gives
every item another price.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from mapper_input import thing

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
PER_PAGE = 200
PAGE_EVERY_S = 5
"""Items of one page share a moment, as an import leaves them; the next page is that much later."""
ME = b'{"name":"Anna Berg","id":"554023000000001001"}'
NOW = b"2026-11-21T16:23:02+01:00"
_encode, _decode = msgspec.json.Encoder(decimal_format="number").encode, msgspec.json.Decoder().decode
_IN = re.compile(r"select (.+?) from \w+ where (\w+) in \((.*)\) limit", re.DOTALL)
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'")


class World:
    """What is there."""

    def __init__(self, items: int, fields: bytes) -> None:
        self.calls: Counter[str] = Counter()
        self.fields = fields
        self.products: dict[str, dict[str, Any]] = {}
        self.by_field: dict[str, dict[str, list[str]]] = {"Inventory_ID": {}, "Product_Code": {}}
        self.items: list[bytes] = []
        self.details: list[bytes] = []
        self.times: list[str] = []
        self.number_of_items = items
        self.bumped = -1
        self.bump()

    def bump(self) -> bytes:
        """Every item has another price, and was changed later."""
        self.bumped += 1
        self.items, self.details, self.times = [], [], []
        for number in range(self.number_of_items):
            later = timedelta(days=self.bumped, seconds=number // PER_PAGE * PAGE_EVERY_S)
            item = as_listed(number, self.bumped, FIRST + later)
            self.items.append(_encode(item))
            self.details.append(_encode({**_more_of_an_item(), **item}))
            self.times.append(item["last_modified_time"])
        return b"{}"

    def upsert(self, body: Mapping[str, Any]) -> bytes:
        """By the field the body names; rows without it are new."""
        by = (body.get("duplicate_check_fields") or [""])[0]
        told = []
        for row in body["data"]:
            known = self.by_field.get(by, {}).get(str(row.get(by)), [])
            told.append((self._put(known[0] if known else None, row), bool(known)))
        rows = b",".join(_done(identity, b"update" if known else b"insert") for identity, known in told)
        return b'{"data":[%b]}' % rows

    def update(self, body: Mapping[str, Any]) -> bytes:
        """Partial updates by id."""
        rows = b",".join(_done(self._put(row["id"], row), b"update") for row in body["data"])
        return b'{"data":[%b]}' % rows

    def _put(self, identity: str | None, row: Mapping[str, Any]) -> str:
        identity = identity or f"5540230000{len(self.products) + 1:08}"
        there = self.products.setdefault(identity, {"id": identity})
        for name, found in self.by_field.items():
            if row.get(name) is not None and row[name] != there.get(name):
                found.setdefault(str(row[name]), []).append(identity)
        there.update(row)
        return identity

    def read(self, ids: str, fields: str) -> bytes:
        """By id."""
        names = fields.split(",")
        rows = b",".join(
            _row(self.products[one], names, b',"Modified_Time":"%b","Created_Time":"%b","Modified_By":%b' % (NOW, NOW, ME))
            for one in ids.split(",")
            if one in self.products
        )  # fmt: skip
        return b'{"data":[%b],"info":{"more_records":false,"page":1}}' % rows if rows else b""

    def query(self, said: str) -> bytes:
        """`select … where field in (…)`, or `is not null`."""
        found = _IN.match(said)
        if found is None:
            return b""
        names, field, values = found[1].split(", "), found[2], _TEXT.findall(found[3])
        index = self.by_field.get(field, {})
        ids = [one for value in values for one in index.get(value.replace("\\'", "'"), ())]
        rows = b",".join(_row(self.products[one], names, b"") for one in ids)
        return b'{"data":[%b],"info":{"count":1,"more_records":false}}' % rows if rows else b""

    def list_items(self, asked: Mapping[str, str]) -> bytes:
        """Sorted by time, from the time asked for."""
        first = bisect_left(self.times, asked.get("last_modified_time", "").replace("+0000", "+00:00"))
        first += (int(asked.get("page", 1)) - 1) * PER_PAGE
        more = b"true" if first + PER_PAGE < len(self.items) else b"false"
        rows = b",".join(self.items[first : first + PER_PAGE])
        return b'{"code":0,"message":"success","items":[%b],"page_context":{"page":1,"has_more_page":%b}}' % (
            rows,
            more,
        )

    def item_details(self, asked: Mapping[str, str]) -> bytes:
        """A hundred at once, each with all that the catalog of tap-inventory knows of items."""
        rows = b",".join(self.details[int(one) - 4600000000_00000000] for one in asked["item_ids"].split(","))
        return b'{"code":0,"message":"success","items":[%b]}' % rows


def as_listed(number: int, bumped: int, at: datetime) -> dict[str, Any]:
    """An item as inventory sends it; the first price differs from every later one."""
    item = thing(number)
    del item["line_items"], item["warehouse"]
    weight = item.pop("weight")
    return {
        **item,
        "rate": item["rate"] + bumped,
        "is_combo_product": False,
        "package_details": {"length": "", "width": "", "height": "", "weight": weight, "weight_unit": "kg"},
        "custom_field_hash": {},
        "created_time": FIRST.isoformat(),
        "last_modified_time": at.isoformat(),
    }


@cache
def _more_of_an_item() -> dict[str, Any]:
    """What only the details of an item hold: every property of the catalog, two places, two vendors, some fields of one's own."""
    catalog = _decode((Path(__file__).parents[1] / "rules/catalog/tap-inventory.json").read_bytes())
    schema = next(one["schema"] for one in catalog["streams"] if one["tap_stream_id"] == "items")
    own = [
        {"customfield_id": f"46{n:016}", "label": f"Own {n}", "value": f"Value {n}", "data_type": "string"}
        for n in range(4)
    ]
    made: dict[str, Any] = _example(schema)
    made.pop("cf_crm_id", None)  # nobody has linked it yet
    return {**made, "custom_fields": own, "custom_field_hash": {f"cf_own_{n}": f"Value {n}" for n in range(4)}}


def _example(schema: Mapping[str, Any]) -> Any:
    kinds = schema.get("type") or "string"
    kind = kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")
    if kind == "object":
        return {name: _example(about) for name, about in schema.get("properties", {}).items() if name[0] != "_"}
    if kind == "array":
        return [_example(schema.get("items") or {}) for _ in range(2)]
    if schema.get("format") == "date-time":
        return "2026-01-01T00:00:00+00:00"
    if schema.get("format") == "date":
        return "2026-01-01"
    return {"number": 12.5, "integer": 12, "boolean": False}.get(kind, "A value")


def _done(identity: str, action: bytes) -> bytes:
    return (
        b'{"code":"SUCCESS","details":{"Modified_Time":"%b","Modified_By":%b,"Created_Time":"%b","id":"%b","Created_By":%b,'
        b'"$approval_state":"approved"},"message":"record added","status":"success","action":"%b","duplicate_field":null}'
    ) % (NOW, ME, NOW, identity.encode(), ME, action)


def _row(record: Mapping[str, Any], names: list[str], more: bytes) -> bytes:
    shown = {name: record.get(name) for name in names if name not in {"Modified_Time", "Created_Time", "Modified_By"}}
    return _encode({"id": record["id"], **shown})[:-1] + more + b"}"


class Talk(asyncio.Protocol):
    """HTTP/1.1 on one connection, kept alive."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bytes = b""
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        self.bytes += data
        while (end := self.bytes.find(b"\r\n\r\n")) >= 0:
            head = self.bytes[:end].decode("latin-1")
            size = re.search(r"(?i)content-length: (\d+)", head)
            whole = end + 4 + (int(size[1]) if size else 0)
            if len(self.bytes) < whole:
                return
            body, self.bytes = self.bytes[end + 4 : whole], self.bytes[whole:]
            method, target, _ = head.split(" ", 2)
            answer = self._answer(method, target, body)
            status = b"200 OK" if answer else b"204 No Content"
            date = formatdate(usegmt=True).encode()
            self.transport.write(
                b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nDate: %b\r\nContent-Length: %d\r\n\r\n%b"
                % (status, date, len(answer), answer)
            )

    def _answer(self, method: str, target: str, body: bytes) -> bytes:
        path, _, query = target.partition("?")
        asked = dict(parse_qsl(query))
        world = self.world
        if path == "/_bench/calls":
            return _encode(world.calls)
        world.calls[f"{method} {path}"] += 1
        token = b'{"access_token":"1000.canned","api_domain":"","token_type":"Bearer","expires_in":3600}'
        ways: dict[str, Callable[[], bytes]] = {
            "POST /_bench/bump": world.bump,
            "POST /oauth/v2/token": lambda: token,
            "GET /crm/v8/settings/fields": lambda: world.fields,
            "POST /crm/v8/coql": lambda: world.query(_decode(body)["select_query"]),
            "POST /crm/v8/Products/upsert": lambda: world.upsert(_decode(body)),
            "PUT /crm/v8/Products": lambda: world.update(_decode(body)),
            "GET /crm/v8/Products": lambda: world.read(asked["ids"], asked["fields"]),
            "GET /inventory/v1/items": lambda: world.list_items(asked),
            "GET /inventory/v1/itemdetails": lambda: world.item_details(asked),
        }
        return ways[f"{method} {path}"]()


async def serve(world: World) -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(lambda: Talk(world), "127.0.0.1", 0)
    print(f"ready http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=0, help="items of inventory")
    parser.add_argument("--fields", type=Path, help="field metadata of the module")
    asked = parser.parse_args()
    fields = asked.fields.read_bytes() if asked.fields else b'{"fields":[]}'
    asyncio.run(serve(World(asked.items, fields)))


if __name__ == "__main__":
    main()
