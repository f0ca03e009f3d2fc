"""Several source records make one destination record: each is kept as a part, what is written is their combination."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ofrecord_kit.ledger import Held
from ofrecord_kit.plan import UNKNOWN, FieldRule, same
from ofrecord_kit.target.adding import currencies_of, hold_mixed, with_currencies
from ofrecord_kit.target.attaching import attach_files
from ofrecord_kit.target.days import NOT_YET, first_moment, held_until
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.rewriting import Whole, write_wholes
from ofrecord_kit.target.siblings import forget_waiting_siblings, siblings_gone
from ofrecord_kit.target.stated import remembered

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery


def deliver_parts(delivery: Delivery, items: Sequence[Item]) -> None:
    """Bring parts to their wholes, and take those that are deleted or left out now from theirs.

    A part that says nothing new costs no call.
    """
    wire = delivery.wire
    now = wholes_now(delivery, items)
    siblings = siblings_gone(delivery, items)
    before = delivery.ledger.wholes_of(wire.entity, wire.destination, [item.source_id for item in items])
    known = delivery.ledger.parts_of(
        wire.entity,
        wire.destination,
        [*now.values(), *(whole for some in before.values() for whole in some), *(one.whole for one in siblings)],
    )
    wholes: dict[str, Whole] = {}
    for item in items:
        whole = now.get(item.source_id)
        old = [] if wire.partial else [one for one in before.get(item.source_id, ()) if one != whole]
        if whole is not None:
            _come(delivery, item, wholes, whole, known, moved=bool(old))
        else:
            _stay_out(delivery, item, has_been_in=bool(old) or any(one.item is item for one in siblings))
        for one in old if item.outcome in {None, "filtered"} else ():
            gone = wholes.setdefault(one, Whole(one))
            gone.gone.append(item)
            gone.forgotten.add(item.source_id)
    for part, left, item in siblings:
        if item.outcome in {None, "filtered", "unchanged"}:
            gone = wholes.setdefault(left, Whole(left))
            gone.gone.append(item)
            gone.forgotten.add(part)
    forget_waiting_siblings(delivery, items)
    for made in wholes.values():
        _combine(wire.sent, made, known.get(made.id, {}))
        hold_mixed(delivery, made)
    if wholes:
        write_wholes(delivery, list(wholes.values()))
    if wire.attach:
        attach_files(delivery, items, now)


def say_something_new(delivery: Delivery, items: Sequence[Item]) -> list[Item]:
    """Those that change what is known of a whole: parts that come, go, or say something else than before."""
    wire = delivery.wire
    now = wholes_now(delivery, items)
    known = delivery.ledger.parts_of(wire.entity, wire.destination, now.values())
    before = delivery.ledger.wholes_of(wire.entity, wire.destination, [item.source_id for item in items])
    tellers = {one.item.source_id for one in siblings_gone(delivery, items)}

    def is_news(item: Item) -> bool:
        if item.source_id in tellers:
            return True
        if item.source_id not in now:
            return item.source_id in before
        if Whole(now[item.source_id]).key(wire.entity) in delivery.begun:
            return True
        told = known.get(now[item.source_id], {}).get(item.source_id)
        return told is None or not same(told, remembered(wire, with_currencies(item.values, item.note), item))

    return [item for item in items if is_news(item)]


def _come(
    delivery: Delivery, item: Item, wholes: dict[str, Whole], whole: str,
    known: Mapping[str, Mapping[str, Mapping[str, Any]]], *, moved: bool,
) -> None:  # fmt: skip
    for name, why in (item.note.get("invalid") or {}).items():
        delivery.set_aside(item, "invalid", str(why), field=name)
    item.outcome = None
    told = known.get(whole, {}).get(item.source_id)
    values = with_currencies({**(told or {}), **item.values} if delivery.wire.partial else item.values, item.note)
    values = remembered(delivery.wire, values, item)
    is_sure = not moved and Whole(whole).key(delivery.wire.entity) not in delivery.begun
    if told is not None and same(told, values) and is_sure and item.source_id not in delivery.known_held:
        item.outcome = "held" if item.helds else "unchanged"
        return
    to = wholes.setdefault(whole, Whole(whole))
    to.items.append(item)
    to.kept[item.source_id] = values


def _stay_out(delivery: Delivery, item: Item, *, has_been_in: bool) -> None:
    """Why it is no part: it is deleted, left out, or belongs to nothing we know.

    That may come yet (its order may be linked later), so such a part is kept, and looked at each run.
    """
    wire = delivery.wire
    if item.note.get("filtered"):
        return
    item.outcome = "filtered"
    if item.early is not None:
        item.reason = NOT_YET
        item.helds.append(held_until(delivery, item, item.early))
        return
    if item.note.get("deleted"):
        item.reason = "deleted at the source" if has_been_in else "deleted before it was ever synced"
        return
    item.reason = f"belongs to no {(wire.combine or {}).get('whole', 'whole')} yet"
    if any(led not in (None, "") for led in _led(item)):
        item.helds.append(
            Held(
                wire.entity, wire.source, wire.destination, item.source_id, "reference", item.reason,
                label=item.note.get("label"), payload=item.record, state="waiting",
            )
        )  # fmt: skip


def wholes_now(delivery: Delivery, items: Iterable[Item]) -> dict[str, str]:
    """The destination record each of these is a part of as it came, by source id; those that go are parts of none."""
    living = [one for one in items if not (one.note.get("deleted") or one.note.get("filtered"))]
    for item in living:
        item.early = first_moment(delivery, item)
    return _wholes_of(delivery, [one for one in living if one.early is None])


def _led(item: Item) -> list[Any]:
    """What leads it to its whole, along each of the ways there are."""
    by = item.note.get("by")
    return by if isinstance(by, list) else [by]


def _wholes_of(delivery: Delivery, items: Sequence[Item]) -> dict[str, str]:
    """The destination record of each source id that has one: along the first way, else along the next."""
    said = delivery.wire.combine or {}
    found: dict[str, str] = {}
    for place, way in enumerate((said, *said.get("or", ()))):
        led = {
            item.source_id: by[place] for item in items if len(by := _led(item)) > place and item.source_id not in found
        }
        found |= _led_along(delivery, way, {one: str(by) for one, by in led.items() if by not in (None, "")})
    return found


def _led_along(delivery: Delivery, said: Mapping[str, Any], by: Mapping[str, str]) -> dict[str, str]:
    """The wholes that one way leads to. `external`: it names the record gone through by that one's id at the destination."""
    wire = delivery.wire
    if not by:
        return {}
    if "entity" in said:
        found = delivery.ledger.wholes_of(said["entity"], wire.destination, by.values())
        return {one: found[other][0] for one, other in by.items() if len(found.get(other, ())) == 1}
    one_side, other_side = wire.pair if not said.get("external") else (wire.destination, wire.source)
    links = delivery.ledger.links_of(said["through"], one_side, other_side, by.values())
    if said.get("field") is None:
        return {
            one: other if said.get("external") else links[other].destination_id
            for one, other in by.items()
            if other in links
        }
    agreed = delivery.ledger.agreed_of([link.link for link in links.values()], wire.source, wire.destination)
    wholes = {}
    for one, other in by.items():
        base = agreed.get(links[other].link, {}).get(said["field"]) if other in links else None
        if base is None or base.destination in (UNKNOWN, None, ""):
            continue
        value = base.destination
        wholes[one] = str(value["id"]) if isinstance(value, dict) else str(value)
    return wholes


