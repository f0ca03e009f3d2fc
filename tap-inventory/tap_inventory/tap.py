"""The command tap-inventory."""

from __future__ import annotations

from functools import partial

from singer_sdk import typing as th

from ofrecord_kit import settings
from ofrecord_kit.program import run_plugin
from ofrecord_kit.tap.finance_tap import FinanceTap
from ofrecord_kit.tap.settings import READING
from tap_inventory import streams


class TapInventory(FinanceTap):
    """Reads Zoho Inventory."""

    name = "tap-inventory"
    package_name = "ofrecord-tap-inventory"
    system = "inventory"
    folder = streams.FOLDER
    written_only = ("contact_persons", "journals")
    config_jsonschema = th.PropertiesList(*settings.CONNECTION, *settings.FINANCE, *settings.BUDGET, *READING).to_dict()
    stream_types = (
        streams.Organizations, streams.Items, streams.CompositeItems, streams.ItemGroups, streams.Units,
        streams.Locations, streams.Stock, streams.PriceLists, streams.Contacts, streams.ContactPersons,
        streams.SalesOrders, streams.Packages, streams.Shipments, streams.Invoices, streams.CreditNotes,
        streams.SalesReturns, streams.PurchaseOrders, streams.PurchaseReceives, streams.Bills,
        streams.InventoryAdjustments, streams.TransferOrders, streams.Users, streams.Taxes, streams.Currencies,
        streams.SalesOrderDocuments,
    )  # fmt: skip


main = partial(run_plugin, TapInventory)
