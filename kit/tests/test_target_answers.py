"""What a person answers to what is held is carried out once, by whichever pipeline comes first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.ledger import Held, Ledger, Link
from ofrecord_kit.target.answers import to_try_again
from ofrecord_kit.target.delivery import Delivery
from ofrecord_kit.target.items import Item
from ofrecord_kit.target.outbox import Outbox
from ofrecord_kit.target.recording import WAITS_S
from ofrecord_kit.target.wire import read_wire
from ofrecord_kit.testing.shop import NOON, Shop, World, field, record, schema

PLACES = {"crm": "Accounts", "inventory": "contacts"}
WAYS = [("crm", "inventory"), ("inventory", "crm")]


class Two:
    """A customer in two vendors: its phone is shared under review, its rating is the CRM's and edits of it are held."""

    def __init__(self, path: Path) -> None:
        self.ledger = Ledger(str(path / "ledger.db"), "run")
        self.shops = {system: Shop() for system in PLACES}
        self.time = NOON
        self.ids = {
            system: shop.put(PLACES[system], phone="11", rating="A", modified=NOON, editor=None)
            for system, shop in self.shops.items()
        }
        with self.ledger.writing(NOON) as writing:
            link = writing.record_link("customer", self.ids)
            writing.record_agreed(link, {"phone": dict.fromkeys(PLACES, "11"), "rating": dict.fromkeys(PLACES, "A")})
            for source, to in WAYS:
                writing.know_wire("customer", source, to, self.said(source, to))

    def said(self, source: str, to: str) -> dict[str, Any]:
        made = schema(about={
            "entity": "customer", "object": PLACES[to], "from": source, "to": to, "external_id": None,
            "source_external_id": None, "match": [],
        })  # fmt: skip
        observed = {} if source == "crm" else {"violation": "hold"}
        made["properties"] = {"phone": field("phone", "shared"), "rating": field("rating", "crm", **observed)}
        return made

    def now(self) -> datetime:
        return self.time

    def row(self, system: str) -> dict[str, Any]:
        return self.shops[system].objects[PLACES[system]][self.ids[system]]

    def edit(self, system: str, by: str | None = None, **values: Any) -> None:
        self.time += timedelta(hours=1)
        self.row(system).update(values, modified=self.time, editor=by)

    def record(self, source: str) -> dict[str, Any]:
        row = self.row(source)
        note = {"id": self.ids[source], "modified": row["modified"].isoformat(), "editor": row["editor"]}
        phone = {"phone": row["phone"]}
        if source == "crm":
            both = {**phone, "rating": row["rating"]}
            return {**both, "_ofrecord": {**note, "native": both, "observed": {}}}
        edits = {"rating": row["rating"]}
        return {**phone, "_ofrecord": {**note, "native": phone, "observed": edits, "adopt": edits}}

    def delivery(self, source: str, to: str) -> Delivery:
        wire = read_wire(self.said(source, to))
        assert wire is not None
        return Delivery(wire, self.shops[to], self.ledger, self.now)

    def go(self, source: str, to: str, *, read: bool = True) -> Item | None:
        """One run of a pipeline: what was read, what is due, what is owed."""
        self.time += timedelta(minutes=15)
        items = self.delivery(source, to).deliver([self.record(source)]) if read else []
        due = to_try_again(self.ledger.due(source, to, "customer", self.time, list(WAITS_S)))
        items += self.delivery(source, to).deliver(due, again=True) if due else []
        Outbox(to, self.shops[to], self.ledger, self.now).drain()
        return items[0] if items else None

    def held(self, kind: str = "conflict") -> list[Held]:
        return [held for held in self.ledger.held() if held.kind == kind]

    def answer(self, held: Held, text: str) -> None:
        with self.ledger.writing(self.time) as writing:
            key = (held.entity, held.source, held.destination, held.source_id, held.field)
            assert writing.answer(*key, text, "Ada")

    def phones(self) -> dict[str, str]:
        return {system: self.row(system)["phone"] for system in PLACES}

    def writes(self) -> int:
        return sum(shop.log.count("update") for shop in self.shops.values())


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    made = Two(tmp_path)
    yield made
    made.ledger.close()


def edited_on_both_sides(two: Two) -> list[Held]:
    two.edit("crm", "Bo", phone="22")
    two.edit("inventory", phone="33")
    for way in WAYS:
        two.go(*way)
    return two.held()


