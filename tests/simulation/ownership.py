"""Who owns what, read from the rules by a person and written down again, in a form that shares nothing with the project's own.

Of each field: its owner, how it stands in a record of each system, and how it is written there. A value is compared as people
mean it: 10 is 10.00, a phone number is its digits, blanks at the ends are nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Record = Mapping[str, Any]
BASE = {"inventory": "/inventory/v1", "crm": "/crm/v8"}


_SAME = {"U.S.A.": "United States"}


def text(value: Any) -> Any:
    """As people mean it."""
    said = str(value).strip() if value is not None else ""
    return _SAME.get(said, said)


def number(value: Any) -> Any:
    """As people mean it; nothing is None."""
    return None if value in {None, ""} else Decimal(str(value)).normalize() + 0


def digits(value: Any) -> Any:
    """Of a phone number."""
    return "".join(filter(str.isdigit, str(value or "")))


def active(value: Any) -> Any:
    """Is it in use?"""
    return value in {True, "active"}


@dataclass(frozen=True)
class Field:
    """One field of an entity. `pool`: what people write, all different in meaning."""

    name: str
    owner: str
    crm: tuple[str, ...]
    inventory: tuple[str, ...]
    """Names of the fields there; dots go into objects. More than one: parts of one value."""
    pool: tuple[Any, ...]
    mean: Callable[[Any], Any] = text
    policy: str = ""
    factor: Decimal | None = None
    """What stands in the CRM for one in inventory."""
    dress: Callable[[Any], Any] = lambda value: value
    """The same value, written differently."""

    def read(self, system: str, record: Record) -> Any:
        """What the record says, as people mean it."""
        names = self.crm if system == "crm" else self.inventory
        found = tuple(self.mean(_at(record, name)) for name in names)
        if len(found) > 1:
            return found
        if self.factor is not None and system == "crm" and found[0] is not None:
            return (found[0] / self.factor).normalize() + 0
        return found[0]

    def write(self, system: str, value: Any) -> dict[str, Any]:
        """What to send, for that value; nested names keep their dots."""
        names = self.crm if system == "crm" else self.inventory
        if names == ("status",):
            return {"status": "active" if value else "inactive"}
        parts = value if len(names) > 1 else (value,)
        if self.factor is not None and system == "crm" and value is not None:
            parts = (float(Decimal(str(value)) * self.factor),)
        return dict(zip(names, parts, strict=True))

    def named(self, system: str) -> tuple[str, ...]:
        """What it is called there."""
        return self.crm if system == "crm" else self.inventory

    def meant(self, value: Any) -> Any:
        """A value of the pool as people mean it."""
        return tuple(map(self.mean, value)) if len(self.crm) > 1 else self.mean(value)


def _at(record: Record, name: str) -> Any:
    found: Any = record
    for part in name.split("."):
        found = (found or {}).get(part)
    return found


@dataclass(frozen=True)
class Entity:
    """A business thing, and its record in each system."""

    name: str
    module: str
    path: str
    """Of the finance API."""
    key: str
    begins: tuple[str, ...]
    """Where new ones may begin; elsewhere they are reported and stay alone until somebody makes the other one."""
    fields: tuple[Field, ...]
    fixed: Callable[[str, int], dict[str, Any]]
    """(system, number of the thing) → what every record of it has."""
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By system: fields no rule names, which people fill."""
    computed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By system: what the vendor changes by itself."""
    known_by: str = "name"
    """The field by which two records made by hand are known to be one; "code": the number of the thing."""
    kept: str = ""
    """The collection of the finance side it is kept in, when not its own."""
    answered: str = ""
    """How the finance API calls one, when not by its path without the s."""
    answered_key: str = ""
    """How it calls its id in the answer to a creation."""
    is_one: Callable[[str, Record], bool] = lambda _system, _record: True
    """(system, record of the table) → is it one of this entity?"""
    edited: tuple[str, ...] = ("crm", "inventory")
    """Where people edit it in a world."""
    when_deleted: str = "news"
    """In the CRM: "inactive" in inventory; "news": a question as soon as inventory has news of it; "" nothing."""

    def table(self, system: str) -> str:
        """Of the sandbox's store."""
        return f"crm/records/{self.module}" if system == "crm" else f"finance/{self.kept or self.path}"

    def id_of(self, system: str, record: Record) -> str:
        """Its id there."""
        return str(record["id" if system == "crm" else self.key])

    def named(self, name: str) -> Field:
        """A field."""
        return next(one for one in self.fields if one.name == name)

    def untouched(self, system: str, record: Record) -> dict[str, Any]:
        """Everything in a record that no rule names and the vendor does not change by itself."""
        ours: set[str] = set(STAMPS[system]) | self.computed.get(system, frozenset())
        for one in self.fields:
            ours.update(one.crm if system == "crm" else one.inventory)
        return {name: value for name, value in _flat(record) if name not in ours}


STAMPS = {
    "crm": ("Inventory_ID", "Modified_Time", "_m", "Modified_By", "Last_Activity_Time"),
    "inventory": ("_custom.cf_crm_id", "last_modified_time", "_modified"),
}  # fmt: skip


def _flat(record: Record, before: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in record.items():
        if isinstance(value, dict):
            found += _flat(value, f"{before}{name}.")
        else:
            found.append((f"{before}{name}", value))
    return found


def spaced(value: Any) -> Any:
    """A phone number written differently."""
    return f"{value[:4]} {value[4:7]}-{value[7:]}"


def padded(value: Any) -> Any:
    """A text written differently."""
    return f"{value} " if isinstance(value, str) else value
