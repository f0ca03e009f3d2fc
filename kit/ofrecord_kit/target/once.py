"""Documents that are created once: compared when they are made, then confirmed, then left to live their own life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ofrecord_kit.plan.currencies import digits_of
from ofrecord_kit.plan.figures import Figure, differences
from ofrecord_kit.plan.sums import Foreseen, Row, exact, foresee
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

THEN = "_then"
"""Pseudo-field: the status actions of a document created once have been taken."""
_TOLD = 5
"""Differences that are told one by one."""


def finish_once(delivery: Delivery, items: Sequence[Item]) -> None:
    """Compare a document that was created or amended with what it was made of; then take its actions, only once."""
    wire = delivery.wire
    for item in items:
        ready = item.outcome in {"written", "unchanged"}
        is_settled = item.then_done and not item.delivered
        if not wire.once or not wire.then or is_settled or delivery.dry or not ready:
            continue
        if wire.check and not _agrees(delivery, item):
            continue
        if item.then_done:
            continue
        taken = [delivery.act(item, action) for action in wire.then]
        item.then_done = item.then_now = None not in taken
        item.then_changed = any(done is not None and done.changed for done in taken)
        if item.then_done and item.outcome == "unchanged" and any(done and done.changed for done in taken):
            item.outcome = "written"


def _agrees(delivery: Delivery, item: Item) -> bool:
    """Is every figure the same on both sides? What differs is told line by line, and the document is left as it is."""
    wire = delivery.wire
    wanted = _resolved(delivery, wire.check, item.note.get("check") or {})
    if all(value is None for value in wanted.values()):
        return True
    names = [figure.name for figure in wire.check]
    found = delivery.destination.figures(wire.object, str(item.destination_id), names)
    told = list(differences(wire.check, wanted, found))
    if not told:
        return True
    words = [one.said(wire.source, wire.destination) for one in told[:_TOLD]]
    if len(told) > _TOLD:
        words.append(f"and {len(told) - _TOLD} more")
    foreseen = item.foreseen or (_foreseen(delivery, wire.sum, item) if wire.sum else None)
    if foreseen is not None:
        words.append(foreseen.said())
    fix = f"Correct what is wrong at {wire.source} or at {wire.destination}; the figures are compared again, later each time."
    message = f"{'; '.join(words)}; left as it is"
    delivery.set_aside(item, "check", message, code="CHECK", fix=fix)
    return False


def _resolved(delivery: Delivery, figures: Sequence[Figure], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What is wanted, with ids and names as the destination has them; what has no counterpart there stays as it is."""
    wire, refs = delivery.wire, dict[str, set[str]]()
    for figure in figures:
        for row in wanted.get(figure.name) or () if figure.lines else ():
            for one in figure.lines:
                if one.ref and row.get(one.name) is not None:
                    refs.setdefault(one.ref, set()).add(str(row[one.name]))
        if figure.ref and wanted.get(figure.name) is not None:
            refs.setdefault(figure.ref, set()).add(str(wanted[figure.name]))
    known = {
        entity: delivery.ledger.links_of(entity, wire.source, wire.destination, ids) for entity, ids in refs.items()
    }

    def there(figure: Figure, value: Any) -> Any:
        if value in (None, "", []):
            return None
        if figure.ref:
            link = known[figure.ref].get(str(value))
            return value if link is None else link.destination_id
        return delivery.destination.lookup(figure.lookup, value) if figure.lookup else value

    def rows(figure: Figure, some: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{one.name: there(one, row.get(one.name)) for one in figure.lines} for row in some]

    return {
        figure.name: rows(figure, wanted.get(figure.name) or ()) if figure.lines else there(figure, wanted.get(figure.name))
        for figure in figures
    }  # fmt: skip


def foresee_sums(delivery: Delivery, items: Sequence[Item]) -> None:
    """What each document will come to there, worked out before it is sent, where the rules say how its sum comes about."""
    if delivery.wire.sum:
        for item in items:
            item.foreseen = _foreseen(delivery, delivery.wire.sum, item)


def _foreseen(delivery: Delivery, said: Mapping[str, Any], item: Item) -> Foreseen | None:
    values = {name: write.value for name, write in item.plan.writes.items()} or item.values
    wanted = item.note.get("check") or {}
    nought = Decimal(0)
    rows = []
    for line in values.get(said["lines"]) or ():
        quantity, rate = exact(line.get(said["quantity"])), exact(line.get(said["rate"]))
        if quantity is None or rate is None:
            return None
        tax = line.get(said["tax"]) if said.get("tax") else None
        share = None if tax in (None, "") else delivery.destination.percentage("taxes", tax)
        rows.append(Row(quantity, rate, line.get(said.get("discount") or ""), share or nought))
    less, plus = (
        sum((exact(values.get(name)) or nought for name in said.get(word) or ()), nought) for word in ("less", "plus")
    )
    return foresee(rows, digits_of(wanted.get(said.get("currency"))), less=less, plus=plus)
