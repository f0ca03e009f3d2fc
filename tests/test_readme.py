"""What the Markdown files say is so: commands run, blocks are current, links lead somewhere, nothing is undocumented."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ofrecord import cli
from ofrecord_kit.testing.sandbox import running_sandbox

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
PAGES = [
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md")]
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
]
WRITTEN_BY_TESTS = {"docs/promises.md"}
"""`make promises` writes it; tests/test_promises.py says when it is missing or stale."""
READ_BY_THE_TARGETS = {"OFRECORD_LEDGER_KEY"}
"""No setting, so that no settings file can hold it."""
PLUGINS = ("tap-crm", "tap-inventory", "tap-books", "target-crm", "target-inventory", "ofrecord-mapper")
MEMBER_OF = {"ofrecord-mapper": "transforms"}


def block(name):
    """What stands between two markers of the README."""
    return re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", README, re.DOTALL)[1]


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory):
    """A project, and a shell that has the sandbox's export lines; some items are in inventory."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "rules", folder / "rules")
    shutil.copy2(ROOT / "meltano.yml", folder)
    (folder / ".venv").symlink_to(BIN.parent)
    known = {name: value for name, value in os.environ.items() if not name.startswith(("OFRECORD_", "MELTANO_"))}
    with running_sandbox("--seed", "none", "--limits", "off") as sandbox:
        config = sandbox.config(folder / ".ofrecord")
        names = ("api_url", "accounts_url", "client_id", "client_secret", "refresh_token", "organization_id")
        exports = {f"OFRECORD_{name.upper()}": config[name] for name in names}
        from ofrecord_kit.http import Client  # noqa: PLC0415
        from ofrecord_kit.settings import Connection  # noqa: PLC0415

        def new_item(number):
            """An item in inventory."""
            with Client(Connection.from_config(config), system="inventory", plugin="test") as client:
                body = {"name": f"Bolt {number}", "sku": f"B-{number}", "rate": 12.5, "unit": "pcs"}
                client.send("POST", "/inventory/v1/items", json=body)

        def shell(script):
            """Run lines of a shell; errors end it."""
            return subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=folder,
                env={**known, **exports, "NO_COLOR": "1", "OFRECORD_RUN": "readme"},
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )

        yield folder, shell, sandbox, new_item


def test_the_shell_blocks_run_against_the_sandbox_as_they_stand(by_hand):
    folder, shell, sandbox, new_item = by_hand
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    for number in range(3):
        new_item(number)
    path = f'export PATH="{folder}/.venv/bin:$PATH"\n'
    first = shell(blocks[0])
    assert first.returncode == 0, first.stdout + first.stderr
    runs = [line.split("\t") for line in first.stdout.splitlines() if "→" in line]
    dry = [one for one in runs if any(cell.endswith("(dry)") for cell in one)]
    assert dry, "a dry run is listed as dry"
    assert sum(int(one[6]) for one in runs if one not in dry) == 3, first.stdout
    new_item(3)
    since = sandbox.control("GET", "journal")["next"]
    second = shell(path + blocks[1])
    assert second.returncode == 0, second.stdout + second.stderr
    types = [json.loads(line)["type"] for line in (folder / "items.jsonl").read_text().splitlines()]
    assert types.count("RECORD") == 4
    written = [one for one in sandbox.control("GET", f"journal?since={since}")["entries"] if one["method"] == "POST"]
    assert any(one["path"].startswith("/crm/v8/Products") for one in written)


def test_every_command_the_readme_shows_exists():
    usage = CliRunner().invoke(cli.app, ["--help"]).stdout
    offered = set(re.findall(r"^  ([a-z]+)  ", usage, re.MULTILINE))
    assert {a or b for a, b in re.findall(r"`ofrecord ([a-z]+)|^ofrecord ([a-z]+)$", README, re.MULTILINE)} <= offered
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|\$ )make ([a-z]+)", README)) <= targets
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    jobs = {job["name"] for job in project["jobs"]}
    named = re.findall(r"meltano (?:--environment \w+ )?run ([a-z ]+)", README)
    assert named
    assert {job for line in named for job in line.split()} <= jobs | {"decides"}
    schedules = {one["name"] for one in project["schedules"]}
    assert set(re.findall(r"schedule run ([\w-]+)", README)) <= schedules
    environments = {one["name"] for one in project["environments"]}
    assert set(re.findall(r"--environment (\w+)", README)) <= environments


