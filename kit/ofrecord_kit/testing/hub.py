"""Definitions of the plugins as Meltano Hub keeps them: ``python -m ofrecord_kit.testing.hub hub`` writes a file each.

Source of keys, kinds and capabilities: meltano/hub, `schemas/plugin_definitions` and `schemas/common`, at commit 9d28b36a of 2026-08-02.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import yaml
from singer_sdk import Tap
from singer_sdk.plugin_base import PluginBase

VARIANT = "ofrecord"
PLUGINS = ("tap-crm", "tap-inventory", "tap-books", "target-crm", "target-inventory")
_KINDS = {"array": "array", "boolean": "boolean", "integer": "integer", "number": "decimal", "object": "object"}
_LABELS = {"crm": "Zoho CRM", "inventory": "Zoho Inventory", "books": "Zoho Books"}


def plugin_of(name: str) -> type[PluginBase]:
    """The class behind a console script."""
    (script,) = entry_points(group="console_scripts", name=name)
    module = import_module(script.module)
    kinds = [one for one in vars(module).values() if inspect.isclass(one) and issubclass(one, PluginBase)]
    return next(one for one in kinds if getattr(one, "name", "") == name)


def definition(plugin: type[PluginBase]) -> dict[str, Any]:
    """The definition of one plugin, in the order people read it."""
    system = plugin.name.partition("-")[2]
    reads = issubclass(plugin, Tap)
    schema = plugin.config_jsonschema
    verb = "Reads" if reads else "Writes"
    found = {
        "name": plugin.name,
        "namespace": plugin.name.replace("-", "_"),
        "variant": VARIANT,
        "label": _LABELS[system],
        "description": f"{verb} {_LABELS[system]}.",
        "domain_url": f"https://www.zoho.com/{system}/",
        "maintenance_status": "beta",
        "quality": "unknown",
        "keywords": ["meltano_sdk", "api"],
        "pip_url": f"ofrecord-{plugin.name}",
        "executable": plugin.name,
        "capabilities": sorted(str(one.value) for one in plugin.capabilities),
        "settings": [setting(name, one) for name, one in schema["properties"].items()],
        "settings_group_validation": [list(schema.get("required", []))],
    }
    return found | ({"select": ["*.*"]} if reads else {})


def setting(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """One setting: its kind as the hub names it, secrets as passwords."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    kind = next((_KINDS[one] for one in kinds if one in _KINDS), "string")
    if schema.get("format") == "date-time":
        kind = "date_iso8601"
    secret = bool(schema.get("secret") or schema.get("writeOnly"))
    if secret:
        kind = "password"
    found: dict[str, Any] = {"name": name, "label": schema.get("title", name), "kind": kind}
    if schema.get("enum"):
        found["kind"] = "options"
        found["options"] = [{"label": str(one).capitalize(), "value": one} for one in schema["enum"] if one is not None]
    found["description"] = schema["description"]
    if secret:
        found["sensitive"] = True
    return found | ({"value": schema["default"]} if "default" in schema else {})


def text(name: str) -> str:
    """The file of one plugin."""
    return yaml.safe_dump(definition(plugin_of(name)), sort_keys=False, allow_unicode=True, width=120)


def file_of(name: str, folder: Path) -> Path:
    """Where it stands: the hub sorts by kind."""
    return folder / ("extractors" if name.startswith("tap-") else "loaders") / name / f"{VARIANT}.yml"


def main(folder: str) -> None:
    """Write all files."""
    for name in PLUGINS:
        file = file_of(name, Path(folder))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text(name), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
