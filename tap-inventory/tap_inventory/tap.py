"""The command tap-inventory."""

from __future__ import annotations

from functools import partial

from singer_sdk import typing as th

from ofrecord_kit import settings
from ofrecord_kit.program import run_plugin
from ofrecord_kit.tap.plugin import VendorTap
from ofrecord_kit.tap.settings import READING
from tap_inventory import streams


class TapInventory(VendorTap):
    """Reads Zoho Inventory."""

    name = "tap-inventory"
    package_name = "ofrecord-tap-inventory"
    system = "inventory"
    folder = streams.FOLDER
    written_only = ("contact_persons",)
    config_jsonschema = th.PropertiesList(*settings.CONNECTION, *settings.FINANCE, *READING).to_dict()
    stream_types = (
        streams.Items,
        streams.CompositeItems,
        streams.PriceLists,
        streams.Contacts,
        streams.SalesOrders,
        streams.Packages,
        streams.SalesReturns,
        streams.Locations,
    )


main = partial(run_plugin, TapInventory)
