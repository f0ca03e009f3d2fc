"""What a person said about what is held, carried out once. See "Held rows and answers" in docs/architecture.md.

An answer is about the values there were when it was given. If one of them has changed since, it is void: the question is
asked anew, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ofrecord_kit.ledger import Due, Event, Held, Writing
from ofrecord_kit.plan import UNKNOWN, Agreed, FieldRule, Violation
from ofrecord_kit.plan.answers import GONE, Answer, answered_violation, has_moved_on, read_answer
from ofrecord_kit.plan.records import violations_of
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.lost import hear_of_the_lost, record_letting_go
from ofrecord_kit.target.wire import Wire, rule_of

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery

PLANS = "limits"
"""Kind of a held row that is about a plan and no record; its answer is the guard's."""


def to_try_again(due: Sequence[Due]) -> list[Mapping[str, Any]]:
    """The records of held rows that are due, each once. Of those nothing was kept of, the answer waits until they come."""
    found = {one.source_id: one.payload for one in due if one.kind != PLANS and isinstance(one.payload, Mapping)}
    return list(found.values())


def end_pauses(delivery: Delivery) -> None:
    """What a way that carries some fields only set aside for a pause is over with the pause: the whole way brings the record."""
    wire, ledger = delivery.wire, delivery.ledger
    if delivery.dry or not delivery.known_held or ledger.paused(wire.entity, wire.destination):
        return
    over: dict[str, list[str]] = {}
    for row in ledger.held(entity=wire.entity, source=wire.source):
        if row.kind == "paused" and row.payload is None and row.destination == wire.destination:
            over.setdefault(row.field, []).append(row.source_id)
    if over:
        with ledger.writing(delivery.now()) as writing:
            for field, ids in over.items():
                writing.release(wire.entity, wire.source, wire.destination, ids, kinds=["paused"], fields=[field])


def hear(delivery: Delivery, items: Sequence[Item]) -> None:
    """Give each item what was said about it, and what follows for finding its counterpart. Items have their links.

    A way that carries some fields only hears answers about these; the others wait for the whole way.
    """
    wire, ledger = delivery.wire, delivery.ledger
    ids = [item.source_id for item in items if item.source_id in delivery.known_held]
    here = ledger.answers_of(wire.entity, wire.source, wire.destination, ids) if ids else {}
    others = [str(item.destination_id) for item in items if item.destination_id in delivery.held_there]
    there = ledger.answers_of(wire.entity, wire.destination, wire.source, others) if others else {}
    if not here and not there:
        return
    for item in items:
        mirrored = [row for row in there.get(str(item.destination_id), ()) if row.kind == "conflict" and row.answer]
        item.answers = [row for row in (*here.get(item.source_id, ()), *mirrored) if _concerns(wire, row)]
        if item.outcome == "unchanged" and any(row in item.answers for row in mirrored):
            item.outcome = None
        for row in item.answers:
            _correct(delivery, item, row.correction)
        if item.outcome is None:
            _about_the_whole(delivery, item)


def _concerns(wire: Wire, row: Held) -> bool:
    if not wire.partial:
        return True
    mine = sorted(rule.field for rule in wire.sent)
    return row.field in {*mine, ", ".join(mine)}


def _correct(delivery: Delivery, item: Item, correction: Mapping[str, Any] | None) -> None:
    """A corrected value goes in place of what came; the source's own value stays what is agreed on."""
    if not correction:
        return
    rules = {rule.name: rule for rule in delivery.wire.sent}
    mine = {name: value for name, value in correction.items() if name in rules}
    item.values.update(mine)
    invalid = item.note.get("invalid") or {}
    left = {name: why for name, why in invalid.items() if name not in {rules[one].field for one in mine}}
    if left != invalid:
        item.note = {**item.note, "invalid": left}


def _about_the_whole(delivery: Delivery, item: Item) -> None:
    for row in item.answers:
        match read_answer(row.answer or ""):
            case Answer("create") if row.code == GONE and item.link is not None:
                _make_again(delivery, item)
            case Answer("unlink") if row.code == GONE and item.link is not None:
                item.lost, item.link, item.destination_id = item.link, None, None
                item.outcome, item.reason = "filtered", "no counterpart any more, as a person decided"
            case Answer() as answer if row.code == GONE and item.link is None:
                hear_of_the_lost(delivery, item, answer)
            case Answer("new") if row.kind == "duplicate":
                item.anew = True


