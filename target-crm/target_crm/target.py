"""Singer target for Zoho CRM v8."""

from __future__ import annotations

from typing import ClassVar

from ofrecord_kit.program import run_plugin
from ofrecord_kit.target import Destination, OfrecordTarget
from ofrecord_kit.target.counted import Counted
from target_crm.objects import Crm


class TargetCrm(OfrecordTarget):
    """Writes modules of Zoho CRM."""

    name = "target-crm"
    system: ClassVar[str] = "crm"

    def connect(self, client: Counted) -> Destination:
        """The CRM's way of writing."""
        return Crm(client)


def main() -> None:
    """The command `target-crm`."""
    run_plugin(TargetCrm)
