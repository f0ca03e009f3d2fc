"""Rules the systems could not keep are refused before anything is sent: one sentence for each mistake."""

import json

import pytest

from ofrecord_transforms.load import read_all
from ofrecord_transforms.problems import RulesError

TEXT, NUMBER, FLAG = ["string", "null"], ["number", "null"], ["boolean", "null"]
CRM = {
    "id": (TEXT, {}),
    "Inventory_ID": (TEXT, {}),
    "Name": (TEXT, {"max-length": 100}),
    "Long": (TEXT, {"max-length": 1000}),
    "Amount": (NUMBER, {}),
    "Active": (FLAG, {}),
    "Day": (("date", TEXT), {}),
    "Moment": (("date-time", TEXT), {}),
    "Account": (["object", "null"], {}),
    "Tags": (["array", "null"], {}),
    "Stage": (TEXT, {"values": ["Draft", "Accepted", "Lost"]}),
    "Rating": (TEXT, {"values": ["Hot", "Cold"], "open-values": True}),
    "Number": (TEXT, {"read-only": True}),
    "Billing_City": (TEXT, {"max-length": 300}),
    "Phone": (TEXT, {}),
}
INVENTORY = {
    "item_id": (TEXT, {}),
    "name": (TEXT, {"max-length": 50}),
    "code": (TEXT, {}),
    "amount": (NUMBER, {}),
    "active": (FLAG, {}),
    "day": (("date", TEXT), {}),
    "time": (("date-time", TEXT), {}),
    "status": (TEXT, {"values": ["draft", "open"]}),
    "phase": (TEXT, {"values": ["Draft", "Accepted"]}),
    "kept": (TEXT, {"read-only": True}),
    "city": (TEXT, {"max-length": 100}),
    "tags": (["array", "null"], {}),
    "phone": (TEXT, {}),
}


def stream(name, fields, required=()):
    properties, metadata = {}, []
    for field, (types, facts) in fields.items():
        form = {"format": types[0]} if isinstance(types, tuple) else {}
        properties[field] = {"type": types[1] if isinstance(types, tuple) else types, **form}
        said = {**facts, **({"required": True} if field in required else {})}
        metadata.append({"breadcrumb": ["properties", field], "metadata": said})
    return {"tap_stream_id": name, "schema": {"properties": properties}, "metadata": metadata}


HEAD = """\
entity: product
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: things, id: item_id, external_id: cf_crm_id}
  crm: {stream: Things, id: id, external_id: Inventory_ID}
"""


@pytest.fixture
def folder(tmp_path):
    """A rules folder whose catalogs know Things of the CRM and things of inventory."""
    rules = tmp_path / "rules"
    (rules / "catalog").mkdir(parents=True)
    lines = stream("Orders", {"Item": (["object", "null"], {}), "Count": (NUMBER, {})})["schema"]
    catalogs = {
        "crm": [stream("Things", CRM, ["Name"]), {"tap_stream_id": "Orders", "schema": {"properties": {
            "id": {"type": "string"}, "Lines": {"type": "array", "items": {"type": "object", **lines}}}}}],
        "inventory": [stream("things", INVENTORY), {"tap_stream_id": "orders", "schema": {"properties": {
            "order_id": {"type": "string"}, "line_items": {"type": "array", "items": {"properties": {
                "item_id": {"type": "string"}, "quantity": {"type": "number"}}}}}}}],
    }  # fmt: skip
    for system, streams in catalogs.items():
        (rules / "catalog" / f"tap-{system}.json").write_text(json.dumps({"streams": streams}), encoding="utf-8")
    return rules


@pytest.fixture
def problems_of(folder):
    """Every problem of files with these texts; none when they are good."""

    def problems(*texts):
        try:
            read_all({f"rules/{number}.yml": text.encode() for number, text in enumerate(texts)}, folder)
        except RulesError as error:
            return error.problems
        return []

    return problems


