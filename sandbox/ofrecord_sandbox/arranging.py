"""What all calls of the control API share: a body that is checked, and mistakes that become one sentence."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson

from ofrecord_sandbox.web import Request, Response

ROOT = "/_sandbox/"


def told_plainly(handler: Callable[..., Response]) -> Callable[..., Response]:
    """Whatever was written wrongly becomes a 400 with one sentence."""

    @wraps(handler)
    def answer(*given: Any, **values: str) -> Response:
        try:
            return handler(*given, **values)
        except KeyError as error:
            return Response(400, {"error": f"the key {error} is missing"})
        except (ValueError, TypeError) as error:
            return Response(400, {"error": str(error)})

    return answer


def body(request: Request, *known: str) -> dict[str, Any]:
    """The JSON object of a control call, {} without one; raises ValueError for keys outside `known`."""
    given = orjson.loads(request.body) if request.body else {}
    if not isinstance(given, dict):
        msg = "the body is an object"
        raise ValueError(msg)  # noqa: TRY004 - becomes the same 400 as every other mistake
    unknown = sorted(set(given) - set(known))
    if unknown:
        msg = f"unknown key {unknown[0]!r}; known: {', '.join(known)}"
        raise ValueError(msg)
    return given
