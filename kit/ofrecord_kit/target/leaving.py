"""Records that go: deleted at the source, or out of the view of the rules; and those that come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ofrecord_kit.ledger import Event, Writing
from ofrecord_kit.plan import UNKNOWN, Agreed
from ofrecord_kit.plan.gone import Act, Follow, Nothing, on_deletion, on_leaving, on_return
from ofrecord_kit.target.days import is_settled_deletion
from ofrecord_kit.target.items import Item

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery
    from ofrecord_kit.target.wire import Wire

DELETED = "_deleted"
"""Pseudo-field: the source's deletion was noted (true) or answered by a status action (its name)."""
LEFT = "_left"
"""Pseudo-field: the record has left the view; noted (true) or answered by a status action (its name)."""


def is_answered_deletion(noted: Any) -> bool:
    """Was a deletion answered on the other side, as the rules say? Only noted, it is still somebody's to look at."""
    return isinstance(noted, str)


def has_gone(agreed: Mapping[str, Agreed]) -> bool:
    """Was it noted already that the record is deleted or out of the view?"""
    return any(_source(agreed, field) is not None for field in (DELETED, LEFT))


def _source(agreed: Mapping[str, Agreed], field: str) -> Any:
    found = agreed.get(field, Agreed()).source
    return None if found is UNKNOWN else found


def _noted(item: Item, field: str) -> Any:
    """What was noted under a pseudo-field; None when nothing was."""
    return _source(item.agreed, field)


def decide_deletions(delivery: Delivery, items: Sequence[Item]) -> None:
    """What deletions lead to, as the rules say, each once."""
    wire = delivery.wire
    links = [item.link.link for item in items if item.link]
    agreed = delivery.ledger.agreed_of(links, wire.source, wire.destination)
    for item in items:
        item.agreed = agreed.get(item.link.link, {}) if item.link else {}
        winner = delivery.claims.get(str(item.destination_id))
        match on_deletion(
            is_linked=item.link is not None, noted=_noted(item, DELETED), action=wire.deleted,
            winner=winner.source_id if winner and not wire.partial else None,
            echo=is_answered_deletion(item.agreed.get(DELETED, Agreed()).destination),
        ):  # fmt: skip
            case Follow(into):
                item.merged_into = into
                item.outcome, item.reason = "filtered", f"merged into {wire.source} {into}"
            case Act() if is_settled_deletion(delivery, item):
                pass
            case Act(action):
                item.action = action
            case Nothing(why, news):
                item.outcome, item.reason = "filtered" if news else "unchanged", why


def decide_leaving(delivery: Delivery, items: Sequence[Item]) -> None:
    """Filtered records that have a counterpart have left the view: said once, and answered once where the rules do."""
    wire = delivery.wire
    links = delivery.ledger.links_of(wire.entity, wire.source, wire.destination, [item.source_id for item in items])
    agreed = delivery.ledger.agreed_of([link.link for link in links.values()], wire.source, wire.destination)
    for item in items:
        item.link = links.get(item.source_id)
        if item.link is None:
            continue
        item.agreed, item.destination_id = agreed.get(item.link.link, {}), item.link.destination_id
        match on_leaving(is_linked=True, has_gone=has_gone(item.agreed), action=wire.leaving):
            case Act(action):
                item.left, item.outcome, item.action = True, None, action
            case Nothing(news=news):
                item.left = news


def welcome_back(delivery: Delivery, item: Item) -> None:
    """A record that had left, or was deleted and switched off, is there again: an action that was taken is to be undone."""
    noted = _what_was_done(item)
    item.returned = noted is not None and not delivery.wire.partial
    match on_return(noted, _status_of(delivery.wire, item)):
        case Act(action) if item.returned:
            item.action = action


def _what_was_done(item: Item) -> Any:
    """What was noted when the record left, or how its deletion was answered, as far as that can be undone."""
    left, deleted = _noted(item, LEFT), _noted(item, DELETED)
    return left if left is not None else deleted if deleted == "inactive" else None


def record_leaving(wire: Wire, ledger: Writing, item: Item, link: str, ids: dict[str, str]) -> None:
    """Tell that a record left; nothing while the answer to it was refused."""
    if item.helds:
        return
    ledger.event(Event("left", wire.entity, link, ids, system=wire.source, after=wire.leaving, why=item.reason))
    noted = {LEFT: {wire.source: wire.leaving or True}, **_as_status(wire, wire.leaving)}
    ledger.record_agreed(link, noted, between=wire.pair)


def record_return(wire: Wire, ledger: Writing, item: Item, link: str, ids: dict[str, str]) -> None:
    """Tell that a record came back."""
    action = _status_of(wire, item) or "active" if isinstance(_what_was_done(item), str) else None
    ledger.event(Event("returned", wire.entity, link, ids, system=wire.source, after=action))
    noted = {LEFT: {wire.source: None}, **_as_status(wire, action)}
    ledger.record_agreed(link, noted, between=wire.pair)


def _status_of(wire: Wire, item: Item) -> str | None:
    """The state the source wants, where the rules carry it."""
    return next((str(item.values[rule.name]) for rule in wire.sent if rule.status and item.values.get(rule.name)), None)


def _as_status(wire: Wire, action: str | None) -> dict[str, dict[str, Any]]:
    """An action taken is what the destination's status field holds now, so that nobody takes it for an edit."""
    return {rule.field: {wire.destination: action} for rule in wire.sent if rule.status and action is not None}
