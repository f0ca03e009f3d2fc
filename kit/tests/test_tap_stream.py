"""From rows to lines: what is written, how far the bookmark goes, when reading ends."""

import fcntl
import json
import logging
import subprocess
import sys
import termios
import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ofrecord_kit.errors import BadSettings, NotReachable, PermissionMissing, Stop, VendorRefusal
from ofrecord_kit.tap.reading import Seen
from ofrecord_kit.tap.stream import DELETED
from ofrecord_kit.testing.shelf import NOON, SCHEMA, Shelf, ShelfTap, at, config_of, run


def things(count):
    return [{"id": str(number), "at": at(number), "name": f"Thing {number}"} for number in range(count)]


def bookmark(done, stream="things"):
    return done.state["bookmarks"][stream].get("replication_key_value")


def catalog_without(*names, stream="things"):
    catalog = ShelfTap(config=config_of("unused")).catalog_dict
    for entry in catalog["streams"]:
        for one in entry["metadata"]:
            if entry["tap_stream_id"] == stream and one["breadcrumb"] and one["breadcrumb"][1] in names:
                one["metadata"]["selected"] = False
            elif not one["breadcrumb"]:
                one["metadata"]["selected"] = entry["tap_stream_id"] == stream
    return catalog


def test_a_line_holds_the_record_as_the_vendor_wrote_it_and_when_it_was_extracted(tmp_path):
    shelf = Shelf([{"id": "1", "at": at(0), "price": 5, "more": "not in the schema"}])
    (line,) = [one for one in run(shelf, tmp_path, streams=["things"]).lines if '"RECORD"' in one]
    time = json.dumps(at(0))
    head = '{"type":"RECORD","stream":"things","record":{"id":"1","at":'
    assert line == f'{head}{time},"price":5}},"time_extracted":"2026-03-01T12:00:00+00:00"}}'


def test_a_stream_that_is_mapped_goes_the_sdks_way_and_says_the_same(tmp_path):
    shelf = Shelf([{**one, "price": number, "lines": [{"rate": "1.50"}]} for number, one in enumerate(things(5))])
    direct = run(shelf, tmp_path, streams=["things"])
    mapped = run(shelf, tmp_path, streams=["things"], stream_maps={"things": {"doubled": "2"}})
    assert [{**one, "doubled": "2"} for one in direct.records] == [{**one, "doubled": "2"} for one in mapped.records]
    assert bookmark(direct) == bookmark(mapped) == NOON.isoformat()


def test_what_is_not_selected_is_not_written_and_keys_always_are(tmp_path):
    shelf = Shelf([{**one, "price": 1} for one in things(1)])
    (record,) = run(shelf, tmp_path, catalog=catalog_without("name", "id", "at")).records
    assert set(record) == {"id", "at", "price"}


def test_details_are_wanted_only_where_something_beyond_the_list_is_chosen():
    def stream(catalog=None, **more):
        found = ShelfTap(config=config_of("unused", **more), catalog=catalog).streams["things"]
        found.listed = frozenset(SCHEMA["properties"]) - {"lines", DELETED}
        return found

    assert stream().wants_details
    assert not stream(catalog_without("lines")).wants_details
    assert not stream(without_details=["things"]).wants_details
    assert stream(catalog_without("lines"), filters={"things": {"lines": "x"}}).asked >= {"lines"}


def test_a_version_comes_once_though_pages_shift(tmp_path):
    rows = things(6)
    shelf = Shelf([*rows[:3], *rows[1:5], rows[4], rows[5]], page_size=3)
    assert run(shelf, tmp_path, streams=["whole"]).ids == [str(number) for number in range(6)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=120), st.integers(1, 5))
def test_what_repeats_within_the_window_never_comes_twice_and_memory_is_bounded(numbers, most):
    seen = Seen(most)
    passed: list[int] = []
    for number in numbers:
        recent = passed[-most:]
        if seen.is_new((str(number), "")):
            assert number not in recent
            passed.append(number)
        assert len(seen) <= 2 * most


