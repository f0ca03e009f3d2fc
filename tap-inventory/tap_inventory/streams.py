"""What Zoho Inventory offers. Source of paths and parameters: Zoho Inventory v1, "List …" of each object (OpenAPI, read 2026-11).

Where that names no filter by time and live answers take one, the class says so. Properties marked "seen in live answers"
in the schemas are those of rohithchoppala/tap-zoho-inventory, recorded from an organisation.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from ofrecord_kit.tap.finance import FinanceStream, same
from ofrecord_kit.tap.finance_custom import SchemaFiles, WithCustomFields
from ofrecord_kit.tap.finance_parts import FinancePart
from ofrecord_kit.tap.finance_undated import UndatedStream
from ofrecord_kit.tap.pages import Row, text_of
from ofrecord_kit.vendors import finance

FOLDER = Path(__file__).parent
EVERY = {"filter_by": "Status.All"}
SCHEMAS = WithCustomFields(SchemaFiles(FOLDER / "schemas"))


class InventoryStream(FinanceStream):
    """A list of the inventory system."""

    root = finance.INVENTORY
    schema: ClassVar[WithCustomFields] = SCHEMAS


class Dated(InventoryStream):
    """A list whose records carry their modification time."""

    replication_key = "last_modified_time"


class Organizations(InventoryStream):
    """The organisations of the token's user, with plan, base currency and time zone."""

    name = "organizations"
    path = "/organizations"
    primary_keys = ("organization_id",)
    is_paged = False
    has_ids = False


class Items(Dated):
    """Things bought and sold, with stock. Details come a hundred a call: lists lack committed stock and stock by location."""

    name = "items"
    path = "/items"
    primary_keys = ("item_id",)
    every: ClassVar = EVERY
    filters_by_time = True
    sorts_by_time = True
    filtered_by: ClassVar = same(
        "name", "sku", "status", "rate", "purchase_rate", "tax_id", "account_id", "vendor_id", "category_id", "group_id"
    )
    details_together = "/itemdetails"
    custom_fields_of = ("item",)


class CompositeItems(Dated):
    """Items made of others. Lists lack what they are made of: changed ones are read in detail."""

    name = "compositeitems"
    path = "/compositeitems"
    rows = "composite_items"
    primary_keys = ("composite_item_id",)
    every: ClassVar = EVERY
    filters_by_time = True
    sorts_by_time = True
    filtered_by: ClassVar = same("name", "sku", "status", "category_id", "tax_id", "combo_type")
    detail = "composite_item"
    custom_fields_of = ("composite_item", "item")


class ItemGroups(Dated):
    """Items that differ by size, colour and the like. Rows carry their time; a filter by it is not documented."""

    name = "itemgroups"
    path = "/itemgroups"
    primary_keys = ("group_id",)
    detail = "item_group"
    custom_fields_of = ("item_group",)


class Units(InventoryStream):
    """Units and what other units they make."""

    name = "units"
    path = "/units"
    primary_keys = ("unit_id",)
    query: ClassVar = {"include_unit_conversions": "true"}
    is_paged = False
    answers_one = False


class Locations(InventoryStream):
    """Places that hold stock. They carry no modification time."""

    name = "locations"
    path = "/locations"
    primary_keys = ("location_id",)


class Stock(InventoryStream, FinancePart):
    """Stock of each item at each place. Stock moves without moving the item's time: always read whole."""

    name = "stock"
    primary_keys = ("item_id", "location_id")
    inside = Items
    within = ("locations", "warehouses")
    handed: ClassVar = {**same("item_id", "sku", "unit"), "item_name": "name"}

    def parts(self, whole: Row) -> Iterator[Row]:
        """Older organisations answer `warehouses[]` with `warehouse_…` in place of `locations[]` with `location_…`."""
        for row in super().parts(whole):
            yield {name.replace("warehouse_", "location_"): value for name, value in row.items()}


class PriceLists(InventoryStream):
    """Price lists. They carry no modification time."""

    name = "pricebooks"
    path = "/pricebooks"
    primary_keys = ("pricebook_id",)


class Contacts(Dated):
    """Customers and vendors, with addresses and people (detail read of changed ones)."""

    name = "contacts"
    path = "/contacts"
    primary_keys = ("contact_id",)
    every: ClassVar = EVERY
    sorts_by_time = True
    filtered_by: ClassVar = same("contact_name", "company_name", "first_name", "last_name", "email", "phone")
    detail = "contact"
    custom_fields_of = ("contact",)


class ContactPersons(Dated, FinancePart):
    """People at contacts."""

    name = "contactpersons"
    primary_keys = ("contact_person_id",)
    inside = Contacts
    within = ("contact_persons",)
    handed: ClassVar = same("contact_id", "contact_name", "last_modified_time")


class SalesOrders(Dated):
    """Sales orders with lines, packages and invoices. The time filter is not documented but works."""

    name = "salesorders"
    path = "/salesorders"
    primary_keys = ("salesorder_id",)
    filters_by_time = True
    detail = "salesorder"
    custom_fields_of: ClassVar[tuple[str, ...]] = ("salesorder",)


class Packages(Dated):
    """Packages with lines and shipment (detail read of changed ones)."""

    name = "packages"
    path = "/packages"
    primary_keys = ("package_id",)
    every: ClassVar = EVERY
    sorts_by_time = True
    filtered_by: ClassVar = same("status", "customer_id")
    detail = "package"
    custom_fields_of = ("package",)