def test_the_scopes_of_going_live_are_enough_for_every_stream_the_jobs_read(by_hand, tmp_path):
    _, _, sandbox, _ = by_hand
    scopes = re.search(r"`(ZohoCRM\.[^`]+)`", README)[1].split(",")
    sandbox.control("POST", "tokens", {"refresh_token": "1000.readme.refresh", "scopes": scopes})
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    extractors = [one for one in project["plugins"]["extractors"] if "inherit_from" in one]
    for tap in ("tap-crm", "tap-inventory", "tap-books"):
        streams = {name for one in extractors if one["inherit_from"] == tap for name in one["config"]["streams"]}
        config = sandbox.config(tmp_path / "state", refresh_token="1000.readme.refresh", streams=sorted(streams))
        (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
        catalog = ROOT / "rules" / "catalog" / f"{tap}.json"
        done = subprocess.run(
            [BIN / tap, "--config", tmp_path / "config.json", "--catalog", catalog],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_the_matrix_is_what_the_command_prints():
    printed = CliRunner().invoke(cli.app, ["matrix", "--rules", str(ROOT / "rules"), "--overview"]).stdout.strip()
    assert block("matrix") == printed, (
        "README.md is stale: put the output of `ofrecord matrix --overview` between the markers"
    )


def test_the_demo_shown_is_a_run_that_went_well():
    shown = block("demo")
    assert shown.count("  arrived  ") == 9
    assert "Everything arrived, and nothing was written when nothing changed." in shown
    assert max(map(len, shown.splitlines())) <= 80
    for rule, line in re.findall(r"\((rules/\w+\.yml):(\d+)\)", shown):
        text = (ROOT / rule).read_text(encoding="utf-8").splitlines()
        assert "what:" in text[int(line) - 1], f"{rule}:{line} is no rule any more: take the output of a new run"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not re.match(r"\w+:", target) and target not in WRITTEN_BY_TESTS:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("plugin", PLUGINS)
def test_every_plugin_and_setting_is_documented(plugin):
    told = subprocess.run([BIN / plugin, "--about", "--format", "json"], capture_output=True, text=True, check=True)
    member = MEMBER_OF.get(plugin, plugin)
    page = (ROOT / member / "README.md").read_text(encoding="utf-8")
    own = set(json.loads(told.stdout)["settings"]["properties"])
    builtin = {"stream_maps", "stream_map_config", "faker_config", "flattening_enabled", "flattening_max_depth"}
    builtin |= {"flattening_max_key_length", "batch_config", "add_record_metadata", "load_method", "batch_size_rows"}
    builtin |= {
        "validate_records",
        "process_activate_version_messages",
        "flattening_separator",
        "flattening_key_separator",
    }
    assert [name for name in sorted(own - builtin) if f"`{name}`" not in page] == []
    assert f"{member}/README.md" in README


def test_every_variable_of_the_project_is_in_the_example_and_the_other_way_round():
    used = set(re.findall(r"OFRECORD_[A-Z_]+", (ROOT / "meltano.yml").read_text(encoding="utf-8")))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    listed = set(re.findall(r"^(OFRECORD_[A-Z_]+)=$", example, re.MULTILINE))
    assert listed == used | READ_BY_THE_TARGETS
    assert not re.search(r"^OFRECORD_[A-Z_]+=.", example, re.MULTILINE), "no values stand in .env.example"


def test_every_custom_field_the_rules_use_is_named_for_going_live():
    going_live = README.partition("## Going live")[2]
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "rules").glob("*.yml")]
    text = json.dumps(files)
    fields = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## Custom fields")[2]
    custom = set(re.findall(r"`([A-Z]\w+_\w+|cf_\w+)`", fields.partition("## Sandbox")[0])) - {
        "Price_Books",
        "Quote_Stage",
    }
    assert {name for name in custom if f'"{name}"' in text} <= set(re.findall(r"`(\w+)`", going_live))
    assert set(re.findall(r'"(cf_\w+)"', text)) <= set(re.findall(r"`(\w+)`", going_live))
