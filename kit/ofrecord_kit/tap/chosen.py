"""What is selected of a stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from singer_sdk.singerlib import SelectionMask


def chosen_properties(schema: Mapping[str, Any], mask: SelectionMask, always: Iterable[str]) -> frozenset[str]:
    """The properties of `schema` that are selected, and those that are `always`."""
    properties = schema.get("properties", {})
    needed = set(always)
    return frozenset(name for name in properties if name in needed or mask["properties", name])
