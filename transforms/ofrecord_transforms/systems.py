"""What each system calls the things every record has: its id's neighbours, its times, its custom fields.

Three systems are known from the start. `rules/systems.yml` adds others, or says of these what is different.

Sources: Zoho CRM v8 docs, Get Records (`Created_Time`, `Modified_Time`, `Modified_By`, `id`); Zoho Inventory v1 and Books v3 docs,
Contacts and Items (`created_time`, `last_modified_time`; they name no editor). Taps hand these times on as ISO 8601 UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class System:
    """One system: its word in the rules, its tap, where its records keep times, deletions and custom fields."""

    name: str
    tap: str
    """Name of the tap (`tap-crm`); its catalog tells which fields there are."""
    modified: str
    created: str
    writable: bool = True
    store: str = ""
    """Systems of one store are doors to the same records under the same ids; nothing is written between them."""
    deleted: str = "_sdc_deleted_at"
    """Field that is neither empty nor false in a record that was deleted."""
    custom_prefix: str | None = None
    """Fields that begin with this live in `custom_field_hash` when they are read."""
    editor: str | None = None
    """Field with the user who changed the record last: a name, or `{"id": …, "name": …}`."""


SYSTEMS: Mapping[str, System] = {
    "crm": System("crm", "tap-crm", "Modified_Time", "Created_Time", store="crm", editor="Modified_By"),
    "inventory": System(
        "inventory", "tap-inventory", "last_modified_time", "created_time", store="finance", custom_prefix="cf_"
    ),
    "books": System(
        "books", "tap-books", "last_modified_time", "created_time", writable=False, store="finance", custom_prefix="cf_"
    ),
}
"""Inventory and books are two doors to one store: the same organisation holds the same records (Zoho Books v3 docs)."""

SYSTEMS_FILE = "systems.yml"
