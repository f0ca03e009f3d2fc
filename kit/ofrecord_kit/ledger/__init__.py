"""The ledger: links, agreed values, events, runs, held records, outbox, intentions.

A small database (SQLite file by default, PostgreSQL by URL), disposable: links can be rebuilt from the ids stamped in
the systems. All times are UTC. `Ledger` reads by intention; `Ledger.writing()` is one transaction for one batch.
"""

from ofrecord_kit.cipher import KEY_VARIABLE
from ofrecord_kit.ledger.history import Setting
from ofrecord_kit.ledger.opening import LedgerProblem, engine_for
from ofrecord_kit.ledger.rekeying import rekey
from ofrecord_kit.ledger.rows import Due, Event, Held, Intention, Link, Owed, Run, Side
from ofrecord_kit.ledger.sealing import key_from
from ofrecord_kit.ledger.store import Ledger
from ofrecord_kit.ledger.values import from_json, store_of, to_json
from ofrecord_kit.ledger.writing import Writing
from ofrecord_kit.ledger.writing_new import Created

__all__ = [
    "KEY_VARIABLE",
    "Created",
    "Due",
    "Event",
    "Held",
    "Intention",
    "Ledger",
    "LedgerProblem",
    "Link",
    "Owed",
    "Run",
    "Setting",
    "Side",
    "Writing",
    "engine_for",
    "from_json",
    "key_from",
    "rekey",
    "store_of",
    "to_json",
]
