"""The search for secrets finds one byte-string in whatever form it is left behind, and a run with one in it fails."""

import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys
import zipfile
from base64 import b64encode
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from leaks import CREDENTIALS, ON_PURPOSE, Leaks
from planted import CUSTOMER

SECRET = CREDENTIALS["the sandbox's client secret"]
KEY = CREDENTIALS["a ledger's key"]
TOKEN = "1000." + "ab" * 8 + "." + "cd" * 8


def zipped(content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.json", content)
    return file.getvalue()


FORMS = {
    "as it is": SECRET.encode(),
    "as JSON": json.dumps({"said": KEY}).encode(),
    "in an address": f"https://x.example/?key={quote(KEY)}".encode(),
    "in UTF-16": f"x{SECRET}".encode("utf-16-le"),
    "in UTF-16 of the other kind": f"x{SECRET}".encode("utf-16-be"),
    "in base64": b64encode(SECRET.encode()),
    "in base64, one byte later": b64encode(b"x" + SECRET.encode()),
    "in base64, two bytes later": b64encode(b"xy" + SECRET.encode() + b"z"),
    "in gzip": gzip.compress(b"x" * 5_000 + SECRET.encode()),
    "in a ZIP file": zipped(SECRET),
    "as an access token": f"Zoho-oauthtoken {TOKEN}".encode(),
    "after megabytes of nothing": bytes(8 << 20) + SECRET.encode(),
}


@pytest.fixture
def here(tmp_path):
    """A folder the search of the whole run passes over."""
    (tmp_path / ON_PURPOSE).mkdir()
    return tmp_path / ON_PURPOSE


def found(tmp_path):
    leaks = Leaks()
    leaks.search([tmp_path])
    return leaks.found


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found(form, here):
    file = here / "left" / "behind.bin"
    file.parent.mkdir()
    is_packed = form in {"in gzip", "in a ZIP file"}
    file.write_bytes(FORMS[form] if is_packed else b"before " + FORMS[form])
    assert [one.partition(": ")[0] for one in found(here)] == [str(file)]


def test_a_secret_in_a_page_of_a_database_is_found_also_after_its_row_is_deleted(here):
    with closing(sqlite3.connect(here / "any.db")) as database:
        database.execute("PRAGMA secure_delete=OFF")
        database.execute("CREATE TABLE said (words TEXT)")
        database.execute("INSERT INTO said VALUES (?)", [f"something about {SECRET}"])
        database.execute("DELETE FROM said")
        database.commit()
    assert len(found(here)) == 1


def test_a_personal_value_is_found_in_what_must_hold_none_and_passed_over_where_it_belongs(here):
    for name in ("run.log", "tap.state", "known.sqlite", ".meltano/meltano.db", "ledger.db", "records.jsonl"):
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text(json.dumps(CUSTOMER["last name"] + CUSTOMER["account"]), encoding="utf-8")
    assert {one.partition(": ")[0] for one in found(here)} == {
        str(here / name) for name in ("run.log", "tap.state", "known.sqlite", ".meltano/meltano.db")
    }


def test_what_may_hold_a_credential_may_hold_no_other_and_only_for_its_owner(here):
    settings = {"accounts_url": "x", "client_secret": SECRET}
    (here / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    tokens = here / "tokens.json"
    tokens.write_text(json.dumps({"token": TOKEN}), encoding="utf-8")
    tokens.chmod(0o600)
    assert found(here) == []
    tokens.chmod(0o644)
    (here / ".meltano" / "run").mkdir(parents=True)
    (here / ".meltano" / "run" / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    assert len(found(here)) == 2


LEAVING = """
def test_that_leaves_a_secret(tmp_path):
    (tmp_path / "left.txt").write_text("a" + "{secret}")

def test_that_prints_one():
    print("a" + "{secret}")
"""


def test_a_run_in_which_a_test_leaves_a_secret_fails(here):
    (here / "conftest.py").write_text('pytest_plugins = ["leak_search"]\n', encoding="utf-8")
    halves = f'" + "{SECRET[5:]}'
    (here / "test_leaving.py").write_text(LEAVING.format(secret=SECRET[:5] + halves), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--basetemp={here / 'base'}",
        "-n",
        "1",
        str(here),
    ]
    folder = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": folder, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "", "PYTEST_ADDOPTS": ""}
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert "secrets that tests left behind" in done.stdout
    assert "left.txt: the sandbox's client secret" in done.stdout
    assert "test_that_prints_one: Captured stdout call: the sandbox's client secret" in done.stdout
    assert SECRET not in done.stdout
