"""One budget for all processes and machines: minute, day and calls at once, with a share kept for others."""

import gc
import os
import random
import signal
import sqlite3
import time

import pytest

from ofrecord_kit.budget import DAY_S, SHRUNK_S, SLICE_S, Budget, DaySpent, Terms
from ofrecord_kit.budget_store import FileStore
from ofrecord_kit.errors import BadSettings

NOW = 1_800_000_000.0


def beside(work):
    """A process of its own, forked, that does `work` and writes what it returns: its id, and where that is read."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(tell, f"{work()}\n".encode())
            time.sleep(60)
        finally:
            os._exit(0)
    os.close(tell)
    return pid, os.fdopen(told)


def ended(pid, out):
    out.close()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


@pytest.fixture(params=["file", "postgresql"])
def budget_url(request):
    if request.param == "file":
        yield ""
        return
    server = request.getfixturevalue("postgresql")
    url = server.new()
    yield url
    server.drop(url)


@pytest.fixture
def budget(tmp_path, budget_url):
    """Makes one process's way to the budget of a key; all are closed at the end."""
    made = []

    def make(*terms, key="organisation", **more):
        made.append(Budget(key, Terms(*terms, **more), state_dir=tmp_path, url=budget_url))
        return made[-1]

    yield make
    for one in made:
        one.close(NOW)


def test_no_minute_holds_more_calls_than_allowed(budget):
    one, other = budget(3), budget(3)
    times = [which.admit(1, NOW) - NOW for which in (one, other, one, other, one, other, one)]
    assert times == pytest.approx([0, 0, 0, 60, 60, 60, 120], abs=0.01)


def test_organisations_have_budgets_of_their_own(budget):
    one, other = budget(1, key="a"), budget(1, key="b")
    assert [one.admit(1, NOW), other.admit(1, NOW)] == pytest.approx([NOW, NOW], abs=0.01)


def test_a_blocked_organisation_is_left_alone_by_every_process(budget):
    paced, unpaced, late = budget(10), budget(), budget(10)
    paced.close_until(NOW + 50)
    paced.close_until(NOW + 20)
    assert [one.admit(1, NOW) for one in (late, unpaced)] == pytest.approx([NOW + 50] * 2, abs=0.01)
    assert [one.admit(1, NOW + 51) for one in (late, unpaced)] == pytest.approx([NOW + 51] * 2, abs=0.01)


def test_what_a_backfill_leaves_of_the_minute_is_there_for_stock(budget):
    backfill, stock = budget(80, reserve=30), budget(80)
    assert sum(backfill.admit(1, NOW) < NOW + 1 for _ in range(60)) == 56
    assert sum(stock.admit(1, NOW) < NOW + 1 for _ in range(20)) == 20


def test_what_a_backfill_leaves_of_the_day_is_there_for_stock_and_the_day_is_never_exceeded(budget):
    backfill, stock = budget(0, 100, reserve=30), budget(0, 100)
    for _ in range(35):
        backfill.admit(2, NOW)
    with pytest.raises(DaySpent) as spent:
        backfill.admit(1, NOW)
    found = spent.value
    assert (found.spent, found.share, found.whole) == (70, 70, 100)
    for _ in range(30):
        stock.admit(1, NOW)
    with pytest.raises(DaySpent):
        stock.admit(1, NOW)
    assert NOW + DAY_S <= found.again.timestamp() <= NOW + DAY_S + SLICE_S + 1
    assert backfill.admit(1, found.again.timestamp() + 1) > found.again.timestamp()


def test_a_call_that_never_fits_the_day_is_said_to(budget):
    with pytest.raises(DaySpent) as spent:
        budget(0, 100).admit(500, NOW)
    assert spent.value.again is None


def test_no_24_hours_hold_more_than_the_day_allows(tmp_path):
    """Calls at random times over three days; no window of 24 hours holds more than 50, and nothing is kept for ever."""
    chance = random.Random(7)  # noqa: S311 - spreads calls
    budget = Budget("organisation", Terms(a_day=50), state_dir=tmp_path)
    taken, waits, now = [], [], NOW
    for _ in range(400):
        now += chance.uniform(0, 1300)
        weight = chance.randint(1, 3)
        try:
            taken.append((budget.admit(weight, now), weight))
        except DaySpent as found:
            waits.append(found.again.timestamp() - now)
    budget.close(now)
    assert sum(weight for _, weight in taken) > 120
    assert 0 < min(waits) <= max(waits) <= DAY_S + SLICE_S
    assert max(sum(weight for at, weight in taken if end - DAY_S < at <= end) for end, _ in taken) <= 50


def test_what_is_only_counted_is_there_when_somebody_asks(budget):
    one, other = budget(), budget(0, 1000)
    for number in range(5):
        one.admit(50, NOW + number / 10)
    one.flush(NOW)
    other.admit(1, NOW)
    assert (one.spent(NOW), other.spent(NOW + 1)) == (251, 251)


def test_no_more_calls_are_under_way_than_there_are_slots(budget):
    one, other = budget(at_once=3), budget(at_once=3)
    assert [one.slot(), other.slot(), one.slot(), other.slot(), one.slot()] == [0, 1, 2, None, None]
    one.free(0)
    assert (other.slot(), one.slot()) == (0, None)


