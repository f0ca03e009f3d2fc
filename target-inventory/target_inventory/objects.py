"""What Zoho Inventory v1 keeps and how each of it is written, with the Books v3 door where only that one is safe.

Sources: Zoho Inventory v1 docs, the page of each resource; Zoho Books v3 docs, Contacts, Items, Invoices, Sales Orders.
"""

from __future__ import annotations

from ofrecord_kit.target.finance import Finance
from ofrecord_kit.target.finance_resources import Action, Resource, Rows, active_or_not
from ofrecord_kit.vendors.finance import BOOKS, CONTACT_IN_BOOKS, INVENTORY

_WORTH = frozenset(
    {"item_id", "name", "description", "rate", "quantity", "unit", "tax_id", "discount", "location_id", "item_order"}
    | {"salesorder_item_id", "hsn_or_sac"}
)
"""Keys of a line that are written ("Create a sales order", "Create an invoice")."""
_LINES = {"line_items": Rows("line_item_id", (("salesorder_item_id",), ("item_id",), ("name",)), _WORTH)}
_NUMBERS = frozenset({"reference_number", "customer_id"})

RESOURCES = {
    "contacts": Resource(
        "contacts", "contact", "contact_id", required=("contact_name", "contact_type"), natural=("contact_name",),
        among=("contact_type",), filters=frozenset({"contact_name", "company_name", "email", "phone"}),
        lists={"contact_persons": Rows(
            "contact_person_id", (("email",), ("first_name", "last_name"), ("first_name",)), frozenset({
                "salutation", "first_name", "last_name", "email", "phone", "mobile", "designation", "department", "skype",
                "is_primary_contact",
            }), stays=True,
        )},
        actions=active_or_not("contacts"), deletable=True, books=CONTACT_IN_BOOKS, upsert=True, dated=True,
    ),
    "contact_persons": Resource(
        "contacts/contactpersons", "contact_person", "contact_person_id", rows="contact_persons",
        required=("contact_id", "first_name"), among=("contact_id",), alike=("first_name", "last_name", "email"),
        parent="contact_id", parent_path=f"{INVENTORY}/contacts/{{id}}/contactpersons", deletable=True,
    ),
    "items": Resource(
        "items", "item", "item_id", required=("name", "rate"), natural=("sku", "name"),
        filters=frozenset({"sku", "name"}), actions=active_or_not("items"), deletable=True,
        fields=f"{INVENTORY}/item/{{id}}/customfields", upsert=True, bulk=("itemdetails", "item_ids"),
    ),
    "compositeitems": Resource(
        "compositeitems", "composite_item", "composite_item_id", rows="composite_items",
        required=("name", "sku", "mapped_items", "rate", "item_type", "product_type"), natural=("sku",),
        filters=frozenset({"sku", "name"}),
        lists={"mapped_items": Rows("line_item_id", (("item_id",),), frozenset({"item_id", "quantity", "item_order"}))},
        actions=active_or_not("compositeitems"), deletable=True,
    ),
    "pricebooks": Resource(  # an update replaces the whole definition; no filters are documented
        "pricebooks", "pricebook", "pricebook_id", natural=("name",),
        required=("name", "description", "currency_id", "pricebook_type", "sales_or_purchase_type", "percentage",
                  "is_increase", "rounding_type", "decimal_place", "pricing_scheme", "pricebook_items"),
        lists={"pricebook_items": Rows("pricebook_item_id", (("item_id",),), frozenset(
            {"item_id", "pricebook_rate", "pricebook_discount", "price_brackets"}
        ))},
        actions=active_or_not("pricebooks"), deletable=True,
    ),
    "salesorders": Resource(
        "salesorders", "salesorder", "salesorder_id", required=("customer_id",), number="salesorder_number",
        natural=("salesorder_number", "reference_number"), among=("customer_id",), lists=_LINES,
        alike=("date", "line_items"), filters=_NUMBERS | {"salesorder_number"},
        actions={
            "confirmed": Action(f"{INVENTORY}/salesorders/{{id}}/status/confirmed", only_from=("draft",)),
            "open": Action(f"{BOOKS}/salesorders/{{id}}/status/open", only_from=("draft",)),
            "void": Action(f"{INVENTORY}/salesorders/{{id}}/status/void", "void"),
        },
        fields=f"{BOOKS}/salesorder/{{id}}/customfields", upsert=True, kind="Sales order",
        mail=f"{BOOKS}/salesorders/{{id}}/email",
    ),
    "packages": Resource(
        "packages", "package", "package_id", required=("date", "line_items"), number="package_number",
        natural=("package_number",), among=("salesorder_id",), alike=("date", "line_items"), query=("salesorder_id",),
        lists={"line_items": Rows("line_item_id", (("so_line_item_id",),), frozenset({"so_line_item_id", "quantity"}))},
    ),
    "shipmentorders": Resource(  # there is no list: a package says which shipment it left with
        "shipmentorders", "shipment_order", "shipment_id", listed=False, number="shipment_number",
        required=("shipment_number", "date", "delivery_method"), through=("package_ids", "packages", "shipment_id"),
        query=("salesorder_id", "package_ids"), query_update=("salesorder_id", "package_ids"),
        actions={"delivered": Action(f"{INVENTORY}/shipmentorders/{{id}}/status/delivered", "delivered")},
    ),
    "invoices": Resource(
        "invoices", "invoice", "invoice_id", required=("customer_id", "line_items"), number="invoice_number",
        natural=("invoice_number", "reference_number"), among=("customer_id",), lists=_LINES,
        alike=("date", "line_items"), filters=_NUMBERS | {"invoice_number"}, query=("salesorder_id",),
        actions={
            "sent": Action(f"{INVENTORY}/invoices/{{id}}/status/sent", only_from=("draft",)),
            "void": Action(f"{INVENTORY}/invoices/{{id}}/status/void", "void"),
            "draft": Action(f"{INVENTORY}/invoices/{{id}}/status/draft", "draft"),
        },
        fields=f"{INVENTORY}/invoice/{{id}}/customfields", upsert=True,
    ),
    "creditnotes": Resource(
        "creditnotes", "creditnote", "creditnote_id", number="creditnote_number",
        required=("customer_id", "date", "creditnote_number", "line_items"),
        natural=("creditnote_number", "reference_number"), among=("customer_id",), lists=_LINES,
        alike=("date", "line_items"), filters=_NUMBERS | {"creditnote_number"}, query=("invoice_id",),
        actions={
            "open": Action(f"{INVENTORY}/creditnotes/{{id}}/converttoopen", only_from=("draft",)),
            "void": Action(f"{INVENTORY}/creditnotes/{{id}}/void", "void"),
            "draft": Action(f"{INVENTORY}/creditnotes/{{id}}/draft", "draft"),
        },
        upsert=True,
    ),
    "salesreturns": Resource(
        "salesreturns", "salesreturn", "salesreturn_id", required=("line_items",), number="salesreturn_number",
        natural=("salesreturn_number",), among=("salesorder_id",), alike=("date", "reason", "line_items"),
        query=("salesorder_id",),
        lists={"line_items": Rows("line_item_id", (("salesorder_item_id",), ("item_id",)), frozenset(
            {"item_id", "salesorder_item_id", "quantity", "non_receive_quantity", "location_id"}
        ))},
    ),
    "journals": Resource(  # only Books has them ("Create a journal"); a custom field does not upsert them
        "journals", "journal", "journal_id", BOOKS, required=("journal_date", "line_items"), natural=("reference_number",),
        alike=("journal_date", "line_items"), filters=frozenset({"reference_number"}), deletable=True,
        lists={"line_items": Rows("line_id", (("debit_or_credit", "account_id"), ("debit_or_credit",)), frozenset(
            {"account_id", "customer_id", "description", "tax_id", "amount", "debit_or_credit", "location_id", "project_id"}
        ))},
    ),
    "inventoryadjustments": Resource(
        "inventoryadjustments", "inventory_adjustment", "inventory_adjustment_id", rows="inventory_adjustments",
        required=("date", "reason", "adjustment_type", "line_items"), natural=("reference_number",),
        among=("date", "adjustment_type"), alike=("date", "reason", "adjustment_type", "line_items"),
        lists={"line_items": Rows("line_item_id", (("item_id",),), frozenset(
            {"item_id", "quantity_adjusted", "item_total", "unit", "adjustment_account_id", "location_id"}
        ))},
    ),
}  # fmt: skip


class Inventory(Finance):
    """Writes one organisation's inventory."""

    resources = RESOURCES
    discriminators = ("contact_type",)
