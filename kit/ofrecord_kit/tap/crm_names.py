"""Names that queries and bulk reads leave out: of users, who own and write records, and of layouts.

Source: Zoho CRM v8 docs, "Users", "Layouts". That `AllUsers` has those who were deleted is UNVERIFIED: their names may be null.
"""

from __future__ import annotations

from typing import Any

from ofrecord_kit.errors import PermissionMissing, VendorRefusal
from ofrecord_kit.http import Client
from ofrecord_kit.tap.crm_pages import crm_numbered_pages
from ofrecord_kit.tap.pages import text_of, value_of
from ofrecord_kit.vendors import crm


class Names:
    """Read once a run, when the first plan needs them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._people: dict[str, dict[str, Any]] | None = None
        self._layouts: dict[str, dict[str, dict[str, Any]]] = {}

    def people(self) -> dict[str, dict[str, Any]]:
        """Users by id: `{"name", "email"}`. None when the token may not read them."""
        if self._people is None:
            try:
                pages = crm_numbered_pages(self._client, f"{crm.ROOT}/users", {"type": "AllUsers"}, rows="users")
                self._people = {
                    text_of(row, "id"): {"name": value_of(row, "full_name"), "email": value_of(row, "email")}
                    for page in pages
                    for row in page.rows
                }
            except (PermissionMissing, VendorRefusal):
                self._people = {}
        return self._people

    def layouts(self, module: str) -> dict[str, dict[str, Any]]:
        """Layouts of a module by id."""
        if module not in self._layouts:
            try:
                body = self._client.get(f"{crm.ROOT}/settings/layouts", params={"module": module}).body or {}
            except (PermissionMissing, VendorRefusal):
                body = {}
            self._layouts[module] = {str(one["id"]): {"name": one.get("name")} for one in body.get("layouts") or []}
        return self._layouts[module]
