"""What a call of the CRM costs in credits.

Source: "API Limits" (credits within 24 hours, whole organisation), read 2026-11. Deletes are UNVERIFIED.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

COUNT = 50
"""The number of records of a module ("Record Count in a Module")."""
LIST = 1
LIST_OF_VIEW = 3
"""A list with `cvid`."""
BULK_READ = 50
"""A job; asking for its state is a call of 1."""
BULK_WRITE = 500
COQL = ((200, 1), (1000, 2), (2000, 3))
"""Credits by the rows a query asks for."""
RECORDS_A_CREDIT = 10
"""Records of an insert, update or upsert for one credit."""
DELETES_A_CREDIT = 100

_LIMIT = re.compile(r"\blimit\s+(?:\d+\s*,\s*)?(\d+)", re.IGNORECASE)
_FLAT: tuple[tuple[str, re.Pattern[str], int], ...] = (
    ("GET", re.compile(r"/actions/count$"), COUNT),
    ("POST", re.compile(r"/crm/bulk/v\d+/read$"), BULK_READ),
    ("POST", re.compile(r"/crm/bulk/v\d+/write$"), BULK_WRITE),
    ("POST", re.compile(r"/actions/convert$"), 5),
    ("POST", re.compile(r"/actions/merge$"), 50),
)


def coql(rows: int) -> int:
    """A query for so many rows.

    >>> coql(200), coql(201), coql(2000)
    (1, 2, 3)
    """
    return next((credits_ for most, credits_ in COQL if rows <= most), COQL[-1][1])


def cost(method: str, path: str, params: Mapping[str, str], body: Any) -> int:
    """The credits of one call, at least 1.

    >>> cost("POST", "/crm/v8/coql", {}, {"select_query": "select id from Deals where id > 0 limit 2000"})
    3
    >>> cost("GET", "/crm/v8/Deals", {"cvid": "1"}, None), cost("POST", "/crm/v8/Deals", {}, {"data": [{}] * 11})
    (3, 2)
    """
    for verb, pattern, credits_ in _FLAT:
        if verb == method and pattern.search(path):
            return credits_
    if path.endswith("/coql") and isinstance(body, dict):
        asked = _LIMIT.findall(str(body.get("select_query", "")))
        return coql(int(asked[-1]) if asked else COQL[0][0])
    if method == "GET":
        return LIST_OF_VIEW if "cvid" in params else LIST
    if method == "DELETE":
        return -(-len(params.get("ids", "1").split(",")) // DELETES_A_CREDIT)
    records = body.get("data") if isinstance(body, dict) else None
    return max(1, -(-len(records) // RECORDS_A_CREDIT)) if isinstance(records, list) else 1
