"""Reading a field out of a record by the name the rules use for it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ofrecord_transforms.systems import System

Record = Mapping[str, Any]
Get = Callable[[Record], Any]


class Absent:
    """Type of `ABSENT`."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()
"""The record says nothing about this field; different from None, which says that it is empty."""


def reader(system: System, path: str) -> Get:
    """A function from a record to the value at a path: `ABSENT` when not there, None when empty.

    An empty text is empty: the finance APIs send `""` for numbers, ids and texts without a value.
    """
    prefix = system.custom_prefix
    if prefix is not None and path.startswith(prefix):
        return _custom(path)
    first, *rest = path.split(".")
    return _nested(first, rest) if rest else _plain(first)


def _plain(name: str) -> Get:
    def get(record: Record) -> Any:
        value = record.get(name, ABSENT)
        return None if value == "" else value

    return get


def _nested(first: str, rest: list[str]) -> Get:
    def get(record: Record) -> Any:
        value = record.get(first, ABSENT)
        for name in rest:
            if value is None or value is ABSENT or value == "":
                return value if value is ABSENT else None
            value = value.get(name, ABSENT) if isinstance(value, dict) else _element(value, name)
        return None if value == "" else value

    return get


def _element(value: Any, place: str) -> Any:
    """An element of a list, counted from 0: `price_brackets.0.pricebook_rate`."""
    if not isinstance(value, list) or not place.isdecimal():
        return None
    return value[int(place)] if int(place) < len(value) else None


def _custom(name: str) -> Get:
    """Custom fields of the finance side: in `custom_field_hash`, or spread at the top (Zoho Books v3 docs, Contacts)."""

    def get(record: Record) -> Any:
        fields = record.get("custom_field_hash")
        value = fields.get(name) if isinstance(fields, dict) else record.get(name, ABSENT)
        return None if value == "" else value

    return get
