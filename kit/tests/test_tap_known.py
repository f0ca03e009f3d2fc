"""What was delivered: a lost state, a failed target or a kill at any moment repeats records and loses none."""

import json
import os
import signal
import sqlite3
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ofrecord_kit.errors import Stop, VendorBusy, VendorRefusal
from ofrecord_kit.tap.known import FILE, Known
from ofrecord_kit.tap.stream import DELETED
from ofrecord_kit.testing.shelf import Shelf, at, run

DAY = {"deletions_every_s": 86400}


def whole(**names):
    return [{"id": one, "name": name} for one, name in names.items()]


def dated(*ids):
    return [{"id": one, "at": at(int(one))} for one in ids]


@pytest.fixture
def read(tmp_path):
    """Runs a stream; a state that is given is the one that was confirmed."""

    def go(shelf, stream, state=None, **more):
        done = run(shelf, tmp_path, state, streams=[stream], **more)
        assert done.error is None or "error" in more
        return done

    return go


def test_only_what_differs_is_written_again(read):
    shelf = Shelf(whole(a="1", b="2", c="3"))
    first = read(shelf, "whole", changed_only=["whole"])
    assert first.ids == ["a", "b", "c"]
    shelf.rows[1]["name"] = "other"
    shelf.rows.append({"id": "d", "name": "4"})
    second = read(shelf, "whole", first.state, changed_only=["*"])
    assert second.ids == ["b", "d"]
    assert read(shelf, "whole", second.state, changed_only=["whole"]).ids == []


def test_a_star_leaves_streams_with_a_bookmark_alone_and_their_name_does_not(read):
    shelf = Shelf(dated("1", "2"))
    first = read(shelf, "things", changed_only=["*"])
    assert "known" not in first.state["bookmarks"]["things"]
    named = read(shelf, "things", changed_only=["things"], overlap_s=7200)
    assert read(shelf, "things", named.state, changed_only=["things"], overlap_s=7200).ids == []
    assert read(shelf, "things", named.state, overlap_s=7200).ids == ["1", "2"]


def test_a_state_that_is_lost_repeats_what_it_did_not_confirm_and_nothing_else(read):
    shelf = Shelf(whole(a="1", b="2"))
    first = read(shelf, "whole", changed_only=["whole"])
    shelf.rows[0]["name"] = "one"
    lost = read(shelf, "whole", first.state, changed_only=["whole"])
    assert lost.ids == ["a"]
    again = read(shelf, "whole", first.state, changed_only=["whole"])
    assert again.ids == ["a"]
    assert read(shelf, "whole", again.state, changed_only=["whole"]).ids == []


def test_a_value_that_goes_back_while_its_state_is_lost_is_written(read):
    """The consumer may hold either value, so the older one is no reason to be silent."""
    shelf = Shelf(whole(a="1"))
    first = read(shelf, "whole", changed_only=["whole"])
    shelf.rows[0]["name"] = "other"
    read(shelf, "whole", first.state, changed_only=["whole"])
    shelf.rows[0]["name"] = "1"
    assert read(shelf, "whole", first.state, changed_only=["whole"]).ids == ["a"]


def test_without_a_state_everything_is_written_and_two_consumers_do_not_meet(read):
    shelf = Shelf(whole(a="1", b="2"))
    one, other = (read(shelf, "whole", changed_only=["whole"]) for _ in range(2))
    assert one.ids == other.ids == ["a", "b"]
    shelf.rows[0]["name"] = "one"
    assert read(shelf, "whole", one.state, changed_only=["whole"]).ids == ["a"]
    assert read(shelf, "whole", other.state, changed_only=["whole"]).ids == ["a"]


def test_a_store_that_is_gone_means_that_nothing_is_known(read, tmp_path):
    shelf = Shelf(whole(a="1"))
    first = read(shelf, "whole", changed_only=["whole"])
    (tmp_path / FILE).unlink()
    assert read(shelf, "whole", first.state, changed_only=["whole"]).ids == ["a"]


def test_a_damaged_store_is_one_message_with_the_remedy(tmp_path):
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)
    done = run(Shelf(whole(a="1")), tmp_path, streams=["whole"], changed_only=["whole"])
    assert isinstance(done.error, Stop)
    assert "remove the file: every record is then written once more" in str(done.error)


