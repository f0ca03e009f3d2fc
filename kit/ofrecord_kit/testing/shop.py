# ruff: noqa: D102, D103, ARG002, S101, PLR2004 - it stands in for a vendor in tests; `Destination` says what its methods do
"""A small vendor that lives in memory, and one direction to it: what a target does with a record, without HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ofrecord_kit.ledger import Ledger
from ofrecord_kit.plan import match_form
from ofrecord_kit.target import Change, Current, Destination, Done, Missing, New, Refused, Result, Stale, read_wire
from ofrecord_kit.target.delivery import Delivery

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Killed(BaseException):
    """The process that asked the shop is gone."""


class Shop(Destination):
    """A vendor: objects of records with numeric ids; refuses names that are too long; counts its calls."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, dict[str, Any]]] = {}
        self.log: list[str] = []
        self.made: dict[str, int] = {}
        self.stale_once: set[str] = set()
        self.refuses: str | None = None
        self.primaries: list[str] = []
        self.actions: list[tuple[str, str]] = []
        self.at: datetime | None = NOON
        self.kills: bool | None = None
        """Whoever sends the next update dies: after it arrived (True), or before (False)."""

    @property
    def calls(self) -> int:
        return len(self.log)

    @property
    def read_at(self) -> datetime | None:
        return self.at

    def here(self) -> datetime:
        self.log.append("here")
        return self.at or NOON

    def close(self) -> None:
        self.objects = {}

    def put(self, object_: str, **values: Any) -> str:
        records = self.objects.setdefault(object_, {})
        self.made[object_] = self.made.get(object_, -1) + 1
        identity = str(100 * len(self.objects) + self.made[object_])
        records[identity] = dict(values)
        return identity

    def read(self, object_: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        self.log.append("read")
        there = self.objects.get(object_, {})
        return {
            one: Current(dict(there[one]), NOON, there[one].get("modified"), editor=there[one].get("editor"))
            for one in ids
            if one in there
        }

    def find(
        self, object_: str, field_: str, values: Sequence[Any], form: str | None, among: Mapping[str, Any] | None = None
    ) -> dict[Any, list[str]]:
        self.log.append("find")
        there = self.objects.get(object_, {})
        return {
            value: [one for one, row in there.items() if match_form(row.get(field_), form) == match_form(value, form)]
            for value in values
        }

    def names(self, object_: str, field_: str, among: Mapping[str, Any]) -> list[tuple[str, str]]:
        self.log.append("names")
        rows = self.objects.get(object_, {})
        return [(one, str(row[field_])) for one, row in rows.items() if row.get(field_)]

    def create(self, object_: str, records: Sequence[New]) -> list[Result]:
        self.log.append("create")
        return [self._judge(new.values) or Done(self.put(object_, **new.values)) for new in records]

    def _judge(self, values: Mapping[str, Any]) -> Result | None:
        if len(str(values.get("Name") or "")) > 20:
            return Refused("INVALID_DATA", "invalid data", "Name")
        return Refused("INVALID_DATA", "invalid data", self.refuses) if self.refuses in values else None

    def update(self, object_: str, changes: Sequence[Change]) -> list[Result]:
        self.log.append("update")
        kills, self.kills = self.kills, None
        results = [] if kills is False else [self._update(object_, change) for change in changes]
        if kills is not None:
            raise Killed
        return results

    def _update(self, object_: str, change: Change) -> Result:
        if change.id in self.stale_once:
            self.stale_once.discard(change.id)
            return Stale()
        if change.id not in self.objects[object_]:
            return Missing()
        refused = self._judge(change.values)
        if refused is None:
            self.objects[object_][change.id].update(change.values)
        return refused or Done(change.id)

    def stamp(self, object_: str, field_: str, ids: Mapping[str, str]) -> dict[str, Result]:
        self.log.append("stamp")
        for one, value in ids.items():
            self.objects[object_][one][field_] = value
        return {one: Done(one) for one in ids}

    def upsert(self, stream: str, keys: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[Result]:
        return [Done(self.put(stream, **record)) for record in records]

    def act(self, object_: str, record: str, action: str) -> Result:
        self.log.append(action)
        self.actions.append((record, action))
        if action == "delete":
            del self.objects[object_][record]
        return Done(record)

    def make_primary(self, object_: str, record: str) -> Result:
        self.primaries.append(record)
        return Done(record)


def schema(**said: Any) -> dict[str, Any]:
    about = {
        "entity": "product", "object": "Products", "from": "inventory", "to": "crm", "rules": "sha256:1",
        "external_id": "Inventory_ID", "source_external_id": "cf_crm_id", "source_object": "items",
        "match": [{"field": "Code", "format": "text"}], "create": True, "once": None, "duplicates": "overwrite",
        "deleted": None, "missing": "leave", "parent": None, "combine": None,
    } | said.pop("about", {})  # fmt: skip
    properties: dict[str, Any] = {
        "Inventory_ID": {"type": "string"},
        "Name": field("name", "inventory"),
        "Code": field("code", "inventory"),
        "Price": field("price", "inventory", format="money"),
        "Phone": field("phone", "shared", policy="review"),
        "Stage": field("stage", "crm", violation="revert"),
    } | said
    return {"type": "object", "x-ofrecord": about, "properties": properties}


def field(name: str, owner: str, **more: Any) -> dict[str, Any]:
    return {
        "type": ["string", "null"],
        "x-ofrecord": {"field": name, "owner": owner, "rule": f"product.yml:{name}", **more},
    }


FIELDS = {"Name": "name", "Code": "code", "Price": "price", "Phone": "phone"}


def record(
    identity: str = "1", observed: Mapping[str, Any] | None = None, note: Mapping[str, Any] | None = None, **values: Any
) -> dict[str, Any]:
    native = {FIELDS[name]: value for name, value in values.items() if name in FIELDS}
    about = {
        "id": identity,
        "modified": None,
        "created": None,
        "deleted": False,
        "native": native,
        "observed": observed or {},
    }
    return {"Inventory_ID": identity, **values, "_ofrecord": {**about, **(note or {})}}


class World:
    """A shop, a ledger and one direction between them."""

    def __init__(self, path: Path, where: str | None = None) -> None:
        self.shop = Shop()
        self.ledger = Ledger(where or str(path / "ledger.db"), "run")
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    def wire(self, said: Mapping[str, Any]) -> Any:
        with self.ledger.writing(NOON) as writing:
            about = said["x-ofrecord"]
            writing.know_wire(about["entity"], about["from"], about["to"], said)
        found = read_wire(said)
        assert found is not None
        return found

    def deliver(
        self, *records: Mapping[str, Any], said: Mapping[str, Any] | None = None, **options: Any
    ) -> list[str | None]:
        return [item.outcome for item in self.delivery(said, **options).deliver(records)]

    def deliver_and_die(
        self, *records: Mapping[str, Any], arrives: bool, said: Mapping[str, Any] | None = None
    ) -> None:
        """The process is killed at the update: after it `arrives`, or before."""
        self.shop.kills = arrives
        with suppress(Killed):
            self.deliver(*records, said=said)
            raise AssertionError

    def delivery(self, said: Mapping[str, Any] | None = None, **options: Any) -> Delivery:
        return Delivery(self.wire(said or schema()), self.shop, self.ledger, self.now, **options)

    def products(self) -> list[dict[str, Any]]:
        return list(self.shop.objects.get("Products", {}).values())
