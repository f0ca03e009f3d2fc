"""After the vendor's answers: one ledger transaction for the batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.ledger import Event, Writing, from_json, to_json
from ofrecord_kit.plan import UNKNOWN, Agreed, FieldRule, Fingerprint, RecordPlan, same
from ofrecord_kit.target.answers import record_answers, row_of, tell_yielded
from ofrecord_kit.target.begun import settled as begun_and_settled
from ofrecord_kit.target.days import EARLY
from ofrecord_kit.target.items import SUPERSEDED, Item
from ofrecord_kit.target.leaving import DELETED, record_leaving, record_return
from ofrecord_kit.target.matching import refuse_strangers
from ofrecord_kit.target.merging import MERGED, record_merge
from ofrecord_kit.target.recording_new import STAMP, record_new, remember_as_of, split
from ofrecord_kit.target.telling import owe_notices
from ofrecord_kit.target.thirds import tell_thirds
from ofrecord_kit.target.wire import rule_of

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery
    from ofrecord_kit.target.wire import Wire

PARENT, RANK, PRIMARY = "_parent", "_rank", "_primary"
LOUD = frozenset({"refused", "invalid"})
"""Kinds of held records that make a run red beyond `errors_allowed`: somebody must correct them."""
WAITS_S = {"refused": 60.0, "failed": 60.0, "check": 60.0, "reference": 0.0, "paused": 0.0}
"""Seconds before a held record is tried again, doubling; kinds not named wait for a person."""


def record_batch(delivery: Delivery, items: Sequence[Item]) -> None:
    """Links, agreed values, events, held records and owed writes of a batch, or nothing of it."""
    wire = delivery.wire
    refuse_strangers(delivery, [item for item in items if item.created and item.delivered])
    merged = [item for item in items if item.merged_into is not None]
    touched = [
        item for item in items if item.destination_id is not None and item.merged_into is None and _has_news(item)
    ]
    heard = [item for item in items if item.answers]
    known = [item for item in items if item.source_id in delivery.known_held and item.reason != SUPERSEDED]
    settled = [item for item in known if not item.helds and not delivery.rebuild]
    helds = [held for item in items for held in item.helds]
    stopped = [item.source_id for item in items if item.note.get("stopped") and not wire.partial]
    created = [item.source_id for item in items if item.created and item.outcome is not None]
    created += begun_and_settled(items)
    if not (touched or settled or helds or created or heard or merged):
        return
    with delivery.ledger.writing(delivery.now()) as ledger:
        plain, touched = split(delivery, ledger, touched)
        if plain:
            record_new(delivery, ledger, plain)
        new = [item for item in touched if item.link is None and item.lost is None]
        links = dict(
            zip(map(id, new), ledger.record_links(wire.entity, [_ids(wire, item) for item in new]), strict=True)
        )
        for item in touched:
            _record(delivery, ledger, item, links.get(id(item)))
        if stopped:  # nothing of them is tried again
            ledger.release(wire.entity, wire.source, wire.destination, stopped, kinds=[*WAITS_S, EARLY])
        for item in heard:
            record_answers(delivery, ledger, item)
        _forget_waiting(wire, ledger, known)
        used = {item.source_id for item in heard}
        for held in helds:
            ledger.hold(held, wait_s=WAITS_S.get(held.kind), keep=held.source_id not in used)
        _overtake(delivery, ledger, known)
        if settled:
            names = sorted(rule.field for rule in wire.sent)
            fields = [*names, ", ".join(names)] if wire.partial else None
            ids = [item.source_id for item in settled]
            ledger.release(wire.entity, wire.source, wire.destination, ids, fields=fields, sparing=[MERGED])
        if created:
            ledger.confirm(wire.entity, wire.destination, created)
        for item in merged:
            record_merge(delivery, ledger, item)
    delivery.known_held.difference_update(item.source_id for item in settled)
    delivery.known_held.update(held.source_id for held in helds)


def _forget_waiting(wire: Wire, ledger: Writing, items: Sequence[Item]) -> None:
    """Of records that found their way but for a field that waits, nothing but that field waits now."""
    through = [item.source_id for item in items if item.helds and item.outcome in {"written", "unchanged"}]
    if through and not wire.partial:
        ledger.release(wire.entity, wire.source, wire.destination, through, sparing=[MERGED])


def _overtake(delivery: Delivery, ledger: Writing, items: Sequence[Item]) -> None:
    """What was held of earlier versions of these records is about the present ones now."""
    wire = delivery.wire
    for item in items if not wire.partial else ():
        if not item.helds or item.outcome not in {"held", "failed"}:
            continue
        decided = item.outcome == "held" and (item.delivered or (item.current is not None and not item.to_write))
        asked = [held.field for held in item.helds]
        way = (wire.entity, wire.source, wire.destination)
        ledger.overtake(way, item.source_id, item.record, asked, decided=decided, sparing=[MERGED])


def _has_news(item: Item) -> bool:
    if item.left or item.returned:
        return True
    if item.outcome == "filtered":
        return bool(item.note.get("deleted"))
    stale = item.link is None or item.link.seen != item.digest
    return stale or bool(item.answers) or item.then_now or item.plan.violations != ()


def _ids(wire: Wire, item: Item) -> dict[str, str]:
    return {wire.source: item.source_id, wire.destination: str(item.destination_id)}


def _record(delivery: Delivery, ledger: Writing, item: Item, new: str | None) -> None:
    wire, ids = delivery.wire, _ids(delivery.wire, item)
    link = item.link.link if item.link else _record_link(delivery, ledger, item, ids, new)
    if item.link is None and wire.source_external_id and str(item.note.get("stamped") or "") != item.destination_id:
        ledger.owe(
            wire.entity, wire.source, link, STAMP, f"stamp:{wire.destination}",
            object_=wire.source_object, property_=wire.source_external_id,
        )  # fmt: skip
    if item.left:
        record_leaving(wire, ledger, item, link, ids)
        return
    if item.note.get("deleted"):
        _record_deletion(delivery, ledger, item, link, ids)
        return
    if item.agreed.get(DELETED, Agreed()).source not in {UNKNOWN, None}:
        ledger.record_agreed(link, {DELETED: {wire.source: None}}, between=wire.pair)
    if item.returned:
        record_return(wire, ledger, item, link, ids)
    _record_fields(delivery, ledger, item, link, ids)
    _record_violations(delivery, ledger, item, link, ids)
    settled = not item.helds and not item.plan.violations and (item.then_done or not wire.then)
    if settled and item.digest:
        ledger.record_seen(wire.entity, wire.source, {item.source_id: item.digest})


def _record_link(delivery: Delivery, ledger: Writing, item: Item, ids: dict[str, str], new: str | None) -> str:
    """The new link, or the one whose record is made again on purpose; its event keeps what the destination holds then."""
    wire = delivery.wire
    if item.lost is None:
        link = new or ledger.record_link(wire.entity, ids)
    else:
        by = next((row.answered_by for row in item.answers), None)
        ledger.unlink(item.lost.link, wire.destination, by=by, why="made again")
        link = ledger.record_link(wire.entity, ids, item.lost.link)
    kind = "created" if item.created else "linked"
    ledger.event(
        Event(kind, wire.entity, link, ids, None, wire.destination, None, snapshot(wire, item), None, item.said or None)
    )
    return link


def snapshot(wire: Wire, item: Item) -> dict[str, Any]:
    """Field → what the destination held of it when the two were linked, or was created with."""
    if item.created:
        writes = item.plan.writes
        return {rule.field: writes[rule.name].value for rule in wire.sent if rule.name in writes}
    there = item.current.values if item.current else {}
    return {rule.field: there[rule.name] for rule in (*wire.sent, *wire.observed) if rule.name in there}


def _record_deletion(delivery: Delivery, ledger: Writing, item: Item, link: str, ids: dict[str, str]) -> None:
    wire = delivery.wire
    if item.outcome == "unchanged" or item.helds:
        return
    ledger.event(Event("deleted", wire.entity, link, ids, system=wire.source, why=item.reason or wire.deleted))
    ledger.record_agreed(link, {DELETED: {wire.source: wire.deleted or True}}, between=wire.pair)
    parent = item.agreed.get(PARENT)
    if parent is not None and parent.destination is not UNKNOWN:
        delivery.parents.add(str(parent.destination))


def _record_fields(delivery: Delivery, ledger: Writing, item: Item, link: str, ids: dict[str, str]) -> None:
    wire, plan, values, told = delivery.wire, item.plan, item.values, item.native
    source, destination = wire.pair
    agreed: dict[str, dict[str, Any]] = {}
    aside = {held.field for held in item.helds}
    paired = (item.created and item.delivered) or (wire.once and _is_first_met(wire, item))
    written = []
    for rule in wire.sent if paired else _touched(wire, plan):
        name, field = rule.name, rule.field
        write, agree = plan.writes.get(name), plan.agrees.get(name)
        if write is not None and item.delivered:
            agreed[field] = {source: told.get(field, values.get(name)), destination: write.value}
            written.append(field)
            if not item.created:
                _tell(ledger, item, rule, write, link, ids, wire)
        elif agree is not None:
            agreed[field] = {source: told.get(field, values.get(name)), destination: agree.destination}
            _tell_agreed(ledger, item, rule, agree.destination, link, ids, wire)
        elif paired and name in values and field not in aside:
            agreed[field] = {source: told.get(field, values[name]), destination: values[name]}
    agreed |= _record_adoptions(delivery, ledger, item, link, ids)
    _tell_conflicts(delivery, ledger, item, link, ids)
    if item.then_now:
        agreed["_then"] = {wire.destination: list(wire.then)}
        ledger.event(
            Event(
                "decided", wire.entity, link, ids, None, wire.destination, _asked_at(item), list(wire.then), why="then"
            )
        )
    owe_notices(delivery, ledger, item, link)
    if wire.has_primary and wire.parent and item.values.get(wire.parent) is not None:
        agreed[RANK] = {wire.source: item.note.get("rank")}
        agreed[PARENT] = {wire.destination: str(item.values[wire.parent])}
        delivery.parents.add(str(item.values[wire.parent]))
    known = agreed | _yielded(delivery, ledger, item, link, ids)
    ledger.record_agreed(link, known, between=wire.pair)
    if item.after is not None:
        before = {field: one.destination for field, one in item.agreed.items() if one.destination is not UNKNOWN}
        now = {field: sides[destination] for field, sides in known.items() if destination in sides}
        remember_as_of(delivery, ledger, item, before | now)
    tell_thirds(delivery, ledger, link, agreed)
    _release_there(delivery, ledger, ids[wire.destination], agreed)
    if written:
        ledger.settle_fields(link, wire.destination, written)


def _asked_at(item: Item) -> str | None:
    """When the source last changed the record that became a document now, for who asks how long that took (UTC).

    None for one that was there as it should be, and for one that waited for the word of another record, whose time is not known here.
    """
    modified = item.times().source_modified
    return modified.isoformat() if modified and not item.awaits and (item.created or item.then_changed) else None


def _is_first_met(wire: Wire, item: Item) -> bool:
    """Was its pair found in this run, or linked by the other direction, which knows nothing of what this one sends?"""
    return item.paired or (item.link is not None and not any(rule.field in item.agreed for rule in wire.sent))


def _touched(wire: Wire, plan: RecordPlan) -> list[FieldRule]:
    return [rule for rule in wire.sent if rule.name in plan.writes or rule.name in plan.agrees]


def _tell_conflicts(delivery: Delivery, ledger: Writing, item: Item, link: str, ids: dict[str, str]) -> None:
    wire = delivery.wire
    for rule in wire.sent if item.plan.conflicts else ():
        conflict = item.plan.conflicts.get(rule.name)
        if conflict is None or not _is_new_question(delivery, item, "conflict", rule.field):
            continue
        ledger.event(
            Event("conflict", wire.entity, link, ids, rule.field, None, conflict.destination, conflict.source, rule.where, conflict.why)
        )  # fmt: skip


def _is_new_question(delivery: Delivery, item: Item, kind: str, field: str) -> bool:
    """Is it not asked already, about the same two values? History tells a question once, however often its record is read."""
    wire = delivery.wire
    if item.source_id not in delivery.known_held:
        return True
    place = (wire.entity, wire.source, wire.destination, item.source_id, field)
    known = delivery.ledger.held_conflict(*place, kind=kind)
    sides = next((held.values for held in item.helds if (held.kind, held.field) == (kind, field)), None) or {}
    now = {name: side["value"] for name, side in sides.items() if name != "base"}
    return known is None or known != from_json(to_json(now))


def _yielded(
    delivery: Delivery, ledger: Writing, item: Item, link: str, ids: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """What the source edited in conflicts that were decided for the destination counts as known."""
    wire, found = delivery.wire, {}
    for rule in wire.sent if item.plan.yields else ():
        if (known := item.plan.yields.get(rule.name)) is not None:
            native = item.native.get(rule.field, item.values.get(rule.name))
            found[rule.field] = {wire.source: native, wire.destination: known.destination}
            tell_yielded(delivery, ledger, item, rule, link, ids)
    return found


def _record_adoptions(
    delivery: Delivery, ledger: Writing, item: Item, link: str, ids: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """Edits the owner took over, or holds already: what both agree on now, and nothing is owed for them any more."""
    wire = delivery.wire
    agreed = {}
    for rule in wire.observed:
        adopted, agree = item.plan.adopts.get(rule.name), item.plan.agrees.get(rule.name)
        seen = item.observed.get(rule.field)
        if adopted is not None and item.delivered:
            agreed[rule.field] = {wire.source: seen, wire.destination: adopted.value}
            ledger.event(
                Event(
                    "adopted", wire.entity, link, ids, rule.field, wire.destination, adopted.overrules, adopted.value,
                    rule.where, f"edited in {wire.source}", editor=item.note.get("editor"),
                )
            )  # fmt: skip
        elif agree is not None:
            agreed[rule.field] = {wire.source: seen, wire.destination: agree.destination}
            _tell_agreed(ledger, item, rule, agree.destination, link, ids, wire)
    if agreed:
        for system in (wire.source, wire.destination):
            ledger.settle_fields(link, system, list(agreed))
    return agreed


def _release_there(delivery: Delivery, ledger: Writing, record: str, fields: Iterable[str]) -> None:
    """What both sides agree on now is no conflict of the other direction either."""
    wire = delivery.wire
    if record in delivery.held_there:
        kinds = ("conflict", "violation")
        ledger.release(wire.entity, wire.destination, wire.source, [record], kinds=kinds, fields=fields)


def _tell_agreed(  # noqa: PLR0917 - one place
    ledger: Writing, item: Item, rule: FieldRule, value: Any, link: str, ids: dict[str, str], wire: Wire
) -> None:
    """Both sides came to hold the same by themselves: what the destination holds now, so that history knows."""
    base = item.agreed.get(rule.field, Agreed())
    if item.link is None or base.destination is UNKNOWN or same(base.destination, value, rule.form):
        return
    ledger.event(
        Event(
            "agreed", wire.entity, link, ids, rule.field, wire.destination, base.destination, value, rule.where,
            "both hold the same", editor=item.note.get("editor"),
        )
    )  # fmt: skip


def _tell(  # noqa: PLR0917 - one place, called once
    ledger: Writing, item: Item, rule: Any, write: Any, link: str, ids: dict[str, str], wire: Any
) -> None:
    before, editor = item.current.values.get(rule.name) if item.current else None, item.note.get("editor")
    ledger.event(
        Event("updated", wire.entity, link, ids, rule.field, wire.destination, before, write.value, rule.where, write.why, editor=editor)
    )  # fmt: skip
    if write.overrules is UNKNOWN:
        return
    base, row = item.agreed.get(rule.field), row_of(item, "conflict", rule.field)
    kind = "violation" if rule.owner == wire.source else "decided"
    was = base.destination if base and base.destination is not UNKNOWN else None
    decided = row if row and write.why.startswith("decided: ") else None
    ledger.event(
        Event(
            kind, wire.entity, link, ids, rule.field, wire.destination, was, write.overrules, rule.where,
            decided.answer if decided else "overwritten", editor=decided.answered_by if decided else _editor_there(item),
        )
    )  # fmt: skip


def _editor_there(item: Item) -> str | None:
    """Who changed the destination's record last, where it tells."""
    return item.current.editor if item.current else None


def _ask_the_owner_again(ledger: Writing, item: Item, wire: Wire, link: str, field: str) -> None:
    """Where values are kept hashed nobody can put an edit back but its owner: what it held counts as not known, until it is read again."""
    if isinstance(item.agreed.get(field, Agreed()).destination, Fingerprint):
        ledger.record_agreed(link, {field: {wire.destination: UNKNOWN}}, between=wire.pair)


def _record_violations(delivery: Delivery, ledger: Writing, item: Item, link: str, ids: dict[str, str]) -> None:
    wire = delivery.wire
    for violation in item.plan.violations:
        rule = rule_of(wire.observed, violation.field)
        if violation.answer == "revert":
            news = ledger.owe(wire.entity, wire.source, link, violation.field, "revert")
            _ask_the_owner_again(ledger, item, wire, link, violation.field)
        else:
            news = _is_new_question(delivery, item, "violation", violation.field)
        if news:
            ledger.event(
                Event(
                    "violation", wire.entity, link, ids, violation.field, wire.source, violation.before, violation.after,
                    rule.where if rule else None, violation.answer, editor=item.note.get("editor"),
                )
            )  # fmt: skip
