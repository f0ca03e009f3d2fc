"""Modules and fields: how they are described in the store, and the compiled form the other parts read.

Source: Zoho CRM v8 docs, "Modules", "Fields", "Layouts".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from ofrecord_sandbox.crm import finance_documents, further, standard
from ofrecord_sandbox.world import World

_MODULE_IDS = 554023000000010000
_FIELD_IDS = 554023000000100000

_JSON_TYPES = {
    "integer": "integer", "double": "double", "currency": "double", "percent": "double", "boolean": "boolean",
    "lookup": "jsonobject", "ownerlookup": "jsonobject", "userlookup": "jsonobject", "subform": "jsonarray",
    "multiselectpicklist": "jsonarray", "linetax": "jsonarray",
}  # fmt: skip
_LENGTHS = {
    "text": 255, "email": 100, "phone": 30, "website": 450, "picklist": 120, "integer": 9, "bigint": 18,
    "currency": 16, "double": 16, "percent": 5, "autonumber": 255, "date": 20, "datetime": 120, "boolean": 5,
}  # fmt: skip
TEXTAREA = {"small": 2000, "large": 32000, "rich_text": 50000}
PERMISSIONS = ("read_write", "read_only", "hidden")
RIGHTS = ("api_supported", "creatable", "editable", "deletable", "viewable")
DATA_TYPES = frozenset(_JSON_TYPES) | frozenset(_LENGTHS) | {"textarea"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field, ready for use. `target` is the module a lookup points to or a subform consists of."""

    api_name: str
    data_type: str
    length: int
    decimals: int | None
    target: str
    mandatory: bool
    read_only: bool
    unique: bool
    external: bool
    custom: bool
    values: tuple[str, ...]
    restricted: bool
    required: bool
    """By the layout: the field's own description does not say so."""
    permission: str
    """What the token's profile may do with it: read_write, read_only or hidden."""


@dataclass(frozen=True)
class Module:
    """One module, ready for use. `parent` is set for the rows of a subform, with the field that holds them."""

    api_name: str
    id: str
    kind: str
    parent: str
    name_field: str
    duplicate_field: str
    rights: frozenset[str] = frozenset()
    """Which of api_supported, creatable, editable, deletable, viewable hold."""
    fields: dict[str, Field] = field(default_factory=dict)

    @property
    def table(self) -> str:
        """Name of the table of its records."""
        return f"crm/records/{self.api_name}"

    @cached_property
    def unique_fields(self) -> tuple[str, ...]:
        """Fields whose values may not occur twice; external fields count as unique."""
        return tuple(known.api_name for known in self.fields.values() if known.unique or known.external)

    @cached_property
    def subforms(self) -> tuple[Field, ...]:
        """Fields that hold rows."""
        return tuple(known for known in self.fields.values() if known.data_type == "subform")

    @cached_property
    def demanded(self) -> tuple[Field, ...]:
        """Fields a new record needs: by the system or by the layout."""
        return tuple(known for known in self.fields.values() if known.mandatory or known.required)

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Fields the token's profile may not see."""
        return frozenset(known.api_name for known in self.fields.values() if known.permission == "hidden")

    def refuses(self, right: str) -> bool:
        """Whether `creatable`, `editable`, … does not hold for the token's user."""
        return right not in self.rights


def schema(world: World) -> dict[str, Module]:
    """All modules by API name, compiled again whenever the metadata changed."""
    modules, fields = world.store.table("crm/modules"), world.store.table("crm/fields")
    version = (modules.version, fields.version)
    kept = world.cache.get("crm/schema")
    if kept is None or kept[0] != version:
        compiled = {row["api_name"]: _compiled_module(row) for row in modules}
        for row in fields:
            compiled[row["_module"]].fields[row["api_name"]] = _compiled_field(row)
        kept = world.cache["crm/schema"] = (version, compiled)
    return cast("dict[str, Module]", kept[1])


def install(world: World) -> None:
    """Standard modules and fields into an empty store."""
    for name, lines in standard.MODULES.items():
        _put_module(world, name, "default", "", standard.NAME_FIELDS[name], standard.DUPLICATE_FIELDS[name])
        _put_lines(world, name, standard.COMMON + lines)
    for name, (parent, lines) in standard.SUBFORMS.items():
        _put_module(world, name, "subform", parent, "id", "")
        _put_lines(world, name, lines)
    for name, lines in further.MODULES.items():
        _put_module(world, name, "default", "", further.NAME_FIELDS[name], further.DUPLICATE_FIELDS[name])
        _put_lines(world, name, standard.COMMON + lines)
    for name, (parent, lines) in further.SUBFORMS.items():
        _put_module(world, name, "subform", parent, "id", "")
        _put_lines(world, name, lines)
    table = world.store.table("crm/modules")
    for name, status in further.UNREAD.items():
        _put_module(world, name, "default", "", "id", "")
        table.put(name, {**table.rows[name], "api_supported": False, "status": status})


