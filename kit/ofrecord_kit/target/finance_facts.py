"""What the finance APIs take in each field, by the facts of the vendor's documents; see `tap.facts` for their form."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

from ofrecord_kit.plan.facts import Fact
from ofrecord_kit.tap.facts import FINANCE

_COMPUTED = "The vendor computes it, or sets it by an action of its own: leave the field out."


@cache
def facts_of(object_: str) -> Mapping[str, Fact]:
    """By property; rows of lists are not looked into. Nothing where no file describes the object."""
    file = FINANCE / f"{object_}.toml"
    if not file.is_file():
        return {}
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    found = {name: Fact(read_only=True, fix=_COMPUTED) for name in said.get("read_only", ())}
    found |= {path: _fact(about) for path, about in said.get("written", {}).items() if "[]" not in path}
    return found


def _fact(about: Mapping[str, Any]) -> Fact:
    """A list that takes others, too, says nothing about a value."""
    values = None if about.get("open-values") else about.get("values")
    return Fact(
        length=about.get("max-length"), values=tuple(str(one) for one in values) if values else None,
        required=bool(about.get("required")), unique=bool(about.get("unique")), type=str(about.get("vendor-type", "")),
    )  # fmt: skip
