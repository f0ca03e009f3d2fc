"""Nothing anywhere asks for a password: tokens are all that is used."""

import json
import re
from pathlib import Path

import pytest
import typer.main
import yaml
from plugin_runs import BIN

from ofrecord import cli
from ofrecord_kit.testing import programs

ROOT = Path(__file__).parents[1]
PASSWORD = re.compile(r"pass|pwd|login_?name|user_?name|credential", re.IGNORECASE)
PLUGINS = ("tap-crm", "tap-inventory", "tap-books", "target-crm", "target-inventory", "ofrecord-mapper")


def settings_of(plugin):
    about = programs.run([BIN / plugin, "--about", "--format", "json"])
    assert about.returncode == 0, about.stderr
    return set(json.loads(about.stdout)["settings"]["properties"])


@pytest.mark.promise("F133")
def test_no_setting_option_or_variable_is_for_a_password():
    names = {plugin: settings_of(plugin) for plugin in PLUGINS}
    assert all(found >= {"refresh_token", "client_secret"} for name, found in names.items() if name.startswith("ta"))
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    plugins = [one for kind in ("extractors", "loaders", "utilities") for one in project["plugins"][kind]]
    names["meltano.yml"] = {setting["name"] for one in plugins for setting in one.get("settings", [])}
    names[".env.example"] = set(
        re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    )
    names["ofrecord"] = set(options(typer.main.get_command(cli.app)))
    assert all(names.values())
    assert {
        place: bad for place, found in names.items() if (bad := [one for one in found if PASSWORD.search(one)])
    } == {}


def options(group):
    """Names of the options of every command, those of commands within commands, too."""
    context = typer.Context(group)
    for name in group.list_commands(context):
        _, command, _ = group.resolve_command(context, [name])
        yield from (one.name for one in command.params)
        if hasattr(command, "list_commands"):
            yield from options(command)
