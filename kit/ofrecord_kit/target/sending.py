"""Sending decided changes: fields first, then status actions; a refused field does not keep the others back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.target.destination import Change, Done, Refused
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

Ready = tuple[Item, dict[str, Any], Change]


def send_changes(delivery: Delivery, ready: Sequence[Ready]) -> list[Any]:
    """One result each; of a refused record each field is tried alone."""
    results = _send(delivery, ready)
    for number, (result, (item, values, change)) in enumerate(zip(results, ready, strict=True)):
        if isinstance(result, Refused) and len(values) > 1:
            results[number] = _send_apart(delivery, item, values, change, result)
    return results


def _send(delivery: Delivery, ready: Sequence[Ready]) -> list[Any]:
    wire, destination = delivery.wire, delivery.destination
    status = {rule.name for rule in (*wire.sent, *wire.observed) if rule.status}
    plain = []
    for _item, values, change in ready:
        fields = {name: value for name, value in values.items() if name not in status}
        plain.append(Change(change.id, fields, change.current))
    changes = [change for change in plain if change.values]
    sent = iter(destination.update(wire.object, changes) if changes else ())
    results: list[Any] = []
    for change, (_item, values, _whole) in zip(plain, ready, strict=True):
        result = next(sent) if change.values else Done(change.id)
        for name in status & values.keys():
            if isinstance(result, Done):
                result = destination.act(wire.object, change.id, str(values[name]))
        results.append(result)
    return results


def _send_apart(delivery: Delivery, item: Item, values: Mapping[str, Any], change: Change, refusal: Refused) -> Any:
    """Each field alone; what is refused again is held."""
    done: Any = refusal
    refused = []
    for name in values:
        alone = {name: values[name]}
        [result] = _send(delivery, [(item, alone, Change(change.id, alone, change.current))])
        match result:
            case Done():
                done = result
            case Refused():
                refused.append((name, result))
            case _:
                return result
    if not isinstance(done, Done):
        return refusal
    rules = {rule.name: rule for rule in (*delivery.wire.observed, *delivery.wire.sent)}
    for name, result in refused:
        item.plan.writes.pop(name, None)
        item.plan.adopts.pop(name, None)
        field, where = (rules[name].field, rules[name].where) if name in rules else (name, None)
        delivery.set_aside(
            item, "refused", result.message, code=result.code, field=field, rule=where, fix=result.fix,
            request=result.request,
        )  # fmt: skip
    return done
