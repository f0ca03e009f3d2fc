"""Text of plain values."""

from decimal import Decimal
from typing import Any

from ofrecord_transforms.lenses.lens import InvalidValueError

_LONGEST = 100
"""Digits that a number may have as text; an exponent can ask for millions."""


def text(value: Any) -> str:
    """Text as it is; numbers become text. Lists and mappings are refused."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) < 10**_LONGEST:
        return str(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < _LONGEST:
        return format(value, "f")
    msg = "is not text"
    raise InvalidValueError(msg)
