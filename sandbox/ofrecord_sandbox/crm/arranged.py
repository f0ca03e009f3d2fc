"""What the control API arranges in the CRM: modules, fields and records as an administrator would. See README.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ofrecord_sandbox.arranging import ROOT, body, told_plainly
from ofrecord_sandbox.crm import (
    bulk_jobs,
    coql,
    currencies,
    drifting,
    holds,
    merging,
    metadata,
    organisation,
    planting,
    settings,
    users,
    views,
)
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_MODULE_KEYS = ("api_supported", "creatable", "editable", "deletable", "viewable", "status")
_FIELD_KEYS = (
    "read_only",
    "permission",
    "length",
    "values",
    "restricted",
    "required",
    "label",
    "api_name",
    "data_type",
)
_ACTIONS = ("api_create", "api_update")


def register(world: World) -> None:
    """Hang these calls on the router."""
    paths: list[tuple[str, str, Callable[..., Response]]] = [
        ("POST", "modules", _add_module),
        ("PUT", "modules", _change_module),
        ("DELETE", "modules", _remove_module),
        ("POST", "fields", _add_field),
        ("PUT", "fields", _change_field),
        ("DELETE", "fields", _remove_field),
        ("POST", "records", _hold_record),
        ("POST", "merge", _merge),
        ("POST", "bulk", _time_bulk),
        ("POST", "bin", _set_bin),
        ("POST", "coql", _limit_coql),
        ("POST", "views", _add_view),
        ("POST", "plant", _plant),
        ("POST", "convert", _convert),
        ("POST", "users", _add_user),
        ("POST", "currencies", _add_currencies),
    ]
    for method, path, handler in paths:
        world.router.add(method, f"{ROOT}crm/{path}", told_plainly(handler))


def _add_module(world: World, request: Request) -> Response:
    given = body(request, "api_name", "label", "fields")
    metadata.add_module(world, given["api_name"], given.get("label", given["api_name"]), given.get("fields", []))
    return Response(200, {"module": given["api_name"]})


def _change_module(world: World, request: Request) -> Response:
    """What the token's user may do with a module, and whether the API knows it."""
    given = body(request, "module", *_MODULE_KEYS)
    table = world.store.table("crm/modules")
    row = table.get(given["module"])
    if row is None:
        msg = f"there is no module {given['module']!r}"
        raise ValueError(msg)
    wanted = {name: value for name, value in given.items() if name != "module"}
    for name, value in wanted.items():
        if (value not in settings.STATUSES) if name == "status" else not isinstance(value, bool):
            msg = (
                f"{name!r} cannot be {value!r}; status is one of {', '.join(settings.STATUSES)}, the rest true or false"
            )
            raise ValueError(msg)
    table.put(given["module"], {**row, **wanted})
    return Response(200, {"module": given["module"]})


def _remove_module(world: World, request: Request) -> Response:
    """The module is gone with everything in it."""
    name = body(request, "module")["module"]
    drifting.remove_module(world, name)
    return Response(200, {"module": name})


def _add_field(world: World, request: Request) -> Response:
    given = body(request, "module", "field")
    metadata.add_field(world, given["module"], given["field"])
    return Response(200, {"module": given["module"], "field": given["field"]["api_name"]})


