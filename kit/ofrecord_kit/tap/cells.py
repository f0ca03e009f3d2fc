"""Rows decoded straight into what is written: a struct made from the schema, in place of a dict that is cut to it afterwards.

What a schema calls a text or a flag is decoded and checked by its type, everything that has to be looked at stays JSON text, and
properties outside the schema are never made. A page that the types do not fit, because a vendor sends a number where its schema has
a text, is decoded again with that property as JSON text, from then on and for all pages; one that still does not fit is decoded as
`pages.rows_under` does. A row is looked at like a dict: `get`, names in `iter`; only `shape` changes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from ofrecord_kit.lines import exact
from ofrecord_kit.tap.pages import BESIDE, RowsDecoder, rows_under
from ofrecord_kit.tap.shapes import Cells, Look, Turn, look_of, turn_of, type_of

_MOST_LOOSENED = 50
"""Properties that may be found to have other types than the schema says before its types are given up."""

_NOTHING = 4
"""Bytes of `null`, `{}` and `""`."""


class Cut:
    """Rows under `key`, cut to `schema`. `filled`: properties that a row without them has all the same, by their JSON text.

    `never`: text that no answer has whose rows may be decoded so; for others `pages.rows_under` is asked.
    """

    def __init__(
        self, key: str, schema: Mapping[str, Any], *, filled: Mapping[str, bytes] | None = None, never: bytes = b""
    ) -> None:
        self._key = key
        self._properties: Mapping[str, Any] = schema["properties"]
        self._filled = filled or {}
        self._never = never
        self._loose: set[str] = set()
        self._plain: RowsDecoder = rows_under(key)
        self._path = re.compile(rf"`\$\.{re.escape(key)}\[\d+\]\.([^`]*)`")
        self._compile()

    def _compile(self) -> None:
        fields: list[tuple[str, Any, Any]] = []
        works: list[tuple[str, Turn, Look | None]] = []
        names = {name: f"f{place}" for place, name in enumerate(self._properties)}
        for name, inner in self._properties.items():
            kind, turn = (Raw, turn_of(inner)) if name in self._loose else type_of(inner)
            place = names[name]
            fields.append((place, kind | UnsetType, Raw(self._filled[name]) if name in self._filled else UNSET))
            if name in self._filled:
                works.append((place, _filling(Raw(self._filled[name])), None))
            if turn is not None:
                works.append((place, turn, look_of(turn)))
        kind = msgspec.defstruct(
            "CellsOfAStream",
            fields,
            bases=(Cells,),
            rename={place: name for name, place in names.items()},
            namespace={"places": names, "works": works},
            gc=False,
        )
        answer: Any = {**dict.fromkeys(BESIDE, Any), self._key: list[kind] | None}  # type: ignore[valid-type]
        outer = msgspec.defstruct("Answer", [(name, of | UnsetType, UNSET) for name, of in answer.items()])
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(outer, float_hook=exact).decode

    def decode(self, body: bytes, /) -> Any:
        """The answer as a dict, with rows that are `Cells` where the types fit."""
        while not (self._never and self._never in body):
            try:
                found = self._decode(body)
            except msgspec.ValidationError as error:
                if not self._loosen(str(error)):
                    break
            else:
                return {name: value for name in (*BESIDE, self._key) if (value := getattr(found, name)) is not UNSET}
        return self._plain.decode(body)

    def _loosen(self, error: str) -> bool:
        """The property that does not fit is JSON text from now on. Whether it was one that was not so before."""
        found = self._path.search(error)
        path = found[1] if found else ""
        outer = next((one for one in self._properties if path.startswith((f"{one}.", f"{one}["))), None)
        name = path if path in self._properties else outer
        if name is None or name in self._loose or len(self._loose) >= _MOST_LOOSENED:
            return False
        self._loose.add(name)
        self._compile()
        return True


def column(rows: Sequence[Cells], name: str) -> list[Any]:
    """A property of all rows, None where one has none."""
    place = rows[0].places.get(name)
    if place is None:
        return [None] * len(rows)
    values = list(map(attrgetter(place), rows))
    return [None if one is UNSET else one for one in values] if UNSET in values else values


def without(rows: Sequence[Any], names: Collection[str]) -> None:
    """Take properties out of rows, whichever way these were decoded."""
    for name in names:
        for row in rows:
            if not isinstance(row, Cells):
                row.pop(name, None)
            elif place := row.places.get(name):
                setattr(row, place, UNSET)


def shape(rows: Sequence[Cells]) -> None:
    """Rows as they are written: times in UTC, numbers and flags as such. A second time it changes nothing.

    One property after the other: whether anything is to be done is seen of all rows of a page at once.
    """
    for place, turn, look in rows[0].works if rows else ():
        values = list(map(attrgetter(place), rows))
        absent = values.count(UNSET)
        if absent == len(values):
            continue
        if look is not None and look(tuple(one for one in values if one is not UNSET) if absent else tuple(values)):
            continue
        for row, value in zip(rows, values, strict=True):
            if value is not UNSET and value is not None:
                setattr(row, place, turn(value))


def _filling(instead: Raw) -> Turn:
    return lambda value: value if value is instead or len(bytes(value)) > _NOTHING else instead
