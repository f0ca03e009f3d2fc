"""At the end of a run: what no incoming record brings. Values are read from the agreed ones now, never before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ofrecord_kit.errors import Retry, Stop
from ofrecord_kit.ledger import Event, Held, Ledger, Owed, Writing
from ofrecord_kit.plan import UNKNOWN, Agreed, Fingerprint, same
from ofrecord_kit.plan.facts import Obstacle
from ofrecord_kit.target.destination import Change, Destination, Done, Refused, Result, chunks
from ofrecord_kit.target.leaving import DELETED
from ofrecord_kit.target.lines import with_lines
from ofrecord_kit.target.parts import in_parts
from ofrecord_kit.target.permitted import what_forbids
from ofrecord_kit.target.recording import PARENT, PRIMARY, RANK
from ofrecord_kit.target.recording_new import STAMP
from ofrecord_kit.target.related import with_related
from ofrecord_kit.target.telling import TELL, Telling
from ofrecord_kit.target.wire import Wire, read_wire

OWED = "*owed"
"""Stands for a record's id where a whole outbox is held."""
_AT_ONCE = 100
"""Records that are paid together: a run that is killed has paid no more than these without knowing it."""
_NOT_RIGHT = "it cannot be put right"


class Outbox:
    """Pays what is owed to one system. `most`: updates of an entity that one run may make without a yes."""

    def __init__(
        self, system: str, destination: Destination, ledger: Ledger, now: Callable[[], datetime],
        most: Mapping[str, int] | None = None,
    ) -> None:  # fmt: skip
        self.system = system
        self.destination = destination
        self.ledger = ledger
        self.now = now
        self.most = most or {}

    def drain(self, stopping: Callable[[], bool] = lambda: False) -> dict[str, int]:
        """Stamps, then reverts and other owed fields, some at a time. Returns how many of each were made or postponed.

        `stopping`: the rest is left to the next run.
        """
        owed = self.ledger.owed(self.system, self.now())
        paused = {entity for entity in {one.entity for one in owed} if self.ledger.paused(entity, self.system)}
        owed = [one for one in owed if one.entity not in paused]
        counts = {"stamped": 0, "reverted": 0, "postponed": 0, "over limits": 0}
        wires = [wire for schema in self.ledger.wires(self.system).values() if (wire := read_wire(schema))]
        told, open_ = [one for one in owed if one.reason == TELL], [wire for wire in wires if wire.entity not in paused]
        telling = Telling(self.system, self.destination, self.ledger, self.now, open_)
        if told or telling.notices:
            counts |= telling.pay(told, stopping)
        owed = [one for one in owed if one.reason != TELL]
        if not owed:
            return counts
        ids = self.ledger.ids_of([one.link for one in owed], self.system)
        stamps = [one for one in owed if one.field == STAMP]
        for (object_, property_), group in _grouped(stamps, lambda one: (one.object, one.property)).items():
            self._stamp(str(object_), str(property_), group, ids, counts, stopping)
        for entity, group in _grouped([one for one in owed if one.field != STAMP], lambda one: one.entity).items():
            mine = [wire for wire in wires if wire.entity == entity]
            if self._needs_a_yes(entity, mine, len({one.link for one in group})):
                counts["over limits"] += len(group)
            else:
                by_link = _grouped(group, lambda one: one.link)
                for links in chunks(list(by_link), _AT_ONCE):
                    if not stopping():
                        self._pay_fields(mine, [one for link in links for one in by_link[link]], ids, counts)
        return counts

    def _needs_a_yes(self, entity: str, wires: Sequence[Wire], records: int) -> bool:
        """Would putting this many records right go beyond the limit? Then it is held, until a person says yes."""
        if entity not in self.most:
            return False
        most, source = self.most[entity], next((wire.source for wire in wires), "ofrecord")
        place = (entity, source, self.system, [OWED])
        rows = self.ledger.answers_of(*place).get(OWED, [])
        yes = any(row.answer == "approve" and int((row.payload or {}).get("update", 0)) >= records for row in rows)
        over = records > most and not yes
        with self.ledger.writing(self.now()) as ledger:
            ledger.release(*place, kinds=["limits"])
            if over:
                message = f"{records} records are to be put right, {most} updates are allowed"
                fix = f"Look at them with `ofrecord held`, then `ofrecord approve {entity}`."
                ledger.hold(Held(*place[:3], OWED, "limits", message, payload={"update": records}, fix=fix))
        return over

    def _stamp(  # noqa: PLR0917 - one place, called once
        self, object_: str, field: str, group: Sequence[Owed], ids: Mapping[str, str], counts: dict[str, int],
        stopping: Callable[[], bool],
    ) -> None:  # fmt: skip
        values: dict[str, str] = {}
        for system, some in _grouped(group, lambda one: one.reason.partition(":")[2]).items():
            there = self.ledger.ids_of([one.link for one in some], system)
            values.update({ids[one.link]: there[one.link] for one in some if one.link in ids and one.link in there})
        for part in chunks(group, _AT_ONCE):
            if stopping():
                return
            mine = {ids[one.link]: values[ids[one.link]] for one in part if ids.get(one.link) in values}
            results: dict[str, Result] = {}
            try:
                self._send_stamps(object_, field, mine, results)
            except (Stop, Retry):  # what was stamped is; the others are owed as before
                self._note_stamps(
                    [one for one in part if ids.get(one.link) in results], field, ids, results, values, counts
                )
                raise
            self._note_stamps(part, field, ids, results, values, counts)

    def _send_stamps(self, object_: str, field: str, values: Mapping[str, str], results: dict[str, Result]) -> None:
        size = max(1, self.destination.updates_at_once(object_, len(values)))
        for part in chunks(list(values), size):
            results.update(self.destination.stamp(object_, field, {record: values[record] for record in part}))

    def _note_stamps(  # noqa: PLR0917 - one place, called twice
        self, group: Sequence[Owed], field: str, ids: Mapping[str, str], results: Mapping[str, Result],
        values: Mapping[str, str], counts: dict[str, int],
    ) -> None:  # fmt: skip
        with self.ledger.writing(self.now()) as ledger:
            for one in group:
                result = results.get(ids.get(one.link, ""))
                if isinstance(result, Done):
                    ledger.settle([one.id])
                    ledger.event(
                        Event("stamped", one.entity, one.link, {self.system: result.id}, field, self.system, None, values[result.id])
                    )  # fmt: skip
                    counts["stamped"] += 1
                else:
                    ledger.postpone([one.id], one.attempts)
                    counts["postponed"] += 1

    def _pay_fields(
        self, wires: Sequence[Wire], group: Sequence[Owed], ids: Mapping[str, str], counts: dict[str, int]
    ) -> None:
        ways = {
            rule.field: (wire, rule) for wire in wires for rule in wire.sent if rule.owner in {"shared", wire.source}
        }
        rules = {field: rule for field, (_wire, rule) in ways.items()}
        destination = with_lines(
            in_parts(with_related(self.destination, rules.values()), rules.values()), rules.values()
        )
        links = [one.link for one in group]
        owners = {wire.source for wire, _rule in ways.values()}
        agreed = {owner: self.ledger.agreed_of(links, self.system, owner) for owner in owners}
        payable = []
        for one in group:
            owner = ways[one.field][0].source if one.field in ways else ""
            base = agreed.get(owner, {}).get(one.link, {}).get(one.field)
            known = base is not None and base.source is not UNKNOWN and not isinstance(base.source, Fingerprint)
            if wires and one.field in rules and one.link in ids and base is not None and known:
                payable.append((one, rules[one.field], base.source))
        object_ = wires[0].object if wires else ""
        names = sorted({rule.name for _one, rule, _value in payable})
        current = destination.read(object_, [ids[one.link] for one, _rule, _value in payable], names) if payable else {}
        values: dict[str, dict[str, Any]] = {}
        for one, rule, value in payable:
            there = current.get(ids[one.link])
            if there is not None and not same(there.values.get(rule.name), value, rule.form):
                values.setdefault(ids[one.link], {})[rule.name] = value
        against = {
            (record, name): why
            for record, fields in values.items()
            for name, why in what_forbids(destination, object_, list(rules.values()), fields)[0].items()
        }
        for record, name in against:
            del values[record][name]
        changes = [Change(record, fields, current[record]) for record, fields in values.items() if fields]
        sent = destination.update(object_, changes) if changes else []
        results = {change.id: result for change, result in zip(changes, sent, strict=True)}
        with self.ledger.writing(self.now()) as ledger:
            self._record(ledger, group, payable, ids, current, results, against, counts)
            self._hold(ledger, {field: wire for field, (wire, _rule) in ways.items()}, payable, ids, results, against)

    def _hold(  # noqa: PLR0917 - one place, called once
        self, ledger: Writing, ways: Mapping[str, Wire], payable: Sequence[tuple[Owed, Any, Any]], ids: Mapping[str, str],
        results: Mapping[str, Result], against: Mapping[tuple[str, str], Obstacle],
    ) -> None:  # fmt: skip
        """What cannot be put right is held in words, at the record of the field's owner, and released when it is done.

        A row that is there already, about the same field of that record, is another question and stays as it is.
        """
        for source in sorted({ways[one.field].source for one, _rule, _value in payable}):
            mine = [(one, rule) for one, rule, _value in payable if ways[one.field].source == source]
            owners = self.ledger.ids_of([one.link for one, _rule in mine], source)
            known = self.ledger.held_ids(mine[0][0].entity, source) & set(owners.values())
            held = self.ledger.held(entity=mine[0][0].entity, source=source) if known else []
            rows = {(row.source_id, row.field): row for row in held if row.destination == self.system}
            for one, rule in mine:
                record, owner = ids[one.link], owners.get(one.link)
                row = rows.get((owner or "", one.field))
                if owner is None or (row and not row.message.startswith(_NOT_RIGHT)):
                    continue
                place = (one.entity, source, ways[one.field].destination)
                why: Obstacle | Result | None = against.get((record, rule.name)) or results.get(record)
                if isinstance(why, Obstacle | Refused):
                    request = why.request if isinstance(why, Refused) else None
                    ledger.hold(
                        Held(
                            *place, owner, "refused", f"{_NOT_RIGHT}: {why.message}", why.code, one.field, None, rule.where,
                            fix=why.fix, request=request,
                        )
                    )  # fmt: skip
                elif row and (why is None or isinstance(why, Done)):
                    ledger.release(*place, [owner], kinds=["refused"], fields=[one.field])

    def _record(  # noqa: PLR0917 - one place, called once
        self, ledger: Writing, group: Sequence[Owed], payable: Sequence[tuple[Owed, Any, Any]], ids: Mapping[str, str],
        current: Mapping[str, Any], results: Mapping[str, Result], against: Mapping[tuple[str, str], Obstacle],
        counts: dict[str, int],
    ) -> None:  # fmt: skip
        paid: set[int] = set()
        for one, rule, value in payable:
            record = ids[one.link]
            there = current.get(record)
            result = results.get(record, Done(record) if there is not None else None)
            if not isinstance(result, Done) or there is None or (record, rule.name) in against:
                continue
            paid.add(one.id)
            ledger.settle([one.id])
            if record in results and not same(there.values.get(rule.name), value, rule.form):
                before = there.values.get(rule.name)
                ledger.event(
                    Event("reverted", one.entity, one.link, {self.system: record}, one.field, self.system, before, value, rule.where, one.reason)
                )  # fmt: skip
                counts["reverted"] += 1
        for one in group:
            if one.id not in paid:
                ledger.postpone([one.id], one.attempts)
                counts["postponed"] += 1


