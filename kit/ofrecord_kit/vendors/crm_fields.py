"""What Zoho CRM's field metadata says of writing, and the form in which a field takes a value.

Source: Zoho CRM v8 docs, "Fields", "Insert Records"; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from ofrecord_kit.dotted import nested
from ofrecord_kit.errors import Stop, sentence
from ofrecord_kit.plan.canonical import instant
from ofrecord_kit.plan.facts import Fact

Field = Mapping[str, Any]

WITH_LENGTH = frozenset({"text", "textarea", "email", "phone", "website", "picklist", "autonumber"})
"""Types whose `length` counts characters; that of numbers counts digits."""
PICK_LISTS = frozenset({"picklist", "multiselectpicklist"})
_COMPUTED = frozenset({"autonumber", "formula", "rollup_summary"})
_BY_SERVER = frozenset({"id", "Modified_Time"})
_NONE = "-None-"
"""How people see an empty pick list; through the API it is null (UNVERIFIED that it never arrives)."""
KEPT_BY_SERVER = frozenset(
    {"Created_By", "Created_Time", "Last_Activity_Time", "Locked__s", "Modified_By", "Modified_Time", "Record_Status__s", "Tag"}
)  # fmt: skip
"""What records read from a CRM carry and no writer sets; tags have calls of their own (reference of the SDK, "Tags")."""
_NUMBERS = frozenset({"currency", "decimal", "double", "integer", "percent"})
_TEXTS = frozenset({"bigint", "email", "phone", "picklist", "text", "textarea", "website"})
_TAKES = {**dict.fromkeys(_NUMBERS, "number"), **dict.fromkeys(_TEXTS - {"bigint"}, "text")}
_LOOKUPS = frozenset({"lookup", "ownerlookup", "userlookup", "layout"})
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def character_limit(field: Field) -> int | None:
    """Most characters of a text."""
    texts = field["data_type"] in WITH_LENGTH and field.get("json_type") in {"string", None}
    return int(field["length"]) if texts and field.get("length") else None


def is_read_only(field: Field) -> bool:
    """Whether no API call writes it."""
    said = bool(field.get("read_only") or field.get("field_read_only"))
    allowed = field.get("operation_type") or {}
    written = allowed.get("api_create", True) or allowed.get("api_update", True)
    return said or not written or field["data_type"] in _COMPUTED or field["api_name"] in _BY_SERVER


def choices(field: Field) -> list[str]:
    """The values of a pick list as the API writes them; of a list for all layouts together."""
    return [
        str(one["actual_value"])
        for one in field.get("pick_list_values") or []
        if one.get("actual_value") not in {None, "", _NONE} and one.get("type") != "unused"
    ]


def facts_of(fields: Iterable[Field]) -> dict[str, Fact]:
    """What may be written, by API name.

    `read_only` is said for the token's user, `field_read_only` for everyone: the first alone means a missing right. A new
    value is accepted by most pick lists and becomes an entry of the list ("Insert Records"): a misspelt one is an obstacle.
    """
    return {str(field["api_name"]): _fact(field) for field in fields}


def _fact(field: Field) -> Fact:
    forbidden = bool(field.get("read_only")) and field.get("field_read_only") is False
    known = choices(field) if field["data_type"] in PICK_LISTS else []
    return Fact(
        read_only=is_read_only(field) and not forbidden, forbidden=forbidden, length=character_limit(field),
        values=tuple(known) or None, required=bool(field.get("system_mandatory")),
        unique=bool(field.get("unique") or field.get("external")), type=str(field["data_type"]),
        takes=_TAKES.get(field["data_type"], ""),
    )  # fmt: skip


_FORMS = {
    **dict.fromkeys(_NUMBERS, "number"), "date": "date", "datetime": "datetime", "boolean": "boolean", "phone": "text",
}  # fmt: skip


def forms_of(facts: Mapping[str, Fact]) -> dict[str, str]:
    """The canonical form in which values of each field are compared."""
    return {name: _FORMS[fact.type] for name, fact in facts.items() if fact.type in _FORMS}


def shaped_row(
    module: str, row: Mapping[str, Any], facts: Mapping[str, Fact], besides: Collection[str]
) -> dict[str, Any]:
    """A row of a plain stream in the form its module takes; dotted names become objects, what is not known passes.

    The vendor is not known to say when a name is no field (UNVERIFIED), so such a row ends the run before anything is lost.
    `besides`: names that are written and stand in no metadata.

    Raises:
        Stop: names that are no fields.
    """
    named = {name: value for name, value in row.items() if name not in KEPT_BY_SERVER}
    shaped = nested(
        {name: str(value) if name == "id" and value is not None else value for name, value in named.items()}
    )
    unknown = [name for name in shaped if not (name in facts or name in besides or name.startswith("$"))]
    if facts and unknown:
        near = [
            f"{name} (near: {close[0]})" if (close := get_close_matches(name, facts, 1)) else name for name in unknown
        ]
        raise Stop(
            sentence(
                f"{len(unknown)} properties are no fields of {module}: {', '.join(sorted(near))}",
                where=f"stream {module}",
                expected="API names of fields",
                remedy="Rename or leave them out by a stream map of the tap, or create the fields.",
            )
        )
    return {name: in_form(facts[name].type, value) if name in facts else value for name, value in shaped.items()}


def in_form(kind: str, value: Any) -> Any:
    """A value of a plain stream in the form its field takes; one that has none goes as it is, the vendor says why not.

    A blank text is no value. Times have no fractions; without an offset they are UTC.

    >>> in_form("currency", "10.50"), in_form("boolean", "Yes"), in_form("lookup", "5540001"), in_form("date", "2026-03-01T10:00:00Z")
    (Decimal('10.50'), True, {'id': '5540001'}, '2026-03-01')
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if kind in _NUMBERS and isinstance(value, str):
        return _number(value)
    if kind == "boolean" and not isinstance(value, bool):
        return _TRUTH.get(str(value).strip().casefold(), value)
    if kind in _TEXTS and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if kind in _LOOKUPS and isinstance(value, str | int):
        return {"id": str(value)}
    if kind == "multiselectpicklist" and isinstance(value, str):
        return [one.strip() for one in value.split(";") if one.strip()]
    if kind in {"date", "datetime"}:
        return _time(kind, value)
    return value


def _number(text: str) -> Any:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def _time(kind: str, value: Any) -> Any:
    moment = instant(value)
    if moment is None:
        return value
    return str(value).strip()[:10] if kind == "date" else moment.isoformat(timespec="seconds")
