# ruff: noqa: EM101, TRY003 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""Units and their conversions ("Units of Measurement"): one base unit is `conversion_rate` target units.

Units are on the Inventory door only. A list shows conversions when `include_unit_conversions` asks for them. Codes are UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ofrecord_sandbox.finance import engine, listing
from ofrecord_sandbox.finance.answers import RefusedError, absent, done, invalid
from ofrecord_sandbox.finance.declare import INVENTORY, Resource, declared
from ofrecord_sandbox.finance.values import Kind, dec, identifier, many, number, shape, text, whole
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_CONVERSION: dict[str, Kind] = {"target_unit_id": identifier, "conversion_rate": number}


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    if "unit_conversions" in given:
        old = {one["unit_conversion_id"] for one in (before or {}).get("unit_conversions", [])}
        if any(one.get("unit_conversion_id", "") not in old | {""} for one in record["unit_conversions"]):
            raise absent("Unit conversion")
        record["unit_conversions"] = [_conversion(world, record, one) for one in record["unit_conversions"]]
        targets = [one["target_unit_id"] for one in record["unit_conversions"]]
        if len(set(targets)) != len(targets):
            raise RefusedError(120004, "There is a conversion to this unit already.")


def _conversion(world: World, record: Record, sent: Record) -> Record:
    target = UNITS.table(world).get(sent.get("target_unit_id", ""))
    if target is None:
        raise absent("Unit")
    if target["unit_id"] == record["unit_id"]:
        raise invalid("target_unit_id")
    if dec(sent.get("conversion_rate")) <= 0:
        raise invalid("conversion_rate")
    known = {"unit_conversion_id": sent.get("unit_conversion_id") or engine.new_id(world), "unit_group_id": ""}
    return {**known, **{key: sent[key] for key in _CONVERSION}, "target_unit": target["unit"]}


def _removable(world: World, record: Record) -> None:
    used = world.store.table("finance/items").index("unit", lambda one: (one["unit_id"],)).ids(record["unit_id"])
    targets = (one["target_unit_id"] for unit in UNITS.table(world).rows.values() for one in unit["unit_conversions"])
    if used or record["unit_id"] in targets:
        raise RefusedError(120003, "Units that are in use cannot be deleted.")


UNITS = declared(
    Resource(
        collection="units", singular="unit", id_key="unit_id", words="Unit", doors=(INVENTORY,), create_status=200,
        writable={"name": text(100), "unit": text(15), "uqc": text(15), "quantity_decimal_place": whole,
                  "unit_conversions": many(shape(_CONVERSION | {"unit_conversion_id": identifier}))},
        required=("name", "unit"), fresh={"uqc": "", "quantity_decimal_place": 2, "unit_conversions": []},
        row=("name", "unit", "uqc", "quantity_decimal_place", "unit_conversions"),
        sorts=("name",), sort=("name", "A"), check=_check, removable=_removable,
    )
)  # fmt: skip


def list_units(world: World, request: Request) -> Response:
    """`GET /units[?include_unit_conversions=true]`."""
    shown = request.query.pop("include_unit_conversions", "false") == "true"
    answer = listing.answer(world, request, UNITS, INVENTORY)
    if not shown:
        rows = answer.content["units"]
        answer.content["units"] = [
            {key: value for key, value in row.items() if key != "unit_conversions"} for row in rows
        ]
    return answer


def conversions(world: World, request: Request, unit_id: str) -> Response:
    """`GET /units/{id}/unitconversions`."""
    engine.only_query(request)
    return done("unit_conversions", engine.found(world, UNITS, unit_id)["unit_conversions"])


def convert(world: World, request: Request, unit_id: str, unit_conversion_id: str = "") -> Response:
    """`POST /units/{id}/unitconversions`, `PUT …/{conversion_id}`."""
    engine.only_query(request)
    unit = engine.found(world, UNITS, unit_id)
    given = shape(_CONVERSION)("body", engine.body_of(request))
    if unit_conversion_id:
        given = _known(unit, unit_conversion_id) | given
    rest = [one for one in unit["unit_conversions"] if one["unit_conversion_id"] != unit_conversion_id]
    made = _conversion(world, unit, given)
    if any(one["target_unit_id"] == made["target_unit_id"] for one in rest):
        raise RefusedError(120004, "There is a conversion to this unit already.")
    engine.keep(world, UNITS, unit | {"unit_conversions": [*rest, made]})
    verb = "updated" if unit_conversion_id else "added"
    return done("unit_conversion", made, f"Unit conversion has been {verb}.")


def drop(world: World, request: Request, unit_id: str, unit_conversion_id: str) -> Response:
    """`DELETE /units/{id}/unitconversions/{conversion_id}`."""
    engine.only_query(request)
    unit = engine.found(world, UNITS, unit_id)
    gone = _known(unit, unit_conversion_id)
    engine.keep(world, UNITS, unit | {"unit_conversions": [one for one in unit["unit_conversions"] if one != gone]})
    return done(message="The unit conversion has been deleted.")


def _known(unit: Record, key: str) -> Record:
    for one in unit["unit_conversions"]:
        if one["unit_conversion_id"] == key:
            return dict(one)
    raise absent("Unit conversion")


def paths(door: str) -> list[tuple[str, str, Callable[..., Response]]]:
    """The list, and conversions."""
    if door != INVENTORY:
        return []
    one = "/units/{unit_id}/unitconversions/{unit_conversion_id}"
    return [
        ("GET", "/units", list_units),
        ("GET", "/units/{unit_id}/unitconversions", conversions),
        ("POST", "/units/{unit_id}/unitconversions", convert),
        ("PUT", one, convert),
        ("DELETE", one, drop),
    ]
