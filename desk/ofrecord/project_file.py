"""`meltano.yml` as the desk reads it: plugins with what they inherit, mappings, jobs and schedules."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KINDS: Mapping[Any, Callable[[Any], Any]] = {
    "integer": int,
    "boolean": lambda said: str(said).lower() in {"1", "true", "yes"},
}
Said = Mapping[str, Any]
"""A part of the file, as it is written."""


class ProjectProblem(Exception):  # noqa: N818 - named for what it is
    """`meltano.yml` cannot be read, or a part of the project cannot be run; the message says where."""


@dataclass(frozen=True)
class Task:
    """`tap mapping target` of a job; without a mapping that the project describes it is empty."""

    job: str
    tap: str
    mapping: str
    target: str


@dataclass(frozen=True)
class Step:
    """`utility:command` of a job: its calls are counted under the command's name, where it makes any."""

    job: str
    command: str


@dataclass(frozen=True)
class Schedule:
    """How often a job runs, in Meltano's words or a cron line."""

    name: str
    job: str
    interval: str


class ProjectFile:
    """What one `meltano.yml` says, in its order. Raises ProjectProblem."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        path = folder / "meltano.yml"
        self.name = path.name
        try:
            self.text = path.read_text(encoding="utf-8")
            self._read(yaml.load(self.text, Loader=_Loader))  # noqa: S506 - the safe one, in C where there is one
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
            message = (
                f"{path} cannot be read as a Meltano project ({type(error).__name__}). "
                "Run this in the project's folder; `meltano compile --lint` says more."
            )
            raise ProjectProblem(message) from error

    def _read(self, said: Said) -> None:
        kinds = said.get("plugins") or {}
        self.extractors: dict[str, Said] = {one["name"]: one for one in kinds.get("extractors") or ()}
        self.plugins = self.extractors | {one["name"]: one for one in kinds.get("loaders") or ()}
        self.mappings: dict[str, Said] = {
            one["name"]: one.get("config") or {}
            for mapper in kinds.get("mappers") or ()
            for one in mapper.get("mappings") or ()
        }
        self.schedules = [
            Schedule(str(one["name"]), one["job"], str(one["interval"]))
            for one in said.get("schedules") or ()
            if "job" in one
        ]
        self.tasks = [
            self._task(job["name"], words)
            for job in said.get("jobs") or ()
            for line in job["tasks"]
            if len(words := str(line).split()) > 1
        ]
        self.steps = [
            Step(job["name"], command)
            for job in said.get("jobs") or ()
            for line in job["tasks"]
            if len(str(line).split()) == 1 and (command := str(line).partition(":")[2])
        ]

    def _task(self, job: str, words: list[str]) -> Task:
        mapping = next((word for word in words[1:] if word in self.mappings), "")
        return Task(job, words[0], mapping, words[-1])

    def lineage(self, plugin: str) -> list[Said]:
        """The plugin and those it inherits from, the nearest first. Raises ProjectProblem."""
        found: list[Said] = []
        name: str | None = plugin
        while name is not None:
            one = self.plugins.get(name)
            if one is None or one in found:
                message = f"{self.at(plugin)}: there is no plugin {name}, or it inherits from itself."
                raise ProjectProblem(message)
            found.append(one)
            name = one.get("inherit_from")
        return found

    def root_of(self, plugin: str) -> str:
        """The plugin this one inherits from in the end."""
        return str(self.lineage(plugin)[-1]["name"])

    def config(self, plugin: str, setting: str) -> Any:
        """What `config` says of a setting, own or inherited; None when it says nothing."""
        return next(
            (said for one in self.lineage(plugin) if (said := (one.get("config") or {}).get(setting)) is not None), None
        )

    def settings(self, plugin: str) -> dict[str, Any]:
        """The settings of a plugin as a run would have them, the environment's among them: secrets, too."""
        found: dict[str, Any] = {}
        for one in reversed(self.lineage(plugin)):
            for setting in one.get("settings") or ():
                value = _from_environment(setting.get("value"))
                if value is not None and value != "":
                    found[setting["name"]] = self._typed(plugin, setting, value)
        for one in reversed(self.lineage(plugin)):
            found |= {name: _from_environment(value) for name, value in (one.get("config") or {}).items()}
        return found

    def _typed(self, plugin: str, setting: Said, value: Any) -> Any:
        """As its kind says: variables of the environment are texts."""
        try:
            return _KINDS.get(setting.get("kind"), lambda said: said)(value)
        except (TypeError, ValueError):
            message = f"{self.at(plugin)}: {setting['name']} is no {setting['kind']}. Correct it, or its environment variable."
            raise ProjectProblem(message) from None

    def said(self, plugin: str, key: str) -> Any:
        """Another key of a plugin, such as `executable` or `catalog`, own or inherited."""
        return next((one[key] for one in self.lineage(plugin) if key in one), None)

    def at(self, name: str) -> str:
        """`meltano.yml:12, "name"`: where a plugin, job, mapping or schedule is described."""
        for number, line in enumerate(self.text.splitlines(), start=1):
            if re.search(rf"name: [\"']?{re.escape(name)}[\"']?\s*(,|}}|#|$)", line):
                return f'{self.name}:{number}, "{name}"'
        return f'{self.name}:1, "{name}"'


def _from_environment(value: Any) -> Any:
    return os.environ.get(value[1:]) if isinstance(value, str) and value.startswith("$") else value
