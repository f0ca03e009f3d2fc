"""What tap-books alone promises, beside the contract of all taps."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from ofrecord_kit.testing.tap import TapContract
from tap_books import streams
from tap_books.tap import TapBooks

CATALOG = Path(__file__).parents[2] / "rules" / "catalog" / "tap-books.json"
NAMES = tuple(kind.name for kind in streams.ALL)
CHANGES = {
    "contacts": ("contacts/{id}", {"company_name": "Nordlicht"}),
    "items": ("items/{id}", {"description": "brass"}),
    "invoices": ("invoices/{id}", {"notes": "new"}),
    "customerpayments": ("customerpayments/{id}", {"description": "new"}),
    "creditnotes": ("creditnotes/{id}", {"notes": "new"}),
    "estimates": ("estimates/{id}", {"notes": "new"}),
    "salesorders": ("salesorders/{id}", {"notes": "new"}),
    "bills": ("bills/{id}", {"notes": "new"}),
    "vendorpayments": ("vendorpayments/{id}", {"description": "new"}),
    "chartofaccounts": ("chartofaccounts/{id}", {"description": "new"}),
    "journals": ("journals/{id}", {"notes": "new"}),
}
"""A call that changes a record of the stream."""
BY_DETAIL = sorted(set(CHANGES) - {"items", "chartofaccounts"})


class TestContract(TapContract):
    tap = TapBooks
    planted = NAMES

    @pytest.fixture(autouse=True)
    def _held(self, books):
        self.books = books

    def plant(self, sandbox, state_dir):
        self.books.plant()


def test_the_committed_catalog_is_what_discovery_finds(sandbox, tmp_path):
    discovered = TapBooks(config=sandbox.config(tmp_path)).catalog_dict
    assert json.loads(CATALOG.read_text(encoding="utf-8")) == json.loads(json.dumps(discovered)), (
        "rules/catalog/tap-books.json is stale: run `make catalogs`"
    )


def test_a_second_run_without_changes_costs_one_call_a_stream_and_writes_nothing(books):
    books.plant()
    books.passes()
    first = books.read(changed_only=["*"])
    assert all(first.records(name) for name in NAMES)
    books.passes()
    before = books.sandbox.control("GET", "journal")["next"]
    again = books.read(changed_only=["*"], state=first.state)
    assert {name: again.records(name) for name in NAMES if again.records(name)} == {}
    lists = sorted(kind.path.removeprefix("/") for kind in streams.ALL)
    calls = sorted(books.calls(before))
    calls.remove("settings/preferences")
    (detail,) = (one for one in calls if one.startswith("journals/"))
    calls.remove(detail)
    assert calls == lists


@pytest.mark.parametrize("name", CHANGES)
def test_only_what_changed_is_read_again_and_once_in_detail(books, name):
    ids = books.plant()
    if name == "creditnotes":
        ids[name] = books.document("creditnotes", date="2026-03-01")  # one that was paid back is not changed any more
    books.journal(Decimal(5))
    books.passes()
    first = books.read(name)
    books.passes()
    path, change = CHANGES[name]
    books.put(path.format(id=ids[name]), change)
    before = books.sandbox.control("GET", "journal")["next"]
    again = books.read(name, state=first.state)
    key = dict.fromkeys(("customerpayments", "vendorpayments"), "payment_id").get(name)
    (record,) = again.records(name)
    assert record[key or TapBooks(config=books.config()).streams[name].primary_keys[0]] == ids[name]
    if name != "chartofaccounts":
        assert record.items() >= change.items()
    details = [one for one in books.calls(before) if one == path.format(id=ids[name])]
    assert len(details) == (1 if name in BY_DETAIL else 0)


def test_an_invoice_carries_its_lines_and_its_open_amount(books):
    books.plant()
    (invoice,) = books.read("invoices").records("invoices")
    assert [(line["quantity"], line["rate"]) for line in invoice["line_items"]] == [(2, 50)]
    assert (invoice["total"], invoice["balance"], invoice["status"]) == (100, 60, "partially_paid")


def test_a_payment_names_the_invoices_it_settles(books):
    ids = books.plant()
    (payment,) = books.read("customerpayments").records("customerpayments")
    assert [(one["invoice_id"], one["amount_applied"]) for one in payment["invoices"]] == [(ids["invoices"], 40)]


def test_a_payment_to_a_vendor_names_the_bills_it_settles(books):
    ids = books.plant()
    (payment,) = books.read("vendorpayments").records("vendorpayments")
    assert [(one["bill_id"], one["amount_applied"]) for one in payment["bills"]] == [(ids["bills"], 30)]


def test_a_refund_names_its_credit_note(books):
    ids = books.plant()
    (refund,) = books.read("refunds").records("refunds")
    assert (refund["creditnote_id"], refund["amount_bcy"]) == (ids["creditnotes"], 10)


@pytest.mark.parametrize("name", ["estimates", "salesorders", "bills", "creditnotes"])
def test_documents_carry_their_lines(books, name):
    books.plant()
    (document,) = books.read(name).records(name)
    assert [(line["item_id"], line["quantity"], line["rate"]) for line in document["line_items"]] == [
        (books.item, 2, 50)
    ]


def test_a_journals_lines_balance_to_the_cent_as_exact_decimals(books):
    amounts = [Decimal("0.10"), Decimal("0.20"), Decimal("1234567890123.45"), Decimal("0.01")]
    books.journal(*amounts)
    (journal,) = books.read("journals").records("journals")
    sides = {
        side: [one["amount"] for one in journal["line_items"] if one["debit_or_credit"] == side]
        for side in ("debit", "credit")
    }
    assert all(isinstance(one, int | Decimal) for one in (*sides["debit"], *sides["credit"]))
    assert sides["debit"] == amounts
    assert sum(sides["debit"]) == sum(sides["credit"]) == Decimal("1234567890123.76")


def test_the_balance_of_an_account_is_in_the_list_even_where_nothing_was_changed(books):
    books.journal(Decimal("10.10"))
    found = {one["account_name"]: one for one in books.read("chartofaccounts").records("chartofaccounts")}
    assert found["Petty Cash"]["current_balance"] == Decimal("10.10")
    assert found["Sales"]["depth"] == 0


def test_contacts_carry_addresses_and_people(books):
    books.plant()
    found = {one["contact_name"]: one for one in books.read("contacts").records("contacts")}
    assert found["Nordlicht GmbH"]["billing_address"]["zip"] == "01099"
    assert [one["email"] for one in found["Nordlicht GmbH"]["contact_persons"]] == ["ada@nordlicht.example"]
    assert found["Schrauben AG"]["contact_type"] == "vendor"


def test_details_are_not_read_when_the_list_has_all_that_is_chosen(books):
    books.plant()
    catalog = TapBooks(config=books.config(streams=["bills", "invoices"])).catalog_dict
    for entry in catalog["streams"]:
        for one in entry["metadata"]:
            place = one["breadcrumb"]
            one["metadata"]["selected"] = not place or place[1] in {"total", "status", "date"}
    before = books.sandbox.control("GET", "journal")["next"]
    found = books.read("bills", "invoices", catalog=catalog)
    (bill,) = found.records("bills")
    assert set(bill) == {"bill_id", "total", "status", "date", "last_modified_time"}
    assert sorted(books.calls(before)) == ["bills", "invoices"]


def test_streams_of_a_catalog_that_are_not_read_cost_nothing_at_the_start(books):
    books.plant()
    catalog = TapBooks(config=books.config(streams=["bills", "invoices"])).catalog_dict
    made = TapBooks(config=books.config(streams=["bills"]), catalog=catalog)
    assert list(made.mapper.stream_maps) == ["bills"]
    assert {one["bill_id"] for one in books.read("bills", catalog=catalog).records("bills")}