def _row(world: World, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    key = f"{given['module']}.{given['field']}"
    row = world.store.table("crm/fields").get(key)
    if row is None:
        msg = f"there is no field {key!r}"
        raise ValueError(msg)
    return key, dict(row)


def _change_field(world: World, request: Request) -> Response:
    """Another reading of a field: what was written before stays as it is."""
    given = body(request, "module", "field", *_FIELD_KEYS)
    key, row = _row(world, given)
    if "permission" in given and given["permission"] not in metadata.PERMISSIONS:
        msg = f"unknown permission {given['permission']!r}; known: {', '.join(metadata.PERMISSIONS)}"
        raise ValueError(msg)
    if "read_only" in given:
        row["field_read_only"] = bool(given["read_only"])
        row["operation_type"] = {**row["operation_type"], **dict.fromkeys(_ACTIONS, not given["read_only"])}
    row["_permission"] = given.get("permission", row.get("_permission", "read_write"))
    row["read_only"] = row["field_read_only"] or row["_permission"] != "read_write"
    row["visible"] = row["_permission"] != "hidden"
    row["length"] = int(given.get("length", row["length"]))
    row["_restricted"] = bool(given.get("restricted", row.get("_restricted", False)))
    row["_required"] = bool(given.get("required", row.get("_required", False)))
    row["field_label"] = row["display_label"] = given.get("label", row["field_label"])
    if "values" in given:
        row["pick_list_values"] = metadata.pick_list(world, given["values"])
    world.store.table("crm/fields").put(key, row)
    if "data_type" in given:
        drifting.retype(world, given["module"], given["field"], given["data_type"])
    if "api_name" in given:
        drifting.rename(world, given["module"], given["field"], given["api_name"])
    return Response(200, {"module": given["module"], "field": given.get("api_name", given["field"])})


def _remove_field(world: World, request: Request) -> Response:
    """The field and its values are gone."""
    given = body(request, "module", "field")
    key, _ = _row(world, given)
    metadata.remove_field(world, key)
    return Response(200, {"module": given["module"], "field": given["field"]})


def _hold_record(world: World, request: Request) -> Response:
    """Lock a record, put it into an approval, a review or a blueprint, or set it free."""
    given = body(request, "module", "id", "state", "fields")
    holds.hold(world, given["module"], given["id"], given["state"], given.get("fields", []))
    return Response(200, {"id": given["id"], "state": given["state"]})


def _merge(world: World, request: Request) -> Response:
    """Records merged as a person would, in any module."""
    given = body(request, "module", "winner", "losers")
    merging.arrange(world, given["module"], given["winner"], given["losers"])
    return Response(200, {"id": given["winner"]})


def _time_bulk(world: World, request: Request) -> Response:
    """How many seconds a bulk job takes, how many rows a bulk read gives, and how many of the next bulk reads fail."""
    given = body(request, "seconds", "rows", "fails")
    switches = world.store.table("sandbox/switches")
    now = dict(switches.get("crm_bulk") or {"seconds": bulk_jobs.seconds(world)})
    now |= {name: kind(given[name]) for name, kind in (("seconds", float), ("rows", int)) if name in given}
    if now["seconds"] < 0 or now.get("rows", 1) < 1:
        msg = "seconds are 0 or more, rows 1 or more"
        raise ValueError(msg)
    switches.put("crm_bulk", now)
    if "fails" in given:
        switches.put("crm_bulk_failing", {"jobs": int(given["fails"])})
    return Response(200, now)


def _set_bin(world: World, request: Request) -> Response:
    """Whether records in the recycle bin keep their unique values to themselves."""
    keeps = bool(body(request, "keeps_unique_values")["keeps_unique_values"])
    world.store.table("sandbox/switches").put("crm_bin", {"keeps_unique_values": keeps})
    return Response(200, {"keeps_unique_values": keeps})


def _limit_coql(world: World, request: Request) -> Response:
    """Which of the limits the documents state differently hold: columns of a select, rows that offsets reach."""
    given = {name: int(value) for name, value in body(request, *coql.LIMITS).items()}
    world.store.table("sandbox/switches").put("crm_coql", given)
    return Response(200, coql.LIMITS | given)


def _add_view(world: World, request: Request) -> Response:
    """A custom view of a module, its criteria as in a bulk read."""
    given = body(request, "module", "name", "criteria")
    view_id = views.arrange(world, given["module"], given["name"], given["criteria"])
    return Response(200, {"id": view_id, "module": given["module"]})


def _plant(world: World, request: Request) -> Response:
    """Many made-up records at once; with `answers`, what is true of them."""
    given = body(request, "module", "count", "fields", "seconds", "answers")
    planter = planting.Planter(world, given["module"], given.get("fields"))
    ids = planter.plant(int(given["count"]), int(given.get("seconds", 1)))
    world.store.commit()
    told: dict[str, Any] = {"module": given["module"], "count": len(ids), "first": ids[0] if ids else None}
    told |= {"last": ids[-1] if ids else None, "total": len(planter.table)}
    if given.get("answers"):
        told["answers"] = planting.answers(world, planter.module, ids)
    return Response(200, told)


def _convert(world: World, request: Request) -> Response:
    """Leads become converted ones: lists show them only when asked to. That their times of modification move is UNVERIFIED."""
    ids = body(request, "ids")["ids"]
    table = world.store.table("crm/records/Leads")
    now = world.clock.now()
    time, second = organisation.local_time(now), int(now.timestamp())
    for one in ids:
        if table.get(one) is None:
            msg = f"there is no lead {one!r}"
            raise ValueError(msg)
        moved = {"Converted__s": True, "Converted_Date_Time": time, "Modified_Time": time, "_m": second}
        table.put(one, {**table.rows[one], **moved})
    return Response(200, {"ids": ids})


def _add_user(world: World, request: Request) -> Response:
    """A further user, or one changed."""
    given = body(request, "id", "first_name", "last_name", "email", "status", "confirm", "profile", "role")
    return Response(200, {"id": users.arrange(world, given)})


def _add_currencies(world: World, request: Request) -> Response:
    """The organisation has several currencies from now on."""
    rates = body(request, "rates")["rates"]
    currencies.arrange(world, rates)
    return Response(200, {"currencies": sorted(rates)})
