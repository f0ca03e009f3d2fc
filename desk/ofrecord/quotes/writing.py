"""Fields of documents and of their lines, written by id: nothing else of either is touched, and what was edited meanwhile is left alone.

Rows are named by id, all of them and those that stay with nothing but their id: that rows which are not named stay is documented for
subforms and UNVERIFIED for the lines of quotes ("Update Subform Data").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ofrecord.quotes.shape import Document, Shape
from ofrecord_kit.plan import same
from ofrecord_kit.settings import Connection
from ofrecord_kit.target import Change, Current, Destination, Result
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.permitted import FactStore
from ofrecord_kit.tokens import login_key

if TYPE_CHECKING:
    from ofrecord.project_file import ProjectFile
    from ofrecord_kit.http import Client

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Edit:
    """What a document and its lines (by id) should hold; what they hold already is not written."""

    document: Document
    values: Values = field(default_factory=dict)
    lines: Mapping[str, Values] = field(default_factory=dict)

    def changes(self) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """The part that differs from what was read: of the head, and by line."""
        head = {name: value for name, value in self.values.items() if not same(value, self.document.values.get(name))}
        rows = {str(row["id"]): row for row in self.document.lines}
        lines = {
            one: changed
            for one, values in self.lines.items()
            if one in rows
            and (changed := {name: value for name, value in values.items() if not same(value, rows[one].get(name))})
        }
        return head, lines


def destination(client: Client, project: ProjectFile) -> Destination:
    """The CRM as its target writes it, with the target's settings of what may run on a write."""
    from target_crm.objects import Crm  # noqa: PLC0415 - only where something is written

    connection: Connection = client.connection
    facts = FactStore(connection.state_dir, f"{connection.api_url} {login_key(connection)}", lambda: datetime.now(UTC))
    trigger = project.settings("target-crm").get("trigger") or () if "target-crm" in project.plugins else ()
    return Crm(Counted(client), facts, trigger=trigger)


def write(there: Destination, shape: Shape, edits: Sequence[Edit]) -> dict[str, Result]:
    """Result by document, of those that had anything to write; a hundred documents a call.

    `Stale`: somebody edited it since it was read. Raises the kit's `Stop` and `Retry` families.
    """
    changes = [change for edit in edits if (change := _change(shape, edit)) is not None]
    return dict(zip([one.id for one in changes], there.update(shape.object, changes), strict=True))


def _change(shape: Shape, edit: Edit) -> Change | None:
    head, lines = edit.changes()
    if not head and not lines:
        return None
    one = edit.document
    values = dict(head)
    if lines:
        values[shape.lines] = [{"id": row["id"], **lines.get(str(row["id"]), {})} for row in one.lines]
    return Change(one.id, values, Current(one.values, one.read_at, one.modified))
