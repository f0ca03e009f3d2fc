"""The project's own way to a system: a client with the settings of one of its plugins."""

from __future__ import annotations

from dataclasses import dataclass

from ofrecord.project_file import ProjectFile
from ofrecord_kit.http import Client
from ofrecord_kit.settings import Connection


@dataclass(frozen=True)
class Token:
    """The settings of a plugin by which a system is read, written, or both."""

    plugin: str
    system: str
    reads: bool
    writes: bool


def tokens_of(project: ProjectFile, system: str) -> list[Token]:
    """One where tap and target have the same, else one each. Raises ProjectProblem when the project has neither.

    What is written through the Books door is written by the target of Inventory (`vendors.scopes.updating`).
    """
    tap, target = f"tap-{system}", "target-crm" if system == "crm" else "target-inventory"
    there = [plugin for plugin in (tap, target) if plugin in project.plugins] or [tap]
    settings = [project.settings(plugin) for plugin in there]
    names = ("client_id", "refresh_token")
    if len({tuple(one.get(name) for name in names) for one in settings}) == 1:
        return [Token(there[0], system, reads=True, writes=True)]
    return [Token(tap, system, reads=True, writes=False), Token(target, system, reads=False, writes=True)]


def client_of(project: ProjectFile, plugin: str, caller: str = "ofrecord", run: str | None = None) -> Client:
    """A client with the settings of a plugin; its calls count as `caller`'s, in `run`. Raises ProjectProblem and BadSettings."""
    system = project.root_of(plugin).partition("-")[2]
    return Client(Connection.from_config(project.settings(plugin)), system=system, plugin=caller, run=run)
