"""`ofrecord scopes`: the least a token needs, and a sandbox that holds it to that."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection
from ofrecord_kit.vendors.scopes import covers, updating

PROJECT = Path(__file__).parents[2]
RULES = PROJECT / "rules"
BIN = Path(sys.executable).parent
FULL = (
    "ZohoCRM.modules.ALL,ZohoCRM.settings.ALL,ZohoCRM.coql.READ,ZohoCRM.org.READ,ZohoInventory.FullAccess.all,"
    "ZohoBooks.fullaccess.all"
)


@pytest.fixture
def some_rules(tmp_path):
    """A folder with some of the shipped files."""

    def copied(*names):
        folder = tmp_path / "rules"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(RULES / "catalog", folder / "catalog")
        for name in names:
            shutil.copy(RULES / f"{name}.yml", folder)
        return folder

    return copied


@pytest.fixture
def scopes_of(ask):
    def asked(folder):
        done = ask("scopes", "--rules", str(folder), "--line")
        assert done.exit_code == 0, done.output
        return done.stdout.strip().split(",")

    return asked


def test_each_scope_says_which_entity_needs_it(ask):
    told = {need["scope"]: need for need in json.loads(ask("scopes", "--rules", str(RULES), "--json").stdout)}
    assert "product: creates Products" in told["ZohoCRM.modules.products.CREATE"]["why"]
    assert told["ZohoBooks.invoices.READ"]["service"] == "books"
    assert "ZohoCRM.coql.READ" in told
    assert not any(".ALL" in scope or "fullaccess" in scope.lower() for scope in told)
    deleted = {scope for scope in told if "DELETE" in scope}
    assert deleted == {"ZohoBooks.accountants.DELETE", "ZohoCRM.modules.financedocuments.DELETE"}, "as the rules say"


def test_accounting_is_only_asked_for_what_is_read_and_for_creating_once(scopes_of):
    books = [scope for scope in scopes_of(RULES) if scope.startswith("ZohoBooks.")]
    assert "ZohoBooks.invoices.READ" in books
    told = {scope.rpartition(".")[2] for scope in books if scope.startswith("ZohoBooks.invoices.")}
    assert told == {"READ", "UPDATE"}, "an invoice of services is made by an upsert"
    assert {one for one in books if "payments" in one or "bills" in one} == {
        "ZohoBooks.customerpayments.READ", "ZohoBooks.bills.READ",
    }  # fmt: skip


@pytest.mark.promise("F029")
def test_an_entity_that_is_removed_takes_its_streams_and_scopes_with_it(some_rules, scopes_of, ask):
    with_vendors = scopes_of(some_rules("product", "vendor"))
    assert any(".vendors." in scope for scope in with_vendors)
    without = scopes_of(some_rules("product"))
    assert not any(".vendors." in scope or ".contacts." in scope for scope in without)
    assert set(without) < set(with_vendors)
    matrix = ask("matrix", "--rules", str(some_rules("product")), "--json").stdout
    assert {row["entity"] for row in json.loads(matrix)} == {"product"}


def test_an_entity_that_is_switched_off_needs_no_scope(some_rules, scopes_of):
    folder = some_rules("product", "vendor")
    (folder / "vendor.yml").write_text(
        (folder / "vendor.yml")
        .read_text(encoding="utf-8")
        .replace("entity: vendor\n", "entity: vendor\nenabled: false\n"),
        encoding="utf-8",
    )
    assert not any(".vendors." in scope for scope in scopes_of(folder))


@pytest.mark.promise("N03")
def test_a_wider_token_warns_and_a_narrower_one_stops(ask, scopes_of):
    exact = scopes_of(RULES)
    enough = ask("scopes", "--rules", str(RULES), "--granted", ", ".join(exact))
    assert (enough.exit_code, enough.stdout, "Warning" in enough.stderr) == (0, "", False)
    wider = ask("scopes", "--rules", str(RULES), "--granted", FULL)
    assert wider.exit_code == 0
    assert "Warning: more than the rules need: ZohoCRM.modules.ALL" in wider.stderr
    narrower = ask("scopes", "--rules", str(RULES), "--granted", ",".join(exact[1:]))
    assert narrower.exit_code == 1
    assert f"Missing: {exact[0]}." in narrower.stderr
    assert narrower.stdout.split("\t")[1] == exact[0]


@pytest.mark.parametrize(
    ("granted", "wanted", "is_enough"),
    [
        ("zohocrm.MODULES.all", "ZohoCRM.modules.products.UPDATE", True),
        ("ZohoCRM.modules.products.WRITE", "ZohoCRM.modules.products.UPDATE", True),
        ("ZohoCRM.modules.products.WRITE", "ZohoCRM.modules.products.READ", False),
        ("ZohoCRM.modules.READ", "ZohoCRM.modules.products.READ", True),
        ("ZohoCRM.modules.ALL", "ZohoCRM.settings.fields.READ", False),
        ("ZohoInventory.FullAccess.all", "ZohoInventory.items.UPDATE", True),
        ("ZohoInventory.FullAccess.all", "ZohoBooks.settings.UPDATE", False),
        ("ZohoBooks.fullaccess.READ", "ZohoBooks.invoices.READ", True),
    ],
)
def test_wider_scopes_cover_narrower_ones(granted, wanted, is_enough):
    assert covers([granted], wanted) is is_enough


@pytest.mark.parametrize(
    ("object_", "fields", "scopes"),
    [
        ("items", ["cf_crm_id"], ["ZohoInventory.items.UPDATE"]),
        ("salesorders", ["cf_crm_id"], ["ZohoBooks.salesorders.UPDATE"]),
        ("salesorders", ["notes"], ["ZohoInventory.salesorders.UPDATE"]),
        ("salesorders", ["notes", "cf_stage"], ["ZohoInventory.salesorders.UPDATE", "ZohoBooks.salesorders.UPDATE"]),
    ],
)
def test_custom_fields_of_an_order_go_through_the_other_door(object_, fields, scopes):
    assert updating("inventory", object_, fields) == scopes


class Pipes:
    """The products job as pipes of the real plugins, with a token of given scopes."""

    def __init__(self, folder, sandbox, rules):
        self.folder, self.sandbox, self.rules = folder, sandbox, rules

    def token(self, name, scopes):
        self.sandbox.control("POST", "tokens", {"refresh_token": name, "scopes": scopes})
        return {"refresh_token": name, "state_dir": str(self.folder / name)}

    def run(self, source, to, token, *streams):
        """Worst exit code of `tap | mapper | target`, and what they said."""
        config = {**self.sandbox.config(self.folder), **token}
        settings = {
            f"tap-{source}": {**config, "streams": list(streams)},
            "ofrecord-mapper": {"rules": str(self.rules), "from": source, "to": to, "entities": ["product"]},
            f"target-{to}": {**config, "ledger": str(self.folder / "ledger.db"), "approve": True},
        }
        data, codes, told = b"", [], ""
        for program, said in settings.items():
            path = self.folder / f"{program}.json"
            path.write_text(json.dumps(said))
            command = [BIN / program, "--config", path]
            if program.startswith("tap-"):
                command += ["--catalog", RULES / "catalog" / f"{program}.json"]
            ran = subprocess.run(command, input=data, capture_output=True, env=os.environ, check=False)
            data = ran.stdout
            codes.append(ran.returncode)
            told += ran.stderr.decode()
        return max(codes), told


@pytest.fixture
def pipes(tmp_path, sandbox, some_rules):
    folder = tmp_path / "run"
    folder.mkdir()
    return Pipes(folder, sandbox, some_rules("product"))


def test_a_token_with_exactly_these_scopes_runs_the_products_and_one_less_does_not(
    pipes,
    scopes_of,
    sandbox,
    tmp_path,
):
    exact = scopes_of(pipes.rules)
    item = {"name": "Saddle", "sku": "S-1", "rate": 20}
    with Client(Connection.from_config(sandbox.config(tmp_path)), system="inventory", plugin="test") as client:
        client.send("POST", "/inventory/v1/items", json=item)
    for lacking in ("ZohoCRM.modules.products.CREATE", "ZohoInventory.items.READ"):
        code, told = pipes.run(
            "inventory", "crm", pipes.token(lacking, [one for one in exact if one != lacking]), "items"
        )
        assert code == 1, lacking
        assert "permission" in told.lower() or "scope" in told.lower(), told
    token = pipes.token("exact", exact)
    assert pipes.run("crm", "inventory", token, "Products")[0] == 0
    code, told = pipes.run("inventory", "crm", token, "items")
    assert code == 0, told
    code, told = pipes.run("crm", "inventory", token, "Products")
    assert code == 0, told
