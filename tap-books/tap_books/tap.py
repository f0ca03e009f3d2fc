"""The command tap-books."""

from __future__ import annotations

from functools import partial

from singer_sdk import typing as th

from ofrecord_kit import settings
from ofrecord_kit.program import run_plugin
from ofrecord_kit.tap.finance_tap import FinanceTap
from ofrecord_kit.tap.settings import READING
from tap_books import streams


class TapBooks(FinanceTap):
    """Reads Zoho Books."""

    name = "tap-books"
    package_name = "ofrecord-tap-books"
    system = "books"
    config_jsonschema = th.PropertiesList(*settings.CONNECTION, *settings.FINANCE, *settings.BUDGET, *READING).to_dict()
    stream_types = streams.ALL


main = partial(run_plugin, TapBooks)
