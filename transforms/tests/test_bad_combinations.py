"""Words of the rules that do not go together, conditions that never hold, and entities that run in circles."""

from pathlib import Path

import pytest

from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.load import read_all
from ofrecord_transforms.problems import RulesError

HEAD = """\
entity: product
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: things, id: item_id, external_id: cf_crm_id}
  crm: {stream: Things, id: id, external_id: Inventory_ID}
"""
NAME = "  - {what: Name, owner: crm, crm: Name, inventory: name}\n"


def problems_of(*texts, **files):
    """Every problem of files with these texts; none when they are good. Nobody describes the streams in them."""
    named = {f"rules/{number}.yml": text for number, text in enumerate(texts)}
    named |= {f"rules/{name}.yml": text for name, text in files.items()}
    try:
        read_all({name: text.encode() for name, text in named.items()}, Path("nowhere/rules"))
    except RulesError as error:
        return error.problems
    return []


POLICY = "Say which: policy: review (a person decides), latest, first created, or a system."
FIELDS = {
    "a shared number without a policy": (
        "{what: X, owner: shared, format: number, crm: A, inventory: a}",
        f"two owners without a policy: it is shared, and of two numbers none is more likely. {POLICY}",
    ),
    "a shared amount without a policy": (
        "{what: X, owner: shared, crm: {field: A, unit: USD}, inventory: {field: a, unit: USD}}",
        f"two owners without a policy: it is shared, and of two amounts none is more likely. {POLICY}",
    ),
    "a shared truth value without a policy": (
        "{what: X, owner: shared, format: boolean, crm: A, inventory: a}",
        f"two owners without a policy: it is shared, and of two truth values none is more likely. {POLICY}",
    ),
    "a shared day without a policy": (
        "{what: X, owner: shared, format: date, crm: A, inventory: a}",
        f"two owners without a policy: it is shared, and of two days none is more likely. {POLICY}",
    ),
    "shared lines without a policy": (
        "{what: X, owner: shared, crm: A, inventory: a, lines: [{what: Y, crm: B, inventory: b}]}",
        f"two owners without a policy: it is shared, and of two lists of lines none is more likely. {POLICY}",
    ),
    "a precedence that leaves one out": (
        "{what: X, owner: shared, policy: [crm], crm: A, inventory: a}",
        "policy leaves out inventory. Put all systems of the field in order.",
    ),
    "a precedence of a stranger": (
        "{what: X, owner: shared, policy: [crm, inventory, books], crm: A, inventory: a}",
        "policy names books, which does not hold this field. Remove it.",
    ),
    "a precedence with one twice": (
        "{what: X, owner: shared, policy: [crm, crm, inventory], crm: A, inventory: a}",
        "policy names a system twice. Give each its one place in the order.",
    ),
    "a violation where nobody owns alone": (
        "{what: X, owner: shared, violation: hold, crm: A, inventory: a}",
        "is shared, so no edit is a violation. Remove violation; policy decides.",
    ),
    "zone of a text": (
        "{what: X, owner: crm, crm: {field: A, zone: Europe/Berlin}, inventory: a}",
        "zone belongs to format date or datetime, not to text. Remove it.",
    ),
    "unknown zone": (
        "{what: X, owner: crm, format: datetime, crm: {field: A, zone: Europe/Berln}, inventory: a}",
        'crm zone "Europe/Berln" is not an IANA time zone. Did you mean "Europe/Berlin"?',
    ),
    "zone that is a folder": (
        "{what: X, owner: crm, format: datetime, crm: {field: A, zone: ../etc}, inventory: a}",
        'crm zone "../etc" is not an IANA time zone. Write it as Europe/Berlin.',
    ),
    "form of a text": (
        "{what: X, owner: crm, format: text, crm: {field: A, form: alpha-2}, inventory: a}",
        "form belongs to format country, not to text. Remove it.",
    ),
    "unknown form of countries": (
        "{what: X, owner: crm, format: country, crm: {field: A, form: alpha-4}, inventory: a}",
        'form "alpha-4" is not known. Use name, alpha-2 or alpha-3. Did you mean "alpha-3"?',
    ),
    "region of a text": (
        "{what: X, owner: crm, crm: {field: A, region: DE}, inventory: a}",
        "region belongs to format phone or address, not to text. Remove it.",
    ),
    "unknown region": (
        "{what: X, owner: crm, format: phone, crm: {field: A, region: Germany}, inventory: a}",
        'crm region "Germany" is not the two-letter code of a country. Write it as DE.',
    ),
    "cents of no currency": (
        "{what: X, owner: crm, format: money, crm: {field: A, minor: true}, inventory: a}",
        "minor: how many digits its smallest unit has depends on the currency. Add unit or currency.",
    ),
    "unit of a text": (
        "{what: X, owner: crm, format: text, crm: {field: A, unit: kg}, inventory: {field: a, unit: kg}}",
        "unit belongs to format number or money, not to text. Remove it.",
    ),
    "address without parts": (
        "{what: X, owner: crm, format: address, crm: A, inventory: a}",
        "is an address, and crm or inventory names no parts. Write {parts: {city: …, code: …}}.",
    ),
    "address with parts on one side": (
        "{what: X, owner: crm, crm: {parts: {city: A}}, inventory: a}",
        "is an address, and inventory names no parts. Write {parts: {city: …, code: …}}.",
    ),
    "a part that is lost": (
        "{what: X, owner: crm, crm: {parts: {city: A, state: B}}, inventory: {parts: {city: a}}}",
        "inventory has no part for state, which would be lost there. Add it, or say why it is right: lossy: <why>.",
    ),
    "parts of a text": (
        "{what: X, owner: crm, format: text, crm: {parts: {city: A}}, inventory: {parts: {city: a}}}",
        "has parts, so its format is address, not text. Remove format.",
    ),
    "unknown part": (
        "{what: X, owner: crm, crm: {parts: {town: A, city: B}}, inventory: {parts: {city: a}}}",
        '"town" is not a key here. Use attention, street, street2, city, state, code, country or phone.',
    ),
    "identity without that column": (
        "{what: X, owner: crm, crm: A, inventory: a, identity: [Itm], lines: [{what: Item, crm: B, inventory: b}]}",
        'identity "Itm" is not the name of a field of its lines. Did you mean "Item"?',
    ),
    "lines of another format": (
        "{what: X, owner: crm, format: text, crm: A, inventory: a, lines: [{what: Item, crm: B, inventory: b}]}",
        "has lines, so its format is lines. Remove format.",
    ),
    "format lines without lines": (
        "{what: X, owner: crm, format: lines, crm: A, inventory: a}",
        "has no lines. Add lines.",
    ),
    "reference and lookup": (
        "{what: X, owner: crm, ref: product, lookup: taxes, crm: A, inventory: a}",
        "has ref and lookup. A value points at a record or at an entry of a list.",
    ),
    "a lookup both may write": (
        "{what: X, owner: shared, lookup: taxes, crm: A, inventory: a}",
        "lookup: a name found in a list has no way back, so the field cannot be shared. Give it one owner.",
    ),
    "an amount that counts as 0 and both may write": (
        "{what: X, owner: shared, policy: latest, format: number, crm: A, inventory: {field: a, zero_when: {b: [c]}}}",
        "zero_when: an amount that counts as 0 has no way back, so the field cannot be shared. Give it one owner.",
    ),
    "tables on both sides": (
        "{what: X, owner: crm, crm: {field: A, values: {a: b}}, inventory: {field: a, values: {b: a}}}",
        "translates values on both sides. Keep one list: this side's value: the other's.",
    ),
    "several parts become one": (
        "{what: X, owner: crm, crm: {parts: {city: {field: A, values: {a: x, b: x}}}}, inventory: {parts: {city: a}}}",
        "several values become the same one, which cannot be undone. Say why: lossy: <why>.",
    ),
    "a constant with a table": (
        "{what: X, owner: crm, inventory: {field: a, always: x, values: {a: b}}}",
        "is a constant, so values translate nothing. Remove values.",
    ),
}


