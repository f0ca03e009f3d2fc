"""A page of a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as the vendor sent them, and the vendor's time of reading."""

    rows: list[Row]
    read_at: datetime
