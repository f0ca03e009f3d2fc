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
        parts = value if len(names) > 1 else (value,)
        if self.factor is not None and system == "crm" and value is not None:
            parts = (float(Decimal(str(value)) * self.factor),)
        return dict(zip(names, parts, strict=True))

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
    begins: str
    """Where new ones begin; elsewhere they are reported and stay alone."""
    fields: tuple[Field, ...]
    fixed: Callable[[str, int], dict[str, Any]]
    """(system, number of the thing) → what every record of it has."""
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By system: fields no rule names, which people fill."""
    computed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By system: what the vendor changes by itself."""

    def table(self, system: str) -> str:
        """Of the sandbox's store."""
        return f"crm/records/{self.module}" if system == "crm" else f"finance/{self.path}"

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


def _spaced(value: Any) -> Any:
    return f"{value[:4]} {value[4:7]}-{value[7:]}"


def _padded(value: Any) -> Any:
    return f"{value} " if isinstance(value, str) else value


PRODUCT = Entity(
    "product", "Products", "items", "item_id", "inventory",
    (
        Field("name", "inventory", ("Product_Name",), ("name",), ("Bolt", "Hex bolt", "Schraube Größe 8", "螺栓"), dress=_padded),
        Field("list price", "inventory", ("Unit_Price",), ("rate",), (10, 12.5, 0.01, 19.99, 100000), number),
        Field("shipping weight", "inventory", ("Weight_g",), ("package_details.weight",), (1, 0.25, 12.34, 3), number, factor=Decimal(1000)),
        Field("sales unit", "inventory", ("Unit_Of_Measure",), ("unit",), ("pcs", "box", "kg")),
        Field("ean", "inventory", ("EAN",), ("ean",), ("4006381333931", "5901234123457", "9780201379624")),
        Field("description", "shared", ("Description",), ("description",), ("Strong.", "Very strong – A2 steel.", "Zwölf Stück", "for wood"), policy="latest", dress=_padded),
    ),
    lambda system, no: {"Product_Code": f"SKU-{no}"} if system == "crm" else {"sku": f"SKU-{no}", "package_details": {"weight_unit": "kg"}},
    {"crm": ("Manufacturer",), "inventory": ("brand",)},
    {"crm": frozenset({"Product_Code", "Product_Active", "Reorder_Level", "Taxable", "Qty_in_Stock"}),
     "inventory": frozenset({"sku", "item_name", "weight", "unit_id", "status"})},
)  # fmt: skip

_PLACES = (
    ("Am Hafen 1", "Kiel", "", "24103", "Germany"),
    ("Rue 2", "Lyon", "", "69001", "France"),
    ("Main St 3", "Seattle", "WA", "98101", "U.S.A."),
)
_BILLING = ("Billing_Street", "Billing_City", "Billing_State", "Billing_Code", "Billing_Country")
_SHIPPING = ("Shipping_Street", "Shipping_City", "Shipping_State", "Shipping_Code", "Shipping_Country")


def _address(name: str) -> tuple[str, ...]:
    return tuple(f"{name}.{part}" for part in ("address", "city", "state", "zip", "country"))


ACCOUNT = Entity(
    "account", "Accounts", "contacts", "contact_id", "crm",
    (
        Field("name", "shared", ("Account_Name",), ("contact_name",), ("Nordlicht {}", "Weststern {} AG", "{} Quillfeather"), policy="review"),
        Field("phone", "shared", ("Phone",), ("billing_address.phone",), ("+12065550101", "+12065550102", "+12065550103"), digits, policy="latest", dress=_spaced),
        Field("website", "crm", ("Website",), ("website",), ("https://a.example", "https://b.example", "https://c.example")),
        Field("billing address", "shared", _BILLING, _address("billing_address"), _PLACES, policy="review"),
        Field("shipping address", "crm", _SHIPPING, _address("shipping_address"), _PLACES),
        Field("payment terms", "inventory", ("Payment_Terms_Days",), ("payment_terms",), (15, 30, 60), number),
        Field("credit limit", "inventory", ("Credit_Limit",), ("credit_limit",), (1000, 2500.5, 99.99), number),
        Field("tax number", "inventory", ("Tax_Number",), ("tax_reg_no",), ("DE1", "FR22", "US333")),
    ),
    lambda system, no: {} if system == "crm" else {"contact_type": "customer"},
    {"crm": ("Description",), "inventory": ("notes",)},
    {"inventory": frozenset({"status", "payment_terms_label", "primary_contact_id", "contact_type"})},
)  # fmt: skip

ENTITIES = {one.name: one for one in (PRODUCT, ACCOUNT)}
CITIES = ("Aachen", "Bremen", "Calw", "Dresden", "Eutin", "Fulda", "Goslar", "Husum")
"""A word in the name of an account, so that no two of them are alike."""
