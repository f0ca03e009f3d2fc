"""What goes wrong between tap-books and the vendor, and what is read all the same."""

import json
from collections import Counter
from decimal import Decimal
from functools import cached_property

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.vendors import finance
from tap_books import streams
from tap_books.tap import TapBooks

KINDS = {
    "500": {"do": "status", "status": 500},
    "502": {"do": "status", "status": 502},
    "429": {"do": "status", "status": 429},
    "an error in a 200": {"do": "code_in_200"},
    "no answer": {"do": "drop_before"},
    "a cut body": {"do": "truncate"},
}
BY_TIME = sorted(kind.name for kind in streams.ALL if kind.filters_by_time)


@pytest.fixture
def short_pages(monkeypatch):
    """Two records a page, so that three records are more than one page."""
    monkeypatch.setattr(finance, "PER_PAGE", 2)
    monkeypatch.setattr(finance, "ITEM_IDS_A_CALL", 2)


def plant_three(books):
    """Three records of every stream, at least."""
    books.plant()
    for number in (2, 3):
        books.contact(f"Kunde {number}")
        books.add("items", "item", {"name": f"Nut {number}", "sku": f"N-{number}", "rate": number})
        invoice = books.document("invoices")
        books.act(f"invoices/{invoice}/status/sent")
        paid = {"customer_id": books.customer, "payment_mode": "cash", "amount": number, "date": "2026-03-01"}
        books.add(
            "customerpayments", "payment", {**paid, "invoices": [{"invoice_id": invoice, "amount_applied": number}]}
        )
        note = books.document("creditnotes", date="2026-03-01")
        books.act(f"creditnotes/{note}/status/open")
        back = {
            "date": "2026-03-02",
            "refund_mode": "cash",
            "amount": number,
            "from_account_id": books.accounts["Petty Cash"],
        }
        books.add(f"creditnotes/{note}/refunds", "creditnote_refund", back)
        books.document("estimates")
        books.document("salesorders")
        every = {"recurrence_frequency": "months", "repeat_every": 1, "start_date": "2026-03-01"}
        books.document("recurringinvoices", recurrence_name=f"Every {number}", **every)
        bill = books.bill(f"R-{number}")
        spent = {"vendor_id": books.vendor, "amount": number, "date": "2026-03-02"}
        books.add("vendorpayments", "vendorpayment", {**spent, "bills": [{"bill_id": bill, "amount_applied": number}]})
        books.journal(Decimal(number))


def records(outcome):
    return {kind.name: outcome.records(kind.name) for kind in streams.ALL}


def test_every_call_of_every_stream_failing_once_costs_no_record_and_repeats_none(books, short_pages):
    plant_three(books)
    before = books.sandbox.control("GET", "journal")["next"]
    clean = records(books.read())
    calls = Counter(books.calls(before))
    assert all(calls[one.path.removeprefix("/")] > 1 for one in streams.ALL if one is not streams.Organizations)
    assert all(len({json.dumps(one, default=str) for one in found}) == len(found) for found in clean.values())
    for name, kind in KINDS.items():
        faults = [
            {"match": {"path": f"^/books/v3/{path}$"}, "nth": 2 * number + 1, **kind}
            for path, times in calls.items()
            for number in range(times)
        ]
        books.sandbox.control("POST", "faults", faults)
        assert records(books.read()) == clean, name
        books.sandbox.control("DELETE", "faults")


def test_an_answer_that_does_not_come_in_time_is_asked_for_again(books):
    books.plant()
    clean = [books.read(name).records(name) for name in ("invoices", "journals")]
    slow = [
        {"match": {"path": f"/books/v3/{name}"}, "do": "delay", "delay_s": 1.5} for name in ("invoices", "journals")
    ]
    books.sandbox.control("POST", "faults", slow)
    assert [books.read(name, timeout_s=1).records(name) for name in ("invoices", "journals")] == clean


@pytest.mark.parametrize("name", ["invoices", "customerpayments", "journals"])
def test_a_record_deleted_between_list_and_detail_is_passed_over(books, name):
    ids = books.plant()
    books.journal(Decimal(7))
    gone = {"code": 1002, "message": "It does not exist."}
    fault = {
        "match": {"path": f"/books/v3/{name}/{ids[name]}"},
        "times": 0,
        "do": "status",
        "status": 404,
        "body": gone,
    }
    books.sandbox.control("POST", "faults", fault)
    assert len(books.read(name).records(name)) == (1 if name == "journals" else 0)


