"""Every member is a wheel that works by itself: only its own code, and that of the members it declares, is installed."""

import ast
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
UV = [sys.executable, "-m", "uv", "--offline", "--no-config", "--quiet"]
PROJECTS = {
    path.parent.name: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob("*/pyproject.toml"))
}
NAMES = {project["project"]["name"]: member for member, project in PROJECTS.items()}
ENVIRONMENT = {
    name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG", "UV_CACHE_DIR") if name in os.environ
}
PROGRAMS = [
    (member, program) for member, project in PROJECTS.items() for program in project["project"].get("scripts", {})
]


def call(command, **options):
    answer = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=ENVIRONMENT,
        **options,
    )
    assert answer.returncode == 0, f"{' '.join(map(str, command[-3:]))}: {answer.stdout}{answer.stderr}"
    return answer.stdout


def package(member):
    return PROJECTS[member]["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"][0]


def declared(member, kind="dependencies"):
    """Names of the distributions a member depends on, normalised."""
    found = PROJECTS[member]["project"].get(kind, [])
    names = chain.from_iterable(found.values()) if isinstance(found, dict) else found
    return {name.partition(">=")[0].partition("[")[0].strip().lower().replace("_", "-") for name in names}


def needed(member):
    """The member and those it needs, directly or not."""
    found = {member}
    for name in declared(member) & NAMES.keys():
        found |= needed(NAMES[name])
    return found


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    built = {}
    for member in PROJECTS:
        out = folder / member
        python = ["--python", sys.executable, "--no-build-isolation"]
        call([*UV, "build", "--wheel", *python, "--out-dir", out, ROOT / member])
        [built[member]] = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def alone(wheels, tmp_path_factory):
    """A function: the environment of one member, whose third-party packages are those of the running Python.

    A path named in a .pth file is added without reading the .pth files inside it, so the editable members of the
    running Python are not importable there.
    """
    made = {}

    def environment(member):
        if member not in made:
            folder = tmp_path_factory.mktemp(member)
            call([*UV, "venv", "--python", sys.executable, folder / "venv"])
            python = folder / "venv/bin/python"
            chosen = [wheels[one] for one in sorted(needed(member))]
            call([*UV, "pip", "install", "--no-deps", "--python", python, *chosen])
            own = sysconfig.get_path("purelib", vars={"base": str(folder / "venv")})
            Path(own, "third_party.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
            made[member] = folder / "venv"
        return made[member]

    return environment


@pytest.mark.parametrize("member", PROJECTS)
def test_a_wheel_holds_every_file_of_its_package(member, wheels):
    folder = ROOT / member / package(member)
    files = {
        str(path.relative_to(ROOT / member))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheels[member]) as wheel:
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert inside == files


@pytest.mark.parametrize("member", PROJECTS)
def test_every_module_of_a_member_is_importable_alone(member, alone):
    program = (
        "import importlib, json, pathlib, pkgutil, sys, warnings\n"
        "warnings.simplefilter('ignore')\n"
        f"top = importlib.import_module({package(member)!r})\n"
        "names = [m.name for m in pkgutil.walk_packages(top.__path__, top.__name__ + '.')]\n"
        "names = [n for n in names if not {'__main__', 'migrations', 'versions'} & set(n.split('.'))]\n"
        "for name in names: importlib.import_module(name)\n"
        "print(json.dumps([top.__file__, len(names)]))\n"
    )
    home = alone(member)
    place, _ = json.loads(call([home / "bin/python", "-c", program], cwd=home))
    assert Path(place).is_relative_to(home), f"{place} is not the code of the wheel"


@pytest.mark.parametrize(("member", "program"), PROGRAMS)
def test_a_program_introduces_itself_alone(member, program, alone):
    home = alone(member)
    if program.startswith(("tap-", "target-")):
        about = json.loads(call([home / "bin" / program, "--about", "--format", "json"], cwd=home))
        assert about["name"] == program
        assert {"api_url", "client_id", "client_secret", "refresh_token"} <= about["settings"]["properties"].keys()
    else:
        assert "usage" in call([home / "bin" / program, "--help"], cwd=home).lower()


@pytest.mark.parametrize("member", PROJECTS)
def test_a_member_declares_what_it_imports(member):
    owners = packages_distributions() | {package(folder): [name] for name, folder in NAMES.items()}
    imported = set()
    for path in (ROOT / member / package(member)).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    allowed = declared(member) | declared(member, "optional-dependencies")
    foreign = imported - sys.stdlib_module_names - {package(member), "_typeshed"}  # known to type checkers alone
    undeclared = {
        name: owners.get(name, ["nothing installed"])
        for name in foreign
        if not {owner.lower().replace("_", "-") for owner in owners.get(name, [])} & allowed
    }
    assert undeclared == {}
