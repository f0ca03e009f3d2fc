"""What the SCHEMA tells a target of rules that say more: precedence, limits, leaving, spread, identity, adoption."""

from dataclasses import replace

import pytest

from ofrecord_kit.target.wire import read_wire
from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.rules import Combine

WHO = "responsible: {owner: A, deputy: B, escalation: C}\n"
HEAD = f"""\
entity: product
{WHO}systems:
  inventory: {{stream: things, id: item_id, external_id: cf_crm_id}}
  crm: {{stream: Things, id: id, external_id: Inventory_ID}}
"""
NAME = "  - {what: Name, owner: crm, crm: Name, inventory: name}\n"


@pytest.fixture
def compiled(rules_of):
    """One entity of rule texts, compiled for one direction."""

    def make(*texts, entity="product", source="crm", to="inventory"):
        rules = rules_of(*texts)
        return compile_entity(rules, rules.entities[entity], source, to)

    return make


def said_of(compiled):
    return compiled.schema["schema"]["x-ofrecord"]


def test_limits_travel_with_amounts_as_text(compiled):
    keys = "limits: {create: 500, delete: 0, money: {USD: 100000, KWD: 0.125}}\n"
    made = compiled(f"{HEAD}{keys}fields:\n{NAME}")
    assert said_of(made)["limits"] == {"create": 500, "delete": 0, "money": {"USD": "100000", "KWD": "0.125"}}


def test_the_tolerance_of_clocks_is_told_only_when_the_rules_say_one(compiled):
    assert "tolerance_s" not in said_of(compiled(f"{HEAD}fields:\n{NAME}"))
    assert said_of(compiled(f"{HEAD}clock_tolerance: 5 minutes\nfields:\n{NAME}"))["tolerance_s"] == 300


def test_leaving_is_the_action_at_the_destination_for_records_of_the_source(compiled):
    text = f"{HEAD}when: {{crm: {{Kind: present}}}}\nleaving: {{crm: {{inventory: inactive}}}}\nfields:\n{NAME}"
    status = "  - {what: Status, owner: inventory, inventory: {field: status, status: true}, crm: Status}\n"
    assert said_of(compiled(text + status))["leaving"] == "inactive"
    assert said_of(compiled(text + status, source="inventory", to="crm"))["leaving"] is None


def test_an_order_of_precedence_is_a_list(compiled):
    text = f"{HEAD}fields:\n  - {{what: N, owner: shared, policy: [inventory, crm], crm: Name, inventory: name}}\n"
    wire = read_wire(compiled(text).schema["schema"])
    assert wire is not None
    assert wire.sent[0].policy == ("inventory", "crm")


def test_identity_names_the_keys_of_lines_at_the_destination(compiled):
    text = f"""{HEAD}fields:
  - what: Lines
    owner: crm
    crm: Rows
    inventory: line_items
    identity: [Item, Text]
    lines:
      - {{what: Item, crm: Product_Name, inventory: item_id}}
      - {{what: Quantity, format: number, crm: Quantity, inventory: quantity}}
      - {{what: Text, crm: Description, inventory: description}}
"""
    lines = compiled(text).schema["schema"]["properties"]["line_items"]["x-ofrecord"]
    assert lines["identity"] == ["item_id", "description"]
    assert list(lines["lines"]) == ["item_id", "quantity", "description"]


CREDIT = f"""entity: credit
{WHO}systems:
  books: {{stream: credits, id: creditnote_id}}
  crm: {{stream: Accs, id: id}}
combine: {{into: account, through: account, by: customer_id}}
fields:
  - {{what: Credit, owner: books, format: money, books: total, crm: Credit}}
"""


def test_where_the_entity_gone_through_is_the_whole_no_field_is_read(rules_of):
    rules = rules_of(CREDIT.replace("combine: {into", "# {into").replace("", ""))
    whole = Combine("account", "customer_id", through="account")
    made = compile_entity(rules, replace(rules.entities["credit"], combine=whole), "books", "crm")
    assert said_of(made)["combine"] == {"whole": "account", "through": "account", "by": "customer_id", "field": None}
    [out] = made.records({"creditnote_id": "1", "customer_id": "9", "total": 3})
    assert out["_ofrecord"]["by"] == "9"


ADOPT = f"""{HEAD}fields:
{NAME}  - {{what: Weight, owner: inventory, violation: adopt, inventory: {{field: w, unit: kg}}, crm: {{field: W, unit: g}}}}
  - {{what: Price, owner: inventory, format: money, inventory: rate, crm: Rate}}
"""


def test_an_observed_field_that_may_be_adopted_carries_its_value_in_the_owners_form(compiled):
    [out] = compiled(ADOPT).records({"id": "1", "W": 1500, "Rate": 3})
    assert out["_ofrecord"]["observed"] == {"weight": 1500, "price": 3}
    assert {name: str(value) for name, value in out["_ofrecord"]["adopt"].items()} == {"w": "1.5"}
    assert "w" not in out


