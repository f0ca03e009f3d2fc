"""A file beside the record that others are combined into, once for each of them.

What is remembered is that it was put there (as a part of the whole, under `entity/files`). Before that, the whole's files are
looked through by name, whoever put one there: a run that was killed, a person, a run of another ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ofrecord_kit.errors import Doubtful, VendorRefusal
from ofrecord_kit.ledger import Event
from ofrecord_kit.target.destination import Done, Missing, Refused, Result
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.papers import Paper

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

NAME = "name"
_LOST = "the answer to the upload was lost; the next attempt looks whether it is there"


def attach_files(delivery: Delivery, items: Sequence[Item], wholes: Mapping[str, str]) -> None:
    """Put the file of each item beside its whole (by source id), unless that was done; one that fails is held by itself."""
    wanted = [
        item
        for item in items
        if item.note.get("attach")
        and not delivery.rebuild
        and item.source_id in wholes
        and item.outcome in {"written", "unchanged"}
    ]
    if not wanted:
        return
    wire, files = delivery.wire, files_of(delivery.wire.entity)
    known = delivery.ledger.parts_of(files, wire.destination, [wholes[item.source_id] for item in wanted])
    for item in wanted:
        whole, name = wholes[item.source_id], str(item.note["attach"])
        if known.get(whole, {}).get(item.source_id, {}).get(NAME) == name:
            continue
        item.outcome = "written"
        if not delivery.dry:
            _attach(delivery, item, whole, name)


def files_of(entity: str) -> str:
    """What stands for an entity among the parts: which files of its records were put beside their wholes."""
    return f"{entity}/files"


def _attach(delivery: Delivery, item: Item, whole: str, name: str) -> None:
    """Two runs at once do it one after the other: what one intends, the other leaves for its next attempt."""
    wire, ledger = delivery.wire, delivery.ledger
    key = (files_of(wire.entity), wire.destination, [item.source_id])
    with ledger.writing(delivery.now()) as writing:
        won = item.source_id in writing.claim(*key)
    if not won:
        message = "another run is putting its file there, or has just done so"
        delivery.set_aside(item, "failed", message, code="BUSY")
        return
    match _sent(delivery, item, whole, name):
        case Done(_id, changed):
            ids = {wire.source: item.source_id, wire.destination: whole}
            with ledger.writing(delivery.now()) as writing:
                writing.record_part(*key[:2], whole, item.source_id, {NAME: name})
                writing.confirm(*key)
                why = "attached" if changed else "was there"
                writing.event(
                    Event(
                        "attached",
                        wire.entity,
                        f"{wire.entity}/{whole}",
                        ids,
                        None,
                        wire.destination,
                        None,
                        name,
                        why=why,
                    )
                )
        case Refused() as refused:
            delivery.refuse(item, refused)
        case Missing():
            delivery.set_aside(
                item, "refused", f"the {wire.object} record {whole} does not exist any more", code="GONE"
            )
        case _:
            delivery.set_aside(item, "failed", _LOST, code="DOUBTFUL")


def _sent(delivery: Delivery, item: Item, whole: str, name: str) -> Result | None:
    """None: nobody knows whether it was."""
    wire = delivery.wire
    paper = Paper(wire.source, wire.source_object or "", item.source_id.partition("/")[0], str(wire.attach))
    try:
        return delivery.destination.attach(wire.object, whole, name, paper)
    except Doubtful:
        return None
    except VendorRefusal as refusal:
        return Refused(refusal.code, refusal.message, refusal.field, request=refusal.request_id)
