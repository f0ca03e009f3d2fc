"""The people of the organisation ("Users"), made when it is; they can be read and deleted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ofrecord_sandbox.finance import engine, listing
from ofrecord_sandbox.finance.answers import RefusedError, done
from ofrecord_sandbox.finance.declare import Resource
from ofrecord_sandbox.finance.values import now_s, stamp
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_PEOPLE = (
    ("460000000000001", "Sandbox Owner", "owner@example.com", "460000000000002", "admin", "active"),
    ("460000000000003", "Ines Karlsson", "ines@example.com", "460000000000004", "staff", "active"),
    ("460000000000005", "Tomas Bright", "tomas@example.com", "460000000000004", "staff", "active"),
    ("460000000000006", "Mona Lind", "mona@example.com", "460000000000007", "timesheetstaff", "invited"),
    ("460000000000008", "Piet Anders", "piet@example.com", "460000000000004", "staff", "inactive"),
)
USERS = Resource(
    collection="users", singular="user", id_key="user_id", words="User", writable={},
    row=("role_id", "name", "email", "user_role", "user_type", "status", "is_current_user", "photo_url"),
    sorts=("name", "email", "user_role", "status"), sort=("name", "A"), search=("name", "email"),
)  # fmt: skip


def install(world: World) -> None:
    """The owner, who calls, and four colleagues."""
    for key, name, email, role, word, status in _PEOPLE:
        record: Record = {
            "user_id": key, "role_id": role, "name": name, "email": email, "user_role": word, "user_type": "zoho",
            "status": status, "is_current_user": email == "owner@example.com", "photo_url": "", "_created": now_s(world),
            "created_time": stamp(world.clock.now()), "_modified": now_s(world),
        }  # fmt: skip
        USERS.table(world).put(key, record)


def _shown(record: Record) -> dict[str, Any]:
    emails = [{"email": record["email"], "is_selected": True}]
    return {key: value for key, value in record.items() if key[0] != "_"} | {"email_ids": emails}


def one(world: World, request: Request, user_id: str) -> Response:
    """`GET /users/{id}`."""
    engine.only_query(request)
    return done("user", _shown(engine.found(world, USERS, user_id)))


def remove(world: World, request: Request, user_id: str) -> Response:
    """`DELETE /users/{id}`: not the one who calls (code UNVERIFIED)."""
    engine.only_query(request)
    if engine.found(world, USERS, user_id)["is_current_user"]:
        raise RefusedError(1047, "You cannot delete yourself.")
    USERS.table(world).remove(user_id)
    return done(message="The user has been removed from your organization.")


def paths(door: str) -> list[tuple[str, str, Callable[..., Response]]]:
    """`/users`, `/users/me`, `/users/{id}`."""
    return [
        ("GET", "/users", partial(listing.answer, resource=USERS, door=door)),
        ("GET", "/users/me", partial(one, user_id=_PEOPLE[0][0])),
        ("GET", "/users/{user_id}", one),
        ("DELETE", "/users/{user_id}", remove),
    ]
