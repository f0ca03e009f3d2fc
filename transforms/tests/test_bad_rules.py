"""Every mistake in a rule file has one sentence that says where it is and what to do."""

import json
from pathlib import Path

import pytest

from ofrecord_transforms.load import load, read_all
from ofrecord_transforms.problems import RulesError

GOOD = "  - {what: Name, owner: inventory, inventory: name, crm: Product_Name}\n"

FIELDS = {
    "unknown key": (
        "  - {what: Name, ownr: inventory, inventory: name, crm: Product_Name, owner: crm}\n",
        'rules/0.yml:7, "Name": "ownr" is not a key here. Did you mean "owner"?',
    ),
    "owner given as a list": (
        "  - {what: Name, owner: [inventory, crm], inventory: name, crm: Product_Name}\n",
        'rules/0.yml:7, "Name": two owners. A field has one owner; if both may write it: owner: shared, with a policy.',
    ),
    "owner given twice": (
        "  - what: Name\n    owner: inventory\n    owner: crm\n    inventory: name\n    crm: Product_Name\n",
        'rules/0.yml:9, "Name": two owners. A field has one owner; if both may write it: owner: shared, with a policy.',
    ),
    "two lines that write one field": (
        GOOD + "  - {what: Title, owner: crm, inventory: title, crm: Product_Name}\n",
        (
            'rules/0.yml:8, "Title": two owners: crm Product_Name already belongs to "Name" (rules/0.yml:7). '
            "Keep one of the two lines."
        ),
    ),
    "no owner": (
        "  - {what: Name, inventory: name, crm: Product_Name}\n",
        'rules/0.yml:7, "Name": has no owner. Add owner: crm, inventory, books or shared.',
    ),
    "unknown owner": (
        "  - {what: Name, owner: inventry, inventory: name, crm: Product_Name}\n",
        (
            'rules/0.yml:7, "Name": owner "inventry" is not known. Use crm, inventory, books or shared. '
            'Did you mean "inventory"?'
        ),
    ),
    "unknown policy": (
        "  - {what: Name, owner: shared, policy: newest, inventory: name, crm: Product_Name}\n",
        (
            'rules/0.yml:7, "Name": policy "newest" is not known. '
            "Use review, latest, first created, crm, inventory or books."
        ),
    ),
    "policy of a field with one owner": (
        "  - {what: Name, owner: crm, policy: latest, inventory: name, crm: Product_Name}\n",
        'rules/0.yml:7, "Name": has one owner (crm), so there is nothing to decide. Remove policy.',
    ),
    "unit that is none": (
        (
            "  - what: Shipping weight\n    owner: inventory\n    inventory: {field: weight, unit: stone-ish}\n"
            "    crm: {field: Weight_g, unit: g}\n"
        ),
        'rules/0.yml:9, "Shipping weight": inventory unit "stone-ish" is not a unit of mass. Use g, kg, oz or lb.',
    ),
    "unit written another way": (
        (
            "  - what: Shipping weight\n    owner: inventory\n    inventory: {field: weight, unit: lbs}\n"
            "    crm: {field: Weight_g, unit: g}\n"
        ),
        'rules/0.yml:9, "Shipping weight": inventory unit "lbs" is not a unit of mass. Write "lb".',
    ),
    "unit that cannot convert": (
        (
            "  - what: Shipping weight\n    owner: inventory\n    inventory: {field: weight, unit: kg}\n"
            "    crm: {field: Weight_g, unit: cm}\n"
        ),
        'rules/0.yml:10, "Shipping weight": crm unit "cm" is not a unit of mass. Use g, kg, oz or lb.',
    ),
    "unit on one side": (
        "  - {what: Weight, owner: inventory, inventory: {field: weight, unit: kg}, crm: Weight_g}\n",
        'rules/0.yml:7, "Weight": inventory is in kg, but crm names no unit. Add its unit.',
    ),
    "unknown currency": (
        "  - {what: Price, owner: inventory, inventory: {field: rate, unit: GPB}, crm: {field: Unit_Price, unit: GBP}}\n",
        'rules/0.yml:7, "Price": inventory unit "GPB" is not an ISO 4217 currency. Write its three-letter code, as in USD.',
    ),
    "two currencies": (
        "  - {what: Price, owner: inventory, inventory: {field: rate, unit: USD}, crm: {field: Unit_Price, unit: EUR}}\n",
        'rules/0.yml:7, "Price": USD cannot be converted to EUR: a rate is no unit. Use one currency on both sides.',
    ),
    "values that cannot be told apart again": (
        "  - {what: State, owner: inventory, inventory: {field: s, values: {a: X, b: X}}, crm: State}\n",
        'rules/0.yml:7, "State": several values become the same one, which cannot be undone. Say why: lossy: <why>.',
    ),
    "lossy and shared": (
        "  - {what: Day, owner: shared, policy: latest, format: date, inventory: day, crm: Day, lossy: No time.}\n",
        'rules/0.yml:7, "Day": is lossy and shared: the way back would change values. Give it one owner.',
    ),
    "books and inventory": (
        "  - {what: Name, owner: inventory, inventory: name, books: name, crm: Product_Name}\n",
        (
            'rules/0.yml:7, "Name": lives in books and inventory. These are two doors to one store: the same value '
            "under the same id. Keep one of them."
        ),
    ),
    "unknown reference": (
        "  - {what: Vendor, owner: inventory, ref: vendr, inventory: vendor_id, crm: Vendor_Name}\n",
        'rules/0.yml:7, "Vendor": "vendr" is not an entity. Use product.',
    ),
    "unknown format": (
        "  - {what: Phone, owner: inventory, format: telephone, inventory: phone, crm: Phone}\n",
        (
            'rules/0.yml:7, "Phone": format "telephone" is not known. Use text, number, money, phone, email, country, '
            'date, datetime, boolean, address, lines or legal name. Did you mean "phone"?'
        ),
    ),
    "combination without a whole": (
        "  - {what: Total, owner: inventory, combine: sum, inventory: total, crm: Total}\n",
        'rules/0.yml:7, "Total": combines values, but the entity does not say of what. Add combine: to the file.',
    ),
    "one side only": (
        "  - {what: Name, owner: inventory, inventory: name}\n",
        'rules/0.yml:7, "Name": is in one system only. Name its other side, or give the constant with always.',
    ),
    "name used twice": (
        GOOD + "  - {what: name, owner: inventory, inventory: n, crm: N}\n",
        'rules/0.yml:8, "name": this name is used twice. Every field needs its own name.',
    ),
}


