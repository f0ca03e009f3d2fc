"""What an organisation may call within a day: what the settings say, else what the vendor sells.

Source: Zoho Inventory and Books, "Introduction" (calls a day by edition, all integrations together); Zoho CRM, "API Limits" (credits
within 24 hours by edition and users); read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FINANCE = "inventory, books"
"""The budget that Inventory and Books of an organisation share (that they have no counters of their own is UNVERIFIED)."""
CRM = "crm"
UNITS = {FINANCE: "calls", CRM: "credits"}
FINANCE_EDITIONS = (("Free", 1_000), ("Standard", 2_000), ("Professional", 5_000), ("Premium", 10_000))
_CRM = (("Free", 5_000), ("Standard", 50_000))
"""What an edition has whatever its users: every edition from Standard on has 50,000, and more for each user."""
_EACH_USER = "each user adds 250 (Standard), 500 (Professional), 1,000 (Enterprise) or 2,000 (Ultimate)"


@dataclass(frozen=True)
class Quota:
    """Calls, of the CRM credits, within 24 hours; `said` tells who says so. `a_day` None: nothing the vendor sells is enough."""

    a_day: int | None
    said: str


def budget_of(system: str) -> str:
    """The budget a system's calls are taken from.

    >>> budget_of("books"), budget_of("crm")
    ('inventory, books', 'crm')
    """
    return CRM if system == "crm" else FINANCE


def quota_of(budget: str, settings: Mapping[str, int], planned: int) -> Quota:
    """The least that a plugin's `calls_per_day` says, or where none says anything the smallest edition with room for the plan."""
    if settings:
        plugin = min(settings, key=lambda name: settings[name])
        return Quota(settings[plugin], f"calls_per_day of {plugin}")
    sold = FINANCE_EDITIONS if budget == FINANCE else _CRM
    for name, a_day in sold:
        if planned <= a_day:
            return Quota(a_day, f"the vendor's table: {name}, the smallest edition with room; calls_per_day is not set")
    more = f"; {_EACH_USER}" if budget == CRM else ""
    return Quota(
        None,
        f"no edition has so many by the vendor's table: {sold[-1][0]} has {sold[-1][1]:,}{more}; calls_per_day is not set",
    )
