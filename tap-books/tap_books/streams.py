"""What Zoho Books offers. Source of paths and parameters: Zoho Books v3, "List …" of each object."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from singer_sdk.schema.source import SchemaDirectory, StreamSchema

from ofrecord_kit.tap.finance import FinanceStream
from ofrecord_kit.vendors import finance

FOLDER = Path(__file__).parent


class BooksStream(FinanceStream):
    """A list of the accounting system, whose changed documents are read in detail."""

    root = finance.BOOKS
    replication_key = "last_modified_time"
    folder = FOLDER
    schema: ClassVar[StreamSchema] = StreamSchema(SchemaDirectory(FOLDER / "schemas"))


class Invoices(BooksStream):
    """Invoices with their lines and the order they came from."""

    name = "invoices"
    path = "/invoices"
    primary_keys = ("invoice_id",)
    filters_by_time = True
    detail = "invoice"


class CustomerPayments(BooksStream):
    """Payments with the invoices they settle. The list has no time filter: it is read whole, details are not."""

    name = "customerpayments"
    path = "/customerpayments"
    primary_keys = ("payment_id",)
    detail = "payment"


class CreditNotes(BooksStream):
    """Credit notes with their lines."""

    name = "creditnotes"
    path = "/creditnotes"
    primary_keys = ("creditnote_id",)
    filters_by_time = True
    detail = "creditnote"