@pytest.mark.parametrize("mistake", FIELDS)
def test_words_of_a_field_that_do_not_go_together_are_refused(mistake):
    line, message = FIELDS[mistake]
    found = problems_of(f"{HEAD}fields:\n  - {line}\n")
    assert [text.partition(": ")[2] for text in found] == [message]


@pytest.mark.promise("F022")
def test_what_people_write_needs_no_policy_because_a_person_is_asked():
    for form in ("text", "legal name", "phone", "email", "country"):
        line = f"{{what: X, owner: shared, format: {form}, crm: A, inventory: a}}"
        assert problems_of(f"{HEAD}fields:\n  - {line}\n") == []
    rules = read_all(
        {"rules/0.yml": f"{HEAD}fields:\n  - {{what: X, owner: shared, crm: A, inventory: a}}\n".encode()},
        Path("nowhere/rules"),
    )
    schema = compile_entity(rules, rules.entities["product"], "crm", "inventory").schema
    assert schema["schema"]["properties"]["a"]["x-ofrecord"]["policy"] == "review"


def test_a_document_and_a_field_of_three_systems_need_a_policy():
    shared = "fields:\n  - {what: X, owner: shared, crm: A, inventory: a}\n"
    assert "a document is nobody's guess" in problems_of(f"{HEAD}once: {{then: [confirmed]}}\n{shared}")[0]
    three = HEAD + "  shop: {stream: products, id: id}\nfields:\n"
    systems = "systems:\n  shop: {tap: tap-shop, modified: m, created: c}\n"
    line = "  - {what: X, owner: shared, crm: A, inventory: a, shop: b%s}\n"
    assert "3 systems hold it" in problems_of(three + line % "", systems=systems)[0]
    assert problems_of(three + line % ", policy: [shop, crm, inventory]", systems=systems) == []