def test_too_many_calls_at_once_make_them_fewer_for_a_while_for_everybody(budget):
    one, other = budget(100, at_once=4), budget(100, at_once=4)
    assert one.shrink(NOW) == 2
    other.admit(1, NOW)
    assert [other.slot() for _ in range(3)] == [0, 1, None]
    other.admit(1, NOW + SHRUNK_S + 1)
    assert other.slot() == 2


def test_processes_that_know_nothing_of_each_other_stay_within_the_minute(tmp_path, budget_url):
    def calls():
        mine = Budget("organisation", Terms(40), state_dir=tmp_path, url=budget_url)
        now = time.time()
        return sum(mine.admit(1, now) < now + 30 for _ in range(30))

    running = [beside(calls) for _ in range(3)]
    assert sum(int(out.readline()) for _, out in running) == 40
    for pid, out in running:
        ended(pid, out)


def test_the_slot_of_a_killed_process_is_free_again(tmp_path, budget_url, budget):
    theirs = Budget("organisation", Terms(at_once=1), state_dir=tmp_path, url=budget_url)
    pid, out = beside(theirs.slot)
    assert out.readline() == "0\n"
    mine = budget(at_once=1)
    assert mine.slot() is None
    ended(pid, out)
    found = next(slot for _ in range(200_000) if (slot := mine.slot()) is not None)
    assert found == 0


def test_a_clock_that_is_set_back_blocks_nothing(tmp_path):
    """File only: with a database its clock counts."""
    one = Budget("organisation", Terms(2, 10, 4), state_dir=tmp_path)
    later = NOW + 10 * DAY_S
    one.close_until(later + 30)
    one.shrink(later)
    for _ in range(5):
        one.admit(2, later)
    assert (one.admit(1, NOW), [one.slot() for _ in range(4)]) == (NOW, [0, 1, 2, 3])
    one.close(NOW)


def test_after_a_clock_was_set_back_by_an_hour_nobody_waits_longer_than_a_minute(tmp_path):
    one = Budget("organisation", Terms(2, 0, 4), state_dir=tmp_path)
    for second in range(2):
        one.admit(1, NOW + 3600 + second)
    assert one.admit(1, NOW) == NOW + 60
    one.close(NOW)


def test_what_others_were_told_is_looked_at_also_after_a_clock_was_set_back(tmp_path):
    one, other = (Budget("organisation", Terms(), state_dir=tmp_path) for _ in range(2))
    one.admit(1, NOW + 3600)
    other.close_until(NOW + 30)
    assert one.admit(1, NOW) == NOW + 30
    one.close(NOW)
    other.close(NOW)


def test_a_database_server_that_was_started_anew_costs_nothing_but_its_slots(postgresql, tmp_path):
    url = postgresql.new()
    mine = Budget("organisation", Terms(10, at_once=2), state_dir=tmp_path, url=url)
    mine.admit(1, NOW)
    held = mine.slot()
    for work in (lambda: mine.admit(1, NOW), mine.slot):
        postgresql.cut(url)
        work()
    mine.free(held)
    assert mine.spent(NOW) == 2
    mine.close(NOW)
    postgresql.drop(url)


@pytest.mark.parametrize("wrong", ["older", "damaged", "no place for slots"])
def test_a_file_that_becomes_unusable_is_named_with_what_to_do(tmp_path, wrong):
    mine = Budget("organisation", Terms(10), state_dir=tmp_path)
    mine.admit(1, NOW)
    file = tmp_path / "calls.sqlite"
    if wrong == "older":
        with sqlite3.connect(file) as db:
            db.execute("alter table ofrecord_spent rename column weight to calls")
        db.close()
    elif wrong == "damaged":
        with file.open("r+b") as db:
            db.write(b"no database " * 400)
    else:
        for number in range(30):
            mine._opened._files.pop(("organisation", number), None)
        tmp_path.joinpath("away").mkdir()
        mine._opened._folder = tmp_path / "away" / "gone"
    with pytest.raises(BadSettings, match=r"calls.sqlite cannot be used .* remove it"):
        mine.slot() if wrong == "no place for slots" else mine.admit(1, NOW)


def test_a_database_that_cannot_be_used_is_named_by_its_setting_and_without_its_password(tmp_path):
    url = "postgresql://somebody:planted-secret@127.0.0.1:1/calls"
    with pytest.raises(BadSettings, match=r"budget: the database cannot be used") as stopped:
        Budget("organisation", Terms(1), state_dir=tmp_path, url=url).admit(1, NOW)
    assert "planted-secret" not in str(stopped.value)
    assert "somebody" not in str(stopped.value)


def test_a_damaged_file_says_what_to_do_about_it(tmp_path):
    (tmp_path / "calls.sqlite").write_bytes(b"no database at all, and long enough to be looked at" * 30)
    with pytest.raises(BadSettings, match=r"state_dir: calls.sqlite cannot be used .* remove it"):
        Budget("organisation", Terms(1), state_dir=tmp_path).admit(1, NOW)


def test_a_store_that_nobody_closed_leaves_no_file_open(tmp_path):
    store = FileStore(tmp_path)
    assert store.take_slot("an organisation", 0)
    opened = store._files["an organisation", 0]
    del store
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened)
