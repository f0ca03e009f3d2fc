"""The definitions for Meltano Hub are the plugins' own, are what the hub takes, and Meltano adds a plugin by them.

Keys, kinds and capabilities: meltano/hub, `schemas/plugin_definitions` and `schemas/common`, at commit 9d28b36a of 2026-08-02.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ofrecord_kit.testing import hub

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "hub"
KEYS = {
    "capabilities", "commands", "definition", "description", "docs", "domain_url", "executable", "hidden", "keywords", "label",
    "log_parser", "logo_url", "maintenance_status", "name", "namespace", "next_steps", "pip_url", "prereq", "python", "quality", "repo",
    "requires", "settings", "settings_group_validation", "settings_preamble", "supported_python_versions", "usage", "variant",
}  # fmt: skip
OF_EXTRACTORS = KEYS | {"metadata", "schema", "select"}
OF_LOADERS = KEYS | {"dialect", "target_schema"}
NEEDED = {"name", "namespace", "variant", "quality"}
KINDS = {
    "oauth", "hidden", "password", "date_iso8601", "file", "email", "integer", "options", "object", "array", "boolean", "string", "decimal",
}  # fmt: skip
OF_SETTINGS = {
    "aliases", "description", "docs", "documentation", "env", "hidden", "kind", "label", "name", "oauth", "options", "placeholder",
    "sensitive", "tooltip", "value", "value_post_processor", "value_processor",
}  # fmt: skip
EXTRACTORS_CAN = {
    "properties", "catalog", "discover", "state", "about", "stream-maps", "schema-flattening", "activate-version", "batch", "test",
    "log-based", "structured-logging",
}  # fmt: skip
LOADERS_CAN = {
    "about", "stream-maps", "activate-version", "batch", "soft-delete", "hard-delete", "datatype-failsafe", "schema-flattening",
    "target-schema", "validate-records", "structured-logging",
}  # fmt: skip
SECRET = {"client_id", "client_secret", "refresh_token"}


def told(name):
    return yaml.safe_load(hub.file_of(name, FOLDER).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """The definitions written by a program of its own: a plugin that ran in this process carries settings of the SDK."""
    folder = tmp_path_factory.mktemp("hub")
    subprocess.run([sys.executable, "-m", hub.__name__, str(folder)], check=True, capture_output=True, timeout=120)
    return folder


@pytest.mark.parametrize("name", hub.PLUGINS)
def test_a_definition_is_what_its_plugin_says_of_itself(name, fresh):
    said = hub.file_of(name, fresh).read_text(encoding="utf-8")
    assert hub.file_of(name, FOLDER).read_text(encoding="utf-8") == said, "stale: run `make catalogs`"


@pytest.mark.parametrize("name", hub.PLUGINS)
def test_a_definition_holds_what_the_hub_takes_and_nothing_else(name):
    found = told(name)
    reads = name.startswith("tap-")
    assert set(found) >= NEEDED
    assert set(found) <= (OF_EXTRACTORS if reads else OF_LOADERS)
    assert set(found["capabilities"]) <= (EXTRACTORS_CAN if reads else LOADERS_CAN)
    for setting in found["settings"]:
        assert set(setting) <= OF_SETTINGS, setting["name"]
        assert setting["kind"] in KINDS, setting["name"]
        assert setting["description"], setting["name"]
        assert (setting.get("sensitive") is True) >= (setting["name"] in SECRET)
    (required,) = found["settings_group_validation"]
    assert {"api_url", "accounts_url", *SECRET} <= set(required) <= {one["name"] for one in found["settings"]}


@pytest.mark.parametrize("name", ["tap-inventory", "target-crm"])
def test_meltano_adds_a_plugin_by_its_definition(name, tmp_path):
    (tmp_path / "meltano.yml").write_text(
        "default_environment: dev\nenvironments: [{name: dev}]\nsend_anonymous_usage_stats: false\n"
    )
    meltano = Path(sys.executable).with_name("meltano")
    definition = hub.file_of(name, FOLDER)
    command = [str(meltano), "add", "--no-install", "--from-ref", str(definition), name]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "MELTANO_CLI_DISABLE_VERSION_CHECK": "1"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    listed = yaml.safe_load((tmp_path / "meltano.yml").read_text())["plugins"]
    (added,) = listed["extractors" if name.startswith("tap-") else "loaders"]
    assert added["name"] == name
    assert added["pip_url"] == f"ofrecord-{name}"
