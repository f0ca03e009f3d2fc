"""What Zoho Books offers. Source of paths and parameters: Zoho Books v3, "List …" of each object (OpenAPI, read 2026-11).

A list is read by `last_modified_time` where it documents that filter; else newest first where it documents that order;
else whole. What rows have beyond the description was seen in the schemas of airbyte source-zoho-books, which were made
from live answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from singer_sdk.schema.source import SchemaDirectory

from ofrecord_kit.tap.facts import Breadcrumb, Facts, places
from ofrecord_kit.tap.finance import FinanceStream, same
from ofrecord_kit.tap.finance_custom import WithCustomFields
from ofrecord_kit.tap.finance_undated import UndatedStream
from ofrecord_kit.vendors import finance

SCHEMAS = Path(__file__).parent / "schemas"
EVERY = {"filter_by": "Status.All"}


class BooksStream(FinanceStream):
    """A list of the accounting system, whose changed records are read in detail where something only details have is chosen."""

    root = finance.BOOKS
    schema: ClassVar[WithCustomFields] = WithCustomFields(SchemaDirectory(SCHEMAS))

    @property
    def facts(self) -> Mapping[Breadcrumb, Facts]:
        """Of what is read here: `vendors/facts` names what the other door takes, too."""
        read = {place for place, _ in places(self.schema)}
        return {place: facts for place, facts in super().facts.items() if place in read}


class Documents(BooksStream):
    """A list with a modification time."""

    replication_key = "last_modified_time"


class Organizations(BooksStream):
    """The organisations of the token's user, with plan, base currency and time zone."""

    name = "organizations"
    path = "/organizations"
    primary_keys = ("organization_id",)
    resource = "taxes"
    is_paged = False
    answers_one = False


class Contacts(Documents):
    """Customers and vendors, with addresses and people."""

    name = "contacts"
    path = "/contacts"
    primary_keys = ("contact_id",)
    query: ClassVar = EVERY
    sorts_by_time = True
    filtered_by: ClassVar = same("contact_type", "company_name", "email")
    detail = "contact"
    custom_fields_of = ("contact",)


class Items(Documents):
    """Things bought and sold. Details come a hundred a call."""

    name = "items"
    path = "/items"
    primary_keys = ("item_id",)
    query: ClassVar = EVERY
    filtered_by: ClassVar = same("account_id", "tax_id", "is_taxable")
    details_together = "/itemdetails"
    custom_fields_of = ("item",)


class Invoices(Documents):
    """Invoices with their lines and the order they came from."""

    name = "invoices"
    path = "/invoices"
    primary_keys = ("invoice_id",)
    filters_by_time = True
    filtered_by: ClassVar = same("status", "customer_id", "recurring_invoice_id")
    detail = "invoice"
    custom_fields_of = ("invoice",)


class CustomerPayments(Documents):
    """Payments with the invoices they settle."""

    name = "customerpayments"
    path = "/customerpayments"
    primary_keys = ("payment_id",)
    filtered_by: ClassVar = same("customer_id", "payment_mode")
    detail = "payment"
    custom_fields_of = ("customer_payment", "customerpayment")


class CreditNotes(Documents):
    """Credit notes with their lines and the invoices they were used for."""

    name = "creditnotes"
    path = "/creditnotes"
    primary_keys = ("creditnote_id",)
    filters_by_time = True
    sorts_by_time = True
    filtered_by: ClassVar = same("status", "customer_id")
    detail = "creditnote"
    custom_fields_of = ("creditnote",)


class Refunds(BooksStream):
    """What was paid back of credit notes. Rows carry no modification time."""

    name = "refunds"
    path = "/creditnotes/refunds"
    rows = "creditnote_refunds"
    primary_keys = ("creditnote_refund_id",)
    resource = "creditnotes"
    answers_one = False


class Estimates(Documents):
    """Offers with their lines."""

    name = "estimates"
    path = "/estimates"
    primary_keys = ("estimate_id",)
    filters_by_time = True
    sorts_by_time = True
    filtered_by: ClassVar = same("status", "customer_id")
    detail = "estimate"
    custom_fields_of = ("estimate",)


class SalesOrders(Documents):
    """Sales orders with their lines."""

    name = "salesorders"
    path = "/salesorders"
    primary_keys = ("salesorder_id",)
    filters_by_time = True
    sorts_by_time = True
    filtered_by: ClassVar = same("status", "customer_id", "salesperson_id")
    detail = "salesorder"
    custom_fields_of = ("salesorder",)


class RecurringInvoices(BooksStream):
    """What invoices are made from at intervals. Nothing in a row tells what changed, so lines are read when they are chosen."""

    name = "recurringinvoices"
    path = "/recurringinvoices"
    rows = "recurring_invoices"
    primary_keys = ("recurring_invoice_id",)
    query: ClassVar = EVERY
    resource = "invoices"
    filtered_by: ClassVar = same("status", "customer_id")
    detail = "recurring_invoice"
    details_by_default = False
    custom_fields_of = ("recurring_invoice", "recurringinvoice")


class Bills(Documents):
    """Bills of vendors with their lines and payments."""

    name = "bills"
    path = "/bills"
    primary_keys = ("bill_id",)
    filters_by_time = True
    sorts_by_time = True
    filtered_by: ClassVar = same("status", "vendor_id")
    detail = "bill"
    custom_fields_of = ("bill",)


class VendorPayments(Documents):
    """Payments to vendors with the bills they settle."""

    name = "vendorpayments"
    path = "/vendorpayments"
    primary_keys = ("payment_id",)
    filters_by_time = True
    filtered_by: ClassVar = same("vendor_id", "payment_mode")
    detail = "vendorpayment"
    custom_fields_of = ("vendor_payment", "vendorpayment")


class ChartOfAccounts(Documents):
    """Accounts with their balances. A balance moves without the account's modification time."""

    name = "chartofaccounts"
    path = "/chartofaccounts"
    primary_keys = ("account_id",)
    query: ClassVar = {"filter_by": "AccountType.All", "showbalance": "true"}
    filters_by_time = True


class Journals(BooksStream, UndatedStream):
    """Manual entries with their lines.

    The list's time filter is reported to match the very date, and no observer saw a modification time in its rows
    (hotgluexyz/tap-zohobooks, airbyte source-zoho-books); it documents the order by that time, which is used.
    """

    name = "journals"
    path = "/journals"
    primary_keys = ("journal_id",)
    replication_key = "last_modified_time"
    sorts_by_time = True
    filtered_by: ClassVar = same("status", "journal_type")
    detail = "journal"
    custom_fields_of = ("journal",)


class Taxes(BooksStream):
    """Taxes and groups of taxes."""

    name = "taxes"
    path = "/settings/taxes"
    primary_keys = ("tax_id",)
    answers_one = False


class Currencies(BooksStream):
    """Currencies with their latest exchange rate."""

    name = "currencies"
    path = "/settings/currencies"
    primary_keys = ("currency_id",)
    resource = "taxes"
    answers_one = False


ALL = (
    Organizations, Contacts, Items, Invoices, CustomerPayments, CreditNotes, Refunds, Estimates, SalesOrders, RecurringInvoices,
    Bills, VendorPayments, ChartOfAccounts, Journals, Taxes, Currencies,
)  # fmt: skip
"""In the order they are read: what others refer to comes first."""
