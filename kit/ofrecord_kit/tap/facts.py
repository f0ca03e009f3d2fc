"""What a catalog says of a field beyond its type: what the vendor takes when the field is written.

Facts travel in the metadata of the catalog (`--discover`), never in a SCHEMA message: a value that is new in a pick
list must not break a run. Keys, all optional:

* `max-length` (int): most characters;
* `required` (true): a create without it is refused;
* `read-only` (true): it cannot be written as a field;
* `values` (list): the values of a pick list, as the API writes them; `open-values` (true): others are taken, too;
* `vendor-type` (text): the vendor's word for its type;
* `unique` (true): no two records may have the same value;
* `decimals` (int): digits after the point.

A place is a breadcrumb as in Singer metadata; below a list it goes through `items`:
``("properties", "line_items", "items", "properties", "rate")``. An entry whose place is not in the schema describes a
field that is written and not read.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Facts = dict[str, Any]
Breadcrumb = tuple[str, ...]

KEYS = frozenset(
    {"max-length", "required", "read-only", "values", "open-values", "vendor-type", "unique", "decimals"},
)
AVAILABLE = "available"
FINANCE = Path(__file__).parents[1] / "vendors" / "facts"
"""Facts of the finance APIs, one file per resource, read by taps and targets."""


def breadcrumb(path: str) -> Breadcrumb:
    """The place of a field by its path, lists marked with `[]`.

    >>> breadcrumb("line_items[].rate")
    ('properties', 'line_items', 'items', 'properties', 'rate')
    """
    found: list[str] = []
    for part in path.split("."):
        found += ["properties", part.removesuffix("[]")]
        if part.endswith("[]"):
            found.append("items")
    return tuple(found)


def places(schema: Mapping[str, Any], above: Breadcrumb = ()) -> Iterator[tuple[Breadcrumb, Mapping[str, Any]]]:
    """Every place of an object schema with what the schema says there, outer ones first."""
    for name, inner in schema.get("properties", {}).items():
        here = (*above, "properties", name)
        yield here, inner
        yield from places(inner, here)
        if isinstance(inner.get("items"), Mapping):
            yield from places(inner["items"], (*here, "items"))


def read_facts(file: Path, schema: Mapping[str, Any]) -> dict[Breadcrumb, Facts]:
    """Facts of an object from its TOML file.

    `[written]` names every field of the vendor's create and update bodies, by path, with its facts; whatever else the
    schema has is read-only, below a field that is written, too. `[read]` adds facts to those. `read_only` names them for
    those who have no schema. The type is the schema's. Without a file nothing is written.
    """
    said = tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    written = {breadcrumb(path): dict(facts) for path, facts in said.get("written", {}).items()}
    read = {breadcrumb(path): dict(facts) for path, facts in said.get("read", {}).items()}
    found: dict[Breadcrumb, Facts] = {}
    for place, inner in places(schema):
        facts = written.pop(place) if place in written else {"read-only": True} | read.get(place, {})
        found[place] = facts | {"vendor-type": facts.get("vendor-type") or _type_of(inner)}
    return found | written


def with_facts(
    metadata: list[dict[str, Any]], facts: Mapping[Breadcrumb, Facts], schema: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Catalog metadata with the facts in it, in the order of the schema, the entry of the stream itself last."""
    known = {tuple(entry["breadcrumb"]): entry["metadata"] for entry in metadata}
    order = [place for place, _ in places(schema) if place in known or place in facts]
    more = [place for place in facts if place not in order]
    rest = [place for place in known if place not in order and place not in more]
    return [
        {"breadcrumb": list(place), "metadata": known.get(place, {"inclusion": AVAILABLE}) | facts.get(place, {})}
        for place in (*order, *more, *rest)
    ]


def written_object(name: str, folder: Path) -> dict[str, Any]:
    """The catalog entry of an object that is written and never read: `{"tap_stream_id", "schema", "metadata"}`.

    Its schema is `objects/<name>.json` of the folder, its facts are `vendors/facts/<name>.toml` of the kit.
    """
    schema = json.loads((folder / "objects" / f"{name}.json").read_text(encoding="utf-8"))
    whole = {"breadcrumb": [], "metadata": {"inclusion": AVAILABLE}}
    facts = read_facts(FINANCE / f"{name}.toml", schema)
    return {"tap_stream_id": name, "schema": schema, "metadata": with_facts([whole], facts, schema)}


def _type_of(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", "")
    kinds = [kinds] if isinstance(kinds, str) else [kind for kind in kinds if kind != "null"]
    return str(schema.get("format") or kinds[0])
