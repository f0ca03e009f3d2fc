"""The built-in company: small, deterministic, and awkward on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

from ofrecord_sandbox.seeds import demo_documents, demo_masters
from ofrecord_sandbox.seeds.doors import Doors, publish

if TYPE_CHECKING:
    from ofrecord_sandbox.world import World

START = datetime(2025, 6, 2, 8, 0, tzinfo=UTC)
"""When the company's records were first typed in."""
SEED = 20250602


@dataclass
class DemoFacts:
    """What the built-in company holds before the first sync, and records to try things on.

    Counts are numbers of records; handles are ids as the vendors write them.
    """

    accounts: int = 0
    contacts: int = 0
    contacts_without_account: int = 0
    same_name_pairs: int = 0
    too_long_names: int = 0
    """Account names that the CRM holds and the finance side (200 characters) refuses."""
    items: int = 0
    inactive_items: int = 0
    items_with_price_zero: int = 0
    composite_items: int = 0
    """Of the items: those made of others."""
    price_lists: int = 0
    crm_price_books: int = 0
    crm_products: int = 0
    products_with_known_code: int = 0
    products_with_unknown_code: int = 0
    products_sharing_a_code: int = 0
    customers: int = 0
    customers_linked: int = 0
    customers_by_name_only: int = 0
    vendors: int = 0
    vendors_in_both: int = 0
    vendors_only_crm: int = 0
    vendors_only_inventory: int = 0
    quotes: int = 0
    accepted_with_order: int = 0
    accepted_without_order: int = 0
    open_quotes: int = 0
    orders: int = 0
    invoices: int = 0
    invoices_by_state: dict[str, int] = field(default_factory=dict)
    """draft, sent (not due before 2035), partly paid, paid, overdue."""
    payments: int = 0
    shipments: int = 0
    returns: int = 0
    open_credits: int = 0
    quotes_by_currency: dict[str, int] = field(default_factory=dict)
    price_edit: dict[str, str] = field(default_factory=dict)
    """item_id, sku of an item with a CRM product."""
    name_edit: dict[str, str] = field(default_factory=dict)
    """item_id, sku of another one."""
    phone_edit: dict[str, str] = field(default_factory=dict)
    """account_id, contact_id (inventory) and phone of a linked customer."""
    forbidden_edit: dict[str, str] = field(default_factory=dict)
    """product_id (CRM), item_id, sku: editing the product's price in the CRM breaks the rules."""
    quote_to_accept: dict[str, str] = field(default_factory=dict)
    """quote_id, deal_id of an open quote whose lines are all known items."""
    long_name_account: dict[str, str] = field(default_factory=dict)
    """account_id of an account whose name the finance side refuses."""


def seed_demo(world: World) -> DemoFacts:
    """Fill an empty world with the built-in company; the clock runs again afterwards.

    Every value is the same each time. Raises RefusedSeedError when a vendor refuses a record.
    """
    facts = DemoFacts()
    doors = Doors(world)
    random = Random(SEED)  # noqa: S311 - repeatable invention, no secret
    world.clock.freeze(START)
    try:
        masters = demo_masters.plant(doors, random, facts)
        demo_documents.plant(doors, random, masters, facts)
    finally:
        world.clock.run()
    publish(world, facts)
    return facts
