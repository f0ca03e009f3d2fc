"""The vendors, or the database under the ledger, go down and come back while a pipeline works."""

import os
import shutil
import tempfile
from pathlib import Path

import postgresql_server
import pytest
from chaos.conftest import BACK, TASK
from chaos.grounds import grounds
from chaos.pipes import Pipe
from plugin_runs import Site, is_one_clear_message

ITEMS = 12


def founded(site):
    for number in range(ITEMS):
        site.new_item(f"LG-{number:02}")
    site.stage.control("POST", "latency", {"seconds": 0.05})


def test_vendors_that_go_down_end_the_run_or_are_waited_for_and_the_next_run_completes():
    with grounds(os.environ, forked=False) as ground:
        site = Site(ground.stage)
        founded(site)
        pipe = Pipe(site, TASK)
        assert pipe.when(lambda: pipe.calls() >= 2, ground.end_sandbox)
        outcomes = pipe.end()
        assert any(one.code for one in outcomes)
        for one in outcomes:
            assert "Traceback" not in one.err
            if one.code:
                is_one_clear_message(one, "nothing answers|no usable answer|cannot be used", "crm|inventory|accounts")
        ground.start_sandbox()
        site.stage.control("POST", "latency", {"seconds": 0.05})
        assert [one.code for one in Pipe(site, TASK).end()] == [0, 0, 0]
        assert site.products() == [f"LG-{number:02}" for number in range(ITEMS)]

        def restart():
            ground.end_sandbox()
            ground.start_sandbox()

        pipe = Pipe(site, BACK, {"retry_wait_s": 2})
        assert pipe.when(lambda: len(site.writes(pipe.since)) >= 2, restart)
        outcomes = pipe.end()
        assert [one.code for one in outcomes] == [0, 0, 0], "\n".join(one.complaint for one in outcomes)
        since = site.stage.journal()["next"]
        for task in (TASK, BACK):
            assert [one.code for one in site.pipe(task)] == [0, 0, 0]
        assert site.writes(since) == []
        assert site.products() == [f"LG-{number:02}" for number in range(ITEMS)]
        site.close()


@pytest.fixture
def database():
    """A server of its own, because it does not survive this."""
    home = postgresql_server.programs()
    if home is None:
        pytest.skip(postgresql_server.ABSENT)
    folder = Path(tempfile.mkdtemp(prefix="ofrecord-chaos-pg-"))
    server = postgresql_server.Server(folder, home)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_database_that_is_restarted_under_the_ledger_is_one_clear_message_and_the_next_run_completes(
    stocked, all_is_well, database
):
    changes = {"ledger": database.new()}
    pipe = Pipe(stocked, TASK, changes)
    assert pipe.when(lambda: bool(stocked.writes(pipe.since)), database.restart)
    outcomes = pipe.end()
    assert "Traceback" not in outcomes[-1].err
    if outcomes[-1].code:
        is_one_clear_message(outcomes[-1], "connection|database", "ledger", "run again")
    outcomes = Pipe(stocked, TASK, changes).end()
    assert [one.code for one in outcomes] == [0, 0, 0], outcomes[-1].complaint
    assert stocked.products() == [f"LG-{number:02}" for number in range(ITEMS)]