def problems_of(texts):
    with pytest.raises(RulesError) as caught:
        read_all({name: text.encode() for name, text in texts.items()}, Path("nowhere/rules"))
    return caught.value.problems


@pytest.mark.parametrize("mistake", FIELDS)
def test_a_mistake_in_a_field_is_named_with_place_and_remedy(with_fields, mistake):
    text, message = FIELDS[mistake]
    with pytest.raises(RulesError) as caught:
        with_fields(text)
    assert message in caught.value.problems
    assert len(caught.value.problems) == 1 + (mistake == "books and inventory")


SYSTEMS = "systems:\n  inventory: {stream: t, id: i}\n  crm: {stream: T, id: id}\n"
WHO = "responsible: {owner: A, deputy: B, escalation: C}\n"

ENTITIES = {
    "nobody responsible": (
        f"entity: p\n{SYSTEMS}fields:\n{GOOD}",
        'rules/p.yml:1: "responsible" is missing: who is told: owner, deputy and escalation. Add it.',
    ),
    "no deputy": (
        f"entity: p\nresponsible: {{owner: A, escalation: C}}\n{SYSTEMS}fields:\n{GOOD}",
        'rules/p.yml:2, "responsible": "deputy" is missing. Add it.',
    ),
    "unknown entity key": (
        f"entity: p\n{WHO}{SYSTEMS}duplicate: skip\nfields:\n{GOOD}",
        'rules/p.yml:6: "duplicate" is not a key here. Did you mean "duplicates"?',
    ),
    "unknown system": (
        f"entity: p\n{WHO}{SYSTEMS}new: [warehouse]\nfields:\n{GOOD}",
        'rules/p.yml:6, "new": "warehouse" is not a system. Use crm, inventory or books.',
    ),
    "books and inventory write to each other": (
        (
            f"entity: p\n{WHO}systems:\n  inventory: {{stream: t, id: i}}\n  books: {{stream: u, id: i}}\nfields:\n"
            "  - {what: N, owner: books, books: a, inventory: b}\n"
        ),
        (
            'rules/p.yml:4, "systems": "p" would be written between books and inventory, two doors to one store: the same '
            "record under the same id. Remove one of them; cross-checks need no rule."
        ),
    ),
    "something sent to books": (
        (
            f"entity: p\n{WHO}systems:\n  books: {{stream: t, id: i}}\n  crm: {{stream: T, id: id}}\nfields:\n"
            "  - {what: Name, owner: crm, books: name, crm: Name}\n"
        ),
        'rules/p.yml:7, "Name": is owned by crm and would be written to books, which is read only. Use owner: books.',
    ),
    "filter that is neither list nor word": (
        f"entity: p\n{WHO}{SYSTEMS}when: {{crm: {{Stage: Accepted}}}}\nfields:\n{GOOD}",
        'rules/p.yml:6, "when: crm": "Stage" needs a list of values, the word present or absent, or a comparison such as {at least: 1}.',
    ),
    "parent that is no field": (
        f"entity: p\n{WHO}{SYSTEMS}parent: Nme\nfields:\n{GOOD}",
        (
            'rules/p.yml:6, "parent": "Nme" is not the name of a field with ref. Name the field that points at the parent. '
            'Did you mean "Name"?'
        ),
    ),
    "whole that cannot be found": (
        (
            f"entity: p\n{WHO}{SYSTEMS}combine: {{into: x, through: p, by: i}}\nfields:\n"
            "  - {what: Name, owner: inventory, combine: join, inventory: name, crm: Product_Name}\n"
        ),
        'rules/p.yml:6, "combine": into "x": "p" has no field of that name to follow.',
    ),
    "empty file": ("", 'rules/p.yml:1: the file is empty or a list. A rule file begins with "entity: <name>".'),
    "no yaml": (
        "entity: p\n  systems: {",
        "rules/p.yml:2: is not YAML: mapping values are not allowed here. Check indentation, colons and quotes.",
    ),
}


