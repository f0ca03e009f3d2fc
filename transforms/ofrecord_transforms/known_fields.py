"""Which fields a system's records have, as far as the installed taps say; read from their files, never imported.

A tap ships `schemas/<stream>.json`; the CRM's custom fields are known from a catalog (`catalog/tap-crm.json` in
the rules folder). A stream nobody describes is unknown, and its fields are not judged.
"""

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

from ofrecord_transforms.systems import System


@cache
def _schema(package: str, stream: str) -> dict[str, Any] | None:
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "schemas" / f"{stream}.json"
        if path.is_file():
            properties = json.loads(path.read_bytes()).get("properties")
            return properties if isinstance(properties, dict) else None
    return None


@cache
def _catalog(path: Path) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    streams = json.loads(path.read_bytes()).get("streams", [])
    return {stream["tap_stream_id"]: stream.get("schema", {}).get("properties", {}) for stream in streams}


def known(system: System, stream: str, rules_folder: Path) -> dict[str, Any] | None:
    """JSON Schema properties of a stream, or None when nothing describes it."""
    catalog = _catalog(rules_folder.resolve() / "catalog" / f"{system.tap}.json")
    return catalog.get(stream) or _schema(system.tap.replace("-", "_"), stream)


def unknown_part(path: str, properties: dict[str, Any], custom_prefix: str | None) -> tuple[str, list[str]] | None:
    """The first part of a dotted path that is no field, with the names that would be; None when all are known.

    Custom fields of the finance side (`cf_…`) differ by organisation and are never judged here.
    """
    if custom_prefix is not None and path.startswith(custom_prefix):
        return None
    current = properties
    for part in path.split("."):
        if part not in current:
            return part, list(current)
        inner = current[part] if isinstance(current[part], dict) else {}
        inner = inner.get("items", inner) if "array" in (inner.get("type") or []) else inner
        if not isinstance(inner.get("properties"), dict) or not inner["properties"]:
            return None
        current = inner["properties"]
    return None
