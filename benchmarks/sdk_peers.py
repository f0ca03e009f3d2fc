"""A tap and targets as the Singer SDK's documentation has one write them, with its defaults: `sdk_peers.py tap|target|careful …`.

The target posts a hundred records a call to the CRM's upsert, with `requests`, and looks at each result; it remembers nothing and
reads nothing. The careful one makes the calls that ours makes: it looks records up by our id and, those it does not find, by their code, and
posts what differs from what is there; it remembers nothing, so it looks every time. The tap reads the list of items page by page and the details of each page, a
hundred a call.
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


class CarefulProducts(Products):
    """Looks before it posts."""

    def process_batch(self, context: dict[str, Any]) -> None:
        """A hundred at once: look up, compare, post what differs."""
        changed: list[dict[str, Any]] = []
        records = context["records"]
        for start in range(0, len(records), PER_CALL):
            some = records[start : start + PER_CALL]
            there = self.look_up("Inventory_ID", some)
            missing = [record for record in some if record["Inventory_ID"] not in there]
            if missing and self.look_up("Product_Code", missing):
                self.logger.error("somebody else's code")
            changed += [record for record in some if self.differs(record, there.get(record["Inventory_ID"]))]
        super().process_batch({"records": changed})

    def look_up(self, field: str, records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Records there by the value of a field."""
        columns = ", ".join(name for name in self.schema["properties"] if name not in NOT_OURS)
        values = ", ".join(f"'{record[field]}'" for record in records)
        query = f"select {columns} from Products where {field} in ({values}) limit 0, 2000"  # noqa: S608 - COQL of our own codes
        answer = self.session.post(f"{self.config['api_url']}/crm/v8/coql", json={"select_query": query}, timeout=60)
        answer.raise_for_status()
        return {row[field]: row for row in answer.json()["data"]} if answer.content else {}

    def differs(self, record: dict[str, Any], there: dict[str, Any] | None) -> bool:
        """Is it new, or other than there?"""
        return there is None or any(
            value is not None and there.get(name) != value for name, value in record.items() if name not in NOT_OURS
        )


class PlainTarget(Target):
    """The target."""

    name = "target-plain"
    config_jsonschema: ClassVar[dict[str, Any]] = CONNECTION.to_dict()
    default_sink_class = Products


class CarefulTarget(PlainTarget):
    """The one that looks first."""

    name = "target-careful"
    default_sink_class = CarefulProducts


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

    def parse_response(self, response: requests.Response) -> Iterable[dict[str, Any]]:
        """Each item with its details, a hundred a call: the list lacks committed stock."""
        rows = list(super().parse_response(response))
        for start in range(0, len(rows), PER_CALL):
            some = {row["item_id"]: row for row in rows[start : start + PER_CALL]}
            answer = self.requests_session.get(
                f"{self.url_base}/inventory/v1/itemdetails", params={"item_ids": ",".join(some)}, headers=self.http_headers, timeout=60
            )  # fmt: skip
            answer.raise_for_status()
            for detail in answer.json()["items"]:
                yield {**some[detail["item_id"]], **detail}

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
    {"tap": PlainTap, "target": PlainTarget, "careful": CarefulTarget}[which].cli()
