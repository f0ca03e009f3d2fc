"""Ledgers of every released version come up to the newest one with everything they knew."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text

from ofrecord_kit.ledger import Held, Ledger, Owed, schema
from ofrecord_kit.ledger.opening import HEAD, KNOWN, _url_of
from ofrecord_kit.plan import UNKNOWN, Agreed

RELEASED = ("0001", "0002", "0003", "0004", "0005")
FILLED = "0003"
"""The newest version whose rows are put in as they were; a later one is made of these by its own migration."""
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
AT = "2026-03-01 12:00:00"
LINKS = [
    ("product", "a", "crm"), ("product", "a", "inventory"), ("product", "a", "shop"), ("product", "b", "crm"),
    ("product", "b", "inventory"), ("order", "o", "crm"), ("order", "o", "inventory"),
]  # fmt: skip
AGREED = [
    ("a", "phone", "crm", "1"), ("a", "phone", "inventory", "2"), ("a", "phone", "shop", "3"), ("b", "phone", "crm", "4"),
    ("b", "_deleted", "crm", "true"), ("deal/7", "paid", "inventory", "5"), ("deal/7", "paid", "crm", "6"),
    ("o", "deal", "crm", '{"id":"7100000000000000001","name":"Big one"}'), ("o", "deal", "inventory", '"7100000000000000001"'),
    ("o", "total", "crm", "10.50"), ("o", "total", "inventory", "10.5"),
]  # fmt: skip
SPREAD = '{"x-ofrecord":{"entity":"deal","spread":{"field":"deal","through":"order"}},"properties":{}}'


def rows_of(version: str) -> list[tuple[str, dict[str, object]]]:
    """What an installation of a version had written down, by table."""
    at = {"at": AT}
    rows = [
        ("link", {"entity": entity, "system": system, "system_id": f"{link}-{system}", "link": link, "seen": "d", **at})
        for entity, link, system in LINKS
    ]
    for link, field, system, value in AGREED:
        said = {"link": link, "field": field, "system": system, "value": value, "run": "r", **at}
        others = {one for _entity, known, one in LINKS if known == link} or {"crm", "inventory"}
        rows += (
            [("agreed", said)]
            if version < "0003"
            else [("agreed", {**said, "other": one}) for one in others - {system}]
        )
    way = {"entity": "product", "source": "inventory", "destination": "crm"}
    rows += [
        ("part", {"entity": "invoice", "system": "crm", "whole": "7", "part": "i1", "value": '{"Total":10.50}', **at}),
        ("event", {"run": "r", "kind": "created", "entity": "product", "link": "a", "ids": '{"crm":"a-crm"}', **at}),
        ("event", {"run": "r", "kind": "updated", "entity": "product", "link": "a", "field": "phone", "system": "crm",
                   "before": "0", "after": "1", "rule": "product.yml:3", "why": "latest", **at}),
        ("run", {"run": "r", "grp": "g", "plugin": "target-crm", "source": "inventory", "destination": "crm", "started": AT,
                 "finished": AT, "status": "finished", "counts": '{"product":{"read":2}}', "calls": 3, "dry": False}),
        ("held", {**way, "source_id": "x", "field": "", "kind": "refused", "code": "INVALID_DATA", "message": "no",
                  "payload": '{"Name":"Bolt"}', "attempts": 2, "first_at": AT, "last_at": AT, "due_at": AT, "state": "open"}),
        ("outbox", {"entity": "product", "system": "crm", "link": "a", "field": "phone", "reason": "revert", "attempts": 0, **at}),
        ("intent", {"entity": "product", "system": "crm", "source_id": "n", "run": "r", **at}),
        ("pause", {"entity": "quote", "system": "crm", "why": "audit", **at}),
        ("wire", {"entity": "deal", "source": "crm", "destination": "inventory", "schema": SPREAD}),
    ]  # fmt: skip
    return rows


def make(connection: Connection, version: str) -> None:
    """A ledger as its own version made and filled it, or brought it up."""
    config = Config()
    config.set_main_option("script_location", "ofrecord_kit.ledger:migrations")
    config.attributes["connection"] = connection
    filled = min(version, FILLED)
    command.upgrade(config, filled)
    for table, row in rows_of(filled):
        names, marks = ", ".join(f'"{name}"' for name in row), ", ".join(f":{name}" for name in row)
        connection.execute(text(f'INSERT INTO "{table}" ({names}) VALUES ({marks})'), row)  # noqa: S608 - names of this file
    command.upgrade(config, version)


@pytest.fixture(params=RELEASED)
def old_url(request: pytest.FixtureRequest, empty_url: str) -> str:
    engine = create_engine(_url_of(empty_url))
    with engine.begin() as connection:
        make(connection, request.param)
    engine.dispose()
    return empty_url


def test_every_version_but_the_newest_is_tried(old_url: str) -> None:
    assert (*RELEASED, HEAD) == KNOWN


def test_a_ledger_of_an_older_version_has_the_newest_tables_afterwards(old_url: str) -> None:
    Ledger(old_url).close()
    engine = create_engine(_url_of(old_url))
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        assert set(inspect(connection).get_table_names()) == {*schema.metadata.tables, "alembic_version"}
    engine.dispose()


def test_what_an_older_ledger_says_was_agreed_belongs_to_each_pair_of_its_link(old_url: str) -> None:
    ledger = Ledger(old_url)
    value = {"crm": 1, "inventory": 2, "shop": 3}
    for here, there in permutations(value, 2):
        assert ledger.agreed_of(["a"], here, there) == {"a": {"phone": Agreed(value[here], value[there])}}
    assert ledger.agreed_of(["b"], "crm", "books") == {
        "b": {"phone": Agreed(4, UNKNOWN), "_deleted": Agreed(True, UNKNOWN)}
    }
    assert ledger.agreed_of(["b"], "crm", "shop") == {}
    assert ledger.agreed_of(["deal/7"], "books", "crm") == {"deal/7": {"paid": Agreed(5, 6)}}
    assert str(ledger.agreed_of(["o"], "crm", "inventory")["o"]["total"].source) == "10.50"
    assert ledger.last_agreed("a", "phone") == value
    ledger.close()


def test_what_points_at_a_record_in_an_older_ledger_is_found(old_url: str) -> None:
    ledger = Ledger(old_url)
    one = "7100000000000000001"
    for here, there in permutations(("crm", "inventory")):
        assert ledger.links_pointing_at("order", "deal", here, [one], there) == {one: ["o"]}
    assert ledger.links_with("_deleted", "crm", True, "inventory") == ["b"]
    with ledger.writing(NOON) as writing:
        writing.record_agreed("o", {"deal": {"crm": "72", "inventory": "72"}})
    assert ledger.links_pointing_at("order", "deal", "crm", [one, "72"], "inventory") == {"72": ["o"]}
    ledger.close()


def test_links_history_held_records_and_owed_writes_of_an_older_ledger_stay(old_url: str) -> None:
    ledger = Ledger(old_url)
    link = ledger.links_of("product", "books", "crm", ["a-inventory"])["a-inventory"]
    assert (link.link, link.destination_id, link.seen, link.generation) == ("a", "a-crm", "d", 0)
    (held,) = ledger.held()
    assert held == Held(
        "product", "inventory", "crm", "x", "refused", "no", "INVALID_DATA", payload={"Name": "Bolt"}, attempts=2,
        first_at=NOON, last_at=NOON, due_at=NOON,
    )  # fmt: skip
    (run,) = ledger.runs()
    assert (run.run, run.counts, run.notes, run.finished) == ("r", {"product": {"read": 2}}, {}, NOON)
    assert ledger.owed("crm", NOON) == [Owed(1, "product", "crm", "a", "phone", None, None, "revert", 0)]
    assert [event.kind for event in ledger.events()] == ["created", "updated"]
    assert list(ledger.intended("product", "crm", ["n"])) == ["n"]
    assert ledger.paused("quote", "crm")
    assert list(ledger.wires("inventory")) == [("deal", "crm")]
    assert not ledger.is_first("deal", "crm", "inventory"), "it was in use"
    assert str(ledger.parts_of("invoice", "crm", ["7"])["7"]["i1"]["Total"]) == "10.50"
    ledger.close()


def test_history_of_an_older_ledger_is_chained_and_goes_on(old_url: str) -> None:
    ledger = Ledger(old_url)
    assert ledger.verify() is None
    known = ledger.as_of("a", "phone")
    assert known is not None
    assert (known.value, known.before, known.rule) == (1, 0, "product.yml:3")
    with ledger.writing(NOON) as writing:
        writing.event(ledger.events()[0])
    assert ledger.verify() is None
    ledger.close()


def test_a_migration_that_is_cut_off_leaves_the_older_ledger(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        make(connection, "0003")
    engine.dispose()
    with sqlite3.connect(path) as connection:  # what the last step of the migration wants to make is there already
        connection.execute("CREATE INDEX ix_pointer_value ON held (kind)")
    connection.close()
    with pytest.raises(Exception, match="ix_pointer_value"):
        Ledger(str(path))
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0003",)
        assert connection.execute("SELECT count(*) FROM pragma_table_info('held') WHERE name = 'fix'").fetchone() == (
            0,
        )
        connection.execute("DROP INDEX ix_pointer_value")
    connection.close()
    ledger = Ledger(str(path))
    assert len(ledger.held()) == 1
    ledger.close()
