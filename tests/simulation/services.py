"""Won deals that no order bills: one invoice each; contracts are earned by journals that add up to the cent, each once, and counted from their day on."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from simulation.clockwork import BEGIN
from simulation.oracle import Broken
from simulation.ownership import Record
from simulation.papers import CENT, ask, rows
from simulation.people import Thing
from simulation.runs import run
from simulation.steps import Act, Plot, Step, Wait

from ofrecord_kit.ledger import Held

if TYPE_CHECKING:
    from simulation.stage import Stage

ZONE = ZoneInfo("America/Los_Angeles")
"""Of the organisation: when a day ends."""
DAY_S = 86_400.0
PLAIN = ""
"""How an installation that sells services is set up: with hashed values a deal does not find its invoices, see docs/reliability.md."""
EARNED, UNEARNED = "Sales", "Unearned Revenue"
Schedule = dict[int, tuple[str, Decimal]]
"""Number of the month → its last day and what is earned in it."""


@dataclass(frozen=True)
class Terms:
    """What a deal says at a time; a plain service has no months."""

    amount: Decimal
    start: date
    months: int


@dataclass
class Sold:
    """A deal of services that is won, and everything it ever said."""

    id: str
    account: Thing
    said: list[Terms] = field(default_factory=list)


@dataclass(frozen=True)
class Serve(Step):
    """A deal of services, or a contract, is won."""

    account: int
    amount: str
    months: int = 0
    start: int = 0
    """In days before the story begins."""

    def __str__(self) -> str:
        what = f"a contract over {self.months} months, begun {self.start} days before," if self.months else "a service"
        return f"{what} for {self.amount} is won in the CRM"

    def take(self, stage: "Stage") -> None:
        stage.people.meet()
        there = [one for one in stage.people.things.values() if "crm" in one.ids and not one.deleted]
        accounts = [one for one in there if one.entity.name == "account"]
        if not accounts:
            return
        account = accounts[self.account % len(accounts)]
        terms = Terms(Decimal(self.amount), BEGIN.date() - timedelta(self.start), self.months)
        contract = {"Contract_Start": terms.start.isoformat(), "Contract_Months": self.months} if self.months else {}
        values = {
            "Deal_Name": "A service", "Stage": "Closed Won", "Account_Name": {"id": account.ids["crm"]}, "Amount": float(self.amount),
            "Currency_Code": "USD", "Sold_As": "Contract" if self.months else "Services", **contract,
        }  # fmt: skip
        made = ask(stage, "POST", "/crm/v8/Deals", {"data": [values]})
        stage.sold.append(Sold(made["data"][0]["details"]["id"], account, [terms]))


@dataclass(frozen=True)
class Renegotiate(Step):
    """A won contract has another amount, or other months."""

    deal: int
    amount: str
    months: int

    def __str__(self) -> str:
        return f"won deal {self.deal} is over {self.amount} now{f' and {self.months} months' if self.months else ''}"

    def take(self, stage: "Stage") -> None:
        if not stage.sold:
            return
        one = stage.sold[self.deal % len(stage.sold)]
        last = one.said[-1]
        months = self.months if last.months else 0
        values = {"Amount": float(self.amount), **({"Contract_Months": months} if months else {})}
        if ask(stage, "PUT", f"/crm/v8/Deals/{one.id}", {"data": [values]}):
            one.said.append(Terms(Decimal(self.amount), last.start, months))


def schedule_of(terms: Terms) -> Schedule:
    """Months of the contract, each earned on its last day; to the end of each the exact share is earned, half a cent counting as one."""
    found: Schedule = {}
    before = Decimal(0)
    for number in range(1, terms.months + 1):
        until = (terms.amount * number / terms.months).quantize(CENT, ROUND_HALF_UP)
        if until != before:
            found[number] = (_end(terms.start, number).isoformat(), until - before)
        before = until
    return found


def _end(start: date, number: int) -> date:
    years, month = divmod(start.month - 1 + number, 12)
    year = start.year + years
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])) - timedelta(1)


def today(stage: "Stage") -> str:
    """The organisation's day."""
    skew = stage.world.line.skew_s.get("books", 0.0)
    return (stage.world.clock.now + timedelta(seconds=skew)).astimezone(ZONE).date().isoformat()


def days_to_come(stage: "Stage") -> set[str]:
    """Days that change something without anybody's doing."""
    journals = {row["journal_date"] for row in rows(stage, "journals")}
    planned = {day for one in stage.sold for terms in one.said for day, _amount in schedule_of(terms).values()}
    return journals | planned


def judge(stage: "Stage", held: list[Held]) -> Iterator[Broken | Held]:
    """Each deal once on an invoice; each month of a contract once in the books, and on the deal from its day on."""
    invoices, journals = rows(stage, "invoices"), rows(stage, "journals")
    for one in stage.sold:
        told = [row for row in held if row.source_id.partition("/")[0] == one.id]
        yield from _judge_invoice(one, [row for row in invoices if row["reference_number"] == one.id], told)
        mine = [row for row in journals if row["reference_number"].partition("/")[0] == one.id]
        yield from _judge_journals(stage, one, mine, told)
        yield from _judge_deal(stage, one, mine)
    deals = {one.id for one in stage.sold}
    if any(row["reference_number"].partition("/")[0] not in deals for row in journals):
        yield Broken("earned once", "there is a journal of no contract")
    yield from (row for row in held if row.entity == "recognised revenue" and row.state == "waiting")


