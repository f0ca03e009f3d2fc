"""The command tap-crm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from singer_sdk import Stream
from singer_sdk import typing as th

from ofrecord_kit import settings
from ofrecord_kit.ahead import Call, ahead
from ofrecord_kit.program import run_plugin
from ofrecord_kit.tap.crm_facts import module_facts
from ofrecord_kit.tap.crm_module import CrmModule
from ofrecord_kit.tap.crm_schema import module_schema, off_by_default
from ofrecord_kit.tap.crm_tap import CrmTap, Described
from ofrecord_kit.tap.settings import READING, READING_CRM
from ofrecord_kit.vendors import crm
from tap_crm.beside import BESIDE, SCHEMAS

FIRST = ("Accounts", "Contacts", "Vendors", "Products", "Price_Books", "Deals", "Quotes")
"""What others refer to comes first; the other standard modules follow, then the custom ones."""
_KINDS = ("default", "custom", "linking")
"""Modules with records of their own; rows of subforms stand in the records they belong to."""

Fields = list[dict[str, Any]]


class TapCrm(CrmTap):
    """Reads Zoho CRM."""

    name = "tap-crm"
    package_name = "ofrecord-tap-crm"
    system = "crm"
    config_jsonschema = th.PropertiesList(*settings.CONNECTION, *settings.BUDGET, *READING, *READING_CRM).to_dict()

    def stream_names(self) -> list[str]:
        """The modules the token may read, and what stands beside them; those of the catalog when one is given."""
        if self.input_catalog is not None:
            return [entry.tap_stream_id for entry in self.input_catalog.streams]
        return [*self.modules, *BESIDE]

    @cached_property
    def modules(self) -> list[str]:
        """Modules whose records the token may read. One call, none with a catalog."""
        if self.input_catalog is not None:
            return [name for name in self.stream_names() if name not in BESIDE]
        found = [one for one in self.client.get(f"{crm.ROOT}/settings/modules").body["modules"] if _is_read(one)]
        found.sort(key=lambda one: (_KINDS.index(one["generated_type"]), one["api_name"]))
        names = [str(one["api_name"]) for one in found if one["api_name"] not in BESIDE]
        return [*(name for name in FIRST if name in names), *(name for name in names if name not in FIRST)]

    def discover_streams(self) -> Sequence[Stream]:
        """The chosen streams: modules typed by the catalog when one is given, else by their field metadata.

        That is a call for each module and, since lines have fields of their own, for each subform, side by side.
        """
        chosen = self.chosen_names()
        known = {name: self.input_catalog.get_stream(name) for name in chosen} if self.input_catalog is not None else {}
        described = self._described([name for name in chosen if name not in BESIDE and not known.get(name)])
        streams: list[Stream] = []
        for name in chosen:
            if name in BESIDE:
                streams.append(BESIDE[name](tap=self))
            elif entry := known.get(name):
                streams.append(CrmModule(self, name, entry.schema.to_dict()))
            else:
                streams.append(CrmModule(self, name, described[name].schema, described[name]))
        return streams

    def describe(self, module: str) -> Described:
        """The live description of one module."""
        return self._described([module])[module]

    def fields_of(self, names: Iterable[str]) -> dict[str, Fields]:
        """Field metadata, each module's once a run."""
        missing = [name for name in dict.fromkeys(names) if name not in self._fields]
        answers = ahead(self.client, [Call(f"{crm.ROOT}/settings/fields", {"module": name}) for name in missing])
        self._fields |= {name: (one.body or {}).get("fields") or [] for name, one in zip(missing, answers, strict=True)}
        return {name: self._fields[name] for name in names}

    @cached_property
    def _fields(self) -> dict[str, Fields]:
        return {}

    def _described(self, names: Sequence[str]) -> dict[str, Described]:
        fields = self.fields_of(names)
        forms = {name: dict(_subforms(fields[name])) for name in names}
        rows = self.fields_of([module for form in forms.values() for module in form.values()])
        return {name: _description(name, fields[name], {p: rows[m] for p, m in forms[name].items()}) for name in names}


def _is_read(module: Mapping[str, Any]) -> bool:
    usable = module.get("api_supported") and module.get("viewable") and module.get("generated_type") in _KINDS
    return bool(usable) and module.get("status", "visible") in {"visible", "user_hidden"}


def _subforms(fields: Fields) -> Iterable[tuple[str, str]]:
    """Each subform and the module of its rows."""
    for field in fields:
        rows = field.get("associated_module")
        if field["data_type"] == "subform" and rows:
            yield str(field["api_name"]), str(rows["module"])


def _description(module: str, fields: Fields, rows: Mapping[str, Fields]) -> Described:
    facts = module_facts(fields)
    for name, inner in rows.items():
        facts |= module_facts(inner, ("properties", name, "items"))
    return Described(fields, module_schema(module, fields, rows, SCHEMAS), facts, off_by_default(fields), rows)


main = partial(run_plugin, TapCrm)
