"""The CRM's clock, in the time zone of its organisation. Source: Zoho CRM v8, "Get Organization Data" (`time_zone`)."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from ofrecord_kit.target.destination import Destination, in_zone

_ORG = "/crm/v8/org"


class WithClock(Destination):
    """A destination that tells the time; one call, made when it is asked for the first time."""

    def here(self) -> datetime:
        """See `Destination.here`."""
        return self._here

    @cached_property
    def _here(self) -> datetime:
        answer = self._client.get(_ORG)
        return in_zone(answer.read_at, answer.body["org"][0].get("time_zone"))
