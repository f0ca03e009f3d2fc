"""The Singer target around the delivery: state, balance, exit codes, interruptions. The vendor is a list in memory."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ofrecord_kit.errors import BadSettings, NotReachable
from ofrecord_kit.ledger import Ledger
from ofrecord_kit.target import Change, Current, Destination, Done, New, OfrecordTarget, Refused, Result
from ofrecord_kit.target.counted import Counted


class Shelf(Destination):
    """Accepts every record but those named bad."""

    def __init__(self) -> None:
        self.rows: list[Mapping[str, Any]] = []

    @property
    def calls(self) -> int:
        return len(self.rows)

    def close(self) -> None: ...

    def read(self, object_: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        return {}

    def find(
        self, object_: str, field_: str, values: Sequence[Any], form: str | None, among: Mapping[str, Any] | None = None
    ) -> dict[Any, list[str]]:
        return {}

    def _keep(self, row: Mapping[str, Any]) -> Result:
        if row.get("name") == "bad":
            return Refused("INVALID_DATA", "invalid data", "name")
        self.rows.append(row)
        return Done(f"there-{row.get('Inventory_ID', len(self.rows))}")

    def create(self, object_: str, records: Sequence[New]) -> list[Result]:
        return [self._keep(new.values) for new in records]

    def update(self, object_: str, changes: Sequence[Change]) -> list[Result]:
        return [Done(change.id) for change in changes]

    def stamp(self, object_: str, field_: str, ids: Mapping[str, str]) -> dict[str, Result]:
        return {one: Done(one) for one in ids}

    def upsert(self, stream: str, keys: Sequence[str], records: Sequence[Mapping[str, Any]]) -> list[Result]:
        return [self._keep(row) for row in records]


class TargetShelf(OfrecordTarget):
    """A target to the shelf."""

    name = "target-shelf"
    system: ClassVar[str] = "crm"

    def __init__(self, **options: Any) -> None:
        self.shelf = Shelf()
        super().__init__(**options)

    def connect(self, client: Counted) -> Destination:
        client.close()
        return self.shelf


def settings(folder: Path, **more: Any) -> dict[str, Any]:
    return {
        "api_url": "http://127.0.0.1:1", "accounts_url": "http://127.0.0.1:1", "client_id": "c", "client_secret": "s",
        "refresh_token": "r", "state_dir": str(folder), "ledger": str(folder / "ledger.db"), **more,
    }  # fmt: skip


WIRE: dict[str, Any] = {
    "type": "object",
    "x-ofrecord": {"entity": "product", "object": "Products", "from": "inventory", "to": "crm", "rules": "sha256:1",
                   "responsible": {"owner": "Product management"},
                   "external_id": "Inventory_ID", "match": [], "create": True},
    "properties": {"Inventory_ID": {"type": "string"},
                   "name": {"type": ["string", "null"], "x-ofrecord": {"field": "name", "owner": "inventory"}},
                   "_ofrecord": {"type": "object"}},
}  # fmt: skip


def product(identity: int, name: Any = "Bolt", **note: Any) -> dict[str, Any]:
    about = {"id": str(identity), "native": {"name": name}, **note}
    return {
        "type": "RECORD",
        "stream": "product",
        "record": {"Inventory_ID": str(identity), "name": name, "_ofrecord": about},
    }


def lines(*messages: Mapping[str, Any]) -> io.StringIO:
    head = {"type": "SCHEMA", "stream": "product", "key_properties": ["Inventory_ID"], "schema": WIRE}
    return io.StringIO("".join(json.dumps(message) + "\n" for message in (head, *messages)))


def run(folder: Path, *messages: Mapping[str, Any], **more: Any) -> tuple[int, TargetShelf]:
    target = TargetShelf(config=settings(folder, **{"approve": True, **more}))
    try:
        target.listen(lines(*messages))
    except SystemExit as ended:
        return int(str(ended.code)), target
    return 0, target


def run_row(folder: Path) -> Any:
    ledger = Ledger(str(folder / "ledger.db"))
    row = ledger.runs()[0]
    ledger.close()
    return row


@pytest.mark.promise("N16", "F108")
def test_every_record_read_has_one_counted_outcome(tmp_path: Path) -> None:
    code, _target = run(
        tmp_path, product(1), product(1), product(2, "bad"), product(3, filtered="not for sale"), product(4, 7), errors_allowed="2"
    )  # fmt: skip
    counts = run_row(tmp_path).counts["product"]
    assert counts == {
        "read": 5, "written": 1, "unchanged": 1, "held": 2, "filtered": 1, "filtered: not for sale": 1,
    }  # fmt: skip
    assert code == 0


def test_more_refusals_than_allowed_end_the_run_red_after_everything_was_delivered(tmp_path: Path) -> None:
    code, target = run(tmp_path, product(1, "bad"), product(2))
    assert (code, len(target.shelf.rows), run_row(tmp_path).status) == (1, 1, "refusals")


@pytest.mark.promise("F117")
@pytest.mark.parametrize(("bad", "code"), [(9, 0), (11, 1)])
def test_eleven_errors_in_a_thousand_records_alert_and_nine_do_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, bad: int, code: int
) -> None:
    records = [product(n, "bad" if n <= bad else "Bolt") for n in range(1, 1001)]
    assert run(tmp_path, *records)[0] == code
    alerts = [line for line in caplog.messages if "errors_allowed is 1%" in line]
    assert len(alerts) == code
    assert run_row(tmp_path).counts["product"]["written"] == 1000 - bad


def test_the_errors_allowed_may_be_a_number_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    assert run(tmp_path, product(1, "bad"), product(2), errors_allowed="1")[0] == 0
    assert run(tmp_path, product(3, "bad"), *(product(n) for n in range(4, 304)), errors_allowed="0")[0] == 1
    with pytest.raises(BadSettings, match=r"errors_allowed: .*Use a share such as 1% or a number such as 0"):
        TargetShelf(config=settings(tmp_path, errors_allowed="many"))


def test_state_is_passed_on_at_each_state_message_after_what_came_before_was_delivered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = {"type": "STATE", "value": {"bookmarks": {"items": 1}}}
    later = {"type": "STATE", "value": {"bookmarks": {"items": 2}}}
    code, target = run(tmp_path, product(1), state, product(2), later)
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert printed[:2] == [state["value"], later["value"]]
    assert (code, len(target.shelf.rows)) == (0, 2)


def test_a_line_that_is_no_singer_message_is_one_message_and_not_quoted(tmp_path: Path) -> None:
    settings_file = tmp_path / "settings.json"
    settings_file.write_text(json.dumps(settings(tmp_path)))
    program = tmp_path / "program.py"
    program.write_text(
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\nfrom ofrecord_kit.program import run_plugin\n"
        "from test_target_program import TargetShelf\nrun_plugin(TargetShelf)\n"
    )
    done = subprocess.run(
        [sys.executable, str(program), "--config", str(settings_file)], input=lines(product(1)).getvalue() + '{"ann@example.com',
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    [error] = [line for line in done.stderr.splitlines() if "ERROR" in line]
    assert "A line of 17 characters is not a Singer message" in error
    assert "Traceback" not in done.stderr
    assert "ann@example.com" not in done.stderr
    assert done.stdout == ""


def test_no_value_of_a_record_that_breaks_its_schema_reaches_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(tmp_path, product(1, {"secret": "ann@example.com"}), product(2, "bad", label="SKU-2"))
    assert "SKU-2" in caplog.text
    assert "ann@example.com" not in caplog.text
    assert "bad" not in caplog.text


def test_what_is_set_aside_names_who_is_responsible(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run(tmp_path, product(1, "bad"))
    [line] = [one for one in caplog.messages if "set aside" in one]
    assert line.endswith("(responsible: Product management)")


def test_the_last_line_sums_the_run_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    run(tmp_path, product(1))
    last = caplog.records[-1].getMessage()
    assert last.startswith("run finished: read=1 written=1 unchanged=0 held=0 failed=0 filtered=0 calls=1")


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    code, target = run(tmp_path, product(1), dry_run=True)
    assert (code, target.shelf.rows, run_row(tmp_path).counts["product"]["written"]) == (0, [], 1)


def test_a_plain_stream_is_upserted_on_its_key_and_refusals_are_kept(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}
    target = TargetShelf(config=settings(tmp_path, errors_allowed="1"))
    head = {"type": "SCHEMA", "stream": "things", "key_properties": ["id"], "schema": schema}
    rows = [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}, {"id": 2, "name": "bad"}]
    messages = [head, *({"type": "RECORD", "stream": "things", "record": row} for row in rows)]
    target.listen(io.StringIO("".join(json.dumps(message) + "\n" for message in messages)))
    assert target.shelf.rows == [{"id": 1, "name": "b"}]
    assert run_row(tmp_path).counts["things"] == {"read": 3, "written": 1, "unchanged": 1, "held": 1}


def test_a_run_that_is_asked_to_stop_between_two_batches_records_what_was_delivered_and_the_next_completes(
    tmp_path: Path,
) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_target_program import TargetShelf, settings
        from pathlib import Path
        target = TargetShelf(config=settings(Path({str(tmp_path)!r}), approve=True))
        target.listen()
        """)
    )
    state = {"type": "STATE", "value": {"bookmarks": {"items": 1}}}
    child = subprocess.Popen(
        [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(lines(product(1), state, product(2)).getvalue())
    child.stdin.flush()
    assert json.loads(child.stdout.readline()) == state["value"]
    child.send_signal(signal.SIGTERM)
    _out, errors = child.communicate(timeout=30)
    assert child.returncode == 143, errors
    assert "what was delivered is recorded" in errors
    assert run_row(tmp_path).status == "interrupted"
    code, target = run(tmp_path, product(1), product(2))
    assert (code, [row["Inventory_ID"] for row in target.shelf.rows]) == (0, ["2"])


def test_a_run_that_stops_with_an_error_says_so_in_its_row_and_the_next_completes(tmp_path: Path) -> None:
    class TargetNowhere(TargetShelf):
        """A target whose vendor is not there."""

        def connect(self, client: Counted) -> Destination:
            client.close()
            raise NotReachable

    target = TargetNowhere(config=settings(tmp_path))
    with pytest.raises(NotReachable):
        target.listen(lines(product(1)))
    target.end_failed()
    row = run_row(tmp_path)
    assert (row.status, row.counts["product"]["read"]) == ("failed", 0)
    assert run(tmp_path, product(1))[0] == 0


DRIFT = {"field": "price", "property": "rate", "expected": "number", "found": "string"}


def drifting(*properties: str) -> dict[str, Any]:
    """A SCHEMA line of a source that drifted; the properties named are owned by the CRM."""
    about = {**WIRE["x-ofrecord"], "drift": [DRIFT]}
    observed = {"x-ofrecord": {"field": "stage", "owner": "crm", "violation": "revert"}}
    schema = {**WIRE, "x-ofrecord": about, "properties": {**WIRE["properties"], **dict.fromkeys(properties, observed)}}
    return {"type": "SCHEMA", "stream": "product", "key_properties": ["Inventory_ID"], "schema": schema}


def test_a_source_that_differs_from_the_rules_is_told_once_a_run_and_noted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert run(tmp_path, drifting(), product(1), drifting("Extra"), product(2))[0] == 0
    told = [line for line in caplog.messages if "differs from what the rules" in line]
    assert told == ["product inventory→crm: inventory differs from what the rules were written for: price: expected number, found string"]  # fmt: skip
    assert run_row(tmp_path).notes == {"drift": {"product": [DRIFT]}}


def test_edits_of_fields_the_source_does_not_own_are_counted_by_field(tmp_path: Path) -> None:
    said = drifting("Stage")
    run(tmp_path, said, product(1), product(2), product(3))
    ledger = Ledger(str(tmp_path / "ledger.db"))
    with ledger.writing(ledger.runs()[0].started) as writing:
        for one, link in ledger.links_of("product", "inventory", "crm", ["1", "2", "3"]).items():
            writing.record_agreed(link.link, {"stage": {"inventory": f"new {one}", "crm": "new"}})
    ledger.close()
    run(tmp_path, said, product(1, observed={"stage": "x"}), product(2, observed={"stage": "x"}), product(3, observed={"stage": "new 3"}))  # fmt: skip
    assert run_row(tmp_path).notes["edited"] == {"product": {"stage": 2}}
