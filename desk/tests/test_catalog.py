"""`ofrecord catalog` against a sandbox: what it writes, and what it says about what changed."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ofrecord import cli
from ofrecord_kit.testing.sandbox import running_sandbox

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox() as running:
        yield running


@pytest.fixture
def project(sandbox, tmp_path, monkeypatch):
    """A project folder whose environment names the sandbox; its catalogs are those that ship."""
    shutil.copy(PROJECT / "meltano.yml", tmp_path)
    shutil.copytree(PROJECT / "rules", tmp_path / "rules")
    for name, value in sandbox.config(tmp_path).items():
        monkeypatch.setenv(f"OFRECORD_{name.upper()}", str(value))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    return tmp_path


def ask(project, *arguments):
    return CliRunner().invoke(cli.app, ["catalog", "--folder", str(project), *arguments])


def test_systems_as_they_were_when_the_catalogs_were_captured_show_no_difference(project):
    shown = ask(project)
    assert shown.exit_code == 0
    assert shown.output.splitlines() == [
        f"rules/catalog/tap-{name}.json: as it was" for name in ("crm", "inventory", "books")
    ]


def test_a_new_field_is_named_and_captured(project, sandbox):
    field = {"api_name": "Shelf", "data_type": "text", "length": 30}
    sandbox.control("POST", "crm/fields", {"module": "Products", "field": field})
    path = project / "rules" / "catalog" / "tap-crm.json"
    before = path.read_bytes()
    shown = ask(project, "--tap", "tap-crm", "--show")
    assert "  new: Products.Shelf" in shown.output.splitlines()
    assert path.read_bytes() == before
    captured = ask(project, "--tap", "tap-crm", "--json")
    assert captured.exit_code == 0
    [told] = json.loads(captured.stdout)
    assert (told["tap"], told["written"], "new: Products.Shelf" in told["differences"]) == ("tap-crm", True, True)
    [products] = [one for one in json.loads(path.read_bytes())["streams"] if one["tap_stream_id"] == "Products"]
    assert "Shelf" in products["schema"]["properties"]


def test_a_system_that_cannot_be_asked_keeps_its_catalog_and_is_named(project, monkeypatch):
    monkeypatch.setenv("OFRECORD_REFRESH_TOKEN", "1000.nobody")
    path = project / "rules" / "catalog" / "tap-crm.json"
    before = path.read_bytes()
    shown = ask(project, "--tap", "tap-crm")
    assert shown.exit_code == 1
    assert "tap-crm: " in shown.output
    assert "1000.nobody" not in shown.output
    assert path.read_bytes() == before


def test_a_folder_without_a_project_is_told_so(tmp_path):
    shown = ask(tmp_path)
    assert shown.exit_code == 1
    assert "cannot be read as a Meltano project" in shown.output
