"""One stream: gather records, deliver them in batches, count outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import jsonschema_rs
import msgspec
from msgspec import Raw
from singer_sdk.exceptions import InvalidJSONSchema, InvalidRecord
from singer_sdk.sinks import BatchSink
from singer_sdk.sinks.core import BaseJSONSchemaValidator

from ofrecord_kit.errors import Retry, Stop
from ofrecord_kit.ledger import Held
from ofrecord_kit.target.answers import end_pauses, to_try_again
from ofrecord_kit.target.days import come_of_day
from ofrecord_kit.target.delivery import Delivery
from ofrecord_kit.target.destination import Refused
from ofrecord_kit.target.following import whose_time_has_come
from ofrecord_kit.target.guard import Guard
from ofrecord_kit.target.incoming import Came, unchanged
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.listening import fault_of_note, told_id, validator_of, wire_of
from ofrecord_kit.target.plain import name_of, upsert_stream
from ofrecord_kit.target.reader import read_record
from ofrecord_kit.target.recording import LOUD, WAITS_S
from ofrecord_kit.target.spreading import to_revisit

if TYPE_CHECKING:
    from ofrecord_kit.target.program import OfrecordTarget

_MOST_BYTES = 32 << 20
"""Of records that wait for their batch to be full."""
OUTCOMES = ("written", "unchanged", "held", "failed", "filtered")


class _Validator(BaseJSONSchemaValidator):
    """jsonschema-rs: five times as fast as the SDK's own, and its messages are kept out of logs."""

    def __init__(self, schema: dict[str, Any]) -> None:
        super().__init__(schema)
        try:
            self._validator = validator_of(schema)
        except ValueError as error:
            raise InvalidJSONSchema(str(error)) from None

    def validate(self, record: dict[str, Any]) -> None:
        """Raises InvalidRecord naming the place, never the value."""
        try:
            self._validator.validate(record)
        except jsonschema_rs.ValidationError as error:
            place = ".".join(str(step) for step in error.instance_path) or "record"
            rule = "/".join(str(step) for step in error.schema_path)
            message = f"{place} breaks the schema ({rule})"
            raise InvalidRecord(message, {}) from None


