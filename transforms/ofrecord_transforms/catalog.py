"""What the systems are known to have: streams, objects and their fields, read from Singer catalogs.

`rules/catalog/<tap>.json` is captured from the connected system. Beside Singer's own words its property metadata say
`max-length`, `required`, `read-only`, `values`, `open-values`, `vendor-type`, `unique` and `decimals`; its key `objects`
has the shape of `streams` and describes what is only written. Where no such file lies, the schemas an installed tap ships
answer (`schemas/<stream>.json`, read as files, never imported). What nobody describes is unknown, and not judged.
"""

import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from ofrecord_transforms.systems import System


@dataclass(frozen=True)
class CatalogField:
    """What a system says about one of its fields."""

    types: tuple[str, ...] = ()
    """JSON Schema types without `null`; empty when nothing is said."""
    format: str | None = None
    """`date` or `date-time`, when the text is one."""
    max_length: int | None = None
    """Characters."""
    required: bool = False
    read_only: bool = False
    values: tuple[Any, ...] | None = None
    """The values of a list, or None when it is not chosen from one."""
    open_values: bool = False
    """Other values than those are accepted, too."""
    vendor_type: str | None = None
    unique: bool = False
    decimals: int | None = None
    """Digits after the point."""
    is_open: bool = False
    """Holds an object whose fields nobody describes."""


Fields = Mapping[str, CatalogField]
"""Path with dots → field; fields of the objects in a list are named the same way (`Quoted_Items.Quantity`)."""


class Catalogs:
    """The catalogs of a rules folder, each read when it is first asked for. With None: nothing is known."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder.resolve() if folder is not None else None

    def object(self, system: System, name: str) -> Fields | None:
        """The fields of a stream or object, or None when nothing describes it."""
        if self.folder is None:
            return None
        path = self.folder / "catalog" / f"{system.tap}.json"
        entries = _entries(path)
        return _packaged(system.tap.replace("-", "_"), name) if entries is None else _described(path, name)

    def names(self, system: System) -> list[str] | None:
        """All streams and objects of a system, or None when no catalog says that these are all."""
        entries = _entries(self.folder / "catalog" / f"{system.tap}.json") if self.folder is not None else None
        return None if entries is None else list(entries)

    def is_written(self, system: System, name: str) -> bool:
        """Is it described among the objects, with the fields that are written and never read?"""
        path = self.folder / "catalog" / f"{system.tap}.json" if self.folder is not None else None
        return path is not None and any(entry.is_object for entry in (_entries(path) or {}).get(name, ()))

    def field(self, system: System, object_: str, path: str) -> CatalogField | None:
        """One field, or None when it is unknown, or differs by organisation (`cf_…`)."""
        if is_custom(system, path):
            return None
        return (self.object(system, object_) or {}).get(path)

    def unknown_part(self, system: System, object_: str, path: str) -> tuple[str, list[str]] | None:
        """The first part of a path that is no field, and the names there are; None when there is nothing to say."""
        fields = self.object(system, object_)
        if fields is None or is_custom(system, path) or (self.names(system) is None and system.custom_prefix is None):
            # Without a catalog nobody can tell an unknown field from a custom one, unless those have a prefix.
            return None
        return unknown_part(path, fields)


def is_custom(system: System, path: str) -> bool:
    """Custom fields of the finance side (`cf_…`) differ by organisation and are never judged."""
    return system.custom_prefix is not None and path.startswith(system.custom_prefix)


def unknown_part(path: str, fields: Fields) -> tuple[str, list[str]] | None:
    """The first part of a dotted path that is no field, with the names that would be; None when all are known."""
    above = ""
    for part in path.split("."):
        here = above + part
        if here not in fields:
            names = [name[len(above) :] for name in fields if name.startswith(above)]
            return part, [name for name in names if "." not in name]
        if fields[here].is_open or not any(name.startswith(f"{here}.") for name in fields):
            return None
        above = f"{here}."
    return None


@cache
def _packaged(package: str, stream: str) -> Fields | None:
    """The schema a tap ships for a stream."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "schemas" / f"{stream}.json"
        if path.is_file():
            return fields_of({"schema": msgspec.json.decode(path.read_bytes())})
    return None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A stream or object of a catalog, as it is written."""

    said: Mapping[str, Any]
    is_object: bool


@cache
def _entries(path: Path) -> Mapping[str, tuple[_Entry, ...]] | None:
    """Name → what one file says of it, which may be a stream and an object at once."""
    if not path.is_file():
        return None
    read = msgspec.json.decode(path.read_bytes())
    found: dict[str, tuple[_Entry, ...]] = {}
    for key in ("streams", "objects"):
        for said in read.get(key, ()):
            name = said["tap_stream_id"]
            found[name] = (*found.get(name, ()), _Entry(said, is_object=key == "objects"))
    return MappingProxyType(found)


@cache
def _described(path: Path, name: str) -> Fields | None:
    """The fields of one stream or object; of one that is both, those of both. Most of a catalog is never asked for."""
    found: dict[str, CatalogField] = {}
    entries = (_entries(path) or {}).get(name, ())
    for entry in entries:
        found = {**fields_of(entry.said), **found}
    return MappingProxyType(found) if entries else None


def fields_of(entry: Mapping[str, Any]) -> Fields:
    """The fields of one entry of a catalog."""
    facts = {
        ".".join(word for word in one["breadcrumb"] if word not in {"properties", "items"}): one["metadata"]
        for one in entry.get("metadata", ())
    }
    found = {path: _with_facts(field, facts.get(path, {})) for path, field in _shapes(entry.get("schema", {}), "")}
    for path, said in facts.items():
        # A field that can be written and is never read has facts and no schema.
        if path and path not in found:
            found[path] = _with_facts(CatalogField(), said)
    return MappingProxyType(found)


def _shapes(schema: Mapping[str, Any], above: str) -> Iterator[tuple[str, CatalogField]]:
    for name, said in schema.get("properties", {}).items():
        inside = said.get("items", {}) if "properties" not in said else said
        types = said.get("type", ())
        listed = (types,) if isinstance(types, str) else tuple(types)
        kinds = tuple(kind for kind in listed if kind != "null")
        is_open = "object" in kinds and not said.get("properties")
        yield above + name, CatalogField(kinds, said.get("format"), is_open=is_open)
        yield from _shapes(inside, f"{above}{name}.")


def _with_facts(field: CatalogField, said: Mapping[str, Any]) -> CatalogField:
    values = said.get("values")
    return replace(
        field,
        max_length=said.get("max-length"),
        required=said.get("required", False),
        read_only=said.get("read-only", False),
        values=None if values is None else tuple(values),
        open_values=said.get("open-values", False),
        vendor_type=said.get("vendor-type"),
        unique=said.get("unique", False),
        decimals=said.get("decimals"),
    )