FIELDS = {
    "unknown field": (
        "{what: X, owner: crm, crm: Nmae, inventory: code}",
        'crm Things has no field "Nmae". Did you mean "Name"?',
    ),
    "unknown field with nothing near": (
        "{what: X, owner: crm, crm: Zzz, inventory: code}",
        'crm Things has no field "Zzz". If it is new there: ofrecord catalog --tap tap-crm',
    ),
    "unknown field of a part": (
        "{what: X, owner: crm, crm: {parts: {city: Billing_Cty}}, inventory: {parts: {city: code}}}",
        'crm Things has no field "Billing_Cty". Did you mean "Billing_City"?',
    ),
    "unknown currency field": (
        "{what: X, owner: inventory, crm: {field: Amount, unit: USD}, inventory: {field: amount, currency: cod}}",
        'inventory things has no field "cod". Did you mean "code"?',
    ),
    "unknown field of zero_when": (
        "{what: X, owner: inventory, format: number, crm: Amount, inventory: {field: amount, zero_when: {stats: [draft]}}}",
        'inventory things has no field "stats". Did you mean "status"?',
    ),
    "text into a number": (
        "{what: X, owner: crm, crm: Long, inventory: amount}",
        (
            "crm Things.Long holds text, inventory things.amount takes numbers. "
            "Say format: number, or translate it with values."
        ),
    ),
    "text into true and false": (
        "{what: X, owner: crm, crm: Phone, inventory: active}",
        (
            "crm Things.Phone holds text, inventory things.active takes true or false. "
            "Translate it with values, as in {yes: true, no: false}."
        ),
    ),
    "numbers without a format": (
        "{what: X, owner: crm, crm: Amount, inventory: amount}",
        "crm Things.Amount holds numbers, inventory things.amount takes numbers. Say format: number, not text.",
    ),
    "a list into a text": (
        "{what: X, owner: crm, crm: Tags, inventory: code}",
        (
            "crm Things.Tags holds a list, inventory things.code takes text. "
            "A list and a single value are different things; map a field of one of them."
        ),
    ),
    "a record into a text": (
        "{what: X, owner: crm, crm: Account, inventory: code}",
        "crm Things.Account holds an object, inventory things.code takes text. If it names a record: ref: <entity>.",
    ),
    "a reference in a truth value": (
        "{what: X, owner: crm, ref: product, crm: Account, inventory: active}",
        (
            "crm Things.Account holds an object, inventory things.active takes true or false. "
            "A reference needs a field that holds an id."
        ),
    ),
    "a truth value into a number": (
        "{what: X, owner: crm, format: number, crm: Active, inventory: amount}",
        (
            "crm Things.Active holds true or false, inventory things.amount takes numbers. "
            "Say format: number, or translate it with values."
        ),
    ),
    "a text into a day": (
        "{what: X, owner: crm, crm: Phone, inventory: day}",
        "crm Things.Phone holds text, inventory things.day takes a day. Say format: date, if it is one.",
    ),
    "days without a format": (
        "{what: X, owner: crm, crm: Day, inventory: day}",
        "crm Things.Day holds a day, inventory things.day takes a day. Say format: date, not text.",
    ),
    "a number format for text": (
        "{what: X, owner: crm, format: number, crm: Phone, inventory: code}",
        "crm Things.Phone holds text, inventory things.code takes text. The format number sends something else than text.",
    ),
    "a time that becomes a day": (
        "{what: X, owner: crm, format: date, crm: Moment, inventory: day}",
        "crm has a time and inventory a day, and the time of day is lost. Say why: lossy: <why>.",
    ),
    "longer than the other side takes": (
        "{what: X, owner: crm, crm: Long, inventory: name}",
        (
            "crm Things.Long can be 1000 characters long, inventory things.name takes 50, and nothing is ever cut. "
            "Say too_long: hold, so that a longer value is held."
        ),
    ),
    "longer than the other side takes, in a part": (
        "{what: X, owner: crm, crm: {parts: {city: Billing_City}}, inventory: {parts: {city: city}}}",
        (
            "crm Things.Billing_City can be 300 characters long, inventory things.city takes 100, and nothing is ever "
            "cut. Say too_long: hold, so that a longer value is held."
        ),
    ),
    "written to what a system keeps itself": (
        "{what: X, owner: crm, crm: Phone, inventory: kept}",
        (
            "inventory things.kept cannot be written: inventory itself keeps it, so crm cannot own it. "
            "Use owner: inventory, or another field."
        ),
    ),
    "shared with what a system keeps itself": (
        "{what: X, owner: shared, crm: Number, inventory: code}",
        "crm Things.Number cannot be written: crm itself keeps it. Use owner: crm, or another field.",
    ),
    "free text into a list": (
        "{what: X, owner: crm, crm: Phone, inventory: status}",
        (
            'crm Things.Phone is free text, inventory things.status takes only "draft", "open". '
            "Say which text is which: values."
        ),
    ),
    "a list into another one": (
        "{what: X, owner: crm, crm: Stage, inventory: phase}",
        (
            'crm Things.Stage can be "Lost", which inventory things.phase does not have. It takes "Draft", "Accepted". '
            "Translate with values."
        ),
    ),
    "a value without a counterpart": (
        "{what: X, owner: crm, crm: {field: Stage, values: {Draft: draft, Accepted: open}}, inventory: status}",
        'values: crm Things.Stage can also be "Lost", which has no counterpart in inventory. Add it.',
    ),
    "a value without a counterpart, from the other side": (
        "{what: X, owner: inventory, crm: {field: Stage, values: {Draft: draft}}, inventory: status}",
        'values: inventory things.status can also be "open", which has no counterpart in crm. Add it.',
    ),
    "a counterpart that is none": (
        "{what: X, owner: crm, crm: {field: Stage, values: {Draft: draft, Accepted: open, Lost: opn}}, inventory: status}",
        'values: "opn" is not a value of inventory things.status. Did you mean "open"?',
    ),
    "a value that is none": (
        "{what: X, owner: inventory, inventory: {field: status, values: {draft: Draft, opne: Lost, open: Accepted}}, crm: Stage}",
        'values: "opne" is not a value of inventory things.status. Did you mean "open"?',
    ),
    "a constant that is not in the list": (
        "{what: X, owner: crm, inventory: {field: status, always: opened}}",
        '"opened" is not a value of inventory things.status. Did you mean "open"?',
    ),
    "a value of zero_when that is not in the list": (
        "{what: X, owner: inventory, format: number, crm: Amount, inventory: {field: amount, zero_when: {status: [drat]}}}",
        '"drat" is not a value of inventory things.status. Did you mean "draft"?',
    ),
}


