"""The first half of a delivery: find, resolve, read, plan. Nothing is written, neither to a system nor to the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ofrecord_kit.plan import UNKNOWN, Agreed, FieldRule, changed_rules, same
from ofrecord_kit.plan.records import plan_adoptions, plan_create, plan_update
from ofrecord_kit.target.amending import keep_in_hand, known_changes
from ofrecord_kit.target.answers import about_conflict, about_edit, edits_of, hear, take_the_named, taken_of
from ofrecord_kit.target.begun import believe_what_arrived, is_in_doubt
from ofrecord_kit.target.clocks import times_of
from ofrecord_kit.target.days import set_settled_aside
from ofrecord_kit.target.destination import Current
from ofrecord_kit.target.elements import keep_elements_that_went, make_again
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.leaving import DELETED, decide_deletions, decide_leaving, is_answered_deletion, welcome_back
from ofrecord_kit.target.lost import set_the_lost_aside
from ofrecord_kit.target.matching import (
    match_key,
    names_matched,
    pair,
    refuse_strangers,
    refuse_the_counterpart_of_another,
)
from ofrecord_kit.target.merging import note_claims
from ofrecord_kit.target.once import THEN
from ofrecord_kit.target.origins import origins_of
from ofrecord_kit.target.permitted import set_forbidden_aside, surely_permitted
from ofrecord_kit.target.rebuilding import leave_unpaired, only_agreed, remember_whether_settled, take_nothing
from ofrecord_kit.target.recording import PARENT
from ofrecord_kit.target.settled import wait_for_what_is_held
from ofrecord_kit.target.still import still_there
from ofrecord_kit.target.wire import rule_of

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery


@dataclass(frozen=True, slots=True)
class Found:
    """What was found about a record when it was decided first: its counterpart, how, and what that held."""

    destination_id: str | None = None
    alike: bool = False
    current: Current | None = None


def decide_items(
    delivery: Delivery,
    items: Sequence[Item],
    filtered: Sequence[Item],
    *,
    again: bool,
    found: Mapping[str, Found],
) -> None:
    """Give each item its outcome, or make it pending with all that carrying it out needs."""
    if not delivery.wire.partial:  # a job of some fields says nothing about records that leave
        decide_leaving(delivery, filtered)
    _find_links(delivery, items, again=again)
    keep_elements_that_went(delivery, items)
    if not delivery.rebuild:  # it writes nothing, so no answer can be carried out
        hear(delivery, items)
    note_claims(delivery, items)
    for item in items:
        if item.link is None and (known := found.get(item.source_id)) and known.destination_id is not None:
            item.destination_id, item.paired, item.alike = known.destination_id, True, known.alike
    if found:  # two records of one plan may have found the same one there
        refuse_strangers(delivery, [item for item in items if item.link is None and item.paired])
    decide_deletions(delivery, [item for item in _open(items) if item.note.get("deleted")])
    rest = [item for item in _open(items) if not item.note.get("deleted")]
    _set_invalid_fields_aside(delivery, rest)
    delivery.resolve(_open(rest))
    if delivery.wire.once:
        wait_for_what_is_held(delivery, [item for item in _open(rest) if item.link is None])
    _decide_unchanged(delivery, _open(rest))
    take_the_named(delivery, [item for item in _open(rest) if item.destination_id is None])
    pair(delivery, [item for item in _open(rest) if item.destination_id is None and item.source_id not in found])
    changing = [item for item in _open(rest) if item.destination_id is not None]
    _decide_changes(delivery, changing, {one: known.current for one, known in found.items() if known.current})
    _decide_creations(delivery, [item for item in _open(rest) if item.destination_id is None])
    if delivery.rebuild:
        take_nothing((*items, *filtered))
    for item in (*items, *filtered):
        item.pending = item.outcome is None or _is_owed_actions(delivery, item)


def _open(items: Sequence[Item]) -> list[Item]:
    return [item for item in items if item.outcome is None]


def _is_owed_actions(delivery: Delivery, item: Item) -> bool:
    """Was a document that is created once left before its status actions were taken?"""
    return (
        bool(delivery.wire.then)
        and not delivery.rebuild
        and item.destination_id is not None
        and not item.then_done
        and item.outcome == "unchanged"
    )


def _find_links(delivery: Delivery, items: Sequence[Item], *, again: bool) -> None:
    wire = delivery.wire
    links = delivery.ledger.links_of(wire.entity, wire.source, wire.destination, [item.source_id for item in items])
    for item in items:
        item.digest = item.digest or delivery.digests.of(item.record, item.note)
        item.link = links.get(item.source_id)
        if item.link is None:
            continue
        item.destination_id = item.link.destination_id
        if item.link.seen == item.digest and not again and item.source_id not in delivery.known_held:
            item.outcome, item.then_done = "unchanged", True


def _set_invalid_fields_aside(delivery: Delivery, items: Sequence[Item]) -> None:
    """A field that could not be converted is held by itself, so that what has a counterpart is paired and its other fields go on."""
    for item in items:
        for name, why in (item.note.get("invalid") or {}).items():
            rule = rule_of(delivery.wire.sent, name)
            delivery.set_aside(item, "invalid", str(why), field=name, rule=rule.where if rule else None)
        if item.helds:
            item.outcome = None


def _hold_torsos(items: Sequence[Item]) -> list[Item]:
    """Nothing is made without a field that could not be converted; the records that are whole."""
    for item in items:
        item.outcome = "held" if item.note.get("invalid") else item.outcome
    return [item for item in items if item.outcome is None]


def _decide_unchanged(delivery: Delivery, items: Sequence[Item]) -> None:
    """What differs from nothing that was agreed costs no call."""
    wire = delivery.wire
    linked = [item for item in items if item.link is not None]
    agreed = delivery.ledger.agreed_of([item.link.link for item in linked if item.link], wire.source, wire.destination)
    rules = wire.writable(linked=True)
    for item in linked:
        item.agreed = agreed.get(item.link.link, {}) if item.link else {}
        if make_again(item):
            continue
        item.then_done = THEN in item.agreed
        if is_answered_deletion(item.agreed.get(DELETED, Agreed()).destination):
            item.outcome, item.reason = "filtered", f"deleted in {wire.destination}"
            continue
        welcome_back(delivery, item)
        _keep_with_parent(delivery, item)
        violations = edits_of(delivery, item)
        item.changed = changed_rules(rules, item.values, item.native, item.agreed)
        if wire.amend is not None and not item.paired:
            item.changed = known_changes(item, item.changed)
        changed = bool(item.changed) or is_in_doubt(delivery, item)
        if not changed and violations:
            item.plan = plan_update((), wire.source, {}, {}, {}, {}, item.times(), violations=violations)
            hold_violations(delivery, item)
        if not changed and not item.to_adopt and item.action is None:
            _rest(item)


def _rest(item: Item) -> None:
    """No field of it is to be written; what an action for it is still to do stays pending."""
    if item.action is None:
        item.outcome = item.at_rest


def _keep_with_parent(delivery: Delivery, item: Item) -> None:
    """A child cannot change its parent there: that is for a person, the other fields go on."""
    wire = delivery.wire
    there = item.agreed.get(PARENT, Agreed()).destination if wire.parent else UNKNOWN
    if there is UNKNOWN or wire.parent not in item.values or str(item.values[wire.parent]) == str(there):
        return
    del item.values[wire.parent]
    rule = next(rule for rule in wire.sent if rule.name == wire.parent)
    message = f"it moved to another {rule.ref or rule.field}; {wire.destination} cannot move it from {there}"
    delivery.set_aside(item, "moved", message, field=rule.field, rule=rule.where)
    item.outcome = None


def _decide_changes(delivery: Delivery, items: Sequence[Item], known: Mapping[str, Current]) -> None:
    """Read what is there where that can matter, and plan."""
    changing = []
    for item in items:
        if item.paired or is_in_doubt(delivery, item) or adoptable(delivery, item) or _changed(delivery, item):
            changing.append(item)
        else:
            _rest(item)
    decide_changes(delivery, changing, known)


def _changed(delivery: Delivery, item: Item) -> tuple[FieldRule, ...]:
    """The rules of what the source changed, looked for once."""
    if item.changed is None:
        item.changed = changed_rules(delivery.rules_of(item), item.values, item.native, item.agreed)
    return item.changed


def decide_changes(delivery: Delivery, items: Sequence[Item], known: Mapping[str, Current] = {}) -> None:
    """Plan the update of each record from what is there now (`known`: by source id, what was read already)."""
    if not items:
        return
    found = _read(delivery, [item for item in items if item.source_id not in known])
    for item in items:
        item.current = known.get(item.source_id) or found.get(str(item.destination_id))
        if item.current is None:
            say_gone(delivery, item)
        elif not refuse_the_counterpart_of_another(delivery, item):
            if is_in_doubt(delivery, item):
                believe_what_arrived(delivery, item)
            item.to_write = _decide(delivery, item)
            if not item.to_write:
                _rest(item)


def _read(delivery: Delivery, items: Sequence[Item]) -> Mapping[str, Current]:
    if not items:
        return {}
    wire, destination = delivery.wire, delivery.destination
    names = [rule.name for rule in wire.sent if not wire.once or rule.after_create or wire.amend is not None]
    names += [one["field"] for one in wire.amend or () if one["field"] not in names]
    names += sorted({name for item in items if item.to_adopt for name in adoptable(delivery, item)} - {*names})
    names += [wire.external_id] if wire.external_id and wire.external_id not in names else []
    for item in items:
        at = item.agreed.get(PARENT, Agreed()).destination
        place = {wire.parent: at} if wire.parent and at is not UNKNOWN else {}
        destination.note(wire.object, str(item.destination_id), {**item.values, **place})
    sure = [item for item in items if not is_in_doubt(delivery, item)]
    known = still_there(delivery, sure) if delivery.way else {}
    left = [one for item in items if (one := str(item.destination_id)) not in known]
    return {**known, **(destination.read(wire.object, left, names) if left else {})}


def say_gone(delivery: Delivery, item: Item) -> None:
    """The record it is linked with does not exist there any more."""
    wire = delivery.wire
    there = f"{wire.destination} {item.destination_id}"
    message = f"the linked {wire.object} record {there} does not exist any more; it is not made again by itself"
    delivery.set_aside(item, "refused", message, code="GONE")


def adoptable(delivery: Delivery, item: Item) -> dict[str, Any]:
    """Edits the owner is to take over, by property. One that names a record or an entry is for a person."""
    if not item.to_adopt:
        return {}
    found = edits_of(delivery, item)
    edited = {violation.field for violation in found if violation.answer == "adopt"}
    return {
        rule.name: item.to_adopt[rule.name]
        for rule in delivery.wire.observed
        if rule.field in edited and rule.name in item.to_adopt and not (rule.ref or rule.lookup or rule.lines)
    }


def _decide(delivery: Delivery, item: Item) -> dict[str, Any]:
    """Ask the plan; the values to write, the external id of a pair among them."""
    wire = delivery.wire
    current = item.current.values if item.current else {}
    times, queued = times_of(delivery, item)
    item.plan = plan_update(
        _changed(delivery, item), wire.source, item.values, item.native, item.agreed, current, times, queued=queued,
        missing=wire.missing, skip=item.paired and wire.duplicates == "skip",
        violations=edits_of(delivery, item), taken=taken_of(delivery, item),
        destination=wire.destination, tolerance_s=wire.tolerance_s, origins=origins_of(delivery, item),
    )  # fmt: skip
    if wire.amend is not None:
        keep_in_hand(delivery, item)
    item.plan = plan_adoptions(wire.observed, adoptable(delivery, item), item.agreed, current, item.plan)
    remember_whether_settled(delivery, item, item.plan)
    item.plan = only_agreed(delivery, item.plan)
    for name, conflict in item.plan.conflicts.items():
        rule = next(rule for rule in wire.sent if rule.name == name)
        delivery.set_aside(item, "conflict", conflict.why, field=rule.field, rule=rule.where)
        item.helds[-1] = about_conflict(delivery, item, rule, item.helds[-1])
    hold_violations(delivery, item)
    item.outcome = None
    values = {name: write.value for name, write in {**item.plan.writes, **item.plan.adopts}.items()}
    values = set_settled_aside(delivery, item, set_forbidden_aside(delivery, item, values))
    stamp = wire.external_id
    if item.paired and stamp and not delivery.rebuild and not same(current.get(stamp), item.source_id):
        values[stamp] = item.source_id
    return values


def hold_violations(delivery: Delivery, item: Item) -> None:
    """`hold` waits for a person, and so does an edit to adopt whose value is not on the wire."""
    taken = adoptable(delivery, item)
    for violation in item.plan.violations:
        rule = rule_of(delivery.wire.observed, violation.field)
        known = any(held.field == violation.field for held in item.helds)
        if violation.answer == "revert" or known or (rule and rule.name in taken):
            continue
        why = f"{delivery.wire.source} edited a field it does not own ({violation.answer})"
        delivery.set_aside(item, "violation", why, field=violation.field, rule=rule.where if rule else None)
        item.helds[-1] = about_edit(delivery, item, violation, item.helds[-1])


def _decide_creations(delivery: Delivery, items: Sequence[Item]) -> None:
    wire = delivery.wire
    if delivery.rebuild:
        leave_unpaired(items)
        return
    items = _hold_torsos(items)
    for item in items:
        if not wire.create:
            item.outcome, item.reason = "filtered", "no counterpart"
        else:
            item.plan = plan_create(wire.sent, item.values)
            item.created = True
            if not surely_permitted(delivery, item.values):
                set_forbidden_aside(delivery, item, {name: write.value for name, write in item.plan.writes.items()})
    set_the_lost_aside(delivery, [item for item in items if item.outcome is None])
    set_namesakes_aside(delivery, [item for item in items if item.outcome is None])
    if items and names_matched(wire):
        delivery.nearness.set_aside([item for item in items if not item.anew])


def set_namesakes_aside(delivery: Delivery, items: Sequence[Item]) -> None:
    """Several new records of one batch that share a match field are not made into several: the first one is."""
    wire = delivery.wire
    if wire.duplicates == "clone" or wire.parent:
        return
    first: dict[Any, Item] = {}
    for item in items:
        key = match_key(wire, item)
        if key is not None and first.setdefault(key, item) is not item and item.outcome is None and not item.anew:
            by = " and ".join(field for field, _form in wire.match)
            message = f"shares {by} with {wire.source} {first[key].source_id}, which is created there"
            delivery.set_aside(item, "duplicate", message, code="DUPLICATE")
