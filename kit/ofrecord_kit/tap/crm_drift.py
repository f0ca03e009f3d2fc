"""What has changed at the CRM since a catalog was captured. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Drift:
    """Differences between a catalog's schema and the live one, by property."""

    new: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retyped: tuple[tuple[str, str, str], ...] = ()
    """Property, type in the catalog, type now."""
    required: tuple[str, ...] = ()
    """Required now and not in the catalog."""

    @property
    def left_out(self) -> frozenset[str]:
        """Properties that are not read any more: what is gone, and what has another type."""
        return frozenset(self.removed) | {name for name, _, _ in self.retyped}

    def words(self, stream: str) -> list[str]:
        """One line each, with what to do."""
        capture = "Capture the catalog again (`ofrecord catalog`, or `--discover`)"
        return [
            *(f"{stream}.{one} is new in the CRM and not read. {capture} to read it." for one in self.new),
            *(
                f"{stream}.{one} does not exist any more in the CRM and is left out; the other fields are read. "
                f"{capture}, and take it out of the rules."
                for one in self.removed
            ),
            *(
                f"{stream}.{one} was {before} and is {now} in the CRM; it is left out, the other fields are read. "
                f"{capture}, and look at the rules that use it."
                for one, before, now in self.retyped
            ),
            *(
                f"{stream}.{one} is required by the CRM now: records made without it are refused. "
                f"{capture}, and fill it by a rule."
                for one in self.required
            ),
        ]


def drift_of(catalog: Mapping[str, Any], live: Mapping[str, Any], ours: Collection[str]) -> Drift:
    """Compare the schema of a catalog with the live one; `ours` are properties no vendor has."""
    before: Mapping[str, Any] = catalog["properties"]
    now: Mapping[str, Any] = live["properties"]
    both = [name for name in before if name in now and name not in ours]
    return Drift(
        new=tuple(name for name in now if name not in before and name not in ours),
        removed=tuple(name for name in before if name not in now and name not in ours),
        retyped=tuple(
            (name, said, found)
            for name in both
            if (said := type_words(before[name])) != (found := type_words(now[name]))
        ),
        required=tuple(name for name in both if _demands(now[name]) and not _demands(before[name])),
    )


def type_words(schema: Mapping[str, Any]) -> str:
    """The type of a property for people: `text`, `number`, `date-time`, `list of object`.

    >>> type_words({"type": ["array", "null"], "items": {"type": ["string", "null"]}})
    'list of string'
    """
    kinds = schema.get("type", [])
    kind = next((one for one in ([kinds] if isinstance(kinds, str) else kinds) if one != "null"), "anything")
    if kind == "array":
        return f"list of {type_words(schema.get('items') or {})}"
    return str(schema.get("format") or kind)


def _demands(schema: Mapping[str, Any]) -> bool:
    """Descriptions say it: a catalog keeps nothing else that tells."""
    return str(schema.get("description", "")).endswith("Required.")
