"""How values are kept: JSON text, decimals to the last digit."""

from __future__ import annotations

from collections.abc import Mapping
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


def places_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Where each field of an annotated SCHEMA is kept at the destination: field → (property, its parts or None)."""
    said = {name: about.get("x-ofrecord") for name, about in (schema.get("properties") or {}).items()}
    return {one["field"]: (name, one.get("parts")) for name, one in said.items() if one and one.get("field")}


def store_of(system: str) -> str:
    """The store behind a door: `books` and `inventory` of one organisation hold the same records under the same ids."""
    return "inventory" if system == "books" else system
