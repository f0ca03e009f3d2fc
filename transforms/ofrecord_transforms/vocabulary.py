"""The closed vocabulary of rule files: every key, and what it says in one line. docs/rules.md explains each."""

ENTITY_KEYS: dict[str, str] = {
    "entity": "name of the business thing; also the name of its stream",
    "why": "why these rules are as they are",
    "responsible": "who is told: owner, deputy and escalation",
    "systems": "where the entity lives in each system",
    "match": "fields that propose which records are the same thing, when no id links them yet",
    "label": "short name for people in each system (a number, never personal data)",
    "duplicates": "what to do when a new record matches an existing one",
    "when": "which records of a system take part",
    "new": "systems in which a new record may originate",
    "deleted": "what happens elsewhere when a record was deleted in a system",
    "missing": "what an empty value means that the source never filled",
    "once": "created once; the created record lives its own life",
    "parent": "the field that names the record this one is part of",
    "primary": "which child is the primary one",
    "combine": "several records together make one record elsewhere",
    "each": "one record for each element of a list",
    "fields": "the ownership matrix, a line per field",
}

PLACE_KEYS: dict[str, str] = {
    "stream": "the tap's stream to read; also the object to write",
    "object": "the object to write, when nothing is read",
    "id": "field that holds the record's own id",
    "external_id": "field that holds the id of the same record in the other system",
}

FIELD_KEYS: dict[str, str] = {
    "what": "name of the field, in words",
    "owner": "the system of record, or shared",
    "policy": "who wins when a shared field was changed on both sides",
    "crm": "the field in the CRM",
    "inventory": "the field in inventory",
    "books": "the field in books (read only)",
    "format": "kind of value: how it is compared and sent",
    "ref": "entity this field points at",
    "lookup": "list of the destination in which the name is looked up",
    "lines": "fields of each line of a document",
    "combine": "how the values of several records become one",
    "otherwise": "the value when `combine: same` finds different ones",
    "after_create": "also written after the one creation",
    "violation": "answer to an edit in a system that does not own the field",
    "lossy": "why it is right that this conversion cannot be undone",
    "why": "why this owner",
}

SIDE_KEYS: dict[str, str] = {
    "field": "name in this system; dots for nested fields",
    "unit": "physical unit or ISO 4217 currency",
    "currency": "field of the record that holds its currency",
    "values": "this system's value: the other system's value",
    "always": "a constant",
    "region": "country assumed for phone numbers without a country code",
    "zero_when": "the amount counts as 0 when a field has one of these values",
    "status": "written through a status action",
}

LINE_KEYS = tuple(key for key in FIELD_KEYS if key in {"what", "crm", "inventory", "format", "ref", "lookup", "why"})
RESPONSIBLE_KEYS = ("owner", "deputy", "escalation")
ONCE_KEYS = ("then", "check")
COMBINE_KEYS = ("into", "by", "through", "same_as")
EACH_KEYS = ("in", "list", "id")
PRIMARY_KEYS = ("earliest",)

POLICIES = ("review", "latest", "first created")
"""Besides these a policy may name a system."""
FORMATS = (
    "text", "number", "money", "phone", "email", "date", "datetime", "boolean", "address", "lines", "legal name",
)  # fmt: skip
DUPLICATES = ("overwrite", "skip", "clone")
MISSING = ("leave", "clear")
COMBINATIONS = ("sum", "join", "latest", "same")
VIOLATIONS = ("revert", "hold", "adopt")
DELETED_ACTIONS = ("inactive",)
THEN_ACTIONS = ("confirmed",)
LOOKUPS = ("taxes",)
PRESENCE = ("present", "absent")
