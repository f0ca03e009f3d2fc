"""Telling somebody of a document once: what is owed, what a person says to it, and what became of the document meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.errors import Doubtful, VendorRefusal
from ofrecord_kit.ledger import Ledger
from ofrecord_kit.target.destination import Done, Refused
from ofrecord_kit.target.notices import Document, body_of
from ofrecord_kit.target.outbox import Outbox
from ofrecord_kit.testing.shop import World, record, schema

SHED = {"name": "Shed", "mail": ["shed@example.com"]}
SAID = schema(about={"once": {"then": ["confirmed"], "check": [], "tell": [SHED]}, "match": []})


class Post:
    """What a shop mails. `lost`: of the next mails the answer is lost, `before` or `after` they were sent."""

    def __init__(self, world: World) -> None:
        self.sent: list[str] = []
        self.lost: list[str] = []
        self.void: set[str] = set()
        self.told_to: bool | None = True
        self.refuses = False
        shop: Any = world.shop
        shop.document, shop.mail, shop.was_mailed = self.document, self.mail, self.was_mailed

    def document(self, _object: str, one: str) -> Document:
        return Document(f"SO-{one}", "Order", [{"name": "<Bolt>", "quantity": 3}], is_void=one in self.void)

    def mail(self, _object: str, one: str, _to: Sequence[str], _subject: str, _body: str) -> Done | Refused:
        how = self.lost.pop(0) if self.lost else ""
        if self.refuses:
            return Refused("4", "Invalid value passed for to_mail_ids")
        if how != "before":
            self.sent.append(one)
        if how:
            message = "lost"
            raise Doubtful(message)
        return Done(one)

    def was_mailed(self, _object: str, one: str, _to: Sequence[str]) -> bool | None:
        return self.told_to if one in self.sent else False


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def post(world: World) -> Post:
    return Post(world)


def paid(world: World, ledger: Ledger | None = None) -> dict[str, int]:
    counts = Outbox("crm", world.shop, ledger or world.ledger, world.now).drain()
    return {name: counts[name] for name in ("told", "not told")}


def made(world: World) -> str:
    assert world.deliver(record("1", Name="Order"), said=SAID) == ["written"]
    [one] = world.shop.objects["Products"]
    return one


def held(world: World) -> list[tuple[str, str | None]]:
    return [(row.destination, row.code) for row in world.ledger.held()]


def test_it_is_told_once_and_history_says_so(world, post):
    one = made(world)
    assert (paid(world), paid(world)) == ({"told": 1, "not told": 0}, {"told": 0, "not told": 0})
    assert post.sent == [one]
    assert [(event.system, event.why) for event in world.ledger.events(kinds=["told"])] == [("Shed", "mail")]


def test_a_document_that_is_void_by_then_is_told_to_nobody(world, post):
    post.void.add(made(world))
    assert (paid(world), post.sent, held(world)) == ({"told": 0, "not told": 0}, [], [])
    assert [event.why for event in world.ledger.events(kinds=["dropped"])] == ["it is void or gone"]


def test_whom_the_rules_do_not_name_any_more_is_not_told(world, post):
    made(world)
    world.wire(schema(about={"once": {"then": ["confirmed"], "check": []}, "match": []}))
    assert (paid(world), post.sent) == ({"told": 0, "not told": 0}, [])


def test_what_two_runs_see_at_once_is_told_by_one(world, post, tmp_path):
    one = made(world)
    other = Ledger(str(tmp_path / "ledger.db"), "other")
    key = ("product _tell:Shed", "crm", [one])
    with other.writing(world.now()) as writing:
        assert writing.claim(*key) == {one}
    assert paid(world) == {"told": 0, "not told": 0}
    assert paid(world, other) == {"told": 1, "not told": 0}
    assert (paid(world), post.sent) == ({"told": 0, "not told": 0}, [one])
    other.close()


def test_a_lost_answer_is_looked_up_at_once_and_again_by_the_next_attempt(world, post):
    one = made(world)
    post.lost = ["before"]
    assert paid(world) == {"told": 0, "not told": 1}
    assert held(world) == [("Shed", "DOUBTFUL")]
    assert paid(world) == {"told": 0, "not told": 0}, "not before its time"
    post.sent.append(one)  # it arrived late
    world.time += timedelta(minutes=5)
    assert (paid(world), post.sent, held(world)) == ({"told": 1, "not told": 0}, [one], [])


def test_what_was_mailed_to_somebody_unknown_waits_for_a_person(world, post):
    one = made(world)
    post.lost, post.told_to = ["after"], None
    assert paid(world) == {"told": 0, "not told": 1}
    world.time += timedelta(days=2)
    assert (paid(world), post.sent) == ({"told": 0, "not told": 1}, [one])
    [row] = world.ledger.held()
    with world.ledger.writing(world.now()) as writing:
        writing.answer(row.entity, row.source, row.destination, row.source_id, row.field, "retry", "Ada")
    assert (paid(world), post.sent, held(world)) == ({"told": 1, "not told": 0}, [one, one], [])


def test_a_history_that_is_refused_after_a_lost_answer_waits_for_a_person_and_ends_no_run(world, post):
    one = made(world)

    def refuse(*_told: Any) -> bool:
        raise VendorRefusal("57", "You are not authorized to perform this operation")  # noqa: EM101 - a test

    post.lost, world.shop.was_mailed = ["after"], refuse
    assert (paid(world), held(world)) == ({"told": 0, "not told": 1}, [("Shed", "DOUBTFUL")])
    world.time += timedelta(days=2)
    assert (paid(world)["told"], post.sent) == (0, [one])
    world.shop.was_mailed = post.was_mailed
    world.time += timedelta(days=2)
    assert (paid(world)["told"], post.sent) == (1, [one])


def test_a_refusal_is_tried_again_later_and_given_up_when_a_person_drops_it(world, post):
    made(world)
    post.refuses = True
    assert (paid(world), held(world)) == ({"told": 0, "not told": 1}, [("Shed", "4")])
    [row] = world.ledger.held()
    with world.ledger.writing(world.now()) as writing:
        assert writing.drop(row.entity, row.source, row.destination, row.source_id, row.field, "Ada", "by phone")
    post.refuses = False
    world.time += timedelta(days=1)
    assert (paid(world), post.sent, held(world)) == ({"told": 0, "not told": 0}, [], [])


def test_a_record_that_was_there_already_and_needs_no_action_is_told_to_nobody(world, post):
    world.shop.put("Products", Name="Order", Code="A")
    world.shop.act = lambda _object, one, _action: Done(one, changed=False)  # type: ignore[method-assign]
    said = schema(about={"once": {"then": ["confirmed"], "check": [], "tell": [SHED]}})
    world.deliver(record("1", Name="Order", Code="A"), said=said)
    assert (paid(world), post.sent) == ({"told": 0, "not told": 0}, [])


def test_an_action_that_was_done_although_its_answer_was_lost_is_told_of(world, post):
    answers = [Refused("BUSY", "no answer"), Done("100", changed=False)]
    world.shop.act = lambda *_told: answers.pop(0)  # type: ignore[method-assign]
    assert world.deliver(record("1", Name="Order"), said=SAID) == ["held"]
    assert paid(world) == {"told": 0, "not told": 0}
    world.deliver(record("1", Name="Order"), said=SAID)
    assert (paid(world), len(post.sent)) == ({"told": 1, "not told": 0}, 1)


def test_a_mail_holds_what_a_vendor_may_call_a_thing_as_text(post):
    assert body_of(post.document("", "7")) == "Order SO-7 is confirmed.<br>3 × &lt;Bolt&gt;"
