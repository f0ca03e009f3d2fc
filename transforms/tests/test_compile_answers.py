"""What travels so that a person may decide: values in the owner's form, editors; and what may follow a deletion."""

import pytest

from ofrecord_transforms.compile import compile_entity
from ofrecord_transforms.problems import RulesError

RULES = """\
entity: product
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: things, id: item_id, external_id: cf_crm_id}
  crm: {stream: Things, id: id, external_id: Inventory_ID}
fields:
  - {what: Weight, owner: inventory, violation: hold, inventory: {field: w, unit: kg}, crm: {field: W, unit: g}}
"""


@pytest.fixture
def compiled(rules_of):
    """The product of rule texts, from the CRM to inventory."""

    def make(*texts):
        rules = rules_of(*texts)
        return compile_entity(rules, rules.entities["product"], "crm", "inventory")

    return make


def test_an_edit_that_waits_for_a_person_carries_its_value_too_so_that_the_answer_may_be_to_adopt_it(compiled):
    [out] = compiled(RULES).records({"id": "1", "W": 1500})
    assert {name: str(value) for name, value in out["_ofrecord"]["adopt"].items()} == {"w": "1.5"}


@pytest.mark.parametrize(
    ("user", "editor"),
    [({"id": "4", "name": "Ada Berg", "email": "a@b.example"}, "Ada Berg"), ({"id": "4", "name": ""}, "4"), ("ada", "ada"),
     ("", None), (None, None)],
)  # fmt: skip
def test_who_changed_a_record_last_travels_with_it_where_its_system_tells(compiled, user, editor):
    [out] = compiled(RULES).records({"id": "1", "W": 1, "Modified_By": user})
    assert out["_ofrecord"].get("editor") == editor


@pytest.mark.parametrize(("key", "action", "good"), [
    ("deleted", "void", True), ("deleted", "delete", True), ("leaving", "delete", False),
])  # fmt: skip
def test_a_deletion_may_delete_or_void_and_a_leaving_only_switches_off(rules_of, key, action, good):
    text = RULES.replace("fields:", f"{key}: {{crm: {{inventory: {action}}}}}\nfields:", 1)
    if good:
        assert getattr(rules_of(text).entities["product"], key) == {"crm": {"inventory": action}}
    else:
        with pytest.raises(RulesError, match="inactive"):
            rules_of(text)
