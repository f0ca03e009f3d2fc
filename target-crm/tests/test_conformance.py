"""target-crm in the conformance suite, with a stream of the mapper and with a plain one.

As a command: ``python -m ofrecord_kit.testing.conformance target-crm/tests/test_conformance.py:annotated``.
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
from ofrecord_kit.testing.sandbox import CLIENT, Sandbox, running_sandbox
from ofrecord_kit.testing.target import Bench
from target_crm.target import TargetCrm

COMMAND = [str(Path(sys.executable).with_name("target-crm"))]
FIELDS = ("Last_Name", "Email", "Phone", "Inventory_ID", "Title", "Description")


def contact(number: int) -> dict[str, Any]:
    return {
        "Inventory_ID": f"46000{number}", "Last_Name": f"Quillfeather {number}", "Email": f"ada.quill{number}@example.com",
        "Phone": f"+49 228 55501{number}",
    }  # fmt: skip


def field(name: str, form: str = "text") -> dict[str, Any]:
    said = {"field": name, "owner": "inventory", "rule": "contact.yml:1", "format": form}
    return {"type": ["string", "null"], "x-ofrecord": said}


ANNOTATED = {
    "type": "object",
    "x-ofrecord": {
        "entity": "contact", "object": "Contacts", "from": "inventory", "to": "crm", "rules": "sha256:1",
        "external_id": "Inventory_ID", "source_external_id": "cf_crm_id", "source_object": "contact_persons",
        "match": [{"field": "Email", "format": "email"}], "create": True,
    },
    "properties": {
        "Inventory_ID": {"type": "string"}, "Last_Name": field("last name"), "Email": field("email", "email"),
        "Phone": field("phone", "phone"), "_ofrecord": {"type": "object"},
    },
}  # fmt: skip
PLAIN = {
    "type": "object",
    "properties": {name: {"type": ["string", "null"]} for name in ("Inventory_ID", "Last_Name", "Email", "Phone")},
}


def of_the_mapper(values: Mapping[str, Any]) -> dict[str, Any]:
    """As the mapper sends it: every native value is the value sent."""
    about = {name: one["x-ofrecord"]["field"] for name, one in ANNOTATED["properties"].items() if "x-ofrecord" in one}
    native = {about[name]: value for name, value in values.items() if name in about}
    note = {"id": values["Inventory_ID"], "native": native, "observed": {}, "deleted": False}
    return {**values, "_ofrecord": note}


class Crm:
    """The CRM as a person sees it."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        settings = Connection.from_config(
            {"api_url": sandbox.url, "accounts_url": sandbox.url, **CLIENT, "state_dir": str(folder)}
        )
        self.client = Client(settings, system="crm", plugin="person")

    def read(self) -> list[Mapping[str, Any]]:
        body = self.client.get("/crm/v8/Contacts", params={"fields": ",".join(FIELDS)}).body
        return [{"id": row["id"], **{name: row[name] for name in FIELDS}} for row in (body or {}).get("data", [])]

    def edit(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        answer = self.client.send("PUT", f"/crm/v8/Contacts/{row['id']}", json={"data": [dict(values)]})
        assert answer.body["data"][0]["status"] == "success"

    def settings(self, url: str, folder: Path) -> dict[str, Any]:
        files = {"state_dir": str(folder / "state"), "ledger": str(folder / "ledger.db")}
        return {"api_url": url, "accounts_url": url, **CLIENT, "retry_wait_s": 0.01, **files}


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
        crm = Crm(sandbox, Path(folder))
        try:
            yield Wiring(
                command=COMMAND, server=sandbox.url, config=crm.settings, key_properties=["Inventory_ID"], record=contact,
                changed=("Last_Name", "Quillfeather-Okonkwo"), clearable="Phone", bad={"Last_Name": "Quillfeather" * 30},
                read=crm.read, edit=crm.edit, unmapped=("Description", "kept:\t“as it is” – 100 %\n  twice"),
                reset=lambda: sandbox.control("POST", "reset"), reads="/coql$", environment={"OFRECORD_YES": "1"}, start=as_fork,
                secrets=["client_secret", "refresh_token"], errors=held, personal=["Last_Name", "Email", "Phone"], **more,
            )  # fmt: skip
        finally:
            crm.client.close()


NEVER = "nothing is deleted because it did not come"
OF_THE_MAPPER = {
    "delete": "what a deletion does is said in the rules; these say nothing, and then it is noted and done by a person",
    "new-version": NEVER,
}
OF_OTHERS = {
    "unchanged-is-free": "a plain stream has no ledger: every record is sent, and the vendor finds nothing to change",
    "delete": "a plain stream deletes nothing",
    "new-version": NEVER,
}


def annotated() -> Any:
    return wired(stream="contact", schema=ANNOTATED, message=of_the_mapper, not_claimed=OF_THE_MAPPER)


def plain() -> Any:
    return wired(stream="Contacts", schema=PLAIN, not_claimed=OF_OTHERS)


@pytest.mark.promise("N18", "N21")
class TestAnnotated(Conformance):
    wiring = staticmethod(annotated)
    not_claimed = OF_THE_MAPPER


@pytest.mark.promise("N18", "N21")
class TestPlain(Conformance):
    wiring = staticmethod(plain)
    not_claimed = OF_OTHERS


def quote_field(name: str, form: str = "text", **more: Any) -> dict[str, Any]:
    said = {"field": name, "owner": "inventory", "rule": "quote.yml:1", "format": form, **more}
    return {"type": ["string", "array", "null"], "x-ofrecord": said}


QUOTES = {
    "type": "object",
    "x-ofrecord": {**ANNOTATED["x-ofrecord"], "entity": "quote", "object": "Quotes", "match": []},
    "properties": {
        "Inventory_ID": {"type": "string"}, "Subject": quote_field("subject"), "_ofrecord": {"type": "object"},
        "Quoted_Items": quote_field(
            "lines", "lines", identity=["Product_Name"], lines={"Product_Name": {}, "Quantity": {"format": "number"}}),
    },
}  # fmt: skip
RUNS = 100


@pytest.mark.promise("N20")
def test_after_a_hundred_runs_of_changes_whatever_is_not_mapped_is_what_a_person_made_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    bench = Bench(TargetCrm, QUOTES, sandbox, tmp_path)
    made = [bench.client.send("POST", "/crm/v8/Products", json={"data": [{"Product_Name": f"P{n}"}]}) for n in (1, 2)]
    products = [one.body["data"][0]["details"]["id"] for one in made]

    def send(number: int) -> int:
        rows = [(products[0], 1 + number % 7), (products[1], 5)]
        lines = [{"Product_Name": {"id": product}, "Quantity": quantity} for product, quantity in rows]
        return bench.send(bench.record("1", {"Subject": f"Q {number % 3}", "Quoted_Items": lines}), approve=True)

    def held() -> Mapping[str, Any]:
        return bench.client.get(f"/crm/v8/Quotes/{bench.id_of('1')}").body["data"][0]

    assert send(0) == 0
    lines = [{"id": row["id"], "Description": f"line:\t“{n}”"} for n, row in enumerate(held()["Quoted_Items"])]
    words = {"Description": "kept:\t“as it is” – 100 %\n  twice", "Terms_and_Conditions": "30 days – “net”"}
    bench.client.send("PUT", f"/crm/v8/Quotes/{bench.id_of('1')}", json={"data": [{**words, "Quoted_Items": lines}]})
    before = held()
    for number in range(1, RUNS + 1):
        assert send(number) == 0
    after = held()
    bench.client.close()
    assert (after["Subject"], after["Quoted_Items"][0]["Quantity"]) == (f"Q {RUNS % 3}", 1 + RUNS % 7)
    ours = {"Subject", "Quoted_Items", "Modified_Time"}
    computed = {name for name in before if name.endswith("Total")}
    left = [name for name in before if name not in ours | computed and before[name] != after[name]]
    rows = [{name: row[name] for name in ("id", "Description", "Product_Name")} for row in before["Quoted_Items"]]
    kept = [{name: row[name] for name in ("id", "Description", "Product_Name")} for row in after["Quoted_Items"]]
    assert (left, kept) == ([], rows)
    assert [row["Description"] for row in kept] == [line["Description"] for line in lines]
    assert words == {name: after[name] for name in words}
