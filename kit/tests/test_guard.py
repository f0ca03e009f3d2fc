"""Limits of a run: nothing is written before its plan fits, or a person said yes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.testing.shop import NOON, field, record, schema
from ofrecord_kit.testing.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def limited(**limits: Any) -> dict[str, Any]:
    return schema(about={"limits": limits})


def some(number: int, first: int = 1, **values: Any) -> list[dict[str, Any]]:
    return [record(str(one), Name=f"Bolt {one}", Code=f"B{one}", **values) for one in range(first, first + number)]


@pytest.mark.promise("N06")
def test_a_first_run_writes_nothing_without_a_yes_and_its_bookmark_stays(
    site: Site, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert site.run(*some(3)) == 1
    assert site.names() == []
    assert capsys.readouterr().out == ""
    [held] = site.held()
    assert (held.kind, held.source_id) == ("limits", "*")
    assert held.payload["create"] == 3
    assert "this is the first run. Nothing of it was written (its plan: creates 3, updates 0, deletes 0)" in caplog.text
    assert (site.row().status, site.row().counts["product"]["held"]) == ("over limits", 3)


@pytest.mark.parametrize("yes", ["setting", "environment", "answer"])
def test_a_yes_lets_the_first_run_pass_and_the_held_row_closes_by_itself(
    site: Site, yes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.run(*some(3))
    if yes == "answer":
        site.approve()
    if yes == "environment":
        monkeypatch.setenv("OFRECORD_YES", "1")
    assert site.run(*some(3), **({"approve": True} if yes == "setting" else {})) == 0
    assert len(site.names()) == 3
    assert site.held() == []
    assert site.run(*some(4)) == 0, "only a first run asks"


@pytest.mark.promise("N06")
def test_a_run_that_has_nothing_to_write_is_not_the_first_one(site: Site) -> None:
    assert site.run() == 0
    assert site.run(*some(1)) == 1
    assert site.names() == []


def test_an_approval_does_not_cover_a_plan_that_has_grown(site: Site) -> None:
    site.run(*some(3))
    site.approve()
    assert site.run(*some(4)) == 1
    assert site.names() == []
    [held] = site.held()
    assert (held.payload["create"], held.answer) == (4, None)


@pytest.mark.parametrize(
    ("limits", "fits", "goes_beyond"),
    [
        ({"create": 2}, some(2, 11), some(3, 11)),
        ({"update": 1}, [record("1", Name="Nut", Code="B1")], [record(str(n), Name="Nut", Code=f"B{n}") for n in (1, 2)]),
        ({"delete": 1}, [record("1", note={"deleted": True})], [record(str(n), note={"deleted": True}) for n in (1, 2)]),
        ({"money": {"USD": "100"}}, [record("1", Name="Bolt 1", Code="B1", Price="100")], [record("1", Name="Bolt 1", Code="B1", Price="100.01")]),
    ],
)  # fmt: skip
def test_a_plan_within_its_limits_is_carried_out_and_one_beyond_them_is_not_begun(
    site: Site, limits: dict[str, Any], fits: list[Any], goes_beyond: list[Any]
) -> None:
    said = schema(
        Price=field("price", "inventory", format="money", currency="USD"),
        about={"limits": limits, "deleted": "inactive"},
    )
    assert site.run(*some(2), said=said, approve=True) == 0
    before = (site.names(), list(site.shop.actions))
    assert site.run(*goes_beyond, said=said) == 1
    assert (site.names(), site.shop.actions) == before
    assert site.run(*fits, said=said) == 0
    assert (site.names(), site.shop.actions) != before or "money" in limits
    assert site.held() == []


@pytest.mark.promise("N06")
def test_sixty_thousand_accidental_duplicates_stop_before_the_first_write(site: Site) -> None:
    site.run(*some(1), approve=True)
    calls = len(site.shop.log)
    ledger = site.ledger()
    ledger.close()
    many = [record(str(one), Name="Bolt", Code=f"X{one}") for one in range(2, 5002)]
    assert site.run(*many, said=limited(create=500)) == 1
    assert "create" not in site.shop.log[calls:]
    assert len(site.names()) == 1
    assert site.row().counts["product"]["held"] == 5000


@pytest.mark.promise("N06")
@pytest.mark.parametrize("limits", [{}, {"create": 50}])
def test_mass_deletion_asks_although_the_rules_limit_no_deletions(site: Site, limits: dict[str, int]) -> None:
    said = schema(about={"deleted": "inactive", "limits": limits})
    site.run(*some(30), said=said, approve=True)
    gone = [record(str(one), note={"deleted": True}) for one in range(1, 22)]
    assert site.run(*gone, *some(1, 50), said=said) == 1
    assert site.shop.actions == []
    assert len(site.names()) == (30 if limits else 31), "where creations are not limited they go on"
    assert site.run(*gone[:20], said=said) == 0
    assert len(site.shop.actions) == 20


def test_the_bookmark_is_passed_on_after_the_plan_was_carried_out(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.run(*some(1), approve=True)
    capsys.readouterr()
    site.run(*some(3, 2), said=limited(create=5))
    assert json.loads(capsys.readouterr().out.strip()) == {"seen": 2}
    assert len(site.names()) == 4


def test_what_was_decided_is_read_once(site: Site) -> None:
    site.run(*some(2), approve=True)
    calls = len(site.shop.log)
    site.run(*[record(str(one), Name="Nut", Code=f"B{one}") for one in (1, 2)], said=limited(update=5))
    assert site.shop.log[calls:].count("read") <= 2
    assert site.shop.log[calls:].count("update") <= 2
    assert site.names() == ["Nut", "Nut"]


def test_a_dry_run_asks_nothing(site: Site) -> None:
    assert site.run(*some(3), dry_run=True) == 0
    assert site.row().counts["product"]["written"] == 3
    assert site.held() == []


def owing(site: Site, number: int) -> None:
    """So many prices were edited in the CRM, which does not own them; each is to be put back."""
    site.run(*[record(str(n), Name=f"Bolt {n}", Code=f"B{n}", Price="10") for n in range(1, number + 1)], approve=True)
    ledger = site.ledger()
    links = ledger.links_of("product", "inventory", "crm", [str(n) for n in range(1, number + 1)])
    with ledger.writing(NOON) as writing:
        for link in links.values():
            writing.owe("product", "crm", link.link, "price", "revert")
    ledger.close()
    for row in site.shop.objects["Products"].values():
        row["Price"] = "99"


def prices(site: Site) -> set[Any]:
    return {row["Price"] for row in site.shop.objects["Products"].values()}


@pytest.mark.promise("N06")
def test_what_is_owed_to_a_system_is_held_when_it_is_more_than_a_run_may_update(site: Site) -> None:
    owing(site, 3)
    assert site.run(said=limited(update=2)) == 0
    assert prices(site) == {"99"}
    [held] = site.held()
    assert (held.kind, held.source_id, held.payload) == ("limits", "*owed", {"update": 3})
    ledger = site.ledger()
    with ledger.writing(NOON) as writing:
        assert writing.answer("product", "inventory", "crm", "*owed", "", "approve", by="ann")
    ledger.close()
    assert site.run(said=limited(update=2)) == 0
    assert prices(site) == {"10"}
    assert site.held() == []
