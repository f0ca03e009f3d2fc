"""The command tap-crm."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from singer_sdk import Stream
from singer_sdk import typing as th

from ofrecord_kit import settings
from ofrecord_kit.program import run_plugin
from ofrecord_kit.tap.plugin import VendorTap
from ofrecord_kit.tap.settings import READING
from ofrecord_kit.vendors import crm
from tap_crm.facts import module_facts
from tap_crm.fields import module_schema
from tap_crm.streams import Module

MODULES = ("Accounts", "Contacts", "Vendors", "Products", "Price_Books", "Deals", "Quotes")


class TapCrm(VendorTap):
    """Reads Zoho CRM."""

    name = "tap-crm"
    package_name = "ofrecord-tap-crm"
    system = "crm"
    config_jsonschema = th.PropertiesList(*settings.CONNECTION, *READING).to_dict()

    def stream_names(self) -> list[str]:
        """The modules this tap reads."""
        return list(MODULES)

    def discover_streams(self) -> Sequence[Stream]:
        """The chosen modules, typed by the catalog when one is given, else by the field metadata.

        That is a call for each module and, since lines have fields of their own, for each subform.
        """
        return [self._stream(name) for name in self.chosen_names()]

    def _stream(self, module: str) -> Module:
        entry = self.input_catalog.get_stream(module) if self.input_catalog else None
        if entry is not None:
            return Module(self, module, entry.schema.to_dict())
        fields = self._fields_of(module)
        facts = module_facts(fields)
        for subform in fields:
            rows = subform.get("associated_module")
            if subform["data_type"] == "subform" and rows:
                above = ("properties", str(subform["api_name"]), "items")
                facts |= module_facts(self._fields_of(rows["module"]), above)
        return Module(self, module, module_schema(module, fields), facts)

    def _fields_of(self, module: str) -> list[dict[str, Any]]:
        answer = self.client.get(f"{crm.ROOT}/settings/fields", params={"module": module})
        fields: list[dict[str, Any]] = answer.body["fields"]
        return fields


main = partial(run_plugin, TapCrm)