def test_the_store_holds_no_value_and_belongs_to_this_user(read, tmp_path):
    read(Shelf(whole(a="planted value")), "whole", changed_only=["whole"])
    held = b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE}*"))
    assert b"planted" not in held
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_a_missing_id_is_asked_for_and_only_then_deleted(read):
    shelf = Shelf(dated("1", "2", "3"))
    first = read(shelf, "swept", **DAY)
    assert (first.ids, first.deleted, shelf.swept) == (["1", "2", "3"], [], 0)  # all was read: nothing to compare with
    shelf.rows = [shelf.rows[0], {**shelf.rows[1], "unlisted": "inactive"}]
    shelf.now += timedelta(days=2)
    second = read(shelf, "swept", first.state, **DAY)
    assert (second.deleted, shelf.asked_for, shelf.swept) == (["3"], ["2", "3"], 1)
    assert [one[DELETED] for one in second.records] == ["2026-03-03T12:00:00+00:00"]
    shelf.now += timedelta(hours=1)
    third = read(shelf, "swept", second.state, **DAY)
    assert (third.records, shelf.swept) == ([], 1)  # not yet time
    shelf.now += timedelta(days=1)
    fourth = read(shelf, "swept", third.state, **DAY)
    assert (fourth.deleted, shelf.asked_for[2:], shelf.swept) == ([], ["2"], 2)


def test_a_whole_reading_finds_deletions_without_asking_for_ids(read):
    shelf = Shelf(whole(a="1", b="2"))
    first = read(shelf, "swept_whole", **DAY)
    del shelf.rows[0]
    second = read(shelf, "swept_whole", first.state, **DAY)
    assert (second.deleted, shelf.asked_for, shelf.swept) == (["a"], ["a"], 0 + shelf.swept)
    assert read(shelf, "swept_whole", second.state, **DAY).deleted == []


def test_a_deletion_whose_state_was_lost_comes_again_and_a_record_that_is_back_is_known_again(read):
    shelf = Shelf(whole(a="1", b="2"))
    first = read(shelf, "swept_whole", **DAY)
    kept = shelf.rows.pop(0)
    assert read(shelf, "swept_whole", first.state, **DAY).deleted == ["a"]
    second = read(shelf, "swept_whole", first.state, **DAY)
    assert second.deleted == ["a"]
    shelf.rows.append(kept)
    third = read(shelf, "swept_whole", second.state, **DAY)
    assert third.ids == ["b", "a"]
    shelf.rows.remove(kept)
    assert read(shelf, "swept_whole", third.state, **DAY).deleted == ["a"]


@pytest.mark.parametrize("error", [VendorBusy("broken"), VendorRefusal("x", "no")])
def test_a_sweep_that_ends_early_proves_nothing_and_moves_nothing(tmp_path, error):
    shelf = Shelf(dated("1", "2", "3"))
    first = run(shelf, tmp_path, streams=["swept"], **DAY)
    shelf.rows = shelf.rows[:1]
    shelf.now += timedelta(days=2)
    shelf.fails_at["ids"] = error
    cut = run(shelf, tmp_path, first.state, streams=["swept"], **DAY)
    assert (cut.deleted, shelf.asked_for) == ([], [])
    marks = cut.state["bookmarks"]["swept"], first.state["bookmarks"]["swept"]
    assert marks[0]["swept_at"] == marks[1]["swept_at"]
    assert marks[0]["replication_key_value"] > marks[1]["replication_key_value"]
    shelf.fails_at.clear()
    assert run(shelf, tmp_path, cut.state, streams=["swept"], **DAY).deleted == ["2", "3"]


def test_two_hundred_are_asked_for_in_a_run_and_the_rest_in_the_next(read):
    shelf = Shelf(dated(*(str(number) for number in range(250))), page_size=200)
    first = read(shelf, "swept", **DAY)
    shelf.rows = []
    shelf.now += timedelta(days=2)
    second = read(shelf, "swept", first.state, **DAY)
    third = read(shelf, "swept", second.state, **DAY)
    assert (len(second.deleted), len(third.deleted)) == (200, 50)
    assert len({*second.deleted, *third.deleted}) == 250
    read(shelf, "swept", third.state, **DAY)
    assert len(shelf.asked_for) == 250


def test_a_bookmark_older_than_its_store_takes_what_is_there_for_delivered(read):
    shelf = Shelf(dated("1", "2"))
    first = read(shelf, "swept")
    second = read(shelf, "swept", first.state, **DAY)
    shelf.rows = shelf.rows[:1]
    shelf.now += timedelta(days=2)
    assert read(shelf, "swept", second.state, **DAY).deleted == ["2"]


