# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Rows of subforms and line items: what a write makes of them, and the totals the server computes.

Source: Zoho CRM docs, "Subform Data", "Insert Records" (line items). A row without id is appended, one with id changed,
`{"id", "_delete": null}` removed, an empty list removes all; rows not named stay (UNVERIFIED for line items).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.crm import organisation, values
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data, invalid_id, several
from ofrecord_sandbox.crm.metadata import Field, Module, schema
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.world import World

MAX_ROWS = 100
FIRST_ID = 554023000001000000
_TAX_KEYS = {"name", "percentage", "id", "value"}

Lookup = Callable[[Field, Any, str, tuple[str, ...]], Any]
"""Resolves a written lookup: field, value, JSON path of its holder, steps for X-EXTERNAL."""


def number(value: Any) -> Decimal:
    """A stored JSON number as an exact decimal; null is 0."""
    return Decimal(0) if value is None else Decimal(repr(value))


def merged(  # noqa: PLR0917 - one value each, named at every call
    world: World, field: Field, existing: list[Record], given: Any, path: str, lookup: Lookup, now: str
) -> list[Record]:
    """The rows after a write; raises RefusedError."""
    where = f"{path}.{field.api_name}"
    if given is None or given == []:
        return []
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise values.wrong_type(field, path, "jsonarray")
    columns = schema(world)[field.target]
    rows = {row["id"]: row for row in existing}
    errors: list[RefusedError] = []
    for number_of_row, row in enumerate(given):
        row_path = f"{where}[{number_of_row}]"
        try:
            _merge_one(world, field, columns, rows, row, row_path, lookup, now)
        except RefusedError as error:
            errors.append(error)
    if errors:
        raise several(errors)
    if len(rows) > MAX_ROWS:
        details = {"maximum_length": MAX_ROWS, "api_name": field.api_name, "json_path": where}
        raise RefusedError("LIMIT_EXCEEDED", "a subform holds at most 100 rows", details)
    return list(rows.values())


def _merge_one(  # noqa: PLR0917 - one value each, named at every call
    world: World,
    field: Field,
    columns: Module,
    rows: dict[str, Record],
    given: Record,
    path: str,
    lookup: Lookup,
    now: str,
) -> None:
    row_id = given.get("id")
    if row_id is not None and row_id not in rows:
        raise invalid_id({"api_name": "id", "json_path": f"{path}.id"})
    if "_delete" in given:
        if row_id is None:
            raise invalid_id({"api_name": "id", "json_path": f"{path}.id"})
        del rows[row_id]
        return
    row = dict(rows[row_id]) if row_id is not None else {"id": world.next_id(FIRST_ID), "Created_Time": now}
    row["Modified_Time"] = now
    for name, value in given.items():
        if name != "id":
            row[name] = _cell(field, columns, name, value, path, lookup)
    for column in columns.fields.values():
        if column.mandatory and row.get(column.api_name) is None:
            details = {"api_name": column.api_name, "json_path": f"{path}.{column.api_name}"}
            raise RefusedError("MANDATORY_NOT_FOUND", "required field not found", details)
    if "Net_Total" in columns.fields:
        _defaults(world, row)
    rows[row["id"]] = row


def _cell(field: Field, columns: Module, name: str, value: Any, path: str, lookup: Lookup) -> Any:  # noqa: PLR0917 - one value each, named at every call
    column = columns.fields.get(name)
    if column is None or column.read_only:
        raise invalid_data({"api_name": name, "json_path": f"{path}.{name}"})
    if column.data_type == "lookup":
        return lookup(column, value, path, (field.api_name, name))
    if column.data_type == "linetax":
        return taxes(value, name, path)
    return values.clean(column, value, path)


def taxes(value: Any, name: str, path: str) -> list[Record]:
    """A written tax list as `[{"name", "percentage"}]`; raises RefusedError."""
    refusal = invalid_data({"expected_data_type": "jsonarray", "api_name": name, "json_path": f"{path}.{name}"})
    if value is None:
        return []
    if not isinstance(value, list):
        raise refusal
    kept = []
    for tax in value:
        if not isinstance(tax, dict) or set(tax) - _TAX_KEYS or not isinstance(tax.get("name"), str):
            raise refusal
        if isinstance(tax.get("percentage"), bool) or not isinstance(tax.get("percentage"), int | float):
            raise refusal
        kept.append({"name": tax["name"], "percentage": tax["percentage"]})
    return kept


def _defaults(world: World, row: Record) -> None:
    """Quantity 1, the product's own price, no discount (UNVERIFIED)."""
    if row.get("Quantity") is None:
        row["Quantity"] = 1
    if row.get("List_Price") is None:
        product = world.store.table("crm/records/Products").get(row["Product_Name"]["id"]) or {}
        row["List_Price"] = product.get("Unit_Price") or 0
    if row.get("Discount") is None:
        row["Discount"] = 0


def _taxed(
    world: World, taxes_given: list[Record], base: Decimal, currency: str | None
) -> tuple[list[Record], Decimal]:
    shown, total = [], Decimal(0)
    for tax in taxes_given:
        value = organisation.rounded(world, base * number(tax["percentage"]) / 100, currency)
        total += number(value)
        shown.append({**tax, "value": value})
    return shown, total


def _computed(world: World, row: Record, position: int, currency: str | None) -> Record:
    total = number(organisation.rounded(world, number(row["Quantity"]) * number(row["List_Price"]), currency))
    after = total - number(row["Discount"])
    shown, tax = _taxed(world, row.get("Line_Tax") or [], after, currency)
    return {
        **row,
        "Line_Tax": shown,
        "Total": organisation.rounded(world, total, currency),
        "Total_After_Discount": organisation.rounded(world, after, currency),
        "Tax": organisation.rounded(world, tax, currency),
        "Net_Total": organisation.rounded(world, after + tax, currency),
        "Sequence_Number": position,
    }


def total_up(world: World, module: Module, record: Record) -> None:
    """Fill in the totals of a record with line items: net lines, minus discount, plus tax, plus adjustment.

    They are rounded to the digits of the record's currency (field `Currency` of an organisation with several).
    """
    currency = record.get("Currency")
    rows: list[Record] = []
    for field in module.subforms:
        if "Net_Total" in schema(world)[field.target].fields:
            own = enumerate(record.get(field.api_name) or [], start=1)
            record[field.api_name] = [_computed(world, row, position, currency) for position, row in own]
            rows += record[field.api_name]
    sub_total = sum((number(row["Net_Total"]) for row in rows), Decimal(0))
    discounted = sub_total - number(record.get("Discount"))
    shown, tax = _taxed(world, record.get("$line_tax") or [], discounted, currency)
    record["$line_tax"] = shown
    record["Discount"] = record.get("Discount") or 0
    record["Adjustment"] = record.get("Adjustment") or 0
    record["Sub_Total"] = organisation.rounded(world, sub_total, currency)
    record["Tax"] = organisation.rounded(world, tax, currency)
    record["Grand_Total"] = organisation.rounded(world, discounted + tax + number(record["Adjustment"]), currency)
