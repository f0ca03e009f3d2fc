"""`ofrecord audit`: freshness, balance, links, owed and held."""

import json
from datetime import timedelta

import pytest

from ofrecord.cadence import interval_of, pipelines
from ofrecord_kit.ledger import Event, Held

PROJECT = """
jobs:
- {name: products, tasks: [tap-crm--products there target-inventory, tap-inventory--products back target-crm]}
- {name: audit, tasks: ["ofrecord:audit"]}
schedules:
- {name: often, job: products, interval: "*/15 * * * *"}
- {name: audit-daily, job: audit, interval: "@daily"}
plugins:
  mappers:
  - name: ofrecord-mapper
    mappings:
    - {name: there, config: {from: crm, to: inventory, entities: [product]}}
    - {name: back, config: {from: inventory, to: crm, entities: [product]}}
"""
GOOD = {"product": {"read": 2, "written": 1, "unchanged": 1}}


@pytest.fixture
def audit(book, tmp_path):
    (tmp_path / "meltano.yml").write_text(PROJECT, encoding="utf-8")
    return lambda *more: book.ask("audit", "--project", str(tmp_path), *more)


def states(done):
    return [(way["source"], way["state"]) for way in json.loads(done.stdout)["ways"]]


def test_two_good_runs_are_fresh_and_nothing_is_wrong(book, audit):
    book.run("a", GOOD, ("crm", "inventory"), ago=timedelta(minutes=20))
    book.run("b", GOOD)
    done = audit("--freshness")
    assert done.exit_code == 0
    assert done.stderr == "No way's last run failed, and every run balances.\n"
    there, back = [line.split("\t") for line in done.stdout.splitlines()]
    assert there[:5] == ["way", "products", "crm→inventory", "product", "15 min"]
    assert there[-3:] == ["20 min", "finished", "fresh"]
    assert back[-1] == "fresh"


def test_a_way_is_stale_beyond_twice_its_interval_and_wrong_only_when_freshness_is_asked_for(book, audit):
    book.run("a", GOOD, ("crm", "inventory"), ago=timedelta(minutes=31))
    book.run("b", GOOD, ago=timedelta(minutes=29))
    assert states(audit("--json")) == [("crm", "stale"), ("inventory", "fresh")]
    assert audit().exit_code == 0
    late = audit("--freshness")
    assert late.exit_code == 1
    assert late.stderr == (
        "products crm→inventory: the last good run is 31 min old, every 15 min is planned. Look at the scheduler.\n"
    )


RULES = """\
entity: product
cadence: 30 minutes
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: things, id: item_id, external_id: cf_crm_id}
  crm: {stream: Things, id: id, external_id: Inventory_ID}
fields:
  - {what: Name, owner: inventory, inventory: name, crm: Name}
  - {what: Stock, owner: inventory, cadence: 5 minutes, format: number, inventory: stock, crm: Stock}
  - {what: Note, owner: crm, cadence: 1 hour, inventory: notes, crm: Note}
"""
STOCK = (
    PROJECT
    .replace("- {name: audit,", "- {name: stock, tasks: [tap-inventory only target-crm]}\n- {name: audit,")
    .replace("schedules:\n", 'schedules:\n- {name: very-often, job: stock, interval: "*/5 * * * *"}\n')
    + "    - {name: only, config: {from: inventory, to: crm, entities: [product], fields: [Stock]}}\n"
)  # fmt: skip


def test_freshness_is_judged_by_the_cadence_the_rules_state(book, audit, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "product.yml").write_text(RULES, encoding="utf-8")
    (tmp_path / "meltano.yml").write_text(STOCK, encoding="utf-8")
    book.run("a", GOOD, ("crm", "inventory"), ago=timedelta(minutes=59))
    book.run("b", GOOD, ago=timedelta(minutes=6))
    found = json.loads(audit("--json").stdout)["ways"]
    assert [(way["job"], way["source"], way["within"], way["state"]) for way in found] == [
        ("products", "crm", 3600, "fresh"),
        ("products", "inventory", 1800, "fresh"),
        ("stock", "inventory", 300, "stale"),
    ]
    late = audit("--freshness")
    assert late.exit_code == 1
    assert late.stderr == (
        "stock inventory→crm: the last good run is 6 min old, the rules want changes everywhere within 5 min. "
        "Look at the scheduler.\n"
    )


def test_rules_with_problems_leave_the_schedules_to_judge_and_say_so(book, audit, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "product.yml").write_text("entity: product\n", encoding="utf-8")
    book.run("a", GOOD, ("crm", "inventory"), ago=timedelta(minutes=20))
    book.run("b", GOOD)
    done = audit("--freshness")
    assert done.exit_code == 0
    assert "freshness is judged by the schedules" in done.stderr


