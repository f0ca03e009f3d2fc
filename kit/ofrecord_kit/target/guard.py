"""Between deciding and carrying out: a plan that goes beyond the limits of a run is not begun.

Where no limit applies, what is decided is carried out at once. Where one does, it waits in the ledger's spool until the
stream has ended; so memory stays flat and the bookmark stays where it was.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ofrecord_kit.errors import Retry, Stop, sentence
from ofrecord_kit.ledger import Held, Ledger, LedgerProblem, from_json, to_json
from ofrecord_kit.plan.canonical import instant
from ofrecord_kit.plan.records import plan_create
from ofrecord_kit.target.deciding import Found
from ofrecord_kit.target.delivery import Delivery
from ofrecord_kit.target.destination import Current
from ofrecord_kit.target.figures import Figures
from ofrecord_kit.target.items import SUPERSEDED, Item, items_of
from ofrecord_kit.target.spreading import told_to_somebody
from ofrecord_kit.target.weighing import weigh
from ofrecord_kit.target.wholes import say_something_new
from ofrecord_kit.target.wire import Wire

EVERY = "*"
"""Stands for a record's id where a whole plan is held."""
DEFAULT_LIMITS = {"delete": 20}
"""Where neither rules nor settings say limits: a mass deletion always needs a yes."""
_PAGE = 500
_NOTHING = {"create": 0, "update": 0, "delete": 0}
_LOST = sentence(
    "What this run decided is not on the spool of the ledger any more",
    where="table spool",
    expected="one run at a time of an entity in one direction",
    remedy="Let the other run end, then run again: the bookmark stayed, nothing is lost.",
)


