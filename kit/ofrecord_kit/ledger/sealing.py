"""What keeps stored values from other eyes: nothing, encryption, or fingerprints."""

from __future__ import annotations

from typing import Any


class Vault:
    """Seals what is stored and opens what was."""

    key: bytes | None = None
    """The key of the chain of events."""
    hashed = False
    """Are agreed values and values of events kept as fingerprints?"""

    def seal(self, text: str) -> str:
        """Text as it is stored."""
        return text

    def open(self, text: str) -> str:
        """Text as it was given."""
        return text

    def seal_bytes(self, body: bytes) -> bytes:
        """Bytes as they are stored."""
        return body

    def open_bytes(self, body: bytes) -> bytes:
        """Bytes as they were given."""
        return body

    def fingerprint(self, stored: Any) -> Any:
        """The comparable value of a stored fingerprint."""
        return stored