@pytest.mark.parametrize("mistake", FIELDS)
def test_a_field_the_systems_could_not_keep_is_refused(problems_of, mistake):
    line, message = FIELDS[mistake]
    found = problems_of(f"{HEAD}fields:\n  - {line}\n")
    assert [text.partition(": ")[2] for text in found] == [message]
    assert found[0].startswith('rules/0.yml:7, "X')


GOOD = {
    "text that is made a number": "{what: X, owner: crm, format: number, crm: Phone, inventory: amount}",
    "a day of a time, with a reason": "{what: X, owner: crm, format: date, lossy: No time., crm: Moment, inventory: day}",
    "a long text that is held": "{what: X, owner: crm, too_long: hold, crm: Long, inventory: name}",
    "a short text into a long field": "{what: X, owner: inventory, inventory: name, crm: Name}",
    "a reference": "{what: X, owner: crm, ref: product, crm: Account, inventory: code}",
    "what a system keeps, read": "{what: X, owner: inventory, inventory: kept, crm: Phone}",
    "what is written through an action": "{what: X, owner: crm, crm: Phone, inventory: {field: kept, status: true}}",
    "a list that others may extend": "{what: X, owner: inventory, inventory: code, crm: Rating}",
    "a smaller list into a larger one": "{what: X, owner: inventory, inventory: phase, crm: Stage}",
    "a list translated one way": "{what: X, owner: inventory, inventory: {field: status, values: {draft: Draft, open: Lost}}, crm: Stage}",
    "a truth value out of a list": "{what: X, owner: inventory, inventory: {field: status, values: {draft: false, open: true}}, crm: Active}",
    "a custom field of the finance side": "{what: X, owner: crm, crm: Long, inventory: cf_anything}",
    "text both may write, without a policy": "{what: X, owner: shared, crm: Phone, inventory: phone}",
}


@pytest.mark.parametrize("case", GOOD)
def test_what_the_systems_can_keep_is_accepted(problems_of, case):
    assert problems_of(f"{HEAD}fields:\n  - {GOOD[case]}\n") == []


@pytest.mark.promise("F098")
def test_every_value_of_a_list_is_mapped_both_ways_or_the_missing_one_is_named(problems_of):
    def problems(values):
        side = f"crm: {{field: Stage, values: {values}}}, inventory: status"
        return problems_of(f"{HEAD}fields:\n  - {{what: X, owner: shared, {side}}}\n")

    assert 'crm Things.Stage can also be "Lost"' in problems("{Draft: draft, Accepted: open}")[0]
    assert any('inventory things.status can also be "open"' in line for line in problems("{Draft: draft, Lost: x}"))
    several = problems("{Draft: draft, Accepted: open, Lost: open}")
    assert any("several values become the same one" in line for line in several)
    free = problems_of(f"{HEAD}fields:\n  - {{what: X, owner: crm, crm: Phone, inventory: status}}\n")
    assert 'free text, inventory things.status takes only "draft", "open"' in free[0]


@pytest.mark.promise("F101")
def test_a_required_field_nobody_fills_is_named_where_records_are_created(problems_of):
    code = "fields:\n  - {what: Code, owner: inventory, inventory: code, crm: Phone}\n"
    constant = "  - {what: Name, owner: inventory, crm: {field: Name, always: Thing}}\n"
    mapped = "  - {what: Name, owner: inventory, inventory: name, crm: Name}\n"
    needs = (
        'rules/0.yml:5, "systems: crm": crm requires Name of new Things, and no line of inventory fills it. '
        "Add a line with crm: Name, or a constant with always."
    )
    assert problems_of(f"{HEAD}new: [inventory]\n{code}") == [needs]
    assert problems_of(f"{HEAD}new: [inventory]\n{code}{constant}") == []
    assert problems_of(f"{HEAD}new: [inventory]\n{code}{mapped}") == []
    assert problems_of(f"{HEAD}{code}") == []
    assert problems_of(f"{HEAD}new: [crm]\n{code}") == []