@pytest.mark.promise("F017")
@pytest.mark.parametrize("read", [True, False], ids=["read again", "not read again"])
@pytest.mark.parametrize("asked", ["crm", "inventory"])
@pytest.mark.parametrize("taken", ["crm", "inventory"])
@pytest.mark.parametrize("order", [WAYS, WAYS[::-1]], ids=["crm first", "inventory first"])
def test_a_conflict_waits_with_values_times_and_editors_until_a_person_decides_and_that_applies_once(
    two: Two, order: list[tuple[str, str]], taken: str, asked: str, *, read: bool
) -> None:
    helds = edited_on_both_sides(two)
    assert two.phones() == {"crm": "22", "inventory": "33"}
    assert {held.source for held in helds} == {"crm", "inventory"}
    for held in helds:
        assert held.values["crm"] == {
            "value": "22",
            "modified": (NOON + timedelta(hours=1)).isoformat(),
            "editor": "Bo",
        }
        assert held.values["inventory"]["value"] == "33"
        assert held.values["inventory"]["modified"] == (NOON + timedelta(hours=2)).isoformat()
        assert held.values["base"] == {"crm": "11", "inventory": "11"}
    for way in WAYS:
        two.go(*way)
    assert two.phones() == {"crm": "22", "inventory": "33"}
    two.answer(next(held for held in helds if held.source == asked), f"take {taken}")
    for _cycle in range(2):
        for way in order:
            two.go(*way, read=read)
    assert two.phones() == dict.fromkeys(PLACES, {"crm": "22", "inventory": "33"}[taken])
    assert two.writes() == 1
    assert two.held() == []
    (decided,) = two.ledger.events(kinds=["decided"])
    assert (decided.why, decided.editor, decided.field) == (f"take {taken}", "Ada", "phone")


@pytest.mark.parametrize("way", WAYS, ids=["crm first", "inventory first"])
@pytest.mark.parametrize("later", ["crm", "inventory"])
def test_an_answer_about_values_that_have_changed_since_is_void_and_asked_anew(
    two: Two, way: tuple[str, str], later: str
) -> None:
    held = next(held for held in edited_on_both_sides(two) if held.source == way[0])
    two.answer(held, "take crm")
    two.edit(later, phone="44")
    two.go(*way)
    assert two.writes() == 0
    (again,) = [held for held in two.held() if held.source == way[0]]
    assert (again.answer, again.values[later]["value"]) == (None, "44")
    assert "“take crm” was about other values" in again.message
    assert two.ledger.events(kinds=["decided"]) == []


@pytest.mark.parametrize("asked", ["crm", "inventory"])
def test_an_answer_about_a_field_that_a_job_does_not_carry_waits_for_the_job_that_does(two: Two, asked: str) -> None:
    held = next(held for held in edited_on_both_sides(two) if held.source == asked)
    two.answer(held, "take crm")
    some = two.said("crm", "inventory")
    some["x-ofrecord"]["partial"] = True
    del some["properties"]["phone"]
    wire = read_wire(some)
    assert wire is not None
    record = two.record("crm")
    del record["phone"]
    Delivery(wire, two.shops["inventory"], two.ledger, two.now).deliver([record])
    assert two.phones() == {"crm": "22", "inventory": "33"}
    assert [one.answer for one in two.held() if one.source == asked] == ["take crm"]
    for way in WAYS:
        two.go(*way)
    assert two.phones() == {"crm": "22", "inventory": "22"}


def test_an_answer_that_names_neither_system_changes_nothing(two: Two) -> None:
    held = edited_on_both_sides(two)[0]
    two.answer(held, "take shop")
    two.go(held.source, held.destination)
    assert two.writes() == 0
    assert [held.answer for held in two.held()] == [None, None]


def test_a_conflict_closes_by_itself_when_both_sides_come_to_hold_the_same(two: Two) -> None:
    edited_on_both_sides(two)
    two.edit("crm", phone="33")
    two.go("crm", "inventory")
    assert two.held() == []
    (event,) = two.ledger.events(kinds=["agreed"])
    assert (event.field, event.system, event.before, event.after) == ("phone", "inventory", "11", "33")


def test_of_records_just_paired_a_person_decides_as_well(two: Two) -> None:
    with two.ledger.writing(NOON) as writing:
        [link] = two.ledger.linked("customer", "crm", [two.ids["crm"]]).values()
        writing.unlink(link, "crm")
        writing.record_link("customer", two.ids, link)
    for held in edited_on_both_sides(two)[:1]:
        two.answer(held, "take inventory")
    for way in [*WAYS, *WAYS]:
        two.go(*way)
    assert two.phones() == dict.fromkeys(PLACES, "33")
    assert (two.writes(), two.held()) == (1, [])


