"""The closed vocabulary of rule files: every key, and what it says in one line. docs/rules.md explains each."""

ENTITY_KEYS: dict[str, str] = {
    "entity": "name of the business thing; also the name of its stream",
    "why": "why these rules are as they are",
    "enabled": "false: takes no part, and neither do its streams",
    "responsible": "who is told: owner, deputy and escalation",
    "systems": "where the entity lives in each system",
    "match": "fields that propose which records are the same thing, when no id links them yet",
    "label": "short name for people in each system (a number, never personal data)",
    "duplicates": "what to do when a new record matches an existing one",
    "near": "what to do when a new record's name is only alike to an existing one",
    "when": "which records of a system take part",
    "views": "filters with a name",
    "view": "the view whose records take part",
    "leaving": "what happens elsewhere when a linked record leaves the view",
    "stop": "records that must never travel, each kind with a name",
    "new": "systems in which a new record may originate",
    "deleted": "what happens elsewhere when a record was deleted in a system",
    "missing": "what an empty value means that the source never filled",
    "once": "created once; the created record lives its own life",
    "parent": "the field that names the record this one is part of",
    "primary": "which child is the primary one",
    "combine": "several records together make one record elsewhere",
    "waits_for": "records that take part once another one says so",
    "attach": "the document itself, as a file beside the record elsewhere, once",
    "spread": "one record tells several records elsewhere",
    "each": "one record for each element of a list",
    "schedule": "one record for each period of a contract",
    "counts_from": "the day from which a record counts as a part",
    "settled": "the day from which the other system's record stays as it is",
    "limits": "how much one run may do before a person is asked",
    "cadence": "how fresh values must be",
    "clock_tolerance": "edits closer than this are not ordered by their clocks",
    "figures": "what tables of states look at, and nobody writes",
    "states": "a table that decides which state a record and its whole are in",
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
    "ref": "entity this field points at, or a list of them",
    "of": "the field of that entity whose value is meant",
    "unlinked": "what waits while the record it points at has no counterpart",
    "lookup": "list of the destination in which the name is looked up",
    "lines": "fields of each line of a document",
    "identity": "fields of a line that tell which line it is",
    "combine": "how the values of several records become one",
    "otherwise": "the value when `combine: same` finds different ones",
    "after_create": "also written after the one creation",
    "violation": "answer to an edit in a system that does not own the field",
    "too_long": "hold: a value longer than the other system takes is held",
    "cadence": "how fresh this value must be",
    "lossy": "why it is right that this conversion cannot be undone",
    "why": "why this owner",
}

SIDE_KEYS: dict[str, str] = {
    "field": "name in this system; dots for nested fields",
    "parts": "the fields that together are one value",
    "record": "true: the record itself is the one line",
    "related": "true: a related list in place of a field",
    "or": "the field that is read where this one is empty",
    "unit": "physical unit or ISO 4217 currency",
    "minor": "true: the amount is in cents, the smallest unit of its currency",
    "currency": "field of the record that holds its currency",
    "values": "this system's value: the other system's value",
    "always": "a constant",
    "unless": "other constants, and the conditions of the owner's record under which each is written",
    "region": "country assumed for phone numbers without a country code",
    "form": "how this system writes countries",
    "zone": "time zone of times without an offset, and of days",
    "zero_when": "the amount counts as 0 when a field has one of these values",
    "empty_when": "the list counts as empty when a field fulfils a condition",
    "status": "written through a status action",
    "id_in": "system whose id of the record it points at this field holds",
    "page": "the value becomes the address of this page of the system's web app",
}