def test_a_deselected_time_of_deletion_means_that_nobody_looks(tmp_path):
    shelf = Shelf(dated("1", "2"))
    assert run(shelf, tmp_path, streams=["swept"], **DAY).state["bookmarks"]["swept"].get("known")
    assert run(shelf, tmp_path, streams=["swept"]).state["bookmarks"]["swept"].get("known") is None


def test_where_nothing_is_set_all_ids_are_read_once_a_day(read):
    shelf = Shelf(dated("1", "2"))
    first = read(shelf, "swept", deletions_every_s=None)
    shelf.rows = shelf.rows[:1]
    shelf.now += timedelta(hours=23)
    second = read(shelf, "swept", first.state, deletions_every_s=None)
    assert (second.deleted, shelf.swept) == ([], 0)
    shelf.now += timedelta(hours=2)
    assert read(shelf, "swept", second.state, deletions_every_s=None).deleted == ["2"]


def known_of(tmp_path, mark, now=0.0):
    return Known(tmp_path, "things", mark, now)


def confirmed(known, **prints):
    for one, text in prints.items():
        known.remember(one, known.fingerprint(text.encode()))
    return known.confirm()


def test_a_file_from_a_backup_that_is_older_than_the_state_is_no_reason_to_be_silent(tmp_path):
    """Value 1 was delivered, the file copied, value 2 delivered, the copy put back: the vendor may be at 1 again."""
    first = known_of(tmp_path, None)
    one = confirmed(first, a="1")
    first.close()
    copy = (tmp_path / FILE).read_bytes()
    second = known_of(tmp_path, one)
    two = confirmed(second, a="2")
    second.close()
    (tmp_path / FILE).write_bytes(copy)
    third = known_of(tmp_path, two)
    assert third.prints(["a"]) == {}
    confirmed(third, b="1")  # and its state is lost
    third.close()
    fourth = known_of(tmp_path, two)
    assert (fourth.prints(["a", "b"]), fourth.strangers(["a", "b"])) == ({}, {"b"})
    fourth.close()


def test_two_runs_of_one_state_do_not_take_what_the_other_wrote_for_delivered(tmp_path):
    begun = known_of(tmp_path, None)
    state = confirmed(begun, a="1", b="1")
    begun.close()
    one, other = known_of(tmp_path, state), known_of(tmp_path, state)
    confirmed(one, a="2")
    assert other.prints(["a"]) == {}
    after = confirmed(other, c="1")
    other.close()
    one.close()
    last = known_of(tmp_path, after)  # of the other one; whether the first one's records arrived is not known
    assert last.prints(["a", "b", "c"]).keys() == {"b", "c"}
    last.close()


def test_a_folder_that_may_not_be_written_is_one_message(tmp_path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(Stop, match="What was delivered cannot be read or kept"):
        known_of(tmp_path, None)


def test_a_record_a_reading_passed_over_is_delivered_by_the_next_sweep_once(tmp_path):
    """Its row was pushed over the border of a page while the list was read."""
    shelf = Shelf(dated("1", "2", "3", "4"))
    shelf.hidden.add("3")
    first = run(shelf, tmp_path, streams=["swept"], **DAY)
    assert first.ids == ["1", "2", "4"]
    shelf.hidden.clear()
    shelf.now += timedelta(days=2)
    lost = run(shelf, tmp_path, first.state, streams=["swept"], **DAY)
    assert lost.ids == ["3"]
    second = run(shelf, tmp_path, first.state, streams=["swept"], **DAY)
    marks = [one.state["bookmarks"]["swept"]["replication_key_value"] for one in (first, second)]
    assert (second.ids, marks[0] < marks[1]) == (["3"], True)
    shelf.now += timedelta(days=2)
    assert run(shelf, tmp_path, second.state, streams=["swept"], **DAY).records == []


@pytest.mark.parametrize("more", [{"start_date": at(2)}, {"end_date": at(1)}, {"filters": {"swept": {"name": "this"}}}])
def test_a_sweep_delivers_nothing_that_is_not_wanted(tmp_path, more):
    shelf = Shelf([{**row, "name": "this" if row["id"] == "2" else "other"} for row in dated("1", "2", "3")])
    shelf.hidden.update(("1", "3") if "filters" in more else ("1",) if "start_date" in more else ("2", "3"))
    first = run(shelf, tmp_path, streams=["swept"], **DAY, **more)
    shelf.hidden.clear()
    shelf.now += timedelta(days=2)
    assert run(shelf, tmp_path, first.state, streams=["swept"], **DAY, **more).records == []


def test_a_store_that_is_gone_takes_what_is_there_for_delivered(read, tmp_path):
    shelf = Shelf(dated("1", "2"))
    first = read(shelf, "swept", **DAY)
    (tmp_path / FILE).unlink()
    shelf.now += timedelta(hours=1)
    second = read(shelf, "swept", first.state, **DAY)
    assert (second.records, shelf.swept) == ([], 1)
    shelf.rows = shelf.rows[:1]
    shelf.now += timedelta(days=2)
    assert read(shelf, "swept", second.state, **DAY).deleted == ["2"]


STEPS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["1", "2", None]), st.sampled_from(["kept", "lost", "cut"])),
    max_size=8,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_is_lost_the_consumer_ends_with_what_the_vendor_has(tmp_path_factory, steps):
    """A consumer takes every record of a run and its state (`kept`), no state (`lost`), or the first record alone (`cut`).

    It begins with a state: without one nothing tells that two runs wrote to the same place.
    """
    folder = tmp_path_factory.mktemp("known")
    vendor, consumer, state = {}, {}, {}
    shelf = Shelf()
    how = {"streams": ["swept_whole"], "changed_only": ["*"], **DAY}
    for record_id, value, end in [("a", "1", "kept"), *steps, ("b", "1", "kept")]:
        vendor.pop(record_id, None) if value is None else vendor.update({record_id: value})
        shelf.rows = [{"id": one, "name": name} for one, name in sorted(vendor.items())]
        done = run(shelf, folder, state, **how)
        taken = done.records[:1] if end == "cut" else done.records
        for one in taken:
            consumer.pop(one["id"], None) if one.get(DELETED) else consumer.update({one["id"]: one["name"]})
        if end == "kept":
            state = done.state
    assert consumer == vendor


