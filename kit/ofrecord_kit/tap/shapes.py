"""Rows cut to their schema: only its properties, times in UTC, texts, numbers and flags as such.

Live answers and the vendors' own descriptions differ: ids come as numbers, amounts and flags as texts. A schema is compiled
once to a function. A value may come decoded or as `msgspec.Raw`, its JSON text: what needs no work stays that text and is
never decoded, so every digit stays as it was sent. Whether something needs work is seen of all texts of a row at once,
and of all numbers, by how their JSON texts begin; objects and lists of objects are cut by a type made from their schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from operator import itemgetter
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from ofrecord_kit.tap.pages import decode_value

Shape = Callable[[Mapping[str, Any]], dict[str, Any]]
Turn = Callable[[Any], Any]
Look = Callable[[tuple[Any, ...]], bool]
_QUOTED = b'"'
_QUOTE = _QUOTED[0]
_TEXT_OR_NULL = b'"n'
_ZERO = b"\0"
_FLAGS = {"true": True, "false": False, "": None}
_PLANS = 1_000
_WHOLE_HOURS = re.compile(rb'"(\d{4}-\d\d-\d\dT\d\d)(:[0-5]\d:[0-5]\d)(Z|[+-]\d\d:?00)"').fullmatch


def utc_text(text: str) -> str | None:
    """A vendor's time (offset with or without colon) as `2026-03-01T09:15:00+00:00`; None for an empty text.

    >>> utc_text("2026-03-01T10:15:00+0100"), utc_text("")
    ('2026-03-01T09:15:00+00:00', None)
    """
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def number(value: Any) -> Any:
    """Numbers that arrive as texts, as the finance side sends some, are numbers; an empty text is None.

    >>> number("12.50"), number(""), number(3)
    (Decimal('12.50'), None, 3)
    """
    if not isinstance(value, str):
        return value
    try:
        found = Decimal(value) if value else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None


def text(value: Any) -> Any:
    """Ids and numbers of documents as texts.

    >>> text(46000000002), text("7"), text(None), text(True), text(Raw(b"12"))
    ('46000000002', '7', None, 'true', '12')
    """
    if type(value) is Raw:
        if bytes(value)[0] in _TEXT_OR_NULL:
            return value
        value = decode_value(value)
    if type(value) is bool:
        return str(value).lower()
    return str(value) if isinstance(value, int | Decimal) else value


def flag(value: Any) -> Any:
    """Yes and no as such; an empty text is None.

    >>> flag("true"), flag("False"), flag(True), flag("")
    (True, False, True, None)
    """
    if type(value) is Raw:
        if bytes(value)[0] != _QUOTE:
            return value
        value = decode_value(value)
    return _FLAGS.get(value.lower(), value) if type(value) is str else value


def compile_shape(schema: Mapping[str, Any], *, in_order: bool = True) -> Shape:
    """The function that cuts a row to `schema` (an object schema). Properties absent from the row stay absent.

    `in_order`: properties come in the order of the schema, however the vendor sent them; else in the row's, which costs less.
    """
    turns = {name: turn_of(inner) for name, inner in schema.get("properties", {}).items()}
    plans: dict[tuple[str, ...], _Plan] = {}

    def shape(row: Mapping[str, Any]) -> dict[str, Any]:
        names = tuple(row)
        plan = plans.get(names)
        if plan is None:
            if len(plans) >= _PLANS:
                plans.clear()
            plan = plans[names] = _Plan(turns, names, in_order=in_order)
        return plan.cut(row)

    return shape


class Cells(msgspec.Struct):
    """A row whose properties are its attributes, under other names."""

    places: ClassVar[Mapping[str, str]] = {}
    """Property to attribute."""
    works: ClassVar[Sequence[tuple[str, Turn, Look | None]]] = ()
    """Attributes that may need work, what work, and what tells of all rows at once that they need none."""

    def get(self, name: str, default: Any = None) -> Any:
        """As of a dict."""
        place = self.places.get(name)
        if place is None:
            return default
        value = getattr(self, place)
        return default if value is UNSET else value

    def __iter__(self) -> Iterator[str]:
        """Names of the properties that are there."""
        return (name for name, place in self.places.items() if getattr(self, place) is not UNSET)


class _Plan:
    """What is done with rows that have these properties; most rows of a list have the same."""

    def __init__(self, turns: Mapping[str, Turn | None], names: tuple[str, ...], *, in_order: bool) -> None:
        there = set(names)
        self._in_order = in_order
        self._beside = tuple(name for name in names if name not in turns)
        self._names = tuple(name for name in turns if name in there)
        self._get = _getter(self._names)
        self._texts = tuple(name for name in self._names if turns[name] is text)
        self._get_texts = _getter(self._texts)
        bare = tuple(name for name in self._names if turns[name] in (_number, flag))
        self._get_bare = _getter(bare)
        self._bare = tuple((name, turn) for name in bare if (turn := turns[name]) is not None)
        alone = (name for name in self._names if name not in (*self._texts, *bare))
        self._alone = tuple((name, turn) for name in alone if (turn := turns[name]) is not None)

    def cut(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The record."""
        if self._in_order:
            kept = dict(zip(self._names, self._get(row), strict=True))
        else:
            kept = dict(row)
            for name in self._beside:
                del kept[name]
        if not _are_texts(self._get_texts(row)):
            for name in self._texts:
                kept[name] = text(kept[name])
        if not are_bare(self._get_bare(row)):
            for name, turn in self._bare:
                kept[name] = turn(kept[name])
        for name, turn in self._alone:
            value = kept[name]
            kept[name] = None if value is None else turn(value)
        return kept


