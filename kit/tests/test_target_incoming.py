"""Records that say what was delivered last are recognised by their bytes; whatever else there is to say about one is heard."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ofrecord_kit.plan import Fact, FieldRule, obstacles
from ofrecord_kit.plan.facts import Glance
from ofrecord_kit.target.guard import Guard
from ofrecord_kit.target.incoming import Digests, unchanged
from ofrecord_kit.target.reader import ExactReader
from ofrecord_kit.testing.shop import World, record, schema

_encode = msgspec.json.Encoder(decimal_format="number").encode


def raw(said: dict[str, Any]) -> msgspec.Raw:
    return msgspec.Raw(_encode(said))


def known(world: World, *records: dict[str, Any], **options: Any) -> list[bool]:
    """Which of these, come in one batch, are recognised?"""
    delivery = world.delivery(**options)
    guard = Guard(delivery, "run", {}, yes=True)
    came = [delivery.digests.read(raw(one)) for one in records]
    found = unchanged(delivery, guard, came)
    return [place in found for place in range(len(records))]


def test_the_digest_of_a_record_is_the_same_from_its_bytes_and_from_its_values(world: World) -> None:
    digests = Digests(world.wire(schema()))
    said = record(Name="Bolt – 5″", Price=Decimal("1.50"), note={"rank": 3, "invalid": {"phone": "no number"}})
    came = digests.read(raw(said))
    assert came is not None
    assert came.digest == digests.of(said, said["_ofrecord"])


def test_a_record_that_says_what_was_delivered_is_recognised_though_its_times_its_label_and_its_editor_are_new(
    world: World,
) -> None:
    world.deliver(record(Name="Bolt", Price=10))
    later = {"modified": "2026-03-02T00:00:00+00:00", "created": "2026-01-01", "label": "B-1", "editor": "Anna"}
    assert known(world, record(Name="Bolt", Price=10, note=later)) == [True]


@pytest.mark.parametrize(
    "said",
    [
        record(Name="Nut", Price=10),
        record(Name="Bolt"),
        record(Name="Bolt", Price=10, Code="B-1"),
        record(Name="Bolt", Price=10, observed={"stage": "sold"}),
        record(Name="Bolt", Price=10, note={"native": {"name": "Bolt", "price": 11}}),
        record(Name="Bolt", Price=10, note={"deleted": True}),
        record(Name="Bolt", Price=10, note={"filtered": "status"}),
        record(Name="Bolt", Price=10, note={"stopped": {"name": "too dear"}}),
        record(Name="Bolt", Price=10, note={"stamped": "4711"}),
        record("2", Name="Bolt", Price=10),
    ],
)
def test_a_record_that_says_anything_else_is_not_recognised(world: World, said: dict[str, Any]) -> None:
    world.deliver(record(Name="Bolt", Price=10))
    assert known(world, said) == [False]


def test_a_record_that_carries_the_id_of_its_counterpart_is_recognised(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    there = world.ledger.links_of("product", "inventory", "crm", ["1"])["1"].destination_id
    assert known(world, record(Name="Bolt", note={"stamped": there})) == [True]


def test_several_versions_of_a_record_in_one_batch_are_all_looked_at(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    assert known(world, record(Name="Bolt"), record(Name="Nut")) == [False, False]


def test_a_held_record_is_looked_at(world: World) -> None:
    world.deliver(record(Name="Bolt", Phone="1"))
    delivery = world.delivery()
    delivery.known_held.add("1")
    came = [delivery.digests.read(raw(record(Name="Bolt", Phone="1")))]
    assert unchanged(delivery, Guard(delivery, "run", {}, yes=True), came) == set()


def test_a_record_that_is_again_what_was_delivered_before_a_refused_version_is_looked_at_and_released(
    world: World,
) -> None:
    world.deliver(record(Name="Bolt"))
    assert world.deliver(record(Name="A name that is too long for them")) == ["held"]
    assert known(world, record(Name="Bolt")) == [False]
    assert world.deliver(record(Name="Bolt")) == ["unchanged"]
    assert world.ledger.held() == []
    assert known(world, record(Name="Bolt")) == [True]


def test_a_record_that_another_run_has_delivered_otherwise_meanwhile_is_looked_at(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    delivery = world.delivery()
    world.deliver(record(Name="Nut"))
    came = [delivery.digests.read(raw(record(Name="Bolt")))]
    assert unchanged(delivery, Guard(delivery, "run", {}, yes=True), came) == set()


def test_what_the_other_way_agreed_on_is_looked_at(world: World) -> None:
    world.deliver(record(Name="Bolt", Phone="1"))
    link = world.ledger.links_of("product", "inventory", "crm", ["1"])["1"].link
    with world.ledger.writing(world.now()) as writing:
        writing.record_agreed(link, {"phone": {"inventory": "2", "crm": "2"}}, between=("crm", "inventory"))
    assert known(world, record(Name="Bolt", Phone="1")) == [False]


def test_a_record_that_is_linked_with_another_one_now_is_looked_at(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    link = world.ledger.links_of("product", "inventory", "crm", ["1"])["1"].link
    with world.ledger.writing(world.now()) as writing:
        writing.unlink(link, "crm")
    assert known(world, record(Name="Bolt")) == [False]
    with world.ledger.writing(world.now()) as writing:
        writing.record_link("product", {"crm": world.shop.put("Products", Name="Other")}, link)
    assert known(world, record(Name="Bolt")) == [False]


def test_a_record_that_had_left_is_looked_at_when_it_is_back(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    world.deliver(record(note={"filtered": "status"}))
    assert known(world, record(Name="Bolt")) == [False]


def test_nothing_is_recognised_while_a_plan_waits(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    delivery = world.delivery()
    guard = Guard(delivery, "run", {"update": 0}, yes=False)
    assert guard.take(delivery.decide([record(Name="Nut")])) == []
    came = [delivery.digests.read(raw(record(Name="Bolt")))]
    assert unchanged(delivery, guard, came) == set()


def test_nothing_is_recognised_while_the_entity_is_paused(world: World) -> None:
    world.deliver(record(Name="Bolt"))
    with world.ledger.writing(world.now()) as ledger:
        ledger.pause("product", "crm", "stock-taking")
    assert known(world, record(Name="Bolt")) == [False]


def test_a_record_is_not_recognised_when_its_schema_is_another_one(world: World) -> None:
    world.deliver(record(Name="Bolt"), about=b"one")
    assert known(world, record(Name="Bolt"), about=b"one") == [True]
    assert known(world, record(Name="Bolt"), about=b"other") == [False]


def test_a_glance_that_sees_nothing_is_right(world: World) -> None:
    rules = [FieldRule(name, name.lower(), "inventory") for name in ("Name", "Kind", "Price", "Free")]
    facts = {"Name": Fact(length=4), "Kind": Fact(values=("New", "Used")), "Price": Fact(read_only=True)}
    glance = Glance(rules, facts)
    for values in ({"Name": "Bolt", "Kind": "New"}, {"Name": None, "Kind": None, "Free": "x" * 900}, {"Name": 12345}):
        assert glance.sees_nothing(values)
        assert obstacles(rules, values, facts) == {}
    for values in ({"Name": "Bolts"}, {"Kind": "Old"}, {"Price": 1}, {"Kind": "new"}):
        assert not glance.sees_nothing(values)


def test_what_was_read_before_is_not_used_when_another_run_has_written_it_since(world: World) -> None:
    world.deliver(record(Name="Bolt", Price=10))
    link = world.ledger.links_of("product", "inventory", "crm", ["1"])["1"].link
    world.ledger.agreed_of([link], "inventory", "crm")
    other = type(world.ledger)(world.ledger._where, "other")
    with other.writing(world.now()) as writing:
        writing.record_agreed(link, {"code": {"inventory": "B-1", "crm": "B-1"}}, between=("inventory", "crm"))
    other.close()
    with world.ledger.writing(world.now()) as writing:
        writing.record_agreed(link, {"price": {"inventory": 12, "crm": 12}}, between=("inventory", "crm"))
    agreed = world.ledger.agreed_of([link], "inventory", "crm")[link]
    assert (agreed["code"].source, agreed["price"].source, agreed["name"].source) == ("B-1", 12, "Bolt")


def test_an_error_while_a_record_is_taken_is_no_error_of_its_line() -> None:
    taken = []

    def take(stream: str, _record: msgspec.Raw) -> bool:
        taken.append(stream)
        msg = "what the ledger holds is damaged"
        raise msgspec.DecodeError(msg)

    reader = ExactReader()
    reader.take = take
    line = io.StringIO('{"type": "RECORD", "stream": "product", "record": {}}\n')
    with pytest.raises(msgspec.DecodeError, match="damaged"):
        reader.process_lines(line, {"RECORD": lambda _message: taken.append("again")})
    assert taken == ["product"]


def test_a_record_that_gives_its_word_to_others_is_always_heard(world: World) -> None:
    world.deliver(record(Name="Bolt", Price=10, note={"grants": False}))
    assert known(world, record(Name="Bolt", Price=10, note={"grants": True})) == [False]
    assert known(world, record(Name="Bolt", Price=10, note={"grants": False})) == [False], "it may not be recorded yet"