@pytest.mark.parametrize("step", range(1, 8))
def test_a_kill_between_the_store_and_the_state_repeats_and_loses_nothing(tmp_path, step):
    """The program ends by SIGKILL at a step: each time the store is written and each time a message goes out."""
    shelf = Shelf(whole(**{f"r{number}": "1" for number in range(2500)}), page_size=500)
    first = run(shelf, tmp_path, streams=["whole"], changed_only=["*"])
    for row in shelf.rows[::2]:
        row["name"] = "2"
    killed = tmp_path / "killed.jsonl"
    pid = os.fork()
    if pid == 0:
        _killed_at(step, killed)
        try:
            run(shelf, tmp_path, first.state, streams=["whole"], changed_only=["*"])
        finally:
            os._exit(0)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    out = (
        [json.loads(line) for line in killed.read_text().splitlines() if line.endswith("}")] if killed.exists() else []
    )
    states = [one["value"] for one in out if one["type"] == "STATE"]
    confirmed = max((place for place, one in enumerate(out) if one["type"] == "STATE"), default=0)
    had = {one["record"]["id"] for one in out[:confirmed] if one["type"] == "RECORD"}
    again = run(shelf, tmp_path, states[-1] if states else first.state, streams=["whole"], changed_only=["*"])
    assert had | set(again.ids) == {row["id"] for row in shelf.rows[::2]}
    assert had & set(again.ids) == set()


def _killed_at(step, file):
    """From now on the process ends at its step; what it wrote until then is in the file."""
    count = 0

    def stepped():
        nonlocal count
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)

    from ofrecord_kit.tap import writer  # noqa: PLC0415 - in the child only

    confirm, flush = Known.confirm, writer.Writer.flush

    def confirmed(known):
        stepped()
        mark = confirm(known)
        stepped()
        return mark

    def flushed(self):
        with file.open("ab") as out:
            out.write(bytes(self._lines))
        flush(self)
        stepped()

    Known.confirm, writer.Writer.flush = confirmed, flushed


def test_generations_are_never_used_twice_and_unused_stores_go(tmp_path):
    def generation(now, mark):
        known = Known(tmp_path, "things", mark, now)
        known.remember("1", b"x")
        found = known.confirm()
        known.close()
        return found

    first = generation(0.0, None)
    second, again = generation(1.0, first), generation(2.0, first)
    assert (first["at"], second["at"], again["at"]) == (1, 2, 3)
    generation(500 * 86400.0, None)
    with sqlite3.connect(tmp_path / FILE) as db:
        assert db.execute("select count(*) from store").fetchone() == (1,)
        assert db.execute("select count(*) from known").fetchone() == (1,)
    db.close()
