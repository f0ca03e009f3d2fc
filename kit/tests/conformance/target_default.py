"""A target as the SDK's documentation shows one: a BatchSink with its defaults that posts what it is given."""

from __future__ import annotations

import requests
from singer_sdk import BatchSink, Target
from singer_sdk import typing as th


class ThingsSink(BatchSink):
    max_size = 100

    def start_batch(self, context: dict) -> None:
        context["posted"] = []

    def process_record(self, record: dict, context: dict) -> None:
        context["posted"].append(record)

    def process_batch(self, context: dict) -> None:
        for record in context["posted"]:
            response = requests.post(
                f"{self.config['api_url']}/things",
                json=record,
                headers={"Authorization": f"Bearer {self.config['token']}"},
                timeout=60,
            )
            response.raise_for_status()


class TargetDefault(Target):
    name = "target-default"
    default_sink_class = ThingsSink
    config_jsonschema = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("token", th.StringType, required=True, secret=True),
    ).to_dict()


def main() -> None:
    TargetDefault.cli()
