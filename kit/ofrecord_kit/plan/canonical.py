"""When two values are the same, whatever they look like.

A canonical form is hashable and compared with `==`. Empty is one thing: `None`, `""` and blanks are all `None`, because
the finance APIs answer `""` where nothing is set (Zoho Inventory v1 docs, Response).

>>> canonical("10.00", "money") == canonical(10, "money")
True
>>> canonical("+1 555", "phone") == canonical("1555", "phone")
True
>>> canonical("Germany", "country") == canonical("DEU", "country")
True
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

from ofrecord_kit.plan.countries import code_of

_EXACT = Context(prec=10_000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_SIGNS = re.compile(r"[\W_]+")
_PUNCTUATION = re.compile(r"[.,]")


def canonical(value: Any, form: str | None = None) -> Hashable:
    """The canonical form of a value; a value that does not fit its format is compared as it is."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, Fingerprint):
        return value
    return _FORMS.get(form or "", _plain)(value)


def same(one: Any, other: Any, form: str | None = None) -> bool:
    """Are two values the same in canonical form?"""
    if isinstance(one, Fingerprint) or isinstance(other, Fingerprint):
        return _same_prints(one, other)
    return (one == other and type(one) is type(other)) or canonical(one, form) == canonical(other, form)


class Fingerprint:
    """What is kept of a value where values are not kept: a keyed digest of its canonical form.

    It is compared in the form it was made with, whatever form the other value is asked for in. It is no dataclass, so that nothing writes
    its key down by accident; as text it shows its digest.
    """

    __slots__ = ("_key", "digest", "form")

    def __init__(self, digest: str, form: str | None, key: bytes) -> None:
        self.digest = digest
        self.form = form
        self._key = key

    @staticmethod
    def digest_of(value: Any, form: str | None, key: bytes) -> str:
        """The digest of a value's canonical form; only who has the key can make or guess one."""
        return blake2b(repr(canonical(value, form)).encode(), digest_size=16, key=key).hexdigest()

    def is_of(self, value: Any) -> bool:
        """Is this the fingerprint of a value?"""
        return self.digest == self.digest_of(value, self.form, self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fingerprint) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"fingerprint {self.digest}"


def _same_prints(one: Any, other: Any) -> bool:
    if isinstance(one, Fingerprint):
        return one.digest == other.digest if isinstance(other, Fingerprint) else one.is_of(other)
    return bool(other.is_of(one))


def match_form(value: Any, form: str | None = None) -> Hashable:
    """The form in which records are matched: as canonical, except that legal names ignore case, dots and commas."""
    found = canonical(value, form)
    if form == "legal name" and isinstance(found, str):
        return " ".join(_PUNCTUATION.sub(" ", found).casefold().split())
    return found


def _text(value: Any) -> Hashable:
    if isinstance(value, dict | list):
        return _plain(value)
    if isinstance(value, str) and value.isascii() and "\n" not in value:
        return value.strip()
    lines = unicodedata.normalize("NFC", str(value)).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def _number(value: Any) -> Hashable:
    if isinstance(value, bool):
        return value
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return _text(value)
    return _bare(number) if number.is_finite() else _text(value)


def _bare(number: Decimal) -> Decimal:
    """Without trailing zeros and without the sign of zero; all other digits stay."""
    return _EXACT.plus(_EXACT.normalize(number))


def _phone(value: Any) -> Hashable:
    """Digits, and letters where there are some: `1-800-FLOWERS`, `ext. 12`."""
    signs = _SIGNS.sub("", str(value)).casefold()
    return signs.removeprefix("00") or _text(value)


def _country(value: Any) -> Hashable:
    return code_of(value) or _text(value)


def _email(value: Any) -> Hashable:
    return str(value).strip().casefold()


def _date(value: Any) -> Hashable:
    """The day as written; also of a time, whose offset is not looked at."""
    text = value.isoformat() if isinstance(value, date) else str(value).strip()
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        return text


def instant(value: Any) -> datetime | None:
    """A moment in UTC from ISO 8601 text, offset with or without a colon; None when it is not one.

    A time without an offset is taken as UTC.
    """
    if isinstance(value, datetime):
        moment = value
    elif value is None:
        return None
    else:
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None


def _datetime(value: Any) -> Hashable:
    return instant(value) or _text(value)


def _boolean(value: Any) -> Hashable:
    return {"true": True, "false": False}.get(str(value).strip().casefold(), _text(value))


def _address(value: Any) -> Hashable:
    """Part by part; a part without a value is no part."""
    if not isinstance(value, dict):
        return _text(value)
    parts = ((str(key), canonical(part, PART_FORMS.get(key, "text"))) for key, part in value.items())
    return tuple(sorted(((key, part) for key, part in parts if part is not None), key=repr)) or None


def _lines(value: Any) -> Hashable:
    """Lines by what they are, not by their place: a multiset of rows."""
    if not isinstance(value, list):
        return _plain(value)
    return tuple(sorted((_plain(row) for row in value), key=repr)) or None


def _plain(value: Any) -> Hashable:
    """By type: numbers as numbers, text without trailing blanks, a lookup as its id."""
    match value:
        case bool():
            return value
        case int() | Decimal():
            return _bare(Decimal(value))
        case str():
            return _text(value)
        case {"id": identity} if identity is not None and not (value.keys() - {"id", "name", "email"}):
            return str(identity)
        case dict():
            parts = ((str(key), canonical(part)) for key, part in value.items())
            return tuple(sorted(((key, part) for key, part in parts if part is not None), key=repr)) or None
        case list() | tuple():
            return tuple(canonical(part) for part in value) or None
    return str(value)


def _reference(value: Any) -> Hashable:
    return str(value["id"]) if isinstance(value, dict) and "id" in value else _text(value)


PART_FORMS = {"country": "country", "phone": "phone"}
"""Parts of an address that are more than text."""

_FORMS: dict[str, Callable[[Any], Hashable]] = {
    "": _plain,
    "text": _text,
    "legal name": lambda value: " ".join(str(_text(value)).split()),
    "number": _number,
    "money": _number,
    "phone": _phone,
    "email": _email,
    "country": _country,
    "date": _date,
    "datetime": _datetime,
    "boolean": _boolean,
    "address": _address,
    "lines": _lines,
    "reference": _reference,
}
