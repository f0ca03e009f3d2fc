"""docs/reviewing-rules.md: its commands, run on a repository with a proposed change and recorded data."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "reviewing-rules.md").read_text(encoding="utf-8")
RECORDED = PROJECT / "transforms" / "tests" / "singer" / "products-inventory-to-crm.in.jsonl"


def git(folder, *words):
    author = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *author, *words], cwd=folder, check=True, capture_output=True)


def ask(folder, command):
    """Run a line of the page; (exit code, what it prints)."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        command.split(), cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def proposal(tmp_path):
    """A clone whose working copy changes one line of the product's rules."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    shutil.copytree(PROJECT / "rules", tmp_path / "rules")
    shutil.copy(PROJECT / "meltano.yml", tmp_path)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "as it is")
    git(tmp_path, "update-ref", "refs/remotes/origin/main", "HEAD")
    path = tmp_path / "rules" / "product.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("    crm: {field: Weight_g, unit: g}", "    crm: {field: Weight_g, unit: kg}"), encoding="utf-8"
    )
    assert path.read_text(encoding="utf-8") != text
    (tmp_path / "recorded").mkdir()
    shutil.copy(RECORDED, tmp_path / "recorded" / "items.jsonl")
    return tmp_path


@pytest.mark.promise("F103")
def test_a_pull_request_shows_what_its_rules_change_on_recorded_data_and_staging_comes_before_production(proposal):
    [review] = re.findall(r"```sh\n(ofrecord check\n.*?)```", PAGE, re.DOTALL)
    check, matrix, records = review.strip().splitlines()
    code, said = ask(proposal, check)
    assert code == 1, "the case of the unit must object"
    assert "kg" in said or "case" in said
    code, said = ask(proposal, matrix)
    assert code == 0, said
    assert "Shipping weight" in said
    code, said = ask(proposal, records)
    assert code == 0, said
    assert "shipping weight" in said.lower()
    assert re.search(r"\b[1-9]\d* of \d+", said), said
    environments = {one["name"] for one in yaml.safe_load((PROJECT / "meltano.yml").read_text())["environments"]}
    used = re.findall(r"--environment (\w+)", PAGE)
    assert set(used) <= environments
    assert used.index("staging") < used.index("prod")
    workflow = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
    commands = "\n".join(step.get("run", "") for step in workflow["jobs"]["rules"]["steps"])
    assert all(line in commands for line in (matrix, records))