def _getter(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return (lambda row: (row[names[0]],)) if names else (lambda _row: ())


def _are_texts(values: tuple[Any, ...]) -> bool:
    """Whether all are JSON texts of texts, or null: each begins with a quote or `n`, and none can hold a zero byte."""
    try:
        joined = _ZERO.join(values)
    except TypeError:  # decoded
        return False
    if not joined:
        return True
    rest = len(values) - 1 - joined.count(b'\0"')
    return joined[0] in _TEXT_OR_NULL and (not rest or joined.count(b"\0n") == rest)


def are_bare(values: tuple[Any, ...]) -> bool:
    """Whether all are JSON texts, and none of a text."""
    try:
        return _QUOTED not in _ZERO.join(values)
    except TypeError:  # decoded
        return False


def turn_of(schema: Mapping[str, Any]) -> Turn | None:
    """What one property needs, or None when its value is taken as it is."""
    kinds = _kinds(schema)
    if schema.get("format") == "date-time":
        return _time
    if schema.get("format") == "date":
        return _date
    if kinds & {"number", "integer"}:
        return None if "string" in kinds else _number
    if "string" in kinds:
        return text
    if "boolean" in kinds:
        return flag
    if "object" in kinds and schema.get("properties"):
        return _nested(schema, _cut_object(schema))
    if "array" in kinds:
        each = turn_of(schema.get("items", {}))
        if each is not None:
            return _nested(
                schema, lambda value: [each(one) for one in value] if isinstance(value, list) else value or []
            )
    return None


def look_of(turn: Turn) -> Look | None:
    """What tells of the JSON texts of many rows at once that none of them needs this turn; None where nothing does."""
    if turn in {_number, flag}:
        return are_bare
    return _are_filled if turn is _date else None


def _are_filled(values: tuple[Any, ...]) -> bool:
    try:
        return b'""' not in _ZERO.join(values)
    except TypeError:  # decoded
        return False


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    kinds = schema.get("type", [])
    return {kinds} if isinstance(kinds, str) else set(kinds)


def _time(value: Any) -> Any:
    if type(value) is Raw:
        return _utc_of_json(bytes(value))
    return None if value is None else utc_text(value)


@lru_cache(maxsize=4096)
def _utc_of_hour(hour: bytes, offset: bytes) -> str:
    """What of a time changes with an offset of whole hours, worked out once for all times of an hour."""
    return (utc_text((hour + b":00:00" + offset).decode()) or "")[:13]


@lru_cache(
    maxsize=4096
)  # records written together share their times, and many were never changed since they were created
def _utc_of_json(json_text: bytes) -> str | None:
    if found := _WHOLE_HOURS(json_text):
        hour, rest, offset = found.groups()
        return _utc_of_hour(hour, offset) + rest.decode() + "+00:00"
    said = decode_value(json_text)
    return None if said is None else utc_text(said)


def _date(value: Any) -> Any:
    if type(value) is Raw:
        return None if bytes(value) == b'""' else value
    return value or None


def _number(value: Any) -> Any:
    if type(value) is Raw:
        json_text = bytes(value)
        if json_text[0] != _QUOTE:
            return value
        if json_text == b'""':
            return None
        value = decode_value(json_text)
    return number(value)


def _cut_object(schema: Mapping[str, Any]) -> Turn:
    cut = compile_shape(schema)
    return lambda value: cut(value) if isinstance(value, Mapping) else None


def _nested(schema: Mapping[str, Any], slow: Turn) -> Turn:
    """Cuts JSON text by a type made from the schema; what is decoded already, or of another shape, goes through `slow`."""
    kind, mend = type_of(schema)
    decode = msgspec.json.Decoder(kind).decode

    def turn(value: Any) -> Any:
        if type(value) is not Raw:
            return slow(value)
        try:
            found = decode(value)
        except msgspec.ValidationError:
            plain = decode_value(value)
            return None if plain is None else slow(plain)
        if mend is not None and found is not None:
            return mend(found)
        return found

    return turn


def type_of(schema: Mapping[str, Any]) -> tuple[Any, Turn | None]:
    """The type that cuts a value to its schema when it is decoded, and what is to be done with it afterwards."""
    kinds = _kinds(schema)
    if "object" in kinds and schema.get("properties"):
        return _struct_of(schema["properties"])
    if "array" in kinds:
        if turn_of(schema.get("items", {})) is None:
            return Raw, None
        kind, mend = type_of(schema["items"])
        if mend is None:
            return list[kind] | None, None  # type: ignore[valid-type]
        each = mend
        return list[kind] | None, lambda values: [one if one is None else each(one) for one in values]  # type: ignore[valid-type]
    turn = turn_of(schema)
    if turn is text or turn is flag:
        return (str if turn is text else bool) | None, None
    return Raw, turn


def _struct_of(properties: Mapping[str, Any]) -> tuple[Any, Turn | None]:
    fields: list[tuple[str, Any, Any]] = []
    works: list[tuple[str, Turn]] = []
    for place, inner in enumerate(properties.values()):
        kind, mend = type_of(inner)
        fields.append((f"f{place}", kind | UnsetType, UNSET))
        if mend is not None:
            works.append((f"f{place}", mend))
    names = {f"f{place}": name for place, name in enumerate(properties)}
    places = {name: place for place, name in names.items()}
    struct = msgspec.defstruct("Inner", fields, bases=(Cells,), rename=names, gc=False, namespace={"places": places})
    if not works:
        return struct | None, None

    def mend_all(found: Any) -> Any:
        for name, work in works:
            value = getattr(found, name)
            if value is not UNSET and value is not None:
                setattr(found, name, work(value))
        return found

    return struct | None, mend_all
