"""The Meltano project: jobs, schedules, environments and mappings are what they claim to be, as Meltano itself reads them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PARTS = ("meltano.yml", "rules")
CADENCE = {
    "stock": "*/5 * * * *",
    "quote-stock": "*/5 * * * *",
    "orders": "*/5 * * * *",
    "services": "*/5 * * * *",
    "products": "*/15 * * * *",
    "customers": "@hourly",
    "prices": "@hourly",
    "quote-prices": "10 * * * *",
    "finance": "@hourly",
    "reconcile": "@daily",
    "audit": "@daily",
}
ADDRESSES = {"OFRECORD_API_URL", "OFRECORD_ACCOUNTS_URL"}
SECRETS = {"client_id", "client_secret", "refresh_token"}
THREE_SCREENS = 190


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project in a folder of its own, so that Meltano leaves nothing in this one."""
    folder = tmp_path_factory.mktemp("project")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part)
        else:
            shutil.copy2(ROOT / part, folder / part)
    return folder


def meltano(folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OFRECORD_", "MELTANO_"))}
    answer = subprocess.run(
        [str(Path(sys.executable).with_name("meltano")), *arguments],
        cwd=folder,
        env={
            **environment,
            "MELTANO_PROJECT_ROOT": str(folder),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "NO_COLOR": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return answer.returncode, answer.stdout + answer.stderr


@pytest.fixture(scope="module")
def manifests(copy):
    """What Meltano made of the project, by environment."""
    code, said = meltano(copy, "compile", "--lint")
    assert code == 0, said
    made = (copy / ".meltano/manifests").glob("meltano-manifest.*.json")
    return {path.suffixes[0].strip("."): json.loads(path.read_text(encoding="utf-8")) for path in made}


@pytest.fixture(scope="module")
def project():
    return yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))


def tasks(project):
    return [task.split() for job in project["jobs"] for task in job["tasks"]]


def mappings(project):
    return [one["name"] for mapper in project["plugins"]["mappers"] for one in mapper["mappings"]]


def test_meltano_compiles_and_lints_the_project_for_every_environment(manifests, project):
    assert manifests.keys() - {"json"} == {"sandbox", "staging", "prod"}
    assert project["default_environment"] == "sandbox"


def test_environments_differ_in_addresses_only(manifests):
    def others(manifest):
        return {
            name: value for name, value in manifest["env"].items() if name not in ADDRESSES | {"MELTANO_ENVIRONMENT"}
        }

    plain = manifests["sandbox"]
    for name in ("staging", "prod"):
        assert others(manifests[name]) == others(plain)
        assert manifests[name]["env"].keys() >= ADDRESSES
        assert [job["tasks"] for job in manifests[name]["jobs"]] == [job["tasks"] for job in plain["jobs"]]


def test_every_job_exists_once_and_runs_as_often_as_it_should(project):
    assert sorted(job["name"] for job in project["jobs"]) == sorted(CADENCE)
    assert {one["job"]: one["interval"] for one in project["schedules"]} == CADENCE
    assert len(project["schedules"]) == len(CADENCE)
    assert all(one["name"].startswith(one["job"]) for one in project["schedules"])


def test_mappings_and_jobs_name_each_other_completely(project):
    used = {task[1] for task in tasks(project) if len(task) == 3}
    assert sorted(used) == sorted(mappings(project))


def test_no_two_pipelines_share_a_tap_and_a_target(project):
    pairs = Counter((task[0], task[-1]) for task in tasks(project) if len(task) == 3)
    assert [pair for pair, times in pairs.items() if times > 1] == []


def test_a_mapping_goes_from_its_taps_system_to_its_targets(project):
    configs = {one["name"]: one["config"] for mapper in project["plugins"]["mappers"] for one in mapper["mappings"]}
    for tap, mapping, target in (task for task in tasks(project) if len(task) == 3):
        config = configs[mapping]
        assert tap.startswith(f"tap-{config['from']}--")
        assert target == f"target-{config['to']}"
        assert mapping.endswith(f"-{config['from']}-to-{config['to']}")
        assert {(ROOT / "rules" / f"{entity.replace(' ', '_')}.yml").is_file() for entity in config["entities"]} == {
            True
        }


def test_every_plugin_a_job_names_is_defined(project):
    plugins = project["plugins"]
    known = {one["name"] for kind in ("extractors", "loaders") for one in plugins[kind]} | set(mappings(project))
    commands = {f"{one['name']}:{command}" for one in plugins["utilities"] for command in one["commands"]}
    assert {word for task in tasks(project) for word in task} <= known | commands


def test_no_job_and_mapping_share_a_name(project):
    assert {job["name"] for job in project["jobs"]}.isdisjoint(mappings(project))


def test_settings_take_their_values_from_the_environment_only(project):
    for kind in ("extractors", "loaders"):
        for plugin in project["plugins"][kind]:
            for setting in plugin.get("settings", []):
                assert re.fullmatch(r"\$OFRECORD_[A-Z_]+", setting.get("value", "$OFRECORD_NONE")), setting["name"]
            assert plugin.get("config", {}).keys().isdisjoint(SECRETS), plugin["name"]


def test_the_project_fits_on_three_screens():
    assert len((ROOT / "meltano.yml").read_text(encoding="utf-8").splitlines()) <= THREE_SCREENS


def test_meltano_can_plan_a_job_of_pipelines_and_jobs_of_commands(copy):
    code, said = meltano(copy, "run", "--dry-run", "orders", "reconcile", "audit")
    assert code == 0, said
    assert said.count("would have run block") == 6


def test_the_audit_job_runs_the_command_and_is_red_when_there_is_no_ledger(copy):
    code, said = meltano(copy, "run", "audit")
    assert code == 1
    assert f"There is no ledger at {copy / 'ledger.db'}." in said