ENTITIES = {
    "unknown stream": (
        HEAD.replace("stream: Things", "stream: Thing"),
        'rules/0.yml:5, "systems: crm": crm has no stream "Thing". Did you mean "Things"?',
    ),
    "unknown object": (
        HEAD.replace("stream: things", "object: boxes"),
        'rules/0.yml:4, "systems: inventory": inventory has no object "boxes". Use things or orders.',
    ),
    "unknown id": (
        HEAD.replace("id: id", "id: ID_"),
        'rules/0.yml:5, "systems: crm": crm Things has no field "ID_". Did you mean "id"?',
    ),
    "unknown field of match": (
        HEAD + "match: {inventory: nam, crm: Name}\n",
        'rules/0.yml:6, "match": inventory things has no field "nam". Did you mean "name"?',
    ),
    "unknown field of label": (
        HEAD + "label: {crm: Nubmer}\n",
        'rules/0.yml:6, "label": crm Things has no field "Nubmer". Did you mean "Number"?',
    ),
    "unknown field of the check": (
        HEAD + "once: {check: {crm: Amount, inventory: amont}}\n",
        'rules/0.yml:6, "once: Amont": inventory things has no field "amont". Did you mean "amount"?',
    ),
    "unknown field of when": (
        HEAD + "when:\n  crm:\n    Active: [true]\n    Stge: [Draft]\n",
        'rules/0.yml:9, "when: crm": crm Things has no field "Stge". Did you mean "Stage"?',
    ),
    "unknown field of a view": (
        HEAD + "views:\n  Big: {crm: {Amont: {at least: 1}}}\n",
        'rules/0.yml:7, "views: Big: crm": crm Things has no field "Amont". Did you mean "Amount"?',
    ),
    "unknown field of a stop": (
        HEAD + "stop:\n  - what: Free\n    when: {crm: {Amont: {at most: 0}}}\n",
        'rules/0.yml:8, "stop: Free: crm": crm Things has no field "Amont". Did you mean "Amount"?',
    ),
    "a value that is not in the list": (
        HEAD + "when: {crm: {Stage: [Acepted]}}\n",
        'rules/0.yml:6, "when: crm": "Acepted" is not a value of crm Things.Stage. Did you mean "Accepted"?',
    ),
    "text for a truth value": (
        HEAD + 'when: {crm: {Active: ["sure"]}}\n',
        'rules/0.yml:6, "when: crm": crm Things.Active holds true or false. Write true or false, not "sure".',
    ),
    "text for a number": (
        HEAD + "when: {crm: {Amount: [much]}}\n",
        'rules/0.yml:6, "when: crm": crm Things.Amount holds numbers. Write a number, not "much".',
    ),
    "a number for a day": (
        HEAD + "when: {crm: {Day: {at least: 1}}}\n",
        (
            'rules/0.yml:6, "when: crm": crm Things.Day holds no numbers, so at least never holds. '
            "Compare days with from and before."
        ),
    ),
    "a day for a number": (
        HEAD + "when: {crm: {Amount: {from: 2026-01-01}}}\n",
        (
            'rules/0.yml:6, "when: crm": crm Things.Amount holds no days, so from never holds. '
            "Compare numbers with at least or less than."
        ),
    ),
}


@pytest.mark.parametrize("mistake", ENTITIES)
def test_an_entity_the_systems_do_not_have_is_refused(problems_of, mistake):
    head, message = ENTITIES[mistake]
    assert problems_of(f"{head}fields:\n  - {{what: X, owner: crm, crm: Phone, inventory: code}}\n") == [message]


ORDER = """\
entity: order
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: orders, id: order_id}
  crm: {stream: Orders, id: id}
fields:
  - what: Lines
    owner: crm
    crm: Lines
    inventory: line_items
    lines:
      - {what: Item, crm: Item, inventory: item_id}
      - {what: Count, crm: Count, inventory: quantty}
"""


def test_the_fields_of_lines_are_judged_like_others(problems_of):
    assert problems_of(ORDER) == [
        (
            'rules/0.yml:12, "Lines: Item": crm Orders.Lines.Item holds an object, inventory orders.line_items.item_id '
            "takes text. If it names a record: ref: <entity>."
        ),
        'rules/0.yml:13, "Lines: Count": inventory orders has no field "quantty". Did you mean "quantity"?',
    ]


def test_an_entity_that_is_switched_off_is_not_held_against_the_systems(problems_of):
    text = f"{HEAD}enabled: false\nfields:\n  - {{what: X, owner: crm, crm: Gone, inventory: gone}}\n"
    assert problems_of(text) == []
