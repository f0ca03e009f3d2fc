"""Encryption of what is stored, with keys derived from the one of the environment.

AES-256-GCM of the library `cryptography`, a random nonce in front. Each purpose has a key of its own.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import Any

KEY_VARIABLE = "OFRECORD_LEDGER_KEY"
_NONCE = 12


class NotOpened(ValueError):  # noqa: N818 - named for what happened
    """What was sealed was changed since, or belongs to another key."""


class Cipher:
    """Closes and opens bytes. `about` is authenticated with them: what was closed for one place does not open in another."""

    def __init__(self, key: str, *, purpose: bytes, about: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - only where there is a key

        self._cipher: Any = AESGCM(derived(key, purpose))
        self._about = about

    def closed(self, body: bytes) -> bytes:
        """The bytes as they are stored."""
        nonce = os.urandom(_NONCE)
        return nonce + bytes(self._cipher.encrypt(nonce, body, self._about))

    def opened(self, body: bytes) -> bytes:
        """The bytes as they were given. Raises NotOpened."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - only where there is a key

        try:
            return bytes(self._cipher.decrypt(body[:_NONCE], body[_NONCE:], self._about))
        except (InvalidTag, ValueError) as error:
            msg = "changed, or of another key"
            raise NotOpened(msg) from error


def derived(key: str, purpose: bytes) -> bytes:
    """A key of 32 bytes that tells nothing about the one it comes from. `purpose` has at most 16 bytes."""
    return blake2b(key.encode(), digest_size=32, person=purpose).digest()
