"""The case about what a target must not tell: it is asked to fail in every way in which programs like to talk."""

from __future__ import annotations

import json

from ofrecord_kit.testing.conformance.bench import Bench
from ofrecord_kit.testing.conformance.case import case, expect
from ofrecord_kit.testing.conformance.proxy import Call, Fault

_NOBODY = "http://127.0.0.1:9"
"""The port of the discard service, where nobody listens."""


def _echo(call: Call) -> bytes:
    """An answer that repeats the whole request, as some systems do."""
    said = {"headers": dict(call.headers), "body": call.body.decode(errors="replace"), "path": call.path}
    text = json.dumps(said)
    return json.dumps({"code": "INVALID_DATA", "message": text, "details": {"request": text}}).encode()


@case("tells-no-secrets", "No secret and no personal value stands in log, output or open files, however a run ends.")
def tells_no_secrets(bench: Bench) -> None:
    """Every way to fail, and then whatever all runs of the suite have told."""
    wiring = bench.wiring
    one, two = wiring.record(1), wiring.record(2)
    bench.fresh()
    bench.proxy.harm(Fault("refuse", status=400, says=_echo))
    bench.deliver({**one, **wiring.bad}, two)
    bench.search_errors()
    misfit = {**two, wiring.changed[0]: {"not": ["of", "this", "type", *(two[name] for name in wiring.personal)]}}
    bench.send(bench.schema(), bench.record(one), json.dumps({
        "type": "RECORD", "stream": wiring.stream, "record": dict(wiring.message(misfit)),
    }, default=str))  # fmt: skip
    bench.send(bench.schema(), bench.record(one)[:-2])
    wrong = {name: f"planted-wrong-{name}-4711" for name in wiring.secrets}
    bench.forget()
    bench.deliver(one, **wrong)
    bench.forget()
    bench.deliver(one, url=_NOBODY)
    expect(bench.leaks == [], "; ".join(bench.leaks))
