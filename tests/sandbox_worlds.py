"""Worlds of the sandbox in the process of a test, and short ways into them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from ofrecord_sandbox import finance, pipeline
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World


def call(world: World, method: str, path: str, body: Any = None, **headers: str) -> Response:
    """A call of the CRM; `if_modified_since` is the header `if-modified-since`."""
    return world.call(method, f"/crm/v8/{path}", body, {name.replace("_", "-"): one for name, one in headers.items()})


def control(world: World, path: str, **body: Any) -> Any:
    """A call of the CRM's switches."""
    answer = world.call("POST", f"/_sandbox/crm/{path}", body)
    assert answer.status == 200, answer.content
    return answer.content


def made(world: World, module: str, **values: Any) -> str:
    """The id of a new record of the CRM."""
    answer = call(world, "POST", module, {"data": [values], "trigger": []})
    assert answer.status == 201, answer.content
    return str(answer.content["data"][0]["details"]["id"])


def sent(world: World, method: str, path: str, body: Any = None, **headers: str) -> Response:
    """A call of the CRM from outside: through the guard, with a token. An empty header is left out."""
    form = {
        "grant_type": "refresh_token",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
        "refresh_token": "1000.sandbox.refresh",
    }
    if "token" not in world.cache:
        answer = pipeline.handle(world, Request("POST", "/oauth/v2/token", form=form))
        world.cache["token"] = answer.content["access_token"]
    named = {"authorization": f"Zoho-oauthtoken {world.cache['token']}", "content-type": "application/json"} | headers
    place, _, said = path.partition("?")
    query = dict(pair.split("=", 1) for pair in said.split("&") if pair)
    where = place if place.startswith("/") else f"/crm/v8/{place}"
    content = b"" if body is None else orjson.dumps(body)
    kept = {name: value for name, value in named.items() if value}
    return pipeline.handle(world, Request(method, where, query, kept, content))


def crm(world: World, module: str) -> list[dict[str, Any]]:
    """The records of a module of the CRM, as they are stored."""
    return list(world.store.table(f"crm/records/{module}"))


def read(world: World, path: str) -> dict[str, Any]:
    """What a read of the finance side answers."""
    joint = "&" if "?" in path else "?"
    answer: dict[str, Any] = orjson.loads(world.call("GET", f"/{path}{joint}organization_id=700001").encoded())
    assert answer["code"] == 0, answer
    return answer


def listed(world: World, path: str, key: str) -> list[dict[str, Any]]:
    """All rows of a list of the finance side."""
    rows: list[dict[str, Any]] = []
    for page in range(1, 100):
        answer = read(world, f"{path}?per_page=200&page={page}")
        rows += answer[key]
        if not answer["page_context"]["has_more_page"]:
            return rows
    raise AssertionError(path)


class Finance:
    """A world of the finance side. `root` stands before every path."""

    root = ""

    def __init__(self) -> None:
        self.world = World()
        self.world.clock.freeze(datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
        finance.register(self.world)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        """Status and answer; `x_upsert` is the header `x-upsert`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.world.call(method, self.root + path, body, named)
        return answer.status, answer.content

    def ok(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The answer to a call that succeeds."""
        status, answer = self.call(method, path, body)
        assert (status in {200, 201}, answer["code"]) == (True, 0), answer
        return answer

    def code(self, method: str, path: str, body: Any = None) -> int:
        """The code of the answer."""
        return int(self.call(method, path, body)[1]["code"])
