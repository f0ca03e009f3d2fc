"""What an organisation of the finance APIs has set up: accounts, currencies, its time zone. Each is read once, when it is asked for.

Sources: Zoho Inventory v1, "Currency", "Organizations"; Zoho Books v3, "Chart of Accounts", which only that door has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import in_zone
from ofrecord_kit.vendors.finance import BOOKS, INVENTORY, PER_PAGE

Row = Mapping[str, Any]
_LISTS = {
    "currencies": (f"{INVENTORY}/settings/currencies", "currencies", "currency_id", ("currency_code",)),
    "accounts": (f"{BOOKS}/chartofaccounts", "chartofaccounts", "account_id", ("account_code", "account_name")),
}
"""Kind → path, key of the rows, key of the id, keys by which an entry is called; of two entries of one name the last key tells."""


class Settings:
    """The settings of one organisation."""

    def __init__(self, client: Counted) -> None:
        self._client = client
        self._known: dict[str, dict[str, str]] = {}

    def lookup(self, kind: str, value: Any) -> str | None:
        """The id of an entry by its name or code; None when there is none of it."""
        if kind not in _LISTS:
            return None
        if kind not in self._known:
            path, rows, identity, names = _LISTS[kind]
            listed = list(self._rows(path, rows))
            self._known[kind] = {
                _plain(row[name]): str(row[identity]) for name in names for row in listed if row.get(name)
            }
        named = value[0] if isinstance(value, list) else value
        return self._known[kind].get(_plain(named.get("name") if isinstance(named, Mapping) else named))

    @cached_property
    def here(self) -> datetime:
        """The vendor's time, as the clocks of the organisation show it."""
        answer = self._client.get(f"{INVENTORY}/organizations/{self._client.organization}")
        return in_zone(answer.read_at, answer.body["organization"].get("time_zone"))

    def _rows(self, path: str, key: str) -> Iterator[Row]:
        page = 1
        while True:
            body = self._client.get(path, params={"page": page, "per_page": PER_PAGE}).body
            yield from body.get(key, [])
            if not (body.get("page_context") or {}).get("has_more_page"):
                return
            page += 1


def _plain(name: Any) -> str:
    return str(name).strip().casefold()
