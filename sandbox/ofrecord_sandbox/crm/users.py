"""`GET /users`, and users arranged beside the calling one. Source: Zoho CRM v8 OpenAPI `users.json`, docs "Get Users Data".

UNVERIFIED: that AllUsers leaves out deleted ones, and what is answered for an id nobody has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ofrecord_sandbox.crm import organisation, paging, params
from ofrecord_sandbox.crm.answers import invalid_data
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_IDS = 554023000000002000
_MANY_IDS = 100
_STATUSES = ("active", "inactive", "deleted")
_KEYS = {"first_name", "last_name", "email", "status", "confirm", "profile", "role"}
_ADMIN = "Administrator"


def _is(status: str) -> Callable[[Record], bool]:
    return lambda user: user["status"] == status


def _is_admin(user: Record) -> bool:
    return bool(user["profile"]["name"] == _ADMIN and user["status"] != "deleted")


_TYPES: dict[str, Callable[[Record], bool]] = {
    "AllUsers": lambda user: user["status"] != "deleted",
    "ActiveUsers": _is("active"),
    "DeactiveUsers": _is("inactive"),
    "ConfirmedUsers": lambda user: user["confirm"] and user["status"] != "deleted",
    "NotConfirmedUsers": lambda user: not user["confirm"] and user["status"] != "deleted",
    "DeletedUsers": _is("deleted"),
    "ActiveConfirmedUsers": lambda user: user["status"] == "active" and user["confirm"],
    "AdminUsers": _is_admin,
    "ActiveConfirmedAdmins": lambda user: _is_admin(user) and user["status"] == "active" and user["confirm"],
    "CurrentUser": lambda user: user["id"] == organisation.USER["id"],
}


def list_all(world: World, request: Request) -> Response:
    """`GET /users[?type=&ids=&page=&per_page=]`."""
    params.only(request, "type", "page", "per_page", "ids")
    kind = request.query.get("type", "AllUsers")
    if kind not in _TYPES:
        raise invalid_data({"param_name": "type", "supported_values": sorted(_TYPES)})
    ids = [one for one in request.query.get("ids", "").split(",") if one]
    if len(ids) > _MANY_IDS:
        raise invalid_data({"param_name": "ids", "maximum_length": _MANY_IDS})
    everyone = organisation.users_by_id(world).values()
    found = [user for user in everyone if _TYPES[kind](user) and (not ids or user["id"] in ids)]
    return paging.numbered(request, "users", found)


def get(world: World, request: Request, user_id: str) -> Response:
    """`GET /users/{id}`."""
    params.only(request)
    user = organisation.users_by_id(world).get(user_id)
    return Response(204) if user is None else Response(200, {"users": [user]})


def arrange(world: World, wanted: dict[str, Any]) -> str:
    """A further user, or with `id` a known one changed; the id. Raises ValueError."""
    table = world.store.table("crm/users")
    unknown = sorted(set(wanted) - _KEYS - {"id"})
    status = wanted.get("status", "active")
    if unknown or status not in _STATUSES:
        what = f"unknown key {unknown[0]!r}" if unknown else f"unknown status {status!r}"
        msg = f"{what}; known: {', '.join(sorted(_KEYS) if unknown else _STATUSES)}"
        raise ValueError(msg)
    user_id = wanted.get("id") or world.next_id(_IDS)
    now = organisation.local_time(world.clock.now())
    known = table.get(user_id) or {**organisation.user(world), "id": user_id, "created_time": now, "profile": None}
    values = {key: value for key, value in wanted.items() if key not in {"profile", "role", "id"}}
    user = {**known, "confirm": True, **values, "status": status, "Modified_Time": now}
    user["full_name"] = user["name"] = f"{user['first_name']} {user['last_name']}"
    for key, shift in (("profile", 10), ("role", 20)):
        if key in wanted or user[key] is None:
            user[key] = {"name": wanted.get(key, "Standard"), "id": str(int(user_id) + 1000 * shift)}
    table.put(user_id, user)
    return str(user_id)