def _judge_invoice(one: Sold, mine: list[Record], held: list[Held]) -> Iterator[Broken | Held]:
    told = [row for row in held if row.entity == "service invoice"]
    if one.account.deleted or one.account.is_alone:
        yield from told
        least = 0
    else:
        least = 1
    if not least <= len(mine) <= 1:
        yield Broken("billed once", f"a deal of services has {len(mine)} invoices ({[row.message for row in told]})")
        return
    amounts = [terms.amount for terms in one.said]
    for row in mine:
        total = Decimal(str(row["total"]))
        if total not in amounts:
            yield Broken("money conserved", f"a deal over {amounts} is billed over {total}")
        elif total != amounts[-1]:
            yield from (row for row in told if row.kind == "check")
            if not told:
                yield Broken("billed once", f"a deal over {amounts[-1]} is billed over {total}, and nobody is told")
        if row["_state"] == "draft" and total == amounts[-1]:
            yield Broken("billed once", "an invoice over what the deal says was never sent")


def _judge_journals(stage: "Stage", one: Sold, mine: list[Record], held: list[Held]) -> Iterator[Broken | Held]:
    versions, now = [schedule_of(terms) for terms in one.said], today(stage)
    found: dict[int, Record] = {}
    for row in mine:
        number = int(row["reference_number"].partition("/")[2])
        if number in found:
            yield Broken("earned once", f"month {number} of a contract is in the books twice")
        found[number] = row
    told = [row for row in held if row.entity == "revenue"]
    differs = False
    for number in sorted(found.keys() | versions[-1].keys()):
        row, wanted = found.get(number), versions[-1].get(number)
        said = (row["journal_date"], _earned(stage, row)) if row else None
        if said == wanted:
            continue
        is_closed = row is not None and said in [one.get(number) for one in versions] and row["journal_date"] <= now
        differs = differs or is_closed
        if not is_closed:
            yield Broken(
                "money conserved", f"month {number} of a contract is {said} in the books, the contract says {wanted}"
            )
    if differs:
        yield from told
    if len(versions) == 1 and mine and sum((_earned(stage, row) for row in mine), Decimal(0)) != one.said[0].amount:
        yield Broken("money conserved", f"journals of a contract over {one.said[0].amount} add up to something else")


def _earned(stage: "Stage", row: Record) -> Decimal:
    """What it credits to sales, where the other side is what was not earned yet."""
    names = {one["account_id"]: one["account_name"] for one in rows(stage, "chartofaccounts")}
    sides = {
        line["debit_or_credit"]: (names[line["account_id"]], Decimal(str(line["amount"]))) for line in row["line_items"]
    }
    is_right = len(row["line_items"]) == 2 and sides["credit"][0] == EARNED and sides["debit"][0] == UNEARNED
    return sides["credit"][1] if is_right else Decimal(-1)


def _judge_deal(stage: "Stage", one: Sold, mine: list[Record]) -> Iterator[Broken]:
    now = today(stage)
    come = sum((_earned(stage, row) for row in mine if row["journal_date"] <= now), Decimal(0))
    answer = ask(stage, "GET", f"/crm/v8/Deals/{one.id}")
    shown = Decimal(str(answer["data"][0].get("Recognised_Revenue") or 0))
    if shown != come:
        yield Broken("money conserved", f"a deal shows {shown} as earned, journals until {now} are over {come}")


def _serves(plot: Plot) -> bool:
    return plot.serves


AMOUNTS = ("100", "0.05", "99.99", "1200", "4800.5", "0.02")


def serve(plot: Plot) -> Serve:
    """Something for somebody."""
    dice = plot.dice
    months = dice.choice([0, 2, 3, 7, 12])
    return Serve(dice.randrange(60), dice.choice(AMOUNTS), months, dice.choice([0, 29, 30, 45, -5]))


def _serve(plot: Plot) -> list[Step]:
    return [serve(plot), run(plot, "services")]


def _renegotiate(plot: Plot) -> list[Step]:
    dice = plot.dice
    return [Renegotiate(dice.randrange(4), dice.choice(AMOUNTS), dice.choice([1, 3, 5])), run(plot, "services")]


def _month(plot: Plot) -> list[Step]:
    return [Wait(plot.dice.choice([9, 23, 31]) * DAY_S), run(plot, plot.dice.choice(["finance", "services"]))]


ACTS = (
    Act("serve", 5, _serve, _serves),
    Act("renegotiate", 2, _renegotiate, _serves),
    Act("a month", 3, _month, _serves),
    Act("earn", 3, lambda plot: [run(plot, "finance")], _serves),
)