class Guard:
    """Watches one way through one run. `yes`: a person said that its plan may be carried out, whatever it is."""

    def __init__(self, delivery: Delivery, run: str, defaults: Mapping[str, Any], *, yes: bool) -> None:
        wire = delivery.wire
        self.delivery = delivery
        self.figures = Figures()
        self._run = run
        self._first = not wire.partial and delivery.ledger.is_first(wire.entity, wire.source, wire.destination)
        self._limits: Mapping[str, Any] = _NOTHING if self._first else {**defaults, **wire.limits}
        self._about = ", ".join(sorted(rule.field for rule in wire.sent)) if wire.partial else ""
        self._approved = _approved(delivery.ledger, wire, self._about)
        self._watches = not (yes or delivery.dry) and any(one is not None for one in self._limits.values())
        self._only_deletions = set(self._limits) == {"delete"}
        self._spooled = 0
        self._is_begun = False
        self._knows = False
        """Did a record come whose counterpart holds the same already?"""

    @property
    def waits(self) -> bool:
        """Is something decided that is not carried out yet?"""
        return self._spooled > 0

    @property
    def plans_creations(self) -> bool:
        """Will records be there at the end that others may point at?"""
        return self.waits and self.figures.create > 0

    def take(self, items: Sequence[Item], *, planned: bool = False) -> list[Item]:
        """Carry out, or keep for the end of the stream; returns the items that have their outcome now.

        `planned`: records that this run will create may be what a reference waits for.
        """
        if not self._watches:
            return self._carried(items)
        before = self._kept_before(items)
        kept: list[Item] = []
        settled: list[Item] = []
        ready: list[Item] = []
        for item in items:
            if item.source_id in before or self._is_kept(item) or (planned and _waits_for_another(item)):
                kept.append(item)
            else:
                (ready if item.pending else settled).append(item)
        done = self._begun(self.delivery.settle(settled)) + self._carried(ready)
        self._keep(kept, before)
        return done

    def know(self) -> None:
        """A record came whose counterpart holds the same already."""
        self._knows = True

    def _carried(self, items: Sequence[Item]) -> list[Item]:
        """After an error that ends the run, those that were done before it are in `delivery.done_before_end`."""
        try:
            return self._begun(self.delivery.carry_out(items))
        except (Stop, Retry):
            self._begun(self.delivery.done_before_end)
            raise

    def _begun(self, items: list[Item]) -> list[Item]:
        """After the first record that was written this way has had its first run, however the run ends."""
        if self._first:
            self._knows = self._knows or any(item.outcome == "unchanged" for item in items)
            if any(item.outcome == "written" for item in items):
                self._begin()
        return items

    def _begin(self) -> None:
        if self._first and not (self.delivery.dry or self._is_begun):
            self._is_begun = True
            with self.delivery.ledger.writing(self.delivery.now()) as ledger:
                ledger.begin_way(*self._way)

    def _is_kept(self, item: Item) -> bool:
        return item.pending and (not self._only_deletions or item.kind == "delete")

    def _kept_before(self, items: Sequence[Item]) -> set[str]:
        """Records of which an earlier version waits: whatever a later one says is behind it."""
        if not self._spooled:
            return set()
        return self.delivery.ledger.on_spool(self._run, *self._way, [item.source_id for item in items])

    def _keep(self, items: Sequence[Item], before: set[str]) -> None:
        if not items:
            return
        self._count(items, before)
        with self.delivery.ledger.writing(self.delivery.now()) as ledger:
            if not self._spooled:
                ledger.clear_spool(*self._way, keep_run=self._run)
            ledger.spool(*self._way, [(item.source_id, _body(item)) for item in items])
        self._spooled += len(items)

    @property
    def _way(self) -> tuple[str, str, str]:
        wire = self.delivery.wire
        return wire.entity, wire.source, wire.destination

    def _count(self, items: Sequence[Item], before: set[str]) -> None:
        wire, planned = self.delivery.wire, [item for item in items if item.pending]
        if wire.combine:
            planned = say_something_new(self.delivery, planned)
        elif wire.spread:
            planned = told_to_somebody(self.delivery, planned)
        weigh(self.delivery, planned)
        for item in planned:
            self.figures.add(item, wire, again=item.source_id in before)
        for item in items:
            if not item.pending and _waits_for_another(item):
                if item.link is None and wire.create and not self.delivery.rewrites:  # what it will most likely be
                    item.created, item.plan = True, plan_create(wire.sent, item.values)
                self.figures.add(item, wire, again=item.source_id in before)

    def allowed(self, items: Sequence[Item]) -> list[Item]:
        """Those of these that may be carried out, too, beside what was; they are counted."""
        if not self._watches:
            return list(items)
        fit = []
        weigh(self.delivery, [item for item in items if item.pending])
        for item in items:
            before = replace(self.figures, money={**self.figures.money})
            if item.pending:
                self.figures.add(item, self.delivery.wire)
            if item.pending and self._reasons():
                self.figures = before
            else:
                fit.append(item)
        return fit

    def _reasons(self) -> list[str]:
        if self._approved is not None and self._approved.covers(self.figures):
            return []
        return self.figures.over(self._limits)

    def over(self) -> list[str]:
        """Why the plan needs a yes, in words; empty: it fits, or was approved."""
        found = self._reasons() if self.waits else []
        return ["this is the first run"] if found and self._first else found

    def carry_out(self) -> Iterator[list[Item]]:
        """Carry out what was kept, batch by batch, deciding each again from what was read then."""
        wire, ledger, later, seen = self.delivery.wire, self.delivery.ledger, False, 0
        versions = ledger.spooled_again(self._run, *self._way) if self._spooled else {}
        page = max(_PAGE, self.delivery.destination.creates_at_once(wire.object, self.figures.create))
        for batch in ledger.spooled(self._run, wire.entity, wire.source, wire.destination, page):
            seen += len(batch)
            bodies: list[Mapping[str, Any]] = []
            superseded: list[Mapping[str, Any]] = []
            for source_id, body in batch:
                if source_id in versions:
                    versions[source_id] -= 1
                (superseded if versions.get(source_id) else bodies).append(from_json(body))
            found = {str(said["id"]): _found(said) for said in bodies}
            if later:  # what was created meanwhile may be the counterpart
                found = {one: known for one, known in found.items() if known.destination_id or known.current}
            later = True
            items = self.delivery.decide([said["record"] for said in bodies], again=True, found=found)
            yield [*self._superseded(superseded), *self._carried(items)]
        if seen != self._spooled:
            raise LedgerProblem(_LOST)

    def _superseded(self, bodies: Sequence[Mapping[str, Any]]) -> list[Item]:
        """Records of which a later version waits, too: only that one is carried out."""
        items = items_of([said["record"] for said in bodies], self.delivery.wire)
        for item in items:
            item.outcome, item.reason = "unchanged", SUPERSEDED
        return items

    def close(self) -> None:
        """The run has ended within its limits: whatever waited for a yes does not any more."""
        if self._knows:
            self._begin()
        said = EVERY in self.delivery.known_held and not (self.delivery.dry or self.delivery.rebuild)
        if self._spooled or said:
            self._end(None)

    def refuse(self, why: Sequence[str]) -> int:
        """Carry nothing out; returns how many records that are. `why` empty: another way of the run stands in the way."""
        wire = self.delivery.wire
        held = Held(
            wire.entity, wire.source, wire.destination, EVERY, "limits",
            f"{'; '.join(why)}: {self.figures.words()}", field=self._about, payload=self.figures.as_json(),
            fix=f"Look at what would be written, then `{_approve(wire)}`, or raise the limits of its rules.",
        )  # fmt: skip
        left = self._spooled
        self._end(held if why else None)
        return left

    def complaint(self, why: Sequence[str]) -> str:
        """What the person who runs it reads."""
        return sentence(
            f"{self.delivery.wire.way}: {'; '.join(why)}. Nothing of it was written",
            where=f"its plan: {self.figures.words()}",
            expected="a plan within the limits, or a yes",
            remedy=f"Let it pass with `{_approve(self.delivery.wire)}` and run again, or run with OFRECORD_YES=1.",
        )

    def _end(self, held: Held | None) -> None:
        self._spooled = 0
        with self.delivery.ledger.writing(self.delivery.now()) as ledger:
            ledger.unspool(self._run, *self._way)
            ledger.release(*self._way, [EVERY], kinds=["limits"], fields=[self._about])
            if held is not None:
                ledger.hold(held)