def test_two_writers_without_a_policy_stop_with_file_and_line():
    number = "  - {what: Count, owner: shared, format: number, crm: A, inventory: a}\n"
    both = "  - {what: Title, owner: [crm, inventory], crm: T, inventory: t}\n"
    again = "  - {what: Again, owner: inventory, crm: Name, inventory: n}\n"
    found = problems_of(f"{HEAD}fields:\n{NAME}{number}{both}{again}")
    assert [line.split(", ")[0] for line in found] == ["rules/0.yml:8", "rules/0.yml:9", "rules/0.yml:10"]
    assert all("two owners" in line for line in found)


ONCE_AND_FILES = {
    "told in no way": (
        "once: {then: [confirmed], tell: [{what: Shed}]}",
        'needs either "mail" or "webhook". Give one.',
    ),
    "told in two ways": (
        "once: {then: [confirmed], tell: [{what: Shed, mail: [a@b.example], webhook: HOOK}]}",
        'needs either "mail" or "webhook". Give one.',
    ),
    "no address": (
        "once: {then: [confirmed], tell: [{what: Shed, mail: [the shed]}]}",
        "mail lists addresses, as in [warehouse@example.com].",
    ),
    "an address in the rules": (
        'once: {then: [confirmed], tell: [{what: Shed, webhook: "https://hooks.example.com/x"}]}',
        (
            "webhook names the environment variable that holds the address, as in OFRECORD_WAREHOUSE_HOOK; "
            "an address is a secret, and stands in no file."
        ),
    ),
    "a system is told": (
        "once: {then: [confirmed], tell: [{what: crm, mail: [a@b.example]}]}",
        '"crm" names something else already. Give it a name of its own.',
    ),
    "another kind of file": (
        "attach: {file: docx, named: a}\ncombine: {into: name, through: product, by: a}",
        'file "docx" is not known. Use pdf.',
    ),
    "a file beside nothing": (
        "attach: {file: pdf, named: a}",
        "a file is put beside the record that others are combined into. Add combine: to the file.",
    ),
}


@pytest.mark.parametrize("mistake", ONCE_AND_FILES)
def test_who_is_told_and_what_is_attached_is_said_in_one_way(mistake):
    lines, message = ONCE_AND_FILES[mistake]
    found = problems_of(f"{HEAD}{lines}\nfields:\n{NAME}")
    assert [text for text in found if text.endswith(message)], found


