"""The sandbox, a company's books in it, and a tap that runs in this process, for all tests of this folder."""

import io
import json
from contextlib import redirect_stdout
from decimal import Decimal
from functools import cached_property

import pytest

from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.testing.sandbox import sandbox, sandbox_server
from tap_books.tap import TapBooks

__all__ = ["books", "sandbox", "sandbox_server"]

ROOT = "/books/v3"


class Outcome:
    """What a run wrote. Numbers are `int` or `Decimal`."""

    def __init__(self, text):
        self.messages = [json.loads(line, parse_float=Decimal) for line in text.splitlines()]

    def records(self, stream):
        return [one["record"] for one in self.messages if one["type"] == "RECORD" and one["stream"] == stream]

    @property
    def state(self):
        return [one["value"] for one in self.messages if one["type"] == "STATE"][-1]


class Books:
    """A company's books behind the Books door, written through the vendor's calls."""

    def __init__(self, sandbox, folder):
        self.sandbox, self.folder = sandbox, folder
        self.client = Client(Connection.from_config(self.config()), system="books", plugin="test")

    def config(self, **more):
        return self.sandbox.config(self.folder / "state", **more)

    def add(self, path, key, record):
        return self.client.send("POST", f"{ROOT}/{path}", json=record).body[key]

    def put(self, path, record):
        self.client.send("PUT", f"{ROOT}/{path}", json=record)

    def act(self, path):
        self.client.send("POST", f"{ROOT}/{path}", repeatable=True)

    @cached_property
    def accounts(self):
        rows = self.client.get(f"{ROOT}/chartofaccounts").body["chartofaccounts"]
        return {row["account_name"]: row["account_id"] for row in rows}

    @cached_property
    def customer(self):
        person = {"first_name": "Ada", "last_name": "Nord", "email": "ada@nordlicht.example"}
        address = {"address": "Hafen 1", "zip": "01099", "country": "Germany"}
        return self.contact("Nordlicht GmbH", contact_persons=[person], billing_address=address)

    @cached_property
    def vendor(self):
        return self.contact("Schrauben AG", contact_type="vendor")

    @cached_property
    def item(self):
        return self.add("items", "item", {"name": "Bolt M8", "sku": "B-M8", "rate": 50, "description": "steel"})[
            "item_id"
        ]

    @property
    def lines(self):
        return [{"item_id": self.item, "quantity": 2, "rate": 50}]

    def contact(self, name, **more):
        return self.add("contacts", "contact", {"contact_name": name, **more})["contact_id"]

    def document(self, kind, **more):
        """A document of the customer with one line; its id."""
        key = {"recurringinvoices": "recurring_invoice"}.get(kind, kind[:-1])
        made = self.add(kind, key, {"customer_id": self.customer, "line_items": self.lines, **more})
        return made[f"{key}_id"]

    def bill(self, number):
        given = {"vendor_id": self.vendor, "bill_number": number, "date": "2026-03-01", "line_items": self.lines}
        return self.add("bills", "bill", given)["bill_id"]

    def journal(self, *amounts, notes="Month"):
        """An entry that debits petty cash by each amount and credits their sum."""
        cash, sales = self.accounts["Petty Cash"], self.accounts["Sales"]
        lines = [{"account_id": cash, "debit_or_credit": "debit", "amount": one} for one in amounts]
        lines.append({"account_id": sales, "debit_or_credit": "credit", "amount": sum(amounts, Decimal(0))})
        return self.add("journals", "journal", {"journal_date": "2026-03-01", "notes": notes, "line_items": lines})[
            "journal_id"
        ]

    def plant(self):
        """A record of every stream that has none yet; ids by stream."""
        invoice = self.document("invoices")
        self.act(f"invoices/{invoice}/status/sent")
        share = [{"invoice_id": invoice, "amount_applied": 40}]
        paid = {
            "customer_id": self.customer,
            "payment_mode": "cash",
            "amount": 40,
            "date": "2026-03-01",
            "invoices": share,
        }
        note = self.document("creditnotes", date="2026-03-01")
        self.act(f"creditnotes/{note}/status/open")
        back = {
            "date": "2026-03-02",
            "refund_mode": "cash",
            "amount": 10,
            "from_account_id": self.accounts["Petty Cash"],
        }
        bill = self.bill("R-1")
        spent = {
            "vendor_id": self.vendor,
            "amount": 30,
            "date": "2026-03-02",
            "bills": [{"bill_id": bill, "amount_applied": 30}],
        }
        monthly = {
            "recurrence_name": "Monthly",
            "recurrence_frequency": "months",
            "repeat_every": 1,
            "start_date": "2026-03-01",
        }
        return {
            "contacts": self.customer,
            "items": self.item,
            "invoices": invoice,
            "customerpayments": self.add("customerpayments", "payment", paid)["payment_id"],
            "creditnotes": note,
            "refunds": self.add(f"creditnotes/{note}/refunds", "creditnote_refund", back)["creditnote_refund_id"],
            "estimates": self.document("estimates"),
            "salesorders": self.document("salesorders"),
            "recurringinvoices": self.document("recurringinvoices", **monthly),
            "bills": bill,
            "vendorpayments": self.add("vendorpayments", "vendorpayment", spent)["payment_id"],
            "chartofaccounts": self.accounts["Petty Cash"],
            "journals": self.journal(Decimal("10.10"), Decimal("0.20")),
        }

    def read(self, *streams, state=None, tap=TapBooks, catalog=None, **config):
        """Run the tap on these streams (all of them, when none is named); what it wrote."""
        given = self.config(**config, **({"streams": list(streams)} if streams else {}))
        made = tap(config=given, state=state or {}, catalog=catalog)
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        try:
            with redirect_stdout(out):
                made.sync_all()
        finally:
            made.client.close()
        out.seek(0)
        return Outcome(out.read())

    def calls(self, since=0):
        """Paths of the calls the vendor got, below the root, tokens aside."""
        entries = self.sandbox.control("GET", f"journal?since={since}")["entries"]
        return [one["path"].removeprefix(f"{ROOT}/") for one in entries if one["path"].startswith(ROOT)]

    def passes(self, seconds=1000):
        self.sandbox.control("POST", "clock", {"move_s": seconds})


@pytest.fixture
def books(sandbox, tmp_path):
    held = Books(sandbox, tmp_path)
    yield held
    held.client.close()
