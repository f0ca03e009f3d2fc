from __future__ import annotations

from decimal import Decimal

from ofrecord_kit.target.finance_bodies import body_of


def test_a_changed_part_of_an_address_travels_with_its_current_neighbours() -> None:
    current = {"billing_address": {"address_id": "7", "city": "Bonn", "zip": "", "phone": "1555"}}
    assert body_of({"billing_address.phone": "1777"}, current, clearing=True) == {
        "billing_address": {"city": "Bonn", "phone": "1777"}
    }


def test_custom_fields_travel_in_their_list_and_others_by_name() -> None:
    body = body_of({"name": "Bolt", "cf_crm_id": "9", "rate": Decimal("1.50")})
    assert body == {"name": "Bolt", "rate": Decimal("1.50"), "custom_fields": [{"api_name": "cf_crm_id", "value": "9"}]}


def test_an_empty_value_is_left_out_of_a_creation_and_clears_in_an_update() -> None:
    assert body_of({"name": "Bolt", "unit": None}) == {"name": "Bolt"}
    assert body_of({"unit": None}, {}, clearing=True) == {"unit": ""}
