"""Custom modules of the CRM that the rules use: which are missing, and how one is made or told.

Source: Zoho CRM v8 docs, "Modules Metadata", "Create Custom Module" (one a call; labels of letters, digits and blanks, at most 25;
its OpenAPI file `modules.json` allows no blanks and no underscores: UNVERIFIED which of the two holds).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ofrecord.fields_needed import Needed, label_of
from ofrecord_kit.http import Client
from ofrecord_kit.vendors import crm

MODULE = "module"
"""What stands where a field has its type."""
DISPLAY = "Name"
"""The field every custom module begins with."""
_LABEL = 25
_STANDARD = frozenset({
    "Leads", "Accounts", "Contacts", "Deals", "Products", "Quotes", "Vendors", "Price_Books", "Sales_Orders", "Purchase_Orders", "Invoices",
    "Campaigns", "Cases", "Solutions", "Tasks", "Events", "Calls", "Notes", "Attachments", "Services", "Appointments",
})  # fmt: skip
"""Modules of the vendor: they are switched on, not made."""
SUBFORMS = frozenset({"Quoted_Items", "Ordered_Items", "Invoiced_Items", "Purchase_Items"})
"""Line items: whether they stand among the modules is UNVERIFIED, so they are asked for whatever the list says."""
_PATH = f"{crm.ROOT}/settings/modules"


def modules_there(client: Client) -> dict[str, Mapping[str, Any]]:
    """The modules of the CRM by API name (scope ZohoCRM.settings.modules.READ)."""
    body: Mapping[str, Any] = client.get(_PATH).body or {}
    return {str(one["api_name"]): one for one in body.get("modules", [])}


def module_needed(object_: str, fields: Iterable[Needed]) -> Needed:
    """A missing module, where a missing field would stand."""
    rules = tuple(dict.fromkeys(rule for one in fields for rule in one.rules))
    return Needed("crm", object_, "", MODULE, False, None, (), None, rules)


def is_module(one: Needed) -> bool:
    """Is it a module that is missing, and not a field?"""
    return one.kind == MODULE


def module_can_be_made(object_: str) -> bool:
    """Is it no module of the vendor's own, and does its name fit a label?"""
    return object_ not in _STANDARD and len(label_of(object_)) <= _LABEL


def make_module(client: Client, object_: str) -> None:
    """Make it, seen by the profiles that see accounts. Raises VendorRefusal."""
    there = modules_there(client)
    profiles = (there.get("Accounts") or {}).get("profiles") or []
    plural = label_of(object_)
    module = {
        "plural_label": plural,
        "singular_label": plural.removesuffix("s"),
        "api_name": object_,
        "profiles": [{"id": one["id"]} for one in profiles],
        "display_field": {"field_label": DISPLAY, "data_type": "text"},
    }
    client.send("POST", _PATH, json={"modules": [module]}, repeatable=False)


def module_by_hand(object_: str) -> str:
    """The steps a person takes."""
    if object_ in _STANDARD:
        return f"crm: switch the module {object_} on: Setup, Modules and Fields, Organize Modules."
    plural = label_of(object_)
    return (
        f'crm: Setup, Modules and Fields, Create New Module, singular "{plural.removesuffix("s")}", plural "{plural}", visible to whoever sees '
        f"accounts; check under Setup, API names, that it is {object_}. Run ofrecord setup again for its fields."
    )
