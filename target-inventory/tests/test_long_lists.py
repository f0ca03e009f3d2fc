"""Looking for counterparts in a list that is longer than the values that are looked for."""

import pytest

from ofrecord_kit.target import New, finance_reading
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.testing.finance import Company
from target_inventory.objects import Inventory


@pytest.fixture
def writer(company: Company, monkeypatch: pytest.MonkeyPatch) -> Inventory:
    """Twenty customers, two on a page."""
    monkeypatch.setattr(finance_reading, "PER_PAGE", 2)
    for number in range(19):
        company.client.send(
            "POST", "/inventory/v1/contacts", json={"contact_name": f"Customer {number}", "contact_type": "customer"}
        )
    return Inventory(Counted(company.client))


def calls(writer: Inventory, names: list[str], field: str = "contact_name") -> tuple[int, int]:
    """Calls that looking for them takes, and how many are found."""
    before = writer.calls
    found = writer.find("contacts", field, names, "text")
    return writer.calls - before, sum(map(len, found.values()))


def test_as_many_pages_are_read_as_there_are_values_then_each_is_asked_for_by_itself(writer: Inventory) -> None:
    names = [f"Customer {number}" for number in range(6)]
    assert calls(writer, [*names, "Nobody"]) == (7 + 7, 6)
    assert calls(writer, names) == (6, 6), "the list is not begun again"
    assert calls(writer, [f"Customer {number}" for number in range(19)]) == (3, 19), "it is read on where that pays"
    assert calls(writer, names) == (0, 6)


def test_a_custom_field_of_a_list_that_is_too_long_is_left_to_the_match_fields(writer: Inventory) -> None:
    assert calls(writer, [str(number) for number in range(6)], "cf_crm_id") == (6, 0)


def test_what_is_created_meanwhile_is_in_a_list_that_is_read_on(writer: Inventory) -> None:
    assert calls(writer, [f"Customer {number}" for number in range(6)])[1] == 6
    writer.create("contacts", [New({"contact_name": "Late", "contact_type": "customer"}, None, again=False, match=())])
    names = ["Late", *(f"Customer {number}" for number in range(19))]
    assert calls(writer, names)[1] == 20