PART_KEYS = ("field", "form", "values")
LINE_KEYS = ("what", "format", "ref", "lookup", "why")
"""Besides these a line of a document names its field in each system."""
RESPONSIBLE_KEYS = ("owner", "deputy", "escalation")
ONCE_KEYS = ("then", "check", "tell", "sum", "amend")
CHECK_KEYS = ("what", "format", "ref", "lookup", "lines", "why")
OTHERWISE_KEYS: dict[str, str] = {
    "field": "name in this system; dots for nested fields",
    "otherwise": "the constant that stands where the field is empty, or is none in this system",
}
"""Of a figure whose field not every system has."""
SUM_KEYS = ("lines", "quantity", "rate", "discount", "tax", "currency", "less", "plus")
AMEND_TESTS = ("in", "not", "present", "absent")
"""Of conditions: `in` is a list of values."""
WAITS_FOR_KEYS: dict[str, str] = {
    "entity": "the entity whose record gives its word",
    "by": "the field that names that record",
    "until": "what that record must fulfil",
    "when": "which records wait",
}
TELL_KEYS = ("what", "mail", "webhook")
ATTACH_KEYS = ("file", "named", "when")
COMBINE_KEYS = ("into", "by", "through", "same_as", "or")
WAY_KEYS = ("by", "through", "same_as")
SCHEDULE_KEYS = ("in", "start", "months", "amount", "currency", "unit", "by")
DAY_KEYS = ("field", "zone")
PERIODS = ("contract months", "calendar months", "days")
SPREAD_KEYS = ("through", "by")
EACH_KEYS = ("in", "list", "id")
PRIMARY_KEYS = ("earliest",)
STOP_KEYS = ("what", "when", "why")
LIMIT_KEYS = ("create", "update", "delete", "money")
CONDITION_KEYS = ("not", "at least", "at most", "more than", "less than", "from", "before")
"""Beside a list of values, `present` and `absent`; `from` and `before` are for dates and times."""

SYSTEM_KEYS: dict[str, str] = {
    "tap": "name of the tap",
    "modified": "field with the time of the last change",
    "created": "field with the time of creation",
    "deleted": "field that marks a deleted record",
    "read_only": "true: nothing is ever written to it",
    "store": "systems that name one store are doors to the same records",
    "custom_prefix": "how custom fields begin that travel in custom_field_hash",
    "editor": "field with the user who made the last change",
}
SYSTEMS_FILE_KEYS = ("systems", "why")

POLICIES = ("review", "latest", "first created")
"""Besides these a policy may name a system, or list all systems of the field in order of precedence."""
FORMATS = (
    "text", "number", "money", "phone", "email", "country", "date", "datetime", "boolean", "address", "lines",
    "legal name",
)  # fmt: skip
COUNTRY_FORMS = ("name", "alpha-2", "alpha-3")
ADDRESS_PARTS = ("attention", "street", "street2", "city", "state", "code", "country", "phone")
"""What an address may consist of; `country` is a country, `phone` is text, and all others are text."""
DUPLICATES = ("overwrite", "skip", "clone")
NEAR = ("hold", "create")
MISSING = ("leave", "clear")
COMBINATIONS = ("sum", "join", "latest", "same", "states")
STATE_FIGURE_KEYS = ("what", "format")
"""Besides these a figure names its field in each system that tells it."""
STATE_FIGURE_FORMATS = ("text", "number", "money", "date")
STATES_KEYS = ("field", "flag", "since", "zone", "sums", "totals", "rows", "together")
STATE_ROW_KEYS = ("state", "when", "flag", "since", "why")
STATE_WORDS = ("passed", "fell")
"""Beside a list of words and comparisons: the day is over; the number is less than it was when the state was told last."""
STATE_COMPARISONS = ("at least", "at most", "more than", "less than")
TOGETHER_KEYS = ("state", "some", "none", "why")
VIOLATIONS = ("revert", "hold", "adopt")
DELETED_ACTIONS = ("inactive", "void", "delete")
LEAVING_ACTIONS = ("inactive",)
"""A record that leaves a view may come back, so nothing is deleted for that."""
THEN_ACTIONS = ("confirmed", "sent")
FILES = ("pdf",)
LOOKUPS = ("taxes", "accounts", "currencies")
UNLINKED = ("hold", "wait", "leave")
PRESENCE = ("present", "absent")
TOO_LONG = ("hold",)
DURATIONS = {
    "seconds": 1,
    "minutes": 60,
    "hours": 3600,
    "days": 86400,
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86400,
}
"""Words of durations (`5 minutes`, `1 hour`) and their seconds."""
