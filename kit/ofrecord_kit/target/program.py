"""The Singer target: messages in, state out as soon as it is true, a run row that balances."""

from __future__ import annotations

import abc
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from types import FrameType
from typing import Any, ClassVar, cast
from uuid import uuid4

from msgspec import Raw
from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.helpers.capabilities import (
    TARGET_BATCH_SIZE_ROWS_CONFIG,
    TARGET_VALIDATE_RECORDS_CONFIG,
    PluginCapabilities,
    TargetCapabilities,
)
from singer_sdk.mapper import SameRecordTransform

from ofrecord_kit import settings
from ofrecord_kit.errors import BadSettings
from ofrecord_kit.http import Client
from ofrecord_kit.ledger import Ledger, Run, key_from
from ofrecord_kit.settings import Connection, check_settings
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.delivery import Delivery
from ofrecord_kit.target.destination import Destination
from ofrecord_kit.target.guard import DEFAULT_LIMITS, Guard
from ofrecord_kit.target.listening import Listening
from ofrecord_kit.target.outbox import Outbox, choose_primaries
from ofrecord_kit.target.reader import ExactReader
from ofrecord_kit.target.rubbish import rarely_collected
from ofrecord_kit.target.sink import OUTCOMES, OfrecordSink
from ofrecord_kit.target.stating import state_all
from ofrecord_kit.target.wire import Wire

TERMINATED = 143


