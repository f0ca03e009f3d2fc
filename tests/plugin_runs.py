"""Plugins run as the real commands they are, alone or as a pipe, against a sandbox.

`Site` is one installation: a project folder beside a sandbox (`ofrecord.demo.stage.Stage`), with the settings that
meltano.yml gives each plugin. Settings can be changed for one run, which is how tests make mistakes on purpose.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import yaml
from leaks import LEAKS

from ofrecord.demo.people import People
from ofrecord.demo.stage import Stage, is_write
from ofrecord_kit.testing import programs

BIN = Path(sys.executable).parent
SECONDS = 180


@dataclass(frozen=True)
class Outcome:
    """What one process left behind."""

    program: str
    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        if self.program != "ofrecord-sandbox":  # it prints the credentials it grants
            LEAKS.heard(f"{self.program} in a test", self.out + self.err)

    @property
    def complaint(self) -> str:
        """The lines a person would read last: errors, or everything when none is marked as one."""
        marked = [line for line in self.err.splitlines() if re.search(r"\b(ERROR|CRITICAL)\b|rror:", line)]
        return "\n".join(marked) or self.err


class Site:
    """Settings, rules and ledger of one installation, and a person at each system."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.folder = stage.folder
        self.project = yaml.safe_load((stage.folder / "meltano.yml").read_text(encoding="utf-8"))

    def close(self) -> None:
        """End what is open."""
        if "people" in vars(self):
            self.people.session.close()

    # -- settings ------------------------------------------------------------------------------------------------

    def config(self, plugin: str, **changes: Any) -> dict[str, Any]:
        """The settings of an extractor or loader; waits between retries are off, refusals are not tolerated."""
        listed = {one["name"]: one for kind in ("extractors", "loaders") for one in self.project["plugins"][kind]}
        base = listed[listed[plugin].get("inherit_from", plugin)]
        given = {one["name"]: self.value(one.get("value")) for one in base["settings"]}
        config = {**given, **listed[plugin].get("config", {}), "retry_wait_s": 0, "calls_per_minute": 0}
        config = {**config, "errors_allowed": "0", "approve": True, **changes}
        known = {name: value for name, value in config.items() if value is not None}
        return {**known, "calls_per_minute": int(known["calls_per_minute"])}

    def value(self, written: Any) -> Any:
        """A setting's value; `$NAME` is read from the environment."""
        if isinstance(written, str) and written.startswith("$"):
            return self.stage.environment.get(written[1:])
        return written

    def mapping(self, name: str) -> dict[str, Any]:
        """The settings of one mapping."""
        mappers = self.project["plugins"]["mappers"]
        return next(one["config"] for mapper in mappers for one in mapper["mappings"] if one["name"] == name)

    def executable(self, plugin: str) -> str:
        """The command of a plugin: inherited taps share one."""
        return "ofrecord-mapper" if plugin.startswith("own-") else plugin.partition("--")[0]

    def command(self, plugin: str, config: Mapping[str, Any], *, state: Path | None = None) -> list[str]:
        """The command line of a plugin with these settings."""
        settings = self.folder / "run" / f"{plugin}.json"
        settings.parent.mkdir(exist_ok=True)
        settings.write_text(json.dumps(config), encoding="utf-8")
        command = [str(BIN / self.executable(plugin)), "--config", str(settings)]
        catalog = self.folder / "rules" / "catalog" / f"{self.executable(plugin)}.json"
        if catalog.exists():
            command += ["--catalog", str(catalog)]
        if state is not None and state.exists():
            command += ["--state", str(state)]
        return command

    # -- runs ----------------------------------------------------------------------------------------------------

    def run(self, command: Iterable[object], stdin: str | None = None, **environment: str) -> Outcome:
        """One process from start to end."""
        words = [str(word) for word in command]
        answer = subprocess.run(
            words,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            cwd=self.folder,
            env={**self.stage.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        return Outcome(Path(words[0]).name, answer.returncode, answer.stdout, answer.stderr)

    def plugin(self, name: str, stdin: str | None = None, **changes: Any) -> Outcome:
        """One plugin alone."""
        config = self.mapping(name) | changes if name.startswith("own-") else self.config(name, **changes)
        command = self.command(name, config)
        answer = programs.run(command, cwd=self.folder, environment=self.stage.environment, said=stdin, timeout=SECONDS)
        return Outcome(Path(command[0]).name, answer.returncode, answer.stdout, answer.stderr)

    def start(self, command: Iterable[object], **pipes: Any) -> subprocess.Popen[bytes]:
        """A process that is left running."""
        words = [str(word) for word in command]
        return subprocess.Popen(words, cwd=self.folder, env=self.stage.environment, **pipes)

    def pipe(self, task: str, changes: Mapping[str, Mapping[str, Any]] | None = None) -> list[Outcome]:
        """`tap mapping target` of meltano.yml as a pipe; keeps the bookmark as Meltano does.

        `changes` holds settings by executable (`target-crm`).
        """
        names = task.split()
        bookmark = self.folder / "run" / f"{names[0]}.state"
        commands = []
        for name in names:
            base = self.mapping(name) if name.startswith("own-") else self.config(name)
            config = {**base, **(changes or {}).get(self.executable(name), {})}
            commands.append(self.command(name, config, state=bookmark if name.startswith("tap-") else None))
        with ExitStack() as open_files:
            out, *errors = [open_files.enter_context(tempfile.TemporaryFile()) for _ in ["", *names]]
            codes = programs.pipe(
                commands,
                cwd=self.folder,
                environment=self.stage.environment,
                stdout=out.fileno(),
                errors=[error.fileno() for error in errors],
                timeout=SECONDS,
            )
            states, *said = [whole(file) for file in (out, *errors)]
        outs = [""] * (len(names) - 1) + [states]
        outcomes = [Outcome(self.executable(n), *rest) for n, *rest in zip(names, codes, outs, said, strict=True)]
        if states.strip():
            bookmark.write_text(states.splitlines()[-1], encoding="utf-8")
        return outcomes

    def task(self, job: str, at: int) -> str:
        """The words of one task of a job."""
        return next(one["tasks"][at] for one in self.project["jobs"] if one["name"] == job)

    # -- the vendors, as people see them -------------------------------------------------------------------------

    @cached_property
    def people(self) -> People:
        """Somebody with full access; ask first before breaking the login."""
        return People(self.stage)

    def new_item(self, name: str, **values: Any) -> str:
        """An item in inventory; its id."""
        given = {"name": name, "sku": name, "rate": 10, "unit": "pcs", **values}
        return str(self.people.ask("POST", "/inventory/v1/items", given)["item"]["item_id"])

    def products(self) -> list[str]:
        """Codes of the products in the CRM, sorted, doubles included."""
        return sorted(row["Product_Code"] for row in self.people.crm_list("Products", "Product_Code"))

    def writes(self, since: int = 0) -> list[str]:
        """What changed something at a vendor since an entry of the journal."""
        return [f"{one['method']} {one['path']}" for one in self.stage.journal(since)["entries"] if is_write(one)]

    def secrets(self) -> list[str]:
        """Values that no message may hold."""
        names = ("OFRECORD_CLIENT_SECRET", "OFRECORD_REFRESH_TOKEN")
        kept = [path.read_text(encoding="utf-8") for path in (self.folder / ".ofrecord").rglob("*token*.json")]
        tokens = [token for text in kept for token in re.findall(r"1000\.[0-9a-f]{8,}\.[0-9a-f]{8,}", text)]
        return [self.stage.environment[name] for name in names] + tokens


def whole(file: IO[bytes]) -> str:
    """What was written to an open file."""
    file.seek(0)
    return file.read().decode()


def holds_no_secret(site: Site, outcomes: Iterable[Outcome], *more: str) -> None:
    """Neither the known secrets nor anything shaped like a token stands in what the processes said."""
    for outcome in outcomes:
        said = outcome.err + outcome.out
        for secret in [*site.secrets(), *more]:
            assert secret not in said, f"{outcome.program} told a secret"
        assert not re.search(r"1000\.[0-9a-f]{16,}", said), f"{outcome.program} told a token"


def is_one_clear_message(outcome: Outcome, *expected: str) -> None:
    """The process failed, and said so in words that name place and remedy, without a stack of code lines."""
    assert outcome.code != 0, outcome.err
    assert "Traceback" not in outcome.err, outcome.err
    for words in expected:
        assert re.search(words, outcome.err, re.IGNORECASE), f"no /{words}/ in: {outcome.err}"
    lines = [line for line in outcome.err.splitlines() if re.search(expected[0], line, re.IGNORECASE)]
    assert len(lines) == 1, f"said {len(lines)} times: {outcome.err}"
