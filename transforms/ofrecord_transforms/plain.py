"""Ordinary Singer output for any target: no annotations, nothing beside the properties."""

from collections.abc import Mapping
from typing import Any


def plain_schema(message: Mapping[str, Any]) -> dict[str, Any]:
    """The SCHEMA message without annotations and without properties that are only observed."""
    schema = message["schema"]
    properties = {
        name: {key: value for key, value in about.items() if key != "x-ofrecord"}
        for name, about in schema["properties"].items()
        if name != "_ofrecord" and "violation" not in about.get("x-ofrecord", {})
    }
    kept = {key: value for key, value in schema.items() if key != "x-ofrecord"}
    return {**message, "schema": {**kept, "properties": properties}}


def plain_record(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """The record without `_ofrecord`; None when it is filtered, stopped or deleted."""
    if "native" not in record["_ofrecord"]:
        return None
    return {name: value for name, value in record.items() if name != "_ofrecord"}
