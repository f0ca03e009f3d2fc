"""What waits for the end of its stream: later versions, other runs, interruptions, and questions that stay."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ofrecord_kit.ledger import LedgerProblem
from ofrecord_kit.ledger import schema as tables
from ofrecord_kit.testing.shop import NOON, field, record, schema
from ofrecord_kit.testing.site import Site, TargetShop, lines_of


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def limited(**limits: Any) -> dict[str, Any]:
    return schema(about={"limits": limits})


def some(number: int, first: int = 1) -> list[dict[str, Any]]:
    return [bolt(one, f"Bolt {one}") for one in range(first, first + number)]


def bolt(number: int, name: str, code: str | None = None, **values: Any) -> dict[str, Any]:
    return record(str(number), Name=name, Code=code or f"B{number}", **values)


GONE = record("1", note={"deleted": True})
ROOM = limited(create=5000, update=5000)


@pytest.mark.parametrize("between", [0, 610])
@pytest.mark.parametrize("last", ["A", "C"])
def test_of_several_versions_of_a_record_in_one_plan_the_last_one_is_written(
    site: Site, between: int, last: str
) -> None:
    site.run(bolt(1, "A"), approve=True)
    others = [bolt(number, f"F{number}") for number in range(10, 10 + between)]
    assert site.run(bolt(1, "B"), *others, bolt(1, last), said=ROOM, batch_size_rows=1 if not between else 1000) == 0
    assert site.shop.objects["Products"]["100"]["Name"] == last
    assert site.row().counts["product"]["read"] == 2 + between
    assert site.held() == []


def test_a_record_that_is_there_again_before_its_deletion_was_carried_out_is_not_switched_off(site: Site) -> None:
    said = schema(about={"deleted": "inactive"})
    site.run(bolt(1, "A"), said=said, approve=True)
    assert site.run(GONE, bolt(1, "A"), said=said, batch_size_rows=1) == 0
    assert site.shop.actions == []
    assert site.run(bolt(1, "A"), GONE, said=said, batch_size_rows=1) == 0
    assert site.shop.actions == [("100", "inactive")]


def test_a_record_that_comes_often_counts_once_towards_the_limits(site: Site) -> None:
    site.run(*some(1), approve=True)
    new = [bolt(5, f"N{number}") for number in range(4)]
    assert site.run(*new, said=limited(create=1), batch_size_rows=1) == 0
    assert site.names() == ["Bolt 1", "N3"]


def test_two_records_of_one_plan_never_take_the_same_counterpart(site: Site) -> None:
    site.shop.put("Products", Name="there", Code="X")
    doubles = (bolt(1, "one", "X"), bolt(2, "two", "X"))
    assert site.run(*doubles, batch_size_rows=1) == 1
    site.approve()
    assert site.run(*doubles, batch_size_rows=1) == 0
    assert site.names() == ["one"]
    assert [(held.kind, held.source_id) for held in site.held()] == [("duplicate", "2")]


def test_a_dry_run_leaves_the_question_about_a_plan_open(site: Site) -> None:
    site.run(*some(3))
    site.run(*some(3), dry_run=True)
    assert [held.kind for held in site.held()] == ["limits"]


def test_a_job_of_some_fields_leaves_the_yes_to_the_whole_plan(site: Site) -> None:
    site.run(*some(3), approve=True)
    site.run(*some(30, 10), said=limited(create=2))
    site.approve()
    site.run(*some(1), said=schema(about={"partial": True, "limits": {"create": 2}}))
    assert [held.answer for held in site.held()] == ["approve"]
    assert site.run(*some(30, 10), said=limited(create=2)) == 0


def test_a_dry_run_keeps_nothing_of_a_record_that_breaks_its_schema(site: Site) -> None:
    site.run(*some(1), approve=True)
    site.run({**bolt(5, "five"), "Name": 7}, dry_run=True)
    assert site.held() == []


def test_a_record_that_breaks_its_schema_is_released_when_it_comes_right_in_the_same_run(site: Site) -> None:
    site.run(*some(1), approve=True)
    site.run({**bolt(5, "five"), "Name": 7}, bolt(5, "five"), batch_size_rows=1)
    assert site.held() == []
    assert site.names() == ["Bolt 1", "five"]


def test_what_is_refused_again_makes_no_second_run_red(site: Site) -> None:
    site.run(*some(1), approve=True)
    assert site.run(bolt(5, "x" * 30)) == 1
    ledger = site.ledger()
    with ledger.writing(NOON) as writing:
        assert writing.answer("product", "inventory", "crm", "5", "name", "retry", by="ann")
    ledger.close()
    assert site.run() == 0
    assert site.row().counts["_end"] == {"retried held": 1}


def test_held_records_are_retried_as_far_as_the_limits_reach(site: Site) -> None:
    said = limited(create=2)
    site.run(*some(1), approve=True)
    site.shop.refuses = "Code"
    site.run(*some(2, 2), said=said, errors_allowed="99")
    site.run(*some(2, 4), said=said, errors_allowed="99")
    site.shop.refuses = None
    ledger = site.ledger()
    with ledger.writing(NOON) as writing:
        for held in ledger.held():
            writing.answer("product", "inventory", "crm", held.source_id, held.field, "retry", by="ann")
    ledger.close()
    site.run(said=said)
    assert (len(site.names()), site.row().counts["_end"]["retried over limits"]) == (3, 2)
    site.run(said=said)
    assert len(site.names()) == 5
    assert site.held() == []


def feed(site: Site, *lines: dict[str, Any], **settings: Any) -> TargetShop:
    """A target that has read these messages and waits for the next one."""
    target = site.target(**settings)
    target.process_lines(lines_of(lines))
    return target


def messages(*records: dict[str, Any], said: dict[str, Any] | None = None, stream: str = "product") -> list[Any]:
    head = {"type": "SCHEMA", "stream": stream, "key_properties": ["Inventory_ID"], "schema": said or schema()}
    return [head, *({"type": "RECORD", "stream": stream, "record": one} for one in records)]


def test_a_run_that_is_stopped_while_it_plans_has_written_nothing_and_says_it_was_interrupted(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    target = feed(site, *messages(*some(4)), {"type": "STATE", "value": {"seen": 4}}, batch_size_rows=2)
    with pytest.raises(SystemExit):
        target._handle_termination(signal.SIGTERM, None)
    row = site.row()
    assert (row.status, row.counts["product"].get("read"), row.counts["_end"]) == ("interrupted", 0, {"undelivered": 4})
    assert (site.names(), capsys.readouterr().out, left_on_spool(site)) == ([], "", 0)


def left_on_spool(site: Site) -> int:
    ledger = site.ledger()
    found = int(ledger._rows(select(func.count()).select_from(tables.spool))[0][0])
    ledger.close()
    return found


def test_a_run_takes_nothing_off_the_spool_of_another_that_goes_on(site: Site) -> None:
    site.run(*some(1), approve=True)
    first = feed(site, *messages(*some(3, 5), said=ROOM), batch_size_rows=1)
    assert site.run(*some(2, 50), said=ROOM) == 0
    first.process_endofpipe()
    assert first.counts["product"]["written"] == 3
    assert len(site.names()) == 6


def test_a_plan_that_is_gone_from_the_ledger_ends_the_run_and_no_bookmark_is_passed_on(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.run(*some(1), approve=True)
    capsys.readouterr()
    lines = [*messages(*some(3, 5), said=ROOM), {"type": "STATE", "value": {"seen": 3}}]
    target = feed(site, *lines)
    target.drain_all()
    ledger = site.ledger()
    with ledger.writing(NOON) as writing:
        writing.clear_spool("product", "inventory", "crm")
    ledger.close()
    with pytest.raises(LedgerProblem, match="not on the spool"):
        target.process_endofpipe()
    target.end_failed()
    assert capsys.readouterr().out == ""
    assert site.row().status == "failed"


def test_a_schema_that_changes_while_a_plan_waits_loses_nothing_of_it(site: Site) -> None:
    site.run(*some(1), approve=True)
    wider = schema(about={"limits": {"create": 5}}, Weight=field("weight", "inventory"))
    target = feed(site, *messages(*some(2, 5), said=limited(create=5)), *messages(*some(2, 7), said=wider))
    target.process_endofpipe()
    assert len(site.names()) == 5
    assert site.row().counts["product"]["written"] == 4


def test_refusals_before_a_change_of_schema_count_as_well(site: Site) -> None:
    site.run(*some(1), approve=True)
    bad = bolt(5, "x" * 30)
    target = feed(site, *messages(bad), *messages(*some(1), said=schema(Weight=field("weight", "inventory"))))
    with pytest.raises(SystemExit):
        target.process_endofpipe()
    assert site.row().status == "refusals"


def contacts(number: int) -> list[Any]:
    said = schema(
        Account=field("account", "inventory", ref="product"),
        about={
            "entity": "contact",
            "object": "Contacts",
            "limits": {"create": 2},
            "match": [],
            "source_object": "contacts",
        },
    )
    people = [record(f"c{n}", Name=f"P{n}", Code=f"c{n}", Account="5") for n in range(number)]
    return messages(*people, said=said, stream="contact")


def test_records_that_point_at_a_planned_one_count_as_what_they_will_be(site: Site) -> None:
    feed(site, *messages(*some(1)), *contacts(0), approve=True).process_endofpipe()
    feed(site, *messages(*some(1)), *messages_of_first_contact(), approve=True).process_endofpipe()
    target = feed(site, *messages(*some(1, 5), said=limited(create=5)), *contacts(3))
    with pytest.raises(SystemExit):
        target.process_endofpipe()
    assert len(site.shop.objects["Contacts"]) == 1
    assert [held.payload["create"] for held in site.held()] == [3]
    feed(site, *messages(*some(1, 5), said=limited(create=5)), *contacts(2)).process_endofpipe()
    assert len(site.shop.objects["Contacts"]) == 3
    assert site.held() == []


def messages_of_first_contact() -> list[Any]:
    head, *_ = contacts(0)
    one = record("c9", Name="P9", Code="c9", Account="1")
    return [head, {"type": "RECORD", "stream": "contact", "record": one}]
