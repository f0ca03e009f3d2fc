"""Finding the counterpart of a record without a link: stamped id, external id, match fields; never a guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.plan import match_form
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery
    from ofrecord_kit.target.wire import Wire


def pair(delivery: Delivery, items: Sequence[Item]) -> None:
    """Give each item the destination id of its counterpart, if there is exactly one; several: held as duplicate."""
    wire = delivery.wire
    stamped = [item for item in items if item.note.get("stamped") not in (None, "")]
    for item in stamped:
        _take(delivery, item, [str(item.note["stamped"])])
    _drop_stale_stamps(delivery, [item for item in stamped if item.destination_id is not None])
    if wire.external_id:
        waiting = [item for item in items if item.destination_id is None and item.outcome is None]
        if waiting:
            ids = [item.source_id for item in waiting]
            found = delivery.destination.find(wire.object, wire.external_id, ids, None)
            for item in waiting:
                _take(delivery, item, found.get(item.source_id, []))
    if wire.duplicates != "clone" and not delivery.rebuild:
        _match_by_rules(delivery, [item for item in items if not item.anew])
    refuse_strangers(delivery, [item for item in items if item.paired and item.outcome is None])


def refuse_strangers(delivery: Delivery, items: Sequence[Item]) -> None:
    """A record there that is linked with another one here is never linked a second time: held as duplicate."""
    wire = delivery.wire
    ids = [str(item.destination_id) for item in items]
    known = delivery.ledger.links_of(wire.entity, wire.destination, wire.source, ids)
    taken: dict[str, str] = {there: link.destination_id for there, link in known.items()}
    for item in sorted(items, key=lambda item: item.alike):  # ids are known before likeness counts
        other = taken.setdefault(str(item.destination_id), item.source_id)
        if other != item.source_id:
            message = f"{wire.destination} {item.destination_id} is linked with {wire.source} {other} already"
            delivery.set_aside(item, "duplicate", message, code="DUPLICATE")
            item.destination_id = None


def refuse_the_counterpart_of_another(delivery: Delivery, item: Item) -> bool:
    """A record there that is alike but carries the id of another one here is not taken from it: held as duplicate.

    Looked at when the counterpart is read before writing, so it costs no call.
    """
    wire = delivery.wire
    if not item.alike or item.link is not None or not wire.external_id or item.current is None:
        return False
    owner = item.current.values.get(wire.external_id)
    if owner in (None, "") or str(owner) == item.source_id:
        return False
    message = f"{wire.destination} {item.destination_id} carries the id of {wire.source} {owner}"
    delivery.set_aside(item, "duplicate", message, code="DUPLICATE")
    item.destination_id, item.paired = None, False
    return True


def is_name(field: str, form: str | None) -> bool:
    """Is a match field a name, of which two spellings may mean one thing? A number or a code is not.

    >>> is_name("contact_name", "text"), is_name("Product_Code", "text"), is_name("Firm", "legal name")
    (True, False, True)
    """
    return form == "legal name" or (form in (None, "text") and field.casefold().rpartition("_")[2] == "name")


def names_matched(wire: Wire) -> list[str]:
    """The match fields that are names, where a new record whose name is only alike to one there is held."""
    if wire.near != "hold" or wire.duplicates == "clone" or wire.once or wire.parent:
        return []
    return [field for field, form in wire.match if is_name(field, form)]


def match_key(wire: Wire, item: Item) -> tuple[Any, ...] | None:
    """The canonical forms of all match fields; None when one of them has no value, or there are none."""
    forms = tuple(match_form(match_value(item, field), form) for field, form in wire.match)
    return None if not forms or None in forms else forms


def _match_by_rules(delivery: Delivery, items: Sequence[Item]) -> None:
    """All match fields must agree: the first one is looked for, the others are compared with what was found."""
    wire = delivery.wire
    groups: dict[Any, list[tuple[Item, tuple[Any, ...]]]] = {}
    for item in items:
        if item.destination_id is None and item.outcome is None and (key := match_key(wire, item)) is not None:
            groups.setdefault(tuple(sorted(among_of(delivery, item).items())), []).append((item, key))
    for among, some in groups.items():
        _match(delivery, some, dict(among))


def among_of(delivery: Delivery, item: Item) -> dict[str, Any]:
    """What narrows a match: the parent of a child, the kind of a contact."""
    names = [*delivery.destination.discriminators, *([delivery.wire.parent] if delivery.wire.parent else [])]
    return {name: str(item.values[name]) for name in names if item.values.get(name) is not None}


def _match(delivery: Delivery, waiting: Sequence[tuple[Item, tuple[Any, ...]]], among: dict[str, Any]) -> None:
    wire = delivery.wire
    field, form = wire.match[0]
    values = list(dict.fromkeys(str(match_value(item, field)) for item, _key in waiting))
    found = delivery.destination.find(wire.object, field, values, form, among)
    mine = Counter(key for _item, key in waiting)
    candidates = [identity for ids in found.values() for identity in ids]
    forms = forms_there(delivery, candidates)
    taken = delivery.ledger.links_of(wire.entity, wire.destination, wire.source, candidates)
    by = " and ".join(name for name, _form in wire.match)
    for item, key in waiting:
        alike = found.get(str(match_value(item, field)), [])
        alike = [one for one in alike if len(wire.match) == 1 or forms.get(one) == key[1:]]
        free = [one for one in alike if one not in taken]
        if alike and not free and not wire.parent:  # a second one like it is not made unseen
            other = taken[alike[0]].destination_id
            message = f"{wire.destination} {alike[0]} matches by {by}, and is linked with {wire.source} {other}"
            delivery.set_aside(item, "duplicate", message, code="DUPLICATE")
        elif free and mine[key] > 1:
            delivery.set_aside(item, "duplicate", f"several records here match one there by {by}", code="DUPLICATE")
        else:
            _take(delivery, item, free, by)
            item.alike = item.paired


def forms_there(delivery: Delivery, ids: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Of records there the canonical forms of all match fields but the first; read only where rules name several."""
    wire, others = delivery.wire, delivery.wire.match[1:]
    if not others or not ids:
        return {}
    current = delivery.destination.read(wire.object, list(dict.fromkeys(ids)), [field for field, _form in others])
    return {
        one: tuple(match_form(there.values.get(field), form) for field, form in others)
        for one, there in current.items()
    }


def match_value(item: Item, field: str) -> Any:
    """What a record offers to be matched by: a property it sends, or a value sent along for this alone."""
    return item.values.get(field, (item.note.get("match") or {}).get(field))


def _take(delivery: Delivery, item: Item, ids: Sequence[str], field: str = "") -> None:
    if len(ids) > 1:
        by = field or delivery.wire.external_id
        message = f"{len(ids)} records match by {by}: {', '.join(sorted(ids)[:5])}"
        delivery.set_aside(item, "duplicate", message, code="DUPLICATE")
    elif ids:
        item.destination_id, item.paired = ids[0], True


def _drop_stale_stamps(delivery: Delivery, items: Sequence[Item]) -> None:
    """A stamp may name a record that is gone; then the search goes on."""
    if not items:
        return
    wire = delivery.wire
    names = [wire.external_id] if wire.external_id else [wire.sent[0].name] if wire.sent else []
    for item in items:
        delivery.destination.note(wire.object, str(item.destination_id), item.values)
    found = delivery.destination.read(wire.object, [str(item.destination_id) for item in items], names)
    for item in items:
        if item.destination_id not in found:
            item.destination_id, item.paired = None, False