def edited_by_the_wrong_one(two: Two) -> Held:
    two.edit("inventory", rating="Z")
    two.go("inventory", "crm")
    (held,) = two.held("violation")
    return held


def test_a_held_edit_tells_both_values_and_what_may_be_answered(two: Two) -> None:
    held = edited_by_the_wrong_one(two)
    assert {system: held.values[system]["value"] for system in PLACES} == {"crm": "A", "inventory": "Z"}
    assert held.values["base"] == {"crm": "A", "inventory": "A"}
    assert held.fix == "Answer `take crm` or `take inventory`."
    assert isinstance(held.payload, dict)


@pytest.mark.parametrize(
    ("answer", "ends"), [("take owner", "A"), ("take crm", "A"), ("take inventory", "Z"), ("take shop", None)]
)
def test_a_held_edit_is_put_back_or_adopted_as_a_person_says(two: Two, answer: str, ends: str | None) -> None:
    two.answer(edited_by_the_wrong_one(two), answer)
    for way in [*WAYS[::-1], *WAYS]:
        two.go(*way)
    found = {two.row(system)["rating"] for system in PLACES}
    assert found == ({ends} if ends else {"A", "Z"})
    assert len(two.held("violation")) == (0 if ends else 1)
    assert [event.editor for event in two.ledger.events(kinds=["decided"])] == (["Ada"] if ends else [])
    writes = two.writes()
    for way in WAYS:
        two.go(*way)
    assert two.writes() == writes == (1 if ends else 0)


def test_an_answer_to_an_edit_that_was_edited_again_is_void(two: Two) -> None:
    two.answer(edited_by_the_wrong_one(two), "take inventory")
    two.edit("inventory", rating="Y")
    two.go("inventory", "crm")
    assert two.row("crm")["rating"] == "A"
    (held,) = two.held("violation")
    assert (held.answer, held.values["inventory"]["value"]) == (None, "Y")


def say(world: World, text: str) -> None:
    (held,) = world.ledger.held()
    with world.ledger.writing(world.time) as writing:
        key = (held.entity, held.source, held.destination, held.source_id, held.field)
        assert writing.answer(*key, text, "Ada")


def again(world: World, said: dict[str, Any] | None = None) -> list[str | None]:
    """What the end of a run does with held records."""
    world.time += timedelta(hours=1)
    due = to_try_again(world.ledger.due("inventory", "crm", "product", world.time, list(WAITS_S)))
    return [item.outcome for item in world.delivery(said).deliver(due, again=True)]


def link_of(world: World, source_id: str = "1") -> Link:
    return world.ledger.links_of("product", "inventory", "crm", [source_id])[source_id]


@pytest.fixture
def doubled(world: World) -> list[str]:
    """Two records there that match one here."""
    ids = [world.shop.put("Products", Code="B-1", Name=name) for name in ("Bolt", "Screw")]
    assert world.deliver(record(Code="B-1", Name="Bolt M8")) == ["held"]
    return ids


def test_a_duplicate_is_paired_with_the_record_a_person_names(world: World, doubled: list[str]) -> None:
    say(world, f"same {doubled[1]}")
    assert again(world) == ["written"]
    assert [row["Name"] for row in world.products()] == ["Bolt", "Bolt M8"]
    assert link_of(world).destination_id == doubled[1]
    assert world.ledger.held() == []
    linked, decided = world.ledger.events(kinds=["linked", "decided"])
    assert (linked.why, decided.after, decided.editor) == (f"same {doubled[1]}", f"same {doubled[1]}", "Ada")


def test_a_duplicate_that_is_none_is_created(world: World, doubled: list[str]) -> None:
    say(world, "new")
    assert again(world) == ["written"]
    assert [row["Name"] for row in world.products()] == ["Bolt", "Screw", "Bolt M8"]
    assert world.ledger.held() == []


def test_a_named_record_that_does_not_exist_or_belongs_to_another_is_asked_again(
    world: World, doubled: list[str]
) -> None:
    say(world, "same 99999")
    assert again(world) == ["held"]
    assert "crm 99999 does not exist" in world.ledger.held()[0].message
    assert world.ledger.held()[0].answer is None
    world.deliver(record("2", Name="Nut", note={"stamped": doubled[0]}))
    say(world, f"same {doubled[0]}")
    assert again(world) == ["held"]
    assert f"crm {doubled[0]} is linked with inventory 2 already" in world.ledger.held()[0].message


