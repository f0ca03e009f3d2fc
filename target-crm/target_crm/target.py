"""Singer target for Zoho CRM v8."""

from __future__ import annotations

from typing import Any, ClassVar

from singer_sdk import typing as th

from ofrecord_kit import settings
from ofrecord_kit.program import run_plugin
from ofrecord_kit.settings import Connection
from ofrecord_kit.target import Destination, OfrecordTarget
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.papers import Papers
from ofrecord_kit.target.permitted import FactStore
from ofrecord_kit.tokens import login_key
from ofrecord_kit.vendors.crm import TRIGGERS
from target_crm.objects import Crm


class TargetCrm(OfrecordTarget):
    """Writes modules of Zoho CRM."""

    name = "target-crm"
    system: ClassVar[str] = "crm"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        *settings.CONNECTION,
        *settings.BUDGET,
        *settings.WRITING,
        th.Property(
            "trigger",
            th.ArrayType(th.StringType(allowed_values=list(TRIGGERS))),
            default=[],
            title="Automation that may run",
            description="What may run in the CRM on records written: any of workflow, approval, blueprint, pathfinder, "
            "orchestration. Empty: nothing, no mail is sent.",
        ),
        th.Property(
            "bulk_above",
            th.IntegerType(minimum=0),
            default=0,
            title="Bulk write above",
            description="New records of one module that are written at once beyond which they go as one bulk write job, which "
            "saves calls from some thousand on. Whether workflows run on them is not documented. 0: never.",
        ),
    ).to_dict()

    def connect(self, client: Counted) -> Destination:
        """The CRM's way of writing."""
        connection = Connection.from_config(self.config)
        facts = FactStore(connection.state_dir, f"{connection.api_url} {login_key(connection)}", self.now)
        crm = Crm(
            client, facts, trigger=self.config.get("trigger") or (), bulk_above=self.config.get("bulk_above") or 0
        )
        crm.papers = Papers.of(connection, self.name)
        return crm


def main() -> None:
    """The command `target-crm`."""
    run_plugin(TargetCrm)
