"""`ofrecord check` and the frame of the command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ofrecord import cli

RULES = Path(__file__).parents[2] / "rules"


def run(*arguments):
    return CliRunner().invoke(cli.app, list(arguments))


@pytest.fixture
def bad_rules(tmp_path):
    for path in RULES.glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        if path.name == "product.yml":
            text = text.replace("unit: g}", "unit: grams}").replace("label:", "labl:")
        if path.name == "account.yml":
            text = text.replace("policy: review", "policy: reveiw")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    return tmp_path


def test_good_rules_are_summed_up_in_one_line():
    done = run("check", "--rules", str(RULES))
    assert done.exit_code == 0
    assert done.stdout.count("\n") == 1
    assert "7 entities" in done.stdout
    assert "All is well." in done.stdout


def test_bad_rules_are_listed_completely_with_file_and_line(bad_rules):
    done = run("check", "--rules", str(bad_rules))
    assert done.exit_code == 1
    name = bad_rules.name
    problems = done.stdout.splitlines()
    assert [line.split(":")[0] for line in problems] == [
        f"{name}/account.yml", f"{name}/product.yml", f"{name}/product.yml",
    ]  # fmt: skip
    assert 'policy "reveiw" is not known. Use review, latest, first created, crm, inventory or books. ' in problems[0]
    assert '"labl" is not a key here. Did you mean "label"?' in problems[1]
    assert '"Shipping weight": crm unit "grams" is not a unit of mass. Write "g".' in problems[2]
    assert done.stderr == f"{bad_rules}: 3 problems.\n"


def test_the_result_is_there_for_programs(bad_rules):
    good = json.loads(run("check", "--rules", str(RULES), "--json").stdout)
    assert good["problems"] == []
    assert good["rules"].startswith("sha256:")
    assert good["entities"]["product"] > 5
    done = run("check", "--rules", str(bad_rules), "--json")
    assert done.exit_code == 1
    assert len(json.loads(done.stdout)["problems"]) == 3


def test_a_folder_that_is_none_is_named(tmp_path):
    done = run("check", "--rules", str(tmp_path / "ruels"))
    assert done.exit_code == 1
    assert "is not a folder. Name the folder of the rule files, usually `rules`." in done.stdout


def test_help_imports_no_subcommand():
    program = (
        "import sys; from ofrecord import cli\n"
        "try: cli.app(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in "
        "{'ofrecord_transforms', 'ofrecord_kit', 'pint', 'yaml', 'requests', 'sqlalchemy'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for name in ("check", "matrix"):
        assert name in done.stdout


def test_an_unknown_command_is_refused():
    done = run("chek")
    assert done.exit_code == 2
    assert "chek" in done.output
