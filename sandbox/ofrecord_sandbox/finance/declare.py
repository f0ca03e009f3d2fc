# ruff: noqa: ARG001 - hooks share one signature
"""What a resource of the finance APIs is: one declaration each, read by the generic machinery of `engine`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ofrecord_sandbox.finance.values import Kind
from ofrecord_sandbox.store import Record, Table
from ofrecord_sandbox.world import World

INVENTORY = "inventory"
BOOKS = "books"
PATHS = {INVENTORY: "/inventory/v1", BOOKS: "/books/v3"}
EVERY_LIST = frozenset({"organization_id", "page", "per_page", "sort_column", "sort_order", "filter_by", "search_text"})

Check = Callable[[World, Record, Record | None, Mapping[str, Any]], None]
"""(world, record to be kept, record before or None, what was sent): completes the record or raises RefusedError."""


def _nothing(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    """No special rules."""


def _kept(world: World, record: Record) -> None:
    """Nothing follows from a change."""


def _same(world: World, record: Record) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Resource:
    """One collection behind both doors. Keys of records that begin with `_` never leave the store."""

    collection: str
    singular: str
    id_key: str
    words: str
    """As in "Invoice does not exist."."""
    writable: Mapping[str, Kind]
    kept_in: str = ""
    """Collection whose table its records are in, when not its own."""
    doors: tuple[str, ...] = (INVENTORY, BOOKS)
    """Doors it stands behind."""
    list_key: str = ""
    """Key of the rows in a list, when it is not the collection."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """By door: key of a single record, where it is not the singular."""
    flat: bool = False
    """The OpenAPI file shows single records without a key."""
    spoken: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By door: the words it has for a status."""
    member: Callable[[Record], bool] = field(default=lambda _record: True)
    """Which records of the table belong to it."""
    field_paths: tuple[str, ...] = ()
    """Doors that document `PUT /{singular}/{id}/customfields`."""
    required: tuple[str, ...] = ()
    fresh: Mapping[str, Any] = field(default_factory=dict)
    """Values of a new record that sends none."""
    row: tuple[str, ...] = ()
    """Columns of a list row; the rest is in the detail only."""
    filters: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Query parameter -> (column, operator)."""
    grouped: Mapping[str, Callable[[World, Record, str], bool]] = field(default_factory=dict)
    """Group of `filter_by` -> whether a record is meant by a value of it."""
    since: bool = False
    """Lists take `last_modified_time`, although they are not sorted by it."""
    blind: frozenset[str] = frozenset()
    """Doors whose list ignores `last_modified_time` without a word."""
    sorts: tuple[str, ...] = ()
    sort: tuple[str, str] = ("created_time", "D")
    search: tuple[str, ...] = ()
    number: tuple[str, str] | None = None
    """(key of the document number, prefix of automatic ones)."""
    own_number: bool = False
    """An own number needs no `ignore_auto_number_generation`."""
    module: str = ""
    """Singular name its custom fields are kept under; empty: none."""
    status: Callable[[World, Record], str] = field(default=lambda _world, record: str(record.get("status", "")))
    check: Check = _nothing
    saved: Callable[[World, Record], None] = _kept
    show: Callable[[World, Record], dict[str, Any]] = _same
    """Computed keys of the detail."""
    derive: Callable[[World, Record], dict[str, Any]] = _same
    """Computed keys of a list row and of the detail."""
    as_row: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda row: row)
    """Last touch on a list row."""
    as_detail: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda shown: shown)
    """Last touch on a detail."""
    removable: Callable[[World, Record], None] = _kept
    removed: Callable[[World, Record], None] = _kept
    deaf: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By door: columns whose filters only the other door documents, and that are ignored here without a word."""
    silent: frozenset[str] = frozenset()
    """Doors that ignore unknown list filters."""
    update_status: int = 200
    create_status: int = 201
    mark_status: int = 200
    """Of `/active` and `/inactive`."""
    query: frozenset[str] = frozenset()
    """Query parameters of a create, beyond organization_id and ignore_auto_number_generation."""
    update_query: frozenset[str] = frozenset()
    """Query parameters of an update."""
    dropped: frozenset[str] = frozenset()
    """Keys of a body that are dropped without a word: what a document is made from stands in the query only."""
    filled: Callable[[World, Mapping[str, Any], Mapping[str, str]], Mapping[str, Any]] = field(
        default=lambda _world, given, _query: given
    )
    """(world, what was sent, query of a create): what was sent and what follows from the query."""
    duplicate: tuple[int, str] | None = None
    """Code and words when an own document number is taken, where a source names them."""
    upsert: bool = False

    def table(self, world: World) -> Table:
        """The records of this collection."""
        return world.store.table(f"finance/{self.kept_in or self.collection}")

    def key_at(self, door: str) -> str:
        """Key of a single record in the answers of a door."""
        return self.keys.get(door, self.singular)

    @property
    def report(self) -> str:
        """`report_name` of its lists."""
        return f"{self.words.title().replace(' ', '')}s"


def matching(*columns: str) -> dict[str, tuple[str, str]]:
    """Text filters: equal, `_startswith`, `_contains`."""
    found = {}
    for column in columns:
        found[column] = (column, "is")
        found[f"{column}_startswith"] = (column, "starts")
        found[f"{column}_contains"] = (column, "has")
    return found


def comparing(*columns: str) -> dict[str, tuple[str, str]]:
    """Number filters: equal, less, greater."""
    found = {}
    for column in columns:
        found[column] = (column, "=")
        for word, sign in (("less_than", "<"), ("less_equals", "<="), ("greater_than", ">"), ("greater_equals", ">=")):
            found[f"{column}_{word}"] = (column, sign)
    return found


def dating(*columns: str) -> dict[str, tuple[str, str]]:
    """Date filters: on, from, until, after, before."""
    found = {}
    for column in columns:
        found[column] = (column, "is")
        for word, sign in (("start", ">="), ("end", "<="), ("after", ">"), ("before", "<")):
            found[f"{column}_{word}"] = (column, f"day{sign}")
    return found


def of_column(column: str, filters: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """The same filters, of a column that is named otherwise."""
    return {name: (column, sign) for name, (_, sign) in filters.items()}


def exactly(*columns: str) -> dict[str, tuple[str, str]]:
    """Filters for one exact value."""
    return {column: (column, "is") for column in columns}


RESOURCES: dict[str, Resource] = {}
"""Every collection by name, filled by the modules that declare them."""


def declared(resource: Resource) -> Resource:
    """Make a resource known by its collection."""
    RESOURCES[resource.collection] = resource
    return resource
