"""Measures the flows of quote to cash on the sandbox: calls, runs and minutes from an acceptance to the PDF beside the deal, and beside it the fewest calls.

The job's plugins run with the project's settings as forks (`ofrecord_kit.testing.programs`); `meltano run` is timed once.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from bench import Site, company
from parts import measure
from targets_run import Promise, machine, say, table

from ofrecord_kit.testing import programs

CUSTOMERS, ITEMS, LINES = 20, 60, 3
MOST_RUNS = 2
SERVICES = 100
STOCK_QUOTES = 500
PAUSE_S, INTERVAL_S = 120, 300
"""The sandbox's clock moves on between runs, and over the interval of a schedule; in all less than a login lasts."""
LIMIT, PACE = 100, 80
"""Finance calls a minute: the vendor's limit, and what the product takes of it."""
FINANCE, CRM = frozenset({"inventory", "books"}), "crm"
UNAUTHORIZED = 401


@dataclass(frozen=True)
class Ran:
    """What was called between two moments, and how long it took."""

    entries: Sequence[Mapping[str, Any]]
    seconds: float
    runs: int = 1

    def calls(self, *systems: str) -> int:
        """Calls these systems answered."""
        return sum(one["system"] in systems for one in self.entries)

    @property
    def finance(self) -> int:
        """Calls of the finance side."""
        return self.calls(*FINANCE)

    @property
    def credits(self) -> int:
        """What the CRM counts."""
        return sum(one["credits"] for one in self.entries if one["system"] == CRM)

    def told(self) -> str:
        """In words."""
        return f"{self.finance:,} of finance, {self.calls(CRM):,} of the CRM ({self.credits:,} credits)"