def choose_primaries(
    wire: Wire, parents: Iterable[str], destination: Destination, ledger: Ledger, now: Callable[[], datetime]
) -> int:
    """Make the child with the least rank the primary one of each parent touched; how many calls that took."""
    changed = 0
    for parent in sorted(parents):
        links = ledger.links_with(PARENT, wire.destination, parent, wire.source)
        agreed = ledger.agreed_of(links, wire.source, wire.destination)
        ids = ledger.ids_of(links, wire.destination)
        ranked = sorted(
            (str(agreed[link][RANK].source), ids[link], link)
            for link in links
            if link in ids
            and agreed[link].get(RANK)
            and agreed[link][RANK].source not in (UNKNOWN, None)
            and agreed[link].get(DELETED, Agreed()).source in (UNKNOWN, None)
        )
        if not ranked or (
            agreed[ranked[0][2]].get(PRIMARY) is not None and agreed[ranked[0][2]][PRIMARY].destination is True
        ):
            continue
        result = destination.make_primary(wire.object, ranked[0][1])
        if isinstance(result, Done):
            changed += result.changed
            with ledger.writing(now()) as writing:
                for _rank, _record, link in ranked:
                    noted = {PRIMARY: {wire.destination: link == ranked[0][2]}}
                    writing.record_agreed(link, noted, between=wire.pair, keep_seen=True)
    return changed


def _grouped(items: Sequence[Owed], key: Callable[[Owed], Any]) -> dict[Any, list[Owed]]:
    groups: dict[Any, list[Owed]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
