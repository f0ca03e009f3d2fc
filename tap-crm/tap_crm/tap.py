"""The command tap-crm."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from singer_sdk import Stream
from singer_sdk import typing as th

from ofrecord_kit import settings
from ofrecord_kit.program import run_plugin
from ofrecord_kit.tap import VendorTap
from ofrecord_kit.vendors import crm
from tap_crm.fields import module_schema
from tap_crm.streams import Module

MODULES = ("Accounts", "Contacts", "Vendors", "Products", "Price_Books", "Deals", "Quotes")


class TapCrm(VendorTap):
    """Reads Zoho CRM."""

    name = "tap-crm"
    package_name = "ofrecord-tap-crm"
    system = "crm"
    config_jsonschema = th.PropertiesList(*settings.CONNECTION, *settings.READING).to_dict()

    def stream_names(self) -> list[str]:
        """The modules this tap reads."""
        return list(MODULES)

    def discover_streams(self) -> Sequence[Stream]:
        """The chosen modules, typed by the catalog when one is given, else by the field metadata (a call each)."""
        return [Module(self, name, self._schema_of(name)) for name in self.chosen_names()]

    def _schema_of(self, module: str) -> dict[str, object]:
        entry = self.input_catalog.get_stream(module) if self.input_catalog else None
        if entry is not None:
            known: dict[str, object] = entry.schema.to_dict()
            return known
        answer = self.client.get(f"{crm.ROOT}/settings/fields", params={"module": module})
        return module_schema(module, answer.body["fields"])


main = partial(run_plugin, TapCrm)
