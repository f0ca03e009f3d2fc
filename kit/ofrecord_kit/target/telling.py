"""Telling somebody of a document, once: it is owed with the document's record, and paid at the end of a run.

As with status actions, what was done stands in the vendor's store, so that can be looked up: an intention is written down before
a mail is sent, and one that was left behind is looked up before it is sent again. Of an address outside nothing can be looked up:
it is called until it has answered once, always under the same id.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ofrecord_kit import webhook
from ofrecord_kit.errors import Doubtful, VendorRefusal
from ofrecord_kit.ledger import Event, Held, Ledger, Owed, Writing
from ofrecord_kit.target.destination import Destination, Done, Refused
from ofrecord_kit.target.notices import Notice, body_of, identity_of, message_of, subject_of
from ofrecord_kit.target.wire import Wire

if TYPE_CHECKING:
    from ofrecord_kit.target.delivery import Delivery
    from ofrecord_kit.target.items import Item

TELL = "tell"
"""Why it is owed."""
_FOR_EVER = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
_DOUBTFUL, _UNHEARD, _VOID = "DOUBTFUL", "UNHEARD", "VOID"
_LOOK = (
    "Ask them, or look into its history; then `ofrecord retry` to tell them (again), or `ofrecord drop` if they know."
)
_LATER = "It is tried again, later each time. `ofrecord drop` if they were told otherwise."


def owe_notices(delivery: Delivery, ledger: Writing, item: Item, link: str) -> None:
    """What is to be told of a document that was made or taken through its actions by us; not of one that was found as it is."""
    wire = delivery.wire
    if not wire.tell or not (item.then_now if wire.then else item.created and item.delivered):
        return
    if item.created or item.then_changed or _is_ours(delivery, item, link):
        for notice in wire.tell:
            ledger.owe(wire.entity, wire.destination, link, notice.field, TELL, object_=wire.object)


def _is_ours(delivery: Delivery, item: Item, link: str) -> bool:
    """Did an earlier run make it, or begin to, whose action was done although its answer was lost?"""
    known, wire = delivery.ledger, delivery.wire
    if item.link is not None and known.events(kinds=("created",), link=link):
        return True
    return item.source_id in known.intended(wire.entity, wire.destination, [item.source_id])


class Telling:
    """Pays what is owed to people and addresses, of the documents of one system."""

    def __init__(
        self, system: str, destination: Destination, ledger: Ledger, now: Callable[[], datetime], wires: Iterable[Wire]
    ) -> None:
        self.system = system
        self.destination = destination
        self.ledger = ledger
        self.now = now
        self.notices = {(wire.entity, one.field): one for wire in wires for one in wire.tell}

    def pay(self, owed: Sequence[Owed], stopping: Callable[[], bool]) -> dict[str, int]:
        """Tell what is due, and what a person wants told now; how many were told, and how many could not be."""
        counts = {"told": 0, "not told": 0}
        rows = {(row.entity, row.source_id, row.destination): row for row in self._helds()} if self.notices else {}
        owed = self._with_answered(owed, rows.values())
        ids = self.ledger.ids_of([one.link for one in owed], self.system) if owed else {}
        for one in owed:
            if stopping():
                break
            notice, record = self.notices.get((one.entity, one.field)), ids.get(one.link)
            if notice is None or record is None:  # the rules tell nobody of that name any more
                with self.ledger.writing(self.now()) as ledger:
                    ledger.settle([one.id])
                continue
            row = rows.get((one.entity, record, notice.name))
            if one.attempts and row is None:  # a person gave it up
                self._settle(one, record, notice)
            elif (told := self._tell(one, record, notice, row)) is not None:
                counts["told" if told else "not told"] += 1
        return counts

    def _helds(self) -> list[Held]:
        names = {notice.name for notice in self.notices.values()}
        return [row for row in self.ledger.held(source=self.system) if row.destination in names]

    def _with_answered(self, owed: Sequence[Owed], rows: Iterable[Held]) -> list[Owed]:
        """What a person said to try again is due, whatever it was put off to."""
        answered = {(row.entity, row.source_id, row.destination) for row in rows if row.answer}
        if not answered:
            return list(owed)
        every = [one for one in self.ledger.owed(self.system, _FOR_EVER) if one.reason == TELL]
        ids, due = self.ledger.ids_of([one.link for one in every], self.system), {one.id for one in owed}
        names = {
            one.id: self.notices[one.entity, one.field].name for one in every if (one.entity, one.field) in self.notices
        }
        return [one for one in every if one.id in due or (one.entity, ids.get(one.link), names.get(one.id)) in answered]

    def _tell(self, one: Owed, record: str, notice: Notice, row: Held | None) -> bool | None:
        """Write the intention down, look, tell, record. None: another run tells it, or did, or there is nothing to tell any more."""
        key = (f"{one.entity} {one.field}", self.system, [record])
        begun = record in self.ledger.intended(*key)
        with self.ledger.writing(self.now()) as ledger:
            won = record in ledger.claim(*key)
        if not won:
            return None
        if one.id not in self.ledger.still_owed([one.id]):
            with self.ledger.writing(self.now()) as ledger:
                ledger.confirm(*key)
            return None
        again = row is not None and row.answer == "retry"
        result = self._send(one, record, notice, begun=begun, again=again)
        if isinstance(result, Done) or result.code == _VOID:
            self._settle(one, record, notice, result)
            return isinstance(result, Done) or None
        self._hold(one, record, notice, result)
        return False

    def _send(self, one: Owed, record: str, notice: Notice, *, begun: bool, again: bool) -> Done | Refused:
        object_ = str(one.object)
        try:
            known = self._looked_up(object_, record, notice) if notice.mail and begun else None
            if isinstance(known, Done) or (known and not again):
                return known
            document = self.destination.document(object_, record)
            if document is None or document.is_void:
                return Refused(_VOID, "it is void or gone")
            if notice.mail:
                return self.destination.mail(object_, record, notice.mail, subject_of(document), body_of(document))
        except Doubtful:
            return self._looked_up(object_, record, notice) or Refused(
                _DOUBTFUL, "the answer to the mail was lost; it was not sent yet", fix=_LATER
            )
        except VendorRefusal as refusal:
            return Refused(refusal.code, refusal.message, fix=_LATER, request=refusal.request_id)
        message = message_of(notice, one.entity, self.system, record, document)
        return self._call(notice, message, identity_of(notice, one.entity, self.system, record)) or Done(record)

    def _looked_up(self, object_: str, record: str, notice: Notice) -> Done | Refused | None:
        """What the vendor's history says of a mail that may have been sent; None: it was not. While nobody tells it stays in doubt."""
        try:
            was_mailed = self.destination.was_mailed(object_, record, notice.mail)
        except VendorRefusal as refusal:
            words = f"it may have been mailed, and its history is not told: {refusal.message}"
            return Refused(_DOUBTFUL, words, fix=_LOOK, request=refusal.request_id)
        if was_mailed is None:
            words = "it was mailed to somebody, and its history does not say to whom"
            return Refused(_DOUBTFUL, words, fix=_LOOK)
        return Done(record, changed=False) if was_mailed else None

    def _call(self, notice: Notice, message: Mapping[str, object], identity: str) -> Refused | None:
        address = os.environ.get(notice.webhook, "")
        if not address:
            words = f"the environment variable {notice.webhook} is not set"
            return Refused(_UNHEARD, words, fix=f"Set {notice.webhook} to the address that is to be called.")
        try:
            webhook.call(address, message, identity, timeout_s=self.destination.patience_s, agent="ofrecord")
        except webhook.NotHeard as error:
            return Refused(_UNHEARD, f"the address in {notice.webhook}: {error}", fix=_LATER)
        return None

    def _settle(self, one: Owed, record: str, notice: Notice, result: Done | Refused | None = None) -> None:
        """It is over: told, told already, or there is nothing to tell."""
        way = "mail" if notice.mail else "webhook"
        ids = {self.system: record}
        with self.ledger.writing(self.now()) as ledger:
            ledger.settle([one.id])
            ledger.confirm(f"{one.entity} {one.field}", self.system, [record])
            ledger.release(one.entity, self.system, notice.name, [record])
            if isinstance(result, Done):
                why = way if result.changed else f"{way}, found in its history"
                ledger.event(Event("told", one.entity, one.link, ids, None, notice.name, why=why))
            elif result is not None:
                ledger.event(Event("dropped", one.entity, one.link, ids, None, notice.name, why=result.message))

    def _hold(self, one: Owed, record: str, notice: Notice, result: Refused) -> None:
        """It is tried again, later each time; what may have been sent stays intended, so that it is looked up before."""
        words = f"{notice.name} was not told: {result.message}"
        kind = "failed" if result.code == _UNHEARD else "refused"
        with self.ledger.writing(self.now()) as ledger:
            ledger.postpone([one.id], one.attempts)
            if result.code != _DOUBTFUL:
                ledger.confirm(f"{one.entity} {one.field}", self.system, [record])
            ledger.hold(
                Held(
                    one.entity, self.system, notice.name, record, kind, words, result.code, fix=result.fix,
                    request=result.request,
                ),
                keep=False,
            )  # fmt: skip
