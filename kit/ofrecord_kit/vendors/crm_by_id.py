"""Records of the CRM read by their ids, without fields that it does not have any more.

A list that names an unknown field is refused as a whole ("Get Records"), so one field that somebody deleted or renamed would
stop all others of its module.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ofrecord_kit.answers import Answer
from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.plan import Fact
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.target.destination import Current, chunks
from ofrecord_kit.vendors.crm import FIELDS_A_CALL, RECORDS_A_WRITE, ROOT
from ofrecord_kit.vendors.crm_coql import TIMES, current_of

logger = logging.getLogger(__name__)


class ById:
    """List calls by id, 100 ids and at most 50 fields each; the read moment is the vendor's own.

    `fresh` reads a module's fields anew.
    """

    def __init__(self, client: Counted, fresh: Callable[[str], Mapping[str, Fact]]) -> None:
        self._client = client
        self._fresh = fresh
        self._gone: dict[str, frozenset[str]] = {}

    def read(self, module: str, ids: Sequence[str], names: Sequence[str]) -> dict[str, Current]:
        """What records hold; those that do not exist are left out."""
        try:
            return self._read(module, ids, names)
        except VendorRefusal:
            fields = self._fresh(module)
            gone = {name for name in names if fields and name not in fields} - self._gone.get(module, frozenset())
            if not gone:
                raise
            self._gone[module] = self._gone.get(module, frozenset()) | gone
            logger.warning(
                "%s of %s does not exist any more in the CRM; the other fields are written. "
                "Make the field again, or take it out of the rules.",
                ", ".join(sorted(gone)),
                module,
            )
            return self._read(module, ids, names)

    def _read(self, module: str, ids: Sequence[str], names: Sequence[str]) -> dict[str, Current]:
        there = [name for name in names if name not in self._gone.get(module, ())]
        parts: dict[str, dict[str, Any]] = {}
        moments: dict[str, datetime] = {}
        for some in chunks(list(dict.fromkeys(ids)), RECORDS_A_WRITE):
            for columns in chunks(there or ["id"], FIELDS_A_CALL - len(TIMES)):
                answer = self._ask(module, some, columns)
                for row in (answer.body or {}).get("data", []):
                    parts.setdefault(str(row["id"]), {}).update(row)
                    moments.setdefault(str(row["id"]), answer.read_at)
        return {identity: current_of(row, moments[identity]) for identity, row in parts.items()}

    def _ask(self, module: str, ids: Sequence[str], columns: Sequence[str]) -> Answer:
        wanted = ",".join(dict.fromkeys([*columns, *TIMES]))
        return self._client.get(f"{ROOT}/{module}", params={"ids": ",".join(ids), "fields": wanted})
