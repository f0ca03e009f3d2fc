"""Cases about a target that is killed: what is not recorded is sent again, and nothing is there twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ofrecord_kit.testing.conformance.bench import Bench, same
from ofrecord_kit.testing.conformance.case import case, expect
from ofrecord_kit.testing.conformance.cases_values import must_end_well
from ofrecord_kit.testing.conformance.process import Process
from ofrecord_kit.testing.conformance.proxy import Fault


def _stream(bench: Bench) -> list[str]:
    """Two records and a change of the first, each with the STATE that stands behind it."""
    wiring = bench.wiring
    one, two = wiring.record(1), wiring.record(2)
    name, value = wiring.changed
    records = [one, two, {**one, name: value}]
    return [line for number, sent in enumerate(records, 1) for line in (bench.record(sent), bench.state(number))]


def _unbroken(bench: Bench) -> list[dict[str, Any]]:
    """What the system holds after a run that nothing disturbs, by the names of the stream."""
    run = bench.send(bench.schema(), *_stream(bench))
    must_end_well(run)
    return _by_stream(bench)


def _by_stream(bench: Bench) -> list[dict[str, Any]]:
    names = [name for name in bench.wiring.schema["properties"] if name in bench.wiring.record(1)]
    return [{name: row.get(name) for name in names} for row in bench.rows()]


def _left(lines: Sequence[str], sent: int) -> list[tuple[int, str]]:
    """The messages a tap sends that starts from this bookmark, with their places in the whole stream."""
    return list(enumerate(lines, 1))[2 * sent :]


def _compare(bench: Bench, wanted: list[dict[str, Any]], when: str) -> None:
    found = _by_stream(bench)
    expect(len(found) == len(wanted), f"{when}: {len(wanted)} rows in an unbroken run, {len(found)} here")
    wrong = sorted({
        name for old, new in zip(wanted, found, strict=True) for name in old if not same(old[name], new[name])
    })  # fmt: skip
    expect(wrong == [], f"{when}: another value than in an unbroken run: {', '.join(wrong)}")


def _is_there(bench: Bench, sent: int, when: str) -> None:
    """What a passed-on STATE stands behind is at the system."""
    missing = [number for number in (1, 2) if number <= sent and bench.row(bench.wiring.record(number)) is None]
    expect(missing == [], f"{when}: its STATE stands behind record {missing}, which is not at the system")


def _kill_after(bench: Bench, process: Process, lines: Sequence[tuple[int, str]], place: int) -> None:
    process.feed(bench.schema())
    for number, line in lines:
        if number <= place:
            process.feed(line)
    bench.settle(process)
    process.kill()


@case(
    "killed-at-every-message",
    "Killed after every message in turn and started from its last STATE, it ends where an unbroken run ends.",
)
def killed_at_every_message(bench: Bench) -> None:
    """Kill -9 between messages; each start goes on from the last STATE of the one before."""
    wanted = bench.once(_unbroken)
    bench.fresh()
    lines = _stream(bench)
    sent = 0
    for place in range(len(lines) + 1):
        process = bench.start()
        _kill_after(bench, process, _left(lines, sent), place)
        run = bench.finish(process)
        expect(run.code is None, f"before it was killed after message {place} it had ended: {run.last_words}")
        sent = max(sent, bench.sent(run))
        _is_there(bench, sent, f"killed after message {place}")
        doubles = len(_by_stream(bench)) - len({str(row.get(bench.wiring.key)) for row in bench.rows()})
        expect(doubles == 0, f"killed after message {place}: a record is there twice")
    must_end_well(bench.send(bench.schema(), *(line for _place, line in _left(lines, sent))))
    _compare(bench, wanted, "after all kills")


@case(
    "killed-before-the-answer",
    "Killed whenever the system has done a call and not yet answered, it ends where an unbroken run ends.",
)
def killed_before_the_answer(bench: Bench) -> None:
    """Kill -9 at the worst moment, again and again, until a run gets through."""
    wanted = bench.once(_unbroken)
    bench.fresh()
    lines = _stream(bench)
    sent = 0
    for start in range(2 * len(lines)):
        process = bench.start()
        fault = bench.proxy.harm(Fault("call", then=process.kill))
        if start >= len(wanted) + 1:
            bench.proxy.clear()  # every creation and the change have been broken once
        process.feed(bench.schema(), *(line for _place, line in _left(lines, sent)))
        run = bench.finish(process)
        bench.proxy.clear()
        sent = max(sent, bench.sent(run))
        _is_there(bench, sent, f"killed at its call number {start + 1}")
        if run.code is not None:
            must_end_well(run)
            expect(start > 0 or not fault.times, f"it never wrote; its last words: {run.last_words}")
            break
    _compare(bench, wanted, "after all kills")
