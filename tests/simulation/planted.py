"""Mistakes planted in the project on purpose, each of a kind that such programs really make. A world must notice every one of them.

A mistake replaces one function or method while a world is played; the files of the project stay as they are.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from simulation import told
from simulation.prepared import anew
from simulation.story import Story, short_story

from ofrecord_kit.exchange import TokenHeader
from ofrecord_kit.ledger import Ledger, Writing
from ofrecord_kit.tap.stream import VendorStream
from ofrecord_kit.target import deciding, finance, finance_bodies
from ofrecord_kit.target.incoming import Digests
from ofrecord_kit.target.outbox import Outbox
from ofrecord_kit.target.sink import OfrecordSink
from ofrecord_transforms.lenses import amounts
from ofrecord_transforms.lenses.lens import both

Plant = tuple[object, str, Any]


@dataclass(frozen=True)
class Mistake:
    """What is done wrongly, by which replacements, and the world that notices: a short one, `about` something, or one that was written for it."""

    what: str
    plants: tuple[Plant, ...]
    seed: int = 0
    about: tuple[str, ...] = ()
    told: tuple[Story, ...] = ()
    """The world that was written for it, and others that are tried when it does not notice any more."""
    settings: tuple[Plant, ...] = ()
    """What is different in this world also without the mistake."""

    def story(self, seed: int | None = None) -> Story:
        """The world that notices, or another one about the same."""
        return short_story(self.seed if seed is None else seed, self.about)

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Within the block it is made."""
        with ExitStack() as undo, replaced(self.settings):
            if any(place is amounts for place, _name, _instead in self.plants):  # what is compiled of it is kept
                undo.enter_context(anew())
            undo.enter_context(replaced(self.plants))
            yield


@contextmanager
def replaced(plants: Iterable[Plant]) -> Iterator[None]:
    """Within the block these are others."""
    with ExitStack() as undo:
        for place, name, instead in plants:
            undo.enter_context(patch.object(place, name, instead))
        yield


def _nothing(*_given: Any, **_named: Any) -> None:
    """Left out."""


def _agreed_of(_ledger: Ledger, _links: Any, _source: str, _destination: str) -> dict[str, Any]:
    return {}


def _forever(digests: Digests, *_given: Any) -> Any:
    return "always the same"


def _after_the_bookmark(stream: VendorStream) -> Any:
    found = _since(stream)
    return found and found + timedelta(hours=1)


_since, _owe, _count, _call, _body_of = (
    VendorStream.since,
    Writing.owe,
    OfrecordSink.count,
    TokenHeader.__call__,
    finance_bodies.body_of,
)


def _owe_stamps_only(ledger: Writing, *place: str, **more: Any) -> bool:
    return False if place[-1] == "revert" else _owe(ledger, *place, **more)


def _miscount(sink: OfrecordSink, items: Any) -> None:
    _count(sink, [item for item in items if item.outcome != "written"])


def _talkative(header: TokenHeader, request: Any) -> Any:
    logging.getLogger("ofrecord").info("calling with %s", header._token)
    return _call(header, request)


def _without_neighbours(values: Mapping[str, Any], _current: Any = None, *, clearing: bool = False) -> dict[str, Any]:
    return _body_of(values, None, clearing=clearing)


def _say_nothing_of_it(_delivery: Any, item: Any) -> None:
    item.outcome = "unchanged"


MISTAKES = (
    Mistake("the base value is dropped, so every difference looks new", ((Ledger, "agreed_of", _agreed_of),), told=told.CLEARED),
    Mistake("nothing is looked up before a record is created", ((deciding, "pair", _nothing),), told=told.IN_BOTH),
    Mistake("kilograms are written where grams are wanted", ((amounts, "unit", lambda _one, _other: both(amounts.number)),), told=told.WEIGHED),
    Mistake("an edit of what a system does not own is listed and never put back", ((Writing, "owe", _owe_stamps_only),), told=told.PUT_BACK),
    Mistake("a record that was delivered once counts as unchanged for ever", ((Digests, "of", _forever), (Digests, "read", _nothing)), told=told.WEIGHED),
    Mistake("reading begins after the bookmark, not before it", ((VendorStream, "since", _after_the_bookmark),), 0, ("edit", "product", "calm")),
    Mistake("a part of an address is sent without what stands beside it", ((finance, "body_of", _without_neighbours),), 7, ("account",)),
    Mistake("records that were written are not counted", ((OfrecordSink, "count", _miscount),), told=told.WEIGHED),
    Mistake("the access token is logged", ((TokenHeader, "__call__", _talkative),), told=told.WEIGHED),
    Mistake("what is owed is never paid", ((Outbox, "drain", lambda *_given, **_named: {}),), told=told.PUT_BACK),
    Mistake("a linked record that is gone is passed over in silence", ((deciding, "say_gone", _say_nothing_of_it),), told=told.DELETED),
    Mistake("a deletion is overlooked", ((deciding, "decide_deletions", lambda _delivery, items: [setattr(one, "outcome", "unchanged") for one in items]),), 0, ("delete", "account", "calm")),
)  # fmt: skip
