"""The search of a whole test run: every credential the sandbox and the tests know, in everything that the tests left behind.

What is searched: the temporary folder of each worker at its end, projects beside a sandbox when their test ends, what programs said on
standard error, what tests printed and logged. Personal values (`planted.CUSTOMER`) are searched for in what must never hold any.
"""

import gzip
import io
import json
import mmap
import re
import zipfile
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote

from planted import CUSTOMER

CREDENTIALS = {
    "the sandbox's client secret": "sandbox-secret",
    "the sandbox's refresh token": "1000.sandbox.refresh",
    "a client secret of tests": "planted-secret",
    "a refresh token of tests": "planted-refresh",
    "another refresh token of tests": "1000.planted.refresh",
    "a ledger's key": "a key of the tests that must not be found anywhere",
}
TOKEN = re.compile(rb"1000\.[0-9a-f]{8,}\.[0-9a-f]{8,}")
"""What an access token of the sandbox looks like."""
QUIET = re.compile(
    r"\.log$|\.state$|state[^/]*\.json$|calls\.jsonl$|pace\.sqlite|known\.sqlite|facts-[^/]*\.json$|/\.meltano/.*\.(db|json|log)$"
)
"""Files that hold no personal value, whoever wrote them."""
_UNPACKED = 64 << 20


def forms_of(text: str) -> Iterator[bytes]:
    """As it is, as JSON, as an address, in UTF-16 of either kind, in base64 at each of the three places it can begin."""
    raw = text.encode()
    yield from {raw, json.dumps(text)[1:-1].encode(), quote(text, safe="").encode(), quote(text).encode()}
    yield text.encode("utf-16-le")[:-1]
    for before, cut in ((0, 0), (1, 2), (2, 3)):
        yield b64encode(bytes(before) + raw)[cut : (len(raw) + before) * 8 // 6]


@cache
def needles(personal: bool) -> tuple[tuple[str, bytes], ...]:
    texts = CREDENTIALS | ({f"a customer's {what}": text for what, text in CUSTOMER.items()} if personal else {})
    return tuple((what, form) for what, text in texts.items() for form in sorted(set(forms_of(text))))


def found_in(content: bytes | mmap.mmap, *, personal: bool) -> set[str]:
    """What stands in it, archives opened."""
    found = {what for what, needle in needles(personal) if content.find(needle) >= 0}
    if TOKEN.search(content):
        found.add("an access token")
    for inner in unpacked(content):
        found |= found_in(inner, personal=personal)
    return found


def unpacked(content: bytes | mmap.mmap) -> Iterator[bytes]:
    """What is packed in a gzip or ZIP file, the first 64 MiB of each member."""
    head = content[:4]
    try:
        if head[:2] == b"\x1f\x8b":
            yield gzip.GzipFile(fileobj=io.BytesIO(content[:])).read(_UNPACKED)
        elif head == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(content[:])) as archive:
                for member in archive.infolist():
                    with archive.open(member) as opened:
                        yield opened.read(_UNPACKED)
    except (OSError, EOFError, zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError):
        return  # damaged on purpose by a test; its bytes were searched as they are


def is_settings(path: Path, content: bytes) -> bool:
    """A test wrote them for a plugin: a JSON object of settings outside of what programs write themselves, or a test that runs as another process."""
    if path.name.startswith("test_") and path.suffix in {".py", ".pyc"}:
        return True
    if path.suffix != ".json" or {".meltano", ".ofrecord"} & set(path.parts):
        return False
    try:
        said = json.loads(content)
    except ValueError:
        return False
    return isinstance(said, dict) and any(
        isinstance(one, dict) and {"accounts_url", "client_secret"} <= one.keys() for one in (said, *said.values())
    )


def is_token_file(path: Path, content: bytes) -> bool:
    """It holds access tokens and nothing else that is secret."""
    private = path.stat().st_mode & 0o077 == 0
    return path.name == "tokens.json" and private and found_in(content, personal=False) == {"an access token"}


def is_of_the_sandbox(path: Path, _content: bytes) -> bool:
    """Written by the stand-in for the vendors, which knows what it granted."""
    return path.name.startswith(("sandbox.", "vendors.", "world.")) or "sandbox" in path.parts


def is_our_package(path: Path, _content: bytes) -> bool:
    """The kit's helper for tests and the sandbox name its made-up credentials; tests build and install them."""
    return path.suffix == ".whl" or "site-packages" in path.parts


ALLOWED = {
    "our own packages, which document the sandbox's credentials": is_our_package,
    "settings that a test gave a program": is_settings,
    "access tokens, readable by their owner only": is_token_file,
    "the vendor's own memory: what the sandbox keeps is at the vendor": is_of_the_sandbox,
}
"""Why a file may hold a credential. Nothing else may."""


@dataclass
class Leaks:
    """What was found, where."""

    passed_over: frozenset[str] = frozenset()
    """Names of folders that are not searched, below what is."""
    found: list[str] = field(default_factory=list)
    searched: int = 0

    def search(self, paths: Iterable[Path]) -> None:
        """Search files; folders are searched below."""
        for path in paths:
            for one in sorted(path.rglob("*")) if path.is_dir() and not path.is_symlink() else [path]:
                is_there = one.is_file() and not one.is_symlink()
                if is_there and not self.passed_over & set(one.relative_to(path).parts):
                    self._search(one)

    def _search(self, path: Path) -> None:
        try:
            with path.open("rb") as opened:
                size = path.stat().st_size
                if not size:
                    return
                self.searched += size
                with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    found = found_in(content, personal=bool(QUIET.search(str(path))))
                    if found and not any(allows(path, content[:]) for allows in ALLOWED.values()):
                        self.found.append(f"{path}: {', '.join(sorted(found))}")
        except (FileNotFoundError, PermissionError):
            return

    def heard(self, who: str, said: str, *, personal: bool = False) -> None:
        """Search what a program said, or a test printed."""
        self.searched += len(said)
        if found := found_in(said.encode(errors="replace"), personal=personal):
            self.found.append(f"{who}: {', '.join(sorted(found))}")


ON_PURPOSE = "planted-on-purpose"
"""The folder in which tests of this search plant what it must find."""
LEAKS = Leaks(frozenset({ON_PURPOSE}))
"""Of this process."""
