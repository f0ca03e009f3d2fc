"""More planted mistakes: of what operators and machines do, of hidden values, of answers and orders."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib import import_module
from typing import Any

from simulation import told
from simulation.planted import Mistake
from singer_sdk import Target

from ofrecord_kit.ledger import Ledger, LedgerProblem, Writing, rekeying
from ofrecord_kit.ledger.sealing import Vault
from ofrecord_kit.plan import fields
from ofrecord_kit.tap.crm_module import CrmModule
from ofrecord_kit.target import sink
from ofrecord_kit.target.figures import Figures
from ofrecord_kit.target.outbox import Outbox
from ofrecord_kit.target.program import OfrecordTarget

_after, _writing = Writing._after, Ledger.writing


def _nothing(*_given: Any, **_named: Any) -> None:
    """Left out."""


def _no(*_given: Any, **_named: Any) -> bool:
    return False


def _yes(*_given: Any, **_named: Any) -> bool:
    return True


def _as_first_held(writing: Writing, before: Mapping[str, Any], *more: Any) -> dict[str, Any]:
    row = _after(writing, before, *more)
    return row if before.get("payload") is None else {**row, "payload": before["payload"]}


@contextmanager
def _whatever_happens(ledger: Ledger, at: datetime) -> Iterator[Writing]:
    with suppress(LedgerProblem), _writing(ledger, at) as writing:
        yield writing


def _raw(one: Any, other: Any, _form: str | None = None) -> bool:
    return bool(one == other)


MORE = (
    Mistake("something of a paused entity is written", ((Ledger, "paused", _no),), told=told.PAUSED),
    Mistake("what was held is never tried again", ((sink, "to_try_again", lambda _due: []),), told=told.PAUSED),
    Mistake("what was held is tried again as it was", ((Writing, "_after", _as_first_held), (Writing, "overtake", _nothing)), 4, ("pause", "resume", "edit", "product", "calm")),
    Mistake("a first run needs nobody's yes", ((Ledger, "is_first", _no),), told=told.PLANNED),
    Mistake("a yes to one plan is a yes to a greater one", ((Figures, "covers", _yes),), 5, ("asks", "say yes", "create", "calm")),
    Mistake("a bookmark is passed on though its plan waits for a yes", ((OfrecordTarget, "_write_state_message", Target._write_state_message),), 0, ("asks", "say yes", "product")),
    Mistake("hashed values are compared as they are", ((import_module("ofrecord_kit.plan.canonical"), "_same_prints", _no),), 9, ("hashed", "both")),
    Mistake("values stand in an encrypted ledger as they are", ((Vault, "seal", lambda _vault, text: text),), told=told.SEALED),
    Mistake("another key leaves what was agreed under the old one", ((rekeying, "_SEALED", rekeying._SEALED[1:]),), told=told.SEALED),
    Mistake("a ledger that cannot be written is nothing to speak of", ((Ledger, "writing", _whatever_happens),), 0, ("full", "product")),
    Mistake("what was owed is paid again in each run", ((Writing, "settle", _nothing),), told=told.PUT_BACK),
    Mistake("nobody is told which record is whose", ((Outbox, "_stamp", _nothing),), told=told.CLEARED),
    Mistake("values are compared as they are written, not as they are meant", ((fields, "same", _raw),), 10, ("edit", "both", "account")),
    Mistake("deletions are read from now on, not from where reading ended", ((CrmModule, "_deleted", lambda *_given: iter(())),), 1, ("delete", "account")),
)  # fmt: skip
