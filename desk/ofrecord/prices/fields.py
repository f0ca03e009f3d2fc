"""The fields of quote lines that prices are written to, as `ofrecord setup` compares and makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ofrecord.fields_needed import Needed
from ofrecord.prices.lines import ALLOWED, BELOW, FLAG, OTHER_CURRENCY

if TYPE_CHECKING:
    from ofrecord.project_file import ProjectFile

LINES, COMMAND = "Quoted_Items", "ofrecord:quote-prices"


def priced_fields(project: ProjectFile) -> list[Needed]:
    """None where no job of the project prices quotes."""
    if COMMAND not in project.text:
        return []
    where = (project.name,)
    return [
        Needed("crm", LINES, ALLOWED, "currency", False, None, (), None, where),
        Needed("crm", LINES, FLAG, "picklist", False, None, (BELOW, OTHER_CURRENCY), None, where),
    ]
