"""How one kind of record of the finance APIs is declared; what a declaration means is in the other `finance_*` modules."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ofrecord_kit.vendors.finance import BOOKS, INVENTORY

CUSTOM = "cf_"
"""API names of custom fields begin so ("Custom fields")."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A list within a record.

    `id` is the key of a row's own id, `alike` has keys that recognise a row without one (the first group that a row has all
    of), `kept` what of a row may be sent back. `stays`: rows that are not named are kept.
    """

    id: str
    alike: tuple[tuple[str, ...], ...]
    kept: frozenset[str] = frozenset()
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """A status action: its path, the status it leads to, and the only statuses it is taken from (else it is past)."""

    path: str
    status: str = ""
    only_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of record behind the finance APIs."""

    path: str
    """Of the list, the create, and of one record before its id."""
    one: str
    """Key of one record in an answer."""
    id: str
    root: str = INVENTORY
    """The door it stands behind; of both, Inventory."""
    rows: str = ""
    """Key of the rows in a list, when it is not the path."""
    listed: bool = True
    """Whether there is a list."""
    required: tuple[str, ...] = ()
    """Keys an update repeats."""
    natural: tuple[str, ...] = ()
    """Keys of which each alone tells which record a create made; the best first."""
    among: tuple[str, ...] = ()
    """Keys that narrow every look-up (the customer of an order)."""
    alike: tuple[str, ...] = ()
    """Without a natural key: what a record made by a lost create has in common with what was sent."""
    through: tuple[str, str, str] | None = None
    """(key sent, resource, key there): where the id of a record is found that no list has."""
    filters: frozenset[str] = frozenset()
    """Keys the list can be filtered by; every answer is checked again, filters may be ignored."""
    number: str = ""
    """Key of the document's number: sent, it needs `ignore_auto_number_generation`."""
    query: tuple[str, ...] = ()
    """Keys that go into the query; in the body they are dropped without a word."""
    query_update: tuple[str, ...] = ()
    """The same for an update."""
    lists: Mapping[str, Rows] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    deletable: bool = False
    fields: str = ""
    """Where custom fields are written alone, the id as `{id}`; empty: nowhere."""
    books: frozenset[str] = frozenset()
    """Keys that only the Books door documents for a create or an update."""
    upsert: bool = False
    """Whether the Books door upserts it by a unique custom field."""
    bulk: tuple[str, str] | None = None
    """(path, parameter) of the call that answers many details at once."""
    dated: bool = False
    """Whether the list can be sorted by `last_modified_time`, and its rows and the answers to writes tell it."""
    mail: str = ""
    """Where it is mailed, the id as `{id}`; its `comments` tell of it. Empty: nowhere."""
    kind: str = ""
    """What people call it."""
    parent: str = ""
    """Key of the record it lives in (a person in its contact)."""
    parent_path: str = ""
    """Where the parent is, its id as `{id}`."""

    def place(self, record: str, parent: str | None = None) -> str:
        """The path of one record for reading."""
        where = self.parent_path.format(id=parent) if self.parent else f"{self.root}/{self.path}"
        return f"{where}/{record}"

    def door(self, keys: Collection[str]) -> str:
        """The door whose documents name all of these keys."""
        return BOOKS if self.books and not self.books.isdisjoint(keys) else self.root


def active_or_not(path: str) -> dict[str, Action]:
    """`POST /{path}/{id}/active` and `/inactive`, repeatable ("Mark as active", "Mark as inactive")."""
    return {word: Action(f"{INVENTORY}/{path}/{{id}}/{word}") for word in ("active", "inactive")}