def test_a_job_that_never_ran_is_named_when_freshness_is_asked_for(book, audit):
    book.run("b", GOOD)
    done = audit("--freshness")
    assert done.exit_code == 1
    assert "products crm→inventory: there was no good run yet" in done.stderr


@pytest.mark.parametrize(
    ("status", "counts", "words"),
    [
        ("failed", {"product": {}}, "ended as failed"),
        ("refusals", {"product": {"read": 1, "held": 1}}, "ended as refusals"),
        ("unbalanced", {"product": {"read": 2, "written": 1}}, "read is not the sum of the outcomes"),
        ("finished", {"product": {"read": 2, "written": 1}}, "read is not the sum of the outcomes"),
    ],
)
def test_a_last_run_that_failed_or_did_not_balance_is_wrong_until_a_good_one(book, audit, status, counts, words):
    book.run("bad", counts, ago=timedelta(minutes=5), status=status)
    book.run("other way", GOOD, ("crm", "inventory"))
    done = audit()
    assert done.exit_code == 1
    assert f"inventory→crm, run bad: {words}." in done.stderr
    book.run("good", GOOD)
    done = audit()
    assert (done.exit_code, done.stderr) == (0, "No way's last run failed, and every run balances.\n")
    unbalanced = [line for line in done.stdout.splitlines() if line.startswith("unbalanced")]
    assert len(unbalanced) == (1 if "read is not" in words else 0)


def test_a_dry_run_and_one_under_way_are_no_good_run(book, audit):
    book.run("dry", GOOD, dry=True)
    book.run("now", {"product": {}}, status="running")
    assert states(audit("--json")) == [("crm", "never"), ("inventory", "never")]


def test_a_run_no_job_explains_is_shown_and_judged_too(book, audit):
    book.run("alone", {"invoice": {"read": 1, "held": 1}}, ("books", "crm"), status="refusals")
    done = audit("--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["ways"][-1]["entities"] == ["invoice"]


def test_a_link_that_lost_an_id_is_listed(book, audit):
    with book.writing() as ledger:
        for inventory in ("1", "2"):
            ids = {"inventory": inventory, "crm": f"C{inventory}"}
            link = ledger.record_link("product", ids, f"link{inventory}")
            ledger.event(Event("created", "product", link, ids))
    assert json.loads(audit("--json").stdout)["links"] == []
    with book.writing() as ledger:
        ids = {"inventory": "3", "crm": "C1"}
        ledger.event(Event("linked", "product", ledger.record_link("product", ids, "link3"), ids))
    done = json.loads(audit("--json").stdout)
    assert done["links"] == [{"entity": "product", "link": "link1", "system": "crm"}]


def test_owed_stamps_are_counted_by_system_and_held_records_by_kind_also_when_postponed(book, audit):
    with book.writing() as ledger:
        for number in range(3):
            link = ledger.record_link("product", {"inventory": str(number), "crm": f"C{number}"})
            ledger.owe("product", "inventory", link, "_stamp", "stamp:crm", object_="items", property_="cf_crm_id")
        ledger.owe("product", "crm", link, "list price", "revert")
        ledger.hold(Held("product", "inventory", "crm", "0", "refused", "no"))
    with book.writing() as ledger:
        ledger.postpone([book.ledger.owed("inventory", book.now)[0].id], 3)
    done = audit()
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[-3:] == ["owed\tcrm\trevert\t1", "owed\tinventory\tstamp\t3", "held\tproduct\trefused\t1"]


def test_a_project_that_cannot_be_read_is_one_message(book, tmp_path):
    (tmp_path / "meltano.yml").write_text("jobs: [{name: x", encoding="utf-8")
    done = book.ask("audit", "--project", str(tmp_path))
    assert done.exit_code == 1
    assert "cannot be read as a Meltano project" in done.stderr


def test_the_pipelines_of_a_project_know_their_cadence(audit, tmp_path):
    found = pipelines(tmp_path)
    assert [(one.job, one.source, one.every) for one in found] == [
        ("products", "crm", timedelta(minutes=15)),
        ("products", "inventory", timedelta(minutes=15)),
    ]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("*/5 * * * *", 5),
        ("@hourly", 60),
        ("@daily", 1440),
        ("0 * * * *", 60),
        ("0,30 * * * *", 30),
        ("0 9-17/2 * * *", 16 * 60),
        ("30 2 * * *", 1440),
        ("0 0 1 * *", None),
        ("@once", None),
        ("soon", None),
        ("99 * * * *", None),
    ],
)
def test_an_interval_is_the_longest_time_between_two_runs(text, minutes):
    assert interval_of(text) == (None if minutes is None else timedelta(minutes=minutes))