class OfrecordSink(BatchSink):
    """A stream of the mapper, or a plain one that is upserted on its key properties."""

    MAX_SIZE_DEFAULT = 1000

    def __init__(
        self, target: OfrecordTarget, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        self.program = target
        self.counts: Counter[str] = target.counts.setdefault(stream_name, Counter())
        self.edited: Counter[str] = target.edited.setdefault(stream_name, Counter())
        self.wire = wire_of(stream_name, self.original_schema, target.system)
        self.delivery: Delivery | None = None
        self.guard: Guard | None = None
        self._broken: dict[int, str] = {}
        """What is wrong with records of the batch, by the identity of the record in memory."""
        if self.wire is not None:
            target.meet(self.wire, self.original_schema)
            self.delivery = Delivery(
                self.wire,
                target.destination,
                target.ledger,
                target.now,
                dry=bool(target.config.get("dry_run")),
                rebuild=bool(target.config.get("rebuild")),
                about=msgspec.json.encode((self.original_schema, self.validate_schema), order="sorted"),
            )
            self.guard = target.guard(self, self.delivery)

    @cached_property
    def max_size(self) -> int:
        """Records of a batch: the setting, else what suits the destination."""
        said = self.config.get("batch_size_rows")
        return int(said) if said else self.MAX_SIZE_DEFAULT if self.wire else self.program.destination.rows_gathered

    def get_validator(self) -> BaseJSONSchemaValidator | None:
        """The fast one."""
        return _Validator(self.schema) if self.validate_schema else None

    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        """Validate; a record that breaks its schema is set aside, the others go on. Nothing is converted."""
        fault = fault_of_note(record["_ofrecord"]) if self.wire is not None and "_ofrecord" in record else None
        if fault is None and self._validator is not None:
            try:
                self._validator.validate(record)
            except InvalidRecord as error:
                fault = error.error_message
        if fault is not None:
            self._broken[id(record)] = fault
        return record

    def gather(self, record: Raw) -> bool:
        """Keep a record as it came, without the SDK's steps that do nothing here. Is the batch full now?"""
        context = self._get_context(cast("dict[str, Any]", record))
        context.setdefault("records", []).append(record)
        self.tally_record_read()
        context["bytes"] = size = context.get("bytes", 0) + memoryview(record).nbytes
        return size > _MOST_BYTES or self._batch_records_read >= self.max_size

    def _decoded(self, records: Sequence[Raw | dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str | None]]:
        """The records that are to be decided, with their digests; those that say what was delivered last are counted as unchanged.

        Raises `InvalidInputLine` and `MissingKeyPropertiesError`.
        """
        came: Sequence[Came | None] = ()
        same: set[int] = set()
        if self.delivery is not None and self.guard is not None:
            read = self.delivery.digests.read
            came = [read(record) if type(record) is Raw else None for record in records]
            same = unchanged(self.delivery, self.guard, came)
            if same:
                self.guard.know()
                self.counts["unchanged"] += len(same)
        sound: list[dict[str, Any]] = []
        digests: list[str | None] = []
        for place, record in enumerate(records):
            if place in same:
                continue
            sound.append(self._checked(record) if isinstance(record, Raw) else record)
            known = came[place] if came else None
            digests.append(None if known is None else known.digest)
        return sound, digests

    def _checked(self, raw: Raw) -> dict[str, Any]:
        record = read_record(raw)
        self._validate_and_parse(record)
        for name in self._key_properties:
            if name not in record:
                self._singer_validate_message(record)
        self.record_counter_metric.increment()
        return record

    def _remove_sdc_metadata_from_record(self, record: dict[str, Any]) -> None:
        """Left in: `_sdc_deleted_at` says that a record is gone; what is written is chosen by its name anyway."""

    def process_batch(self, context: dict[str, Any]) -> None:
        """Deliver what was gathered and count it."""
        records = context.get("records", [])
        with self.program.busy():
            self._deliver(records)
        counts = " ".join(f"{name}={self.counts[name]}" for name in ("read", *OUTCOMES))
        self.logger.info("%s: %s", self.wire.way if self.wire else self.stream_name, counts)

    def _deliver(self, records: Sequence[Raw | dict[str, Any]]) -> None:
        self.counts["read"] += len(records)
        sound, digests = self._decoded(records)
        if self._broken:
            is_broken = [id(record) in self._broken for record in sound]
            self._set_broken_aside([record for record, bad in zip(sound, is_broken, strict=True) if bad])
            digests = [digest for digest, bad in zip(digests, is_broken, strict=True) if not bad]
            sound = [record for record, bad in zip(sound, is_broken, strict=True) if not bad]
            self._broken.clear()
        if self.delivery is None:
            self._upsert(sound)
        elif sound and self.guard:
            items = self.delivery.decide(sound, digests=digests)
            with self.counted():
                self.count(self.guard.take(items, planned=self.program.plans_creations))

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Within the block, what was done before an error that ends the run counts, too."""
        try:
            yield
        except (Stop, Retry):
            if self.delivery is not None:
                self.count(self.delivery.done_before_end)
            raise

    def count(self, items: Sequence[Item]) -> None:
        """Each item that has its outcome counts once."""
        for item in items:
            self.counts[item.outcome or "failed"] += 1
            if item.outcome == "filtered":
                self.counts[f"filtered: {item.reason}"] += 1
            if self.wire is not None and (edited := item.edited(self.wire)):
                self.edited.update(edited)
            for held in item.helds:
                self._say(held)

    def _say(self, held: Held) -> None:
        """One line per held record that a person must look at, without its values; it names who is responsible."""
        if held.state != "open":
            return
        owner = ((self.wire.responsible if self.wire else None) or {}).get("owner")
        self.logger.warning(
            "%s: set aside %s %s%s: %s %s%s", held.entity, held.kind, held.source_id,
            f" ({held.label})" if held.label else "", held.code or "", held.field or "",
            f" (responsible: {owner})" if owner else "",
        )  # fmt: skip

    def _upsert(self, records: Sequence[dict[str, Any]]) -> None:
        """A plain stream: an upsert on its key properties. What was held and is delivered now is released."""
        program, stream = self.program, self.stream_name
        dry = bool(self.config.get("dry_run"))
        told = upsert_stream(program.destination, stream, self.key_properties, records, dry=dry)
        self.counts.update(told.counts)
        helds = [
            self._plain_held(name, "duplicate" if why.code == "DUPLICATE" else "refused", why, field, row)
            for name, row, why, field in told.aside
        ]
        known = set() if dry else {held.source_id for held in program.ledger.held(entity=stream, source="singer")}
        if closed := [name for name in told.settled if name in known]:
            with program.ledger.writing(program.now()) as ledger:
                ledger.release(stream, "singer", program.system, closed)
        self._hold(helds)

    def _set_broken_aside(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Records that break their own schema: the sender must be corrected."""
        self.counts["held"] += len(records)
        self._hold(
            [
                self._plain_held(
                    self._name_of_broken(record), "invalid", Refused("SCHEMA", self._broken[id(record)]), "", None
                )
                for record in records
            ]
        )

    def _name_of_broken(self, record: Mapping[str, Any]) -> str:
        """What a record that breaks its schema is called: its id where that is one."""
        note = record.get("_ofrecord")
        found = told_id(note.get("id")) if self.wire is not None and isinstance(note, dict) else None
        return found or name_of(record, self.key_properties)

    def _plain_held(self, name: str, kind: str, why: Refused, field: str, row: Mapping[str, Any] | None) -> Held:
        wire = self.wire
        words = f"{why.message} (field {why.field})" if why.field and not field else why.message
        return Held(
            wire.entity if wire else self.stream_name, wire.source if wire else "singer", self.program.system, name,
            kind, words, why.code, field, payload=row, fix=why.fix, request=why.request,
        )  # fmt: skip

    def _hold(self, helds: Sequence[Held]) -> None:
        if not helds:
            return
        for held in helds:
            self._say(held)
        self.program.refused += sum(held.kind in LOUD for held in helds)
        if self.config.get("dry_run"):
            return
        with self.program.ledger.writing(self.program.now()) as ledger:
            for held in helds:
                ledger.hold(held, wait_s=WAITS_S.get(held.kind))
        if self.delivery is not None:
            self.delivery.known_held.update(held.source_id for held in helds)

    def retry_due(self) -> Counter[str]:
        """Try held records again whose time has come or that were answered; counted apart, they are not read in this run.

        One that is refused again made the run red in which it was read, and makes no other one red.
        What would go beyond the limits of the run stays held.
        """
        retried: Counter[str] = Counter()
        if self.delivery is not None:
            end_pauses(self.delivery)
        if self.delivery is None or self.guard is None or self.wire is None or self.wire.partial or self.delivery.dry:
            return retried
        wire, program, before = self.wire, self.program, self.delivery.refused
        due = program.ledger.due(wire.source, wire.destination, wire.entity, program.now(), list(WAITS_S))
        payloads = to_try_again(due) + (to_revisit(self.delivery) if wire.spread else [])
        payloads += whose_time_has_come(self.delivery) if wire.waits_for else []
        payloads += come_of_day(self.delivery)
        for start in range(0, len(payloads), self.max_size):
            items = self.delivery.decide(payloads[start : start + self.max_size], again=True)
            fit = self.guard.allowed(items)
            retried["over limits"] += len(items) - len(fit)
            for item in self.delivery.carry_out(fit):
                retried[item.outcome or "failed"] += 1
            if not fit or program.is_stopping:
                break
        self.delivery.refused = before
        return retried