def test_an_edit_that_cannot_be_converted_is_not_adopted_and_invalidates_nothing(compiled):
    [out] = compiled(ADOPT).records({"id": "1", "W": "heavy", "Name": "N"})
    assert out["_ofrecord"]["adopt"] == {}
    assert "invalid" not in out["_ofrecord"]
    assert out["name"] == "N"


def test_rules_without_adoption_carry_none(compiled):
    [out] = compiled(f"{HEAD}fields:\n{NAME}").records({"id": "1", "Name": "N"})
    assert "adopt" not in out["_ofrecord"]


SHOP = "systems:\n  shop: {tap: tap-shop, modified: updated, created: made}\n"
THREE = f"""entity: item
{WHO}systems:
  crm: {{stream: Things, id: id, external_id: Shop_ID}}
  inventory: {{stream: things, id: item_id}}
  shop: {{stream: products, id: pid}}
match: {{crm: Code, shop: sku}}
fields:
  - {{what: Name, owner: shared, policy: [crm, inventory, shop], crm: Name, inventory: name, shop: title}}
  - {{what: Weight, owner: shop, crm: {{field: W, unit: g}}, inventory: {{field: w, unit: kg}}, shop: {{field: grams, unit: g}}}}
  - {{what: Colour, owner: shop, crm: Colour, shop: colour}}
  - what: Lines
    owner: shop
    crm: Rows
    inventory: rows
    shop: lines
    lines:
      - {{what: Item, crm: P, inventory: p, shop: s}}
      - {{what: Note, crm: N, shop: n}}
"""


@pytest.fixture
def three(tmp_path):
    """An entity of three systems, one of them of the customer's own, compiled for one direction."""
    from ofrecord_transforms.load import read_all  # noqa: PLC0415 - names beside systems.yml matter here

    def make(source, to):
        rules = read_all({"rules/systems.yml": SHOP.encode(), "rules/item.yml": THREE.encode()}, tmp_path)
        return compile_entity(rules, rules.entities["item"], source, to)

    return make


def test_of_three_systems_each_pair_is_compiled_from_its_two_sides(three):
    record = {"pid": "1", "title": "T", "grams": 1500, "colour": "red", "sku": "B", "lines": [{"s": "x", "n": "y"}]}
    [crm] = three("shop", "crm").records(record)
    [inventory] = three("shop", "inventory").records(record)
    assert {name: crm[name] for name in ("Name", "W", "Colour", "Rows")} == {
        "Name": "T",
        "W": 1500,
        "Colour": "red",
        "Rows": [{"P": "x", "N": "y"}],
    }
    assert crm["_ofrecord"]["match"] == {"Code": "B"}
    assert (inventory["name"], str(inventory["w"]), inventory["rows"]) == ("T", "1.5", [{"p": "x"}])
    assert "match" not in inventory["_ofrecord"]
    assert "colour" not in three("shop", "inventory").schema["schema"]["properties"]


def test_a_field_a_third_system_owns_is_observed_by_the_two_others(three):
    [out] = three("crm", "inventory").records({"id": "1", "Name": "N", "W": 5})
    assert set(out) == {"name", "_ofrecord"}
    assert out["_ofrecord"]["observed"]["weight"] == 5


def test_an_amount_says_its_currency_so_that_a_run_can_count_the_money_it_moves(compiled):
    price = "  - {what: Price, owner: crm, inventory: {field: rate, unit: USD}, crm: {field: Unit_Price, unit: USD}}\n"
    wire = read_wire(compiled(f"{HEAD}fields:\n{NAME}{price}").schema["schema"])
    assert wire is not None
    assert {rule.name: rule.currency for rule in wire.sent} == {"name": None, "rate": "USD"}


@pytest.mark.parametrize(("said", "told"), [("", "hold"), ("near: hold\n", "hold"), ("near: create\n", "create")])
def test_rules_say_on_the_wire_whether_likeness_matters(compiled, said, told):
    way = compiled(f"{HEAD}{said}match: {{crm: Name, inventory: name}}\nnew: [crm]\nfields:\n{NAME}")
    assert read_wire(way.schema["schema"]).near == told


def test_units_and_lists_of_values_are_told_by_system_so_that_another_unit_is_noticed(compiled):
    weight = "  - {what: Weight, owner: crm, crm: {field: W, unit: g}, inventory: {field: w, unit: kg}}\n"
    kind = "  - {what: Kind, owner: crm, crm: {field: K, values: {Sold: s, Bought: b}}, inventory: k}\n"
    due = "  - {what: Due, owner: crm, format: date, crm: D, inventory: {field: d, zone: Europe/Berlin}}\n"
    found = compiled(f"{HEAD}fields:\n{NAME}{weight}{kind}{due}").schema["schema"]["properties"]
    said = {name: one["x-ofrecord"].get("converted") for name, one in found.items() if "x-ofrecord" in one}
    assert said == {
        "name": None,
        "w": {"crm": {"unit": "g"}, "inventory": {"unit": "kg"}},
        "k": {"crm": {"values": [["Bought", "b"], ["Sold", "s"]]}},
        "d": {"inventory": {"zone": "Europe/Berlin"}},
    }