def setup_fields(world: World) -> None:
    """The custom fields the shipped rules use, and their module (docs/architecture.md)."""
    for module, fields in standard.CUSTOM_FIELDS.items():
        for wanted in fields:
            add_field(world, module, dict(wanted))
    stages = dict(world.store.table("crm/fields").rows["Quotes.Quote_Stage"])
    values = [pick["actual_value"] for pick in stages["pick_list_values"]]
    stages["pick_list_values"] = pick_list(world, [*values, "Accepted"])
    world.store.table("crm/fields").put("Quotes.Quote_Stage", stages)
    add_module(world, finance_documents.NAME, finance_documents.LABEL, finance_documents.FIELDS)


def add_module(world: World, api_name: str, label: str, fields: list[dict[str, Any]]) -> None:
    """A custom module with the mandatory field `Name` and the given ones; raises ValueError when it exists already."""
    if api_name in schema(world):
        msg = f"module {api_name!r} exists already"
        raise ValueError(msg)
    _put_module(world, api_name, "custom", "", "Name", "Name", label)
    _put_lines(world, api_name, standard.COMMON + "Name text !")
    for wanted in fields:
        add_field(world, api_name, wanted)


_FIELD_KEYS = {
    "api_name", "data_type", "label", "length", "decimal_place", "values", "restricted", "unique", "external",
    "mandatory", "read_only", "lookup", "fields",
}  # fmt: skip


def add_field(world: World, module: str, wanted: dict[str, Any]) -> None:
    """A custom field; raises ValueError for an unknown module, type or key, or when the field exists already.

    `wanted` is `{"api_name", "data_type", "label"?, "length"?, "decimal_place"?, "values"? (pick list), "restricted"?,
    "unique"? (bool), "external"? ("org"|"user"), "mandatory"?, "read_only"?, "lookup"? (module), "fields"? (of a subform)}`.
    """
    if world.store.table("crm/modules").get(module) is None:
        msg = f"there is no module {module!r}"
        raise ValueError(msg)
    unknown = sorted(set(wanted) - _FIELD_KEYS)
    if unknown or wanted.get("data_type") not in DATA_TYPES:
        msg = f"unknown key {unknown[0]!r} of a field" if unknown else f"unknown data_type {wanted.get('data_type')!r}"
        raise ValueError(msg)
    name = wanted["api_name"]
    if world.store.table("crm/fields").get(f"{module}.{name}") is not None:
        msg = f"field {name!r} of {module} exists already"
        raise ValueError(msg)
    target = wanted.get("lookup", "")
    if wanted["data_type"] == "subform":
        target = name
        _put_module(world, name, "subform", module, "id", "")
        _put_lines(
            world,
            name,
            f"id bigint ro\nCreated_Time datetime ro\nModified_Time datetime ro\nParent_Id lookup:{module} ro",
        )
        for column in wanted.get("fields", []):
            add_field(world, name, column)
    row = _field_row(world, module, name, wanted["data_type"], target, custom=True)
    row["field_label"] = row["display_label"] = wanted.get("label", name.replace("_", " "))
    row["length"] = wanted.get("length", row["length"])
    row["decimal_place"] = wanted.get("decimal_place", row["decimal_place"])
    row["system_mandatory"] = bool(wanted.get("mandatory", False))
    row["read_only"] = row["field_read_only"] = bool(wanted.get("read_only", False))
    row["unique"] = {"case_sensitive": False} if wanted.get("unique") else {}
    row["external"] = {"type": wanted["external"], "show": False} if wanted.get("external") else None
    row["pick_list_values"] = pick_list(world, wanted.get("values", []))
    row["_restricted"] = bool(wanted.get("restricted", False))
    world.store.table("crm/fields").put(f"{module}.{name}", row)
    if row["external"] or row["unique"]:
        world.store.table(f"crm/records/{module}").forget_indexes()


def _put_module(  # noqa: PLR0917 - one value each, named at every call
    world: World, name: str, kind: str, parent: str, name_field: str, duplicate_field: str, label: str = ""
) -> None:
    module_id = world.next_id(_MODULE_IDS)
    subform = kind == "subform"
    row = {
        "api_name": name,
        "id": module_id,
        "module_name": name.replace("_", "") if kind == "default" else name,
        "singular_label": (label or name.replace("_", " ")).removesuffix("s"),
        "plural_label": label or name.replace("_", " "),
        "generated_type": kind,
        "api_supported": True,
        "creatable": not subform,
        "editable": not subform,
        "deletable": not subform,
        "viewable": not subform,
        "convertable": name in {"Quotes", "Sales_Orders"},
        "show_as_tab": not subform,
        "status": "visible",
        "sequence_number": int(module_id) - _MODULE_IDS,
        "parent_module": {"api_name": parent, "id": _module_id(world, parent)} if parent else {},
        "_name_field": name_field,
        "_duplicate_field": duplicate_field,
    }
    world.store.table("crm/modules").put(name, row)


def _module_id(world: World, name: str) -> str:
    row = world.store.table("crm/modules").get(name)
    return str(row["id"]) if row else ""


