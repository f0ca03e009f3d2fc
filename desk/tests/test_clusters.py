"""Which records are probably one thing, which is to be kept, and which item masters are to be retired."""

from collections import Counter
from pathlib import Path

import pytest

from ofrecord.clusters import found, ids_named
from ofrecord.duplicates import retirements
from ofrecord_transforms.load import load

RULES = load(Path(__file__).parents[2] / "rules")
ACCOUNT, PRODUCT, CONTACT = (RULES.entities[name] for name in ("account", "product", "contact"))


def account(identity, name, **more):
    return {"id": identity, "Account_Name": name, "Created_Time": "2026-01-01T00:00:00+00:00", **more}


def contact(identity, name, **more):
    return {"contact_id": identity, "contact_name": name, "contact_type": "customer", **more}


def ask(rows, links=None, named=None, entity=ACCOUNT):
    return found(entity, rows, links or {}, Counter(named or {}))


def ids(cluster):
    return [(one.system, one.id) for one in cluster.records]


@pytest.mark.promise("F085")
def test_records_alike_within_and_across_systems_are_clusters_with_a_survivor_in_each():
    rows = {
        "crm": [account("1", "Acme Corp"), account("2", "ACME Corporation Ltd.", Phone="1"), account("3", "Fabrikam")],
        "inventory": [contact("9", "Acme"), contact("8", "Contoso")],
    }
    [cluster] = ask(rows)
    assert ids(cluster) == [("crm", "1"), ("crm", "2"), ("inventory", "9")]
    assert cluster.survivors == ("crm 2", "inventory 9")
    assert cluster.why == ("same but for the legal form (100)", "keep crm 2: most complete (4 fields)")


def test_two_sides_of_one_link_are_no_duplicates():
    rows = {"crm": [account("1", "Acme Corp")], "inventory": [contact("9", "Acme Corp")]}
    assert ask(rows, {("crm", "1"): "a", ("inventory", "9"): "a"}) == []
    assert len(ask(rows, {("crm", "1"): "a", ("inventory", "9"): "b"})) == 1


@pytest.mark.parametrize(
    ("first", "links", "named", "why"),
    [
        ({"Phone": "1", "Website": "w"}, {("crm", "2"): "a"}, {"2": 3, "1": 1}, "keep crm 2: most documents (3)"),
        ({"Phone": "1"}, {("crm", "2"): "a"}, {}, "keep crm 2: the only one that is linked"),
        ({"Created_Time": "2026-05-01T00:00:00+00:00"}, {}, {}, "keep crm 2: the oldest of equals"),
    ],
)
def test_the_survivor_has_the_most_documents_or_is_linked_or_complete_or_old(first, links, named, why):
    rows = {"crm": [account("1", "Acme", **first), account("2", "Acme GmbH")]}
    [cluster] = ask(rows, links, named)
    assert cluster.survivors == ("crm 2",)
    assert cluster.why[-1] == why


@pytest.mark.parametrize(("street", "told"), [("1 North Main St", "same address"), ("9 Elm Street", "another address")])
def test_where_both_have_an_address_it_is_told_whether_it_is_the_same(street, told):
    rows = {
        "crm": [
            account("1", "Acme", Billing_Street="1 N Main Street"),
            account("2", "Acme GmbH", Billing_Street=street),
        ]
    }
    assert ask(rows)[0].why[0] == f"same but for the legal form (100), {told}"


def test_what_is_matched_by_a_code_is_compared_exactly():
    rows = {
        "crm": [
            {"id": "1", "Product_Code": "B-1"},
            {"id": "2", "Product_Code": "b-1 "},
            {"id": "3", "Product_Code": "B-11"},
        ]
    }
    [cluster] = ask(rows, entity=PRODUCT)
    assert ids(cluster) == [("crm", "1"), ("crm", "2")]


def test_lookups_and_ids_tell_what_names_a_record():
    rows = [{"Account_Name": {"id": "1", "name": "A"}, "lines": [{"item_id": "7"}]}, {"customer_id": "1", "id": "5"}]
    assert ids_named(rows) == {"1": 2, "7": 1}


def product(identity, code, **more):
    return {"id": identity, "Product_Code": code, "Product_Active": True, **more}


@pytest.mark.promise("F010")
def test_products_with_no_or_several_items_are_listed_with_a_plan_to_retire_them():
    rows = {
        "crm": [product("1", "A"), product("2", "B"), product("3", "B"), product("4", "C"), product("5", "D"), product("6", ""),
                product("7", "E", Product_Active=False)],
        "inventory": [{"item_id": "91", "sku": "A"}, {"item_id": "92", "sku": "B"}, {"item_id": "93", "sku": "D"}, {"item_id": "94", "sku": "D"}],
    }  # fmt: skip
    plans = retirements(PRODUCT, rows, Counter({"3": 4}))
    assert [(one.id, one.action, one.why) for one in plans] == [
        ("6", "deactivate", "it has no code"),
        ("2", "deactivate", "another product of this code is kept"),
        ("4", "deactivate", "no item has its code"),
        ("5", "look", "2 items have its code; make their codes different, then link it to one"),
    ]


def test_what_may_originate_in_the_crm_is_never_retired():
    assert retirements(ACCOUNT, {"crm": [account("1", "A")], "inventory": []}, Counter()) == []
