"""Writing down what was just created, for many records at once: link, document, history and what is owed, without detours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ofrecord_kit.ledger.documents import Document, pointed
from ofrecord_kit.ledger.values import store_of, to_json
from ofrecord_kit.ledger.writing_agreed import AgreedWriting


@dataclass(slots=True)
class Created:
    """A record of `source` that now stands at `destination`, too: `values` are those of each field, at the source and there.

    `seen` is the digest of what was delivered. What the destination was given is what of its values is not empty.
    """

    source_id: str
    destination_id: str
    values: Document
    seen: str | None
    why: str | None = None


class NewWriting(AgreedWriting):
    """Records that were created and have no link yet. Where values are kept hashed, they are written down one by one instead."""

    def record_created(self, entity: str, pair: tuple[str, str], records: Sequence[Created]) -> list[str]:
        """Link them, remember what both sides hold and what was delivered, tell history. Returns their links."""
        source, destination = pair
        here, there = store_of(source), store_of(destination)
        links = self.record_links(entity, [{source: one.source_id, destination: one.destination_id} for one in records])
        seal, stamp, run, nothing = self._vault.seal, self._stamp, self._run, self._vault.seal("null")
        forwards = here < there
        looked_up = self._fields_looked_up()
        for one, link in zip(records, links, strict=True):
            values = one.values
            snapshot = {field: sides[1] for field, sides in values.items() if sides[1] is not None}
            if link in self._fresh:
                place = (link, here, there) if forwards else (link, there, here)
                self._made[place] = values if forwards else {field: sides[::-1] for field, sides in values.items()}
                for field in looked_up & values.keys():
                    self._pointers[link, field, here, there] = pointed(values[field][0])
                    self._pointers[link, field, there, here] = pointed(values[field][1])
            else:
                sided = {field: {source: sides[0], destination: sides[1]} for field, sides in values.items()}
                self.record_agreed(link, sided, between=pair)
            ids = to_json({source: one.source_id, destination: one.destination_id})
            self._events.append(
                (
                    stamp, run, "created", entity, link, ids, None, destination, nothing, seal(to_json(snapshot)),
                    None, one.why, None,
                )
            )  # fmt: skip
            if one.seen is not None:
                self._seen[entity, here, one.source_id] = one.seen
        return links

    @property
    def is_hashed(self) -> bool:
        """Are values kept as fingerprints?"""
        return self._vault.hashed
