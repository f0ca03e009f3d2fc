"""What the three systems call the things every record has.

Sources: Zoho CRM v8 docs, Get Records (`Created_Time`, `Modified_Time`, `id`); Zoho Inventory v1 and Books v3 docs,
Contacts and Items (`created_time`, `last_modified_time`). Taps hand these times on as ISO 8601 UTC.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class System:
    """One system: its word in the rules, its tap's package, where its records keep times and custom fields."""

    name: str
    tap: str
    modified: str
    created: str
    writable: bool
    custom_prefix: str | None = None
    """Fields that begin with this live in `custom_field_hash` when they are read."""


SYSTEMS: dict[str, System] = {
    "crm": System("crm", "tap_crm", "Modified_Time", "Created_Time", writable=True),
    "inventory": System(
        "inventory", "tap_inventory", "last_modified_time", "created_time", writable=True, custom_prefix="cf_"
    ),
    "books": System("books", "tap_books", "last_modified_time", "created_time", writable=False, custom_prefix="cf_"),
}

ONE_STORE = frozenset({"inventory", "books"})
"""Two doors to one store: the same organisation holds the same records under the same ids (Zoho Books v3 docs)."""
