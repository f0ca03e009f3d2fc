"""At the end of a run: the state of every whole that something was said about, or whose day has come. See docs/architecture.md, "States".

What was told last is kept per record, because some rows ask what it was before; like the marks (`stated`) it is a part of an entity of its
own in the ledger.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ofrecord_kit.ledger import Writing
from ofrecord_kit.plan.states import FIGURES, WAS, Row, Table, day_of, number, row_of, together_of
from ofrecord_kit.target.days import day_in
from ofrecord_kit.target.destination import Done, Missing
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.recording import LOUD
from ofrecord_kit.target.rewriting import Whole, write_wholes
from ofrecord_kit.target.stated import AT, OF, is_due, marks_of, memory_of

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

CURRENCY = "~currency"
"""Beside the figures of a part: the currency of its amounts."""
_AT_ONCE = 100
_FAR = date.max
Parts = Mapping[str, Mapping[str, Any]]
"""Part → what is kept of it."""


def state_all(deliveries: Iterable[Delivery], is_stopping: Callable[[], bool]) -> Counter[str]:
    """State what is to be stated of every entity with a table, once."""
    told: Counter[str] = Counter()
    for delivery in {one.wire.entity: one for one in deliveries if one.wire.table}.values():
        if not is_stopping():
            told.update(state_wholes(delivery))
    return told


def state_wholes(delivery: Delivery) -> Counter[str]:
    """State what is to be stated of one entity; how many wholes ended how."""
    told: Counter[str] = Counter()
    wire, table, there = delivery.wire, delivery.wire.table, delivery.destination
    if table is None or wire.partial or delivery.ledger.paused(wire.entity, wire.destination):
        return told
    marks: dict[str, list[str]] = {}
    for whole, when in delivery.ledger.every_part(marks_of(wire.entity), wire.destination):
        marks.setdefault(whole, []).append(when)
    if not marks:
        return told
    today = day_in(there, table.zone)
    due = sorted(whole for whole, days in marks.items() if any(is_due(mark, today) for mark in days))
    for start in range(0, len(due), _AT_ONCE):
        told.update(_state(delivery, table, due[start : start + _AT_ONCE], marks, today))
    return told


@dataclass(slots=True)
class _Told:
    """One whole, and what is to be told of it."""

    whole: Whole
    memory: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """Records of which something was told and that are no part any more."""
    next: date | None = None
    """The first day on which it may be in another state."""
    lost: str | None = None
    """A record of it that is in no row of the table."""
    currencies: set[str] = field(default_factory=set)
    """Of what is shown of all records together."""


def _state(
    delivery: Delivery, table: Table, wholes: Sequence[str], marks: Mapping[str, Sequence[str]], today: date
) -> Counter[str]:
    wire, ledger = delivery.wire, delivery.ledger
    entities = {table.entity, *(one for some in table.told.values() for one in some), *table.follows}
    parts = {one: ledger.parts_of(one, wire.destination, wholes) for one in entities}
    memory = ledger.parts_of(memory_of(wire.entity), wire.destination, wholes)
    unknown = [one for one in wholes if one not in memory and one in parts[table.entity]]
    there = delivery.destination.read(wire.object, unknown, [table.place]) if unknown else {}
    told = []
    for one in wholes:
        current = there.get(one)
        was = current.values.get(table.place) if current is not None else None
        mine = {entity: found.get(one, {}) for entity, found in parts.items()}
        told.append(_told(table, one, mine, memory.get(one, {}), was=was, today=today))
    return _tell(delivery, table, told, marks)


def _told(
    table: Table, whole: str, parts: Mapping[str, Parts], memory: Parts, *, was: Any, today: date | None
) -> _Told:
    """What the documents say of a whole. `was`: what the destination holds, where nothing is known of what was told."""
    found = _Told(Whole(whole), gone=memory.keys() - parts[table.entity].keys())
    rows: dict[str, tuple[Row, Mapping[str, Any]]] = {}
    totals: dict[str, Decimal] = {}
    for record, figures in figures_of(table, parts).items():
        before = memory.get(record, {})
        figures[WAS] = before.get("state") if memory else was
        known = bool(parts[table.entity][record].get(FIGURES))
        row = row_of(table.rows, figures, before.get("figures") or {}, today) if known else None
        if row is None:
            found.lost = record
            continue
        rows[record] = row, figures
        shown = {name: value for name, value in figures.items() if isinstance(value, Decimal)}
        if any(shown.get(figure) for figure in table.totals.values()):
            found.currencies.add(str(figures[CURRENCY] or ""))
        found.memory[record] = {"state": row.state, "figures": shown}
        for name, value in shown.items():
            totals[name] = totals.get(name, Decimal(0)) + value
        found.next = _sooner(found.next, _next_day(table, figures, before.get("figures") or {}, row, today))
    found.whole.values = dict.fromkeys(table.places)
    if rows:
        state = together_of(table.together, {row.state for row, _figures in rows.values()})
        found.whole.values[table.place] = state.state if state is not None else None
        found.whole.values.update(_flag(table, rows.values()))
        found.whole.values.update({name: totals.get(figure, Decimal(0)) for name, figure in table.totals.items()})
    if len(found.currencies) > 1:
        found.whole.values = {name: value for name, value in found.whole.values.items() if name not in table.totals}
    return found


def _flag(table: Table, rows: Iterable[tuple[Row, Mapping[str, Any]]]) -> dict[str, Any]:
    """The flag that stands first in the table, of those raised, and the first day of it."""
    raised = [(row, figures) for row, figures in rows if row.flag]
    order = [row.flag for row in table.rows]
    flag = min((row.flag for row, _figures in raised), key=order.index, default=None)
    days = [
        str(figures.get(row.since or ""))
        for row, figures in raised
        if row.flag == flag and row.since and day_of(figures.get(row.since))
    ]
    said = {table.flag: flag, table.since: min(days, default=None)}
    return {name: value for name, value in said.items() if name}


def _next_day(
    table: Table, figures: Mapping[str, Any], before: Mapping[str, Any], row: Row, today: date | None
) -> date | None:
    """The day after the first one that, once it has passed, puts the record into another row."""
    days = {
        day for one in table.rows for test in one.when
        if test.test == "passed" and (day := day_of(figures.get(test.figure))) and (today is None or day >= today)
    }  # fmt: skip
    if not days or row_of(table.rows, figures, before, _FAR) is row:
        return None
    return min(days) + timedelta(days=1)


def _sooner(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day is not None), default=None)


def figures_of(table: Table, parts: Mapping[str, Parts]) -> dict[str, dict[str, Any]]:
    """The figures of each record: numbers that records following it tell are added up, of days the latest counts.

    What the record tells itself counts unless one that follows it was changed later: then these are the newer word.
    """
    followers: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for entity in table.follows:
        for part in parts.get(entity, {}).values():
            root = _root(table, entity, part, parts)
            if root is not None:
                followers.setdefault(root, []).append((entity, part))
    found = {}
    for record, own in parts[table.entity].items():
        figures = {
            name: _figure(name, table, own, [part for entity, part in followers.get(record, ()) if entity in entities])
            for name, entities in table.told.items()
        }
        figures[CURRENCY] = (own.get(FIGURES) or {}).get(CURRENCY)
        for name, of in table.sums.items():
            figures[name] = sum((number(figures.get(one)) for one in of), Decimal(0))
        found[record] = figures
    return found


def _root(table: Table, entity: str, part: Mapping[str, Any], parts: Mapping[str, Parts]) -> str | None:
    """The record of the table that a part follows, through others where it must."""
    followed: Any = part.get(OF)
    entity = table.follows[entity]
    while entity != table.entity:
        followed = parts.get(entity, {}).get(str(followed), {}).get(OF)
        entity = table.follows[entity]
    return None if followed is None else str(followed)


def _figure(name: str, table: Table, own: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> Any:
    tells = table.entity in table.told[name]
    mine = _exactly((own.get(FIGURES) or {}).get(name))
    newer = [part for part in others if name in (part.get(FIGURES) or {})]
    if tells and not any(str(part.get(AT) or "") > str(own.get(AT) or "") for part in newer):
        return mine
    values = [part[FIGURES][name] for part in newer]
    if values and all(isinstance(value, str) for value in values):
        return max(values)
    return sum((number(value) for value in values), Decimal(0)) if values or not tells else mine


def _exactly(value: Any) -> Any:
    """A number as it is to be added; others as they are."""
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _tell(delivery: Delivery, table: Table, told: Sequence[_Told], marks: Mapping[str, Sequence[str]]) -> Counter[str]:
    """Write what differs, and remember it; what could not be written is tried again in the next run."""
    wire = delivery.wire
    shadow = copy.copy(delivery)
    names = table.places
    shadow.wire = replace(
        wire, sent=tuple(rule for rule in wire.stating if rule.name in names), partial=True, stated=(), missing="clear"
    )
    items: dict[str, Item] = {}
    for one in told:
        record = min([*one.memory, *one.gone], default=one.whole.id)
        items[one.whole.id] = item = Item({}, {"id": record}, record, {})
        one.whole.items = [item]
        if one.lost is not None:
            shadow.set_aside(
                item,
                "check",
                f"{one.lost} is in no row of the table",
                code="NO_STATE",
                fix="Read it again: meltano run --full-refresh.",
            )
        if len(one.currencies) > 1:
            words = f"amounts in {' and '.join(sorted(one.currencies))} make no sum"
            fix = "Give each currency a record of its own, or correct the document that is in the wrong one."
            shadow.set_aside(item, "check", words, code="CURRENCIES", fix=fix)
    written = [one for one in told if one.lost is None]
    write_wholes(shadow, [one.whole for one in written])
    counted = Counter(item.outcome or "unchanged" for item in items.values())
    news = [item for item in items.values() if _is_refused(item) and item.source_id not in delivery.known_held]
    delivery.refused += len(news)  # what was refused before made the run red in which it was new
    if not delivery.dry:
        with delivery.ledger.writing(delivery.now()) as ledger:
            for one in told:
                _remember(shadow, ledger, one, items[one.whole.id], marks.get(one.whole.id, ()))
    return Counter({f"stated {outcome}": many for outcome, many in counted.items() if outcome != "unchanged"})


def _is_refused(item: Item) -> bool:
    return any(held.kind in LOUD for held in item.helds)


def _remember(shadow: Delivery, ledger: Writing, one: _Told, item: Item, marks: Sequence[str]) -> None:
    wire, whole = shadow.wire, one.whole
    way = (wire.entity, wire.source, wire.destination)
    if isinstance(whole.result, Missing) and one.lost is None:
        item.helds = []  # its parts say so
    for held in item.helds:
        ledger.hold(held)
    if one.lost is not None or _is_refused(item) or not isinstance(whole.result, Done | Missing):
        return
    fields = sorted(rule.field for rule in wire.sent)
    if not item.helds:  # it was held with whichever of its records came first then, as a whole or in one of its fields
        ledger.release(*way, {item.source_id, whole.id, *one.memory, *one.gone}, fields=[", ".join(fields), *fields])
    ledger.forget_parts(marks_of(wire.entity), wire.destination, whole.id, marks)
    ledger.forget_parts(memory_of(wire.entity), wire.destination, whole.id, one.gone)
    for record, said in one.memory.items():
        ledger.record_part(memory_of(wire.entity), wire.destination, whole.id, record, said)
    if one.next is not None:
        ledger.record_part(marks_of(wire.entity), wire.destination, whole.id, one.next.isoformat(), {})
