"""How values are kept: JSON text, decimals to the last digit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec


def _foreign(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


_encoder = msgspec.json.Encoder(enc_hook=_foreign, decimal_format="number", order="sorted")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def to_json(value: Any) -> str:
    """A value as JSON text with sorted keys; `Decimal("10.50")` becomes `10.50`."""
    return _encoder.encode(value).decode()


def from_json(text: str | bytes) -> Any:
    """The value of a JSON text; numbers with a point are `Decimal`."""
    return _decoder.decode(text)


def is_empty(value: Any) -> bool:
    """Is there nothing in a value that could be hidden?"""
    return value is None or value in ("", [], {})


Place = tuple[str, Any, Any, Any]


def places_of(schema: Mapping[str, Any]) -> dict[str, Place]:
    """Where each field of an annotated SCHEMA is kept on both sides, and what its values are measured in.

    Field → (property at the destination, its parts or None, fields of the source or None when the SCHEMA says nothing,
    units and lists of values of both sides or None when there are none).
    """
    said = {name: about.get("x-ofrecord") for name, about in (schema.get("properties") or {}).items()}
    return {
        one["field"]: (name, one.get("parts"), one.get("read"), one.get("converted"))
        for name, one in said.items()
        if one and one.get("field")
    }


Forms = dict[str, dict[str, str | None]]
"""Field → store → the canonical form its values are compared in."""


def forms_of(schemas: Iterable[Mapping[str, Any]]) -> tuple[Forms, set[str]]:
    """What the annotated SCHEMAs of an entity say of its fields' forms, each of the side it writes to; and which fields hold ids."""
    forms: Forms = {}
    ids: set[str] = set()
    for schema in schemas:
        store = store_of((schema.get("x-ofrecord") or {}).get("to") or "")
        for about in (schema.get("properties") or {}).values():
            said = about.get("x-ofrecord") if isinstance(about, dict) else None
            if said and said.get("field"):
                forms.setdefault(said["field"], {})[store] = "reference" if said.get("ref") else said.get("format")
                ids |= {said["field"]} if said.get("ref") else set()
    return forms, ids


def has_moved(was: Place, now: Place) -> bool:
    """Is a field kept in another place, or measured otherwise, on either side, than `places_of` said before?

    Silence about the fields of the source is no other place.
    """
    return (was[:2], was[3]) != (now[:2], now[3]) or (None not in (was[2], now[2]) and was[2] != now[2])


def store_of(system: str) -> str:
    """The store behind a door: `books` and `inventory` of one organisation hold the same records under the same ids."""
    return "inventory" if system == "books" else system
