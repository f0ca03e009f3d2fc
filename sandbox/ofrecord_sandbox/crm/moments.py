"""The moments that headers of requests carry."""

from __future__ import annotations

from ofrecord_sandbox.crm import organisation
from ofrecord_sandbox.crm.answers import invalid_data
from ofrecord_sandbox.web import Request


def since(request: Request) -> int | None:
    """`If-Modified-Since` in seconds since 1970; None without it. Raises RefusedError."""
    given = request.headers.get("if-modified-since")
    if given is None:
        return None
    try:
        return organisation.epoch(given)
    except ValueError:
        raise invalid_data({"header_name": "If-Modified-Since", "expected_data_type": "datetime"}) from None