def _make_again(delivery: Delivery, item: Item) -> None:
    wire = delivery.wire
    if wire.create:
        item.lost, item.link, item.destination_id, item.anew = item.link, None, None, True
    else:
        message = f"{wire.destination} {item.destination_id} cannot be made again: the rules let no {wire.source} record create one"
        delivery.set_aside(item, "refused", message, code=GONE)


def take_the_named(delivery: Delivery, items: Sequence[Item]) -> None:
    """Pair records with those a person said they are the same as, if these exist and belong to nobody else."""
    named = {item.source_id: one for item in items if (one := _named(item)) is not None}
    if not named:
        return
    wire = delivery.wire
    taken = delivery.ledger.links_of(wire.entity, wire.destination, wire.source, named.values())
    names = [wire.external_id] if wire.external_id else [wire.sent[0].name] if wire.sent else []
    found = delivery.destination.read(wire.object, list(dict.fromkeys(named.values())), names)
    given: dict[str, str] = {}
    for item in items:
        one = named.get(item.source_id)
        if one is None:
            continue
        owner = taken[one].destination_id if one in taken else given.setdefault(one, item.source_id)
        if one not in found:
            _ask_again(delivery, item, f"{wire.destination} {one} does not exist")
        elif owner != item.source_id:
            _ask_again(delivery, item, f"{wire.destination} {one} is linked with {wire.source} {owner} already")
        else:
            item.destination_id, item.paired, item.said = one, True, f"same {one}"


def _named(item: Item) -> str | None:
    """The id a person named for it, where it has no counterpart yet."""
    if item.destination_id is not None or item.outcome is not None:
        return None
    answers = (read_answer(row.answer or "") for row in item.answers if row.kind == "duplicate")
    return next((answer.about for answer in answers if answer is not None and answer.word == "same"), None)


def _ask_again(delivery: Delivery, item: Item, why: str) -> None:
    row = next(row for row in item.answers if row.kind == "duplicate")
    delivery.set_aside(
        item, "duplicate", f"the answer cannot be carried out: {why}. {row.message}", code=row.code, fix=row.fix
    )


def edits_of(delivery: Delivery, item: Item) -> tuple[Violation, ...]:
    """Edits the source made to fields it does not own; those a person answered are put back or adopted."""
    wire = delivery.wire
    found = violations_of(wire.observed, item.observed, item.agreed)
    return tuple(_answered(delivery, item, one) for one in found) if item.answers else found


def _answered(delivery: Delivery, item: Item, violation: Violation) -> Violation:
    wire = delivery.wire
    row = next((row for row in item.answers if row.kind == "violation" and row.field == violation.field), None)
    answer = read_answer(row.answer or "") if row else None
    rule = rule_of(wire.observed, violation.field)
    if row is None or answer is None or rule is None or violation.answer == "revert":
        return violation
    asked = _asked(row)
    if asked and has_moved_on(rule, asked, {wire.source: violation.after}):
        return violation
    owner = wire.destination if answer.about == rule.owner else answer.about
    chosen = answered_violation(violation, replace(answer, about=owner), wire.destination, wire.source)
    return chosen or violation


def taken_of(delivery: Delivery, item: Item) -> dict[str, str]:
    """Rule field → the system whose value a person took, where both values are still those that were asked about."""
    wire, taken = delivery.wire, {}
    for row in item.answers:
        answer = read_answer(row.answer or "")
        rule = rule_of(wire.sent, row.field)
        if row.kind != "conflict" or rule is None or answer is None or answer.word != "take":
            continue
        if not has_moved_on(rule, _asked(row), _values(rule, item, wire.pair)):
            taken[row.field] = answer.about
    return taken


def _asked(row: Held) -> dict[str, Any]:
    sides = row.values if isinstance(row.values, Mapping) else {}
    return {one: side.get("value") for one, side in sides.items() if one != "base" and isinstance(side, Mapping)}


def _values(rule: FieldRule, item: Item, pair: tuple[str, str]) -> dict[str, Any]:
    """What the two systems hold of a field, each in its own representation."""
    native = item.native.get(rule.field, item.values.get(rule.name))
    return {pair[0]: native, pair[1]: item.current.values.get(rule.name) if item.current else None}


