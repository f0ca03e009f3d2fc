"""Refusals and envelopes of the finance APIs ("Errors", "Response" of Zoho Inventory and Books)."""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.web import Response

BAD = 400
MISSING = 404


class RefusedError(Exception):
    """A request the vendor refuses: its code, its words and the HTTP status."""

    def __init__(self, code: int, message: str, status: int = BAD) -> None:
        super().__init__(message)
        self.code = code
        self.status = status

    def response(self) -> Response:
        """The vendor's answer."""
        return Response(self.status, {"code": self.code, "message": str(self)})


def invalid(what: str) -> RefusedError:
    """A value of the wrong kind (code 4; the split between codes 2 and 4 is UNVERIFIED)."""
    return RefusedError(4, f"Invalid value passed for {what}")


def unknown(what: str) -> RefusedError:
    """A key or parameter nobody documents: the sandbox refuses it (code 2, UNVERIFIED)."""
    return RefusedError(2, f"Invalid value passed for {what}: there is no such field")


def too_long(what: str, most: int) -> RefusedError:
    """A text over its limit (code 15, UNVERIFIED)."""
    return RefusedError(15, f"Please ensure that the {what} has less than {most} characters.")


def absent(words: str) -> RefusedError:
    """`<Resource> does not exist.` (code 1002)."""
    return RefusedError(1002, f"{words} does not exist.", MISSING)


def done(key: str = "", content: Any = None, message: str = "success", status: int = 200) -> Response:
    """Success: `code` 0, a message, and the resource under its key."""
    body: dict[str, Any] = {"code": 0, "message": message}
    if key:
        body[key] = content
    return Response(status, body)
