"""Writing what systems agreed on: one document per link and pair of stores."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text, update

from ofrecord_kit.ledger import bulk
from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.batch import AT_ONCE, BATCH
from ofrecord_kit.ledger.documents import Document, merge, pair_of, pointed, sides_of, without
from ofrecord_kit.ledger.reading import of_way
from ofrecord_kit.ledger.values import from_json, has_moved, is_empty, places_of, store_of, to_json
from ofrecord_kit.ledger.writing_links import LinkWriting
from ofrecord_kit.plan import UNKNOWN, Fingerprint

_WHOLES_LOCK = 0x0F_2EC0_2F
_SCHEMA_OF = select(t.wire.c.schema).where(*of_way(t.wire))
_Place = tuple[str, str, str]
_Said = dict[str, dict[int, tuple[Any, bool]]]
_Way = tuple[_Said, int, str, str]


class AgreedWriting(LinkWriting):
    """Agreed values, what points at records, and how entities are written."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._agreed: dict[_Place, _Said] = {}
        self._made: dict[_Place, Document] = {}
        self._pointers: dict[tuple[str, str, str, str], str | None] = {}
        self._unseen: set[str] = set()

    def record_agreed(
        self,
        link: str,
        fields: Mapping[str, Mapping[str, Any]],
        *,
        between: tuple[str, str] | None = None,
        keep_seen: bool = False,
        pointers: Collection[str] = frozenset(),
        forms: Mapping[str, Mapping[str, str | None]] | None = None,
    ) -> None:
        """What a pair of systems agreed on: field → system → value in that system's representation.

        Without `between`, a value is what its system agreed on with each other one that is named for the field, or, where
        none is, with each other one of the link. Digests of what was delivered are forgotten, unless `keep_seen`: no source can have caused the change.
        UNKNOWN takes back what a side held, so that it is looked at anew. `pointers` are fields by whose value links are looked up; pseudo-fields and those some entity spreads by always are.
        `forms` (field → store → canonical form) are what values are compared in where the ledger keeps them hashed; what is not
        said is taken from how the entity is written.
        """
        if not any(fields.values()):
            return
        if not keep_seen:
            self._unseen.add(link)
        if (
            link in self._fresh
            and between
            and not self._vault.hashed
            and self._agree_whole(link, fields, between, pointers)
        ):
            return
        by_value, ways = self._fields_looked_up(), dict[tuple[str, tuple[str, ...]], list[_Way]]()
        plain = not self._vault.hashed
        known, ids = ({}, set[str]()) if plain else self._forms(self._entity_of(link))
        forms = {**known, **(forms or {})}
        for field, sides in fields.items():
            points = field.startswith("_") or field in by_value or field in pointers
            is_id = points or field in ids
            named = between or tuple(sides)
            for system, value in sides.items():
                if (system, named) not in ways:
                    ways[system, named] = self._ways(link, system, named)
                if plain and type(value) is not Fingerprint:
                    kept = (value, False)
                else:
                    kept = self._kept(value, is_id, forms.get(field, {}).get(store_of(system)))
                for said, side, store, other in ways[system, named]:
                    said.setdefault(field, {})[side] = kept
                    if points:
                        self._pointers[link, field, store, other] = pointed(value)

    def _agree_whole(
        self, link: str, fields: Mapping[str, Mapping[str, Any]], between: tuple[str, str], pointers: Collection[str]
    ) -> bool:  # fmt: skip
        """The short way for a link made in this transaction, told all of both sides at once: there is nothing to merge with."""
        first, second = between
        here, there = store_of(first), store_of(second)
        if here > there:
            first, second, here, there = second, first, there, here
        place = (link, here, there)
        if place in self._agreed or place in self._made:
            return False
        try:
            document = {field: [sides[first], sides[second]] for field, sides in fields.items()}
        except KeyError:  # one side alone, or a third one
            return False
        for entry in document.values():
            if type(entry[0]) is Fingerprint or type(entry[1]) is Fingerprint:
                return False
        for field in fields.keys() & {*self._fields_looked_up(), *pointers} | {one for one in fields if one[0] == "_"}:
            for side, store, other in ((0, here, there), (1, there, here)):
                self._pointers[link, field, store, other] = pointed(document[field][side])
        self._made[place] = document
        return True

    def _entity_of(self, link: str) -> str:
        if "/" in link:
            return link.partition("/")[0]
        for (entity, _system, _id), (known, _generation) in reversed(self._linked.items()):
            if known == link:
                return entity
        query = select(t.link.c.entity).where(t.link.c.link == link).limit(1)
        return str(self._connection.execute(query).scalar() or "")

    def _said(self, place: _Place) -> _Said:
        """What was said of a pair in this transaction, to be added to."""
        if place in self._made:
            made = self._made.pop(place)
            self._agreed[place] = {field: {0: (entry[0], False), 1: (entry[1], False)} for field, entry in made.items()}
        return self._agreed.setdefault(place, {})

    def _ways(self, link: str, system: str, named: tuple[str, ...]) -> list[_Way]:
        """Of each pair a system makes: the document, the system's place in it, and the two stores."""
        store, found = store_of(system), []
        for other in self._others(link, store, named):
            one, two = pair_of(store, other)
            found.append((self._said((link, one, two)), 0 if store == one else 1, store, other))
        return found

    def _kept(self, value: Any, points: bool, form: str | None) -> tuple[Any, bool]:
        """What is stored of an agreed value, and whether that is a fingerprint. Ids and what is empty stay as they are."""
        if isinstance(value, Fingerprint):
            return self._vault.print_of(value, None), True
        if not self._vault.hashed or points or value is UNKNOWN or is_empty(value):
            return value, False
        if isinstance(value, dict) and value.get("id") is not None and not value.keys() - {"id", "name", "email"}:
            return {"id": value["id"]}, False
        return self._vault.print_of(value, form), True

    def _others(self, link: str, mine: str, named: Iterable[str]) -> list[str]:
        """The stores that make a pair with one: the named ones, else those of the link."""
        others = sorted({store_of(one) for one in named} - {mine})
        if others:
            return others
        here = {system for (_entity, system, _id), (known, _) in self._linked.items() if known == link}
        query = select(t.link.c.system).where(t.link.c.link == link)
        return sorted({*here, *self._connection.execute(query).scalars()} - {mine})

    def _send_agreed(self) -> None:
        if self._unseen:
            links = sorted(self._unseen - self._fresh)
            for start in range(0, len(links), BATCH):
                mine = bulk.among(self._connection, t.link.c.link, links[start : start + BATCH])
                self._connection.execute(update(t.link).where(mine, t.link.c.seen.is_not(None)).values(seen=None))
        known = {link for link, _one, _other in self._agreed} - self._fresh
        self._lock(known)
        old = self._documents(known)
        seal, stamp, run = self._vault.seal, self._stamp, self._run
        rows = [(*place, seal(to_json(document)), stamp, run) for place, document in self._made.items()]
        for place, said in self._agreed.items():
            before, at = old.get(place, ({}, None))
            document = merge(before, at, said)
            rows.append((*place, self._vault.seal(to_json(document)), self._stamp, self._run))
        bulk.replace(self._connection, t.agreed, ["link", "one", "other"], ["document", "at", "run"], rows)
        self._send_pointers()
        self._agreed, self._made, self._unseen = {}, {}, set()

    def _lock(self, links: Collection[str]) -> None:
        """One writer per link until the transaction ends; SQLite has one writer anyhow. What has no link shares one lock."""
        if self._connection.dialect.name != "postgresql" or not links:
            return
        if any("/" in link for link in links):
            self._connection.execute(text(f"SELECT pg_advisory_xact_lock({_WHOLES_LOCK})"))
        wanted = sorted(links)
        for start in range(0, len(wanted), AT_ONCE):
            query = select(t.link.c.link).where(t.link.c.link.in_(wanted[start : start + AT_ONCE]))
            self._connection.execute(query.order_by(t.link.c.link, t.link.c.system).with_for_update())

    def _send_pointers(self) -> None:
        keys = ["link", "field", "system", "other"]
        gone = [key for key, value in self._pointers.items() if value is None]
        bulk.remove(self._connection, t.pointer, keys, gone)
        there = [(*key, value) for key, value in self._pointers.items() if value is not None]
        bulk.replace(self._connection, t.pointer, keys, ["value"], there)
        self._pointers = {}

    def _documents(self, links: Collection[str]) -> dict[_Place, tuple[Document, datetime]]:
        found, wanted, a = {}, sorted(links), t.agreed.c
        for start in range(0, len(wanted), BATCH):
            query = select(a.link, a.one, a.other, a.document, a.at).where(
                bulk.among(self._connection, a.link, wanted[start : start + BATCH])
            )
            for link, one, other, stored, at in self._connection.execute(query):
                before = self._read_before.get((link, one, other))
                same = before is not None and before[0] == stored
                found[link, one, other] = (before[1] if before and same else from_json(self._vault.open(stored)), at)
        return found

    def know_wire(self, entity: str, source: str, destination: str, schema: Mapping[str, Any]) -> None:
        """Remember how an entity is written, for owed writes of later runs.

        What was agreed about a field that is kept in another place now (property, place of a part, field it is read from), or
        in another unit, is forgotten for this pair, and with it the digests of the entity: it is written when its record is read again.
        """
        keys = {"entity": entity, "source": source, "destination": destination}
        known = self._connection.execute(_SCHEMA_OF, keys).scalar()
        spread, said = (schema.get("x-ofrecord") or {}).get("spread") or {}, to_json(schema)
        if known == said and not spread:
            return
        was, now = places_of(from_json(known)) if known else {}, places_of(schema)
        moved = sorted(field for field in was.keys() & now.keys() if has_moved(was[field], now[field]))
        if moved:
            self._forget_agreed(entity, moved, pair_of(store_of(source), store_of(destination)))
        if spread.get("field") and spread["field"] not in self._fields_looked_up():
            self._look_up_by(spread["field"])
        bulk.replace(self._connection, t.wire, list(keys), ["schema"], [(*keys.values(), said)])

    def begin_way(self, entity: str, source: str, destination: str) -> None:
        """Something of an entity is written this way; `know_wire` was told how before."""
        w = t.wire.c
        way = (w.entity == entity, w.source == source, w.destination == destination)
        self._connection.execute(update(t.wire).where(*way).values(begun=True))

    def _forget_agreed(self, entity: str, fields: Sequence[str], pair: tuple[str, str]) -> None:
        self.flush()
        a, p = t.agreed.c, t.pointer.c
        mine = select(t.link.c.link).where(t.link.c.entity == entity)
        whole = f"{entity}/"
        for link, document in self._every_document(pair):
            left = without(document, fields)
            if len(left) == len(document) or not (link.startswith(whole) or self._is_of(link, entity)):
                continue
            here = (a.link == link, a.one == pair[0], a.other == pair[1])
            sealed = self._vault.seal(to_json(left))
            self._connection.execute(
                update(t.agreed).where(*here).values(document=sealed) if left else delete(t.agreed).where(*here)
            )
        self._connection.execute(
            delete(t.pointer).where(
                p.field.in_(fields), p.system.in_(pair), p.other.in_(pair),
                p.link.in_(mine) | p.link.startswith(whole, autoescape=True),
            )
        )  # fmt: skip
        self._connection.execute(update(t.link).where(t.link.c.entity == entity).values(seen=None))

    def _is_of(self, link: str, entity: str) -> bool:
        query = select(t.link.c.link).where(t.link.c.link == link, t.link.c.entity == entity).limit(1)
        return self._connection.execute(query).scalar() is not None

    def _look_up_by(self, field: str) -> None:
        """From now on links are found by this field's value; those that are there, too."""
        self.flush()
        stores = select(t.agreed.c.one, t.agreed.c.other).distinct()
        rows = []
        for one, other in self._connection.execute(stores).all():
            for link, document in self._every_document((one, other)):
                values = sides_of(document[field], self._vault.fingerprint) if field in document else ()
                for (system, with_), value in zip(((one, other), (other, one)), values, strict=False):
                    if isinstance(value, str | int | dict) and (found := pointed(value)) is not None:
                        rows.append((link, field, system, with_, found))
        bulk.replace(self._connection, t.pointer, ["link", "field", "system", "other"], ["value"], rows)
        self._looked_up = self._fields_looked_up() | {field}
        self._note("pointers", to_json(sorted(self._looked_up)))

    def _every_document(self, pair: tuple[str, str]) -> Iterable[tuple[str, Document]]:
        """Every link's document of a pair of stores, some at a time."""
        a, last = t.agreed.c, ""
        while True:
            query = select(a.link, a.document).where(a.one == pair[0], a.other == pair[1], a.link > last)
            rows = self._connection.execute(query.order_by(a.link).limit(AT_ONCE)).all()
            if not rows:
                return
            for link, stored in rows:
                yield link, from_json(self._vault.open(stored))
            last = rows[-1][0]
