"""A tap and a target as the Singer SDK's documentation has one write them, with its defaults: `sdk_peers.py tap|target …`.

The target posts a hundred records a call to the CRM's upsert, with `requests`, and looks at each result; it remembers nothing and
reads nothing. The tap reads the list of items page by page.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from typing import Any, ClassVar

import requests
from singer_sdk import RESTStream, Stream, Tap, Target
from singer_sdk import typing as th
from singer_sdk.pagination import BasePageNumberPaginator
from singer_sdk.sinks import BatchSink

PER_CALL = 100
PER_PAGE = 200
CONNECTION = th.PropertiesList(
    th.Property("api_url", th.StringType, required=True),
    th.Property("accounts_url", th.StringType, required=True),
    th.Property("schema", th.StringType, description="The schema of the stream, a file."),
)
NOT_OURS = ("_ofrecord",)


def token(config: Any) -> str:
    """An access token."""
    names = ("client_id", "client_secret", "refresh_token")
    form = {name: os.environ.get(f"OFRECORD_{name.upper()}", "sandbox") for name in names}
    url = f"{config['accounts_url']}/oauth/v2/token"
    answer = requests.post(url, data={**form, "grant_type": "refresh_token"}, timeout=60)
    return f"Zoho-oauthtoken {answer.json()['access_token']}"


class Products(BatchSink):
    """Everything that comes is posted."""

    def setup(self) -> None:
        """A session for all calls."""
        super().setup()
        self.session = requests.Session()
        self.session.headers["Authorization"] = token(self.config)

    def process_batch(self, context: dict[str, Any]) -> None:
        """Post, a hundred a call."""
        rows = [
            {name: value for name, value in record.items() if name not in NOT_OURS and value is not None}
            for record in context["records"]
        ]
        for start in range(0, len(rows), PER_CALL):
            body = {"data": rows[start : start + PER_CALL], "duplicate_check_fields": ["Inventory_ID"], "trigger": []}
            answer = self.session.post(
                f"{self.config['api_url']}/crm/v8/Products/upsert", data=json.dumps(body, default=float), timeout=60
            )
            answer.raise_for_status()
            for result in answer.json()["data"]:
                if result["status"] != "success":
                    self.logger.error("refused: %s", result["code"])


class PlainTarget(Target):
    """The target."""

    name = "target-plain"
    config_jsonschema: ClassVar[dict[str, Any]] = CONNECTION.to_dict()
    default_sink_class = Products


class Pages(BasePageNumberPaginator):
    """Until the vendor says that there are no more."""

    def has_more(self, response: requests.Response) -> bool:
        """As the vendor says."""
        return bool(response.json()["page_context"]["has_more_page"])


class Items(RESTStream[int]):
    """The list of items."""

    name = "items"
    path = "/inventory/v1/items"
    primary_keys = ("item_id",)
    replication_key = "last_modified_time"
    records_jsonpath = "$.items[*]"

    @property
    def url_base(self) -> str:
        """Of the settings."""
        return str(self.config["api_url"])

    @property
    def http_headers(self) -> dict[str, str]:
        """With the token."""
        if not hasattr(self, "_token"):
            self._token = token(self.config)
        return {"Authorization": self._token}

    def get_new_paginator(self) -> Pages:
        """From the first page."""
        return Pages(start_value=1)

    def get_url_params(self, context: Any, next_page_token: int | None) -> dict[str, Any]:
        """The page asked for; a bookmark as the vendor takes it."""
        asked = {"page": next_page_token or 1, "per_page": PER_PAGE, "sort_column": "last_modified_time"}
        since = self.get_starting_replication_key_value(context)
        return asked | ({"last_modified_time": since} if since else {})


class PlainTap(Tap):
    """The tap."""

    name = "tap-plain"
    config_jsonschema: ClassVar[dict[str, Any]] = CONNECTION.to_dict()

    def discover_streams(self) -> Iterable[Stream]:
        """One stream, whose schema stands in a file."""
        return [Items(self, schema=self.config["schema"])]


if __name__ == "__main__":
    which = sys.argv.pop(1)
    (PlainTap if which == "tap" else PlainTarget).cli()
