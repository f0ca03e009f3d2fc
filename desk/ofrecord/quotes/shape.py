"""What is read of a document and of its lines."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

ORDER = "Sequence_Number"
"""Place of a row in its document; null where the CRM gives none."""


@dataclass(frozen=True)
class Shape:
    """Which documents, and which of their fields.

    `head` may reach over lookups (`Deal_Name.Closing_Date`), which queries alone can; `columns` are fields of the rows.
    """

    object: str
    number: str
    lines: str
    head: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def queried(self) -> list[str]:
        """Columns of the query for heads, each once."""
        return list(dict.fromkeys(["id", self.number, *self.head, "Modified_Time", "Created_Time"]))

    @property
    def rows(self) -> tuple[str, ...]:
        """Fields of the rows that are asked for, each once."""
        return tuple(dict.fromkeys([*self.columns, ORDER]))

    @property
    def digest(self) -> str:
        """Tells what was kept for another shape from what was kept for this one."""
        return hashlib.sha256("\0".join([self.object, self.lines, *self.rows]).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Document:
    """One document as it was read: `values` by column of the head, `lines` in their order, each with its `id`.

    `read_at` is the vendor's time at which its head was read: what was changed later is not overwritten.
    """

    id: str
    number: str
    values: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]
    read_at: datetime
    modified: datetime | None = None
