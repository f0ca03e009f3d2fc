"""Between deciding and carrying out: a plan that goes beyond the limits of a run is not begun.

Where no limit applies, what is decided is carried out at once. Where one does, it waits in the ledger's spool until the
stream has ended; so memory stays flat and the bookmark stays where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ofrecord_kit.errors import sentence
from ofrecord_kit.ledger import Held, Ledger, from_json, to_json
from ofrecord_kit.plan.canonical import instant
from ofrecord_kit.target.deciding import Found
from ofrecord_kit.target.delivery import Delivery
from ofrecord_kit.target.destination import Current
from ofrecord_kit.target.figures import Figures
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.wholes import say_something_new
from ofrecord_kit.target.wire import Wire

EVERY = "*"
"""Stands for a record's id where a whole plan is held."""
DEFAULT_LIMITS = {"delete": 20}
"""Where neither rules nor settings say limits: a mass deletion always needs a yes."""
_PAGE = 500
_NOTHING = {"create": 0, "update": 0, "delete": 0}


class Guard:
    """Watches one way through one run. `yes`: a person said that its plan may be carried out, whatever it is."""

    def __init__(self, delivery: Delivery, run: str, defaults: Mapping[str, Any], *, yes: bool) -> None:
        wire = delivery.wire
        self.delivery = delivery
        self.figures = Figures()
        self._run = run
        self._first = not wire.partial and delivery.ledger.is_first(wire.entity, wire.source, wire.destination)
        self._limits: Mapping[str, Any] = _NOTHING if self._first else {**defaults, **wire.limits}
        self._approved = _approved(delivery.ledger, wire)
        self._watches = not (yes or delivery.dry) and any(one is not None for one in self._limits.values())
        self._only_deletions = set(self._limits) == {"delete"}
        self._spooled = 0

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
            return self.delivery.carry_out(items)
        kept = [item for item in items if self._is_kept(item) or (planned and _waits_for_another(item))]
        others = [item for item in items if item not in kept]
        done = self.delivery.settle([item for item in others if not item.pending])
        done += self.delivery.carry_out([item for item in others if item.pending])
        self._keep(kept)
        return done

    def _is_kept(self, item: Item) -> bool:
        return item.pending and (not self._only_deletions or item.kind == "delete")

    def _keep(self, items: Sequence[Item]) -> None:
        if not items:
            return
        counted = say_something_new(self.delivery, items) if self.delivery.wire.combine else items
        for item in counted:
            self.figures.add(item, self.delivery.wire)
        wire = self.delivery.wire
        with self.delivery.ledger.writing(self.delivery.now()) as ledger:
            if not self._spooled:
                ledger.clear_spool(wire.entity, wire.source, wire.destination, keep_run=self._run)
            ledger.spool(wire.entity, wire.source, wire.destination, [(item.source_id, _body(item)) for item in items])
        self._spooled += len(items)

    def allows(self, items: Sequence[Item]) -> bool:
        """May these be carried out, too, beside what was? Counts them when they may."""
        if not self._watches:
            return True
        for item in items:
            if item.pending:
                self.figures.add(item, self.delivery.wire)
        return not self._reasons()

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
        wire, ledger, later = self.delivery.wire, self.delivery.ledger, False
        page = max(_PAGE, self.delivery.destination.creates_at_once(wire.object, self.figures.create))
        for batch in ledger.spooled(self._run, wire.entity, wire.source, wire.destination, page):
            bodies = [from_json(body) for _source_id, body in batch]
            found = {source_id: _found(said) for (source_id, _body), said in zip(batch, bodies, strict=True)}
            if later:  # what was created meanwhile may be the counterpart
                found = {one: known for one, known in found.items() if known.destination_id or known.current}
            later = True
            items = self.delivery.decide([said["record"] for said in bodies], again=True, found=found)
            yield self.delivery.carry_out(items)

    def close(self) -> None:
        """The run has ended within its limits: whatever waited for a yes does not any more."""
        if self._spooled or EVERY in self.delivery.known_held:
            self._end(None)

    def refuse(self, why: Sequence[str]) -> int:
        """Carry nothing out; returns how many records that are. `why` empty: another way of the run stands in the way."""
        wire = self.delivery.wire
        held = Held(
            wire.entity, wire.source, wire.destination, EVERY, "limits",
            f"{'; '.join(why)}: {self.figures.words()}", payload=self.figures.as_json(),
            fix=f"Look at what would be written, then `ofrecord approve {wire.entity}`, or raise the limits in {wire.entity}.yml.",
        )  # fmt: skip
        left, self._spooled = self._spooled, 0
        self._end(held if why else None)
        return left

    def complaint(self, why: Sequence[str]) -> str:
        """What the person who runs it reads."""
        return sentence(
            f"{self.delivery.wire.way}: {'; '.join(why)}. Nothing of it was written",
            where=f"its plan: {self.figures.words()}",
            expected="a plan within the limits, or a yes",
            remedy=f"Let it pass with `ofrecord approve {self.delivery.wire.entity}` and run again, or run with OFRECORD_YES=1.",
        )

    def _end(self, held: Held | None) -> None:
        wire = self.delivery.wire
        self._spooled = 0
        with self.delivery.ledger.writing(self.delivery.now()) as ledger:
            ledger.clear_spool(wire.entity, wire.source, wire.destination, keep_run=None)
            ledger.release(wire.entity, wire.source, wire.destination, [EVERY], kinds=["limits"])
            if held is not None:
                ledger.hold(held)


def _waits_for_another(item: Item) -> bool:
    return item.outcome == "held" and any(held.kind == "reference" for held in item.helds)


def _approved(ledger: Ledger, wire: Wire) -> Figures | None:
    """The plan a person said yes to, if one waits for that."""
    rows = ledger.answers_of(wire.entity, wire.source, wire.destination, [EVERY]).get(EVERY, [])
    said = [row for row in rows if row.kind == "limits" and row.answer == "approve"]
    return Figures.from_json(said[0].payload) if said else None


def _body(item: Item) -> str:
    """What carrying it out needs: the record, and what was found about it."""
    there = item.current
    current = there and {
        "values": there.values, "read_at": there.read_at, "modified": there.modified, "created": there.created,
        "lines": there.lines, "editor": there.editor,
    }  # fmt: skip
    found = {"id": item.destination_id if item.paired else None, "alike": item.alike, "current": current}
    return to_json({"record": item.record, "found": found})


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
