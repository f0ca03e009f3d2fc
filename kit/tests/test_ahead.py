"""Reads side by side: in order, bounded, and nothing left behind."""

from ofrecord_kit.ahead import Call, ahead


def test_answers_come_in_the_order_of_their_calls(vendor, client_of):
    vendor.will_answer(*((200, {"code": 0, "item": {"item_id": str(n)}}) for n in range(5)))
    calls = [Call(f"/inventory/v1/items/{n}") for n in range(5)]
    found = [answer.body["item"]["item_id"] for answer in ahead(client_of("inventory"), calls)]
    assert found == ["0", "1", "2", "3", "4"]