class Shipments(Dated, FinancePart):
    """How packages travel: shipments have no list of their own."""

    name = "shipments"
    primary_keys = ("shipment_id", "package_id")
    inside = Packages
    within = ("shipment_order",)
    handed: ClassVar = same(
        "package_id",
        "package_number",
        "salesorder_id",
        "salesorder_number",
        "customer_id",
        "customer_name",
        "last_modified_time",
    )

    def parts(self, whole: Row) -> Iterator[Row]:
        """A package that is not shipped has an empty shipment."""
        return (row for row in super().parts(whole) if text_of(row, "shipment_id"))


class Invoices(Dated):
    """Invoices with lines. The time filter is documented for Books only."""

    name = "invoices"
    path = "/invoices"
    primary_keys = ("invoice_id",)
    every: ClassVar = EVERY
    filters_by_time = True
    filtered_by: ClassVar = same(
        "invoice_number",
        "reference_number",
        "customer_name",
        "customer_id",
        "status",
        "total",
        "balance",
        "date",
        "due_date",
    )
    detail = "invoice"
    custom_fields_of = ("invoice",)


class CreditNotes(Dated):
    """Credit notes with lines. The time filter is documented for Books only."""

    name = "creditnotes"
    path = "/creditnotes"
    primary_keys = ("creditnote_id",)
    every: ClassVar = EVERY
    filters_by_time = True
    filtered_by: ClassVar = same(
        "creditnote_number", "reference_number", "customer_name", "customer_id", "status", "total", "date"
    )
    detail = "creditnote"
    custom_fields_of = ("creditnote",)


class SalesReturns(InventoryStream):
    """Goods that come back. Rows show no modification time, so details, which are one call each, must be asked for by name."""

    name = "salesreturns"
    path = "/salesreturns"
    primary_keys = ("salesreturn_id",)
    detail = "salesreturn"
    details_by_default = False
    custom_fields_of = ("salesreturn",)


class PurchaseOrders(Dated):
    """Purchase orders with lines, receives and bills. The time filter is not documented but works."""

    name = "purchaseorders"
    path = "/purchaseorders"
    primary_keys = ("purchaseorder_id",)
    filters_by_time = True
    detail = "purchase_order"
    custom_fields_of = ("purchaseorder",)


class PurchaseReceives(Dated):
    """What arrived. The list works though no document has it, ignores filters, and names things otherwise than the detail."""

    name = "purchasereceives"
    path = "/purchasereceives"
    primary_keys = ("receive_id",)
    row_names: ClassVar = {
        "receive_id": "purchasereceive_id",
        "receive_number": "purchasereceive_number",
        "date": "receive_date",
    }
    detail = "purchase_receive"
    custom_fields_of = ("purchase_receive",)


class Bills(Dated):
    """Bills of vendors with lines and payments. The list ignores filters."""

    name = "bills"
    path = "/bills"
    primary_keys = ("bill_id",)
    detail = "bill"
    custom_fields_of = ("bill",)


class InventoryAdjustments(InventoryStream):
    """Corrections of stock and its value. Nothing shows when they changed, so lines must be asked for by name."""

    name = "inventoryadjustments"
    path = "/inventoryadjustments"
    rows = "inventory_adjustments"
    primary_keys = ("inventory_adjustment_id",)
    detail = "inventory_adjustment"
    details_by_default = False
    custom_fields_of = ("inventory_adjustment",)


class TransferOrders(Dated, UndatedStream):
    """Moves between places. The list is sorted by modification time, but no document has its rows show it."""

    name = "transferorders"
    path = "/transferorders"
    rows = "transfer_orders"
    primary_keys = ("transfer_order_id",)
    sorts_by_time = True
    filtered_by: ClassVar = same(
        "transfer_order_number",
        "status",
        "date",
        "from_location_id",
        "to_location_id",
        "from_location_name",
        "to_location_name",
    )
    detail = "transfer_order"
    custom_fields_of = ("transfer_order",)


class Users(InventoryStream):
    """Users of the organisation."""

    name = "users"
    path = "/users"
    primary_keys = ("user_id",)
    every: ClassVar = EVERY


class Taxes(InventoryStream):
    """Taxes and their rates."""

    name = "taxes"
    path = "/settings/taxes"
    primary_keys = ("tax_id",)


class Currencies(InventoryStream):
    """Currencies and their rates."""

    name = "currencies"
    path = "/settings/currencies"
    primary_keys = ("currency_id",)


class SalesOrderDocuments(SalesOrders):
    """PDFs of changed sales orders, a call each, for whom they are worth it.

    `accept=pdf` is documented for orders in Books and for invoices; for orders here it is UNVERIFIED.
    """

    name = "salesorder_documents"
    rows = "salesorders"
    selected_by_default = False
    has_ids = False
    custom_fields_of = ()
    detail_query: ClassVar = {"accept": "pdf"}

    def _over(self, row: Row, body: Any) -> list[Row]:
        """The answer is the file itself."""
        file = {
            "file_name": f"{text_of(row, 'salesorder_number')}.pdf",
            "content_type": "application/pdf",
            "size": len(body),
        }
        return [{**row, **file, "content": base64.b64encode(body).decode()}]