def _combine(rules: Iterable[FieldRule], whole: Whole, known: Mapping[str, Mapping[str, Any]]) -> None:
    """The value of each property over all parts, in an order that does not depend on arrival.

    A property only parts have had that are gone now becomes empty.
    """
    parts = {part: values for part, values in {**known, **whole.kept}.items() if part not in whole.forgotten}
    had = {name for part in whole.forgotten & known.keys() for name in known[part]}
    for rule in rules:
        if rule.name in had or any(rule.name in part for part in parts.values()):
            if len(codes := currencies_of(rule, parts.values())) > 1:
                whole.mixed.append((rule, codes))
                continue
            values = [parts[part][rule.name] for part in sorted(parts) if parts[part].get(rule.name) is not None]
            whole.values[rule.name] = combine(rule, values)


def combine(rule: FieldRule, values: Sequence[Any]) -> Any:
    """`sum`, `join` (sorted, comma), `latest` (greatest), `same` (the common value, else `otherwise`)."""
    if not values:
        return None
    match rule.combine:
        case "sum":
            return sum((Decimal(str(value)) for value in values), Decimal(0))
        case "join":
            return ", ".join(sorted({str(value) for value in values}))
        case "latest":
            return max(values, key=str)
        case _:
            return values[0] if all(same(value, values[0], rule.form) for value in values) else rule.otherwise