def about_conflict(delivery: Delivery, item: Item, rule: FieldRule, held: Held) -> Held:
    """A conflict with what a person needs to decide it; one whose answer is void says so."""
    wire = delivery.wire
    current = item.current
    values = _values(rule, item, wire.pair)
    void = next((row.answer for row in item.answers if row.kind == "conflict" and row.field == rule.field), None)
    message = f"{held.message}; “{void}” was about other values or names neither system" if void else held.message
    sides = {
        wire.source: _side(values[wire.source], item.note.get("modified"), item.note.get("editor")),
        wire.destination: _side(values[wire.destination], current and current.modified, current and current.editor),
        "base": _base(item.agreed.get(rule.field, Agreed()), wire.pair),
    }
    return replace(held, message=message, values=sides, fix=held.fix or _choices(wire.pair))


def about_edit(delivery: Delivery, item: Item, violation: Violation, held: Held) -> Held:
    """A held edit with what a person needs to decide it."""
    wire = delivery.wire
    agreed = item.agreed.get(violation.field, Agreed())
    owners = None if agreed.destination is UNKNOWN else agreed.destination
    sides = {
        wire.source: _side(violation.after, item.note.get("modified"), item.note.get("editor")),
        wire.destination: _side(owners, None, None),
        "base": _base(agreed, wire.pair),
    }
    return replace(held, values=sides, fix=held.fix or _choices(wire.pair))


def _side(value: Any, modified: Any, editor: Any) -> dict[str, Any]:
    return {
        "value": value,
        "modified": modified.isoformat() if isinstance(modified, datetime) else modified,
        "editor": editor,
    }


def _base(agreed: Agreed, pair: tuple[str, str]) -> dict[str, Any]:
    sides = dict(zip(pair, (agreed.source, agreed.destination), strict=True))
    return {system: None if value is UNKNOWN else value for system, value in sides.items()}


def _choices(pair: Iterable[str]) -> str:
    return "Answer " + " or ".join(f"`take {system}`" for system in sorted(pair)) + "."


def row_of(item: Item, kind: str, field: str) -> Held | None:
    """The row whose answer decided a field."""
    return next((row for row in item.answers if row.kind == kind and row.field == field and row.answer), None)


def record_answers(delivery: Delivery, ledger: Writing, item: Item) -> None:
    """Let go of questions whose answers were carried out, and tell by whom. What is asked again stays.

    Answers to conflicts are told where the value is written or yielded.
    """
    wire = delivery.wire
    asked_again = {(held.kind, held.field) for held in item.helds}
    ids = {wire.source: item.source_id} | ({wire.destination: item.destination_id} if item.destination_id else {})
    link = item.link or item.lost
    if item.lost is not None and item.outcome == "filtered":
        ledger.unlink(item.lost.link, wire.destination, by=item.answers[0].answered_by, why="unlink")
    record_letting_go(delivery, ledger, item)
    for row in item.answers:
        if row.source != wire.source or (row.kind, row.field) in asked_again or not _is_done(item):
            continue
        if row.kind != "conflict" and row.answer and row.answer not in {"retry", "drop"}:
            ledger.event(
                Event(
                    "decided", wire.entity, link.link if link else None, ids, row.field or None, wire.destination,
                    _asked(row) or None, row.answer, row.rule, row.answer, editor=row.answered_by,
                )
            )  # fmt: skip
        ledger.release(row.entity, row.source, row.destination, [row.source_id], kinds=[row.kind], fields=[row.field])


def _is_done(item: Item) -> bool:
    return item.delivered or item.outcome in {"written", "unchanged", "filtered"}


def tell_yielded(  # noqa: PLR0917 - one place
    delivery: Delivery, ledger: Writing, item: Item, rule: FieldRule, link: str, ids: dict[str, str]
) -> None:
    """A conflict was decided for the destination. The other way carries its value over; its question becomes due with the answer."""
    wire, row = delivery.wire, row_of(item, "conflict", rule.field)
    if row is None or row.answer is None:
        return
    values = _values(rule, item, wire.pair)
    ledger.event(
        Event(
            "decided", wire.entity, link, ids, rule.field, wire.source, values[wire.source], values[wire.destination],
            rule.where, row.answer, editor=row.answered_by,
        )
    )  # fmt: skip
    there = (wire.entity, wire.destination, wire.source, str(item.destination_id), rule.field)
    ledger.answer(*there, row.answer, row.answered_by)
