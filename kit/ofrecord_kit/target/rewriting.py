"""Records of the destination that follow from others: a whole from its parts, every order of a deal from the deal.

They have no link of their own in this entity, so what was agreed about them is kept under `entity/record`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ofrecord_kit.ledger import Event, Writing
from ofrecord_kit.plan import FieldRule, source_has_changed
from ofrecord_kit.plan.records import RecordPlan, plan_update
from ofrecord_kit.target.begun import arrived, write_down_wholes
from ofrecord_kit.target.destination import Change, Done, Missing, Refused, Result, Stale
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.permitted import set_forbidden_aside_of_whole
from ofrecord_kit.target.rebuilding import only_agreed
from ofrecord_kit.target.stated import mark

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

_ROUNDS = 3


@dataclass(slots=True)
class Whole:
    """One record there, the values it shall have, and the source records it has them from."""

    id: str
    values: dict[str, Any] = field(default_factory=dict)
    native: Mapping[str, Any] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    gone: list[Item] = field(default_factory=list)
    """Source records it has nothing from any more."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What is remembered of each source record, by its id."""
    forgotten: set[str] = field(default_factory=set)
    mixed: list[tuple[FieldRule, list[str]]] = field(default_factory=list)
    """Sums that cannot be made, each with the currencies its amounts are in."""
    plan: RecordPlan = field(default_factory=RecordPlan)
    result: Result = field(default_factory=Missing)

    def key(self, entity: str) -> str:
        """What stands for a link in the agreed values."""
        return f"{entity}/{self.id}"

    def leaving(self) -> list[tuple[Item, str]]:
        """Each part that goes, and an item that tells so."""
        tellers = {item.source_id.partition("/")[0]: item for item in self.gone}
        records = {part: part.partition("/")[0] for part in sorted(self.forgotten)}
        return [(tellers[record], part) for part, record in records.items() if record in tellers]


def write_wholes(delivery: Delivery, wholes: Sequence[Whole]) -> None:
    """Write what differs from what was agreed, tell the items how it went, record it."""
    wire = delivery.wire
    bases = delivery.ledger.agreed_of([whole.key(wire.entity) for whole in wholes], wire.source, wire.destination)
    waiting = []
    for whole in wholes:
        whole.result = Done(whole.id)
        key = whole.key(wire.entity)
        if key in delivery.begun or source_has_changed(wire.sent, whole.values, whole.native, bases.get(key, {})):
            waiting.append(whole)
    for _round in range(_ROUNDS):
        if not waiting:
            break
        _write_once(delivery, waiting, bases)
        waiting = [whole for whole in waiting if isinstance(whole.result, Stale)]
    for whole in wholes:
        for item in (*whole.items, *whole.gone):
            _tell(delivery, whole, item)
    if not delivery.dry:
        with delivery.ledger.writing(delivery.now()) as ledger:
            for whole in wholes:
                _record(delivery, ledger, whole)


def _write_once(delivery: Delivery, wholes: Sequence[Whole], bases: Mapping[str, Mapping[str, Any]]) -> None:
    wire, destination = delivery.wire, delivery.destination
    found = destination.read(wire.object, [whole.id for whole in wholes], [rule.name for rule in wire.sent])
    ready: list[tuple[Whole, Change]] = []
    for whole in wholes:
        current = found.get(whole.id)
        whole.result = Missing() if current is None else Done(whole.id)
        if current is None:
            continue
        [item, *_] = [*whole.items, *whole.gone]
        key = whole.key(wire.entity)
        base = {**bases.get(key, {}), **arrived(delivery, key, whole.values, current.values)}
        whole.plan = plan_update(
            wire.sent, wire.source, whole.values, whole.native, base, current.values,
            item.times(), missing=wire.missing, destination=wire.destination, tolerance_s=wire.tolerance_s,
        )  # fmt: skip
        whole.plan = only_agreed(delivery, whole.plan)
        values = {name: write.value for name, write in whole.plan.writes.items()}
        for name in set_forbidden_aside_of_whole(delivery, item, values):
            del values[name], whole.plan.writes[name]
        if values and not delivery.dry:
            ready.append((whole, Change(whole.id, values, current)))
    write_down_wholes(delivery, [whole for whole, _change in ready])
    sent = destination.update(wire.object, [change for _whole, change in ready]) if ready else []
    for (whole, _change), result in zip(ready, sent, strict=True):
        whole.result = result


def _tell(delivery: Delivery, whole: Whole, item: Item) -> None:
    wire = delivery.wire
    match whole.result:
        case Done() if whole.plan.conflicts and item in whole.items:
            for name, conflict in whole.plan.conflicts.items():
                rule = next(rule for rule in wire.sent if rule.name == name)
                delivery.set_aside(item, "conflict", conflict.why, field=rule.field, rule=rule.where)
        case Done() if whole.plan.writes:
            item.outcome = "held" if any(held.state == "open" for held in item.helds) else "written"
        case Done():
            item.outcome = item.outcome or ("held" if item.helds else "unchanged")
        case Refused(code, message, _field):
            delivery.set_aside(item, "refused", message, code=code)
        case Missing() if item in whole.gone:
            pass
        case Missing():
            delivery.set_aside(item, "refused", f"the {wire.object} record {whole.id} does not exist any more", code="GONE")  # fmt: skip
        case Stale():
            delivery.set_aside(item, "failed", "the record kept changing while it was being written")


def _record(delivery: Delivery, ledger: Writing, whole: Whole) -> None:
    wire, key = delivery.wire, whole.key(delivery.wire.entity)
    over = isinstance(whole.result, Missing) and not whole.items
    if not (isinstance(whole.result, Done) or over):
        return
    ledger.confirm(wire.entity, wire.destination, [key])
    for part, values in whole.kept.items():
        ledger.record_part(wire.entity, wire.destination, whole.id, part, values)
    ledger.forget_parts(wire.entity, wire.destination, whole.id, whole.forgotten)
    mark(wire, ledger, whole.id)
    for item, part in whole.leaving():
        kind = "deleted" if item.note.get("deleted") else "left"
        left = {wire.destination: whole.id, wire.source: part}
        ledger.event(Event(kind, wire.entity, key, left, system=wire.source, why=item.reason or None))
    ids = {wire.destination: whole.id, wire.source: next(iter((*whole.items, *whole.gone))).source_id}
    agreed = {}
    for rule in wire.sent:
        write, agree = whole.plan.writes.get(rule.name), whole.plan.agrees.get(rule.name)
        if write is None and agree is None:
            continue
        native = whole.native.get(rule.field, whole.values[rule.name])
        there = write.value if write else agree.destination if agree else None
        agreed[rule.field] = {wire.source: native, wire.destination: there}
        if write is not None:
            ledger.event(
                Event("updated", wire.entity, key, ids, rule.field, wire.destination, None, write.value, rule.where, write.why)
            )  # fmt: skip
    ledger.record_agreed(key, agreed, between=wire.pair)
