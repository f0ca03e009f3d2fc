"""Sales orders whose goods are on order from a vendor ("Back Order": a purchase order that names the sales order).

While such a purchase order is issued and not wholly received, and nothing of the order was shipped, its status is `backordered`
(the word is documented, when it is shown is UNVERIFIED).
"""

from __future__ import annotations

from ofrecord_sandbox.world import World


def waits_for_goods(world: World, order_id: str) -> bool:
    """Is something of this sales order on order?"""
    table = world.store.table("finance/purchaseorders")
    index = table.index("backorder", lambda one: (one["salesorder_id"],) if one["is_backorder"] else ())
    purchases = (table.rows[key] for key in index.ids(order_id))
    return any(one["_state"] == "issued" and one["received_status"] != "received" for one in purchases)
