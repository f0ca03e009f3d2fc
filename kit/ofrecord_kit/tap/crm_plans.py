"""Which way of reading costs the fewest credits. Pure.

Source of the prices: Zoho CRM v8 docs, "API Limits": a list call 1 (with a custom view 3), COQL 1 up to 200 rows, 2 up to
1,000, 3 up to 2,000, a bulk read job 50; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from ofrecord_kit.vendors import crm

LIST, COQL, BULK = "list", "coql", "bulk"
ROWS_A_QUERY = 2_000
ROWS_A_JOB = 200_000
COLUMNS_A_QUERY = 500
"""By the newer page; the older one says 50. LIMIT_EXCEEDED is answered by smaller queries."""
CALLS_A_JOB = 8
"""About: the job, questions for its state, the download."""
LINES_A_DOCUMENT = 5
"""Assumed where the rows of a subform cannot be counted."""
_JOB = 50
_STEPS = ((200, 1), (1_000, 2))
_MOST = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """A way of reading, and what it and the others cost. `why` is for people."""

    way: str
    credits: Mapping[str, int]
    why: str


def cost_of_list(rows: int, fields: int = 0) -> int:
    """Credits: 200 rows and 50 fields a call, of which two are the same in every call."""
    groups = max(1, ceil((fields - 2) / (crm.FIELDS_A_CALL - 2)))
    return max(1, ceil(rows / crm.PER_PAGE)) * groups


def cost_of_queries(rows: int, columns: int = 0) -> int:
    """Credits: 2,000 rows a query."""
    whole, rest = divmod(rows, ROWS_A_QUERY)
    last = next((price for most, price in _STEPS if rest <= most), _MOST) if rest or not whole else 0
    return (whole * _MOST + last) * max(1, ceil(columns / COLUMNS_A_QUERY))


def cost_of_jobs(rows: int) -> int:
    """Credits: 200,000 rows a job, and the calls around it."""
    return max(1, ceil(rows / ROWS_A_JOB)) * (_JOB + CALLS_A_JOB - 1)


def calls_of_jobs(rows: int) -> int:
    """About how many calls bulk reading makes."""
    return max(1, ceil(rows / ROWS_A_JOB)) * CALLS_A_JOB


def choose(rows: int, fields: int, columns: int, *, only_listed: str = "", forced: str | None = None) -> Plan:
    """The cheapest plan for so many rows. `only_listed`: why queries and jobs cannot give them, or nothing.

    >>> choose(150, 40, 44).way, choose(5_000, 40, 44).way, choose(1_000_000, 40, 44).way
    ('list', 'coql', 'bulk')
    """
    prices = {LIST: cost_of_list(rows, fields), COQL: cost_of_queries(rows, columns), BULK: cost_of_jobs(rows)}
    if forced:
        return Plan(forced, prices, "read_plan says so")
    if only_listed:
        return Plan(LIST, prices, only_listed)
    return Plan(min(prices, key=lambda way: prices[way]), prices, "it costs the fewest credits")


def choose_lines(changed: int, documents: int, lines: int, fields: int) -> Plan:
    """Lines of `changed` documents: a read of each, or the whole list of the `lines` of all `documents`.

    >>> choose_lines(10, 4_000, 20_000, 15).way, choose_lines(4_000, 4_000, 20_000, 15).way
    ('details', 'subform list')
    """
    prices = {"details": changed, "subform list": cost_of_list(lines or documents * LINES_A_DOCUMENT, fields) + 2}
    way = min(prices, key=lambda one: prices[one])
    return Plan(way, prices, "it costs the fewest credits")


def said(module: str, what: str, plan: Plan) -> str:
    """The INFO line."""
    others = ", ".join(f"{way} {price:,}" for way, price in plan.credits.items() if way != plan.way)
    mine = plan.credits[plan.way]
    return f"{module}: {what}, read by {plan.way} for about {mine:,} credits ({others}), because {plan.why}."
