# ruff: noqa: S101, D102 - a suite of tests: asserts are the point, names are sentences
"""The contract every tap keeps.

Wire it up in a few lines::

    class TestContract(TapContract):
        tap = TapCrm

        def plant(self, sandbox, state_dir): ...   # write records through the vendor's API

The test folder's conftest imports `sandbox` and `sandbox_server` from `ofrecord_kit.testing.sandbox`.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.http import Client
from ofrecord_kit.limits import calls_of_run
from ofrecord_kit.settings import Connection
from ofrecord_kit.tap.facts import KEYS
from ofrecord_kit.tap.plugin import VendorTap
from ofrecord_kit.tap.stream import DELETED, VendorStream
from ofrecord_kit.testing import programs
from ofrecord_kit.testing.sandbox import Sandbox


@dataclass
class TapRun:
    """What one run of a tap's command left: messages, exit code, standard error."""

    code: int
    errors: str
    messages: list[dict[str, Any]] = field(default_factory=list)

    def records(self, stream: str | None = None) -> list[dict[str, Any]]:
        """Records of a stream, or of all."""
        return [one["record"] for one in self.messages if one["type"] == "RECORD" and stream in {None, one["stream"]}]

    def schemas(self) -> dict[str, dict[str, Any]]:
        """Stream to schema."""
        return {one["stream"]: one["schema"] for one in self.messages if one["type"] == "SCHEMA"}

    @property
    def state(self) -> dict[str, Any]:
        """The last state."""
        last: dict[str, Any] = [one["value"] for one in self.messages if one["type"] == "STATE"][-1]
        return last


def run_tap(
    tap: type[VendorTap],
    folder: Path,
    config: dict[str, Any],
    state: dict[str, Any] | None = None,
    catalog: Path | None = None,
) -> TapRun:
    """Run the tap's command as Meltano would."""
    files = {"config": folder / "config.json", "state": folder / "state.json"}
    files["config"].write_text(json.dumps(config))
    command = [tap.name, "--config", str(files["config"])]
    if state is not None:
        files["state"].write_text(json.dumps(state))
        command += ["--state", str(files["state"])]
    if catalog is not None:
        command += ["--catalog", str(catalog)]
    done = programs.run(command, timeout=120)
    return TapRun(done.returncode, done.stderr, [json.loads(line) for line in done.stdout.splitlines()])


def settings_table(tap: type[VendorTap]) -> str:
    """The tap's own settings as a Markdown table, in the order of `--about`; the README holds it."""
    schema = tap.config_jsonschema
    lines = ["| setting | required | default | meaning |", "|---|---|---|---|"]
    for name, one in schema["properties"].items():
        needed = "yes" if name in schema.get("required", []) else ""
        default = f"`{one['default']}`" if "default" in one else ""
        lines.append(f"| `{name}` | {needed} | {default} | {one['description']} |")
    return "\n".join(lines)