@pytest.fixture
def gone(world: World) -> str:
    """A linked record that somebody deleted for good there."""
    world.deliver(record(Name="Bolt", Price=1))
    lost = link_of(world).destination_id
    del world.shop.objects["Products"][lost]
    world.shop.put("Others")
    assert world.deliver(record(Name="Bolt", Price=2)) == ["held"]
    assert world.ledger.held()[0].code == "GONE"
    assert again(world) == ["held"]
    return lost


def test_a_record_that_is_gone_is_made_again_as_a_new_one_when_a_person_says_so(world: World, gone: str) -> None:
    link = link_of(world).link
    say(world, "create")
    world.shop.objects["Products"]["999"] = {"Name": "Other"}
    assert again(world) == ["written"]
    made = link_of(world)
    assert (made.link, made.generation) == (link, 1)
    assert made.destination_id != gone
    assert world.shop.objects["Products"][made.destination_id] == {"Name": "Bolt", "Price": 2, "Inventory_ID": "1"}
    assert world.ledger.held() == []
    assert world.deliver(record(Name="Bolt", Price=2)) == ["unchanged"]
    assert again(world) == []


def test_a_record_made_again_before_a_crash_is_found_and_not_made_twice(world: World, gone: str) -> None:
    say(world, "create")
    made = world.shop.put("Products", Name="Bolt", Inventory_ID="1")
    assert made != gone
    again(world)
    assert link_of(world).destination_id == made
    assert len(world.products()) == 1


def test_where_the_rules_create_nothing_a_record_that_is_gone_is_not_made_again(world: World, gone: str) -> None:
    say(world, "create")
    assert again(world, schema(about={"create": False})) == ["held"]
    assert "cannot be made again" in world.ledger.held()[0].message
    assert world.products() == []


def test_a_record_that_is_gone_is_let_go_of_and_then_treated_as_if_it_had_never_been_linked(
    world: World, gone: str
) -> None:
    say(world, "unlink")
    assert again(world) == ["filtered"]
    assert world.ledger.held() == []
    assert world.ledger.links_of("product", "inventory", "crm", ["1"]) == {}
    assert [event.editor for event in world.ledger.events(kinds=["unlinked"])] == ["Ada"]
    assert again(world) == []


def test_a_record_that_is_there_again_closes_the_question_by_itself(world: World, gone: str) -> None:
    world.shop.objects["Products"][gone] = {"Name": "Bolt", "Price": 1, "Inventory_ID": "1"}
    assert world.deliver(record(Name="Bolt", Price=2)) == ["written"]
    assert world.ledger.held() == []


def correct(world: World, **values: Any) -> None:
    (held,) = world.ledger.held()
    with world.ledger.writing(world.time) as writing:
        key = (held.entity, held.source, held.destination, held.source_id, held.field)
        assert writing.correct(*key, values, "Ada")


def test_a_refused_record_is_corrected_and_sent_again_once(world: World) -> None:
    bad = record(Name="a name much longer than the vendor takes", Price=1)
    assert world.deliver(bad) == ["held"]
    correct(world, Name="a name still longer than the vendor takes")
    assert again(world) == ["held"]
    assert world.ledger.held()[0].correction is None
    correct(world, Name="Bolt")
    assert again(world) == ["written"]
    assert world.ledger.held() == []
    assert world.products()[0]["Name"] == "Bolt"
    assert world.deliver(bad) == ["unchanged"]


def test_a_value_that_could_not_be_converted_may_be_given_by_hand(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    assert world.deliver(record(Name="Bolt", note={"invalid": {"price": "is no amount"}})) == ["held"]
    correct(world, Price=7)
    assert again(world) == ["written"]
    assert world.products()[0]["Price"] == 7
    assert world.ledger.held() == []


def test_of_due_rows_each_record_is_tried_once_and_a_plan_is_no_record(world: World) -> None:
    with world.ledger.writing(NOON) as writing:
        for name in ("name", "price"):
            writing.hold(
                Held("product", "inventory", "crm", "1", "refused", "no", field=name, payload={"Name": "x"}), wait_s=0
            )
        writing.hold(Held("product", "inventory", "crm", "*", "limits", "too many", payload={"create": 9}))
        writing.answer("product", "inventory", "crm", "*", "", "approve", "Ada")
    due = world.ledger.due("inventory", "crm", "product", NOON, list(WAITS_S))
    assert len(due) == 3
    assert to_try_again(due) == [{"Name": "x"}]
