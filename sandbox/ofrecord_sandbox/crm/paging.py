# ruff: noqa: EM101 - the vendor's codes are data, not sentences
"""Pages of a list, by number or by token. Source: Zoho CRM v8 docs, "Get Records"."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from ofrecord_sandbox.crm import organisation, params
from ofrecord_sandbox.crm.answers import RefusedError, invalid_data
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

BY_NUMBER = 2000
BY_TOKEN = 100_000
_LIFETIME_S = 86_400


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list are wanted: `offset` counts from 0."""

    offset: int
    per_page: int
    bound_to: str
    """Digest of everything a page token is bound to."""
    expiry: int


def wanted(world: World, request: Request) -> Page:
    """The page a request asks for; raises RefusedError for limits, foreign, stale and mismatched tokens."""
    per_page = params.whole_number(request, "per_page", params.MAX_PER_PAGE, params.MAX_PER_PAGE)
    digest = _digest(request)
    now = int(world.clock.now().timestamp())
    if "page_token" not in request.query:
        page = params.whole_number(request, "page", 1, 10**9)
        if page * per_page > BY_NUMBER:
            raise RefusedError(
                "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
                "You can only get the first 2000 records without using page_token param",
                {"limit": BY_NUMBER},
            )
        return Page((page - 1) * per_page, per_page, digest, now + _LIFETIME_S)
    if "page" in request.query:
        raise RefusedError(
            "AMBIGUITY_DURING_PROCESSING",
            "Ambiguity while processing the request",
            {"ambiguity_due_to": [{"param_name": "page"}, {"param_name": "page_token"}]},
        )
    token = _opened(request.query["page_token"])
    if token["u"] != request.caller:
        raise invalid_data({"param_name": "page_token"})
    if token["x"] <= now:
        raise RefusedError("EXPIRED_VALUE", "The given page_token has expired", {"param_name": "page_token"})
    if token["b"] != digest:
        raise RefusedError(
            "TOKEN_BOUND_DATA_MISMATCH",
            "The given page_token does not match the parameters of this request",
            {"param_name": "page_token"},
        )
    if token["o"] >= BY_TOKEN:
        message = "You can only get the first 100000 records using page_token param"
        raise RefusedError("PAGINATION_LIMIT_EXCEEDED", message, {"limit": BY_TOKEN})
    return Page(token["o"], per_page, digest, token["x"])


def numbered(request: Request, key: str, rows: Sequence[Any], **more: Any) -> Response:
    """A page of `rows` by number, under `key`; 204 when there are none. `more` stands in its `info`, too."""
    page = params.whole_number(request, "page", 1, 10**6)
    per_page = params.whole_number(request, "per_page", params.MAX_PER_PAGE, params.MAX_PER_PAGE)
    chosen = rows[(page - 1) * per_page : page * per_page]
    if not chosen:
        return Response(204)
    told = {"per_page": per_page, "count": len(chosen), "page": page, "more_records": page * per_page < len(rows)}
    return Response(200, {key: chosen, "info": {**told, **more}})


def info(page: Page, request: Request, count: int, total: int, sort_by: str, sort_order: str) -> dict[str, Any]:  # noqa: PLR0917 - one value each, named at every call
    """The `info` object that belongs to a page of `count` rows out of `total`."""
    end = page.offset + count
    more = end < total
    before = page.offset - page.per_page
    return {
        "per_page": page.per_page,
        "next_page_token": _sealed(page, request, end) if more else None,
        "count": count,
        "sort_by": sort_by,
        "page": page.offset // page.per_page + 1,
        "previous_page_token": _sealed(page, request, before) if before >= 0 else None,
        "page_token_expiry": organisation.from_epoch(page.expiry) if more or before >= 0 else None,
        "sort_order": sort_order,
        "email": False,
        "call": False,
        "more_records": more,
    }


def _digest(request: Request) -> str:
    kept = sorted((name, value) for name, value in request.query.items() if name not in {"page", "page_token"})
    bound = [request.path, kept, request.headers.get("if-modified-since", ""), request.headers.get("x-external", "")]
    return hashlib.sha256(orjson.dumps(bound)).hexdigest()[:24]


def _sealed(page: Page, request: Request, offset: int) -> str:
    token = {"o": offset, "x": page.expiry, "b": page.bound_to, "u": request.caller}
    return base64.urlsafe_b64encode(orjson.dumps(token)).decode().rstrip("=")


def _opened(token: str) -> dict[str, Any]:
    try:
        opened = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return {"o": int(opened["o"]), "x": int(opened["x"]), "b": opened["b"], "u": opened["u"]}
    except (binascii.Error, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise invalid_data({"param_name": "page_token"}) from None
