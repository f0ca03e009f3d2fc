"""The CRM of taps_canned.py: one module, `Products`, of 44 fields, by lists, queries and bulk read.

Lists and metadata are answered as v2 and v8 of the API do. A list is in order of modification, from `If-Modified-Since` or a
page token on; queries give lookups by their id alone and name them in columns of their own; bulk read is a zipped CSV of at most
200,000 rows whose job is done when it is asked for the second time.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import timedelta, timezone
from functools import cache, partial
from typing import Any

import msgspec
from mapper_input import thing
from taps_canned import FIRST, PER_PAGE, Rows, number_at

FIRST_PRODUCT = 554023000000000000
ROWS_A_JOB = 200_000
_OFFSET = timezone(timedelta(hours=1))
ANNA = {"name": "Anna Berg", "id": "554023000000001001", "email": "anna.berg@example.org"}
_COUNTRIES = ("Germany", "Austria", "France", "Finland", "Portugal")
_encode = msgspec.json.Encoder(decimal_format="number").encode
_SINCE = re.compile(rb"(?i)if-modified-since: ([^\r]+)")
_QUERY = re.compile(r"select (.+?) from \w+ where (.+?)(?: order by .+? limit (\d+), (\d+))?$")
_BEHIND = re.compile(r"or Modified_Time > '([^']+)'")
_FROM = re.compile(r"Modified_Time >= '([^']+)'")


def crm_time(number: int) -> str:
    """When a record was last written, with the offset of the user."""
    return (FIRST + timedelta(seconds=number)).astimezone(_OFFSET).isoformat()


def product(number: int) -> dict[str, Any]:
    """A record as lists give it, with id and time left open."""
    item = thing(number)
    mixed = item["reorder_level"]
    return {
        "id": "?id?",
        "Owner": ANNA,
        "Product_Name": item["name"],
        "Product_Code": item["sku"],
        "Vendor_Name": {"name": item["vendor_name"], "id": f"554023000000{200000 + mixed}"},
        "Product_Active": item["status"] == "active",
        "Manufacturer": item["manufacturer"],
        "Product_Category": item["category_name"],
        "Sales_Start_Date": "2026-01-01",
        "Sales_End_Date": None,
        "Support_Start_Date": "2026-01-01",
        "Support_Expiry_Date": "2028-12-31",
        "Unit_Price": item["rate"],
        "Purchase_Price": item["purchase_rate"],
        "Commission_Rate": 2.5,
        "Tax": ["Sales Tax"],
        "Taxable": True,
        "Usage_Unit": "Box",
        "Qty_Ordered": mixed,
        "Qty_in_Stock": item["stock_on_hand"],
        "Qty_in_Demand": item["committed_stock"],
        "Reorder_Level": mixed,
        "Handler": {"name": "Anna Berg", "id": ANNA["id"]},
        "Description": item["description"],
        "Purchase_Description": item["purchase_description"],
        "Created_By": {"name": "Anna Berg", "id": ANNA["id"]},
        "Modified_By": {"name": "Anna Berg", "id": ANNA["id"]},
        "Created_Time": "2019-12-31T09:00:00+01:00",
        "Modified_Time": "?time?",
        "Inventory_ID": item["item_id"],
        "Brand": item["brand"],
        "EAN": item["ean"],
        "UPC": item["upc"],
        "Part_Number": item["part_number"],
        "Country_Of_Origin": _COUNTRIES[number % 5],
        "Colour": "red",
        "Weight": item["weight"],
        "Length": mixed + 0.5,
        "Width": mixed + 1.5,
        "Height": mixed + 2.5,
        "Website": f"https://shop.example.org/things/{number}",
        "Support_Email": "support@example.org",
        "Hotline": item["vendor_phone"],
        "Returnable": item["is_returnable"],
    }


_KINDS = {
    "id": "bigint", "Owner": "ownerlookup", "Handler": "userlookup", "Created_By": "ownerlookup", "Modified_By": "ownerlookup",
    "Vendor_Name": "lookup", "Tax": "multiselectpicklist", "Created_Time": "datetime", "Modified_Time": "datetime",
    "Unit_Price": "currency", "Purchase_Price": "currency", "Commission_Rate": "currency", "Sales_Start_Date": "date",
    "Sales_End_Date": "date", "Support_Start_Date": "date", "Support_Expiry_Date": "date", "Description": "textarea",
    "Purchase_Description": "textarea", "Website": "website", "Support_Email": "email", "Hotline": "phone",
    "Manufacturer": "picklist", "Product_Category": "picklist", "Usage_Unit": "picklist", "Country_Of_Origin": "picklist",
    "Colour": "picklist",
}  # fmt: skip
_BY_TYPE = {bool: "boolean", float: "double", int: "double", str: "text"}
_JSON = {"boolean": "boolean", "double": "double", "currency": "double", "multiselectpicklist": "jsonarray"}


def field(name: str, value: Any) -> dict[str, Any]:
    """The metadata of a field."""
    kind = _KINDS.get(name) or _BY_TYPE[type(value)]
    options = [{"display_value": f"{name} {n}", "actual_value": f"{name} {n}", "type": "used"} for n in range(12)]
    told: dict[str, Any] = {
        "api_name": name, "field_label": name.replace("_", " "), "display_label": name.replace("_", " "), "data_type": kind,
        "json_type": "jsonobject" if kind.endswith("lookup") else _JSON.get(kind, "string"), "length": 255,
        "decimal_place": 2 if kind in {"double", "currency"} else None, "system_mandatory": name == "Product_Name",
        "read_only": False, "custom_field": False, "visible": True, "unique": {}, "lookup": {}, "auto_number": {},
        "pick_list_values": options if "picklist" in kind else [],
    }  # fmt: skip
    if kind == "lookup":
        told["lookup"] = {"display_label": "Vendors", "module": {"api_name": "Vendors", "id": "554023000000010003"}}
    return told


class Crm:
    """One module."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._listed = Rows(number, product, FIRST_PRODUCT, crm_time)
        self._queried: dict[str, Rows] = {}
        self._jobs: list[int] = []
        self._asked: set[int] = set()
        self._packed: dict[int, bytes] = {}

    def answer(self, method: str, path: str, asked: Mapping[str, str], head: bytes, body: bytes) -> bytes:
        """To one call."""
        if path in {"/crm/v2/Products", "/crm/v8/Products"}:
            return self._list(asked, head)
        if path.endswith("/coql"):
            return self._query(msgspec.json.decode(body)["select_query"])
        if path.startswith("/crm/bulk/"):
            return self._bulk(method, path, body)
        return _settings(path)

    def _list(self, asked: Mapping[str, str], head: bytes) -> bytes:
        since = _SINCE.search(head)
        first = number_at(since[1].decode()) if since else 0
        page = int(asked.get("page", 1))
        first = int(asked["page_token"]) if "page_token" in asked else first + (page - 1) * PER_PAGE
        more = first + PER_PAGE < self.number
        info = {"per_page": PER_PAGE, "count": PER_PAGE, "page": page, "more_records": more}
        info["next_page_token"] = str(first + PER_PAGE) if more else None
        return b'{"data":[%b],"info":%b}' % (self._listed.text(first, PER_PAGE), _encode(info))

    def _query(self, said: str) -> bytes:
        found = _QUERY.match(said)
        if found is None:
            return b""
        columns, where, offset, rows = found.groups()
        if columns == "count(id)":
            begin = _FROM.search(where)
            return b'{"data":[{"COUNT(id)":%d}],"info":{"count":1,"more_records":false}}' % (
                self.number - (number_at(begin[1]) if begin else 0)
            )
        behind, begin = _BEHIND.search(where), _FROM.search(where)
        first = number_at(behind[1]) + 1 if behind else number_at(begin[1]) if begin else 0
        first, size = first + int(offset or 0), int(rows or 200)
        text = self._rows(columns).text(first, size)
        more = b"true" if first + size < self.number else b"false"
        return b'{"data":[%b],"info":{"count":%d,"more_records":%b}}' % (text, size, more) if text else b""

    def _rows(self, columns: str) -> Rows:
        """Rows that have these columns, as the vendor gives no others."""
        if columns not in self._queried:
            names = columns.split(", ")
            made = partial(_with, names)
            self._queried[columns] = Rows(self.number, made, FIRST_PRODUCT, crm_time)
        return self._queried[columns]

    def pack(self) -> None:
        """Every result file, before anybody waits for it: a busy machine takes longer for one than a call may."""
        for first in range(0, self.number, ROWS_A_JOB):
            self._packed[first] = zipped(first, min(first + ROWS_A_JOB, self.number))

    def _bulk(self, method: str, path: str, body: bytes) -> bytes:
        if method == "POST":
            query = msgspec.json.decode(body)["query"]
            self._jobs.append(int(query.get("page_token") or (query.get("page", 1) - 1) * ROWS_A_JOB))
            return b'{"data":[{"status":"success","code":"ADDED_SUCCESSFULLY","details":{"id":"%d"}}]}' % len(
                self._jobs
            )
        job = int(path.split("/")[5])
        first = self._jobs[job - 1]
        if path.endswith("/result"):
            return self._packed.get(first) or zipped(first, min(first + ROWS_A_JOB, self.number))
        if job not in self._asked:
            self._asked.add(job)
            return b'{"data":[{"state":"IN PROGRESS"}]}'
        more = first + ROWS_A_JOB < self.number
        result = {"download_url": f"/crm/bulk/v8/read/{job}/result", "more_records": more}
        result["next_page_token"] = str(first + ROWS_A_JOB) if more else None
        return b'{"data":[{"state":"COMPLETED","result":%b}]}' % _encode(result)


