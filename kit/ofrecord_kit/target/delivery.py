"""One batch of one entity: find, decide, act, record. See docs/architecture.md, "What a target does with a record"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ofrecord_kit.ledger import Held, Ledger
from ofrecord_kit.plan import UNKNOWN, Agreed, match_form, same, source_has_changed
from ofrecord_kit.plan.records import plan_adoptions, plan_create, plan_update, violations_of
from ofrecord_kit.target.clocks import times_of, values_of
from ofrecord_kit.target.destination import Change, Destination, Done, Missing, New, Refused, Stale
from ofrecord_kit.target.items import Item, digest_of, item_of
from ofrecord_kit.target.leaving import (
    DELETED,
    follow_deletions,
    follow_leaving,
    has_gone,
    is_answered_deletion,
    welcome_back,
)
from ofrecord_kit.target.lines import with_lines
from ofrecord_kit.target.matching import match_value, pair, refuse_the_counterpart_of_another
from ofrecord_kit.target.once import THEN, finish_once
from ofrecord_kit.target.origins import origins_of
from ofrecord_kit.target.parts import in_parts
from ofrecord_kit.target.recording import LOUD, PARENT, record_batch
from ofrecord_kit.target.references import Unresolved, resolve
from ofrecord_kit.target.sending import send_changes
from ofrecord_kit.target.spreading import deliver_spread
from ofrecord_kit.target.wholes import deliver_parts
from ofrecord_kit.target.wire import Wire

_ROUNDS = 3


class Delivery:
    """Delivers batches of one entity in one direction. `now` tells the time (UTC)."""

    def __init__(
        self, wire: Wire, destination: Destination, ledger: Ledger, now: Callable[[], datetime], *, dry: bool = False
    ) -> None:
        self.wire = wire
        self.destination = with_lines(in_parts(destination, (*wire.sent, *wire.observed)), wire.sent)
        self.ledger = ledger
        self.now = now
        self.dry = dry
        self.parents: set[str] = set()
        self.refused = 0
        self.known_held = {
            held.source_id
            for state in ("open", "waiting")
            for held in ledger.held(entity=wire.entity, source=wire.source, state=state)
        }
        self.held_there = {held.source_id for held in ledger.held(entity=wire.entity, source=wire.destination)}

    def deliver(self, records: Sequence[Mapping[str, Any]], *, again: bool = False) -> list[Item]:
        """Bring these records to their outcome; one item per record, in order.

        `again`: they were held before, so the digest of what was last delivered does not excuse them.
        """
        items = [item_of(record, self.wire) for record in records]
        latest = {item.source_id: item for item in items}
        for item in items:
            if latest[item.source_id] is not item:
                item.outcome, item.reason = "unchanged", "superseded by a later record of the same batch"
            elif item.note.get("filtered"):
                item.outcome, item.reason = "filtered", str(item.note["filtered"])
            elif item.note.get("stopped"):
                stop = item.note["stopped"]
                self.set_aside(item, "stopped", str(stop["name"]), rule=stop.get("rule"))
        filtered = [item for item in items if item.outcome == "filtered"]
        open_ = [item for item in items if item.outcome is None]
        if self.ledger.paused(self.wire.entity, self.wire.destination):
            for item in (*open_, *self._linked(filtered)):
                self.set_aside(item, "paused", "the entity is paused")
        elif self.wire.combine or self.wire.spread:
            self._rewrite([*open_, *filtered])
        elif not self.wire.partial:  # a job of some fields says nothing about records that leave
            follow_leaving(self, filtered)
        self._find_links([item for item in open_ if item.outcome is None], again=again)
        open_ = [item for item in open_ if item.outcome is None]
        follow_deletions(self, [item for item in open_ if item.outcome is None and item.note.get("deleted")])
        open_ = [item for item in open_ if item.outcome is None]
        self._set_invalid_fields_aside(open_)
        self._resolve(open_)
        self._decide_unchanged([item for item in open_ if item.outcome is None])
        pair(self, [item for item in open_ if item.outcome is None and item.destination_id is None])
        self._update([item for item in open_ if item.outcome is None and item.destination_id is not None])
        self._create([item for item in open_ if item.outcome is None])
        finish_once(self, [item for item in open_ if item.destination_id is not None])
        self.refused += sum(any(held.kind in LOUD for held in item.helds) for item in items)
        if not self.dry:
            record_batch(self, items)
        return items

    def _linked(self, filtered: Sequence[Item]) -> list[Item]:
        """Of records that are left out those that are known, so that leaving has consequences."""
        wire, ids = self.wire, [item.source_id for item in filtered]
        if wire.partial:
            return []
        known: Any = {}
        if wire.combine:
            known = self.ledger.wholes_of(wire.entity, wire.destination, ids)
        elif wire.leaving is not None:
            links = self.ledger.links_of(wire.entity, wire.source, wire.destination, ids)
            agreed = self.ledger.agreed_of([link.link for link in links.values()], wire.source, wire.destination)
            known = {one for one, link in links.items() if not has_gone(agreed.get(link.link, {}))}
        return [item for item in filtered if item.source_id in known]

    def _rewrite(self, items: Sequence[Item]) -> None:
        """Entities whose records are not linked themselves."""
        if self.wire.combine:
            deliver_parts(self, items)
        else:
            self._resolve([item for item in items if item.outcome is None])
            deliver_spread(self, [item for item in items if item.outcome != "held"])

    def set_aside(
        self, item: Item, kind: str, message: str, *, code: str | None = None, field: str = "", rule: str | None = None
    ) -> None:
        """Hold a record, or one field of it, with its reason."""
        waits = kind in {"refused", "reference", "failed", "paused", "check"} and not self.wire.partial
        if self.wire.partial:  # it comes again by itself, and speaks for its own fields only
            field = field or ", ".join(sorted(rule.field for rule in self.wire.sent))
        item.helds.append(
            Held(
                self.wire.entity, self.wire.source, self.wire.destination, item.source_id, kind, message, code,
                field, item.note.get("label"), rule, item.record if waits else None,
            )
        )  # fmt: skip
        item.outcome = "failed" if kind == "failed" else "held"

    def _find_links(self, items: Sequence[Item], *, again: bool) -> None:
        wire = self.wire
        links = self.ledger.links_of(wire.entity, wire.source, wire.destination, [item.source_id for item in items])
        for item in items:
            item.digest = digest_of(item, wire)
            item.link = links.get(item.source_id)
            if item.link is None:
                continue
            item.destination_id = item.link.destination_id
            if item.link.seen == item.digest and not again and item.source_id not in self.known_held:
                item.outcome = "unchanged"

    def _set_invalid_fields_aside(self, items: Sequence[Item]) -> None:
        for item in items:
            for name, why in (item.note.get("invalid") or {}).items():
                rule = next((rule for rule in self.wire.sent if rule.field == name), None)
                self.set_aside(item, "invalid", str(why), field=name, rule=rule.where if rule else None)
            if item.helds and item.destination_id is not None:
                item.outcome = None

    def _resolve(self, items: Sequence[Item]) -> None:
        for item, missing in resolve(self.wire, self.ledger, self.destination, items):
            match missing:
                case Unresolved(field, message, rule):
                    self.set_aside(item, "reference", message, field="", rule=rule, code=field)

    def _decide_unchanged(self, items: Sequence[Item]) -> None:
        """What differs from nothing that was agreed costs no call."""
        wire = self.wire
        linked = [item for item in items if item.link is not None]
        agreed = self.ledger.agreed_of([item.link.link for item in linked if item.link], wire.source, wire.destination)
        rules = wire.writable(linked=True)
        for item in linked:
            item.agreed = agreed.get(item.link.link, {}) if item.link else {}
            item.then_done = THEN in item.agreed
            if is_answered_deletion(item.agreed.get(DELETED, Agreed()).destination):
                item.outcome, item.reason = "filtered", f"deleted in {wire.destination}"
                continue
            welcome_back(self, item)
            self._keep_with_parent(item)
            violations = violations_of(wire.observed, item.observed, item.agreed)
            changed = source_has_changed(rules, item.values, item.native, item.agreed)
            if not changed and not violations and not item.helds and (item.then_done or not wire.then):
                item.outcome = item.at_rest
            elif not changed:
                item.plan = plan_update((), wire.source, {}, {}, {}, {}, item.times(), violations=violations)
                self._hold_violations(item)

    def _keep_with_parent(self, item: Item) -> None:
        """A child cannot change its parent there: that is for a person, the other fields go on."""
        wire = self.wire
        there = item.agreed.get(PARENT, Agreed()).destination if wire.parent else UNKNOWN
        if there is UNKNOWN or wire.parent not in item.values or str(item.values[wire.parent]) == str(there):
            return
        del item.values[wire.parent]
        rule = next(rule for rule in wire.sent if rule.name == wire.parent)
        message = f"it moved to another {rule.ref or rule.field}; {wire.destination} cannot move it from {there}"
        self.set_aside(item, "moved", message, field=rule.field, rule=rule.where)
        item.outcome = None

    def _update(self, items: Sequence[Item]) -> None:
        """Read what is there, decide, write; a record that was changed meanwhile goes round again."""
        waiting = [
            item
            for item in items
            if item.paired
            or self._adoptable(item)
            or source_has_changed(self._rules(item), item.values, item.native, item.agreed)
        ]
        for item in items:
            if item not in waiting and item.outcome is None:
                item.outcome = item.at_rest
        for _round in range(_ROUNDS):
            if not waiting:
                return
            waiting = self._update_once(waiting)
        for item in waiting:
            self.set_aside(
                item, "failed", "the record kept changing while it was being written; it is tried again next run"
            )

    def _adoptable(self, item: Item) -> dict[str, Any]:
        """Edits the owner is to take over, by property. One that names a record or an entry is for a person."""
        if not item.to_adopt:
            return {}
        found = violations_of(self.wire.observed, item.observed, item.agreed)
        edited = {violation.field for violation in found if violation.answer == "adopt"}
        return {
            rule.name: item.to_adopt[rule.name]
            for rule in self.wire.observed
            if rule.field in edited and rule.name in item.to_adopt and not (rule.ref or rule.lookup or rule.lines)
        }

    def _rules(self, item: Item) -> Any:
        return self.wire.writable(linked=item.paired or item.link is not None)

    def _update_once(self, items: Sequence[Item]) -> list[Item]:  # noqa: C901 - one case per answer
        wire, destination = self.wire, self.destination
        names = [rule.name for rule in wire.sent if not wire.once or rule.after_create or rule.name == wire.check]
        names += [rule.name for rule in wire.observed if any(rule.name in self._adoptable(item) for item in items)]
        names += [wire.external_id] if wire.external_id and wire.external_id not in names else []
        for item in items:
            known = item.agreed.get(PARENT, Agreed()).destination
            place = {wire.parent: known} if wire.parent and known is not UNKNOWN else {}
            destination.note(wire.object, str(item.destination_id), {**item.values, **place})
        found = destination.read(wire.object, [str(item.destination_id) for item in items], names)
        ready: list[tuple[Item, dict[str, Any], Change]] = []
        for item in items:
            item.current = found.get(str(item.destination_id))
            if item.current is None:
                self._say_gone(item)
                continue
            if refuse_the_counterpart_of_another(self, item):
                continue
            values = self._decide(item)
            if not values:
                item.outcome = item.at_rest
            elif self.dry:
                item.outcome = "held" if item.helds else "written"
            else:
                ready.append((item, values, Change(str(item.destination_id), values, item.current)))
        results = send_changes(self, ready)
        again = []
        for (item, _values, _change), result in zip(ready, results, strict=True):
            match result:
                case Done():
                    item.outcome, item.delivered = "held" if item.helds else "written", True
                case Stale():
                    item.helds = [held for held in item.helds if held.kind != "conflict"]
                    again.append(item)
                case Missing():
                    self._say_gone(item)
                case Refused(code, message, field):
                    self.set_aside(item, "refused", message, code=code, rule=self._rule_of(field))
        return again

    def _say_gone(self, item: Item) -> None:
        there = f"{self.wire.destination} {item.destination_id}"
        message = (
            f"the linked {self.wire.object} record {there} does not exist any more; it is not made again by itself"
        )
        self.set_aside(item, "refused", message, code="GONE")

    def _decide(self, item: Item) -> dict[str, Any]:
        """Ask the plan; the values to write, the external id of a pair among them."""
        wire = self.wire
        current = item.current.values if item.current else {}
        times, queued = times_of(self, item)
        item.plan = plan_update(
            self._rules(item), wire.source, item.values, item.native, item.agreed, current, times, queued=queued,
            missing=wire.missing, skip=item.paired and wire.duplicates == "skip",
            violations=violations_of(wire.observed, item.observed, item.agreed),
            destination=wire.destination, tolerance_s=wire.tolerance_s, origins=origins_of(self, item),
        )  # fmt: skip
        item.plan = plan_adoptions(wire.observed, self._adoptable(item), item.agreed, current, item.plan)
        for name, conflict in item.plan.conflicts.items():
            rule = next(rule for rule in wire.sent if rule.name == name)
            self.set_aside(item, "conflict", conflict.why, field=rule.field, rule=rule.where)
            item.helds[-1] = replace(item.helds[-1], payload=values_of(rule, item, wire.pair))
        self._hold_violations(item)
        item.outcome = None
        values = {name: write.value for name, write in {**item.plan.writes, **item.plan.adopts}.items()}
        stamp = wire.external_id
        if item.paired and stamp and not same(current.get(stamp), item.source_id):
            values[stamp] = item.source_id
        return values

    def _hold_violations(self, item: Item) -> None:
        """`hold` waits for a person, and so does an edit to adopt whose value is not on the wire."""
        adoptable = self._adoptable(item)
        for violation in item.plan.violations:
            rule = next((rule for rule in self.wire.observed if rule.field == violation.field), None)
            known = any(held.field == violation.field for held in item.helds)
            if violation.answer == "revert" or known or (rule and rule.name in adoptable):
                continue
            why = f"{self.wire.source} edited a field it does not own ({violation.answer})"
            self.set_aside(item, "violation", why, field=violation.field, rule=rule.where if rule else None)

    def _rule_of(self, field: str | None) -> str | None:
        return next((rule.where for rule in self.wire.sent if rule.name == field), None)

    def _create(self, items: Sequence[Item]) -> None:
        wire = self.wire
        for item in items:
            if not wire.create:
                item.outcome, item.reason = "filtered", "no counterpart"
            else:
                item.plan = plan_create(wire.sent, item.values)
                item.created = True
                if self.dry:
                    item.outcome = "written"
        self._set_namesakes_aside([item for item in items if item.outcome is None])
        ready = [item for item in items if item.outcome is None]
        if not ready:
            return
        begun = self.ledger.intended(wire.entity, wire.destination, [item.source_id for item in ready])
        with self.ledger.writing(self.now()) as ledger:
            ledger.intend(wire.entity, wire.destination, [item.source_id for item in ready])
        for start in range(0, len(ready), self.destination.batch_size):
            self._create_some(ready[start : start + self.destination.batch_size], begun)

    def _set_namesakes_aside(self, items: Sequence[Item]) -> None:
        """Several new records of one batch that share a match field are not made into several: the first one is."""
        wire = self.wire
        if wire.duplicates == "clone" or wire.parent:
            return
        for field, form in wire.match:
            first: dict[Any, Item] = {}
            for item in items:
                key = match_form(match_value(item, field), form)
                if key is not None and first.setdefault(key, item) is not item and item.outcome is None:
                    message = f"shares {field} with {wire.source} {first[key].source_id}, which is created there"
                    self.set_aside(item, "duplicate", message, code="DUPLICATE")

    def _create_some(self, items: Sequence[Item], begun: set[str]) -> None:
        wire = self.wire
        status = {rule.name for rule in wire.sent if rule.status}
        news = []
        for item in items:
            values = {name: write.value for name, write in item.plan.writes.items() if name not in status}
            if wire.external_id:
                values[wire.external_id] = item.source_id
            external = (wire.external_id, item.source_id) if wire.external_id else None
            match = tuple((name, values.get(name)) for name, _form in wire.match)
            news.append(New(values, external, item.source_id in begun, match))
        for item, result in zip(items, self.destination.create(wire.object, news), strict=True):
            match result:
                case Done(identity):
                    item.destination_id, item.delivered = identity, True
                    item.outcome = "held" if item.helds else "written"
                    for name in status & item.plan.writes.keys():
                        self.act(item, str(item.plan.writes[name].value))
                case Refused(code, message, field):
                    self.set_aside(item, "refused", message, code=code, rule=self._rule_of(field))
                case Stale() | Missing():
                    self.set_aside(item, "failed", "the vendor's answer to the creation cannot be used")

    def act(self, item: Item, action: str) -> Done | None:
        """Take a status action; new records are active already. None: refused, and the record is set aside."""
        if item.created and action == "active":
            return Done(str(item.destination_id), changed=False)
        result = self.destination.act(self.wire.object, str(item.destination_id), action)
        if isinstance(result, Refused):
            self.set_aside(item, "refused", result.message, code=result.code)
        return result if isinstance(result, Done) else None
