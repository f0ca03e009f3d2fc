# ruff: noqa: D102, S101 - it stands in for an installation in tests
"""An installation in memory but for its ledger: runs of a target to a shop."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from ofrecord_kit.ledger import Ledger
from ofrecord_kit.target import Destination, OfrecordTarget
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.testing.shop import NOON, Shop, schema


class TargetShop(OfrecordTarget):
    """A target to a shop in memory."""

    name = "target-shop"
    system: ClassVar[str] = "crm"
    shop: ClassVar[Shop]

    def connect(self, client: Counted) -> Destination:
        client.close()
        return self.shop


class Site:
    """A shop, a ledger and runs of the target."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shop = TargetShop.shop = Shop()
        self.shop.close = lambda: None  # type: ignore[method-assign]
        self.printed: list[str] = []

    def run(self, *messages: Mapping[str, Any], said: Mapping[str, Any] | None = None, **settings: Any) -> int:
        """One run over these records, with bookmarks between and after them; its exit code."""
        head = {"type": "SCHEMA", "stream": "product", "key_properties": ["Inventory_ID"], "schema": said or schema()}
        lines: list[Mapping[str, Any]] = [head]
        for number, one in enumerate(messages):
            lines.append({"type": "RECORD", "stream": "product", "record": one})
            if number % 10 == len(messages) % 10 - 1:
                lines.append({"type": "STATE", "value": {"seen": number}})
        try:
            self.target(**settings).listen(lines_of(lines))
        except SystemExit as ended:
            return int(str(ended.code))
        return 0

    def target(self, **settings: Any) -> TargetShop:
        """A target that has not begun yet."""
        return TargetShop(config={
            "api_url": "http://127.0.0.1:1", "accounts_url": "http://127.0.0.1:1", "client_id": "c", "client_secret": "s",
            "refresh_token": "r", "state_dir": str(self.folder), "ledger": str(self.folder / "ledger.db"), **settings,
        })  # fmt: skip

    def names(self) -> list[str]:
        return sorted(row["Name"] for row in self.shop.objects.get("Products", {}).values())

    def ledger(self) -> Ledger:
        return Ledger(str(self.folder / "ledger.db"))

    def held(self) -> list[Any]:
        ledger = self.ledger()
        found = ledger.held()
        ledger.close()
        return found

    def row(self) -> Any:
        ledger = self.ledger()
        found = ledger.runs()[0]
        ledger.close()
        return found

    def approve(self) -> None:
        ledger = self.ledger()
        with ledger.writing(NOON) as writing:
            assert writing.answer("product", "inventory", "crm", "*", "", "approve", by="ann")
        ledger.close()


def lines_of(messages: Iterable[Mapping[str, Any]]) -> io.StringIO:
    """Singer messages as a program reads them."""
    return io.StringIO("".join(json.dumps(line, default=str) + "\n" for line in messages))
