"""A client that counts its calls, for the run row."""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO

from ofrecord_kit.http import Answer, Client


class Counted:
    """`Client` with a count of calls; retries within one call are not counted here."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.calls = 0
        self.read_at: datetime | None = None
        """The vendor's time of the last answer."""

    @property
    def timeout_s(self) -> float:
        """How long one answer may take."""
        return float(self._client.connection.timeout_s)

    @property
    def organization(self) -> str:
        """The organisation the calls are about."""
        return self._client.connection.organization_id

    def get(self, path: str, **options: Any) -> Answer:
        """As `Client.get`."""
        self.calls += 1
        answer = self._client.get(path, **options)
        self.read_at = answer.read_at
        return answer

    def send(self, method: str, path: str, **options: Any) -> Answer:
        """As `Client.send`."""
        self.calls += 1
        answer = self._client.send(method, path, **options)
        self.read_at = answer.read_at
        return answer

    def download(self, path: str, file: BinaryIO, *, most: int) -> Answer:
        """As `Client.download`."""
        self.calls += 1
        return self._client.download(path, file, most=most)

    def pause(self, seconds: float) -> None:
        """As `Client.pause`."""
        self._client.pause(seconds)

    def close(self) -> None:
        """As `Client.close`."""
        self._client.close()
