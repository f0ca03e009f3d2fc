"""What Meltano itself does with two runs at once, with a run that was killed, and with SIGTERM. `make chaos` runs it: Meltano starts slowly."""

import os
import signal

import pytest
from chaos.company import Company
from chaos.grounds import grounds
from chaos.rounds import Lives, Run

JOBS = ("products", "customers")


@pytest.fixture(scope="module")
def synced():
    """A company of products and customers, synced once."""
    with grounds(os.environ) as site:
        made = Company(site)
        made.begin()
        assert quiet(made).code == 0
        yield made


@pytest.fixture
def company(synced):
    """With news on both sides, and a vendor who takes his time."""
    synced.new_product()
    synced.edit(synced.things[0], "price", "inventory")
    synced.edit(next(one for one in synced.things if one.kind == "account"), "website", "crm")
    synced.site.stage.control("POST", "latency", {"seconds": 0.1})
    return synced


def slowly(company, seconds):
    company.site.stage.control("POST", "latency", {"seconds": seconds})


def quiet(company):
    slowly(company, 0)
    return Run(company.site, list(JOBS)).watch(Lives(), None, lambda _s: None)


def ended(run):
    return run.watch(Lives(), None, lambda _s: None)


def until_its_first_call(run):
    while run.site.stage.journal()["next"] == run.since:
        assert run.process.poll() is None
        run.look()


def all_is_well(company):
    assert quiet(company).code == 0
    assert list(company.complaints()) == []
    assert quiet(company).writes == 0


def test_meltano_refuses_a_second_run_of_a_pipeline_and_the_first_completes(company):
    slowly(company, 5)
    first = Run(company.site, ["products"], force=False)
    until_its_first_call(first)
    second = ended(Run(company.site, ["products"], force=False, log="second.log"))
    slowly(company, 0)
    assert second.code == 1
    assert "is already running" in second.said
    assert ended(first).code == 0
    all_is_well(company)


def test_two_runs_that_are_forced_side_by_side_make_everything_once(company):
    slowly(company, 1)
    first = Run(company.site, ["products", "customers"])
    until_its_first_call(first)
    second = ended(Run(company.site, ["products", "customers"], log="second.log"))
    assert {ended(first).code, second.code} <= {0, 1}
    assert "Traceback" not in second.said
    all_is_well(company)


def test_two_jobs_of_the_same_records_may_run_at_once(company):
    slowly(company, 1)
    first = Run(company.site, ["products"], force=False)
    until_its_first_call(first)
    second = ended(Run(company.site, ["prices"], force=False, log="second.log"))
    assert (ended(first).code, second.code) == (0, 0)
    all_is_well(company)


def test_a_job_whose_meltano_was_killed_is_refused_for_five_minutes_unless_it_is_forced(company):
    first = Run(company.site, ["products"], force=False)
    until_its_first_call(first)
    first.process.send_signal(signal.SIGKILL)
    assert ended(first).lingered == []
    refused = ended(Run(company.site, ["products"], force=False))
    assert refused.code == 1
    assert "--force" in refused.said
    assert ended(Run(company.site, ["products"])).code == 0
    all_is_well(company)


def test_a_meltano_that_is_asked_to_stop_leaves_nothing_running_and_the_next_run_completes(company):
    first = Run(company.site, ["products"])
    until_its_first_call(first)
    first.process.send_signal(signal.SIGTERM)
    seen = ended(first)
    assert seen.code != 0
    assert seen.lingered == []
    assert ended(Run(company.site, ["products"])).code == 0
    all_is_well(company)
