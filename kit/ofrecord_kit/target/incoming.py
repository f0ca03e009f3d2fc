"""Records as the bytes they come in: those that say what was delivered last are recognised before anything of them is decoded.

Most records of most runs are such. What can matter of one is cut out of its line as raw JSON and digested; the ledger knows the digest of
what was last delivered. Everything out of the ordinary (filtered, stopped, deleted, held, claimed, several of one id) is decoded
and decided like any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct

from ofrecord_kit.lines import UNREADABLE, exact
from ofrecord_kit.target.wire import Wire

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery
    from ofrecord_kit.target.guard import Guard

NOTED = ("deleted", "rank", "by", "each", "invalid", "adopt", "currencies", "native", "observed")
"""What the note of a record says that can matter; its times, its editor and its label cannot."""
_NO = (b"", b"null", b"false")
_BETWEEN = b"\x1f"
_NOTHING = Raw()
_encode = msgspec.json.Encoder(decimal_format="number").encode


class _Note(Struct, gc=False):
    id: Any = None
    stamped: Any = None
    filtered: Raw = _NOTHING
    stopped: Raw = _NOTHING
    deleted: Raw = _NOTHING
    rank: Raw = _NOTHING
    by: Raw = _NOTHING
    each: Raw = _NOTHING
    invalid: Raw = _NOTHING
    adopt: Raw = _NOTHING
    currencies: Raw = _NOTHING
    native: Raw = _NOTHING
    observed: Raw = _NOTHING
    awaits: Raw = _NOTHING
    grants: Raw = _NOTHING


class Came(Struct, gc=False):
    """What is known of a record that is not decoded."""

    source_id: str
    digest: str
    stamped: Any
    is_plain: bool
    """It is an ordinary living record, of which only its values matter."""


@lru_cache(maxsize=64)
def _reader_of(names: tuple[str, ...]) -> tuple[Callable[[Any], Any], Callable[[Any], tuple[Any, ...]]]:
    """What takes these properties out of a record as they stand in its text, and what lists them with the parts of its note."""
    places = [f"v{number}" for number in range(len(names))]
    fields: list[Any] = [
        (place, Raw, msgspec.field(name=name, default=_NOTHING)) for place, name in zip(places, names, strict=True)
    ]
    shape = msgspec.defstruct(
        "Told", [*fields, ("note", _Note, msgspec.field(name="_ofrecord"))], gc=False, kw_only=True
    )
    decode: Callable[[Any], Any] = msgspec.json.Decoder(shape, float_hook=exact).decode
    return decode, attrgetter(*places, *(f"note.{name}" for name in NOTED))


class Digests:
    """Fingerprints of everything in a record that can matter, from its bytes or from its values: the same for both.

    `about`: whatever else must be the same for a record to be unchanged (its SCHEMA). `key`: that of the ledger, or nothing.
    """

    def __init__(self, wire: Wire, about: bytes = b"", key: bytes = b"") -> None:
        self._names = list(
            dict.fromkeys([*([wire.external_id] if wire.external_id else []), *(rule.name for rule in wire.sent)])
        )
        told = _encode((wire.entity, wire.rules, wire.destination, self._names))
        self._new = blake2b(digest_size=16, key=blake2b(about + _BETWEEN + told, key=key[:64], digest_size=32).digest())
        self._decode, self._parts = _reader_of(tuple(self._names))

    def read(self, raw: Raw) -> Came | None:
        """What a record says, without decoding its values; None for one whose note cannot be read like that."""
        try:
            told = self._decode(raw)
        except UNREADABLE:
            return None
        note = told.note
        if note.id is None:
            return None
        digest = self._new.copy()
        digest.update(_BETWEEN.join(self._parts(told)))
        plain = all(bytes(one) in _NO for one in (note.filtered, note.stopped, note.deleted, note.awaits))
        plain = plain and not bytes(note.grants)  # others wait for what it says, which is none of its values
        return Came(str(note.id), digest.hexdigest(), note.stamped, plain)

    def of(self, values: Mapping[str, Any], note: Mapping[str, Any]) -> str:
        """The digest of a record that was decoded already."""
        digest = self._new.copy()
        told = [_encode(values[name]) if name in values else b"" for name in self._names]
        told += [_encode(note[name]) if name in note else b"" for name in NOTED]
        digest.update(_BETWEEN.join(told))
        return digest.hexdigest()


def unchanged(delivery: Delivery, guard: Guard, came: Sequence[Came | None]) -> set[int]:
    """The places of records that say what was delivered last, and of which nothing else is to be looked at."""
    wire = delivery.wire
    if delivery.rewrites or delivery.rebuild or guard.waits or delivery.ledger.paused(wire.entity, wire.destination):
        return set()
    often = Counter(one.source_id for one in came if one is not None)
    asked = {
        one.source_id: place
        for place, one in enumerate(came)
        if one is not None and one.is_plain and often[one.source_id] == 1 and one.source_id not in delivery.known_held
    }
    known = delivery.ledger.seen_of(wire.entity, wire.source, wire.destination, list(asked))
    found = set()
    for source_id, there, seen in known:
        one = came[asked[source_id]]
        if one is None or seen != one.digest or there in delivery.held_there:
            continue
        if one.stamped in (None, "", there):
            found.add(asked[source_id])
    return found
