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
    """One where tap and target have the same, else one each. Raises ProjectProblem when the project has no such tap.

    What is written through the Books door is written by the target of Inventory (`vendors.scopes.updating`).
    """
    tap, target = f"tap-{system}", "target-crm" if system == "crm" else "target-inventory"
    if target not in project.plugins:
        return [Token(tap, system, reads=True, writes=True)]
    settings = [project.settings(plugin) for plugin in (tap, target)]
    names = ("client_id", "refresh_token")
    if [settings[0].get(name) for name in names] == [settings[1].get(name) for name in names]:
        return [Token(tap, system, reads=True, writes=True)]
    return [Token(tap, system, reads=True, writes=False), Token(target, system, reads=False, writes=True)]


def client_of(project: ProjectFile, plugin: str) -> Client:
    """A client with the settings of a plugin. Raises ProjectProblem and BadSettings."""
    system = project.root_of(plugin).partition("-")[2]
    return Client(Connection.from_config(project.settings(plugin)), system=system, plugin="ofrecord")
