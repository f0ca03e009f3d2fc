"""Reading links, what was agreed about them, and parts of wholes: in bulk for a batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, select

from ofrecord_kit.ledger import bulk
from ofrecord_kit.ledger import schema as t
from ofrecord_kit.ledger.batch import BATCH
from ofrecord_kit.ledger.documents import pair_of, pointed, sides_of, when
from ofrecord_kit.ledger.reading import Reading, chunks, of_way
from ofrecord_kit.ledger.rows import Link, Side
from ofrecord_kit.ledger.values import from_json, store_of, to_json
from ofrecord_kit.plan import UNKNOWN, Agreed

_BEGUN = select(t.wire.c.begun).where(*of_way(t.wire))


class LinkReading(Reading):
    """Links and agreed values."""

    def links_of(self, entity: str, source: str, destination: str, source_ids: Iterable[str]) -> dict[str, Link]:
        """Links between two systems by the id at `source`."""
        here, there = t.link.alias("here"), t.link.alias("there")
        found: dict[str, Link] = {}
        for ids in chunks(source_ids, BATCH):
            query = (
                select(here.c.link, here.c.system_id, there.c.system_id, here.c.seen, here.c.generation, there.c.known)
                .join(there, and_(there.c.link == here.c.link, there.c.system == store_of(destination)))
                .where(
                    here.c.entity == entity,
                    here.c.system == store_of(source),
                    bulk.among(self._reading, here.c.system_id, ids),
                )
            )
            found.update({row[1]: Link(*row) for row in self._rows(query)})
        return found

    def seen_of(
        self, entity: str, source: str, destination: str, source_ids: Iterable[str]
    ) -> list[tuple[str, str, str]]:
        """Of linked records what was delivered last: the id at `source`, the id at `destination`, the digest."""
        here, there = t.link.alias("here"), t.link.alias("there")
        found: list[tuple[str, str, str]] = []
        for ids in chunks(source_ids, BATCH):
            query = (
                select(here.c.system_id, there.c.system_id, here.c.seen)
                .join(there, and_(there.c.link == here.c.link, there.c.system == store_of(destination)))
                .where(
                    here.c.entity == entity,
                    here.c.system == store_of(source),
                    bulk.among(self._reading, here.c.system_id, ids),
                    here.c.seen.is_not(None),
                )
            )
            found += [(row[0], row[1], row[2]) for row in self._rows(query)]
        return found

    def ids_of(self, links: Iterable[str], system: str) -> dict[str, str]:
        """The record id at `system` of each link that has one."""
        found: dict[str, str] = {}
        for keys in chunks(links):
            query = select(t.link.c.link, t.link.c.system_id).where(
                t.link.c.system == store_of(system), t.link.c.link.in_(keys)
            )
            found.update({row[0]: row[1] for row in self._rows(query)})
        return found

    def linked(self, entity: str, system: str, ids: Iterable[str]) -> dict[str, str]:
        """The link of each record id at `system`, whatever else it is linked with."""
        found: dict[str, str] = {}
        for keys in chunks(ids):
            query = select(t.link.c.system_id, t.link.c.link).where(
                t.link.c.entity == entity, t.link.c.system == store_of(system), t.link.c.system_id.in_(keys)
            )
            found.update({row[0]: row[1] for row in self._rows(query)})
        return found

    def sides(self, entity: str | None = None) -> list[Side]:
        """Every record of every link, by entity, link and system: the crosswalk itself."""
        columns = t.link.c
        query = select(columns.entity, columns.link, columns.system, columns.system_id, columns.generation).order_by(
            columns.entity, columns.link, columns.system
        )
        return [Side(*row) for row in self._rows(query if entity is None else query.where(columns.entity == entity))]

    def is_first(self, entity: str, source: str, destination: str) -> bool:
        """Has nothing of an entity ever been written this way?"""
        return not any(row[0] for row in self._rows(_BEGUN, entity=entity, source=source, destination=destination))

    def generations(self, links: Iterable[str]) -> dict[str, int]:
        """How often a side of each link was taken out on purpose."""
        found: dict[str, int] = {}
        for keys in chunks(links):
            for link, generation in self._rows(
                select(t.link.c.link, t.link.c.generation).where(t.link.c.link.in_(keys))
            ):
                found[link] = max(generation, found.get(link, 0))
        return found

    def agreed_of(self, links: Iterable[str], source: str, destination: str) -> dict[str, dict[str, Agreed]]:
        """What a pair of systems agreed on, by link and field, as seen from `source` writing to `destination`."""
        here, there = store_of(source), store_of(destination)
        one, other = pair_of(here, there)
        a, print_, forwards = t.agreed.c, self._vault.fingerprint, here == one
        found: dict[str, dict[str, Agreed]] = {}
        for keys in chunks(links, BATCH):
            self._read_before.clear()
            query = select(a.link, a.document).where(
                bulk.among(self._reading, a.link, keys), a.one == one, a.other == other
            )
            for link, text in self._rows(query):
                document = from_json(self._vault.open(text))
                self._read_before[link, one, other] = (text, document)
                found[link] = {
                    field: _agreed(entry[0], entry[1], forwards)
                    if len(entry) < 4  # noqa: PLR2004 - no marks
                    else _agreed(*sides_of(entry, print_), forwards)
                    for field, entry in document.items()
                }
        return found

    def last_agreed(self, link: str, field: str) -> dict[str, Any]:
        """The value of a field each store of a link agreed on last, with whichever other one."""
        a = t.agreed.c
        found = []
        for one, other, text, at in self._rows(select(a.one, a.other, a.document, a.at).where(a.link == link)):
            entry = self._opened(text).get(field)
            if entry is not None:
                found.append((when(entry, at), (one, other), sides_of(entry, self._vault.fingerprint)))
        found.sort(key=lambda one: one[0])
        return {
            store: value
            for _at, stores, values in found
            for store, value in zip(stores, values, strict=True)
            if value is not UNKNOWN
        }

    def links_with(self, field: str, system: str, value: Any, other: str) -> list[str]:
        """Links whose value of a field in a system, as agreed with the `other` one, is this one.

        The field must be one that is looked up by: see `Writing.record_agreed`.
        """
        p = t.pointer.c
        query = select(p.link).where(
            p.field == field, p.system == store_of(system), p.other == store_of(other), p.value == pointed(value)
        )
        return [row[0] for row in self._rows(query)]

    def links_pointing_at(
        self, entity: str, field: str, system: str, ids: Iterable[str], other: str
    ) -> dict[str, list[str]]:
        """Links of an entity by the record id, plain or `{"id": …}`, that is their value of a field in a system.

        The value is the one agreed with the `other` system.
        """
        p = t.pointer.c
        found: dict[str, list[str]] = {}
        for keys in chunks(ids):
            query = (
                select(p.value, p.link).distinct().join(t.link, and_(t.link.c.link == p.link, t.link.c.entity == entity))
                .where(p.field == field, p.system == store_of(system), p.other == store_of(other), p.value.in_([to_json(one) for one in keys]))
            )  # fmt: skip
            for value, link in self._rows(query):
                found.setdefault(from_json(value), []).append(link)
        return found

    def every_part(self, entity: str, system: str) -> list[tuple[str, str]]:
        """Every whole of an entity with each of its parts, without their values."""
        query = select(t.part.c.whole, t.part.c.part).where(
            t.part.c.entity == entity, t.part.c.system == store_of(system)
        )
        return [(row[0], row[1]) for row in self._rows(query)]

    def wholes_in_both(self, entity: str, other: str, system: str) -> list[str]:
        """Wholes of which there are parts under both names."""
        one, two = t.part.alias("one"), t.part.alias("two")
        query = (
            select(one.c.whole)
            .distinct()
            .join(two, and_(two.c.entity == other, two.c.system == one.c.system, two.c.whole == one.c.whole))
            .where(one.c.entity == entity, one.c.system == store_of(system))
            .order_by(one.c.whole)
        )
        return [row[0] for row in self._rows(query)]

    def parts_of(self, entity: str, system: str, wholes: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
        """The values of every part of each whole: whole → part → property → value."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for keys in chunks(wholes):
            query = select(t.part.c.whole, t.part.c.part, t.part.c.value).where(
                t.part.c.entity == entity, t.part.c.system == store_of(system), t.part.c.whole.in_(keys)
            )
            for whole, part, value in self._rows(query):
                found.setdefault(whole, {})[part] = self._opened(value)
        return found

    def parts_below(self, entity: str, system: str, records: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
        """Of records whose elements are parts (`record/element`): record → (part, its whole)."""
        found: dict[str, list[tuple[str, str]]] = {}
        for keys in chunks(records, BATCH):
            query, given = bulk.below(self._reading, keys)
            for part, whole in self._rows(query, entity=entity, system=store_of(system), keys=given):
                found.setdefault(part.partition("/")[0], []).append((part, whole))
        return found

    def links_below(self, entity: str, system: str, records: Iterable[str]) -> dict[str, str]:
        """Of records whose elements are linked records of their own (`record/element`): id of the element → its link."""
        found: dict[str, str] = {}
        for keys in chunks(records, BATCH):
            query, given = bulk.links_below(self._reading, keys)
            found |= {row[0]: row[1] for row in self._rows(query, entity=entity, system=store_of(system), keys=given)}
        return found

    def wholes_of(self, entity: str, system: str, parts: Iterable[str]) -> dict[str, list[str]]:
        """The wholes each part belongs to."""
        found: dict[str, list[str]] = {}
        for keys in chunks(parts):
            query = select(t.part.c.part, t.part.c.whole).where(
                t.part.c.entity == entity, t.part.c.system == store_of(system), t.part.c.part.in_(keys)
            )
            for part, whole in self._rows(query):
                found.setdefault(part, []).append(whole)
        return found


def _agreed(first: Any, second: Any, forwards: bool) -> Agreed:
    return Agreed(first, second) if forwards else Agreed(second, first)