CONDITIONS = {
    "at least more than at most": (
        "when: {crm: {A: {at least: 5, at most: 4}}}",
        '"when: crm": "A" can never hold: nothing is at least 5 and at most 4.',
    ),
    "more than what it is less than": (
        "when: {crm: {A: {more than: 5, less than: 5}}}",
        '"when: crm": "A" can never hold: nothing is more than 5 and less than 5.',
    ),
    "from a day after it ends": (
        "when: {crm: {A: {from: 2026-02-01, before: 2026-01-01}}}",
        '"when: crm": "A" can never hold: no day is from 2026-02-01 on and before 2026-01-01.',
    ),
    "a view that contradicts when": (
        "when: {crm: {A: [x]}}\nviews: {Big: {crm: {A: {not: [x]}}}}\nview: Big",
        '"views: Big: crm": "A" can never hold together with when: none of its values fulfils the other conditions.',
    ),
    "a view that wants what when leaves out": (
        "when: {crm: {A: absent}}\nviews: {Big: {crm: {A: present}}}\nview: Big",
        '"views: Big: crm": "A" can never hold together with when: it is absent and present at once.',
    ),
    "unknown view": (
        "views: {Key accounts: {crm: {A: present}}}\nview: Key acounts",
        '"view": "Key acounts" is not among the views. Did you mean "Key accounts"?',
    ),
    "leaving without a filter": (
        "leaving: {crm: {inventory: inactive}}",
        (
            '"leaving": no filter of crm could be left: neither when nor the view has a condition there. '
            "Add one, or remove leaving."
        ),
    ),
    "a stop that stops everything": (
        "when: {crm: {A: [x]}}\nstop: [{what: S, when: {crm: {A: [x, y]}}}]",
        (
            '"stop: S": stops every record of crm that takes part: what it names always holds. Narrow it, '
            "or change when."
        ),
    ),
    "a stop of a number when asks for": (
        "when: {crm: {A: {at least: 1}}}\nstop: [{what: S, when: {crm: {A: {more than: 0}}}}]",
        (
            '"stop: S": stops every record of crm that takes part: what it names always holds. Narrow it, '
            "or change when."
        ),
    ),
    "a stop without conditions": (
        "stop: [{what: S, when: {crm: {}}}]",
        '"stop: S": names no condition for crm. Say which records are meant.',
    ),
    "a limit in no currency": (
        "limits: {money: {USX: 5}}",
        '"limits: money": "USX" is not an ISO 4217 currency. Write its three-letter code, as in USD.',
    ),
    "a parent nobody is the first child of": (
        "primary: {earliest: A}",
        '"primary": there is no parent whose primary child it could be. Add parent.',
    ),
    "new records of a system without a stream": (
        "new: [books]",
        '"new": books is not among the systems of "product". Add it there.',
    ),
    "telling many of nothing": (
        "spread: {through: ordr, by: Deal}",
        '"spread": "ordr" is not an entity. Use product.',
    ),
    "telling many by no field": (
        "spread: {through: product, by: Nme}",
        '"spread": by "Nme": "product" has no field of that name. Did you mean "Name"?',
    ),
}


@pytest.mark.parametrize("mistake", CONDITIONS)
def test_what_an_entity_says_against_itself_is_refused(mistake):
    said, message = CONDITIONS[mistake]
    found = problems_of(f"{HEAD}{said}\nfields:\n{NAME}")
    assert [line.partition(", ")[2] for line in found][:1] == [message]


@pytest.mark.parametrize(
    "said",
    [
        "when: {crm: {A: {at least: 5, at most: 5}}}",
        "when: {crm: {A: {more than: 1, less than: 2}}}",
        "when: {crm: {A: {from: 2026-01-01, before: 2026-01-02}}}",
        "when: {crm: {A: [x, y]}}\nviews: {Big: {crm: {A: {not: [x]}}}}\nview: Big",
        "when: {crm: {A: [x]}}\nleaving: {crm: {inventory: inactive}}",
        "when: {crm: {A: [x, y]}}\nstop: [{what: S, when: {crm: {A: [x]}}}]",
        "when: {crm: {A: {at least: 0}}}\nstop: [{what: S, when: {crm: {A: {more than: 0}}}}]",
        "when: {crm: {A: {at most: 9}}}\nstop: [{what: S, when: {crm: {A: {at least: 3}}}}]",
        "limits: {create: 0, money: {USD: 1.5, JPY: 100}}",
    ],
)
def test_what_can_hold_is_accepted(said):
    assert problems_of(f"{HEAD}{said}\nfields:\n{NAME}") == []


