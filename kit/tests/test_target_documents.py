"""Documents that are created once: compared figure by figure, foreseen, amended for a while, and waiting for another record's word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.ledger import Event
from ofrecord_kit.plan.currencies import digits_of
from ofrecord_kit.plan.figures import Difference, Figure, differences
from ofrecord_kit.plan.sums import Foreseen, Row, foresee
from ofrecord_kit.target.following import whose_time_has_come
from ofrecord_kit.testing.shop import NOON, World, field, record, schema

LINES: dict[str, Any] = {
    "field": "lines", "label": "Lines", "lines": [
        {"field": "item", "label": "Item", "ref": "item"},
        {"field": "rate", "label": "Rate", "format": "money"},
    ],
}  # fmt: skip
ONCE: dict[str, Any] = {
    "then": ["confirmed"],
    "check": [{"field": "total", "label": "Total", "format": "money"}, LINES],
    "sum": {"lines": "lines", "quantity": "quantity", "rate": "rate", "discount": "off", "plus": ["Price"]},
    "amend": [{"field": "status", "test": "in", "values": ["draft"]}, {"field": "packages", "test": "absent"}],
}
SAID = schema(
    about={"once": ONCE, "match": []},
    lines=field("lines", "inventory", format="lines", after_create=True, lines={"item": {"ref": "item"}, "rate": {}}),
    Price=field("price", "inventory", format="money", after_create=True),
)
ROW = {"item": "7", "quantity": 2, "rate": Decimal("0.50")}


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    with made.ledger.writing(NOON) as writing:
        writing.record_link("item", {"inventory": "7", "crm": "107"})
    return made


def adding_up(world: World, **more: Any) -> None:
    """The shop adds up its documents itself."""
    put = world.shop.put

    def with_total(object_: str, **values: Any) -> str:
        total = sum(row["quantity"] * row["rate"] for row in values["lines"])
        return put(object_, status="draft", packages=[], **{"total": total + values.get("Price", 0), **values, **more})

    world.shop.put = with_total  # type: ignore[method-assign]


def document(total: Any, rows: Sequence[Mapping[str, Any]] = (ROW,), **values: Any) -> dict[str, Any]:
    wanted = {"total": total, "lines": [{"item": row["item"], "rate": row["rate"]} for row in rows]}
    made = record(note={"check": wanted}, **{"Name": "Order", "Price": 0, **values}, lines=[dict(row) for row in rows])
    made["_ofrecord"]["native"]["lines"] = [dict(row) for row in rows]
    return made


def held_of(world: World) -> list[tuple[str | None, str]]:
    return [(held.code, held.message) for held in world.ledger.held()]


def test_a_document_that_agrees_in_every_figure_of_every_line_is_confirmed(world: World) -> None:
    adding_up(world)
    assert world.deliver(document(1), said=SAID) == ["written"]
    assert [action for _record, action in world.shop.actions] == ["confirmed"]


def test_a_difference_names_line_figure_and_both_values_and_what_was_foreseen(world: World) -> None:
    adding_up(world, total=Decimal("1.00"))
    wanted = document(Decimal("1.01"))
    wanted["_ofrecord"]["check"]["lines"][0]["rate"] = Decimal("0.505")
    assert world.deliver(wanted, said=SAID) == ["held"]
    assert world.shop.actions == []
    [(code, message)] = held_of(world)
    assert code == "CHECK"
    assert message == (
        "Total: 1.01 at inventory, 1 at crm; line 1, Rate: 0.505 at inventory, 0.5 at crm; "
        "foreseen: 1.00 however it is rounded; left as it is"
    )


def test_lines_are_paired_wherever_they_stand_and_those_missing_are_told() -> None:
    figures = [Figure("rows", "Lines", lines=(Figure("sku", "Item", "text"), Figure("rate", "Rate")))]
    one, two, three = ({"sku": sku, "rate": Decimal(rate)} for sku, rate in (("A", 1), ("B", 2), ("C", 3)))
    assert list(differences(figures, {"rows": [one, two]}, {"rows": [two, one]})) == []
    assert list(differences(figures, {"rows": [one, two, three]}, {"rows": [three, {"sku": "B", "rate": 9}]})) == [
        Difference("number of lines", 3, 2),
        Difference("line 1, Item", "A", "B"),
        Difference("line 1, Rate", Decimal(1), 9),
        Difference("line 2", "Item B, Rate 2", None),
    ]


THIRD = Row(Decimal(1), Decimal("0.50"), None, Decimal(19))
SUMS = [
    ("USD", [THIRD] * 3, "1.80", "1.79"),
    ("USD", [Row(Decimal(3), Decimal("19.99"), "5%", Decimal("8.25"))], "61.67", "61.67"),
    ("JPY", [Row(Decimal(1), Decimal(5), None, Decimal(10))] * 3, "18", "17"),
    ("KWD", [Row(Decimal(3), Decimal("0.3335"), None, Decimal(5))] * 2, "2.102", "2.101"),
    ("USD", [Row(Decimal("0.5"), Decimal("0.03"), Decimal("0.01"), Decimal(0))], "0.01", "0.01"),
]


@pytest.mark.parametrize(("currency", "rows", "by_line", "by_document"), SUMS)
def test_a_sum_is_foreseen_under_both_ways_of_rounding_in_the_digits_of_its_currency(
    currency: str, rows: list[Row], by_line: str, by_document: str
) -> None:
    assert foresee(rows, digits_of(currency)) == Foreseen(Decimal(by_line), Decimal(by_document))


def test_what_is_taken_off_and_added_behind_the_taxes_counts() -> None:
    found = foresee([THIRD], 2, less=Decimal("0.10"), plus=Decimal(4))
    assert (found.by_line, found.by_document) == (Decimal("4.50"), Decimal("4.50"))
    assert found.said() == "foreseen: 4.50 however it is rounded"
    assert foresee([THIRD] * 3, 2).said() == "foreseen: 1.80 where each line is rounded, 1.79 where the document is"


def amended(world: World, rate: str, *, rows: int = 1, **there: Any) -> list[str | None]:
    """The source's rate is another now; `there`: what the document is meanwhile."""
    for values in world.products():
        values.update(there)
    changed = [{**ROW, "rate": Decimal(rate)}] * rows
    total = sum((row["quantity"] * row["rate"] for row in changed), Decimal(0))
    update = world.shop.update

    def and_add_up(object_: str, changes: Any) -> Any:
        done = update(object_, changes)
        for values in world.products():
            values["total"] = sum(row["quantity"] * row["rate"] for row in values["lines"])
        return done

    world.shop.update = and_add_up  # type: ignore[method-assign]
    outcome = world.deliver(document(total, changed), said=SAID)
    world.shop.update = update  # type: ignore[method-assign]
    return outcome


