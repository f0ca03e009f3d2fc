"""A careful target without any library, and with one flaw at a time when it is asked to (the setting `flaw`)."""

from __future__ import annotations

import hashlib
import json
import pathlib
import sys
import time
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

CONFIG = json.loads(pathlib.Path(sys.argv[sys.argv.index("--config") + 1]).read_text())
FLAW = CONFIG.get("flaw")
TRIES = 4
REFUSED = {400, 401, 404, 422}


class Gone(Exception):  # noqa: N818
    """The store does not answer."""


class Refused(Exception):  # noqa: N818
    """The store does not want it."""


def call(method: str, path: str, values: dict | None = None) -> None:
    """One call, repeated while the store is busy or away: each may be repeated, because a key names what it means."""
    body = json.dumps(values or {})
    headers = {"Authorization": f"Bearer {CONFIG['token']}", "Content-Type": "application/json"}
    for _attempt in range(1 if FLAW == "gives up" else TRIES):
        wait_s = 0.02
        connection = HTTPConnection(urlsplit(CONFIG["api_url"]).netloc, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, HTTPException):
            status = 0
        else:
            status = answer.status
            wait_s = float(answer.getheader("Retry-After") or wait_s)
            if FLAW == "talks" and status in REFUSED:
                log(f"the store refused: {said.decode()}")
        finally:
            connection.close()
        if status == 200:
            return
        if status in REFUSED:
            raise Refused(status)
        time.sleep(0 if FLAW == "impatient" else wait_s)
    raise Gone


def log(words: str) -> None:
    sys.stderr.write(f"target-careful: {words}\n")


class Memory:
    """Digests of what was delivered, in a file for this user alone."""

    def __init__(self) -> None:
        self.path = pathlib.Path("memory.json")
        self.known = json.loads(self.path.read_text()) if self.path.exists() else {}

    def holds(self, key: str, text: str) -> bool:
        return FLAW != "forgets" and self.known.get(key) == hashlib.sha256(text.encode()).hexdigest()

    def keep(self, key: str, text: str) -> None:
        self.known[key] = text if FLAW == "keeps all" else hashlib.sha256(text.encode()).hexdigest()
        if FLAW == "keeps all":
            self.path.with_suffix(".txt").write_text(json.dumps(self.known))
        self.path.touch(mode=0o600)
        self.path.write_text(json.dumps(self.known), encoding="utf-8")


class Target:
    def __init__(self) -> None:
        self.memory = Memory()
        self.key = ""
        self.properties: dict | None = None
        self.seen: set[str] = set()
        self.refused = 0

    def take(self, message: dict) -> None:
        match message["type"]:
            case "SCHEMA":
                if FLAW != "first schema" or self.properties is None:
                    self.properties = message["schema"]["properties"]
                self.key = message["key_properties"][0]
            case "RECORD":
                self.take_record(message["record"])
            case "STATE":
                sys.stdout.write(json.dumps(message["value"]) + "\n")
                sys.stdout.flush()
            case "ACTIVATE_VERSION":
                for code in set(self.memory.known) - self.seen:
                    call("DELETE", f"/things/{code}")

    def take_record(self, record: dict) -> None:
        code = record[self.key]
        self.seen.add(code)
        if any(isinstance(value, dict | list) for value in record.values()):
            log(f"record {code} does not fit its schema{f': {record}' if FLAW == 'talks' else ''}")
            self.refused += 1
            return
        if "_sdc_deleted_at" in record:
            if FLAW != "keeps deleted":
                call("DELETE", f"/things/{code}")
            return
        values = {name: value for name, value in record.items() if name in self.properties}
        if FLAW == "drops nulls":
            values = {name: value for name, value in values.items() if value is not None}
        if FLAW == "fills in":
            values = {name: values.get(name) for name in self.properties}
        text = json.dumps(values, sort_keys=True)
        if self.memory.holds(code, text):
            return
        try:
            if FLAW == "posts" and code not in self.memory.known:
                call("POST", "/things", values)
            else:
                call("PUT" if FLAW == "writes whole" else "PATCH", f"/things/{code}", values)
        except Refused:
            log(f"record {code} was refused")
            self.refused += 1
            if FLAW == "stops at one":
                raise
            return
        self.memory.keep(code, text)


def main() -> int:
    target = Target()
    lines = list(sys.stdin) if FLAW == "state first" else sys.stdin
    if FLAW == "state first":
        for line in lines:
            if '"STATE"' in line:
                target.take(json.loads(line))
    for line in lines:
        try:
            message = json.loads(line)
        except ValueError:
            log("a line of the input is not JSON")
            return 1
        try:
            target.take(message)
        except Gone:
            log("the store does not answer")
            return 0 if FLAW == "shrugs" else 1
        except Refused:
            return 1
    return 0 if FLAW == "smiles" else int(target.refused > 0)


if __name__ == "__main__":
    sys.exit(main())
