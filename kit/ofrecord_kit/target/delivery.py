"""One batch of one entity: decide, then carry out. See docs/architecture.md, "Writing that never harms"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ofrecord_kit.errors import Retry, Stop
from ofrecord_kit.ledger import Held, Ledger
from ofrecord_kit.plan.facts import Glance
from ofrecord_kit.target.carrying import create_records, take_actions, update_records
from ofrecord_kit.target.deciding import Found, decide_items
from ofrecord_kit.target.destination import Destination, Done, Refused
from ofrecord_kit.target.following import let_wait, record_grants, record_waiting
from ofrecord_kit.target.incoming import Digests
from ofrecord_kit.target.items import SUPERSEDED, Item, items_of
from ofrecord_kit.target.leaving import has_gone
from ofrecord_kit.target.lines import with_lines
from ofrecord_kit.target.once import finish_once
from ofrecord_kit.target.origins import ranked_rules
from ofrecord_kit.target.parts import in_parts
from ofrecord_kit.target.recording import LOUD, record_batch
from ofrecord_kit.target.references import Unresolved, resolve
from ofrecord_kit.target.related import with_related
from ofrecord_kit.target.siblings import siblings_gone
from ofrecord_kit.target.spreading import deliver_spread
from ofrecord_kit.target.still import way_of
from ofrecord_kit.target.thirds import thirds_of
from ofrecord_kit.target.wholes import deliver_parts
from ofrecord_kit.target.wire import Wire

if TYPE_CHECKING:
    from ofrecord_kit.target.nearness import Nearness


class Delivery:
    """Delivers batches of one entity in one direction. `now` tells the time (UTC).

    `decide` writes nothing, neither to a system nor to the ledger; `carry_out` does. What is decided and still to be done
    is `pending`; whoever puts time between the two keeps the record and what was found (`Found`) and decides again.
    `about` is what else a record that is unchanged has in common with the one delivered before: its SCHEMA.
    """

    def __init__(
        self,
        wire: Wire,
        destination: Destination,
        ledger: Ledger,
        now: Callable[[], datetime],
        *,
        dry: bool = False,
        rebuild: bool = False,
        about: bytes = b"",
    ) -> None:
        self.wire = wire
        self.glance: Glance | None = None
        self.ranked = ranked_rules(wire)
        self.latest = tuple(rule for rule in wire.sent if rule.policy == "latest")
        self.digests = Digests(wire, about, ledger.secret)
        self.destination = with_lines(
            in_parts(with_related(destination, wire.sent), (*wire.sent, *wire.observed)), wire.sent
        )
        self.ledger = ledger
        self.now = now
        self.dry = dry
        self.rebuild = rebuild
        self.parents: set[str] = set()
        self.claims: dict[str, Item] = {}
        self.thirds = thirds_of(wire, ledger)
        self.way = way_of(wire)
        self.refused = 0
        self.done_before_end: list[Item] = []
        """After `carry_out` was ended by an error that ends the run: the items that have their outcome, and are recorded."""
        self.known_held = ledger.held_ids(wire.entity, wire.source)
        self.held_there = ledger.held_ids(wire.entity, wire.destination)

    @cached_property
    def begun(self) -> Mapping[str, Any]:
        """Changes that a run before this one began and never recorded."""
        return self.ledger.begun(self.wire.entity, self.wire.destination)

    @cached_property
    def nearness(self) -> Nearness:
        """Loaded with its libraries when names are compared: most runs create nothing that goes by one."""
        from ofrecord_kit.target.nearness import Nearness  # noqa: PLC0415

        return Nearness(self)

    def deliver(self, records: Sequence[Mapping[str, Any]], *, again: bool = False) -> list[Item]:
        """Bring these records to their outcome; one item per record, in order.

        `again`: they were held before, so the digest of what was last delivered does not excuse them.
        """
        return self.carry_out(self.decide(records, again=again))

    def decide(
        self, records: Sequence[Mapping[str, Any]], *, again: bool = False, found: Mapping[str, Found] | None = None,
        digests: Sequence[str | None] | None = None,
    ) -> list[Item]:  # fmt: skip
        """What is to be done about each record; those with something to do are `pending`, the others have their outcome.

        `found`: by source id, what was found about the record when it was decided first; it is not read again. `digests`:
        of each record, as far as it was made already.
        """
        items = items_of(records, self.wire, digests)
        self._leave_out(items, again=again)
        filtered = [item for item in items if item.outcome == "filtered"]
        open_ = [item for item in items if item.outcome is None]
        if self.ledger.paused(self.wire.entity, self.wire.destination):
            for item in (*open_, *self._linked(filtered)):
                self.set_aside(item, "paused", "the entity is paused")
        elif self.rewrites:
            for item in (*open_, *(self._linked(filtered) if self.wire.combine else filtered)):
                item.pending = True
        else:
            decide_items(self, open_, filtered, again=again, found=found or {})
        return items

    def _leave_out(self, items: Sequence[Item], *, again: bool) -> None:
        """Records that came again, those the rules leave out, that wait for another one's word, or that are stopped."""
        latest = {item.source_id: item for item in items}
        for item in items:
            if latest[item.source_id] is not item:
                item.outcome, item.reason = "unchanged", SUPERSEDED
            elif item.note.get("filtered"):
                item.outcome, item.reason = "filtered", str(item.note["filtered"])
        if self.wire.waits_for:
            let_wait(self, items, again=again)
        for item in items:
            if item.outcome is None and (stop := item.note.get("stopped")):
                self.set_aside(item, "stopped", str(stop["name"]), rule=stop.get("rule"))

    def carry_out(self, items: Sequence[Item]) -> list[Item]:
        """Send what is pending and record all of it; a dry delivery says what would have been written.

        What was sent before an error that ends the run is recorded, too, before that is raised: see `done_before_end`.
        """
        pending = [item for item in items if item.pending]
        if self.rewrites:
            self._rewrite(pending)
        elif self.dry:
            for item in pending:
                item.outcome = "held" if item.is_asked else "written"
        elif pending:
            try:
                self._send(pending)
            except (Stop, Retry):
                self.done_before_end = self.settle([item for item in items if item.outcome is not None])
                raise
        for item in pending:
            item.pending = False
        return self.settle(items)

    def _send(self, pending: Sequence[Item]) -> None:
        take_actions(self, pending)
        update_records(self, [item for item in pending if item.outcome is None and not item.created])
        create_records(self, [item for item in pending if item.outcome is None])
        finish_once(self, [item for item in pending if item.destination_id is not None])

    def settle(self, items: Sequence[Item]) -> list[Item]:
        """Record items that have their outcome."""
        self.refused += sum(any(held.kind in LOUD for held in item.helds) for item in items if item.helds)
        if not self.dry:
            record_batch(self, items)
            record_waiting(self, items)
            record_grants(self, items)
        return list(items)

    @property
    def rewrites(self) -> bool:
        """Are its records parts of others, without a link of their own?"""
        return bool(self.wire.combine or self.wire.spread)

    def _linked(self, filtered: Sequence[Item]) -> list[Item]:
        """Of records that are left out those that are known, so that leaving has consequences."""
        wire, ids = self.wire, [item.source_id for item in filtered]
        if wire.partial:
            return []
        known: Any = {}
        if wire.combine:
            known = {
                *self.ledger.wholes_of(wire.entity, wire.destination, ids),
                *(one.item.source_id for one in siblings_gone(self, filtered)),
            }
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
            self.resolve([item for item in items if item.outcome is None])
            deliver_spread(self, [item for item in items if item.outcome != "held"])

    def resolve(self, items: Sequence[Item]) -> None:
        """Ids and names of the source become those of the destination; what cannot is set aside."""
        for item, missing in resolve(self.wire, self.ledger, self.destination, items):
            if missing.unlinked == "hold":
                self.set_aside(item, "reference", missing.message, field="", rule=missing.rule, code=missing.name)
            else:
                self.let_wait(item, missing)

    def let_wait(self, item: Item, missing: Unresolved) -> None:
        """What waits for another record is tried again by every run: the record, or one field of it while the others go on."""
        whole = missing.unlinked == "wait"
        if whole:
            item.outcome, item.reason = "filtered", missing.message
        if not self.wire.partial:  # it comes again by itself
            item.helds.append(
                Held(
                    self.wire.entity, self.wire.source, self.wire.destination, item.source_id, "reference", missing.message,
                    missing.name, "" if whole else missing.field, item.note.get("label"), missing.rule, item.record,
                    state="waiting",
                )
            )  # fmt: skip

    def set_aside(
        self, item: Item, kind: str, message: str, *, code: str | None = None, field: str = "", rule: str | None = None,
        fix: str | None = None, request: str | None = None,
    ) -> None:  # fmt: skip
        """Hold a record, or one field of it, with its reason, a remedy and the vendor's id of the request."""
        if self.wire.partial:  # it comes again by itself, and speaks for its own fields only
            field = field or ", ".join(sorted(rule.field for rule in self.wire.sent))
        item.helds.append(
            Held(
                self.wire.entity, self.wire.source, self.wire.destination, item.source_id, kind, message, code,
                field, item.note.get("label"), rule, None if self.wire.partial else item.record,
                fix=fix, request=request,
            )
        )  # fmt: skip
        item.outcome = "failed" if kind == "failed" else "held"

    def refuse(self, item: Item, refused: Refused) -> None:
        """Hold a record in the vendor's words, which may name one of its fields."""
        field = next((rule.field for rule in self.wire.sent if rule.name == refused.field), "")
        self.set_aside(
            item, "refused", refused.message, code=refused.code, field=field, rule=self.rule_of(refused.field),
            fix=refused.fix, request=refused.request,
        )  # fmt: skip

    def rules_of(self, item: Item) -> Any:
        """The rules that may write to this record."""
        if self.wire.amend is not None and item.paired:  # it was there already, and is left as it is
            return ()
        return self.wire.writable(linked=item.paired or item.link is not None)

    def rule_of(self, field: str | None) -> str | None:
        """Where the rules name the field the vendor complains of."""
        return next((rule.where for rule in self.wire.sent if rule.name == field), None)

    def act(self, item: Item, action: str) -> Done | None:
        """Take a status action; new records are active already. None: refused, and the record is set aside."""
        if item.created and action == "active":
            return Done(str(item.destination_id), changed=False)
        result = self.destination.act(self.wire.object, str(item.destination_id), action)
        if isinstance(result, Refused):
            self.refuse(item, result)
        return result if isinstance(result, Done) else None