def _approve(wire: Wire) -> str:
    return f"ofrecord approve {shlex.quote(wire.entity)}"


def _waits_for_another(item: Item) -> bool:
    return item.outcome == "held" and any(held.kind == "reference" for held in item.helds)


def _approved(ledger: Ledger, wire: Wire, about: str) -> Figures | None:
    """The plan a person said yes to, if one waits for that. `about`: the fields of a job that carries only some."""
    rows = ledger.answers_of(wire.entity, wire.source, wire.destination, [EVERY]).get(EVERY, [])
    said = [row for row in rows if row.kind == "limits" and row.answer == "approve" and row.field == about]
    return Figures.from_json(said[0].payload) if said else None


def _body(item: Item) -> str:
    """What carrying it out needs: the record, and what was found about it."""
    there = item.current
    current = there and {
        "values": there.values, "read_at": there.read_at, "modified": there.modified, "created": there.created,
        "lines": there.lines, "editor": there.editor,
    }  # fmt: skip
    found = {"id": item.destination_id if item.paired else None, "alike": item.alike, "current": current}
    return to_json({"id": item.source_id, "record": item.record, "found": found})


def _found(said: Mapping[str, Any]) -> Found:
    found = said["found"]
    there = found["current"]
    if there is None:
        return Found(found["id"], found["alike"])
    read_at = instant(there["read_at"])
    if read_at is None:
        return Found(found["id"], found["alike"])
    current = Current(
        there["values"], read_at, instant(there["modified"]), instant(there["created"]), there["lines"], there["editor"]
    )
    return Found(found["id"], found["alike"], current)
