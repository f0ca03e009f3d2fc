"""Singer target for Zoho Inventory v1."""

from __future__ import annotations

from typing import Any, ClassVar

from singer_sdk import typing as th

from ofrecord_kit import settings
from ofrecord_kit.program import run_plugin
from ofrecord_kit.target import Destination, OfrecordTarget
from ofrecord_kit.target.counted import Counted
from target_inventory.objects import Inventory


class TargetInventory(OfrecordTarget):
    """Writes contacts, items, price lists, orders and what follows from them in Zoho Inventory."""

    name = "target-inventory"
    system: ClassVar[str] = "inventory"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        *settings.CONNECTION, *settings.FINANCE, *settings.BUDGET, *settings.WRITING
    ).to_dict()

    def connect(self, client: Counted) -> Destination:
        """The inventory's way of writing."""
        return Inventory(client)


def main() -> None:
    """The command `target-inventory`."""
    run_plugin(TargetInventory)
