"""Several source records make one destination record: each is kept as a part, what is written is their combination."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ofrecord_kit.ledger import Event, Held
from ofrecord_kit.plan import UNKNOWN, FieldRule, same, source_has_changed
from ofrecord_kit.plan.records import RecordPlan, plan_update
from ofrecord_kit.target.destination import Change, Done, Missing, Refused, Result, Stale
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery


def deliver_parts(delivery: Delivery, items: Sequence[Item]) -> None:
    """Bring parts to their wholes. A part that says nothing new costs no call."""
    wire = delivery.wire
    wholes = _wholes_of(delivery, items)
    for item in items:
        if item.source_id not in wholes:
            _let_wait(delivery, item)
    mine = [item for item in items if item.outcome is None]
    known = delivery.ledger.parts_of(wire.entity, wire.destination, wholes.values())
    by_whole: dict[str, list[Item]] = {}
    for item in mine:
        for name, why in (item.note.get("invalid") or {}).items():
            delivery.set_aside(item, "invalid", str(why), field=name)
        whole = wholes[item.source_id]
        item.destination_id = None
        if same(known.get(whole, {}).get(item.source_id), item.values) and item.source_id not in delivery.known_held:
            item.outcome = "held" if item.helds else "unchanged"
        else:
            by_whole.setdefault(whole, []).append(item)
    if by_whole:
        _write_wholes(delivery, by_whole, known)


def _let_wait(delivery: Delivery, item: Item) -> None:
    """It belongs to nothing we know. It may yet (its order may be linked later), so it is kept, and looked at each run."""
    wire = delivery.wire
    item.outcome, item.reason = "filtered", f"belongs to no {(wire.combine or {}).get('whole', 'whole')} yet"
    if item.note.get("by") not in (None, ""):
        item.helds.append(
            Held(
                wire.entity, wire.source, wire.destination, item.source_id, "reference", item.reason,
                label=item.note.get("label"), payload=item.record, state="waiting",
            )
        )  # fmt: skip


def _wholes_of(delivery: Delivery, items: Iterable[Item]) -> dict[str, str]:
    """The destination record of each source id that has one."""
    wire, said = delivery.wire, delivery.wire.combine or {}
    by = {item.source_id: str(item.note["by"]) for item in items if item.note.get("by") not in (None, "")}
    if "entity" in said:
        found = delivery.ledger.wholes_of(said["entity"], wire.destination, by.values())
        return {one: found[other][0] for one, other in by.items() if len(found.get(other, ())) == 1}
    links = delivery.ledger.links_of(said["through"], wire.source, wire.destination, by.values())
    agreed = delivery.ledger.agreed_of([link.link for link in links.values()], wire.source, wire.destination)
    wholes = {}
    for one, other in by.items():
        base = agreed.get(links[other].link, {}).get(said["field"]) if other in links else None
        if base is None or base.destination in (UNKNOWN, None, ""):
            continue
        value = base.destination
        wholes[one] = str(value["id"]) if isinstance(value, dict) else str(value)
    return wholes


def _write_wholes(
    delivery: Delivery, by_whole: Mapping[str, list[Item]], known: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> None:
    wire, destination = delivery.wire, delivery.destination
    combined = {
        whole: _combined(wire.sent, {**known.get(whole, {}), **{item.source_id: item.values for item in items}})
        for whole, items in by_whole.items()
    }
    bases = delivery.ledger.agreed_of([_key(delivery, whole) for whole in by_whole], wire.source, wire.destination)
    changed = [
        whole
        for whole in by_whole
        if source_has_changed(wire.sent, combined[whole], {}, bases.get(_key(delivery, whole), {}))
    ]
    plans: dict[str, RecordPlan] = {}
    results: dict[str, Result] = {whole: Done(whole) for whole in by_whole}
    waiting = changed
    for _round in range(3):
        if not waiting:
            break
        found = destination.read(wire.object, waiting, [rule.name for rule in wire.sent])
        ready = []
        for whole in waiting:
            current = found.get(whole)
            if current is None:
                results[whole] = Missing()
                continue
            base = bases.get(_key(delivery, whole), {})
            times = by_whole[whole][0].times()
            plans[whole] = plan_update(
                wire.sent, wire.source, combined[whole], {}, base, current.values, times, missing=wire.missing
            )
            values = {name: write.value for name, write in plans[whole].writes.items()}
            if values and not delivery.dry:
                ready.append(Change(whole, values, current))
        sent = destination.update(wire.object, ready) if ready else []
        results.update({change.id: result for change, result in zip(ready, sent, strict=True)})
        waiting = [whole for whole in waiting if isinstance(results[whole], Stale)]
    _tell_items(delivery, by_whole, plans, results)
    if not delivery.dry:
        _record(delivery, by_whole, combined, plans, results)


def _key(delivery: Delivery, whole: str) -> str:
    """What stands for a link in the agreed values of a combination."""
    return f"{delivery.wire.entity}/{whole}"


def _tell_items(
    delivery: Delivery,
    by_whole: Mapping[str, list[Item]],
    plans: Mapping[str, RecordPlan],
    results: Mapping[str, Result],
) -> None:
    for whole, items in by_whole.items():
        written = whole in plans and bool(plans[whole].writes)
        for item in items:
            match results[whole]:
                case Done():
                    item.outcome = "held" if item.helds else "written" if written else "unchanged"
                case Refused(code, message, _field):
                    delivery.set_aside(item, "refused", message, code=code)
                case Missing():
                    delivery.set_aside(item, "refused", "the record it is part of does not exist any more", code="GONE")
                case Stale():
                    delivery.set_aside(item, "failed", "the record kept changing while it was being written")


def _record(
    delivery: Delivery, by_whole: Mapping[str, list[Item]], combined: Mapping[str, Mapping[str, Any]],
    plans: Mapping[str, RecordPlan], results: Mapping[str, Result],
) -> None:  # fmt: skip
    wire = delivery.wire
    with delivery.ledger.writing(delivery.now()) as ledger:
        for whole, items in by_whole.items():
            if not isinstance(results[whole], Done):
                continue
            for item in items:
                ledger.record_part(wire.entity, wire.destination, whole, item.source_id, item.values)
            plan, key = plans.get(whole, RecordPlan()), _key(delivery, whole)
            ids = {wire.destination: whole, wire.source: items[0].source_id}
            agreed = {}
            for rule in wire.sent:
                if rule.name in plan.writes or rule.name in plan.agrees:
                    value = combined[whole][rule.name]
                    agreed[rule.field] = {wire.source: value, wire.destination: value}
                if rule.name in plan.writes:
                    write = plan.writes[rule.name]
                    ledger.event(
                        Event("updated", wire.entity, key, ids, rule.field, wire.destination, None, write.value, rule.where, write.why)
                    )  # fmt: skip
            ledger.record_agreed(key, agreed)


def _combined(rules: Iterable[FieldRule], parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The value of each property over all parts, in an order that does not depend on arrival."""
    made = {}
    for rule in rules:
        values = [parts[part][rule.name] for part in sorted(parts) if parts[part].get(rule.name) is not None]
        if any(rule.name in part for part in parts.values()):
            made[rule.name] = combine(rule, values)
    return made


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
