"""Documents as their system prints them. The bytes go from one vendor to the other and are kept nowhere."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.target.counted import Counted
from ofrecord_kit.vendors import finance


@dataclass(frozen=True, slots=True)
class Paper:
    """A record that a system prints: its object, its id, and as what kind of file."""

    system: str
    object: str
    record: str
    kind: str


class Papers:
    """Fetches papers from systems that print; one connection a system, made when it is first needed.

    `connect`: a client of a system by its name.
    """

    def __init__(self, connect: Callable[[str], Counted]) -> None:
        self._connect = connect
        self._clients: dict[str, Counted] = {}

    @classmethod
    def of(cls, connection: Connection, plugin: str) -> Papers:
        """With the connection a plugin has to its own system, calls counted as its own."""
        return cls(lambda system: Counted(Client(connection, system=system, plugin=plugin)))

    def fetch(self, paper: Paper, most: int) -> bytes:
        """The file. Raises VendorRefusal where the system does not print it, or it has more than `most` bytes."""
        file = io.BytesIO()
        if paper.system not in self._clients:
            self._clients[paper.system] = self._connect(paper.system)
        self._clients[paper.system].download(
            finance.paper_path(paper.object, paper.record, paper.kind), file, most=most
        )
        return file.getvalue()

    @property
    def calls(self) -> int:
        """API calls made so far."""
        return sum(client.calls for client in self._clients.values())

    def close(self) -> None:
        """Release the connections."""
        for client in self._clients.values():
            client.close()
