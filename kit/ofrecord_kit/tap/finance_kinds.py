"""Values of the finance side in the kind their schema says.

Live answers and the vendor's own description differ: ids and document numbers come as numbers, yes and no as texts ("is_child_present"
of "List chart of accounts"). Numbers that come as texts the shape turns already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Raw

from ofrecord_kit.tap.pages import decode_value

Turn = Callable[[Any], Any]
_NO_TEXT = frozenset({bytes([one]) for one in b"-0123456789tf"})
_FLAGS = {"true": True, "false": False, "": None}


def text(value: Any) -> Any:
    """Ids and numbers of documents as texts; what else is no text stays for the target to refuse.

    >>> text(46000000002), text("7"), text(None), text(True), text(["7"]), text(Raw(b"12"))
    ('46000000002', '7', None, 'true', ['7'], '12')
    """
    if type(value) is str or value is None:
        return value
    if type(value) is Raw:
        return text(decode_value(value)) if bytes(value)[:1] in _NO_TEXT else value
    if type(value) is bool:
        return str(value).lower()
    return str(value) if isinstance(value, int | Decimal) else value


def flag(value: Any) -> Any:
    """Yes and no as such; an empty text is None.

    >>> flag("true"), flag("False"), flag(True), flag("")
    (True, False, True, None)
    """
    if type(value) is Raw:
        return flag(decode_value(value)) if bytes(value)[:1] == b'"' else value
    return _FLAGS.get(value.lower(), value) if type(value) is str else value


def kinds_of(schema: Mapping[str, Any]) -> Turn:
    """The function that puts an object's texts and flags right, in place, in lists and objects too."""
    turns = {name: turn for name, one in schema.get("properties", {}).items() if (turn := _turn(one)) is not None}

    def right(record: Any) -> Any:
        if isinstance(record, dict):
            for name in turns.keys() & record.keys():
                record[name] = turns[name](record[name])
        return record

    return right


def _turn(schema: Mapping[str, Any]) -> Turn | None:
    kinds = schema.get("type", [])
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    if "number" in kinds:
        return None
    if "string" in kinds:
        return None if "format" in schema else text
    if "boolean" in kinds:
        return flag
    if "object" in kinds and schema.get("properties"):
        return kinds_of(schema)
    each = _turn(schema.get("items", {})) if "array" in kinds else None
    return (lambda value: [each(one) for one in value] if isinstance(value, list) else value) if each else None