class OfrecordTarget(Listening, abc.ABC):
    """Base of the targets. A subclass names its `system` and makes its `Destination`."""

    system: ClassVar[str]
    default_sink_class = OfrecordSink
    message_reader_class = ExactReader
    capabilities: ClassVar[list[Any]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STRUCTURED_LOGGING,
        TargetCapabilities.VALIDATE_RECORDS,
    ]
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(*settings.CONNECTION, *settings.WRITING).to_dict()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.max_parallelism = 1
        cast("ExactReader", self.message_reader).take = self._take
        self.counts: dict[str, Counter[str]] = {}
        self.extras: Counter[str] = Counter()
        self.refused = 0
        self.edited: dict[str, Counter[str]] = {}
        self._guards: dict[str, tuple[Guard, OfrecordSink]] = {}
        self._deliveries: list[Delivery] = []
        self._withheld: dict[str, Any] | None = None
        self._over_limits = False
        self._drift: dict[str, list[Any]] = {}
        self._wires: dict[str, Wire] = {}
        self._straight: dict[str, OfrecordSink] = {}
        self._ledger: Ledger | None = None
        self._destination: Destination | None = None
        self._started = self.now()
        self._run = uuid4().hex
        self._busy = False
        self._stopping = 0
        self._finished = False

    @abc.abstractmethod
    def connect(self, client: Counted) -> Destination:
        """The vendor's way of writing, over a client of its system."""

    @classmethod
    def invoke(  # type: ignore[override]
        cls, *, about: bool = False, about_format: str | None = None, config: Any = None, file_input: Any = None
    ) -> None:
        """As the SDK's, but a run that stops with an error says so in its row."""
        super(Target, cls).invoke(about=about, about_format=about_format)
        cls.print_version(print_fn=cls.logger.info)
        program = cls(config=config.config if config else None, parse_env_config=bool(config and config.parse_env))
        try:
            with rarely_collected():
                program.listen(file_input)
        finally:
            program.end_failed()

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Of the SDK's own settings only those that mean something here."""
        for known in (TARGET_BATCH_SIZE_ROWS_CONFIG, TARGET_VALIDATE_RECORDS_CONFIG):
            for name, about in known["properties"].items():
                config_jsonschema["properties"].setdefault(name, about)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """All problems at once, without values (the SDK's own messages quote them)."""
        schema = dict(self.config_jsonschema)
        self.append_builtin_config(schema)
        try:
            check_settings(self.config, schema, plugin=self.name)
        except BadSettings as error:
            if raise_errors:
                raise
            return error.problems
        return []

    def now(self) -> datetime:
        """The time, UTC."""
        return datetime.now(UTC)

    @property
    def ledger(self) -> Ledger:
        """The ledger, opened when first needed. Raises LedgerProblem."""
        if self._ledger is None:
            place = str(self.config.get("ledger") or "ledger.db")
            self._ledger = Ledger(place, self._run, values=self.config.get("values"), key=key_from(os.environ))
        return self._ledger

    @property
    def destination(self) -> Destination:
        """The vendor, connected when first needed. Raises BadSettings."""
        if self._destination is None:
            connection = Connection.from_config(self.config)
            self._destination = self.connect(Counted(Client(connection, system=self.system, plugin=self.name)))
        return self._destination

    def meet(self, wire: Wire, schema: dict[str, Any]) -> None:
        """A stream of the mapper begins: remember how its entity is written, and that the run began."""
        self._wires[wire.entity] = wire
        self._tell_drift(wire)
        with self.busy(), self.ledger.writing(self.now()) as ledger:
            if not (wire.partial or self.config.get("dry_run")):
                ledger.know_wire(wire.entity, wire.source, wire.destination, schema)
            ledger.put_run(self._row("running"))

    def guard(self, sink: OfrecordSink, delivery: Delivery) -> Guard:
        """What watches the way of this sink through this run; a changed SCHEMA begins no new one."""
        known = self._guards.get(delivery.wire.way)
        self._deliveries.append(delivery)
        if known is not None:
            guard = known[0]
            delivery.claims = guard.delivery.claims
            guard.delivery = delivery
        else:
            yes = self._yes or bool(self.config.get("rebuild"))
            limits = self.config.get("limits")
            guard = Guard(delivery, self._run, DEFAULT_LIMITS if limits is None else limits, yes=yes)
        self._guards[delivery.wire.way] = (guard, sink)
        return guard

    @property
    def is_stopping(self) -> bool:
        """Was the run asked to stop?"""
        return bool(self._stopping)

    @property
    def plans_creations(self) -> bool:
        """Does something wait in this run that others may point at?"""
        return any(guard.plans_creations for guard, _sink in self._guards.values())

    def _carry_out_plans(self) -> None:
        """All plans of the run fit, and are carried out in the order in which they came; or none is."""
        why = {way: guard.over() for way, (guard, _sink) in self._guards.items()}
        self._over_limits = any(why.values())
        for way, (guard, sink) in self._guards.items():
            if self._over_limits and guard.waits:
                if why[way]:
                    self.logger.error("%s", guard.complaint(why[way]))
                sink.counts["held"] += guard.refuse(why[way])
            elif not self._over_limits:
                with sink.counted():
                    for items in guard.carry_out():
                        sink.count(items)
                        if self._stopping:
                            return
                guard.close()

    def _tell_drift(self, wire: Wire) -> None:
        """What comes in differs from what the rules were written for: said once a run, and noted in its row."""
        drift = [dict(one) for one in wire.drift]
        if not drift or self._drift.get(wire.entity) == drift:
            return
        self._drift[wire.entity] = drift
        self.logger.warning(
            "%s: %s differs from what the rules were written for: %s", wire.way, wire.source, wire.drifted
        )

    def _notes(self) -> dict[str, Any]:
        edited = {stream: dict(fields) for stream, fields in self.edited.items() if fields}
        return {name: said for name, said in (("drift", self._drift), ("edited", edited)) if said}

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Something is under way that is not to be torn apart: a termination takes effect after it."""
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before

    def drain_one(self, sink: Any) -> None:  # type: ignore[misc]
        """Drain a sink, then obey a termination that came meanwhile."""
        super().drain_one(sink)
        self._obey()

    def _obey(self) -> None:
        if self._stopping and not self._finished:
            self._end_early()

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        """As the SDK's; notes whether the records of the stream go to one sink as they are."""
        super()._process_schema_message(message_dict)
        stream = message_dict["stream"]
        maps = self.mapper.stream_maps[stream]
        plain = len(maps) == 1 and type(maps[0]) is SameRecordTransform and not maps[0].flattening_enabled
        sink = self._sinks_active.get(maps[0].stream_alias) if plain else None
        if isinstance(sink, OfrecordSink) and not sink.include_sdc_metadata_properties:
            self._straight[stream] = sink
        else:
            self._straight.pop(stream, None)

    def _take(self, stream: str, record: Raw) -> bool:
        """Most records go straight to their sink, as they came; what is out of the ordinary goes the SDK's way."""
        sink = self._straight.get(stream)
        if sink is None:
            return False
        if sink.gather(record):
            self.drain_one(sink)
        self._handle_max_record_age()
        return True

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        """Deliver everything before a STATE message, then pass it on."""
        before = self._latest_state
        super()._process_state_message(message_dict)
        if self._latest_state != before:
            self.drain_all()

    def _write_state_message(self, state: dict[str, Any]) -> None:
        """Pass a bookmark on; a dry run passes none, or the next run would not read what this one left unwritten."""
        if self.config.get("dry_run"):
            return
        if any(guard.waits for guard, _sink in self._guards.values()) or self._over_limits:
            self._withheld = state
        else:
            super()._write_state_message(state)

    def process_endofpipe(self) -> None:
        """Deliver the rest, pay what is owed, balance the run. Exits 1 when it is red."""
        self.drain_all(is_endofpipe=True)
        with self.busy():
            self._carry_out_plans()
        self._obey()
        if not self._over_limits:
            if self._withheld is not None:
                self._write_state_message(self._withheld)
            with self.busy():
                self._pay()
        self._obey()
        if not self._finish("finished"):
            sys.exit(1)

    def _sinks(self) -> list[OfrecordSink]:
        gathered = (*self._sinks_to_clear, *self._sinks_active.values())
        return [sink for sink in gathered if isinstance(sink, OfrecordSink)]

    def _pay(self) -> None:
        """References that waited and held records that are due, primary children, the outbox."""
        if not self._wires or self.config.get("dry_run"):
            return
        for sink in self._sinks():
            self.extras.update({f"retried {outcome}": number for outcome, number in sink.retry_due().items()})
        self.extras.update(state_all(self._deliveries, lambda: self.is_stopping))
        if self.config.get("rebuild"):
            return
        for delivery in self._deliveries:
            if delivery.parents and not self._stopping:
                self.extras["primaries"] += choose_primaries(
                    delivery.wire, delivery.parents, self.destination, self.ledger, self.now
                )
        if self._stopping:
            return
        outbox = Outbox(self.system, self.destination, self.ledger, self.now, self._most_updates())
        self.extras.update(outbox.drain(lambda: self.is_stopping))

    def _most_updates(self) -> dict[str, int]:
        """Entity → updates the outbox may make in this run, of entities that have such a limit; none with a yes."""
        if self._yes:
            return {}
        said = {
            entity: {**(self.config.get("limits") or {}), **((schema.get("x-ofrecord") or {}).get("limits") or {})}
            for (entity, _source), schema in self.ledger.wires(self.system).items()
        }
        return {entity: int(limits["update"]) for entity, limits in said.items() if limits.get("update") is not None}

    @property
    def _yes(self) -> bool:
        return bool(self.config.get("approve")) or os.environ.get("OFRECORD_YES") in {"1", "true"}

    def _row(self, status: str) -> Run:
        wire = next(iter(self._wires.values()), None)
        counts = {stream: dict(counted) for stream, counted in self.counts.items()}
        extras = {name: number for name, number in self.extras.items() if number}
        done = status != "running"
        return Run(
            self._run, os.environ.get("OFRECORD_RUN") or self._run, self.name,
            wire.source if wire else "singer", self.system, self._started, self.now() if done else None, status,
            {**counts, **({"_end": extras} if extras else {})}, self._destination.calls if self._destination else 0,
            wire.rules if wire else None, bool(self.config.get("dry_run")), self._notes(),
        )  # fmt: skip

    def _finish(self, status: str) -> bool:
        """Write the run row and the last line; is the run green?"""
        self._finished = True
        if status != "finished":
            self._forget_undelivered()
        total: Counter[str] = Counter()
        for counted in self.counts.values():
            total.update(counted)
        balanced = total["read"] == sum(total[outcome] for outcome in OUTCOMES)
        refusals = self.refused + sum(delivery.refused for delivery in self._deliveries) + total["failed"]
        allowed = self._errors_allowed(total["read"])
        green = balanced and refusals <= allowed and not self._over_limits
        ended = status
        if not balanced:
            ended = "unbalanced"
        elif status == "finished" and not green:
            ended = "over limits" if self._over_limits else "refusals"
        row = self._row(ended)
        if self._ledger is not None or self._wires:
            with self.ledger.writing(self.now()) as ledger:
                ledger.put_run(row)
                ledger.unspool(self._run)
                if status == "finished" and not total["written"]:
                    ledger.prune(int(self.config.get("keep_runs", 400)))
        seconds = (self.now() - self._started).total_seconds()
        words = " ".join(f"{name}={total[name]}" for name in ("read", *OUTCOMES))
        more = "".join(f" {name.replace(' ', '_')}={number}" for name, number in self.extras.items() if number)
        self.logger.info("run %s: %s calls=%d seconds=%.1f%s", row.status, words, row.calls, seconds, more)
        if not balanced:
            self.logger.error(
                "The run does not balance: read is not the sum of the outcomes. Report this with the run row."
            )
        elif refusals > allowed:
            self.logger.error(
                "%d records were refused by the vendor, could not be converted or failed; errors_allowed is %s. "
                "See them with `ofrecord held`, correct them, and run again.", refusals, self.config.get("errors_allowed") or "1%",
            )  # fmt: skip
        self._close()
        return green

    def _errors_allowed(self, read: int) -> Decimal:
        """How many records may be in error: a number, or a share of those read."""
        said = str(self.config.get("errors_allowed") or "1%")
        return Decimal(said[:-1]) * read / 100 if said.endswith("%") else Decimal(said)

    def _forget_undelivered(self) -> None:
        """Records of the batch that was interrupted, and of a plan that was not carried out, have no outcome; they come again."""
        for counted in self.counts.values():
            without = counted["read"] - sum(counted[outcome] for outcome in OUTCOMES)
            counted["read"] -= without
            self.extras["undelivered"] += without

    def _close(self) -> None:
        if self._destination is not None:
            self._destination.close()
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Finish the batch under way, pass on what is true, stop. Records not yet begun come again next run."""
        del frame
        self._stopping = signum
        if not self._busy and not self._finished:
            self._end_early()

    def _end_early(self) -> None:
        self.logger.warning("Asked to stop: what was delivered is recorded, the next run completes the rest.")
        self._finish("interrupted")
        sys.exit(TERMINATED)

    def end_failed(self) -> None:
        """A run that has not ended stops with an error: say so in its row, as far as the ledger still answers."""
        if not self._finished and self._ledger is not None:
            self._finish("failed")
