"""What the CRM's field metadata says of reading: which plan can give a field, and in which form.

Source: Zoho CRM v8 docs, "Fields", "Get Records", "Records through a COQL Query", "Download Bulk Read Result"; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from ofrecord_kit.tap.cells import Cut, column
from ofrecord_kit.tap.pages import Row, decode_value, value_of
from ofrecord_kit.tap.shapes import Cells
from ofrecord_kit.vendors.crm_fields import Field

NAME_FIELDS = {
    "Accounts": "Account_Name", "Campaigns": "Campaign_Name", "Cases": "Subject", "Contacts": "Full_Name", "Deals": "Deal_Name",
    "Events": "Event_Title", "Invoices": "Subject", "Leads": "Full_Name", "Price_Books": "Price_Book_Name", "Products": "Product_Name",
    "Purchase_Orders": "Subject", "Quotes": "Subject", "Sales_Orders": "Subject", "Solutions": "Solution_Title", "Tasks": "Subject",
    "Calls": "Subject", "Vendors": "Vendor_Name",
}  # fmt: skip
"""The field a lookup shows as the name of a record (constants of the vendor's SDK); of custom modules it is `Name`."""

PERSONS = frozenset({"ownerlookup", "userlookup"})
_OWNER = "Owner"
"""The one person that comes with a mail address ("Get Records")."""
DETAILS = frozenset({"subform", "multiselectlookup", "multiuserlookup"})
"""A list never carries them, only a read of the record does ("Get Records")."""
LISTED_OBJECTS = frozenset({"color_code", "File_Id__s"})
"""Properties that only tags and files have, which are lists of objects, too, and come with lists."""
QUERIED = frozenset(
    {
        "autonumber", "bigint", "boolean", "currency", "date", "datetime", "decimal", "double", "email", "integer", "layout",
        "lookup", "multiselectpicklist", "percent", "phone", "picklist", "profileimage", "text", "textarea", "website",
    }
) | PERSONS  # fmt: skip
"""Types that all three plans give alike. Of rich text a list gives 500 characters and what the others give is UNVERIFIED, as
it is that they give layouts and profile images."""
_NUMBERS = frozenset({"currency", "decimal", "double", "integer", "percent"})
ALWAYS = ("id", "Modified_Time")
"""Fields that every call asks for: what a record is, and how it is put in order."""
_encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of a module.

    `kinds` are the vendor's types of `fields` by name (computed ones by what they return);
    `labels` the column of a query that names a looked-up record; `where` a condition of a query, or nothing.
    """

    module: str
    fields: tuple[str, ...]
    kinds: Mapping[str, str]
    labels: Mapping[str, str]
    where: str = ""

    @property
    def path(self) -> str:
        """Of the list."""
        return f"/crm/v8/{self.module}"

    @property
    def columns(self) -> list[str]:
        """Columns of a query or a bulk read, `id` and `Modified_Time` first."""
        rest = [name for name in self.fields if name not in ALWAYS]
        return [*ALWAYS, *rest, *(self.labels[name] for name in rest if name in self.labels)]

    @property
    def not_queried(self) -> list[str]:
        """Fields that neither a query nor a bulk read gives as a list does."""
        return [name for name in self.fields if self.kinds.get(name, "") not in QUERIED]


def listed_in(schema: Mapping[str, Any]) -> frozenset[str]:
    """Properties a row of a list has, told by their types: rows of subforms and of multi-select lookups it has not."""
    properties: Mapping[str, Any] = schema["properties"]
    return frozenset(name for name, one in properties.items() if not _is_detail(one))


def _is_detail(schema: Mapping[str, Any]) -> bool:
    inner = (schema.get("items") or {}).get("properties") or {}
    return bool(inner) and not LISTED_OBJECTS & set(inner)


def returned_type(field: Mapping[str, Any]) -> str:
    """The vendor's type; formulas and roll-ups have the type they return."""
    kind = str(field["data_type"])
    return str((field.get(kind) or {}).get("return_type") or "text") if kind in {"formula", "rollup_summary"} else kind


def kind_of(field: Field) -> str:
    """The vendor's type; a text that is none in JSON by what it is there."""
    kind = returned_type(field)
    if kind == "text" and field.get("json_type") in {"jsonarray", "jsonobject"}:
        return str(field["json_type"])
    return kind


def is_queried(field: Field) -> bool:
    """Do all three plans give it alike?"""
    return kind_of(field) in QUERIED


def label_of(field: Field) -> str | None:
    """The column of a query that names what a lookup points to; None where the field of its name is not known."""
    module = ((field.get("lookup") or {}).get("module") or {}).get("api_name")
    if field["data_type"] != "lookup" or not module:
        return None
    return f"{field['api_name']}.{NAME_FIELDS.get(module, 'Name')}"


def wanted_of(module: str, names: Iterable[str], fields: Iterable[Field], where: str = "") -> Wanted:
    """What to read, from the names chosen and the module's metadata; fields that are gone are left out."""
    known = {str(field["api_name"]): field for field in fields}
    chosen = tuple(dict.fromkeys([*ALWAYS, *(name for name in names if name in known)]))
    kinds = {"id": "bigint", "Modified_Time": "datetime"}
    kinds |= {name: kind_of(known[name]) for name in chosen if name in known}
    labels = {name: label for name in chosen if name in known and (label := label_of(known[name]))}
    return Wanted(module, chosen, kinds, labels, where)


def as_listed(wanted: Wanted, people: Mapping[str, Mapping[str, Any]]) -> Callable[[Row], Row]:
    """The function that gives a row of a query the form a row of a list has. `people`: users and layouts by id.

    Rows that are JSON text are put together as text: of most fields nothing is decoded.
    """
    labels = tuple(wanted.labels.items())
    persons = tuple(name for name in wanted.fields if wanted.kinds.get(name) in PERSONS | {"layout"})
    person = _named_by(people)

    def listed(row: Row) -> Row:
        for name, label in labels:
            named, found = row.pop(label, None), row.get(name)
            if type(found) is Raw and type(named) is Raw and _is_bare(bytes(found)):
                row[name] = Raw(b'{"name":' + bytes(named) + b"," + bytes(found)[1:])
            elif (decoded := value_of(row, name)) and "name" not in decoded:
                row[name] = {"name": value_of({label: named}, label), "id": decoded["id"]}
        for name in persons:
            if name in row:
                row[name] = person(name == _OWNER, row[name])
        return row

    return listed


def cells_as_listed(wanted: Wanted, people: Mapping[str, Mapping[str, Any]]) -> Callable[[Sequence[Cells]], None]:
    """The same of rows that were decoded as records, all of a page: what names a lookup is put into it."""
    persons = tuple(name for name in wanted.fields if wanted.kinds.get(name) in PERSONS | {"layout"})

    def listed(rows: Sequence[Cells]) -> None:
        for name, label in wanted.labels.items():
            _fill(rows, name, "name", column(rows, label))
            if place := rows[0].places.get(label):
                for row in rows:
                    setattr(row, place, UNSET)
        for name in persons:
            _open(rows, name)
            told = [people.get(str(one.get("id")), {}) if one else {} for one in column(rows, name)]
            _fill(rows, name, "name", [one.get("name") for one in told], always=True)
            if name == _OWNER:
                _fill(rows, name, "email", [one.get("email") for one in told], always=True)

    return listed


def _open(rows: Sequence[Cells], name: str) -> None:
    """Looked-up records whose types did not fit are decoded."""
    for row, one in zip(rows, column(rows, name), strict=True):
        if type(one) is Raw:
            setattr(row, row.places[name], decode_value(one))


def _fill(rows: Sequence[Cells], name: str, inner: str, values: Sequence[Any], *, always: bool = False) -> None:
    """A property of a looked-up record: where it has none, or `always`."""
    _open(rows, name)
    for one, value in zip(column(rows, name), values, strict=True):
        if isinstance(one, dict):
            one[inner] = value if always else one.get(inner, value)
        elif isinstance(one, Cells) and (place := one.places.get(inner)) and (always or getattr(one, place) is UNSET):
            setattr(one, place, value)


def queried(schema: Mapping[str, Any], wanted: Wanted | None) -> Cut:
    """Decodes what lists or queries answer into records of `schema`; columns that name lookups are taken out by `cells_as_listed`."""
    labels = {label: {"type": ["string", "null"]} for label in (wanted.labels.values() if wanted else ())}
    return Cut("data", {"properties": {**schema["properties"], **labels}})


def _is_bare(lookup: bytes) -> bool:
    return lookup.startswith(b'{"id":') and b'"name"' not in lookup


def _named_by(people: Mapping[str, Mapping[str, Any]]) -> Callable[[bool, Any], Any]:
    """The function that names a person, an owner with the mail address; each is put together once."""
    known: dict[tuple[bool, bytes], Raw] = {}

    def person(owns: bool, found: Any) -> Any:
        if type(found) is Raw:
            key = (owns, bytes(found))
            if key not in known:
                known[key] = Raw(_encode(person(owns, decode_value(found))))
            return known[key]
        if not found:
            return None
        said = people.get(str(found["id"]), {})
        more = {"email": said.get("email")} if owns else {}
        return {"name": said.get("name"), "id": found["id"], **more}

    return person


def from_cells(wanted: Wanted, header: Collection[str]) -> Callable[[list[str]], Row]:
    """The function that makes of a line of a bulk read what a query would give. An empty cell is null.

    Values of a multi-select are joined by `;` (UNVERIFIED).
    """
    labels = frozenset(wanted.labels.values())
    turns = [(name, None if name in labels else _turn(wanted.kinds.get(name, "text"))) for name in header]

    def row(cells: list[str]) -> Row:
        return {
            name: (turn(cell) if turn else cell) if cell else None
            for (name, turn), cell in zip(turns, cells, strict=True)
        }

    return row


def _turn(kind: str) -> Callable[[str], Any] | None:
    if kind in _NUMBERS:
        return number_in
    if kind == "boolean":
        return lambda cell: cell.strip().lower() == "true"
    if kind == "multiselectpicklist":
        return lambda cell: [one.strip() for one in cell.split(";") if one.strip()]
    if kind in PERSONS | {"lookup", "layout"}:
        return lambda cell: {"id": cell}
    return None


def number_in(cell: str) -> Any:
    """A number of a CSV file as JSON would have it.

    >>> number_in("3"), number_in("12.50"), number_in("-")
    (3, Decimal('12.50'), None)
    """
    try:
        return int(cell) if cell.lstrip("-").isdecimal() else Decimal(cell)
    except InvalidOperation:
        return None
