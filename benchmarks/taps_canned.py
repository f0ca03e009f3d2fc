"""A list of inventory's items from memory, however long, for benchmarks/taps.py: `taps_canned.py --items N`.

Items are made while they are asked for, out of 200 that are ready but for their id and their time, so that the server's memory says
nothing and its processor time little. Items are a second apart. `GET /_bench/calls` tells the calls by path. One line
`ready http://127.0.0.1:PORT` is printed.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import canned
import msgspec

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
PER_PAGE = canned.PER_PAGE
_ID, _TIME = "4600000000", "2026-01-01T00:00:00+00:00"
_encode = msgspec.json.Encoder(decimal_format="number").encode


def time_of(number: int) -> str:
    """When an item was last written, as the vendor says it."""
    return (FIRST + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _template(number: int) -> bytes:
    """An item whose id and time are left open."""
    item = canned.as_listed(number, 0, canned.FIRST) | {"item_id": "?id?", "last_modified_time": "?time?"}
    return _encode(item).replace(b"%", b"%%").replace(b"?id?", b"%d").replace(b"?time?", b"%b")


class Items:
    """The list; it stands for `canned.World`."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.calls: dict[str, int] = {}
        self._page = b",".join(_template(one) for one in range(PER_PAGE))
        self._rows = [_template(one) for one in range(PER_PAGE)]

    def page(self, asked: Mapping[str, str]) -> bytes:
        """Sorted by time, from the time asked for."""
        since = asked.get("last_modified_time")
        passed = (datetime.strptime(since, "%Y-%m-%dT%H:%M:%S%z") - FIRST).total_seconds() if since else 0
        first = max(0, int(passed)) + (int(asked.get("page", 1)) - 1) * PER_PAGE
        last = min(first + PER_PAGE, self.number)
        more = b"true" if last < self.number else b"false"
        template = self._page if last - first == PER_PAGE else b",".join(self._rows[: max(0, last - first)])
        values: list[Any] = []
        for number in range(first, last):
            values += (460000000000000000 + number, time_of(number).encode())
        rows = template % tuple(values)
        return b'{"code":0,"message":"success","items":[%b],"page_context":{"page":1,"has_more_page":%b}}' % (
            rows,
            more,
        )


class Talk(canned.Talk):
    """The same conversation about another world."""

    def _answer(self, method: str, target: str, _body: bytes) -> bytes:
        path, _, query = target.partition("?")
        items: Any = self.world
        if path == "/_bench/calls":
            return _encode(items.calls)
        items.calls[path] = items.calls.get(path, 0) + 1
        if path == "/inventory/v1/items":
            return items.page(dict(parse_qsl(query)))  # type: ignore[no-any-return]
        if method == "POST":
            return b'{"access_token":"1000.canned","api_domain":"","token_type":"Bearer","expires_in":3600}'
        return b'{"code":0,"message":"success"}'


async def serve(items: Items) -> None:
    """Until the process is ended."""
    server = await asyncio.get_running_loop().create_server(lambda: Talk(items), "127.0.0.1", 0)  # type: ignore[arg-type]
    print(f"ready http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, required=True)
    asyncio.run(serve(Items(parser.parse_args().items)))


if __name__ == "__main__":
    main()
