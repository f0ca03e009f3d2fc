"""Normal forms of text: phone, e-mail, booleans, references; and translations of closed lists."""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from ofrecord_transforms.lenses.lens import InvalidValueError, Lens, both
from ofrecord_transforms.lenses.moments import in_utc as moment
from ofrecord_transforms.lenses.texts import text

__all__ = [
    "BOOLEAN", "EMAIL", "ENTRY_NAME", "RECORD_ID", "TEXT", "boolean", "email", "entry_name", "moment", "page", "phone",
    "record_id", "text", "values",
]  # fmt: skip


def email(value: Any) -> str:
    """Trimmed, the domain in lower case; the part before the @ is the mailbox owner's business."""
    trimmed = text(value).strip()
    local, at, domain = trimmed.rpartition("@")
    return f"{local}{at}{domain.lower()}"


def phone(source_region: str | None = None, destination_region: str | None = None) -> Lens:
    """E.164 (`+4930123456`) when the number is complete, or complete with the region; otherwise as it was written.

    So stay extensions, several numbers in one field, and numbers in letters (`1-800-FLOWERS`): E.164 has no room for them.
    """
    return Lens(_phone(source_region), _phone(destination_region))


def _phone(region: str | None) -> Callable[[Any], str]:
    from ofrecord_transforms.lenses.phones import short_way  # noqa: PLC0415 - its tables are read only for phones

    short, whole = short_way(region), _whole_way(region)

    def normal(value: Any) -> str:
        written = text(value).strip()
        return short(written) or whole(written)

    return normal


def _whole_way(region: str | None) -> Callable[[str], str]:
    import phonenumbers  # noqa: PLC0415 - its tables are read only where rules name phones

    complete = phonenumbers.ValidationResult.IS_POSSIBLE

    def normal(written: str) -> str:
        if any(map(str.isalpha, written)):
            return written
        try:
            parsed = phonenumbers.parse(written, region)
        except phonenumbers.NumberParseException:
            return written
        whole = "".join(filter(str.isdigit, written)).endswith(str(parsed.national_number))
        if not whole or parsed.extension or phonenumbers.is_possible_number_with_reason(parsed) != complete:
            return written
        return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))

    return normal


def boolean(value: Any) -> bool:
    """True or false; also as words, as custom fields of the finance side send them."""
    if isinstance(value, bool):
        return value
    known = {"true": True, "false": False}.get(text(value).strip().lower())
    if known is None:
        msg = "is neither true nor false"
        raise InvalidValueError(msg)
    return known


def page(start: str) -> Lens:
    """The address of a page: what it begins with, then the id; and back."""
    return Lens(lambda value: start + _quoted(text(value)), lambda value: _unquoted(text(value).removeprefix(start)))


def _quoted(written: str) -> str:
    """As it stands in an address: all but letters, digits and `-._~` by their bytes (RFC 3986)."""
    return re.sub(r"[^A-Za-z0-9._~-]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), written)


def _unquoted(written: str) -> str:
    return re.sub(rb"%([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode()), written.encode()).decode()


def values(table: Mapping[Any, Any]) -> Lens:
    """A closed list both ways. Where several values become one, the way back takes the first of them.

    A value is found as it is, else by its text: finance sends `true` and numbers of custom fields as words, and the
    rules keep 1.5 as it was written.
    """
    return Lens(_translation(table.items()), _translation((value, key) for key, value in table.items()))


def _translation(pairs: Iterable[tuple[Any, Any]]) -> Callable[[Any], Any]:
    exact: dict[tuple[type, Any], Any] = {}
    by_text: dict[str, Any] = {}
    for known, becomes in pairs:
        exact.setdefault((type(known), known), becomes)
        for written in _written(known):
            by_text.setdefault(written, becomes)

    def convert(value: Any) -> Any:
        try:
            return exact[type(value), value]
        except (KeyError, TypeError):
            pass
        for written in _written(value):
            if written in by_text:
                return by_text[written]
        msg = "is not among the values of the rule; add it there"
        raise InvalidValueError(msg)

    return convert


def _written(value: Any) -> list[str]:
    """How a value may be written: a number also without needless zeros."""
    try:
        written = [text(value)]
    except InvalidValueError:
        return []
    return [*written, text(value.normalize())] if isinstance(value, Decimal) else written


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
BOOLEAN = both(boolean)
RECORD_ID = both(record_id)
ENTRY_NAME = both(entry_name)
