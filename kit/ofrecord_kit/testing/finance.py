"""A small company in the sandbox, made by plain calls, for tests of what a target does with single resources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.finance import Finance
from ofrecord_kit.testing.sandbox import Sandbox
from ofrecord_kit.vendors.finance import INVENTORY

DAY = "2026-03-02"


class Company:
    """One customer, one stocked item, and what is asked for."""

    def __init__(self, sandbox: Sandbox, folder: Path, writer: type[Finance]) -> None:
        self.sandbox = sandbox
        self._writer = writer
        self._resources = writer.resources
        self.connection = Connection.from_config(sandbox.config(folder))
        self.client = Client(self.connection, system="inventory", plugin="shop", run="shop")
        self.customer = self.post("contacts", contact_name="Acme", contact_type="customer")
        self.item = self.post("items", name="Bolt", sku="B-1", rate=3, item_type="inventory", initial_stock=100)

    def post(self, path: str, query: Mapping[str, str] | None = None, **body: Any) -> str:
        """Create a record; its id."""
        resource = self._resources[path]
        answer = self.client.send("POST", f"{INVENTORY}/{resource.path}", json=body, params=query or {}).body
        return str(answer[resource.one][resource.id])

    def get(self, path: str, record: str) -> dict[str, Any]:
        """A record in full."""
        resource = self._resources[path]
        found: dict[str, Any] = self.client.get(f"{INVENTORY}/{resource.path}/{record}").body[resource.one]
        return found

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The list."""
        resource = self._resources[path]
        found: list[dict[str, Any]] = self.client.get(f"{resource.root}/{resource.path}").body[
            resource.rows or resource.path
        ]
        return found

    def persons(self, contact: str) -> list[dict[str, Any]]:
        """The persons of a contact."""
        found: list[dict[str, Any]] = self.client.get(f"{INVENTORY}/contacts/{contact}/contactpersons").body[
            "contact_persons"
        ]
        return found

    def order(self, **more: Any) -> dict[str, Any]:
        """A confirmed order of ten bolts."""
        lines = [{"item_id": self.item, "quantity": 10, "rate": 3}]
        order = self.post("salesorders", customer_id=self.customer, line_items=lines, **more)
        self.client.send("POST", f"{INVENTORY}/salesorders/{order}/status/confirmed")
        return self.get("salesorders", order)

    def package(self, quantity: int = 4) -> dict[str, Any]:
        """A package of an order of its own."""
        order = self.order()
        line = order["line_items"][0]["line_item_id"]
        lines = [{"so_line_item_id": line, "quantity": quantity}]
        query = {"salesorder_id": order["salesorder_id"]}
        return self.get("packages", self.post("packages", query, date=DAY, line_items=lines))

    def shipped(self) -> dict[str, Any]:
        """An order of which four bolts are under way."""
        package = self.package()
        query = {"salesorder_id": package["salesorder_id"], "package_ids": package["package_id"]}
        self.client.send(
            "POST", f"{INVENTORY}/shipmentorders", json={"date": DAY, "delivery_method": "Van"}, params=query
        )
        return self.get("salesorders", package["salesorder_id"])

    def writer(self, timeout_s: float | None = None) -> Finance:
        """A destination that knows nothing yet, as at the start of a run."""
        more = {} if timeout_s is None else {"timeout_s": timeout_s}
        config = self.sandbox.config(Path(self.connection.state_dir), **more)
        return self._writer(
            Counted(Client(Connection.from_config(config), system="inventory", plugin="test", run="test"))
        )

    def fault(self, method: str, path: str, **what: Any) -> None:
        """A misfortune of the next call to exactly this path."""
        self.sandbox.control("POST", "faults", {"match": {"method": method, "path": f"^{path}$"}, **what})

    def calls(self, *methods: str) -> list[str]:
        """What was called since the journal was emptied."""
        entries = self.sandbox.control("GET", "journal")["entries"]
        return [f"{one['method']} {one['path']}" for one in entries if not methods or one["method"] in methods]

    def forget_calls(self) -> None:
        """Empty the journal."""
        self.sandbox.control("DELETE", "journal")
