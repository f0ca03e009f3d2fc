"""A field that three systems hold: each pair of them agrees for itself."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.ledger import Ledger
from ofrecord_kit.target import read_wire
from ofrecord_kit.target.delivery import Delivery
from ofrecord_kit.target.outbox import Outbox
from ofrecord_kit.testing.shop import NOON, Shop, field, schema

PLACES = {"crm": ("Accounts", "Phone"), "inventory": ("contacts", "phone"), "shop": ("customers", "tel")}
WAYS = list(permutations(PLACES, 2))
ORDERS = [[(one, two) for one in sources for two in sources if one != two] for sources in permutations(PLACES)]


class Three:
    """Three vendors with one customer each, all linked and agreed."""

    def __init__(self, path: Path, owner: str, policy: Any = None) -> None:
        self.owner, self.policy = owner, policy
        self.ledger = Ledger(str(path / "ledger.db"), "run")
        self.shops = {system: Shop() for system in PLACES}
        self.ids = {system: self.shops[system].put(at, **{name: "11"}) for system, (at, name) in PLACES.items()}
        with self.ledger.writing(NOON) as writing:
            self.link = writing.record_link("customer", self.ids)
            writing.record_agreed(self.link, {"phone": dict.fromkeys(PLACES, "11")})
            for source, to in WAYS:
                writing.know_wire("customer", source, to, self.said(source, to))

    def said(self, source: str, to: str) -> dict[str, Any]:
        writes = self.owner in {"shared", source}
        more = {"policy": self.policy} if self.owner == "shared" else {} if writes else {"violation": "revert"}
        about: dict[str, Any] = {
            "entity": "customer", "object": PLACES[to][0], "from": source, "to": to, "external_id": None,
            "source_external_id": None, "match": [],
        }  # fmt: skip
        made = schema(about=about)
        made["properties"] = {PLACES[to][1]: field("phone", self.owner, **more)}
        return made

    def edit(self, system: str, value: str) -> None:
        at, name = PLACES[system]
        self.shops[system].objects[at][self.ids[system]][name] = value

    def held(self) -> dict[str, str]:
        return {system: self.shops[system].objects[at][self.ids[system]][name] for system, (at, name) in PLACES.items()}

    def go(self, source: str, to: str) -> str | None:
        wire = read_wire(self.said(source, to))
        assert wire is not None
        mine = {"phone": self.held()[source]}
        sent = self.owner in {"shared", source}
        note = {"id": self.ids[source], "native": mine if sent else {}, "observed": {} if sent else mine}
        record = {"_ofrecord": note} | ({PLACES[to][1]: mine["phone"]} if sent else {})
        [item] = Delivery(wire, self.shops[to], self.ledger, lambda: NOON).deliver([record])
        Outbox(to, self.shops[to], self.ledger, lambda: NOON).drain()
        return item.outcome

    def cycle(self, ways: list[tuple[str, str]]) -> list[str | None]:
        return [self.go(source, to) for source, to in ways]

    def writes(self) -> int:
        return sum(shop.log.count("update") for shop in self.shops.values())


@pytest.fixture
def three(tmp_path: Path) -> Callable[..., Three]:
    return lambda *words: Three(tmp_path, *words)


@pytest.mark.parametrize("ways", ORDERS)
@pytest.mark.parametrize("edited", PLACES)
def test_an_edit_in_one_of_three_systems_reaches_both_others(
    three: Callable[..., Three], edited: str, ways: list[tuple[str, str]]
) -> None:
    world = three("shared", ["crm", "inventory", "shop"])
    world.edit(edited, "44")
    world.cycle(ways)
    world.cycle(ways)
    assert world.held() == dict.fromkeys(PLACES, "44")
    before = world.writes()
    assert set(world.cycle(ways)) == {"unchanged"}
    assert world.writes() == before == 2
    assert world.ledger.held() == []


@pytest.mark.parametrize("policy", [["crm", "inventory", "shop"], None])
@pytest.mark.parametrize("ways", ORDERS)
def test_a_value_that_went_back_before_the_third_system_heard_of_it_does_not_go_round_for_ever(
    three: Callable[..., Three], ways: list[tuple[str, str]], policy: Any
) -> None:
    world = three("shared", policy)
    world.edit("crm", "44")
    world.go("crm", "inventory")
    world.edit("inventory", "11")
    world.cycle(ways)
    world.cycle(ways)
    assert world.held() == dict.fromkeys(PLACES, "11")
    before = world.writes()
    world.cycle(ways)
    assert world.writes() == before


@pytest.mark.parametrize("ways", ORDERS)
@pytest.mark.parametrize("owner", PLACES)
def test_what_one_of_three_owns_reaches_both_others_and_an_edit_elsewhere_is_put_back(
    three: Callable[..., Three], owner: str, ways: list[tuple[str, str]]
) -> None:
    world = three(owner)
    world.edit(owner, "44")
    world.cycle(ways)
    assert world.held() == dict.fromkeys(PLACES, "44")
    for other in PLACES.keys() - {owner}:
        world.edit(other, "99")
        world.cycle(ways)
        world.cycle(ways)
        assert world.held() == dict.fromkeys(PLACES, "44")
    before = world.writes()
    world.cycle(ways)
    assert world.writes() == before


@pytest.mark.promise("F008")
@pytest.mark.parametrize("ways", ORDERS)
@pytest.mark.parametrize(
    "edited", [("crm", "inventory"), ("crm", "shop"), ("inventory", "shop"), ("crm", "inventory", "shop")]
)
def test_of_edits_in_several_systems_the_one_named_earliest_wins_whatever_runs_first(
    three: Callable[..., Three], edited: tuple[str, ...], ways: list[tuple[str, str]]
) -> None:
    world = three("shared", ["crm", "inventory", "shop"])
    for number, system in enumerate(edited):
        world.edit(system, f"4{number}")
    for _cycle in range(3):
        world.cycle(ways)
    assert world.held() == dict.fromkeys(PLACES, "40")
    assert set(world.cycle(ways)) == {"unchanged"}
    assert world.ledger.held() == []
