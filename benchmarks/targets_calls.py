"""Calls of the targets on the sandbox: for 1,000 changed records, and for none. Part of benchmarks/targets.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bench import Site, company
from targets_run import Promise, machine, say, table

from ofrecord.demo.stage import is_write

RECORDS = 1_000
ALLOWED = 1.1
CYCLE_S = 300
"""The sandbox's clock moves on so far between cycles; not so far that a login ends."""
TO_CRM = "tap-inventory--products own-products-inventory-to-crm target-crm"
TO_INVENTORY = "tap-crm--products own-products-crm-to-inventory target-inventory"


def pipe(site: Site, task: str) -> Counter[str]:
    """One pipeline; the calls its target made, by what they were. Raises when it fails."""
    before = site.stage.journal()["next"]
    outcomes = site.pipe(task)
    bad = [one for one in outcomes if one.code != 0]
    if bad:
        message = f"{bad[0].program} failed: {bad[0].complaint[-2000:]}"
        raise RuntimeError(message)
    system = "crm" if task == TO_CRM else "inventory"
    found: Counter[str] = Counter()
    for entry in site.stage.journal(before)["entries"]:
        if entry["system"] == system and entry["status"] != 401:  # noqa: PLR2004 - unauthorized
            found["writes" if is_write(entry) else "reads"] += 1
    return found


def cycle(site: Site) -> tuple[Counter[str], Counter[str]]:
    """Both ways, a few minutes later; the calls to the CRM by its target, and to inventory by its."""
    site.stage.control("POST", "clock", {"move_s": CYCLE_S})
    inventory = pipe(site, TO_INVENTORY)
    return pipe(site, TO_CRM), inventory


def measured() -> Iterator[Promise]:
    """All figures."""
    with company("none") as site:
        say(f"filling a sandbox with {RECORDS:,} items")
        items = [
            site.new_item(f"Item {number:06}", description="A thing that is sold.", rate=10 + number % 90)
            for number in range(RECORDS)
        ]
        say("first sync")
        for _ in range(3):  # the third one is quiet
            crm, inventory = cycle(site)
        yield Promise(
            "no change: writes of both targets", str(crm["writes"] + inventory["writes"]), "0",
            crm["writes"] + inventory["writes"] == 0,
        )  # fmt: skip
        yield Promise("no change: calls of the targets to the CRM, to inventory", f"{crm.total()}, {inventory.total()}")
        say("a price changed of every item")
        for number, item in enumerate(items):
            site.people.ask("PUT", f"/inventory/v1/items/{item}", {"rate": 200 + number % 90})
        crm, _ = cycle(site)
        yield judged("target-crm", crm, writes=RECORDS // 100, reads=RECORDS // 100)
        cycle(site)
        say("a description changed of every product")
        rows = site.people.crm_list("Products", "Product_Code")
        for start in range(0, len(rows), 100):
            changed = [{"id": row["id"], "Description": "Edited in the CRM."} for row in rows[start : start + 100]]
            site.people.ask("PUT", "/crm/v8/Products", {"data": changed})
        _, inventory = cycle(site)
        yield judged("target-inventory", inventory, writes=RECORDS, reads=RECORDS // 100)


def judged(target: str, calls: Counter[str], *, writes: int, reads: int) -> Promise:
    """Calls beside the fewest possible."""
    times = calls.total() / (writes + reads)
    told = f"{calls['writes']} writes + {calls['reads']} reads = {times:.2f} of {writes} + {reads}"
    return Promise(f"`{target}`, {RECORDS:,} changed records: calls, of the fewest possible", told, f"at most {ALLOWED}", times <= ALLOWED)  # fmt: skip


def text() -> str:
    """The part `calls`."""
    return f"On the sandbox; {machine()}.\n\n{table('calls', list(measured()))}"
