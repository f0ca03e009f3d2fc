"""What keeps stored values from other eyes: encryption with a key from the environment, and fingerprints.

Sealed is AES-256-GCM (`cryptography`) with a random nonce in front, as text behind the mark `sealed:`. A fingerprint is a keyed BLAKE2b of a
value's canonical form. Neither the key nor anything it could be guessed from is stored: `meta` holds a keyed digest of a constant.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping
from typing import Any

from ofrecord_kit.cipher import KEY_VARIABLE, Cipher, NotOpened, derived
from ofrecord_kit.errors import sentence
from ofrecord_kit.ledger.opening import LedgerProblem
from ofrecord_kit.ledger.values import from_json, to_json
from ofrecord_kit.plan import Fingerprint

SHORTEST_KEY = 32
VALUES = ("full", "hashed")
_MARK = "sealed:"
_MARK_BYTES = b"\x00sealed:"
PRINT = "#"
"""Before a stored value of an event that is a fingerprint, or a snapshot of them."""
_ABOUT = b"ofrecord ledger"


class Vault:
    """Seals what is stored and opens what was. Without a key everything is stored as it is."""

    def __init__(self, key: str | None = None, *, hashed: bool = False) -> None:
        self.hashed = hashed
        self.key = None if key is None else derived(key, b"chain")
        """The key of the chain of events."""
        self.proof = None if key is None else derived(key, b"proof").hex()
        """Tells this key from another one, and nothing about it."""
        self._prints = b"" if key is None else derived(key, b"fingerprints")
        self._cipher = None if key is None else Cipher(key, purpose=b"encryption", about=_ABOUT)

    def carry(self, sealed: str | None) -> None:
        """Compare with the fingerprints of an earlier key, as `carried` has kept it; None: there was none."""
        if sealed is not None:
            self._prints = bytes.fromhex(self.open(sealed))

    def carried(self, to: Vault) -> str | None:
        """What fingerprints are made with, sealed for a vault with another key; None where there is no key."""
        return to.seal(self._prints.hex()) if self._prints else None

    def seal(self, text: str) -> str:
        """Text as it is stored."""
        if self._cipher is None:
            return f" {text}" if text.startswith(_MARK) else text
        return _MARK + b64encode(self._cipher.closed(text.encode())).decode()

    def open(self, text: str) -> str:
        """Text as it was given; what was stored before there was a key is read as it is. Raises LedgerProblem."""
        if not text.startswith(_MARK):
            return text
        return self._opened(b64decode(text[len(_MARK) :])).decode()

    def seal_bytes(self, body: bytes) -> bytes:
        """Bytes as they are stored."""
        return body if self._cipher is None else _MARK_BYTES + self._cipher.closed(body)

    def open_bytes(self, body: bytes) -> bytes:
        """Bytes as they were given. Raises LedgerProblem."""
        return self._opened(body[len(_MARK_BYTES) :]) if body.startswith(_MARK_BYTES) else body

    def _opened(self, body: bytes) -> bytes:
        if self._cipher is None:
            msg = "The ledger holds encrypted values and there is no key"
            raise _problem(msg)
        try:
            return self._cipher.opened(body)
        except NotOpened as error:
            msg = "An encrypted value of the ledger was changed or belongs to another key"
            raise _problem(msg) from error

    def written(self, value: Any, form: str | None) -> str:
        """A value of an event where values are not kept."""
        return PRINT + to_json(self.print_of(value, form))

    def written_all(self, values: Mapping[str, Any], forms: Mapping[str, str | None], plain: Collection[str]) -> str:
        """A snapshot (field → value) where values are not kept; those of `plain` are."""
        kept = {field: value for field, value in values.items() if field in plain}
        prints = {
            field: self.print_of(value, forms.get(field)) for field, value in values.items() if field not in plain
        }
        return PRINT + to_json({"kept": kept, "prints": prints})

    def told(self, text: str) -> Any:
        """What `written` and `written_all` wrote."""
        found = from_json(text.removeprefix(PRINT))
        if isinstance(found, list):
            return self.fingerprint(found)
        return {**found["kept"], **{field: self.fingerprint(one) for field, one in found["prints"].items()}}

    def print_of(self, value: Any, form: str | None) -> list[Any]:
        """What is stored of a value in its place: `[digest, form]`."""
        if isinstance(value, Fingerprint):
            return [value.digest, value.form]
        return [Fingerprint.digest_of(value, form, self._prints), form]

    def fingerprint(self, stored: Any) -> Any:
        """The comparable value of what `print_of` made."""
        digest, form = stored
        return Fingerprint(digest, form, self._prints)


def key_from(environment: Mapping[str, str], variable: str = KEY_VARIABLE) -> str | None:
    """The ledger's key, for the entry of a program: `key_from(os.environ)`. Raises LedgerProblem when it is too short."""
    key = environment.get(variable) or None
    if key is not None and len(key) < SHORTEST_KEY:
        msg = f"The ledger's key is shorter than {SHORTEST_KEY} characters"
        raise _problem(msg, variable)
    return key


def check_proof(known: str | None, vault: Vault) -> None:
    """Is this the key (or the absence of one) the ledger knows? Raises LedgerProblem."""
    if known is None or known == vault.proof:
        return
    raise _problem(
        "The ledger is encrypted and there is no key"
        if vault.proof is None
        else "The ledger's key is another one than it was written with"
    )


def check_values(values: str | None, key: str | None) -> None:
    """Raises LedgerProblem for a mode that is none, or that lacks its key."""
    if values is not None and values not in VALUES:
        raise LedgerProblem(
            sentence(
                f"The ledger cannot keep values {values!r}",
                where="setting values",
                expected="full or hashed",
                remedy="Correct the setting values.",
            )
        )
    if values == "hashed" and key is None:
        msg = "The ledger keeps values hashed, and there is no key to hash them with"
        raise _problem(msg)


def _problem(what: str, variable: str = KEY_VARIABLE) -> LedgerProblem:
    return LedgerProblem(
        sentence(
            what,
            where=f"environment variable {variable}",
            expected="the key the ledger is written with, 32 characters or more",
            remedy="Set it (a new one: `openssl rand -base64 32`). A ledger whose key is lost is rebuilt from the ids stamped in the systems.",
        )
    )
