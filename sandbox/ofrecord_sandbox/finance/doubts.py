"""Behaviour of the vendor that no document or observation settles, each behind one switch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Doubts:
    """Every field is one UNVERIFIED fact; its value says how the sandbox behaves. Change `doubts` in a test to try the other way."""

    inventory_modified_filter: bool = True
    """UNVERIFIED: `last_modified_time` is honoured on Inventory lists whose OpenAPI does not name it (contacts, orders, invoices)."""
    books_modified_filter: bool = True
    """UNVERIFIED: `last_modified_time` is honoured on Books lists whose OpenAPI does not name it (contacts, items, customer
    payments: one tap sends it); False: it is ignored without a word."""
    undocumented_modified_ignored: bool = True
    """UNVERIFIED: packages, returns, receives, bills, adjustments and transfers ignore `last_modified_time` on the Inventory door
    (one client saw it of returns, bills and packages; no document has it)."""
    journals_modified_on_the_day: bool = True
    """UNVERIFIED: on journals `last_modified_time` means that day, not later (one tap says so; no document tells)."""
    other_doors_filters_ignored: bool = True
    """UNVERIFIED: a list filter that only the other door documents (`reference_number` of orders on Inventory, `sku` on Books) is
    ignored without a word, and everything comes. False: it is refused, like a name nobody documents."""
    modified_filter_inclusive: bool = False
    """UNVERIFIED: "modified after" excludes the given second."""
    payment_bumps_invoice: bool = True
    """UNVERIFIED: posting a payment or credit changes `last_modified_time` of the invoice."""
    child_bumps_order: bool = True
    """UNVERIFIED: packages, shipments and invoices change `last_modified_time` of their sales order."""
    shipment_bumps_package: bool = True
    """UNVERIFIED: shipping and delivering change `last_modified_time` of the package."""
    stock_bumps_item: bool = False
    """UNVERIFIED: a stock movement changes `last_modified_time` of the item."""
    person_bumps_contact: bool = True
    """UNVERIFIED: writing a contact person changes `last_modified_time` of the contact."""
    person_in_array: bool = True
    """UNVERIFIED: create and update of a contact person answer with an array of one (as the OpenAPI has it)."""
    persons_put_drops_missing: bool = True
    """UNVERIFIED: `contact_persons[]` on `PUT /contacts/{id}` is the full list; persons left out are removed."""
    address_replaced: bool = True
    """UNVERIFIED: an address object sent replaces the old one, keys left out become empty."""
    invoice_list_totals_as_text: bool = True
    """UNVERIFIED: `total`, `balance` and `shipping_charge` of invoice list rows are text (the OpenAPI types them so)."""
    composites_in_items: bool = True
    """UNVERIFIED: composite items are also in the list of items, marked by `is_combo_product` (rows of live lists carry the mark)."""
    used_price_list_deletable: bool = False
    """UNVERIFIED: a price list that contacts have can be deleted (code UNVERIFIED)."""
    unique_price_list: bool = True
    """UNVERIFIED: the name of a price list is taken once (code UNVERIFIED)."""
    inactive_in_documents: bool = True
    """UNVERIFIED: documents may name inactive items and contacts (code UNVERIFIED)."""
    adjustment_is_transaction: bool = True
    """UNVERIFIED: an adjustment keeps its items from being deleted, as sales documents do."""
    bill_starts_open: bool = True
    """UNVERIFIED: a bill made through the API is open at once; False: it is a draft."""
    receive_rows_as_recorded: bool = True
    """UNVERIFIED: rows of `/purchasereceives` say `purchasereceive_id`, `purchasereceive_number`, `receive_date` (a tap recorded
    them so; no file has the list); False: they say `receive_id`, `receive_number`, `date`, as the detail does."""
    flat_details: bool = False
    """UNVERIFIED: details of item groups and accounts stand in the answer itself, as the OpenAPI files have it; False: under
    `item_group` and `chart_of_account` (the latter is the key of its own answers to writing)."""
    transfer_moves_accounting: bool = True
    """UNVERIFIED: a transfer moves accounting stock between locations as it moves physical stock."""
    unique_sku: bool = True
    """UNVERIFIED: the organisation refuses a second item with the same SKU (a preference; code UNVERIFIED)."""
    stock_below_zero: bool = True
    """UNVERIFIED: an adjustment may bring stock below nought (the organisation has a preference against it; code UNVERIFIED)."""
    refused_calls_count: bool = False
    """UNVERIFIED: a 429 counts against the minute and the day."""
    minute_block_s: int = 0
    """UNVERIFIED: seconds for which the organisation stays blocked after code 44; 0: until a call of the last minute is a minute old."""
    retry_after: bool = True
    """UNVERIFIED: code 44 comes with `Retry-After`."""
    daily_limit_status: int = 429
    """UNVERIFIED: HTTP status of code 45 (one report has 500)."""
    largest_body_bytes: int = 0
    """UNVERIFIED: the largest body taken (413 beyond it, code UNVERIFIED); 0: any, no document names a limit."""
    upsert_on_inventory: bool = False
    """UNVERIFIED: the X-Unique-Identifier headers work on the Inventory door."""
    upsert_stamps_key: bool = False
    """UNVERIFIED: an upsert that creates writes the value of its header into the new record when the body does not."""
    upsert_takes_first_of_many: bool = False
    """UNVERIFIED: when several records hold the value (the field was made unique later), the oldest is changed; False: refused."""
    upsert_remembers_deleted: bool = False
    """UNVERIFIED: the value of a deleted record is still known and an upsert finds nothing; False: it creates anew."""
    field_written_by_api_name: bool = True
    """UNVERIFIED: custom fields can be written by `api_name` (documents name `customfield_id`, `label`, `index`; one client falls
    back to `label` after a 400)."""
    undocumented_field_paths: bool = False
    """UNVERIFIED: `PUT /{singular}/{id}/customfields` exists where no document names it (contacts, credit notes; orders on Inventory)."""
    upsert_insert_status: int = 201
    """UNVERIFIED: HTTP status when an upsert creates."""


doubts = Doubts()
"""The switches in force."""
