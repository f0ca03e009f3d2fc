"""What two systems agreed on, told to what they agreed on with a third one; see `ofrecord_kit.plan.thirds`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ofrecord_kit.ledger import Ledger, Writing, store_of
from ofrecord_kit.plan import Agreed
from ofrecord_kit.plan.thirds import implied

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery
    from ofrecord_kit.target.wire import Wire


def thirds_of(wire: Wire, ledger: Ledger) -> tuple[str, ...]:
    """Other stores that hold the entity, as far as pipelines to the two systems were ever run."""
    known = {
        store_of(source) for system in wire.pair for entity, source in ledger.ways(system) if entity == wire.entity
    }
    return tuple(sorted(known - {store_of(system) for system in wire.pair}))


def tell_thirds(delivery: Delivery, ledger: Writing, link: str, agreed: Mapping[str, Mapping[str, Any]]) -> None:
    """Where one of the two holds what it agreed on with a third system, all three agree now."""
    wire = delivery.wire
    rules = [rule for rule in wire.sent if rule.owner == "shared" and rule.field in agreed]
    for third in delivery.thirds if rules else ():
        for near, far, turned in ((wire.source, wire.destination, False), (wire.destination, wire.source, True)):
            known = delivery.ledger.agreed_of([link], near, third).get(link, {})
            for rule in rules:
                sides = agreed[rule.field]
                found = implied(
                    Agreed(sides.get(near), sides.get(far)), known.get(rule.field, Agreed()),
                    rule.form if turned else rule.native_form,
                )  # fmt: skip
                if found is not None:
                    told = {rule.field: {far: found.source, third: found.destination}}
                    ledger.record_agreed(link, told, between=(far, third))