def test_a_change_of_its_source_travels_while_the_document_is_open_and_is_compared_again(world: World) -> None:
    adding_up(world)
    world.deliver(document(1), said=SAID)
    assert amended(world, "0.75") == ["written"]
    assert [(row["rate"], row["item"]) for row in world.products()[0]["lines"]] == [(Decimal("0.75"), "107")]
    assert [action for _record, action in world.shop.actions] == ["confirmed"], "once"
    assert world.ledger.held() == []


@pytest.mark.parametrize(
    ("there", "code", "why"),
    [
        ({"status": "shipped"}, "LATE", "status is shipped at crm"),
        ({"packages": [{"id": 1}]}, "LATE", "it has packages at crm"),
        ({"lines": [{"item": "107", "quantity": 5, "rate": Decimal("0.50")}]}, "EDITED", "crm changed it, too"),
    ],
)
def test_a_change_that_comes_too_late_is_listed_and_the_document_stays_as_it_is(
    world: World, there: dict[str, Any], code: str, why: str
) -> None:
    adding_up(world)
    world.deliver(document(1), said=SAID)
    assert amended(world, "0.75", **there) == ["held"]
    assert world.products()[0]["lines"][0]["rate"] == Decimal("0.50")
    assert held_of(world) == [(code, f"changed at inventory after the document was made: lines; {why}; left as it is")]
    assert [event.kind for event in world.ledger.events(kinds=("held",))] == ["held"]
    assert world.deliver(document(1), said=SAID) == ["unchanged"], "the change was taken back"
    assert world.ledger.held() == []


def test_what_is_no_part_of_an_amendment_is_listed_and_the_rest_travels(world: World) -> None:
    adding_up(world)
    world.deliver(document(1), said=SAID)
    assert world.deliver(document(3, Price=2, Name="Another"), said=SAID) == ["held"]
    [row] = world.products()
    assert (row["Name"], row["Price"]) == ("Order", 2)
    [(code, message)] = held_of(world)
    assert (code, "name" in message, "price" in message) == ("FIXED", True, False)


def test_a_document_found_as_it_is_is_neither_overwritten_nor_amended(world: World) -> None:
    said = schema(
        about={"once": {**ONCE, "check": None}},
        Code=field("code", "inventory"),
        Price=field("price", "inventory", after_create=True),
    )
    world.shop.put("Products", Name="By hand", Code="Q-1", Price=5, status="draft")
    assert world.deliver(record(Name="Order", Code="Q-1", Price=7), said=said) == ["written"]
    assert world.deliver(record(Name="Order", Code="Q-1", Price=8), said=said) == ["held"]
    assert [row["Price"] for row in world.products()] == [5]


