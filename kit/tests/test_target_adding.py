"""Amounts of two currencies make no sum: the record that would mix them is held, and the figure stays."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ofrecord_kit.testing.shop import NOON, World, field, schema

INVOICES = schema(
    about={"entity": "invoice", "object": "Deals", "from": "books", "match": [], "external_id": None,
           "combine": {"whole": "deal", "through": "order", "by": "salesorder_id", "field": "deal"}},
    Amount=field("amount", "books", format="money", combine="sum"),
    Numbers=field("numbers", "books", combine="join"),
)  # fmt: skip


def invoice(identity: str, amount: str, currency: str | None = "GBP") -> dict[str, Any]:
    note: dict[str, Any] = {"id": identity, "by": "so-1"}
    if currency is not None:
        note["currencies"] = {"Amount": currency}
    return {"Amount": Decimal(amount), "Numbers": f"INV-{identity}", "_ofrecord": note}


@pytest.fixture
def deal(world: World) -> str:
    """A deal with an invoice over 1.00 in pounds."""
    deal = world.shop.put("Deals", Deal_Name="Big one")
    with world.ledger.writing(NOON) as writing:
        link = writing.record_link("order", {"inventory": "so-1", "crm": "quote-1"})
        writing.record_agreed(link, {"deal": {"inventory": deal, "crm": deal}}, pointers={"deal"})
    world.deliver(invoice("1", "1.00"), said=INVOICES)
    return deal


def shown(world: World, deal: str) -> tuple[Any, Any]:
    there = world.shop.objects["Deals"][deal]
    return there.get("Amount"), there.get("Numbers")


def test_amounts_of_one_currency_are_added(world: World, deal: str) -> None:
    world.deliver(invoice("2", "10.00"), said=INVOICES)
    assert shown(world, deal) == (Decimal("11.00"), "INV-1, INV-2")
    assert world.ledger.held() == []


def test_an_amount_in_another_currency_is_held_and_the_figure_stays_while_the_rest_is_shown(
    world: World, deal: str
) -> None:
    world.deliver(invoice("2", "10.00", "EUR"), said=INVOICES)
    assert shown(world, deal) == (Decimal("1.00"), "INV-1, INV-2")
    (held,) = world.ledger.held()
    assert (held.kind, held.code, held.field) == ("check", "CURRENCIES", "amount")
    assert held.message == "amount: amounts in EUR and GBP make no sum"


def test_what_is_held_for_its_currency_is_over_when_the_document_is_corrected(world: World, deal: str) -> None:
    world.deliver(invoice("2", "10.00", "EUR"), said=INVOICES)
    world.deliver(invoice("2", "10.00", "GBP"), said=INVOICES)
    assert shown(world, deal) == (Decimal("11.00"), "INV-1, INV-2")
    assert world.ledger.held() == []


def test_an_amount_of_nothing_and_one_without_a_currency_mix_nothing(world: World, deal: str) -> None:
    world.deliver(invoice("2", "0", "EUR"), invoice("3", "4.00", None), said=INVOICES)
    assert shown(world, deal) == (Decimal("5.00"), "INV-1, INV-2, INV-3")
    assert world.ledger.held() == []


def test_the_same_amount_in_another_currency_is_news(world: World, deal: str) -> None:
    world.deliver(invoice("2", "10.00"), said=INVOICES)
    world.deliver(invoice("2", "10.00", "EUR"), said=INVOICES)
    assert [held.code for held in world.ledger.held()] == ["CURRENCIES"]