@pytest.mark.parametrize("name", BY_TIME)
def test_a_list_that_ignores_its_filter_brings_no_old_record_again(books, name):
    ids = books.plant()
    books.passes()
    first = books.read(name)
    path = next(one.path for one in streams.ALL if one.name == name)
    whole = json.loads(json.dumps(books.client.get(f"{finance.BOOKS}{path}").body, default=str))
    books.passes()
    ignoring = {"match": {"path": f"^/books/v3{path}$"}, "times": 0, "do": "status", "status": 200, "body": whole}
    books.sandbox.control("POST", "faults", ignoring)
    before = books.sandbox.control("GET", "journal")["next"]
    assert books.read(name, state=first.state).records(name) == []
    assert [one for one in books.calls(before) if ids[name] in one] == []


def test_numbers_and_flags_that_come_as_texts_are_numbers_and_flags(books):
    books.plant()
    found = books.read("invoices", "items", "chartofaccounts", "journals", without_details=["invoices", "items"])
    (row,) = books.client.get("/books/v3/invoices").body["invoices"]
    assert (row["total"], row["shipping_charge"]) == ("100", "0")
    (invoice,) = found.records("invoices")
    assert (invoice["total"], invoice["balance"], invoice["shipping_charge"]) == (100, 60, 0)
    (item,) = found.records("items")
    assert (item["reorder_level"], item["rate"]) == (None, 50)
    account = found.records("chartofaccounts")[0]
    assert (account["depth"], account["child_count"], account["is_child_present"]) == (0, 0, False)
    (journal,) = found.records("journals")
    assert (journal["total"], journal["line_items"][0]["amount"]) == (Decimal("10.30"), Decimal("10.10"))


class Meddled(TapBooks):
    """A tap while whose reading others write: after each page of a list, `between` is called."""

    @cached_property
    def client(self):
        held = Client(Connection.from_config(self.config), system=self.system, plugin=self.name)
        get = held.get

        def get_and_meddle(path, *args, **more):
            answer = get(path, *args, **more)
            if "page" in (more.get("params") or {}):
                Meddled.between()
            return answer

        held.get = get_and_meddle
        return held


EDITS = {
    "contacts": ("contacts", "company_name", lambda books, number: books.contact(f"Neu {number}")),
    "items": (
        "items",
        "description",
        lambda books, number: books.add("items", "item", {"name": f"New {number}", "rate": 1}),
    ),
    "invoices": ("invoices", "notes", lambda books, _: books.document("invoices")),
    "creditnotes": ("creditnotes", "notes", lambda books, _: books.document("creditnotes", date="2026-03-01")),
    "estimates": ("estimates", "notes", lambda books, _: books.document("estimates")),
    "salesorders": ("salesorders", "notes", lambda books, _: books.document("salesorders")),
    "bills": ("bills", "notes", lambda books, number: books.bill(f"N-{number}")),
    "journals": ("journals", "notes", lambda books, _: books.journal(Decimal(3))),
}
KEY = {one.name: one.primary_keys[0] for one in streams.ALL}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(EDITS)),
    edits=st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=1, max_size=4),
)
def test_records_written_while_a_list_is_read_cost_no_record(books, short_pages, name, edits):
    books.sandbox.control("POST", "reset")
    for held in ("accounts", "customer", "vendor", "item"):
        vars(books).pop(held, None)
    path, field, make = EDITS[name]
    ids = [make(books, number) for number in range(6)]
    ids = [one["item_id"] if isinstance(one, dict) else one for one in ids]
    books.passes()
    waiting = list(enumerate(edits))

    def write_one():
        if waiting:
            number, edit = waiting.pop(0)
            if edit is None:
                make(books, 100 + number)
            else:
                books.put(f"{path}/{ids[edit]}", {field: f"edit {number}"})

    Meddled.between = staticmethod(write_one)
    first = books.read(name, tap=Meddled)
    Meddled.between = staticmethod(lambda: None)
    second = books.read(name, state=first.state)
    latest = {one[KEY[name]]: one for run in (first, second) for one in run.records(name)}
    assert latest == {one[KEY[name]]: one for one in books.read(name).records(name)}
