"""Worlds of the sandbox in the process of a test, and short ways into them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ofrecord_sandbox import finance
from ofrecord_sandbox.web import Response
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