def failures_of_standard_tests(tap: type[VendorTap], config: dict[str, Any], folder: Path) -> str:
    """Run the SDK's standard tap tests in a program of their own; their report, empty when all pass."""
    file = folder / f"test_{tap.name.replace('-', '_')}_standard.py"
    file.write_text(
        "from singer_sdk.testing import get_tap_test_class\n"
        f"from {tap.__module__} import {tap.__name__}\n"
        f"TestStandard = get_tap_test_class({tap.__name__}, config={config!r}, parse_env_config=False)\n"
    )
    command = ["pytest", str(file), "-q", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    done = programs.run(command, timeout=300, cwd=folder)
    return "" if done.returncode == 0 and " passed" in done.stdout else done.stdout + done.stderr


class TapContract:
    """Promises of a tap; `plant` writes at least one record for each stream named in `planted`."""

    tap: ClassVar[type[VendorTap]]
    planted: ClassVar[tuple[str, ...]]

    def plant(self, sandbox: Sandbox, state_dir: Path) -> None:
        """Write records through the vendor's API."""
        raise NotImplementedError

    @pytest.fixture
    def config(self, sandbox: Sandbox, tmp_path: Path) -> dict[str, Any]:
        """Settings for a sandbox that holds the planted records."""
        self.plant(sandbox, tmp_path / "state")
        return sandbox.config(tmp_path / "state")

    @pytest.fixture
    def first(self, request: pytest.FixtureRequest, tmp_path: Path) -> TapRun:
        """A run that reads everything, the same one for all tests that only look at what one wrote."""
        kept: TapRun | None = vars(type(self)).get("whole_run")
        if kept is None:
            kept = run_tap(self.tap, tmp_path, request.getfixturevalue("config"))
            assert kept.code == 0, kept.errors
            type(self).whole_run = kept
        return kept

    whole_run: ClassVar[TapRun | None] = None

    def test_every_planted_stream_has_records_that_hold_the_schemas_properties_only(self, first: TapRun) -> None:
        schemas = first.schemas()
        for name in self.planted:
            assert first.records(name), name
            for record in first.records(name):
                assert set(record) <= set(schemas[name]["properties"])

    def test_every_property_is_described(self, config: dict[str, Any]) -> None:
        for stream in self.tap(config=config).streams.values():
            for name, one in stream.schema["properties"].items():
                assert one.get("description"), (stream.name, name)

    def test_the_catalog_says_of_each_field_what_the_vendor_takes(self, config: dict[str, Any]) -> None:
        catalog = self.tap(config=config).catalog_dict
        singer = {"inclusion", "selected", "selected-by-default"}
        for entry in (*catalog["streams"], *catalog.get("objects", [])):
            found = {tuple(one["breadcrumb"]): one["metadata"] for one in entry["metadata"]}
            for place in (("properties", name) for name in entry["schema"]["properties"]):
                assert place in found, (entry["tap_stream_id"], place)
            for place, said in found.items():
                if place:
                    assert set(said) <= KEYS | singer, (entry["tap_stream_id"], place)
                if place and place[1] not in entry["schema"]["properties"]:
                    assert said.get("vendor-type"), f"{entry['tap_stream_id']} {place} is no field: misspelt?"

    def test_a_run_with_its_own_catalog_writes_the_same_schemas(self, config: dict[str, Any], tmp_path: Path) -> None:
        catalog = tmp_path / "catalog.json"
        catalog.write_text(json.dumps(self.tap(config=config).catalog_dict))
        with_catalog = run_tap(self.tap, tmp_path, config, catalog=catalog)
        assert with_catalog.code == 0, with_catalog.errors
        discovered = run_tap(self.tap, tmp_path, config).schemas()
        assert with_catalog.schemas() == discovered
        assert not any(word in json.dumps(discovered) for word in ("maxLength", "max-length", '"enum"', '"values"'))

    def test_times_are_utc(self, first: TapRun) -> None:
        for name, schema in first.schemas().items():
            times = [key for key, one in schema["properties"].items() if one.get("format") == "date-time"]
            values = [record[key] for record in first.records(name) for key in times if record.get(key)]
            assert all(value.endswith("+00:00") for value in values)

    def test_a_second_run_reads_nothing_older_than_the_overlap(
        self, sandbox: Sandbox, config: dict[str, Any], tmp_path: Path
    ) -> None:
        sandbox.control("POST", "clock", {"move_s": 3600})
        first = run_tap(self.tap, tmp_path, config)
        again = run_tap(self.tap, tmp_path, config, state=first.state)
        assert again.code == 0, again.errors
        incremental = {name for name, mark in first.state["bookmarks"].items() if mark.get("replication_key_value")}
        assert incremental
        assert [
            one["stream"] for one in again.messages if one["type"] == "RECORD" and one["stream"] in incremental
        ] == []

    def test_a_bookmark_never_goes_back(self, config: dict[str, Any], tmp_path: Path) -> None:
        first = run_tap(self.tap, tmp_path, config).state
        again = run_tap(self.tap, tmp_path, config, state=first).state
        for name, mark in first["bookmarks"].items():
            if value := mark.get("replication_key_value"):
                later = again["bookmarks"][name]["replication_key_value"]
                assert datetime.fromisoformat(later) >= datetime.fromisoformat(value)

    def test_only_the_streams_asked_for_are_read(self, config: dict[str, Any], tmp_path: Path) -> None:
        run = run_tap(self.tap, tmp_path, {**config, "streams": [self.planted[0]]})
        assert set(run.schemas()) == {self.planted[0]}

    def test_an_unknown_stream_is_named_with_the_choices(self, config: dict[str, Any], tmp_path: Path) -> None:
        run = run_tap(self.tap, tmp_path, {**config, "streams": ["Nothing"]})
        assert run.code == 1
        assert "there is no Nothing. Choose from" in run.errors
        assert "Traceback" not in run.errors

    def test_calls_are_counted(self, config: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OFRECORD_RUN", "counted")
        run_tap(self.tap, tmp_path, config)
        counts = {one.system: one.calls for one in calls_of_run(tmp_path / "state", "counted")}
        assert counts[self.tap.system] > 0

    def test_a_wrong_secret_ends_in_one_message(self, config: dict[str, Any], tmp_path: Path) -> None:
        wrong = {**config, "client_secret": "planted-wrong", "state_dir": str(tmp_path / "other")}
        run = run_tap(self.tap, tmp_path, wrong)
        assert run.code == 1
        assert "client_secret" in run.errors
        assert "planted-wrong" not in run.errors
        assert "Traceback" not in run.errors

    def test_a_run_writes_each_version_of_a_record_once(self, first: TapRun) -> None:
        for one in (message for message in first.messages if message["type"] == "SCHEMA"):
            keys = (*one["key_properties"], *one.get("bookmark_properties", ()))
            versions = [json.dumps([record.get(key) for key in keys]) for record in first.records(one["stream"])]
            assert len(versions) == len(set(versions)), one["stream"]

    def test_what_is_not_selected_costs_no_call_and_is_not_written(
        self, sandbox: Sandbox, config: dict[str, Any], tmp_path: Path
    ) -> None:
        catalog, streams = self.tap(config=config).catalog_dict, self._streams(config)
        one = next((name for name in self.planted if streams[name].listed), self.planted[0])
        kept = self._selected(catalog, one)
        assert kept < set(next(e for e in catalog["streams"] if e["tap_stream_id"] == one)["schema"]["properties"])
        chosen = tmp_path / "chosen.json"
        chosen.write_text(json.dumps(catalog))
        sandbox.control("DELETE", "journal")
        run = run_tap(self.tap, tmp_path, config, catalog=chosen)
        assert run.code == 0, run.errors
        assert set(run.schemas()) == {one}
        assert run.records(one)
        assert all(set(record) <= kept for record in run.records(one))
        assert len(set(self._called(sandbox))) == 1  # its list, and no details

    @staticmethod
    def _selected(catalog: dict[str, Any], stream: str) -> set[str]:
        """Select the key and the time of one stream and nothing else; the names of what is selected."""
        kept: set[str] = set()
        for entry in catalog["streams"]:
            needed = {*entry["key_properties"], entry.get("replication_key") or ""}
            for one in entry["metadata"]:
                place = one["breadcrumb"]
                one["metadata"]["selected"] = entry["tap_stream_id"] == stream and (not place or place[1] in needed)
            kept |= needed - {""} if entry["tap_stream_id"] == stream else set()
        return kept

    def test_a_closed_window_reads_nothing_and_the_next_run_goes_on(
        self, config: dict[str, Any], tmp_path: Path
    ) -> None:
        later = [(datetime.now(UTC) + timedelta(hours=hours)).strftime("%H:%M") for hours in (3, 4)]
        closed = run_tap(self.tap, tmp_path, {**config, "streams": [self.planted[0]], "window": "-".join(later)})
        assert (closed.code, closed.records()) == (0, []), closed.errors
        assert "is closed" in closed.errors
        opened = run_tap(self.tap, tmp_path, {**config, "streams": [self.planted[0]]}, state=closed.state)
        assert opened.records(self.planted[0])

    def test_an_end_date_leaves_later_records_to_the_run_without_it(
        self, config: dict[str, Any], tmp_path: Path
    ) -> None:
        ended = run_tap(self.tap, tmp_path, {**config, "end_date": "2001-01-01T00:00:00Z"})
        assert ended.code == 0, ended.errors
        dated = {name for name, mark in ended.state["bookmarks"].items() if mark.get("replication_key_value")}
        assert dated
        assert [name for name in dated if ended.records(name)] == []
        assert run_tap(self.tap, tmp_path, config, state=ended.state).records(min(dated & set(self.planted)))

    def test_changed_only_writes_what_differs_and_what_no_state_confirmed(
        self, config: dict[str, Any], tmp_path: Path
    ) -> None:
        compared = {**config, "changed_only": ["*"], "read_whole": list(self.planted), "streams": list(self.planted)}
        first = run_tap(self.tap, tmp_path, compared)
        again = run_tap(self.tap, tmp_path, compared, state=first.state)
        assert (again.code, again.records()) == (0, []), again.errors
        unconfirmed = run_tap(self.tap, tmp_path, compared)
        assert len(unconfirmed.records()) == len(first.records())

    def test_a_filter_is_checked_on_every_record(self, config: dict[str, Any], tmp_path: Path) -> None:
        name = self.planted[0]
        key = (self.tap(config=config).streams[name].primary_keys or ("id",))[0]
        one = run_tap(self.tap, tmp_path, {**config, "streams": [name]}).records(name)[0][key]
        for value, expected in ((one, [one]), ("nothing has this id", [])):
            filtered = {**config, "streams": [name], "filters": {name: {key: [value]}}}
            run = run_tap(self.tap, tmp_path, filtered)
            assert (run.code, [record[key] for record in run.records(name)]) == (0, expected), run.errors

    def test_a_stream_that_cannot_be_read_does_not_stop_the_others(
        self, sandbox: Sandbox, config: dict[str, Any], tmp_path: Path
    ) -> None:
        first, second = self.planted[1:3]
        paths: list[str] = []
        for name in (second, first):
            sandbox.control("DELETE", "journal")
            run_tap(self.tap, tmp_path, {**config, "streams": [name]})
            paths = self._called(sandbox)
        code = "INVALID_MODULE" if self.tap.system == "crm" else 5
        refused = {"do": "status", "status": 400, "body": {"code": code, "message": "no such thing", "status": "error"}}
        sandbox.control("POST", "faults", {"match": {"path": f"^{re.escape(paths[0])}$"}, "times": 0, **refused})
        run = run_tap(self.tap, tmp_path, {**config, "streams": [first, second]})
        sandbox.control("DELETE", "faults")
        assert run.code == 1
        assert f"{first} cannot be read" in run.errors, run.errors
        assert "Traceback" not in run.errors
        assert (run.records(first), bool(run.records(second))) == ([], True)

    def test_a_deletion_is_found_by_a_sweep_and_never_by_one_that_is_cut(
        self, sandbox: Sandbox, config: dict[str, Any], tmp_path: Path
    ) -> None:
        streams = self._streams(config)
        swept = [name for name in self.planted if streams[name].sweeps]
        removed = self.remove(sandbox, config, tmp_path, swept)
        assert (removed is None) == (not swept)
        if removed is None:
            return
        name, record_id, state, path = removed
        sandbox.control("POST", "clock", {"move_s": 2 * 86400})
        alone = {**config, "streams": [name]}
        sandbox.control("POST", "faults", {"match": {"path": f"^{path}$"}, "nth": 2, "times": 50, "do": "status", "status": 500})  # fmt: skip
        cut = run_tap(self.tap, tmp_path, alone, state=state)
        sandbox.control("DELETE", "faults")
        assert cut.code == 1
        assert [one for one in cut.records(name) if one.get(DELETED)] == []
        whole = run_tap(self.tap, tmp_path, alone, state=cut.state)
        key = (streams[name].primary_keys or ("id",))[0]
        assert whole.code == 0, whole.errors
        assert [one[key] for one in whole.records(name) if one.get(DELETED)] == [record_id]

    def remove(
        self, sandbox: Sandbox, config: dict[str, Any], folder: Path, swept: Sequence[str]
    ) -> tuple[str, str, dict[str, Any], str] | None:
        """Read, then delete one record of a stream that is swept: its stream, its id, the state before, the path of the list."""
        streams = self._streams(config)
        connection = Connection.from_config(sandbox.config(folder / "other"))
        with Client(connection, system=self.tap.system, plugin="test") as client:
            for name in swept:
                path = f"{getattr(streams[name], 'root', '')}{getattr(streams[name], 'path', '')}"
                if not streams[name].is_incremental:
                    continue
                first = run_tap(self.tap, folder, {**config, "streams": [name]})
                for record in first.records(name):
                    record_id = record[(streams[name].primary_keys or ("id",))[0]]
                    with suppress(VendorRefusal):
                        client.send("DELETE", f"{path}/{record_id}")
                        return name, record_id, first.state, path
        return None

    def _streams(self, config: dict[str, Any]) -> dict[str, VendorStream]:
        return {name: one for name, one in self.tap(config=config).streams.items() if isinstance(one, VendorStream)}

    @staticmethod
    def _called(sandbox: Sandbox) -> list[str]:
        """Paths of the calls for records."""
        paths = [str(one["path"]) for one in sandbox.control("GET", "journal")["entries"]]
        return [path for path in paths if "/settings/" not in path and "/oauth/" not in path]

    def test_the_readme_holds_the_settings(self) -> None:
        readme = Path(inspect.getfile(self.tap)).parents[1] / "README.md"
        assert settings_table(self.tap) in readme.read_text(encoding="utf-8"), f"{readme} is stale"

    def test_the_sdks_standard_tests_pass(self, config: dict[str, Any], tmp_path: Path) -> None:
        assert failures_of_standard_tests(self.tap, config, tmp_path) == ""

    def test_no_secret_is_in_output_log_or_state(self, first: TapRun, sandbox_server: Sandbox, tmp_path: Path) -> None:
        config = sandbox_server.config(tmp_path)
        said = json.dumps(first.messages) + first.errors
        assert config["client_secret"] not in said
        assert config["refresh_token"] not in said
