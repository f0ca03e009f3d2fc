"""Documents that were created once and whose source is changed afterwards: how long that travels, and what is only listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.plan import UNKNOWN, Agreed, FieldRule, Fingerprint, RecordPlan, same
from ofrecord_kit.plan.canonical import canonical
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

_FIX = "Change the document there by hand, take the change back, or drop this if both are right as they are."


def known_changes(item: Item, changed: Sequence[FieldRule]) -> tuple[FieldRule, ...]:
    """Of what differs only what was agreed on when the document was made: what rules name since then is not amended."""
    return tuple(rule for rule in changed if item.agreed.get(rule.field, Agreed()).source is not UNKNOWN)


def keep_in_hand(delivery: Delivery, item: Item) -> None:
    """Take out of the plan what may not be amended any more; it is listed, and the document is left as it is."""
    wire, there = delivery.wire, item.current.values if item.current else {}
    writes = item.plan.writes
    if not writes:
        return
    late = _why_late(wire.amend or (), there)
    if late is not None:
        _list(delivery, item, sorted(writes), "LATE", f"{late} at {wire.destination}")
        return
    fixed = sorted(name for name in writes if not _rule(delivery, name).after_create)
    if fixed:
        _list(delivery, item, fixed, "FIXED", "that is not changed in a document that was made")
    edited = sorted(name for name in writes if name not in fixed and _is_edited(item, _rule(delivery, name), there))
    if edited:
        _list(delivery, item, edited, "EDITED", f"{wire.destination} changed it, too")


def _list(delivery: Delivery, item: Item, names: Sequence[str], code: str, why: str) -> None:
    wire = delivery.wire
    fields = ", ".join(_rule(delivery, name).field for name in names)
    message = f"changed at {wire.source} after the document was made: {fields}; {why}; left as it is"
    delivery.set_aside(item, "check", message, code=code, field=fields, fix=_FIX)
    kept = {name: write for name, write in item.plan.writes.items() if name not in names}
    plan = item.plan
    item.plan = RecordPlan(kept, plan.agrees, plan.conflicts, plan.violations, plan.adopts, plan.yields)


def _rule(delivery: Delivery, name: str) -> FieldRule:
    return next(rule for rule in delivery.wire.sent if rule.name == name)


def _why_late(conditions: Sequence[Mapping[str, Any]], there: Mapping[str, Any]) -> str | None:
    """The first condition that no longer holds, in words; None: it may still be amended."""
    for one in conditions:
        value, test = there.get(one["field"]), one["test"]
        is_there = value not in (None, "", [], {})
        among = any(same(value, known) for known in one.get("values") or ())
        holds = {"present": is_there, "absent": not is_there, "in": among, "not": not among}[test]
        if not holds:
            word = one["field"].replace("_", " ")
            return f"it has {word}" if test == "absent" else f"{word} is {value}" if is_there else f"it has no {word}"
    return None


def _is_edited(item: Item, rule: FieldRule, there: Mapping[str, Any]) -> bool:
    """Does the document hold something else than what was agreed on? What the vendor filled in by itself is no edit."""
    base = item.agreed.get(rule.field, Agreed()).destination
    now = there.get(rule.name)
    if base is UNKNOWN:
        return False
    if isinstance(base, Fingerprint) or not rule.lines:
        return not same(base if base not in (None, "") else 0, now if now not in (None, "") else 0, rule.form)
    rows = base or ()
    if not isinstance(now, list) or len(now) != len(rows):
        return True
    left = list(now)
    for row in rows:
        equal = next((one for one in left if _holds(one, row)), None)
        if equal is None:
            return True
        left.remove(equal)
    return False


def _holds(there: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return all(
        canonical(there.get(key)) == canonical(value) or _both_nought(there.get(key), value)
        for key, value in row.items()
    )


def _both_nought(one: Any, other: Any) -> bool:
    return all(value in (None, "", 0) for value in (one, other))
