"""What the connected systems say of their fields at this moment, and what the token may do with them.

Sources: Zoho CRM v8, "Fields" and its OpenAPI file `fields.json`, "Layouts"; `GET /settings/preferences` of the finance APIs is seen live
and in no OpenAPI file (UNVERIFIED).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ofrecord.fields_needed import CUSTOM, module_of
from ofrecord_kit.errors import PermissionMissing, VendorRefusal
from ofrecord_kit.http import Client
from ofrecord_kit.vendors import crm, finance
from ofrecord_kit.vendors.crm_fields import is_read_only

_SUBFORM = "subform"


@dataclass(frozen=True)
class Live:
    """One field. `obstacle` says why it cannot be written and what to do, `only_new` that it is taken with new records only."""

    type: str
    readable: bool = True
    obstacle: str | None = None
    only_new: bool = False
    required: bool = False


@dataclass
class Found:
    """The fields of the objects that could be looked at, by path; why the others could not; and what else was not seen."""

    fields: dict[str, dict[str, Live]]
    refused: dict[str, str]
    unseen: list[str]


def crm_fields(client: Client, objects: Mapping[str, Iterable[str]], made: Iterable[str]) -> Found:
    """Fields of modules; `objects` names the line fields that matter, too. One call a module or subform, one more for `made` ones.

    Demands of layouts need the scope ZohoCRM.settings.layouts.READ; without it they are told as unseen.
    """
    found = Found({}, {}, [])
    layouts = set(made)
    for module, subforms in objects.items():
        try:
            fields = described(client, module)
        except (PermissionMissing, VendorRefusal) as refusal:
            found.refused[module] = str(refusal)
            continue
        known = found.fields[module] = {name: _live(field) for name, field in fields.items()}
        for name in subforms:
            if fields.get(name, {}).get("data_type") != _SUBFORM:
                continue
            below = (fields[name].get("associated_module") or {}).get("module") or name
            try:
                known |= {f"{name}.{one}": _live(field) for one, field in described(client, below).items()}
            except (PermissionMissing, VendorRefusal):
                found.unseen.append(f"crm {module}.{name}: what its rows hold")
        if module in layouts:
            _demand(client, module, found)
    return found


def described(client: Client, module: str) -> dict[str, Mapping[str, Any]]:
    """The fields of a module by API name, as the CRM describes them; `id` is none of its own ("Fields Metadata")."""
    params = {"module": module, "include": "allowed_permissions_to_update"}
    body = client.get(f"{crm.ROOT}/settings/fields", params=params).body or {}
    return {"id": {"api_name": "id", "data_type": "bigint"}} | {
        str(one["api_name"]): one for one in body.get("fields", [])
    }


def _live(field: Mapping[str, Any]) -> Live:
    """`visible` false is taken for a field the token's profile may not see (UNVERIFIED; such fields are described, too)."""
    allowed = field.get("operation_type") or {}
    return Live(
        type=str(field["data_type"]),
        readable=field.get("visible") is not False,
        obstacle=_obstacle(field),
        only_new=allowed.get("api_update") is False and allowed.get("api_create") is True,
        required=bool(field.get("system_mandatory")),
    )


def _obstacle(field: Mapping[str, Any]) -> str | None:
    """`read_only` is said of the token's user, `field_read_only` of everybody ("Fields"). What nobody may be given is read-only, too."""
    if not is_read_only(field):
        return None
    may_be_given = (field.get("allowed_permissions_to_update") or {}).get("read_write", True)
    if field.get("read_only") and field.get("field_read_only") is False and may_be_given:
        return "the token may not write it. Give its user the right to edit the field (profile, field permissions), or take the field out of the rules"
    return "nobody can write it. Give the field to that system in the rules, or take it out"


def _demand(client: Client, module: str, found: Found) -> None:
    """What every active layout demands: a field only some demand may be of layouts nobody uses."""
    try:
        body = client.get(f"{crm.ROOT}/settings/layouts", params={"module": module}).body or {}
    except (PermissionMissing, VendorRefusal):
        found.unseen.append(f"crm {module}: what its layouts demand (scope ZohoCRM.settings.layouts.READ)")
        return
    demands = [
        {str(field["api_name"]) for section in layout.get("sections") or [] for field in section.get("fields") or [] if field.get("required")}
        for layout in body.get("layouts") or []
        if layout.get("status", "active") == "active"
    ]  # fmt: skip
    known = found.fields[module]
    for name in set.intersection(*demands) if demands else ():
        known[name] = Live("", required=True) if name not in known else _required(known[name])


def _required(live: Live) -> Live:
    return Live(live.type, live.readable, live.obstacle, live.only_new, required=True)


def finance_fields(client: Client, system: str, objects: Iterable[str]) -> Found:
    """Custom fields of the organisation, active ones, by object. One call."""
    root = finance.INVENTORY if system == "inventory" else finance.BOOKS
    try:
        body: Mapping[str, Any] = client.get(f"{root}/settings/preferences").body or {}
    except (PermissionMissing, VendorRefusal):
        return Found({}, {}, [f"{system}: which custom fields there are (its preferences are refused)"])
    by_module = body.get("customfields") or {}
    fields = {
        object_: {
            str(one["api_name"]): Live(str(one.get("data_type") or ""), required=bool(one.get("is_mandatory")))
            for one in by_module.get(module_of(object_), [])
            if one.get("is_active", True) and str(one.get("api_name", "")).startswith(CUSTOM)
        }
        for object_ in objects
    }
    return Found(fields, {}, [])