@pytest.mark.parametrize("mistake", ENTITIES)
def test_a_mistake_about_an_entity_is_named_with_place_and_remedy(mistake):
    text, message = ENTITIES[mistake]
    assert message in problems_of({"rules/p.yml": text})


def test_all_problems_of_all_files_are_told_at_once():
    bad = f"entity: {{}}\n{WHO}{SYSTEMS}fields:\n  - {{what: N, owner: nobody, inventory: n, crm: N}}\n"
    found = problems_of({"rules/a.yml": bad, "rules/b.yml": f"{WHO}{SYSTEMS}nme: x\nfields:\n{GOOD}"})
    assert [line.split(":")[0] for line in found] == ["rules/a.yml"] * 2 + ["rules/b.yml"] * 2


def test_two_files_about_one_entity_are_refused():
    text = f"entity: p\n{WHO}{SYSTEMS}fields:\n{GOOD}"
    assert problems_of({"rules/a.yml": text, "rules/b.yml": text}) == [
        'rules/b.yml:1, "entity": "p" is already described by rules/a.yml. Keep one file per entity.'
    ]


def test_a_field_the_system_does_not_have_is_named_with_the_nearest_one(tmp_path):
    catalog = {"streams": [{"tap_stream_id": "T", "schema": {"properties": {"Product_Name": {}, "id": {}}}}]}
    (tmp_path / "rules" / "catalog").mkdir(parents=True)
    (tmp_path / "rules" / "catalog" / "tap-crm.json").write_text(json.dumps(catalog))
    text = f"entity: p\n{WHO}{SYSTEMS}fields:\n  - {{what: Name, owner: crm, inventory: name, crm: Product_Nam}}\n"
    (tmp_path / "rules" / "p.yml").write_text(text)
    with pytest.raises(RulesError) as caught:
        load(tmp_path / "rules")
    assert caught.value.problems == [
        'rules/p.yml:7, "Name": crm T has no field "Product_Nam". Did you mean "Product_Name"?'
    ]


@pytest.mark.parametrize(("make", "message"), [(False, "is not a folder"), (True, "holds no rule files")])
def test_a_folder_without_rules_is_refused(tmp_path, make, message):
    folder = tmp_path / "rules"
    if make:
        folder.mkdir()
    with pytest.raises(RulesError, match=message):
        load(folder)


@pytest.mark.promise("N14")
@pytest.mark.parametrize(("one", "other"), [("books", "inventory"), ("inventory", "books")])
@pytest.mark.parametrize("owner", ["books", "inventory", "shared"])
def test_nothing_is_ever_synced_between_the_two_doors_of_one_store(one, other, owner):
    systems = f"systems:\n  {one}: {{stream: t, id: i}}\n  {other}: {{stream: u, id: i}}\n"
    third = f"{systems}  crm: {{stream: T, id: id}}\n"
    line = f"fields:\n  - {{what: Name, owner: {owner}, {one}: a, {other}: b}}\n"
    assert any(
        "two doors to one store" in text for text in problems_of({"rules/p.yml": f"entity: p\n{WHO}{systems}{line}"})
    )
    beside_crm = problems_of({"rules/p.yml": f"entity: p\n{WHO}{third}{line}"})
    assert any("lives in books and inventory. These are two doors" in text for text in beside_crm)


BOMBS = {
    "billion laughs": (
        "a: &a [x]\n" + "".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)),
        "aliases (*name) are not used in rules",
    ),
    "a list of five thousand levels": ("[" * 5_000 + "]" * 5_000, "is nested too deep"),
    "a file of a megabyte": ("# " + "x" * (1 << 20), "is larger than 512 KiB"),
    "a number that is none": ("entity: !!int x\n", "a value is not of its type"),
    "a truth that is none": ("? !!bool perhaps\n: 1\n", "a value is not of its type"),
    "a number of ten thousand digits": (f"entity: {'9' * 10_000}\n", "a value is not of its type"),
    "an object of Python": ('entity: !!python/object/apply:os.system ["true"]\n', ""),
    "a tab": ("entity:\tproduct\n\tfields: x\n", "is not YAML"),
    "a NUL": ("entity: a\0b\n", "control characters"),
    "a key that is a list": ("[1, 2]: x\n{a: b}: y\n1: 2\ntrue: z\n", ""),
}  # fmt: skip


@pytest.mark.parametrize("what", BOMBS)
def test_a_rule_file_that_is_a_bomb_is_refused_with_its_name_and_line(what):
    content, words = BOMBS[what]
    with pytest.raises(RulesError) as refusal:
        read_all({"rules/0.yml": content.encode()})
    assert all(problem.startswith("rules") for problem in refusal.value.problems)
    assert words in str(refusal.value)
    assert len(str(refusal.value)) < 5_000
