# ruff: noqa: S101, PLR2004 - a contract is made of assertions
"""What every target promises, as tests against the sandbox. A target subclasses `TargetContract` in a few lines."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ofrecord_kit.http import Client
from ofrecord_kit.ledger import Ledger, Run
from ofrecord_kit.settings import Connection
from ofrecord_kit.target import OfrecordTarget
from ofrecord_kit.testing.sandbox import Sandbox

Values = Mapping[str, Any]


def field(name: str, form: str = "text", *, owner: str = "inventory", **more: Any) -> dict[str, Any]:
    """A property of the wire."""
    said = {"field": name, "owner": owner, "rule": "rules.yml:1", "format": form, **more}
    return {"type": ["string", "number", "object", "null"], "x-ofrecord": said}


class Bench:
    """One target, one sandbox, one ledger: send records, look at what arrived."""

    def __init__(self, target: type[OfrecordTarget], schema: Values, sandbox: Sandbox, folder: Path) -> None:
        self.target = target
        self.schema = schema
        self.sandbox = sandbox
        self.config = sandbox.config(folder, ledger=str(folder / "ledger.db"), approve=True)
        if "organization_id" not in target.config_jsonschema["properties"]:
            del self.config["organization_id"]
            del self.config["calls_per_minute"]
        self.client = Client(
            Connection.from_config(self.config), system=target.system, plugin="contract", run="contract"
        )

    def messages(self, *records: Values) -> list[Values]:
        """The SCHEMA and a RECORD each."""
        stream = self.schema["x-ofrecord"]["entity"]
        key = self.schema["x-ofrecord"]["external_id"]
        head = {"type": "SCHEMA", "stream": stream, "key_properties": [key] if key else [], "schema": self.schema}
        return [head, *({"type": "RECORD", "stream": stream, "record": record} for record in records)]

    def send(self, *records: Values, **settings: Any) -> int:
        """Run the target once over these records; its exit code."""
        messages = self.messages(*records)
        lines = io.StringIO("".join(json.dumps(message) + "\n" for message in messages))
        try:
            self.target(config={**self.config, **settings}).listen(lines)
        except SystemExit as ended:
            return int(str(ended.code))
        return 0

    def record(self, identity: str, values: Values) -> dict[str, Any]:
        """A record of the wire: every property's native value is the value sent."""
        fields = {
            name: about["x-ofrecord"]["field"]
            for name, about in self.schema["properties"].items()
            if "x-ofrecord" in about
        }
        native = {fields[name]: value for name, value in values.items()}
        key = self.schema["x-ofrecord"]["external_id"]
        return {
            **({key: identity} if key else {}),
            **values,
            "_ofrecord": {"id": identity, "native": native, "observed": {}, "deleted": False},
        }

    def run(self) -> Run:
        """The last run's row."""
        ledger = Ledger(self.config["ledger"])
        row = ledger.runs()[0]
        ledger.close()
        return row

    def counts(self) -> dict[str, int]:
        """The last run's outcomes."""
        return self.run().counts[self.schema["x-ofrecord"]["entity"]]

    def id_of(self, identity: str) -> str:
        """The id at the vendor of a source record."""
        about = self.schema["x-ofrecord"]
        ledger = Ledger(self.config["ledger"])
        found = ledger.links_of(about["entity"], about["from"], about["to"], [identity])[identity].destination_id
        ledger.close()
        return found


