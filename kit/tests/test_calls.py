"""What a call costs, what is waited out, what ends a run, and what that says."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ofrecord_kit import errors
from ofrecord_kit.answers import Answer, retry_after
from ofrecord_kit.http import Client, RetryPolicy

QUICK = RetryPolicy(first_wait_s=0.01)


@pytest.fixture
def client(connection):
    """Makes a client with settings of its own; all are closed at the end."""
    made = []

    def make(system="inventory", policy=None, **settings):
        made.append(Client(replace(connection, **settings), system=system, plugin="test", policy=policy))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("system", "path", "body"),
    [
        ("crm", "/crm/v8/Products", {"code": "TOO_MANY_REQUESTS", "status": "error"}),
        ("inventory", "/inventory/v1/items", {"code": 44, "message": "blocked"}),
        ("books", "/books/v3/invoices", {"code": 1070, "message": "in process"}),
    ],
)
def test_the_vendors_own_time_is_waited_out_by_all_that_share_the_budget(vendor, client, system, path, body):
    vendor.will_answer((429, body, {"Retry-After": "1"}), (200, {"code": 0, "data": []}))
    started = time.time()
    assert client(system, QUICK).get(path).status == 200
    assert client(system).budget.admit(1, started) >= started + 1
    assert time.time() >= started + 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7), ("1.5", 1.5), ("Sun, 01 Mar 2026 12:00:09 GMT", 9), ("Sun, 01 Mar 2026 11:00:00 GMT", 0), ("9" * 17, 3600),
        ("86400", 3600), ("9" * 400, 0), ("-5", 0), ("\xb2", 0), ("soon", 0), ("", 0), ("Fri, 31 Dec 9999 23:59:59 -1200", 0),
    ],
)  # fmt: skip
def test_a_time_to_wait_is_taken_in_every_form_and_for_an_hour_at_most(said, seconds):
    answer = Answer(429, None, {"Retry-After": said}, datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert retry_after(answer) == seconds


@pytest.mark.parametrize(("code", "least_s"), [(44, 60), (1070, 5)])
def test_without_a_time_of_the_vendors_a_block_lasts_a_minute_and_a_crowd_seconds(vendor, client, code, least_s):
    vendor.will_answer((429, {"code": code, "message": "no"}))
    impatient = RetryPolicy(first_wait_s=0.01, total_s=1)
    started = time.time()
    with pytest.raises(errors.VendorBusy, match="resumes from its bookmark"):
        client(policy=impatient).get("/inventory/v1/items")
    assert client().budget.admit(1, started) >= started + least_s


@pytest.mark.parametrize(
    ("system", "path", "body", "left"),
    [
        ("inventory", "/inventory/v1/items", {"code": 1070, "message": "in process"}, 2),
        ("inventory", "/inventory/v1/items", {"code": 44, "message": "blocked"}, 5),
        ("crm", "/crm/v8/Products", {"code": "TOO_MANY_REQUESTS", "status": "error"}, 2),
    ],
)
def test_a_crowd_makes_the_calls_at_once_fewer_and_a_spent_minute_does_not(vendor, client, system, path, body, left):  # noqa: PLR0917
    vendor.will_answer((429, body), (200, {"code": 0, "data": []}))
    one = client(system, calls_per_minute=100)
    one.get(path)
    assert [one.budget.slot() is not None for _ in range(6)].count(True) == left


@pytest.mark.parametrize(
    ("headers", "words"),
    [({"X-Rate-Limit-Reset": "3600"}, "The vendor's day begins anew at {} UTC"), ({}, "Run again tomorrow")],
)
def test_a_day_that_the_vendor_calls_spent_says_what_waits_and_when_it_goes_on(vendor, client, headers, words):
    date = "Sun, 01 Mar 2026 09:15:00 GMT"
    vendor.will_answer((429, {"code": 45, "message": "spent"}, {"Date": date, **headers}))
    with pytest.raises(errors.DailyLimit) as stopped:
        client().get("/inventory/v1/items")
    said = str(stopped.value)
    assert words.format("2026-03-01 10:15") in said
    assert "waits and nothing is lost" in said
    assert len(vendor.calls()) == 1


def test_a_spent_budget_of_the_day_ends_before_the_call_and_says_what_waits(vendor, client):
    backfill = client(calls_per_day=10, reserve=30)
    for _ in range(7):
        backfill.get("/inventory/v1/items")
    with pytest.raises(errors.DailyLimit) as stopped:
        backfill.get("/inventory/v1/items")
    said = str(stopped.value)
    assert "7 within 24 hours" in said
    assert "10, of which 3 are kept for others (reserve)" in said
    assert f"There is room again from {datetime.now(UTC).year}" in said
    assert "waits and nothing is lost" in said
    assert len(vendor.calls()) == 7
    assert client(calls_per_day=10).get("/inventory/v1/items").status == 200


@pytest.mark.parametrize(
    ("method", "path", "params", "body", "credits_"),
    [
        ("GET", "/crm/v8/Deals", {}, None, 1),
        ("GET", "/crm/v8/Deals", {"cvid": "7"}, None, 3),
        ("GET", "/crm/v8/Deals/actions/count", {}, None, 50),
        ("POST", "/crm/v8/coql", {}, {"select_query": "select id from Deals where id > 0 limit 200"}, 1),
        ("POST", "/crm/v8/coql", {}, {"select_query": "select id from Deals where id > 0 limit 400, 1000"}, 2),
        ("POST", "/crm/v8/coql", {}, {"select_query": "select id from Deals where id > 0 LIMIT 2000"}, 3),
        ("POST", "/crm/v8/Deals/upsert", {}, {"data": [{}] * 100}, 10),
        ("PUT", "/crm/v8/Deals", {}, {"data": [{}]}, 1),
        ("DELETE", "/crm/v8/Deals", {"ids": ",".join("1" * 100)}, None, 1),
        ("POST", "/crm/bulk/v8/read", {}, {"query": {}}, 50),
        ("GET", "/crm/bulk/v8/read/1/result", {}, None, 1),
        ("POST", "/crm/bulk/v8/write", {}, {"operation": "insert"}, 500),
    ],
)
def test_the_day_of_the_crm_is_counted_in_credits(client, method, path, params, body, credits_):  # noqa: PLR0917
    one = client("crm", calls_per_day=100_000)
    one.send(method, path, params=params, json=body)
    assert one.budget.spent(time.time()) == credits_


def test_inventory_and_books_of_an_organisation_share_one_budget_and_the_crm_has_its_own(client):
    inventory, books, crm = (client(system, calls_per_day=10) for system in ("inventory", "books", "crm"))
    inventory.get("/inventory/v1/items")
    books.get("/books/v3/invoices")
    crm.get("/crm/v8/Products")
    assert [one.budget.spent(time.time()) for one in (inventory, books, crm)] == [2, 2, 1]


def test_who_makes_no_call_opens_no_store(connection, client):
    client().close()
    assert not (connection.state_dir / "calls.sqlite").exists()


def test_what_is_kept_of_calls_holds_no_secret_and_no_value(connection, vendor, client):
    one = client("crm", calls_per_day=100, calls_per_minute=10)
    one.get("/crm/v8/Products/4711", params={"email": "a@b.example"})
    one.close()
    kept = (connection.state_dir / "calls.sqlite").read_bytes()
    assert b"crm" in kept
    assert not any(secret in kept for secret in (b"planted", b"the-client", b"4711", b"a@b", b"1000.fresh"))