def _as_queried(number: int) -> dict[str, Any]:
    """Lookups by id, the name of the one that is no person in its own column."""
    row = product(number)
    named = row["Vendor_Name"]["name"]
    bare = {name: {"id": one["id"]} if isinstance(one, dict) else one for name, one in row.items()}
    return bare | {"Vendor_Name.Vendor_Name": named}


def _with(names: Sequence[str], number: int) -> dict[str, Any]:
    """A row of these columns in the order of a record, so that its id comes before its time."""
    return {name: value for name, value in _as_queried(number).items() if name in names}


@cache
def _cells() -> tuple[list[str], list[str]]:
    """The header of a bulk read, and 200 of its lines with id and time left open."""
    rows = [_as_queried(number) for number in range(PER_PAGE)]
    lines = []
    for row in rows:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow([_cell(one) for one in row.values()])
        lines.append(text.getvalue().replace("%", "%%").replace("?id?", "%d").replace("?time?", "%s"))
    return list(rows[0]), lines


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return str(value["id"])
    if isinstance(value, list):
        return ";".join(value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def zipped(first: int, last: int) -> bytes:
    """A result file."""
    header, lines = _cells()
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("1.csv", "w") as file,
    ):
        file.write((",".join(header) + "\n").encode())
        for start in range(first, last, PER_PAGE):
            numbers = range(start, min(start + PER_PAGE, last))
            text = "".join(lines[one % PER_PAGE] % (FIRST_PRODUCT + one, crm_time(one)) for one in numbers)
            file.write(text.encode())
    return packed.getvalue()


def _settings(path: str) -> bytes:
    """Metadata and the people; what is left is empty."""
    module = {"api_name": "Products", "module_name": "Products", "api_supported": True, "viewable": True}
    module |= {
        "generated_type": "default",
        "status": "visible",
        "plural_label": "Products",
        "singular_label": "Product",
    }
    if "/settings/modules" in path:
        return _encode({"modules": [module]})
    if path.endswith("/settings/fields"):
        return _encode({"fields": [field(name, value) for name, value in product(1).items()]})
    if path.endswith("/org"):
        return _encode({"org": [{"license_details": {"paid_type": "enterprise", "paid": True}}]})
    if path.endswith("/users"):
        return _encode({"users": [{**ANNA, "full_name": ANNA["name"]}], "info": {"more_records": False, "page": 1}})
    return b""
