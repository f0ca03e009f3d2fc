"""Calls of the targets on the sandbox: for 1,000 changed records, and for none. Part of benchmarks/targets.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bench import Site, company
from targets_run import Promise, machine, say, table

from ofrecord.demo.stage import is_write

RECORDS = 1_000
ALLOWED = 1.1
CYCLE_S = 300
"""The sandbox's clock moves on so far between cycles; not so far that a login ends."""
TO_CRM = "tap-inventory--products own-products-inventory-to-crm target-crm"
TO_INVENTORY = "tap-crm--products own-products-crm-to-inventory target-inventory"
CUSTOMERS_TO_CRM = "tap-inventory--customers own-customers-inventory-to-crm target-crm"
CUSTOMERS_TO_INVENTORY = "tap-crm--customers own-customers-crm-to-inventory target-inventory"


def pipe(site: Site, task: str) -> Counter[str]:
    """One pipeline; the calls its target made, by what they were. Raises when it fails."""
    before = site.stage.journal()["next"]
    outcomes = site.pipe(task)
    bad = [one for one in outcomes if one.code != 0]
    if bad:
        message = f"{bad[0].program} failed: {bad[0].complaint[-2000:]}"
        raise RuntimeError(message)
    system = task.rpartition("target-")[2]
    found: Counter[str] = Counter()
    for entry in site.stage.journal(before)["entries"]:
        if entry["system"] == system and entry["status"] != 401:  # noqa: PLR2004 - unauthorized
            found["writes" if is_write(entry) else "reads"] += 1
    return found


def cycle(
    site: Site, to_crm: str = TO_CRM, to_inventory: str = TO_INVENTORY
) -> tuple[Counter[str], Counter[str]]:  # fmt: skip
    """Both ways, a few minutes later; the calls to the CRM by its target, and to inventory by its."""
    site.stage.control("POST", "clock", {"move_s": CYCLE_S})
    inventory = pipe(site, to_inventory)
    return pipe(site, to_crm), inventory


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
        yield from contacts(site)


def contacts(site: Site) -> Iterator[Promise]:
    """Of customers, who have no bulk read: every phone changed, twice, and then of those that somebody edited in inventory."""
    way = (CUSTOMERS_TO_CRM, CUSTOMERS_TO_INVENTORY)
    say(f"{RECORDS:,} accounts")
    rows = [
        {"Account_Name": f"Firm {number:06}", "Phone": f"+49 228 {number:06}", "Billing_Street": f"Weg {number}", "Billing_City": "Bonn"}
        for number in range(RECORDS)
    ]  # fmt: skip
    ids: list[str] = []
    for start in range(0, RECORDS, 100):
        told = site.people.ask("POST", "/crm/v8/Accounts", {"data": rows[start : start + 100]})["data"]
        ids += [one["details"]["id"] for one in told]
    for _ in range(2):
        cycle(site, *way)
    for area in (30, 89):
        say("a phone changed of every account")
        _phones(site, ids, area)
        _, inventory = cycle(site, *way)
        yield judged("target-inventory", inventory, writes=RECORDS, reads=0, of="customers")
    say("somebody edited every customer in inventory, then a phone changed of every account")
    for contact in site.people.finance_list("/inventory/v1/contacts", "contacts"):
        body = {"contact_name": contact["contact_name"], "notes": "Edited."}
        site.people.ask("PUT", f"/inventory/v1/contacts/{contact['contact_id']}", body)
    _phones(site, ids, 40)
    _, inventory = cycle(site, *way)
    told = f"{inventory['writes']} writes + {inventory['reads']} reads"
    yield Promise(f"`target-inventory`, {RECORDS:,} changed customers that others edited meanwhile: calls", told)


def _phones(site: Site, ids: Sequence[str], area: int) -> None:
    rows = [{"id": one, "Phone": f"+49 {area} {number:06}"} for number, one in enumerate(ids)]
    for start in range(0, len(rows), 100):
        site.people.ask("PUT", "/crm/v8/Accounts", {"data": rows[start : start + 100]})


def judged(target: str, calls: Counter[str], *, writes: int, reads: int, of: str = "records") -> Promise:
    """Calls beside the fewest possible."""
    times = calls.total() / (writes + reads)
    told = f"{calls['writes']} writes + {calls['reads']} reads = {times:.2f} of {f'{writes} + {reads}' if reads else writes}"
    return Promise(f"`{target}`, {RECORDS:,} changed {of}: calls, of the fewest possible", told, f"at most {ALLOWED}", times <= ALLOWED)  # fmt: skip


def text() -> str:
    """The part `calls`."""
    return f"On the sandbox; {machine()}.\n\n{table('calls', list(measured()))}"
