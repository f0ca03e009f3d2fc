"""What Zoho Inventory offers. Source of paths and parameters: Zoho Inventory v1, "List …" of each object."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from singer_sdk.schema.source import SchemaDirectory, StreamSchema

from ofrecord_kit.tap.finance import FinanceStream
from ofrecord_kit.vendors import finance

FOLDER = Path(__file__).parent


class InventoryStream(FinanceStream):
    """A list of the inventory system."""

    root = finance.INVENTORY
    folder = FOLDER
    schema: ClassVar[StreamSchema] = StreamSchema(SchemaDirectory(FOLDER / "schemas"))


class Items(InventoryStream):
    """Things bought and sold, with stock. Details come a hundred a call: lists lack committed stock."""

    name = "items"
    path = "/items"
    primary_keys = ("item_id",)
    replication_key = "last_modified_time"
    filters_by_time = True
    sorts_by_time = True
    details_together = "/itemdetails"


class CompositeItems(InventoryStream):
    """Items made of others. Lists lack what they are made of: changed ones are read in detail."""

    name = "compositeitems"
    path = "/compositeitems"
    rows = "composite_items"
    primary_keys = ("composite_item_id",)
    replication_key = "last_modified_time"
    filters_by_time = True
    sorts_by_time = True
    detail = "composite_item"


class Contacts(InventoryStream):
    """Customers and vendors, with addresses and contact persons (detail read of changed ones)."""

    name = "contacts"
    path = "/contacts"
    primary_keys = ("contact_id",)
    replication_key = "last_modified_time"
    sorts_by_time = True
    detail = "contact"


class SalesOrders(InventoryStream):
    """Sales orders as the list shows them, without lines. The time filter is not documented but works."""

    name = "salesorders"
    path = "/salesorders"
    primary_keys = ("salesorder_id",)
    replication_key = "last_modified_time"
    filters_by_time = True


class Packages(InventoryStream):
    """Packages with their shipments, which have no list of their own (detail read of changed ones)."""

    name = "packages"
    path = "/packages"
    primary_keys = ("package_id",)
    replication_key = "last_modified_time"
    sorts_by_time = True
    detail = "package"


class SalesReturns(InventoryStream):
    """Goods that come back. Their list documents no modification time: always read whole."""

    name = "salesreturns"
    path = "/salesreturns"
    primary_keys = ("salesreturn_id",)


class PriceLists(InventoryStream):
    """Price lists. They carry no modification time: always read whole."""

    name = "pricebooks"
    path = "/pricebooks"
    primary_keys = ("pricebook_id",)


class Locations(InventoryStream):
    """Places that hold stock. They carry no modification time: always read whole."""

    name = "locations"
    path = "/locations"
    primary_keys = ("location_id",)
