"""Normal forms of text: phone, e-mail, dates; and translations of closed lists."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ofrecord_transforms.lenses.lens import InvalidValueError, Lens, both


def text(value: Any) -> str:
    """Text as it is; numbers become text. Lists and mappings are refused."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    msg = "is not text"
    raise InvalidValueError(msg)


def email(value: Any) -> str:
    """Trimmed, the domain in lower case; the part before the @ is the mailbox owner's business."""
    trimmed = text(value).strip()
    local, at, domain = trimmed.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def phone(region: str | None) -> Lens:
    """E.164 (`+4930123456`) when the number is complete, or complete with the region; otherwise as it was written."""
    import phonenumbers  # noqa: PLC0415 - its tables are read only where rules name phones

    def normal(value: Any) -> str:
        written = text(value).strip()
        try:
            parsed = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            return written
        if parsed.extension or not phonenumbers.is_possible_number(parsed):
            return written
        return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))

    return both(normal)


_COLONLESS = re.compile(r"([+-]\d\d)(\d\d)$")


def moment(value: Any) -> str:
    """ISO 8601 in UTC. Refuses a time without an offset, which could be anybody's."""
    written = text(value).strip()
    try:
        parsed = datetime.fromisoformat(_COLONLESS.sub(r"\1:\2", written))
    except ValueError:
        msg = "is not a date and time (ISO 8601)"
        raise InvalidValueError(msg) from None
    if parsed.tzinfo is None:
        msg = "has no UTC offset"
        raise InvalidValueError(msg)
    return parsed.astimezone(UTC).isoformat()


def day(value: Any) -> str:
    """`2026-03-01`, also from a date with a time, of which the day is taken as written."""
    try:
        return date.fromisoformat(text(value).strip()[:10]).isoformat()
    except ValueError:
        msg = "is not a date (yyyy-mm-dd)"
        raise InvalidValueError(msg) from None


def boolean(value: Any) -> bool:
    """True or false; also as words, as custom fields of the finance side send them."""
    if isinstance(value, bool):
        return value
    known = {"true": True, "false": False}.get(text(value).strip().lower())
    if known is None:
        msg = "is neither true nor false"
        raise InvalidValueError(msg)
    return known


def values(table: Mapping[Any, Any]) -> Lens:
    """A closed list both ways. Where several values become one, the way back takes the first of them."""
    back: dict[Any, Any] = {}
    for key, value in table.items():
        back.setdefault(value, key)

    def translate(words: Mapping[Any, Any]) -> Any:
        def convert(value: Any) -> Any:
            try:
                return words[value]
            except (KeyError, TypeError):
                msg = "is not among the values of the rule; add it there"
                raise InvalidValueError(msg) from None

        return convert

    return Lens(translate(dict(table)), translate(back))


def record_id(value: Any) -> str:
    """The id of a lookup (`{"id": …, "name": …}`), or the id itself."""
    found = value.get("id") if isinstance(value, dict) else value
    if found is None or found == "":
        msg = "is a reference without an id"
        raise InvalidValueError(msg)
    return text(found)


def entry_name(value: Any) -> str | None:
    """The name of a list entry: of `{"name": …}`, of a list with one such entry, or the text itself.

    The CRM gives taxes of a line as a list (Zoho CRM v8 docs, Insert Records, `Line_Tax`); finance takes one tax.
    """
    if isinstance(value, list):
        if len(value) > 1:
            msg = "names several taxes, and the destination takes one"
            raise InvalidValueError(msg)
        return entry_name(value[0]) if value else None
    if isinstance(value, dict):
        name = value.get("name")
        return None if name is None else text(name)
    return text(value)


TEXT = both(text)
EMAIL = both(email)
MOMENT = both(moment)
DAY = both(day)
BOOLEAN = both(boolean)
RECORD_ID = both(record_id)
ENTRY_NAME = both(entry_name)
