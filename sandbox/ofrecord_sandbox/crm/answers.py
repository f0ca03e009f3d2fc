"""The CRM's way of saying no. Source: Zoho CRM v8 docs, "Status Codes" and the error tables of each page."""

from __future__ import annotations

from typing import Any

from ofrecord_sandbox.web import Response

Body = dict[str, Any]


class RefusedError(Exception):
    """A refusal in the vendor's words: of a whole request, or of one record inside `data[]`."""

    def __init__(self, code: str, message: str, details: Body | None = None, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details or {}
        self.status = status

    def body(self) -> Body:
        """The vendor's error object."""
        return {"code": self.code, "details": self.details, "message": self.message, "status": "error"}

    def response(self) -> Response:
        """The refusal of a whole request."""
        return Response(self.status, self.body())


def invalid_data(details: Body, message: str = "invalid data") -> RefusedError:
    """INVALID_DATA, the vendor's word for most things."""
    return RefusedError("INVALID_DATA", message, details)


def invalid_id(details: Body | None = None) -> RefusedError:
    """An id that names no record."""
    return RefusedError("INVALID_DATA", "the id given seems to be invalid", details)


def missing_param(name: str) -> RefusedError:
    """A parameter that must be there."""
    return RefusedError("REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", {"param_name": name})


def several(errors: list[RefusedError]) -> RefusedError:
    """One error for a record: the only one, or all of them packed together."""
    if len(errors) == 1:
        return errors[0]
    return RefusedError("MULTIPLE_OR_MULTI_ERRORS", "Multiple errors", {"errors": [error.body() for error in errors]})


ALREADY_MODIFIED = 412
_NO_PERMISSION = 403
_VERBS = {"creatable": "Create", "editable": "Edit", "deletable": "Delete", "viewable": "View"}


def no_permission(module: str, right: str, details: Body | None = None) -> RefusedError:
    """The user's profile does not allow it; `right` is creatable, editable, deletable or viewable."""
    verb = _VERBS[right]
    given = {"permissions": [f"Crm_Implied_{verb}_{module}"]} | (details or {})
    return RefusedError("NO_PERMISSION", f"permission denied to {verb.lower()}", given, _NO_PERMISSION)


def overall(codes: set[str], success: int) -> int:
    """Status of an answer with one element a record: the vendor's rule for what all of them came to."""
    if codes == {"SUCCESS"}:
        return success
    if codes == {"ALREADY_MODIFIED"}:
        return ALREADY_MODIFIED
    if codes == {"NO_PERMISSION"}:
        return _NO_PERMISSION
    return 207 if "SUCCESS" in codes else 400
