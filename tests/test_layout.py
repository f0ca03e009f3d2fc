"""The rules of layout and naming that a test can hold."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
import yaml

from ofrecord_kit.ledger import KEY_VARIABLE

ROOT = Path(__file__).parents[1]
MEMBERS = {
    "kit": "ofrecord_kit",
    "tap-crm": "tap_crm",
    "tap-inventory": "tap_inventory",
    "tap-books": "tap_books",
    "target-crm": "target_crm",
    "target-inventory": "target_inventory",
    "transforms": "ofrecord_transforms",
    "sandbox": "ofrecord_sandbox",
    "desk": "ofrecord",
}
PLUGINS = [name for name in MEMBERS if name.startswith(("tap-", "target-"))]
TAPS = [name for name in PLUGINS if name.startswith("tap-")]
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
EFFECTS = {"requests", "socket", "urllib", "urllib3", "sqlite3", "sqlalchemy", "subprocess", "filelock"}
LONGEST_MODULE = 400
LONGEST_PLUGIN = 400
SECRET_SETTINGS = {"client_id", "client_secret", "refresh_token"}
HOMES = re.compile(r"/(?:home|root|Users|work)/[A-Za-z0-9_.-]+")
REGISTRIES = re.compile(r"https?://[^\s\"')]*(?:pythonhosted\.org|pypi\.|/simple\b|index-url)[^\s\"')]*", re.IGNORECASE)
# A Zoho token is "1000." with two parts of 32 hexadecimal digits; the rest are shapes of keys in general use.
SECRETS = re.compile(
    r"\b1000\.[0-9a-f]{32}\.[0-9a-f]{32}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abps]-[A-Za-z0-9-]{10,}"
)


def tracked_files():
    """Every file under version control; the test is skipped where there is no repository (an unpacked archive)."""
    answer = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        pytest.skip("not a git clone, so there is no list of tracked files")
    return [path for name in answer.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def texts():
    for path in tracked_files():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def modules(member):
    return sorted((ROOT / member / MEMBERS[member]).rglob("*.py"))


def lines_of(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def metadata(member):
    return tomllib.loads((ROOT / member / "pyproject.toml").read_text(encoding="utf-8"))


def named(path):
    return str(path.relative_to(ROOT))


def matches(pattern):
    return [f"{named(path)}: {hit[0]}" for path, text in texts() for hit in pattern.finditer(text)]


def test_every_folder_with_a_pyproject_is_a_member_named_here():
    assert {path.parent.name for path in ROOT.glob("*/pyproject.toml")} == set(MEMBERS)


@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_declares_metadata_dependencies_and_entry_point_only(member):
    settings = metadata(member)
    assert settings.keys() <= {"project", "build-system", "tool"}
    assert settings["tool"].keys() <= {"hatch", "uv"}, "lint, type and test settings stand in the root pyproject.toml"
    assert settings["tool"].get("uv", {}).keys() <= {"sources"}
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == [MEMBERS[member]]


@pytest.mark.parametrize("member", MEMBERS)
def test_a_dependency_has_a_lower_bound(member):
    assert [one for one in metadata(member)["project"]["dependencies"] if ">=" not in one] == []


def test_descriptions_differ_from_member_to_member():
    said = [metadata(member)["project"]["description"] for member in MEMBERS]
    assert [text for text, times in Counter(said).items() if times > 1] == []


def test_all_members_carry_one_version_and_one_python():
    projects = [metadata(member)["project"] for member in MEMBERS]
    assert len({(project["version"], project["requires-python"]) for project in projects}) == 1


@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_tells_that_it_is_typed_and_has_a_readme(member):
    assert (ROOT / member / MEMBERS[member] / "py.typed").is_file()
    readme = (ROOT / member / "README.md").read_text(encoding="utf-8")
    assert len(readme.split()) > 20, f"{member}/README.md says next to nothing"


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_holds_at_most_400_lines_of_python(plugin):
    lines = {path.name: lines_of(path) for path in modules(plugin)}
    assert sum(lines.values()) <= LONGEST_PLUGIN, f"{lines}: what is over belongs in the kit"


@pytest.mark.parametrize("member", MEMBERS)
def test_no_module_is_longer_than_400_lines_or_vaguely_named(member):
    long = {named(path): lines_of(path) for path in modules(member) if lines_of(path) > LONGEST_MODULE}
    vague = [named(path) for path in modules(member) if VAGUE & {path.stem, path.parent.name}]
    assert (long, vague) == ({}, [])


@pytest.mark.parametrize("member", MEMBERS)
def test_except_exception_stands_at_most_once_in_a_member(member):
    found = [
        f"{named(path)}:{node.lineno}"
        for path in modules(member)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
    ]
    allowed = len(metadata(member)["project"].get("scripts", {})) or 1
    assert len(found) <= allowed, f"only a program's entry catches everything: {found}"


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("member", [*PLUGINS, "transforms"])
def test_plugins_reach_network_and_storage_through_the_kit_only(member):
    found = {named(path): sorted(EFFECTS & set(imported(path))) for path in modules(member)}
    assert {path: names for path, names in found.items() if names} == {}


def test_the_pure_plan_imports_nothing_with_effects():
    home = ROOT / "kit/ofrecord_kit"
    plan = sorted((home / "plan").rglob("*.py")) if (home / "plan").is_dir() else [home / "plan.py"]
    banned = EFFECTS | {"os", "pathlib", "time", "random", "logging", "singer_sdk", "threading", "io", "tempfile"}
    assert {named(path): sorted(banned & set(imported(path))) for path in plan if banned & set(imported(path))} == {}


def test_dependencies_point_one_way_and_the_sandbox_stands_alone():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout
    for member in MEMBERS:
        if member != "sandbox":
            assert [named(path) for path in modules(member) if "ofrecord_sandbox" in imported(path)] == []
    ours = {package for member, package in MEMBERS.items() if member != "sandbox"}
    assert [named(path) for path in modules("sandbox") if ours & set(imported(path))] == []


def test_the_kit_knows_no_entity_of_anybodys_rules():
    entities = {path.stem for path in (ROOT / "rules").glob("*.yml")} - {"order", "contact"}
    assert entities, "rules/ is empty"
    found = [
        f"{named(path)}:{node.lineno}: {node.value!r}"
        for path in modules("kit")
        if not {"vendors", "testing"} & set(path.parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in entities
    ]
    assert found == []


def lines_of_code(path):
    """The lines that say something of their own: without blank ones, comments and imports."""
    text = path.read_text(encoding="utf-8")
    imports = {
        number
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for number in range(node.lineno, node.end_lineno + 1)
    }
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [line for number, line in lines if number not in imports and len(line) > 3 and not line.startswith("#")]


def test_no_two_plugins_hold_the_same_five_lines():
    seen = {}
    for plugin in PLUGINS:
        lines = [line for path in modules(plugin) for line in lines_of_code(path)]
        seen[plugin] = {tuple(lines[at : at + 5]) for at in range(len(lines) - 4)}
    shared = {pair: sorted(both) for pair in combinations(PLUGINS, 2) if (both := seen[pair[0]] & seen[pair[1]])}
    assert shared == {}, "move what they share into the kit"


def described(schema, where):
    """Properties (nested ones too) without a description."""
    for name, one in schema.get("properties", {}).items():
        if not one.get("description"):
            yield f"{where}.{name}"
        yield from described(one, f"{where}.{name}")
    if "items" in schema:
        yield from described(schema["items"], f"{where}[]")


@pytest.mark.parametrize("tap", TAPS)
def test_every_property_of_a_taps_schemas_is_described(tap):
    schemas = sorted((ROOT / tap / MEMBERS[tap] / "schemas").glob("*.json"))
    if tap != "tap-crm":
        assert schemas, f"{tap} has no schemas"
    bare = [one for path in schemas for one in described(json.loads(path.read_text(encoding="utf-8")), named(path))]
    assert bare == []


def test_no_tracked_file_names_a_folder_of_somebodys_machine():
    assert matches(HOMES) == []


def test_no_tracked_file_names_a_package_registry():
    assert matches(REGISTRIES) == []


def test_no_tracked_file_holds_a_secret():
    assert matches(SECRETS) == []


def test_the_search_for_secrets_finds_one():
    token = "1000." + "ab" * 16 + "." + "cd" * 16
    assert SECRETS.search(f'"refresh_token": "{token}"')
    assert HOMES.search("/home" + "/ada/ofrecord")
    assert REGISTRIES.search("https://files." + "pythonhosted.org/packages/x")


def meltano():
    return yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))


def test_meltano_takes_secrets_from_the_environment_only():
    for kind in ("extractors", "loaders"):
        for plugin in meltano()["plugins"][kind]:
            assert SECRET_SETTINGS.isdisjoint(plugin.get("config", {})), plugin["name"]
            for setting in plugin.get("settings", []):
                if setting["name"] in SECRET_SETTINGS:
                    assert re.fullmatch(r"\$\w+", setting["value"]), f"{plugin['name']}: {setting['name']}"
                    assert setting["sensitive"] is True, f"{plugin['name']}: {setting['name']}"


def test_every_secret_has_a_name_in_the_example_and_none_a_value():
    wanted = {
        setting["value"].removeprefix("$")
        for kind in ("extractors", "loaders")
        for plugin in meltano()["plugins"][kind]
        for setting in plugin.get("settings", [])
        if str(setting.get("value", "")).startswith("$")
    }
    mappings = [one["config"] for mapper in meltano()["plugins"]["mappers"] for one in mapper["mappings"]]
    wanted |= {str(said).removeprefix("$") for one in mappings for said in one.values() if str(said).startswith("$")}
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    offered = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert offered.keys() == wanted | {KEY_VARIABLE}, "the key of the ledger is read by programs themselves"
    assert set(offered.values()) == {""}


def test_environments_differ_in_addresses_only():
    for environment in meltano()["environments"]:
        assert environment.keys() <= {"name", "env"}
        assert environment.get("env", {}).keys() <= {"OFRECORD_API_URL", "OFRECORD_ACCOUNTS_URL"}


def test_jobs_and_mappings_do_not_share_a_name_and_every_pipeline_has_its_own_tap():
    project = meltano()
    mappings = [mapping["name"] for mapper in project["plugins"]["mappers"] for mapping in mapper["mappings"]]
    assert {job["name"] for job in project["jobs"]}.isdisjoint(mappings)
    pairs = Counter((task.split()[0], task.split()[-1]) for job in project["jobs"] for task in job["tasks"])
    assert [pair for pair, times in pairs.items() if times > 1] == [], "a bookmark's name does not hold the mapping"


def test_every_make_target_says_what_it_is_for():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[1].split())
    told = set(re.findall(r"^([a-z]+):.*## .+$", makefile, re.MULTILINE))
    assert phony - told <= {"lock"}


def test_a_change_note_is_one_short_file():
    notes = [path for path in (ROOT / "changes").glob("*") if path.name != "README.md"]
    assert [path.name for path in notes if path.suffix != ".md" or lines_of(path) > 20] == []


def test_every_word_of_a_job_is_a_plugin_and_every_schedule_has_a_job():
    project = meltano()
    plugins = project["plugins"]
    words = {
        "extractors": {plugin["name"] for plugin in plugins["extractors"]},
        "mappers": {mapping["name"] for mapper in plugins["mappers"] for mapping in mapper["mappings"]},
        "loaders": {plugin["name"] for plugin in plugins["loaders"]},
    }
    commands = {f"{one['name']}:{command}" for one in plugins["utilities"] for command in one["commands"]}
    for job in project["jobs"]:
        for task in set(job["tasks"]) - commands:
            for kind, word in zip(words, task.split(), strict=True):
                assert word in words[kind], f"{job['name']}: {word} is not among the {kind}"
    assert {schedule["job"] for schedule in project["schedules"]} == {job["name"] for job in project["jobs"]}


@pytest.mark.parametrize("environment", ["sandbox", "staging", "prod"])
def test_meltano_accepts_the_project(environment, tmp_path):
    shutil.copy2(ROOT / "meltano.yml", tmp_path)
    command = [Path(sys.executable).with_name("meltano"), "--environment", environment, "schedule", "list"]
    answer = subprocess.run(
        [*command, "--format", "json"],
        cwd=tmp_path,
        env=os.environ | {"MELTANO_PROJECT_ROOT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert {one["name"] for one in json.loads(answer.stdout)["schedules"]["job"]} == {
        schedule["name"] for schedule in meltano()["schedules"]
    }
