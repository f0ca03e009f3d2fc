"""What becomes of the counterpart of a record that is deleted, leaves the view of the rules, or comes back.

Nothing here follows from a record that merely was not read: a deletion is told by the source, a leaving by the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Nothing:
    """The counterpart stays as it is; `why` is what is counted. `news` is false when it was noted before."""

    why: str = ""
    news: bool = True


@dataclass(frozen=True, slots=True)
class Act:
    """Take a status action at the counterpart (`inactive`, `void`, `delete`, `active`)."""

    action: str


@dataclass(frozen=True, slots=True)
class Follow:
    """The record was merged into another one: its counterpart is that one's now, and is not switched off."""

    winner: str


Gone = Nothing | Act | Follow


def on_deletion(
    *, is_linked: bool, noted: Any, action: str | None, winner: str | None = None, echo: bool = False
) -> Gone:
    """A record was deleted at the source.

    `noted` is what was noted of its deletion before (None: nothing), `action` what the rules say, `winner` the live record
    of the source that carries the counterpart's id now. `echo`: it was deleted to answer the deletion of its counterpart.
    """
    if not is_linked:
        return Nothing("deleted before it was ever synced")
    if echo:
        return Nothing(news=False)
    if winner is not None:
        return Follow(winner)
    if noted is not None:
        return Nothing(news=False)
    if action is None:
        return Nothing("deleted at the source; the rules leave the other side")
    return Act(action)


def on_leaving(*, is_linked: bool, has_gone: bool, action: str | None) -> Gone:
    """A record is out of the view of the rules. `has_gone`: it was noted as deleted or out of the view before."""
    if not is_linked or has_gone:
        return Nothing(news=False)
    return Nothing() if action is None else Act(action)


def on_return(noted: Any, status: str | None) -> Gone:
    """A record is in the view again. `noted`: the action that was taken when it left; `status`: what the source wants."""
    if not isinstance(noted, str):
        return Nothing(news=noted is not None)
    return Act(status or "active")
