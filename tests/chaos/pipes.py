"""A pipeline of the project as three processes, of which one can be told something, or killed, while they work."""

import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from plugin_runs import Outcome, Site, whole

from ofrecord_kit.testing import programs

PARTS = ("tap", "mapper", "target")
PATIENCE_S = 120
LOOK_S = 0.005


class Pipe:
    """`tap mapping target`, started; bookmarks are kept as Meltano keeps them: each as soon as the target writes it."""

    def __init__(self, site: Site, task: str, changes: Mapping[str, Any] | None = None, run: str = "") -> None:
        self.site, self.names = site, task.split()
        self.since = site.stage.journal()["next"]
        self._bookmark = site.folder / "run" / f"{self.names[0]}.state"
        self._files = [tempfile.TemporaryFile() for _ in range(4)]  # noqa: SIM115 - closed by `end`
        commands = [self._command(name, changes or {}, run) for name in self.names]
        environment = {**site.stage.environment, "MELTANO_EXTRACTOR_NAME": self.names[0]}
        out, *errors = [file.fileno() for file in self._files]
        self.running = programs.start_pipe(
            commands, cwd=site.folder, environment=environment, stdout=out, errors=errors
        )

    def _command(self, name: str, changes: Mapping[str, Any], run: str) -> list[str]:
        config = self.site.mapping(name) if name.startswith("own-") else self.site.config(name, **changes)
        command = self.site.command(name, config, state=self._bookmark if name.startswith("tap-") else None)
        if run:  # two runs at once each have a file of settings
            place = Path(command[2])
            command[2] = str(place.rename(place.with_suffix(f".{run}.json")))
        return command

    def calls(self) -> int:
        """Calls the vendors have answered since the beginning."""
        return int(self.site.stage.journal()["next"]) - self.since

    def when(self, ready: Callable[[], bool], do: Callable[[], object]) -> bool:
        """Do it as soon as that is so; False when the pipe ended before."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if ready():
                do()
                return True
            if all(one.poll() is not None for one in self.running):
                return False
            time.sleep(LOOK_S)
        msg = "it was never ready, and never ended"
        raise AssertionError(msg)

    def send(self, part: str, sign: signal.Signals) -> None:
        """Tell one process something."""
        self.running[PARTS.index(part)].send_signal(sign)

    def end(self) -> list[Outcome]:
        """How they ended, by themselves."""
        try:
            codes = [one.wait(PATIENCE_S) for one in self.running]
        finally:
            for one in self.running:
                one.kill()
        out, *said = [whole(file) for file in self._files]
        for file in self._files:
            file.close()
        if lines := [line for line in out.splitlines(keepends=True) if line.endswith("\n")]:
            self._bookmark.write_text(lines[-1], encoding="utf-8")
        return [
            Outcome(name, code, out if part == "target" else "", err)
            for name, code, part, err in zip(self.names, codes, PARTS, said, strict=True)
        ]
