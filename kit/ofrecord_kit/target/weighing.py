"""How much money records move that make others: parts of a whole, and what one record tells many.

They have no plan of their own before they are carried out, so what they would change is told by what is known of them. It is never less than
what the wholes change by: parts that balance each other both count.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from ofrecord_kit.plan import FieldRule
from ofrecord_kit.target.figures import ANY, amount_of
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.spreading import pointing_at
from ofrecord_kit.target.wholes import wholes_now

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery


def weigh(delivery: Delivery, items: Sequence[Item]) -> None:
    """Say of each of these records by how much the amounts move that it is written to; nothing where there are none."""
    rules = [rule for rule in delivery.wire.sent if rule.form == "money"]
    if rules and delivery.wire.combine:
        _weigh_parts(delivery, items, rules)
    elif rules and delivery.wire.spread:
        _weigh_told(delivery, items, rules)


def _weigh_parts(delivery: Delivery, items: Sequence[Item], rules: Sequence[FieldRule]) -> None:
    wire, ledger = delivery.wire, delivery.ledger
    now = wholes_now(delivery, items)
    before = ledger.wholes_of(wire.entity, wire.destination, [item.source_id for item in items])
    known = ledger.parts_of(
        wire.entity, wire.destination, {*now.values(), *(one for some in before.values() for one in some)}
    )
    for item in items:
        item.moves, here = {}, now.get(item.source_id)
        left = [one for one in before.get(item.source_id, ()) if one != here and not wire.partial]
        for rule in rules:
            told = {
                one: known.get(one, {}).get(item.source_id, {}).get(rule.name)
                for one in (*left, here)
                if one is not None
            }
            for one in left:
                _add(item, rule, abs(amount_of(told[one])))
            if here is not None and rule.name in item.values:
                _add(item, rule, abs(amount_of(item.values[rule.name]) - amount_of(told[here])))


def _weigh_told(delivery: Delivery, items: Sequence[Item], rules: Sequence[FieldRule]) -> None:
    wire = delivery.wire
    found = pointing_at(delivery, [item.source_id for item in items])
    keys = [f"{wire.entity}/{one}" for records in found.values() for one in records]
    agreed = delivery.ledger.agreed_of(keys, wire.source, wire.destination)
    for item in items:
        item.moves = {}
        gone = item.note.get("deleted") or item.note.get("filtered")
        for record in () if gone else found.get(item.source_id, ()):
            known = agreed.get(f"{wire.entity}/{record}", {})
            for rule in rules:
                if rule.name in item.values:
                    there = known[rule.field].destination if rule.field in known else None
                    _add(item, rule, abs(amount_of(item.values[rule.name]) - amount_of(there)))


def _add(item: Item, rule: FieldRule, amount: Decimal) -> None:
    moves, currency = item.moves or {}, rule.currency or ANY
    item.moves = {**moves, currency: moves.get(currency, Decimal(0)) + amount}
