"""What tap-books alone promises, beside the contract of all taps."""

import json
from pathlib import Path

from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.testing.tap import TapContract, run_tap
from tap_books.tap import TapBooks

CATALOG = Path(__file__).parents[2] / "rules" / "catalog" / "tap-books.json"


def plant(sandbox, state_dir):
    """A customer with an invoice, partly paid, and a credit note; their ids by stream."""
    connection = Connection.from_config(sandbox.config(state_dir))
    with Client(connection, system="books", plugin="test") as client:

        def add(path, key, record, root="/books/v3"):
            return client.send("POST", f"{root}/{path}", json=record).body[key]

        item = add("items", "item", {"name": "Bolt M8", "sku": "B-M8", "rate": 50}, "/inventory/v1")["item_id"]
        customer = add("contacts", "contact", {"contact_name": "Nordlicht GmbH"}, "/inventory/v1")["contact_id"]
        lines = [{"item_id": item, "quantity": 2, "rate": 50}]
        invoice = add("invoices", "invoice", {"customer_id": customer, "line_items": lines})["invoice_id"]
        client.send("POST", f"/books/v3/invoices/{invoice}/status/sent", repeatable=True)
        share = [{"invoice_id": invoice, "amount_applied": 40}]
        paid = {"customer_id": customer, "payment_mode": "cash", "amount": 40, "date": "2026-03-01", "invoices": share}
        payment = add("customerpayments", "payment", paid)["payment_id"]
        credit = {"customer_id": customer, "date": "2026-03-01", "line_items": lines}
        note = add("creditnotes", "creditnote", credit)["creditnote_id"]
        return {"invoices": invoice, "customerpayments": payment, "creditnotes": note}


class TestContract(TapContract):
    tap = TapBooks
    planted = ("invoices", "customerpayments", "creditnotes")

    def plant(self, sandbox, state_dir):
        plant(sandbox, state_dir)


def test_the_committed_catalog_is_what_discovery_finds(sandbox, tmp_path):
    discovered = TapBooks(config=sandbox.config(tmp_path)).catalog_dict
    assert json.loads(CATALOG.read_text(encoding="utf-8")) == json.loads(json.dumps(discovered)), (
        "rules/catalog/tap-books.json is stale: run `make catalogs`"
    )


def test_an_invoice_carries_its_lines_and_its_open_amount(sandbox, tmp_path):
    plant(sandbox, tmp_path)
    (invoice,) = run_tap(TapBooks, tmp_path, sandbox.config(tmp_path, streams=["invoices"])).records()
    assert [(line["quantity"], line["rate"]) for line in invoice["line_items"]] == [(2, 50)]
    assert (invoice["total"], invoice["balance"], invoice["status"]) == (100, 60, "partially_paid")


def test_a_payment_names_the_invoices_it_settles(sandbox, tmp_path):
    ids = plant(sandbox, tmp_path)
    (payment,) = run_tap(TapBooks, tmp_path, sandbox.config(tmp_path, streams=["customerpayments"])).records()
    assert [(one["invoice_id"], one["amount_applied"]) for one in payment["invoices"]] == [(ids["invoices"], 40)]