class Sales:
    """A company with customers and items that every system knows, and the people who sell."""

    def __init__(self, site: Site) -> None:
        self.site, self.people = site, site.people
        place = self.people.ask("GET", "/inventory/v1/locations")["locations"][0]["location_id"]
        stock = [{"location_id": place, "initial_stock": 100_000, "initial_stock_rate": 1}]
        for number in range(ITEMS):
            values = {"rate": 10 + number, "item_type": "inventory", "product_type": "goods", "locations": stock}
            site.new_item(f"I-{number:03}", **values)
        self.accounts = self.made("Accounts", [{"Account_Name": f"Firm {number:02}"} for number in range(CUSTOMERS)])
        for job in ("products", "customers", "orders", "services"):
            self.job(job)
        self.products = sorted(row["id"] for row in self.people.crm_list("Products", "Product_Code"))

    def made(self, module: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """New records of the CRM; their ids."""
        ids: list[str] = []
        for start in range(0, len(rows), 100):
            told = self.people.ask("POST", f"/crm/v8/{module}", {"data": rows[start : start + 100]})["data"]
            ids += [str(one["details"]["id"]) for one in told]
        return ids

    def quotes(self, number: int, stage: str) -> list[str]:
        """So many quotes, each over three lines and with a deal; the deals."""
        accounts, products = self.accounts, self.products
        deals = self.made(
            "Deals",
            [
                {"Deal_Name": f"Deal {at}", "Stage": "Qualification", "Account_Name": {"id": accounts[at % CUSTOMERS]}}
                for at in range(number)
            ],
        )

        def line(at: int) -> dict[str, Any]:
            product = at % ITEMS
            return {"Product_Name": {"id": products[product]}, "Quantity": 1 + at % 5, "List_Price": 10 + product}

        self.made(
            "Quotes",
            [
                {
                    "Subject": f"Quote {at}",
                    "Quote_Stage": stage,
                    "Account_Name": {"id": accounts[at % CUSTOMERS]},
                    "Deal_Name": {"id": deal},
                    "Quoted_Items": [line(at * LINES + place) for place in range(LINES)],
                }
                for at, deal in enumerate(deals)
            ],
        )
        return deals

    def job(self, job: str) -> Ran:
        """One run. Raises when it fails."""
        self.site.stage.control("POST", "clock", {"move_s": PAUSE_S})
        before, started = self.now(), time.perf_counter()
        for task in next(one["tasks"] for one in self.site.project["jobs"] if one["name"] == job):
            for outcome in self.site.pipe(task):
                if outcome.code:
                    message = f"{outcome.program} failed: {outcome.complaint[-2000:]}"
                    raise RuntimeError(message)
        return self.since(before, time.perf_counter() - started)

    def stock(self) -> Ran:
        """One run of `ofrecord stock`."""
        before, started = self.now(), time.perf_counter()
        ended = programs.run(["ofrecord", "stock"], cwd=self.site.folder, environment=self.site.stage.environment)
        if ended.returncode:
            raise RuntimeError(ended.stderr)
        return self.since(before, time.perf_counter() - started)

    def now(self) -> int:
        """The end of the journal."""
        return int(self.site.stage.journal()["next"])

    def since(self, before: int, seconds: float) -> Ran:
        """What the vendors were asked since then, logins aside."""
        entries = self.site.stage.journal(before)["entries"]
        asked = [one for one in entries if one["system"] in {*FINANCE, CRM} and one["status"] != UNAUTHORIZED]
        return Ran(asked, seconds)

    def quiet(self, job: str) -> Ran:
        """A run without changes: one follows that reads what the one before wrote."""
        self.job(job)
        return self.job(job)

    def papers(self, deals: Sequence[str]) -> int:
        """How many of these deals have exactly one file."""
        found = 0
        for deal in deals:
            answer = self.people.ask("GET", f"/crm/v8/Deals/{deal}/Attachments", fields="id,File_Name") or {}
            found += [one["File_Name"].endswith(".pdf") for one in answer.get("data", [])] == [True]
        return found


def fewest_of_orders(number: int) -> tuple[int, int]:
    """The fewest calls for so many orders: of finance, of the CRM. What is counted stands in README.md."""
    finance = 4 * number + ceil(number / 200)
    lines = min(number, ceil(number * LINES / 200))
    crm = number + 2 * ceil(number / 200) + lines + 3 * ceil(number / 100)
    return finance, crm


def kinds(ran: Ran) -> Counter[str]:
    """Calls by what they are."""
    named = (f"{one['method']} {re.sub(r'[0-9]{6,}', 'ID', one['path'].partition('?')[0])}" for one in ran.entries)
    return Counter(named)


def orders(sales: Sales, number: int) -> Iterator[Promise]:
    """From accepted quotes to a PDF beside each deal."""
    say(f"{number:,} accepted quotes")
    deals = sales.quotes(number, "Accepted")
    runs: list[Ran] = []
    done = 0
    while done < number and len(runs) <= MOST_RUNS:
        runs.append(sales.job("orders"))
        done = sales.papers(deals)
    if done < number:
        message = f"{number - done} of {number} deals have no PDF after {len(runs)} runs"
        raise RuntimeError(message)
    whole = Ran([one for run in runs for one in run.entries], sum(run.seconds for run in runs), len(runs))
    finance, crm = fewest_of_orders(number)
    name = f"{number:,} accepted quote{'s' if number > 1 else ''}"
    yield Promise(f"{name}: runs of `orders` until each deal has its PDF", str(len(runs)), f"at most {MOST_RUNS}", len(runs) <= MOST_RUNS)  # fmt: skip
    yield Promise(f"{name}: calls", whole.told())
    per = (
        f"{whole.finance / number:.2f} and {whole.calls(CRM) / number:.2f}",
        f"{finance / number:.2f} and {crm / number:.2f}",
    )
    yield Promise(f"{name}: calls an order, of finance and of the CRM", per[0], f"the fewest: {per[1]}")
    yield Promise(f"{name}: minutes at {LIMIT} and at {PACE} finance calls a minute", minutes(whole.finance))
    yield Promise(f"{name}: seconds on the clock, with vendors that answer at once", f"{whole.seconds:.0f}")
    many = [f"{words} {count}" for words, count in kinds(whole).most_common() if count >= number > 1]
    if many:
        yield Promise(f"{name}: asked for each", "; ".join(f"`{one}`" for one in many))


def minutes(calls: int) -> str:
    """What so many finance calls take, at the limit and at our pace."""
    return f"{calls / LIMIT:.1f} and {calls / PACE:.1f}"


def services(sales: Sales) -> Iterator[Promise]:
    """From won deals to invoices: deals are won one after the other over the interval of the schedule, then the job runs."""
    sales.job("services")  # what the orders changed of deals was read
    say(f"{SERVICES} deals of services")
    won: dict[str, datetime] = {}
    for number in range(SERVICES):
        sales.site.stage.control("POST", "clock", {"move_s": INTERVAL_S / SERVICES})
        values = {"Deal_Name": f"Advice {number}", "Stage": "Closed Won", "Sold_As": "Services", "Currency_Code": "USD"}
        [deal] = sales.made(
            "Deals", [{**values, "Amount": 100 + number, "Account_Name": {"id": sales.accounts[number % CUSTOMERS]}}]
        )
        won[deal] = moment(sales.people.crm_get("Deals", deal)["Modified_Time"])
    before = PAUSE_S  # the run begins so much later by the sandbox's clock; the schedule would begin it at once
    ran = sales.job("services")
    rows = sales.people.finance_list("/books/v3/invoices", "invoices")
    made = {row["reference_number"]: row for row in rows if row["reference_number"] in won}
    sent = sum(row["status"] == "sent" for row in made.values())
    yield Promise(f"{SERVICES} won deals of services: invoices sent after one run of `services`", str(sent), str(SERVICES), sent == SERVICES)  # fmt: skip
    yield Promise(f"{SERVICES} won deals: calls", ran.told())
    fewest = f"the fewest: {2 + 1 / SERVICES:.2f} and {ceil(SERVICES / 200) / SERVICES:.2f}"
    yield Promise(f"{SERVICES} won deals: calls a deal, of finance and of the CRM", f"{ran.finance / SERVICES:.2f} and {ran.calls(CRM) / SERVICES:.2f}", fewest)  # fmt: skip
    waits = sorted((moment(row["created_time"]) - won[deal]).total_seconds() - before for deal, row in made.items())
    yield Promise("deal won → invoice exists, job every 5 minutes: 50th, 95th, 99th percentile, longest", told(waits), "95th below 5 minutes", at(waits, 95) < INTERVAL_S)  # fmt: skip
    order = sorted(made, key=lambda deal: (made[deal]["created_time"], made[deal]["invoice_number"]))
    paced = sorted(
        (moment(made[deal]["created_time"]) - won[deal]).total_seconds() - before + 2 * 60 * (place + 1) / LIMIT
        for place, deal in enumerate(order)
    )
    yield Promise(f"the same at {LIMIT} finance calls a minute", told(paced), "95th below 15 minutes", at(paced, 95) < 3 * INTERVAL_S)  # fmt: skip


def moment(text: str) -> datetime:
    """A time of a vendor."""
    return datetime.fromisoformat(text)


def at(seconds: Sequence[float], percent: int) -> float:
    """A percentile of sorted values: the least that so many percent of them do not exceed."""
    return seconds[max(0, ceil(len(seconds) * percent / 100) - 1)]


def told(seconds: Sequence[float]) -> str:
    """Percentiles in minutes."""
    named = [f"{at(seconds, percent) / 60:.1f}" for percent in (50, 95, 99)]
    return f"{', '.join(named)}, {seconds[-1] / 60:.1f} min"


def quoted(sales: Sales) -> Iterator[Promise]:
    """Stock on the lines of open quotes."""
    sales.stock()  # accepted quotes are looked at, too
    say(f"{STOCK_QUOTES} open quotes")
    sales.quotes(STOCK_QUOTES, "Draft")
    ran = sales.stock()
    lines = ceil(STOCK_QUOTES * LINES / 200)
    fewest = ceil(STOCK_QUOTES / 2000) + lines + ceil(STOCK_QUOTES / 100) + ceil(ITEMS / 100)
    yield Promise(f"{STOCK_QUOTES} open quotes with {LINES} lines told of stock: calls", ran.told())
    yield Promise(
        f"{STOCK_QUOTES} open quotes: calls, of the fewest",
        f"{len(ran.entries)} of {fewest} = {len(ran.entries) / fewest:.2f}",
    )
    yield Promise(f"{STOCK_QUOTES} open quotes: seconds on the clock", f"{ran.seconds:.0f}")


def no_change(sales: Sales) -> Iterator[Promise]:
    """A run with nothing to do, of each job."""
    for job in ("orders", "services", "finance", "prices"):
        say(f"{job}, nothing to do")
        yield Promise(f"nothing changed: `{job}`", sales.quiet(job).told())
    sales.stock()
    yield Promise("nothing changed: `quote-stock`", sales.stock().told())


def under_meltano(sales: Sales) -> Iterator[Promise]:
    """One quote by `meltano run orders`, whose bookmarks are its own: a run before makes them."""
    say("meltano run orders")
    stage = sales.site.stage
    taken: list[float] = []
    for run in ("bookmarks", "one quote"):
        deals = sales.quotes(1, "Accepted")
        stage.control("POST", "clock", {"move_s": PAUSE_S})
        ended = stage.sync(["orders"], run.replace(" ", "-"), lambda _made: None)
        if ended.exit_code or sales.papers(deals) != 1:
            raise RuntimeError(ended.log.read_text()[-3000:])
        taken.append(ended.seconds)
    yield Promise("1 accepted quote by `meltano run orders`: seconds on the clock", f"{statistics.mean(taken[1:]):.0f}")


def measured(number: int) -> Iterator[Promise]:
    """All figures."""
    with company("none") as site:
        say(f"{CUSTOMERS} customers, {ITEMS} items")
        sales = Sales(site)
        for some in dict.fromkeys((1, number)):
            yield from orders(sales, some)
        yield from services(sales)
        yield from quoted(sales)
        yield from no_change(sales)
        yield from under_meltano(sales)


def text(number: int) -> str:
    """The table."""
    rows = list(measured(number))
    return f"On the sandbox, without its limits; {machine()}.\n\n{table('quote to cash', rows)}"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quotes", type=int, default=500, help="accepted at once, beside one alone")
    parser.add_argument("--dry", action="store_true", help="print only")
    given = parser.parse_args()
    measure("flows", ["calls"], {"calls": lambda: text(given.quotes)}, dry=given.dry)


if __name__ == "__main__":
    main()