class TargetContract:
    """Subclass: set the class attributes, implement `stored` and `count`, import the fixture `sandbox`."""

    target: ClassVar[type[OfrecordTarget]]
    schema: ClassVar[Values]
    changed: ClassVar[tuple[str, Any]]
    """A property of the samples and another value for it."""
    clearable: ClassVar[str]
    """A property that may be empty."""
    refused: ClassVar[Values]
    """Values the vendor refuses."""
    create_call: ClassVar[Values]
    """Method and path of the call that creates, for faults."""

    def sample(self, number: int) -> dict[str, Any]:
        """Values of a valid record."""
        raise NotImplementedError

    def stored(self, bench: Bench, record: str) -> Values:
        """What the vendor holds, by property name."""
        raise NotImplementedError

    def count(self, bench: Bench) -> int:
        """How many records the vendor holds."""
        raise NotImplementedError

    @pytest.fixture
    def bench(self, sandbox: Sandbox, tmp_path: Path) -> Iterator[Bench]:
        """A target and a sandbox to try it on."""
        made = Bench(self.target, self.schema, sandbox, tmp_path)
        yield made
        made.client.close()

    def test_a_record_is_created_once_however_often_it_is_sent(self, bench: Bench) -> None:
        """Idempotent create."""
        record = bench.record("1", self.sample(1))
        assert bench.send(record) == 0
        assert bench.counts()["written"] == 1
        assert bench.send(record) == 0
        Path(bench.config["ledger"]).unlink()
        assert bench.send(record) == 0
        assert self.count(bench) == 1

    def test_an_unchanged_record_costs_no_call(self, bench: Bench) -> None:
        """Silence."""
        record = bench.record("1", self.sample(1))
        bench.send(record)
        bench.send(record)
        assert bench.counts()["unchanged"] == 1
        assert bench.run().calls == 0

    def test_only_the_changed_field_is_written(self, bench: Bench) -> None:
        """Partial update."""
        bench.send(bench.record("1", self.sample(1)))
        before = dict(self.stored(bench, bench.id_of("1")))
        name, value = self.changed
        assert bench.send(bench.record("1", {**self.sample(1), name: value})) == 0
        after = dict(self.stored(bench, bench.id_of("1")))
        assert str(after.pop(name)) == str(value)
        before.pop(name)
        assert before == after

    def test_absent_is_left_and_null_clears(self, bench: Bench) -> None:
        """Null is not absent."""
        bench.send(bench.record("1", self.sample(1)))
        without = {name: value for name, value in self.sample(1).items() if name != self.clearable}
        bench.send(bench.record("1", without))
        assert self.stored(bench, bench.id_of("1"))[self.clearable] == self.sample(1)[self.clearable]
        bench.send(bench.record("1", {**without, self.clearable: None}))
        assert self.stored(bench, bench.id_of("1"))[self.clearable] in (None, "")

    def test_one_refused_record_of_many_is_held_with_the_vendors_words(self, bench: Bench) -> None:
        """One bad record never stops the others."""
        records = [bench.record(str(n), self.sample(n)) for n in range(1, 8)]
        records[3] = bench.record("4", {**self.sample(4), **self.refused})
        assert bench.send(*records) == 1
        assert (bench.counts()["written"], bench.counts()["held"], self.count(bench)) == (6, 1, 6)
        ledger = Ledger(bench.config["ledger"])
        (held,) = ledger.held()
        ledger.close()
        assert held.source_id == "4"
        assert held.code
        assert held.message

    def test_a_lost_answer_to_a_creation_makes_no_second_record(self, bench: Bench) -> None:
        """A timeout after a successful write."""
        bench.send(bench.record("1", self.sample(1)))
        bench.sandbox.control("POST", "faults", {"match": dict(self.create_call), "do": "drop_after_commit"})
        assert bench.send(bench.record("2", self.sample(2))) == 0
        assert self.count(bench) == 2

    def test_a_run_that_died_after_the_vendor_accepted_is_completed_by_the_next(self, bench: Bench) -> None:
        """Restart."""
        bench.send(bench.record("1", self.sample(1)))
        bench.sandbox.control(
            "POST",
            "faults",
            {"match": dict(self.create_call), "do": "status", "status": 503, "after_commit": True, "times": 0},
        )
        with pytest.raises(Exception, match="No usable answer"):
            bench.send(bench.record("2", self.sample(2)))
        bench.sandbox.control("DELETE", "faults")
        assert bench.send(bench.record("2", self.sample(2))) == 0
        assert self.count(bench) == 2

    @pytest.mark.promise("N12")
    def test_a_run_killed_at_any_step_makes_exactly_one_record(self, bench: Bench, tmp_path: Path) -> None:
        """Killed before and after each call and each transaction, every record is there once when the next run has ended."""
        before = self.count(bench)
        runs = [bench.messages(bench.record(f"9{n:02}", self.sample(100 + n))) for n in range(60)]
        name = f"{self.target.__module__}:{self.target.__qualname__}"
        asked = tmp_path / "killed.json"
        asked.write_text(json.dumps({"target": name, "config": bench.config, "runs": runs}, default=str))
        command = [sys.executable, "-m", "ofrecord_kit.testing.killed", str(asked)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - ours
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(told) > 8, done.stderr
        assert [one["killed"] for one in told] == [True] * (len(told) - 1) + [False]
        assert {one["code"] for one in told} == {0}
        assert self.count(bench) == before + len(told)
        for number in range(len(told)):
            assert bench.id_of(f"9{number:02}")