def entity(name, keys="", fields=""):
    head = HEAD.replace("entity: product", f"entity: {name}").replace("things", name).replace("Things", name.title())
    return f"{head}{keys}fields:\n{NAME}{fields}"


def test_a_chain_of_wholes_that_ends_nowhere_is_refused():
    one = entity("one", "combine: {into: x, same_as: two, by: i}\n").replace(
        "inventory: name", "combine: join, inventory: name"
    )
    two = entity("two", "combine: {into: x, same_as: one, by: i}\n").replace(
        "inventory: name", "combine: join, inventory: name"
    )
    assert problems_of(one, two) == [
        (
            'rules/0.yml:6, "combine": one → two → one: each follows the other, and none leads to a whole. '
            "Let one go through its own field."
        )
    ]


def test_entities_that_are_each_others_parents_are_refused():
    field = "  - {what: Over, owner: crm, ref: %s, crm: O, inventory: o}\n"
    one, two = entity("one", "parent: Over\n", field % "two"), entity("two", "parent: Over\n", field % "one")
    assert problems_of(one, two) == [
        'rules/0.yml:6, "parent": one → two → one: each is the parent of the other. Remove one parent.'
    ]
    assert problems_of(entity("one", "parent: Over\n", field % "one")) == []


def test_entities_that_tell_each_other_without_end_are_refused():
    field = "  - {what: Over, owner: crm, crm: O, inventory: o}\n"
    one = entity("one", "spread: {through: two, by: Over}\n", field)
    two = entity("two", "spread: {through: one, by: Over}\n", field)
    assert problems_of(one, two) == [
        'rules/0.yml:6, "spread": one → two → one: each tells the other, without end. Remove one spread.'
    ]


def test_records_that_need_each_other_before_they_can_be_created_are_refused():
    field = "  - {what: Over, owner: crm, ref: %s, crm: O, inventory: o}\n"
    new = "new: [crm]\n"
    three = [entity("one", new, field % "two"), entity("two", new, field % "six"), entity("six", new, field % "one")]
    assert problems_of(*three) == [
        (
            'rules/0.yml:8, "fields": one → two → six → one: each needs the other to be there before it can be created. '
            "Remove one of the references."
        )
    ]
    made_elsewhere = [*three[:2], entity("six", "", field % "one")]
    assert problems_of(*made_elsewhere) == []


@pytest.mark.promise("F038")
def test_who_needs_an_entity_is_named_before_it_is_switched_off_and_then_nothing_of_it_flows():
    off = "enabled: false\n"
    field = "  - {what: Customer, owner: crm, ref: account, crm: C, inventory: c}\n"
    whole = entity("invoice", "combine: {into: customer, through: order, by: o}\n").replace(
        "inventory: name", "combine: join, inventory: name"
    )
    files = {"account": entity("account", off), "order": entity("order", "", field), "invoice": whole}
    assert problems_of(**files) == [
        (
            'rules/account.yml:6, "enabled": "account" is switched off, and these need it: '
            'order (rules/order.yml:8, "Customer"). Switch them off, too, or remove what points at it.'
        )
    ]
    files["order"] = entity("order", off, field)
    assert 'invoice (rules/invoice.yml:6, "combine")' in problems_of(**files)[0]
    files["invoice"] = whole.replace("combine: {into", "enabled: false\ncombine: {into")
    assert problems_of(**files) == []
    rules = read_all({f"rules/{name}.yml": text.encode() for name, text in files.items()}, Path("nowhere/rules"))
    assert [one.directions() for one in rules.entities.values()] == [[], [], []]


def test_an_entity_followed_must_lead_to_the_same_whole():
    def joined(name, combine):
        return entity(name, combine).replace("inventory: name", "combine: join, inventory: name")

    base, alone = entity("base"), entity("one")
    whole = joined("one", "combine: {into: name, through: base, by: i}\n")
    other = joined("two", "combine: {into: y, same_as: one, by: i}\n")
    assert problems_of(whole, other, base) == [
        'rules/1.yml:6, "combine": into "y": "one" goes into "name". Write that.'
    ]
    assert problems_of(alone, other) == [
        'rules/1.yml:6, "combine": same_as "one": its records are not combined into anything. Use through.'
    ]
