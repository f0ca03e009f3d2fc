"""Long lists of inventory and of the CRM from memory, for benchmarks/taps.py: `taps_canned.py --records N [--latency SECONDS]`.

Rows are made while they are asked for, out of 200 that are ready but for their id and their time, so that the server's memory says
nothing and its processor time little. Rows are a second apart. `GET /_bench/calls` tells the calls by method and path. One line
`ready http://127.0.0.1:PORT` is printed. The CRM's part is taps_canned_crm.py.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import canned
import msgspec

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
PER_PAGE = canned.PER_PAGE
FIRST_ITEM = 460000000000000000
TOKEN = b'{"access_token":"1000.canned","api_domain":"","token_type":"Bearer","expires_in":3600}'
_encode = msgspec.json.Encoder(decimal_format="number").encode


def time_of(number: int) -> str:
    """When a row was last written, as the finance side says it."""
    return (FIRST + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S+0000")


def number_at(said: str) -> int:
    """The first row that is not older."""
    return max(0, int((datetime.fromisoformat(said) - FIRST).total_seconds()))


class Rows:
    """A list of `number` rows, each one of 200 with an id and a time of its own; `make` gives it with both left open."""

    def __init__(
        self, number: int, make: Callable[[int], dict[str, Any]], first_id: int, time: Callable[[int], str] = time_of
    ) -> None:
        self.number = number
        self._first_id = first_id
        self._time = time
        self._rows = [_open(make(one)) for one in range(PER_PAGE)]

    def text(self, first: int, count: int) -> bytes:
        """Rows as JSON, with commas between them."""
        numbers = range(first, max(first, min(first + count, self.number)))
        values: list[Any] = []
        for number in numbers:
            values += (self._first_id + number, self._time(number).encode())
        return b",".join([self._rows[number % PER_PAGE] for number in numbers]) % tuple(values)


def _open(row: dict[str, Any]) -> bytes:
    return _encode(row).replace(b"%", b"%%").replace(b"?id?", b"%d").replace(b"?time?", b"%b")


class Finance:
    """Lists of items and contacts behind both doors, and their details."""

    def __init__(self, number: int) -> None:
        self._items = Rows(number, item, FIRST_ITEM)
        self._details: Rows | None = None
        self._contacts = Rows(number, lambda one: contact(one, whole=False), FIRST_ITEM)
        self._contact = Rows(number, lambda one: contact(one, whole=True), FIRST_ITEM)

    def answer(self, _method: str, path: str, asked: Mapping[str, str]) -> bytes:
        """To one call."""
        path = path.removeprefix("/inventory/v1").removeprefix("/books/v3")
        if path == "/items":
            return self._page("items", self._items, asked)
        if path == "/itemdetails":
            return self._together(asked["item_ids"].split(","))
        if path == "/contacts":
            return self._page("contacts", self._contacts, asked)
        if path.startswith("/contacts/"):
            row = self._contact.text(int(path.rpartition("/")[2]) - FIRST_ITEM, 1)
            return b'{"code":0,"message":"success","contact":%b}' % row
        return b'{"code":0,"message":"success"}'

    def _page(self, key: str, rows: Rows, asked: Mapping[str, str]) -> bytes:
        """Sorted by time, from the time asked for."""
        since = asked.get("last_modified_time")
        size = int(asked.get("per_page", PER_PAGE))
        first = (number_at(since) if since else 0) + (int(asked.get("page", 1)) - 1) * size
        more = b"true" if first + size < rows.number else b"false"
        text = rows.text(first, size)
        return b'{"code":0,"message":"success","%b":[%b],"page_context":{"page":1,"has_more_page":%b}}' % (
            key.encode(),
            text,
            more,
        )

    def _together(self, ids: list[str]) -> bytes:
        if self._details is None:
            whole = canned._more_of_an_item()  # noqa: SLF001 - one reading of the catalog for all benchmarks
            self._details = Rows(self._items.number, lambda one: {**whole, **item(one)}, FIRST_ITEM)
        text = self._details.text(int(ids[0]) - FIRST_ITEM, len(ids))
        return b'{"code":0,"message":"success","items":[%b]}' % text


def item(number: int) -> dict[str, Any]:
    """An item as the list shows it: 44 fields."""
    made = canned.as_listed(number, 0, canned.FIRST)
    return made | {"image_name": "", "item_id": "?id?", "last_modified_time": "?time?"}


def contact(number: int, *, whole: bool) -> dict[str, Any]:
    """A contact with all that the catalog of tap-inventory knows, or what a list shows of it."""
    made: dict[str, Any] = canned._example(_contacts())  # noqa: SLF001 - one reading of the catalog for all benchmarks
    made |= {"contact_name": f"Customer {number}", "custom_fields": [], "custom_field_hash": {}}
    shown = {name: value for name, value in made.items() if whole or not isinstance(value, dict | list)}
    return shown | {"contact_id": "?id?", "last_modified_time": "?time?"}


@cache
def _contacts() -> Mapping[str, Any]:
    catalog = msgspec.json.decode((Path(__file__).parents[1] / "rules/catalog/tap-inventory.json").read_bytes())
    found: Mapping[str, Any] = next(one["schema"] for one in catalog["streams"] if one["tap_stream_id"] == "contacts")
    return found


class Server:
    """Both vendors, and what was asked of them; it stands for `canned.World`."""

    def __init__(self, number: int, latency_s: float) -> None:
        from taps_canned_crm import Crm  # noqa: PLC0415 - it takes its rows from here

        self.calls: Counter[str] = Counter()
        self.latency_s = latency_s
        self.crm = Crm(number)
        self.finance = Finance(number)


class Out:
    """A connection whose answers take their time, and say when they are a file."""

    def __init__(self, transport: Any, latency_s: float) -> None:
        self._transport = transport
        self._latency_s = latency_s

    def write(self, data: bytes) -> None:
        """Now or later."""
        if data.find(b"\r\n\r\nPK", 0, 500) >= 0:
            data = data.replace(b"application/json", b"application/zip", 1)
        if self._latency_s:
            asyncio.get_running_loop().call_later(self._latency_s, self._transport.write, data)
        else:
            self._transport.write(data)


class Talk(canned.Talk):
    """The same conversation about other worlds."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        server: Any = self.world
        super().connection_made(transport)
        self.transport = Out(transport, server.latency_s)
        self.head = b""

    def data_received(self, data: bytes) -> None:
        """Headers are looked at by the CRM."""
        self.head = data
        super().data_received(data)

    def _answer(self, method: str, target: str, body: bytes) -> bytes:
        path, _, query = target.partition("?")
        server: Any = self.world
        if path == "/_bench/calls":
            return _encode(server.calls)
        if path == "/oauth/v2/token":
            return TOKEN
        server.calls[f"{method} {path}"] += 1
        asked = dict(parse_qsl(query))
        if path.startswith("/crm/"):
            return server.crm.answer(method, path, asked, self.head, body)  # type: ignore[no-any-return]
        return server.finance.answer(method, path, asked)  # type: ignore[no-any-return]


async def serve(server: Server) -> None:
    """Until the process is ended."""
    listener = await asyncio.get_running_loop().create_server(lambda: Talk(server), "127.0.0.1", 0)  # type: ignore[arg-type]
    print(f"ready http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", flush=True)
    await listener.serve_forever()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, required=True, help="of each list")
    parser.add_argument("--latency", type=float, default=0, help="seconds before an answer")
    parser.add_argument("--packed", action="store_true", help="results of bulk reads are made before it is ready")
    asked = parser.parse_args()
    server = Server(asked.records, asked.latency)
    if asked.packed:
        server.crm.pack()
    asyncio.run(serve(server))


if __name__ == "__main__":
    main()
