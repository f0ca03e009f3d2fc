"""target-inventory in the conformance suite, with a stream of the mapper and with a plain one.

As a command: ``python -m ofrecord_kit.testing.conformance target-inventory/tests/test_conformance.py:annotated``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.testing import programs
from ofrecord_kit.testing.conformance import Conformance, Wiring
from ofrecord_kit.testing.conformance.process import as_fork
from ofrecord_kit.testing.sandbox import Sandbox, running_sandbox

COMMAND = [str(Path(sys.executable).with_name("target-inventory"))]
CONTACTS = "/inventory/v1/contacts"
NAMES = ("contact_id", "contact_name", "contact_type", "website", "notes", "company_name", "status")


def contact(number: int) -> dict[str, Any]:
    return {
        "cf_crm_id": f"55400{number}", "contact_name": f"Ada Quillfeather {number}", "contact_type": "customer",
        "website": f"https://quill{number}.example.com", "company_name": f"Quillfeather {number} & Daughters",
    }  # fmt: skip


def field(name: str) -> dict[str, Any]:
    said = {"field": name, "owner": "crm", "rule": "account.yml:1", "format": "text"}
    return {"type": ["string", "null"], "x-ofrecord": said}


ANNOTATED = {
    "type": "object",
    "x-ofrecord": {
        "entity": "account", "object": "contacts", "from": "crm", "to": "inventory", "rules": "sha256:1", "external_id": "cf_crm_id",
        "source_external_id": "Inventory_ID", "source_object": "Accounts", "match": [{"field": "contact_name", "format": "text"}],
        "create": True, "deleted": "inactive",
    },
    "properties": {
        "cf_crm_id": {"type": "string"}, "contact_name": field("name"), "contact_type": field("kind"), "website": field("website"),
        "company_name": field("company"), "_ofrecord": {"type": "object"},
    },
}  # fmt: skip
PLAIN = {"type": "object", "properties": {name: {"type": ["string", "null"]} for name in contact(1)}}


def of_the_mapper(values: Mapping[str, Any], *, deleted: bool = False) -> dict[str, Any]:
    """As the mapper sends it: every native value is the value sent."""
    about = {name: one["x-ofrecord"]["field"] for name, one in ANNOTATED["properties"].items() if "x-ofrecord" in one}
    native = {about[name]: value for name, value in values.items() if name in about}
    note = {"id": values["cf_crm_id"], "native": native, "observed": {}, "deleted": deleted}
    return {**({"cf_crm_id": values["cf_crm_id"]} if deleted else values), "_ofrecord": note}


class Inventory:
    """The organisation as a person sees it."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.client = Client(Connection.from_config(sandbox.config(folder)), system="inventory", plugin="person")

    def read(self) -> list[Mapping[str, Any]]:
        found = []
        for row in self.client.get(CONTACTS).body["contacts"]:
            whole = self.client.get(f"{CONTACTS}/{row['contact_id']}").body["contact"]
            fields = {name: whole.get(name) for name in NAMES}
            found.append({**fields, "cf_crm_id": (whole.get("custom_field_hash") or {}).get("cf_crm_id")})
        return found

    def edit(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        body = {"contact_name": row["contact_name"], "contact_type": row["contact_type"], **values}
        self.client.send("PUT", f"{CONTACTS}/{row['contact_id']}", json=body)

    def settings(self, url: str, folder: Path) -> dict[str, Any]:
        config = Sandbox(url).config(folder / "state", ledger=str(folder / "ledger.db"))
        return {**config, "retry_wait_s": 0.01}


def held(folder: Path) -> str:
    """What `ofrecord held` shows, for people and for programs."""
    command = [
        str(Path(sys.executable).with_name("ofrecord")),
        "held",
        "--waiting",
        "--ledger",
        str(folder / "ledger.db"),
    ]
    shown = [programs.run([*command, *more]) for more in ([], ["--json"])]
    assert [one.returncode for one in shown] == [0, 0]
    assert "refused" in shown[1].stdout, "nothing was held, so nothing is shown"
    return "".join(one.stdout + one.stderr for one in shown)


@contextmanager
def wired(**more: Any) -> Iterator[Wiring]:
    with running_sandbox() as sandbox, TemporaryDirectory() as folder:
        inventory = Inventory(sandbox, Path(folder))
        try:
            yield Wiring(
                command=COMMAND, server=sandbox.url, config=inventory.settings, key_properties=["cf_crm_id"], record=contact,
                changed=("company_name", "Quillfeather & Okonkwo"), clearable="website", bad={"contact_type": "neighbour"},
                read=inventory.read, edit=inventory.edit, unmapped=("notes", "kept:\t“as it is” – 100 %\n  twice"),
                reset=lambda: sandbox.control("POST", "reset"), environment={"OFRECORD_YES": "1"}, start=as_fork,
                secrets=["client_secret", "refresh_token"], errors=held, personal=["contact_name", "website", "company_name"], **more,
            )  # fmt: skip
        finally:
            inventory.client.close()


NEVER = "nothing is deleted because it did not come"
OF_THE_MAPPER = {"new-version": NEVER}
OF_OTHERS = {
    "unchanged-is-free": "a plain stream has no ledger: every record is sent, and the vendor finds nothing to change",
    "delete": "a plain stream deletes nothing",
    "new-version": NEVER,
}


def annotated() -> Any:
    return wired(
        stream="account", schema=ANNOTATED, message=of_the_mapper,
        delete=lambda values: of_the_mapper(values, deleted=True),
        deleted=lambda row: row is not None and row["status"] == "inactive", not_claimed=OF_THE_MAPPER,
    )  # fmt: skip


def plain() -> Any:
    return wired(stream="contacts", schema=PLAIN, not_claimed=OF_OTHERS)


@pytest.mark.promise("N18", "N21")
class TestAnnotated(Conformance):
    wiring = staticmethod(annotated)
    not_claimed = OF_THE_MAPPER


@pytest.mark.promise("N18", "N21")
class TestPlain(Conformance):
    wiring = staticmethod(plain)
    not_claimed = OF_OTHERS
