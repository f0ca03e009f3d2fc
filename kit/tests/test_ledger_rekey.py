"""A ledger gets another key: everything is sealed with it, history holds, fingerprints still compare, and nothing is half done."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.ledger import Event, Held, Ledger, LedgerProblem, Run, rekey
from ofrecord_kit.plan import Fingerprint, same

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD = "a key of forty characters and some more"
NEW = "another key of forty characters, not it"
THIRD = "a third key of forty characters or more"
MODES: list[dict[str, Any]] = [{}, {"key": OLD}, {"values": "hashed", "key": OLD}]


def plant(where: str, **how: Any) -> str:
    ledger = Ledger(where, "run-1", **how)
    with ledger.writing(NOON) as writing:
        link = writing.record_link("contact", {"inventory": "1", "crm": "C1"})
        writing.record_agreed(
            link, {"name": {"inventory": "Ada Lovelace", "crm": "Ada Lovelace"}}, between=("inventory", "crm")
        )
        writing.record_seen("contact", "inventory", {"1": "digest"})
        writing.hold(Held("contact", "inventory", "crm", "1", "refused", "not Babbage", payload={"Name": "Byron"}))
        writing.record_part("contact", "crm", "7", "i1", {"Name": "Wheatstone"})
        writing.begin("contact", "inventory", "crm", {"8": {"name": ["Hopper", "Hopper"]}})
        writing.spool("contact", "inventory", "crm", [("1", '{"Name": "Jacquard"}')])
        for number in range(5):
            writing.event(Event("updated", "contact", link, {"crm": "C1"}, "name", "crm", "Ada", f"Ada {number}"))
    ledger.close()
    return link


def check(where: str, link: str, key: str, *, hashed: bool) -> None:
    ledger = Ledger(where, "run-2", key=key)
    try:
        agreed = ledger.agreed_of([link], "inventory", "crm")[link]["name"]
        assert isinstance(agreed.source, Fingerprint) == hashed
        assert same("Ada Lovelace", agreed.source)
        assert not same("Charles", agreed.source)
        (held,) = ledger.held()
        assert (held.message, held.payload) == ("not Babbage", {"Name": "Byron"})
        assert ledger.parts_of("contact", "crm", ["7"]) == {"7": {"i1": {"Name": "Wheatstone"}}}
        assert ledger.begun("contact", "crm") == {"8": {"name": ["Hopper", "Hopper"]}}
        assert list(ledger.spooled("run-1", "contact", "inventory", "crm", 9)) == [[("1", b'{"Name": "Jacquard"}')]]
        assert any(same("Ada 4", event.after) for event in ledger.events(kinds=["updated"]))
        assert ledger.links_of("contact", "inventory", "crm", ["1"])["1"].seen is None
        with ledger.writing(NOON) as writing:
            writing.event(
                Event("updated", "contact", link, field="name", system="crm", before="Ada 4", after="Countess")
            )
        assert ledger.verify() is None
    finally:
        ledger.close()


@pytest.mark.parametrize("how", MODES)
def test_everything_is_read_with_the_new_key_and_nothing_with_the_old(ledger_url: str, how: dict[str, Any]) -> None:
    link = plant(ledger_url, **how)
    hashed = how.get("values") == "hashed"
    for old, new in ((how.get("key"), NEW), (NEW, THIRD)):
        rekey(ledger_url, old, new, NOON)
        with pytest.raises(LedgerProblem, match="another one than it was written with"):
            Ledger(ledger_url, key=OLD)
        check(ledger_url, link, new, hashed=hashed)


def test_a_run_that_has_not_ended_keeps_the_key(ledger_url: str) -> None:
    link = plant(ledger_url, key=OLD)
    ledger = Ledger(ledger_url, "run-3", key=OLD)
    run = Run("run-3", "run-3", "target-crm", "inventory", "crm", NOON, None, "running", {}, 0, None, False)
    with ledger.writing(NOON) as writing:
        writing.put_run(run)
    with pytest.raises(LedgerProblem, match=r"A run has not ended: run-3"):
        rekey(ledger_url, OLD, NEW, NOON + timedelta(minutes=1))
    rekey(ledger_url, OLD, NEW, NOON + timedelta(days=2))
    with pytest.raises(LedgerProblem, match="another one"), ledger.writing(NOON) as writing:
        writing.record_link("contact", {"inventory": "2", "crm": "C2"})
    ledger.close()
    check(ledger_url, link, NEW, hashed=False)


def test_with_a_wrong_key_or_a_broken_history_nothing_is_changed(tmp_path: Path) -> None:
    where = str(tmp_path / "ledger.db")
    plant(where, key=OLD)
    with pytest.raises(LedgerProblem, match="another one than it was written with"):
        rekey(where, THIRD, NEW, NOON)
    with sqlite3.connect(where) as database:
        database.execute("UPDATE event SET editor = 'somebody' WHERE id = 3")
    database.close()
    with pytest.raises(LedgerProblem, match=r"History is broken at event 3.*ledger verify"):
        rekey(where, OLD, NEW, NOON)
    ledger = Ledger(where, key=OLD)
    assert ledger.held()[0].message == "not Babbage"
    ledger.close()


def test_a_ledger_of_many_rows_is_turned_in_pages(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ofrecord_kit.ledger.rekeying._PAGE", 2)
    link = plant(ledger_url, key=OLD)
    ledger = Ledger(ledger_url, "run-1", key=OLD)
    with ledger.writing(NOON) as writing:
        for number in range(2, 8):
            writing.hold(Held("order", "inventory", "crm", str(number), "refused", f"no {number}", field="f"))
            other = writing.record_link("order", {"inventory": str(number), "crm": f"O{number}"})
            writing.record_agreed(other, {"name": {"inventory": number, "crm": number}}, between=("inventory", "crm"))
    ledger.close()
    rekey(ledger_url, OLD, NEW, NOON)
    ledger = Ledger(ledger_url, key=NEW)
    assert sorted(held.message for held in ledger.held(entity="order")) == [f"no {number}" for number in range(2, 8)]
    links = ledger.links_of("order", "inventory", "crm", [str(number) for number in range(2, 8)])
    agreed = ledger.agreed_of([one.link for one in links.values()], "inventory", "crm")
    assert sorted(one["name"].source for one in agreed.values()) == list(range(2, 8))
    assert (ledger.verify(), ledger.agreed_of([link], "inventory", "crm")[link]["name"].source) == (
        None,
        "Ada Lovelace",
    )
    ledger.close()
