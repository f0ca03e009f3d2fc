"""One value against its field's type. Source: Zoho CRM v8 docs, "Insert Records" (formats and sizes)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.crm import organisation
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data
from ofrecord_sandbox.crm.metadata import Field

_EMAIL = re.compile(r"^[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+$")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_PHONE = re.compile(r"^[0-9A-Za-z+()\-./ #:;,]*$")
_PLACES = 9


def clean(field: Field, value: Any, path: str) -> Any:
    """The value as it is stored; lookups, subforms and line taxes are not for here. Raises RefusedError.

    `path` is the JSON path of the record, such as `$.data[0]`.
    """
    if value is None:
        return None
    return PLAIN.get(field.data_type, _wrong)(field, value, path)


def wrong_type(field: Field, path: str, expected: str) -> RefusedError:
    """INVALID_DATA that names the type the field wants."""
    details = {"expected_data_type": expected, "api_name": field.api_name, "json_path": f"{path}.{field.api_name}"}
    return invalid_data(details)


def _wrong(field: Field, _value: Any, path: str) -> Any:
    raise wrong_type(field, path, field.data_type)


def _too_long(field: Field, path: str) -> RefusedError:
    details = {"maximum_length": field.length, "api_name": field.api_name, "json_path": f"{path}.{field.api_name}"}
    return invalid_data(details)


def _string(field: Field, value: Any, path: str) -> Any:
    if not isinstance(value, str):
        return _wrong(field, value, path)
    if len(value) > field.length:
        raise _too_long(field, path)
    if field.data_type == "email" and value and not _EMAIL.match(value):
        return _wrong(field, value, path)
    if field.data_type == "phone" and not _PHONE.match(value):
        return _wrong(field, value, path)
    if field.data_type == "picklist" and value:
        _listed(field, [value], path)
    return value.strip() or None


def _several(field: Field, value: Any, path: str) -> Any:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return _wrong(field, value, path)
    return _listed(field, value, path)


def _boolean(field: Field, value: Any, path: str) -> Any:
    return value if isinstance(value, bool) else _wrong(field, value, path)


def _listed(field: Field, chosen: list[str], path: str) -> list[str]:
    """A closed list takes its own values only; an open one takes new ones, which its description does not show (UNVERIFIED)."""
    if field.restricted and any(one not in field.values for one in chosen):
        details = {"supported_values": list(field.values), "api_name": field.api_name}
        raise invalid_data({**details, "json_path": f"{path}.{field.api_name}"})
    return chosen


def _whole(field: Field, value: Any, path: str) -> Any:
    """Integers travel as numbers, big integers as strings."""
    if isinstance(value, bool):
        return _wrong(field, value, path)
    if field.data_type == "bigint" and isinstance(value, str) and value.lstrip("-").isdecimal():
        digits = value
    elif isinstance(value, int):
        digits = str(value)
    else:
        return _wrong(field, value, path)
    if len(digits.lstrip("-")) > field.length:
        raise _too_long(field, path)
    return int(digits) if field.data_type == "integer" else digits


def _number(field: Field, value: Any, path: str) -> Any:
    """JSON numbers only; at most `length` digits before the point and 9 after it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _wrong(field, value, path)
    if abs(value) < 10**field.length and round(value, _PLACES) == value:
        return value
    exact = Decimal(repr(value))
    exponent = exact.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    if exact.adjusted() >= field.length or places > _PLACES:
        raise _too_long(field, path)
    return value


def _date(field: Field, value: Any, path: str) -> Any:
    if not isinstance(value, str) or not _DATE.match(value):
        return _wrong(field, value, path)
    try:
        date.fromisoformat(value)
    except ValueError:
        return _wrong(field, value, path)
    return value


def _moment(field: Field, value: Any, path: str) -> Any:
    """ISO 8601 without fractions; kept in the user's time zone."""
    if not isinstance(value, str) or "T" not in value or "." in value:
        return _wrong(field, value, path)
    try:
        seconds = organisation.epoch(value)
    except ValueError:
        return _wrong(field, value, path)
    return organisation.from_epoch(seconds)


PLAIN: dict[str, Callable[[Field, Any, str], Any]] = {
    **dict.fromkeys(("text", "textarea", "email", "phone", "website", "picklist"), _string),
    **dict.fromkeys(("integer", "bigint"), _whole),
    **dict.fromkeys(("double", "currency", "percent"), _number),
    "boolean": _boolean,
    "date": _date,
    "datetime": _moment,
    "multiselectpicklist": _several,
}
"""What makes a value that is not null of each type that needs nothing but the field."""