# --- waiting for another record's word ------------------------------------------------------------------------------

QUOTES = schema(
    about={"entity": "order", "once": {"then": []}, "match": [], "waits_for": {"entity": "deal", "field": "deal"}},
    Deal=field("deal", "inventory"),
)
DEALS = schema(
    about={"entity": "deal", "spread": {"through": "order", "field": "deal"}, "create": False, "external_id": None}
)


def quote(identity: str, deal: str, *, accepted: bool = False) -> dict[str, Any]:
    made = record(identity, Name=f"Quote {identity}", Deal=deal, note={} if accepted else {"awaits": deal})
    made["_ofrecord"]["native"]["deal"] = deal
    return made


def say(world: World, deal: str, *, won: bool) -> None:
    world.deliver({"_ofrecord": {"id": deal, "grants": won, "native": {}, "observed": {}}}, said=DEALS)


def end_of_run(world: World) -> list[str | None]:
    """What the end of a run does with those that wait."""
    delivery = world.delivery(QUOTES)
    return [item.outcome for item in delivery.deliver(whose_time_has_come(delivery), again=True)]


def names(world: World) -> list[str]:
    return [row["Name"] for row in world.products()]


def test_a_record_waits_for_the_word_of_another_and_then_goes_once(world: World) -> None:
    assert world.deliver(quote("1", "D"), said=QUOTES) == ["filtered"]
    assert end_of_run(world) == []
    say(world, "D", won=True)
    assert end_of_run(world) == ["written"]
    assert end_of_run(world) == []
    assert world.deliver(quote("1", "D"), said=QUOTES) == ["unchanged"]
    assert names(world) == ["Quote 1"]
    say(world, "D", won=False)
    assert world.deliver(quote("1", "D"), said=QUOTES) == ["filtered"], "it has left, and stays what it is"
    assert names(world) == ["Quote 1"]


def test_the_word_may_come_first_and_be_taken_back_before_it_is_used(world: World) -> None:
    say(world, "D", won=True)
    say(world, "D", won=False)
    world.deliver(quote("1", "D"), said=QUOTES)
    assert end_of_run(world) == []
    say(world, "D", won=True)
    assert end_of_run(world) == ["written"]


def test_of_several_that_wait_for_one_none_goes_and_a_person_is_asked(world: World) -> None:
    world.deliver(quote("1", "D"), quote("2", "D"), said=QUOTES)
    say(world, "D", won=True)
    assert end_of_run(world) == []
    assert [code for code, _message in held_of(world)] == ["SEVERAL", "SEVERAL"]
    assert "2 wait for it: 1, 2" in held_of(world)[0][1]
    assert end_of_run(world) == []
    assert len(world.ledger.events(kinds=("held",))) == 2, "asked once"
    assert world.deliver(quote("2", "D", accepted=True), said=QUOTES) == ["written"]
    assert end_of_run(world) == []
    assert names(world) == ["Quote 2"]
    assert world.ledger.held() == []


def test_one_that_is_left_alone_goes_unless_another_was_made_or_is_only_held(world: World) -> None:
    world.deliver(quote("1", "D"), quote("2", "D"), said=QUOTES)
    say(world, "D", won=True)
    end_of_run(world)
    world.deliver({"_ofrecord": {"id": "2", "filtered": "stage is lost"}}, said=QUOTES)
    assert end_of_run(world) == ["written"]
    assert (names(world), world.ledger.held()) == (["Quote 1"], [])
    world.shop.refuses = "Deal"
    world.deliver(quote("3", "E", accepted=True), quote("4", "E"), said=QUOTES)
    say(world, "E", won=True)
    assert end_of_run(world) == [], "the accepted one is held, and will go by itself"


def test_what_was_said_is_history_that_no_run_repeats(world: World) -> None:
    world.deliver(quote("1", "D"), said=QUOTES)
    say(world, "D", won=True)
    end_of_run(world)
    events: list[Event] = world.ledger.events()
    say(world, "D", won=True)
    assert world.ledger.events() == events


def test_a_sum_that_nobody_can_mean_ends_no_run() -> None:
    for great in (Decimal("1e30"), Decimal("1e1000")):
        found = foresee([Row(great, great, "5%", Decimal(19)), Row(Decimal("1e-1000"), great, great)], 2)
        assert found.by_line.is_finite()
        assert found.by_document.is_finite()
