"""One stream: gather records, deliver them in batches, count outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jsonschema_rs
from singer_sdk.exceptions import InvalidJSONSchema, InvalidRecord
from singer_sdk.sinks import BatchSink
from singer_sdk.sinks.core import BaseJSONSchemaValidator

from ofrecord_kit.ledger import Held
from ofrecord_kit.target.delivery import Delivery
from ofrecord_kit.target.destination import Done, Refused
from ofrecord_kit.target.recording import LOUD, WAITS_S
from ofrecord_kit.target.spreading import to_revisit
from ofrecord_kit.target.wire import read_wire

if TYPE_CHECKING:
    from ofrecord_kit.target.program import OfrecordTarget

OUTCOMES = ("written", "unchanged", "held", "failed", "filtered")


class _Validator(BaseJSONSchemaValidator):
    """jsonschema-rs: five times as fast as the SDK's own, and its messages are kept out of logs."""

    def __init__(self, schema: dict[str, Any]) -> None:
        super().__init__(schema)
        try:
            self._validator = jsonschema_rs.validator_for(schema)
        except (jsonschema_rs.ValidationError, ValueError) as error:
            message = f"The SCHEMA message is not a JSON schema: {error}"
            raise InvalidJSONSchema(message) from None

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
        self.wire = read_wire(self.original_schema)
        self.delivery: Delivery | None = None
        if self.wire is not None:
            target.meet(self.wire, self.original_schema)
            self.delivery = Delivery(
                self.wire, target.destination, target.ledger, target.now, dry=bool(target.config.get("dry_run"))
            )

    def get_validator(self) -> BaseJSONSchemaValidator | None:
        """The fast one."""
        return _Validator(self.schema) if self.validate_schema else None

    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        """Validate; a record that breaks its schema is marked and set aside, the others go on. Nothing is converted."""
        if self._validator is not None:
            try:
                self._validator.validate(record)
            except InvalidRecord as error:
                note = dict(record.get("_ofrecord") or {})
                note["broken"] = error.error_message
                record["_ofrecord"] = note
        return record

    def process_batch(self, context: dict[str, Any]) -> None:
        """Deliver what was gathered and count it."""
        records = context.get("records", [])
        self.counts["read"] += len(records)
        sound = [record for record in records if not (record.get("_ofrecord") or {}).get("broken")]
        broken = [record for record in records if (record.get("_ofrecord") or {}).get("broken")]
        if broken:
            self._set_broken_aside(broken)
        with self.program.busy():
            if self.delivery is None:
                self._upsert(sound)
            elif sound:
                for item in self.delivery.deliver(sound):
                    self.counts[item.outcome or "failed"] += 1
                    if item.outcome == "filtered":
                        self.counts[f"filtered: {item.reason}"] += 1
                    self.edited.update(item.edited(self.delivery.wire))
                    for held in item.helds:
                        self._say(held)
        counts = " ".join(f"{name}={self.counts[name]}" for name in ("read", *OUTCOMES))
        self.logger.info("%s: %s", self.wire.way if self.wire else self.stream_name, counts)

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
        """A plain stream: matched on its key properties, the last of several with one key wins."""
        rows = [{name: value for name, value in record.items() if name != "_ofrecord"} for record in records]
        latest: dict[Any, dict[str, Any]] = {}
        for number, row in enumerate(rows):
            key = tuple(str(row.get(name)) for name in self.key_properties) or number
            latest[key] = row
        self.counts["unchanged"] += len(rows) - len(latest)
        if self.config.get("dry_run"):
            self.counts["written"] += len(latest)
            return
        if not latest:
            return
        results = self.program.destination.upsert(self.stream_name, self.key_properties, list(latest.values()))
        helds = []
        for (key, row), result in zip(latest.items(), results, strict=True):
            if isinstance(result, Done):
                self.counts["written"] += 1
                continue
            code, words, field = (
                (result.code, result.message, result.field)
                if isinstance(result, Refused)
                else ("GONE", "it is gone", None)
            )
            self.counts["held"] += 1
            name = "/".join(key) if isinstance(key, tuple) else str(key)
            helds.append(self._plain_held(name, "refused", words, code, field, row))
        self._hold(helds)

    def _set_broken_aside(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Records that break their own schema: the sender must be corrected."""
        self.counts["held"] += len(records)
        self._hold(
            [
                self._plain_held(
                    str(record["_ofrecord"].get("id") or "/".join(str(record.get(name)) for name in self.key_properties)),
                    "invalid", record["_ofrecord"]["broken"], "SCHEMA", None, None,
                )
                for record in records
            ]
        )  # fmt: skip

    def _plain_held(  # noqa: PLR0917 - the columns of a held record
        self, name: str, kind: str, words: str, code: str | None, field: str | None, row: Mapping[str, Any] | None
    ) -> Held:
        wire = self.wire
        return Held(
            wire.entity if wire else self.stream_name, wire.source if wire else "singer", self.program.system, name,
            kind, f"{words}{f' (field {field})' if field else ''}", code, payload=row,
        )  # fmt: skip

    def _hold(self, helds: Sequence[Held]) -> None:
        if not helds:
            return
        for held in helds:
            self._say(held)
        with self.program.ledger.writing(self.program.now()) as ledger:
            for held in helds:
                ledger.hold(held, wait_s=WAITS_S.get(held.kind))
        self.program.refused += sum(held.kind in LOUD for held in helds)

    def retry_due(self) -> Counter[str]:
        """Try held records again whose time has come; counted apart, they are not read in this run."""
        retried: Counter[str] = Counter()
        if self.delivery is None or self.wire is None or self.wire.partial or self.delivery.dry:
            return retried
        wire, program = self.wire, self.program
        due = program.ledger.due(wire.source, wire.destination, wire.entity, program.now(), list(WAITS_S))
        payloads = [one.payload for one in due] + (to_revisit(self.delivery) if wire.spread else [])
        if payloads:
            for item in self.delivery.deliver(payloads, again=True):
                retried[item.outcome or "failed"] += 1
        return retried
