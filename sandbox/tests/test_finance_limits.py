"""Finance calls as they come from outside: tokens, the organisation, the limits of minute, day and concurrency."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import requests

from ofrecord_sandbox import assemble, finance, oauth, pipeline, serve
from ofrecord_sandbox.web import Request, Response

INVENTORY, BOOKS = "/inventory/v1", "/books/v3"


class Outside:
    """Requests as they come from outside: with a token, through faults, guards and journal."""

    def __init__(self) -> None:
        self.world = assemble.new_world()
        self.world.clock.freeze(datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
        form = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "grant_type": "refresh_token",
                "refresh_token": "1000.sandbox.refresh"}  # fmt: skip
        answer = pipeline.handle(self.world, Request("POST", "/oauth/v2/token", query=form))
        self.token = orjson.loads(answer.encoded())["access_token"]

    def get(self, path: str, organization: str | None = "700001", token: str | None = None) -> Response:
        query = {} if organization is None else {"organization_id": organization}
        return self.send("GET", path, query, b"", token)

    def send(self, method: str, path: str, query: dict[str, str], body: bytes, token: str | None = None) -> Response:
        headers = {"authorization": f"Zoho-oauthtoken {token or self.token}"}
        return pipeline.handle(self.world, Request(method, path, query=query, headers=headers, body=body))

    def contact(self, name: str) -> Response:
        return self.send(
            "POST", f"{INVENTORY}/contacts", {"organization_id": "700001"}, b'{"contact_name": "%s"}' % name.encode()
        )


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.mark.parametrize("door", [INVENTORY, BOOKS])
def test_a_wrong_token_is_not_authorized(outside, door):
    answer = outside.get(f"{door}/contacts", token="other")
    assert (answer.status, answer.content["code"]) == (401, 57)


def test_the_organisation_must_be_named_and_known(outside):
    assert outside.get(f"{INVENTORY}/items", organization=None).content["code"] == 4
    answer = outside.get(f"{INVENTORY}/items", organization="700009")
    words = "This user is not associated with the CompanyID/CompanyName:700009."
    assert (answer.status, answer.content) == (400, {"code": 6041, "message": words})
    [organization] = outside.get(f"{BOOKS}/organizations", organization=None).content["organizations"]
    assert (organization["organization_id"], organization["currency_code"]) == ("700001", "USD")


def test_the_minute_is_shared_by_both_doors_and_passes(outside):
    outside.world.limits.finance_per_minute = 3
    for door in (INVENTORY, BOOKS, INVENTORY):
        assert outside.get(f"{door}/items").status == 200
    answer = outside.get(f"{BOOKS}/items")
    assert (answer.status, answer.content["code"]) == (429, 44)
    outside.world.clock.move(timedelta(seconds=60))
    assert outside.get(f"{BOOKS}/items").status == 200


def test_the_day_ends_with_code_45_and_the_headers_count_down(outside):
    outside.world.limits.finance_per_day = 2
    answer = outside.get(f"{INVENTORY}/items")
    assert (answer.headers["X-Rate-Limit-Limit"], answer.headers["X-Rate-Limit-Remaining"]) == ("2", "1")
    assert answer.headers["X-Rate-Limit-Reset"] == str(14 * 3600)
    outside.get(f"{INVENTORY}/items")
    answer = outside.get(f"{INVENTORY}/items")
    assert (answer.status, answer.content["code"]) == (429, 45)
    assert "maximum call rate limit of 2." in answer.content["message"]
    outside.world.clock.move(timedelta(minutes=59))
    assert outside.get(f"{INVENTORY}/items").status == 429


def test_too_many_at_once_is_1070(outside):
    outside.world.in_flight.update(inventory=6, books=5)
    answer = outside.get(f"{INVENTORY}/items")
    assert (answer.status, answer.content["code"]) == (429, 1070)


def test_limits_of_nought_are_off(outside):
    outside.world.limits.finance_per_minute = outside.world.limits.finance_per_day = 0
    assert {outside.get(f"{INVENTORY}/items").status for _ in range(150)} == {200}


def test_an_unknown_address_is_5_and_a_shipment_list_does_not_exist(outside):
    for path in ("nothing", "shipmentorders"):
        answer = outside.get(f"{INVENTORY}/{path}")
        assert (answer.status, answer.content["code"]) == (404, 5)


def test_an_emptied_world_has_its_organisation_again(outside):
    outside.world.store.clear()
    answer = outside.world.call("GET", f"{BOOKS}/organizations").content
    assert answer["organizations"][0]["organization_id"] == "700001"


@pytest.mark.parametrize(("limit", "code"), [("finance_per_minute", 44), ("finance_per_day", 45)])
def test_a_write_that_meets_a_limit_did_nothing(outside, limit, code):
    setattr(outside.world.limits, limit, 1)
    assert outside.contact("A").status == 201
    answer = outside.contact("B")
    assert (answer.status, answer.content["code"]) == (429, code)
    setattr(outside.world.limits, limit, 0)
    rows = outside.get(f"{INVENTORY}/contacts").content["contacts"]
    assert [row["contact_name"] for row in rows] == ["A"]


def test_a_write_beyond_the_concurrent_ones_did_nothing(outside):
    outside.world.in_flight.update(inventory=6, books=5)
    assert outside.contact("A").content["code"] == 1070
    outside.world.in_flight.clear()
    assert outside.get(f"{INVENTORY}/contacts").content["contacts"] == []


def test_the_organisation_stays_blocked_for_as_long_as_the_doubt_says(outside, monkeypatch):
    monkeypatch.setattr(finance.doubts, "minute_block_s", 300)
    outside.world.limits.finance_per_minute = 1
    outside.get(f"{INVENTORY}/items")
    answer = outside.get(f"{INVENTORY}/items")
    assert (answer.content["code"], answer.headers["Retry-After"]) == (44, "301")
    outside.world.clock.move(timedelta(seconds=299))
    assert outside.get(f"{INVENTORY}/items").content["code"] == 44
    outside.world.clock.move(timedelta(seconds=2))
    assert outside.get(f"{INVENTORY}/items").status == 200


def test_how_a_limit_is_told_is_a_doubt(outside, monkeypatch):
    outside.world.limits.finance_per_minute = 1
    outside.get(f"{INVENTORY}/items")
    monkeypatch.setattr(finance.doubts, "retry_after", False)
    assert "Retry-After" not in outside.get(f"{INVENTORY}/items").headers
    outside.world.limits.finance_per_minute, outside.world.limits.finance_per_day = 0, 1
    monkeypatch.setattr(finance.doubts, "daily_limit_status", 500)
    answer = outside.get(f"{INVENTORY}/items")
    assert (answer.status, answer.content["code"]) == (500, 45)


def test_a_body_of_any_size_is_taken_unless_the_doubt_names_one(outside, monkeypatch):
    assert outside.contact("A" * 150).status == 201
    monkeypatch.setattr(finance.doubts, "largest_body_bytes", 100)
    assert outside.contact("B" * 150).status == 413
    assert outside.contact("B").status == 201


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ("ZohoInventory.items.READ", f"{INVENTORY}/itemgroups"),
        ("ZohoInventory.items.READ", f"{INVENTORY}/units"),
        ("ZohoInventory.purchasereceives.READ", f"{INVENTORY}/purchasereceives"),
        ("ZohoInventory.settings.READ", f"{INVENTORY}/users"),
        ("ZohoBooks.accountants.READ", f"{BOOKS}/chartofaccounts"),
        ("ZohoBooks.accountants.READ", f"{BOOKS}/journals"),
        ("ZohoBooks.invoices.READ", f"{BOOKS}/recurringinvoices"),
        ("ZohoBooks.creditnotes.READ", f"{BOOKS}/creditnotes/refunds"),
        ("ZohoBooks.settings.READ", f"{BOOKS}/settings/taxes"),
    ],
)
def test_a_list_needs_the_scope_the_documents_name(outside, scope, path):
    def status(*scopes: str) -> int:
        oauth.add_refresh_token(outside.world, "narrow", list(scopes))
        form = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "grant_type": "refresh_token",
                "refresh_token": "narrow"}  # fmt: skip
        answer = pipeline.handle(outside.world, Request("POST", "/oauth/v2/token", query=form))
        return outside.get(path, token=orjson.loads(answer.encoded())["access_token"]).status

    assert (status("ZohoInventory.packages.READ", "ZohoBooks.projects.READ"), status(scope)) == (401, 200)


def test_calls_at_once_are_counted_while_answers_take_their_time(outside):
    outside.world.latency_s, outside.world.limits.finance_concurrent = 0.3, 4
    headers = {"Authorization": f"Zoho-oauthtoken {outside.token}"}

    def ask(address: str) -> tuple[int, int]:
        query = {"organization_id": "700001"}
        answer = requests.get(f"{address}{INVENTORY}/items", params=query, headers=headers, timeout=10)
        return answer.status_code, answer.json()["code"]

    with serve.background(outside.world) as address, ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(ask, [address] * 8))
    assert answers == [(200, 0)] * 4 + [(429, 1070)] * 4
