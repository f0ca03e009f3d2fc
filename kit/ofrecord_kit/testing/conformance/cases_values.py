"""Cases about what a target writes when nothing goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ofrecord_kit.testing.conformance.bench import Bench, differing, same
from ofrecord_kit.testing.conformance.case import broken, case, expect
from ofrecord_kit.testing.conformance.process import Run

Rows = list[dict[str, Any]]


def must_end_well(run: Run) -> None:
    """A run without a fault ends with 0. Raises Broken."""
    expect(not run.hung, f"the run did not come to an end; its last words: {run.last_words}")
    expect(run.code == 0, f"the run ended with {run.code}; its last words: {run.last_words}")


@dataclass(frozen=True)
class _Created:
    runs: tuple[Run, ...]
    rows: tuple[Rows, ...]
    calls_of_second: int
    writes_of_second: int


def _created(bench: Bench) -> _Created:
    """Two records and one of them once more; both again; both again by a target that has forgotten everything."""
    one, two = bench.wiring.record(1), bench.wiring.record(2)
    first, rows = bench.deliver(one, two, one), bench.rows()
    second, again = bench.deliver(one, two), bench.rows()
    calls, writes = len(bench.proxy.about_records()), len(bench.proxy.writes())
    bench.forget()
    third = bench.deliver(one, two)
    return _Created((first, second, third), (rows, again, bench.rows()), calls, writes)


@case("create-once", "A record that is sent again is one record, even when the target has forgotten that it sent it.")
def create_once(bench: Bench) -> None:
    """Idempotent create."""
    seen: _Created = bench.once(_created)
    for run, rows, when in zip(
        seen.runs, seen.rows, ("the first run", "the same again", "a target without memory"), strict=True
    ):
        must_end_well(run)
        expect(len(rows) == 2, f"2 records were sent and the system holds {len(rows)} after {when}")  # noqa: PLR2004
    missing = [name for name in bench.wiring.record(1) if name not in seen.rows[0][0]]
    expect(missing == [], f"read: its rows lack {', '.join(missing)}")


@case("unchanged-is-free", "A record that is sent again unchanged costs no call.", optional=True)
def unchanged_is_free(bench: Bench) -> None:
    """Silence."""
    seen: _Created = bench.once(_created)
    must_end_well(seen.runs[1])
    expect(
        seen.calls_of_second == 0,
        f"the same two records again cost {seen.calls_of_second} calls, {seen.writes_of_second} of them writing",
    )


@dataclass(frozen=True)
class _Edited:
    runs: tuple[Run, ...]
    before: Rows
    after: Rows
    cleared: Rows


def _edited(bench: Bench) -> _Edited:
    """A person edits a row; the record comes with one property changed and one absent; then with that one null."""
    wiring = bench.wiring
    one, two = wiring.record(1), wiring.record(2)
    first = bench.deliver(one, two)
    row = bench.row(one)
    if row is None:
        broken(f"record 1 is not there after the first run; its last words: {first.last_words}")
    wiring.edit(row, {wiring.unmapped[0]: wiring.unmapped[1], wiring.clearable: two[wiring.clearable]})
    before = bench.rows()
    name, value = wiring.changed
    partial = {**{key: held for key, held in one.items() if key != wiring.clearable}, name: value}
    second, after = bench.deliver(partial), bench.rows()
    third = bench.deliver({**partial, wiring.clearable: None})
    return _Edited((first, second, third), before, after, bench.rows())


def _of_first(bench: Bench, rows: Rows) -> dict[str, Any]:
    key = bench.wiring.key
    found = [row for row in rows if same(row.get(key), bench.wiring.record(1)[key])]
    expect(len(found) == 1, f"the system holds record 1 {len(found)} times")
    return found[0]


def _edited_well(bench: Bench) -> _Edited:
    seen: _Edited = bench.once(_edited)
    for run in seen.runs[:2]:
        must_end_well(run)
    return seen


@case("partial-update", "Of a changed record the changed property is written, and no other row is touched.")
def partial_update(bench: Bench) -> None:
    """A partial record changes what it holds."""
    seen = _edited_well(bench)
    name, value = bench.wiring.changed
    row = _of_first(bench, seen.after)
    expect(same(row.get(name), value), f"{name} was sent as {value!r} and is {row.get(name)!r}")
    expect(len(seen.after) == len(seen.before), f"{len(seen.before)} rows became {len(seen.after)}")
    key = bench.wiring.key
    others = [(old, new) for old, new in zip(seen.before, seen.after, strict=True) if old[key] != row[key]]
    touched = [field for old, new in others for field in differing(old, new)]
    expect(touched == [], f"fields of a row that was not sent changed: {', '.join(touched)}")


@case("absent-is-left", "A property that is absent from a record is left as it is.")
def absent_is_left(bench: Bench) -> None:
    """Absent is not null."""
    seen = _edited_well(bench)
    name = bench.wiring.clearable
    old, new = _of_first(bench, seen.before).get(name), _of_first(bench, seen.after).get(name)
    expect(old == new, f"{name} was {old!r}, the record came without it, and it is {new!r}")


@case("unmapped-is-untouched", "A field that the stream does not have stays byte for byte what a person made it.")
def unmapped_is_untouched(bench: Bench) -> None:
    """Nothing that is not ours."""
    seen = _edited_well(bench)
    own = {*bench.wiring.schema["properties"]}
    touched = [
        f"{name} (was {_of_first(bench, seen.before).get(name)!r}, is {_of_first(bench, seen.after).get(name)!r})"
        for name in differing(_of_first(bench, seen.before), _of_first(bench, seen.after))
        if name not in own
    ]
    expect(touched == [], f"changed, and no property of the stream: {', '.join(touched)}")
    name, value = bench.wiring.unmapped
    expect(_of_first(bench, seen.after).get(name) == value, f"{name}: a person wrote {value!r}, and it is not there")


@case("null-clears", "A property that is null is cleared.")
def null_clears(bench: Bench) -> None:
    """Null is not absent."""
    seen = _edited_well(bench)
    must_end_well(seen.runs[2])
    name = bench.wiring.clearable
    value = _of_first(bench, seen.cleared).get(name)
    expect(value in (None, ""), f"{name} was sent as null and is {value!r}")


@dataclass(frozen=True)
class _Deleted:
    runs: tuple[Run, ...]
    before: Rows
    after: Rows
    after_version: Rows


def _deleted(bench: Bench) -> _Deleted:
    """Three records; the first as deleted; the second as the whole of a new version."""
    one, two, three = (bench.wiring.record(number) for number in (1, 2, 3))
    first, before = bench.deliver(one, two, three), bench.rows()
    second = bench.send(bench.schema(), bench.record(one, gone=True), bench.state(4))
    rows = bench.rows()
    third = bench.send(bench.schema(), bench.record(two), bench.version(), bench.state(5))
    return _Deleted((first, second, third), before, rows, bench.rows())


def _named(bench: Bench, rows: Rows, number: int) -> dict[str, Any] | None:
    key = bench.wiring.key
    return next((row for row in rows if same(row.get(key), bench.wiring.record(number)[key])), None)


@case(
    "delete", "A record that is marked as deleted is deleted, or what the target says it does instead.", optional=True
)
def delete(bench: Bench) -> None:
    """A deletion that was told."""
    seen: _Deleted = bench.once(_deleted)
    must_end_well(seen.runs[0])
    must_end_well(seen.runs[1])
    row = _named(bench, seen.after, 1)
    expect(bench.wiring.deleted(row), f"a record came as deleted, and its row is {'still there' if row else 'gone'}")
    others = [_named(bench, seen.before, number) == _named(bench, seen.after, number) for number in (2, 3)]
    expect(all(others), "the row of another record went or changed, too")


@case("new-version", "ACTIVATE_VERSION deletes what did not come in this version.", optional=True)
def new_version(bench: Bench) -> None:
    """The whole table was sent anew."""
    seen: _Deleted = bench.once(_deleted)
    must_end_well(seen.runs[2])
    kept, absent = (_named(bench, seen.after_version, number) for number in (2, 3))
    expect(kept is not None and not bench.wiring.deleted(kept), "a record of the new version went")
    expect(bench.wiring.deleted(absent), "a record that is not in the new version is still there")


@case("absence-deletes-nothing", "A record that does not come is not deleted, unless the target claims new-version.")
def absence_deletes_nothing(bench: Bench) -> None:
    """Never from absence."""
    if "new-version" not in bench.wiring.not_claimed:
        seen = _edited_well(bench)
        expect(len(seen.after) == len(seen.before), f"{len(seen.before)} rows became {len(seen.after)}")
        return
    told: _Deleted = bench.once(_deleted)
    must_end_well(told.runs[2])
    touched = [field for number in (2, 3) for field in differing(
        _named(bench, told.after, number), _named(bench, told.after_version, number))]  # fmt: skip
    expect(touched == [], f"with ACTIVATE_VERSION changed: {', '.join(touched)}")


@case("schema-change", "A second SCHEMA in the middle of a stream is taken, and no record before it is lost.")
def schema_change(bench: Bench) -> None:
    """A property appears while records are under way."""
    bench.fresh()
    name = bench.wiring.clearable
    one, two = bench.wiring.record(1), bench.wiring.record(2)
    early = {key: held for key, held in one.items() if key != name}
    run = bench.send(bench.schema(without=name), bench.record(early), bench.schema(), bench.record(two), bench.state(2))
    must_end_well(run)
    rows = [bench.row(one), bench.row(two)]
    expect(rows[0] is not None, "the record before the second SCHEMA is not there")
    found = rows[1].get(name) if rows[1] else None
    expect(same(found, two[name]), f"{name} came with the second SCHEMA as {two[name]!r} and is {found!r}")
    expect(bench.sent(run) == 2, "no STATE stands behind the last record")  # noqa: PLR2004