def _put_lines(world: World, module: str, lines: str) -> None:
    for line in lines.split("\n"):
        if line.strip():
            name, kind, *flags = line.split()
            data_type, _, argument = kind.partition(":")
            row = _field_row(world, module, name, data_type, argument, custom=False)
            row["system_mandatory"] = "!" in flags
            row["read_only"] = row["field_read_only"] = "ro" in flags
            row["_restricted"] = "closed" in flags
            row["operation_type"] = dict.fromkeys(row["operation_type"], "ro" not in flags)
            world.store.table("crm/fields").put(f"{module}.{name}", row)


def _field_row(world: World, module: str, name: str, data_type: str, argument: str, *, custom: bool) -> dict[str, Any]:
    """One field in the vendor's shape (keys with a leading underscore stay inside)."""
    length = TEXTAREA[argument or "small"] if data_type == "textarea" else _LENGTHS.get(data_type, 255)
    money = data_type == "currency"
    return {
        "api_name": name,
        "id": world.next_id(_FIELD_IDS),
        "field_label": name.replace("_", " "),
        "display_label": name.replace("_", " "),
        "data_type": "text" if data_type == "linetax" else data_type,
        "json_type": _JSON_TYPES.get(data_type, "string"),
        "length": length,
        "decimal_place": 2 if data_type in {"currency", "double", "percent"} else None,
        "system_mandatory": False,
        "read_only": False,
        "field_read_only": False,
        "custom_field": custom,
        "visible": True,
        "filterable": data_type not in {"textarea", "subform", "linetax"},
        "sortable": data_type not in {"textarea", "subform", "linetax"},
        "searchable": data_type not in {"subform", "linetax"},
        "virtual_field": False,
        "mass_update": False,
        "unique": {},
        "external": None,
        "operation_type": {"web_update": True, "api_create": True, "web_create": True, "api_update": True},
        "lookup": _lookup(world, argument) if data_type == "lookup" else {},
        "multiselectlookup": {},
        "associated_module": {"module": argument, "id": _module_id(world, argument)}
        if data_type == "subform"
        else None,
        "pick_list_values": pick_list(
            world,
            [value.replace("_", " ") for value in argument.split("|")] if "picklist" in data_type and argument else [],
        ),
        "auto_number": {"prefix": "", "suffix": "", "start_number": 1} if data_type == "autonumber" else {},
        "textarea": {"type": argument or "small"} if data_type == "textarea" else {},
        "currency": {"rounding_option": "round_half_up", "precision": 2} if money else {},
        "formula": {},
        "created_source": "default",
        "_module": module,
        "_type": data_type,
        "_target": argument if data_type in {"lookup", "subform"} else "",
    }


def described(world: World, module: str, name: str, data_type: str) -> dict[str, Any]:
    """What the description of a custom field of that type would be; it has an id of its own, and is not stored."""
    return _field_row(world, module, name, data_type, "", custom=True)


def _lookup(world: World, target: str) -> dict[str, Any]:
    module = {"api_name": target, "id": _module_id(world, target), "crypt": False}
    return {"display_label": target.replace("_", " "), "module": module}


def pick_list(world: World, values: list[Any]) -> list[dict[str, Any]]:
    """The values of a list in the vendor's shape; one is a text or `{"display_value", "actual_value"}`."""
    pairs = [
        (value["display_value"], value["actual_value"]) if isinstance(value, dict) else (value, value)
        for value in values
    ]
    return [
        {
            "id": world.next_id(_FIELD_IDS),
            "display_value": display,
            "actual_value": actual,
            "reference_value": actual,
            "sequence_number": number,
            "type": "used",
        }
        for number, (display, actual) in enumerate(pairs, start=1)
    ]


def remove_field(world: World, key: str) -> None:
    """Take a field (`Module.Api_Name`) and its values away."""
    module, _, name = key.partition(".")
    world.store.table("crm/fields").remove(key)
    table = world.store.table(f"crm/records/{module}")
    for record in table:
        if name in record:
            table.put(record["id"], {known: value for known, value in record.items() if known != name})
    table.forget_indexes()


def _compiled_module(row: dict[str, Any]) -> Module:
    return Module(
        api_name=row["api_name"],
        id=row["id"],
        kind=row["generated_type"],
        parent=row["parent_module"].get("api_name", ""),
        name_field=row["_name_field"],
        duplicate_field=row["_duplicate_field"],
        rights=frozenset(right for right in RIGHTS if row[right]),
    )


def _compiled_field(row: dict[str, Any]) -> Field:
    return Field(
        api_name=row["api_name"],
        data_type=row["_type"],
        length=row["length"],
        decimals=row["decimal_place"],
        target=row["_target"],
        mandatory=row["system_mandatory"],
        read_only=row["field_read_only"],
        unique=bool(row["unique"]),
        external=bool(row["external"]),
        custom=row["custom_field"],
        values=tuple(pick["actual_value"] for pick in row["pick_list_values"]),
        restricted=row.get("_restricted", False),
        required=row.get("_required", False),
        permission=row.get("_permission", "read_write"),
    )
