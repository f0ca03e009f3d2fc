"""A module of the CRM whose fields change: what is gone or of another type is left out, and read anew when it is there again."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property

from ofrecord_kit.errors import PermissionMissing, VendorRefusal
from ofrecord_kit.settings import instant_or_none
from ofrecord_kit.tap.cells import without
from ofrecord_kit.tap.crm_drift import Drift, drift_of
from ofrecord_kit.tap.crm_tap import Described
from ofrecord_kit.tap.pages import Page
from ofrecord_kit.tap.stream import CONTROL, VendorStream

_DRIFT = "drift_at"
_LEFT_OUT = "left_out"
"""Marks in the bookmark: when fields were compared with the catalog last, and which of it were left out since they were."""
_NO_MODULE = "INVALID_MODULE"


class HeedsDrift(VendorStream):
    """What a module does when its fields are not those of the catalog. `_described` is None when the schema came from one."""

    _described: Described | None
    _left_out: frozenset[str] = frozenset()
    _drift = Drift()

    @cached_property
    def live(self) -> Described:
        """The module as it is now."""
        raise NotImplementedError

    def _records(self, since: datetime | None) -> Iterator[Page]:
        raise NotImplementedError

    @cached_property
    def _is_back(self) -> bool:
        """Is a field there again that was left out? What was edited in it meanwhile was passed over, so everything is read."""
        missed = self._missed()
        if self._described or not missed:
            return False
        try:
            back = missed - self._compare().left_out
        except (VendorRefusal, PermissionMissing):
            return False
        if back:
            self.log(f"{self.name}: {', '.join(sorted(back))} can be read again; all records are.")
        return bool(back)

    def _heeding_drift(self, since: datetime | None) -> Iterator[Page]:
        """The records; before the first are written, the fields are compared with the catalog when that is due.

        A field that the vendor refuses is looked for at once, and the others are read.
        """
        pages = self._records(since)
        try:
            first = next(pages, None)
        except VendorRefusal as refusal:
            if self._described or refusal.code == _NO_MODULE or not self._compare().left_out:
                raise
            pages = self._records(since)
            first = next(pages, None)
        if first is not None:
            self._watch(first.read_at)
            missed = {*self._missed(), *self._left_out}
            if missed:
                self._bookmark()[_LEFT_OUT] = sorted(missed)
            for page in itertools.chain([first], pages):
                without(page.rows, self._left_out)
                yield page
            if self._is_back:  # until here a run that is killed begins anew
                self._bookmark()[_LEFT_OUT] = sorted(self._left_out)

    def _missed(self) -> set[str]:
        """Fields that were left out when the module was read before."""
        return set(self._bookmark().get(_LEFT_OUT) or ())

    def _watch(self, now: datetime) -> None:
        every = int(self.config.get("drift_every_s", 86_400))
        last = instant_or_none(str(self._bookmark().get(_DRIFT) or ""))
        if self._described or not every or (last and (now - last).total_seconds() < every):
            return
        try:
            self._compare()
        except (VendorRefusal, PermissionMissing) as error:
            self.log(f"{self.name}: the fields could not be compared with the catalog. {error}", level=logging.WARNING)
        self._bookmark()[_DRIFT] = now.isoformat(timespec="seconds")
        if self._left_out:
            del self._bookmark()[_DRIFT]  # what is left out is so in every run, until the catalog is captured again

    def _compare(self) -> Drift:
        """Warn of what has changed since the catalog was captured, once a run."""
        if not self._left_out:
            found = drift_of(self.schema, self.live.schema, CONTROL)
            for line in found.words(self.name):
                self.log(line, level=logging.WARNING)
            self._left_out = found.left_out
            self._drift = found
            if found.left_out:
                self._announce()
        return self._drift

    def _announce(self) -> None:
        """The schema again, without what is left out: the mapper tells which rules it concerns."""
        for message in self._generate_schema_messages():
            properties = {name: one for name, one in message.schema["properties"].items() if name not in self._left_out}
            message.schema = {**message.schema, "properties": properties}
            self._tap.write_message(message)
