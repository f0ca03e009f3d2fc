"""Cases about a system that is busy, down, or does what it was asked and does not say so."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ofrecord_kit.testing.conformance.bench import Bench, same
from ofrecord_kit.testing.conformance.case import case, expect
from ofrecord_kit.testing.conformance.cases_values import must_end_well
from ofrecord_kit.testing.conformance.process import Run
from ofrecord_kit.testing.conformance.proxy import Does, Fault

_WAIT_S = 1
_CLOCKS_S = 0.05
_FOR_EVER = 10_000


@case("busy-is-waited-out", "A 429 is waited out for as long as Retry-After says, and then everything arrives.")
def busy_is_waited_out(bench: Bench) -> None:
    """A limit is no failure."""
    bench.fresh()
    bench.proxy.harm(Fault("refuse", status=429, headers={"Retry-After": str(_WAIT_S)}))
    run = bench.deliver(bench.wiring.record(1), bench.wiring.record(2))
    expect(any(call.harmed for call in bench.proxy.calls), f"it never wrote; its last words: {run.last_words}")
    must_end_well(run)
    expect(len(bench.rows()) == 2, f"2 records were sent, and the system holds {len(bench.rows())}")  # noqa: PLR2004
    refused = next(call for call in bench.proxy.calls if call.harmed)
    after = [call for call in bench.proxy.writes() if call.at > refused.at and call.path == refused.path]
    waited_s = after[0].at - refused.at if after else 0.0
    expect(waited_s >= _WAIT_S - _CLOCKS_S, f"Retry-After said {_WAIT_S} s, and it called again after {waited_s:.2f} s")


def _accepted_unheard(bench: Bench, does: Does) -> None:
    """The first call that writes is done, and the target is not told; at the latest a second run must set it right."""
    bench.fresh()
    one, two = bench.wiring.record(1), bench.wiring.record(2)
    bench.proxy.harm(Fault(does))
    run = bench.deliver(one, two)
    expect(not run.hung, "the run did not come to an end")
    if run.code != 0:
        expect(bench.sent(run) == 0 or len(bench.rows()) == 2, "it failed, and its STATE stands behind what is lost")  # noqa: PLR2004
        run = bench.deliver(one, two)
        expect(run.code == 0, f"the next run ended with {run.code}, too; its last words: {run.last_words}")
    rows = bench.rows()
    expect(len(rows) == 2, f"2 records were sent, one answer was lost, and the system holds {len(rows)}")  # noqa: PLR2004
    key = bench.wiring.key
    expect(all(any(same(row.get(key), values[key]) for row in rows) for values in (one, two)), "one of both is missing")


@case("5xx-after-commit", "A creation that is answered with 503 although it was done makes no second record.")
def error_after_commit(bench: Bench) -> None:
    """The server says no and means yes."""
    _accepted_unheard(bench, "lose")


@case("dropped-answer", "A creation whose connection broke after it was done makes no second record.")
def dropped_answer(bench: Bench) -> None:
    """No answer."""
    _accepted_unheard(bench, "drop")


@case("cut-answer", "A creation whose answer was cut in the middle makes no second record.")
def cut_answer(bench: Bench) -> None:
    """Half an answer."""
    _accepted_unheard(bench, "cut")


@dataclass(frozen=True)
class _Down:
    down: Run
    tried: int
    rows_then: int
    up: Run
    rows: int


def _down(bench: Bench) -> _Down:
    """The system refuses every writing call with 503; then it is there again."""
    one, two = bench.wiring.record(1), bench.wiring.record(2)
    bench.proxy.harm(Fault("refuse", times=_FOR_EVER))
    down = bench.deliver(one, two)
    tried, rows = sum(call.harmed for call in bench.proxy.calls), len(bench.rows())
    bench.proxy.clear()
    return _Down(down, tried, rows, bench.deliver(one, two), len(bench.rows()))


@case("down-is-told", "While the system is down a run fails and says so, and the next one brings everything.")
def down_is_told(bench: Bench) -> None:
    """5xx before anything was done."""
    seen: _Down = bench.once(_down)
    expect(not seen.down.hung, "the run did not come to an end")
    expect(seen.tried > 0, f"it never wrote; its last words: {seen.down.last_words}")
    expect(seen.down.code not in (0, None), "every call was refused with 503, and the run ended with 0")
    must_end_well(seen.up)
    expect(seen.rows == 2, f"2 records were sent again after it, and the system holds {seen.rows}")  # noqa: PLR2004


@case("state-after-delivery", "A STATE is passed on when everything before it is at the system, and not earlier.")
def state_after_delivery(bench: Bench) -> None:
    """A bookmark is a receipt."""
    seen: _Down = bench.once(_down)
    expect(bench.sent(seen.down) == 0, "nothing was delivered, and a STATE that stands behind it was passed on")
    bench.fresh()
    fault = bench.proxy.harm(Fault("hold"))
    process = bench.start()
    process.feed(bench.schema(), bench.record(bench.wiring.record(1)), bench.state(1))
    process.end_input()
    until = time.monotonic() + bench.wiring.patience_s
    while not (fault.reached.wait(0.05) or process.has_ended or time.monotonic() > until):
        pass
    early = list(process.states)
    fault.release.set()
    run = bench.finish(process)
    expect(fault.reached.is_set(), f"it never wrote; its last words: {run.last_words}")
    expect(early == [], "a STATE was passed on while the call with its record had no answer")
    must_end_well(run)
    expect(bench.sent(run) == 1, "the run ended well, and no STATE stands behind its record")


@case("bad-record-alone", "One record that the system refuses stops no other, and the exit code tells.")
def bad_record_alone(bench: Bench) -> None:
    """One of five."""
    bench.fresh()
    records = [bench.wiring.record(number) for number in range(1, 6)]
    records[2] = {**records[2], **bench.wiring.bad}
    run = bench.deliver(*records)
    landed = [number for number, values in enumerate(records, 1) if bench.row(values)]
    expect(landed == [1, 2, 4, 5], f"of five records the third is bad; at the system are: {landed or 'none'}")
    expect(run.code not in (0, None), f"a record was refused, and the run ended with {run.code}")