def test_the_bookmark_follows_page_by_page_so_that_a_failure_resumes(tmp_path):
    shelf = Shelf(things(6), fails_at={"3": NotReachable("nobody there")})
    first = run(shelf, tmp_path, streams=["things"])
    assert isinstance(first.error, NotReachable)
    assert (first.ids, bookmark(first)) == (["0", "1", "2", "3"], at(3))
    shelf.fails_at.clear()
    assert run(shelf, tmp_path, first.state, streams=["things"], overlap_s=1).ids == ["2", "3", "4", "5"]


_UNTORN = """
import os, signal, sys
from ofrecord_kit.tap.writer import Writer
writer = Writer()
def end():
    writer.write_line(b"STATE" * 20 + b"\\n")
    writer.flush()
    sys.exit(0)
def told(*_):
    print("told", file=sys.stderr, flush=True)
    writer.when_written(end)
signal.signal(signal.SIGTERM, told)
print("ready", file=sys.stderr, flush=True)
while True:
    writer.write_line(b"x" * 99 + b"\\n")
"""


@pytest.mark.parametrize("options", [[], ["-u"]])
def test_a_signal_in_the_middle_of_a_write_tears_no_line(options):
    """Nobody reads until the signal came, so it finds the program writing; without a buffer of Python's, too."""
    command = [sys.executable, *options, "-c", _UNTORN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stderr.readline()
        full = fcntl.fcntl(process.stdout, fcntl.F_GETPIPE_SZ)
        while fcntl.ioctl(process.stdout, termios.FIONREAD, bytes(4)) != full.to_bytes(4, sys.byteorder):
            time.sleep(0.01)
        process.terminate()
        process.stderr.readline()
        out = process.stdout.read()
    *lines, last = out.splitlines()
    assert process.returncode == 0
    assert {len(line) for line in lines} == {99}
    assert last == b"STATE" * 20


@pytest.mark.parametrize("mark", ["0001-01-01T00:00:10Z", "0001-01-01T00:00:00+05:00", None])
def test_a_time_before_all_records_reads_all_of_them(tmp_path, mark):
    shelf = Shelf(things(3))
    odd = {"replication_key": "at", "replication_key_value": mark, "known": mark, "swept_at": mark}
    for name, more in (("things", {}), ("swept", {"deletions_every_s": 60})):
        done = run(
            shelf, tmp_path, {"bookmarks": {name: odd}}, streams=[name], start_date="0001-01-01T00:00:00Z", **more
        )
        assert (done.error, done.ids) == (None, ["0", "1", "2"])


def test_an_end_leaves_later_records_out_and_the_bookmark_at_it(tmp_path):
    read = []
    shelf = Shelf(things(10), on_page=read.append)
    done = run(shelf, tmp_path, streams=["things"], end_date=at(3))
    assert (done.ids, bookmark(done), read) == (["0", "1", "2"], at(3), [1, 2, 3])
    read.clear()
    again = run(shelf, tmp_path, done.state, streams=["things"], end_date=at(3))
    assert (again.ids, bookmark(again), read) == ([], at(3), [])
    assert run(shelf, tmp_path, done.state, streams=["things"], overlap_s=1).ids == [str(one) for one in range(2, 10)]


@pytest.mark.promise("F046")
def test_a_window_that_closes_stops_after_the_page_and_the_next_run_goes_on(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    shelf = Shelf(things(6))

    def later(number):
        shelf.machine = NOON + timedelta(hours=number)

    shelf.on_page = later
    first = run(shelf, tmp_path, streams=["things", "whole"], window="11:00-14:00")
    assert (first.error, first.ids, bookmark(first)) == (None, ["0", "1", "2", "3"], at(3))
    (said,) = [one.message for one in caplog.records if "window" in one.message]
    assert said.startswith("The window 11:00-14:00 is closed. What was read was delivered")
    assert f"goes on with things from {at(3)}" in said
    shelf.machine = NOON
    shelf.on_page = None
    again = run(shelf, tmp_path, first.state, streams=["things"], window="11:00-14:00", overlap_s=1)
    assert again.ids == ["2", "3", "4", "5"]


def test_outside_its_window_nothing_is_read_and_nothing_moves(tmp_path):
    shelf = Shelf(things(3))
    done = run(shelf, tmp_path, streams=["things"], window="22:00-06:00 Europe/Berlin")
    assert (done.error, done.records) == (None, [])
    assert run(shelf, tmp_path, done.state, streams=["things"], window="13:00-14:00 Europe/Berlin").ids == [
        "0",
        "1",
        "2",
    ]


@pytest.mark.parametrize(
    "error",
    [VendorRefusal("INVALID_MODULE", "gone", where="crm GET /x"), PermissionMissing("the user may not read it")],
)
def test_a_stream_that_cannot_be_read_is_one_line_and_the_others_go_on(tmp_path, caplog, error):
    shelf = Shelf(things(3), fails_at={"2": error})
    done = run(shelf, tmp_path, streams=["things", "whole"], without_details=[])
    assert isinstance(done.error, Stop)
    assert "2 of 2 streams could not be read: things, whole" in str(done.error)
    assert done.ids == ["0", "1", "0", "1"]
    assert bookmark(done) == at(1)
    said = [one.message for one in caplog.records if one.levelname == "ERROR"]
    assert [one.partition(" cannot")[0] for one in said] == ["things", "whole"]
    assert all("leave the stream out" in one for one in said)


def test_records_are_checked_against_the_filters_and_deletions_are_not(tmp_path):
    rows = [{**one, "name": name} for one, name in zip(things(4), ["a", "b", "a", None], strict=True)]
    rows.append({"id": "9", "at": None, DELETED: at(3)})
    shelf = Shelf(rows)
    assert run(shelf, tmp_path, streams=["whole"], filters={"whole": {"name": "a"}}).ids == ["0", "2"]
    done = run(shelf, tmp_path, streams=["whole"], filters={"whole": {"name": ["b", None]}})
    assert (done.ids, done.deleted) == (["1", "3"], ["9"])


def test_a_filter_on_what_never_comes_is_warned_of(tmp_path, caplog):
    run(Shelf(things(1)), tmp_path, streams=["whole"], filters={"whole": {"price": 5}})
    assert [one.message for one in caplog.records if one.levelname == "WARNING"] == [
        "filters: the vendor sends no price here, so only an empty value passes."
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"window": "at night"}, "window: is not a time of the day to another one"),
        ({"window": "25:00-06:00"}, "window: is not a time of the day to another one"),
        ({"window": "06:00-06:00"}, "window: begins when it ends"),
        ({"window": "22:00-06:00 Nowhere/Land"}, "window: names no time zone this machine knows"),
        ({"end_date": "soon"}, "end_date: is not a time"),
        (
            {"start_date": "2026-02-01", "end_date": "2026-01-01"},
            "start_date, end_date: the end is not after the start",
        ),
        ({"filters": {"things": "x"}}, "filters.things: must be an object"),
        ({"filters": {"things": {"name": {}}}}, "filters.things.name: must be a value or a list of values"),
        ({"filters": {"things": {"name": []}}}, "filters.things.name: must be a value or a list of values"),
        ({"filters": {"nothing": {}}}, "filters: there is no nothing. Choose from things, whole, swept, swept_whole"),
        ({"changed_only": ["x"], "read_whole": ["y"]}, "changed_only: there is no x. Choose from"),
        ({"without_details": ["x"]}, "without_details: there is no x"),
        ({"changed_only": True}, "changed_only: "),
    ],
)
def test_a_setting_that_makes_no_sense_is_named_with_its_remedy(given, said):
    with pytest.raises(BadSettings) as raised:
        ShelfTap(config=config_of("unused", **given))
    assert any(said in one for one in raised.value.problems)


def test_all_problems_are_told_at_once():
    with pytest.raises(BadSettings) as raised:
        ShelfTap(config=config_of("unused", window="x", end_date="y", filters={"z": {}}, streams=["q"]))
    assert len(raised.value.problems) == 4


def test_a_filter_of_a_property_that_does_not_exist_names_those_that_do():
    with pytest.raises(BadSettings) as raised:
        _ = ShelfTap(config=config_of("unused", filters={"things": {"colour": "red"}}, streams=["things"])).streams
    assert raised.value.problems == [
        f"filters.things: there is no property colour. Choose from {', '.join(sorted(SCHEMA['properties']))}."
    ]
