"""Rounds: people edit, Meltano runs, at some moment somebody is killed; and after some rounds peace, in which all must be well."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from chaos.company import Company
from chaos.grounds import JOBS, TASKS, Grounds

from ofrecord.demo.stage import is_write

VICTIMS = ("tap", "mapper", "target", "meltano", "all")
SHARE_OF_TERMS = 0.2
LOOK_S = 0.02
PATIENCE_S = 600
LAST_WORDS_S = 60
CYCLES = 2
"""Until all is well."""
LATENCY_S = 0.03
"""Of each answer: a run spends its time with calls, as it does with the real vendors, and not in starting."""
OUTCOMES = ("written", "unchanged", "held", "failed", "filtered")


def victim_of(command: list[str]) -> str:
    """Which part of a pipeline a command line is; empty for none."""
    names = [word.rsplit("/", 1)[-1] for word in command[:3]]
    signs = (("tap", "tap-"), ("mapper", "ofrecord-mapper"), ("target", "target-"))
    return next((one for one, begin in signs if any(name.startswith(begin) for name in names)), "")


@dataclass
class Lives:
    """How long each part lived in the last runs that nobody disturbed; Meltano from its start."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def note(self, part: str, lived_s: float) -> None:
        """One more life."""
        self.seconds.setdefault(part, []).append(lived_s)

    def typical_s(self, part: str) -> float:
        """The mean of the last ones."""
        last = self.seconds.get("meltano" if part == "all" else part, [10.0])[-6:]
        return sum(last) / len(last)


@dataclass
class Attack:
    """Whom to send what, at which share of its typical life."""

    victim: str
    sign: signal.Signals
    share: float


@dataclass
class Seen:
    """What became of a run."""

    code: int = 0
    seconds: float = 0.0
    hit_after_s: float | None = None
    """Of the victim's life; None when it was not hit."""
    calls: int = 0
    writes: int = 0
    lingered: list[str] = field(default_factory=list)
    """Parts that outlived Meltano until they were reaped."""
    said: str = ""


class Run:
    """One `meltano run`, watched."""

    def __init__(self, site: Grounds, words: list[str], *, force: bool = True, log: str = "meltano.log") -> None:
        """`force`: after Meltano was killed it takes the job for running for five minutes, and refuses it."""
        self.site = site
        self.since = site.stage.journal()["next"]
        self._log = site.folder / log
        self._born_before = len(site.cradle.born) if site.cradle else 0
        command = site.meltano("run", *["--force"] * force, "--no-install", *words)
        with self._log.open("wb") as said, Path(os.devnull).open("rb") as nothing:
            if site.cradle:
                streams = [nothing.fileno(), said.fileno(), said.fileno()]
                self.process = site.cradle.start(command, site.folder, site.stage.environment, streams)
            else:
                self.process = subprocess.Popen(
                    command, cwd=site.folder, env=site.stage.environment, stdin=nothing, stdout=said, stderr=said
                )
        self._began = time.monotonic()
        self.parts: dict[psutil.Process, tuple[str, float]] = {}
        """Every plugin seen, which part it is, and since when."""

    def look(self) -> None:
        """Meet the plugins that have begun."""
        with suppress(psutil.Error):
            for child, command in self._children():
                if child not in self.parts and (part := victim_of(command)):
                    self.parts[child] = (part, time.monotonic())

    def _children(self) -> Iterator[tuple[psutil.Process, list[str]]]:
        if self.site.cradle:
            for pid, name in self.site.cradle.born[self._born_before :]:
                with suppress(psutil.Error):
                    yield psutil.Process(pid), [name]
            return
        for child in psutil.Process(self.process.pid).children():
            yield child, child.cmdline()

    def watch(self, lives: Lives, attack: Attack | None, meanwhile: Callable[[float], object]) -> Seen:
        """To the end, and until nothing of it runs any more; `meanwhile` is told the seconds since the beginning."""
        seen = Seen()
        due_s = attack.share * lives.typical_s(attack.victim) if attack else 0.0
        ended: set[psutil.Process] = set()
        while self.process.poll() is None:
            self.look()
            now = time.monotonic()
            meanwhile(now - self._began)
            for part in self.parts.keys() - ended:
                if not _lives(part):
                    ended.add(part)
                    if attack is None:
                        lives.note(self.parts[part][0], now - self.parts[part][1])
            if attack is not None and seen.hit_after_s is None:
                seen.hit_after_s = self._strike(attack, due_s, now)
            if now - self._began > PATIENCE_S:
                self.process.kill()
                seen.said = "Meltano did not end"
            time.sleep(LOOK_S)
        seen.code, seen.seconds = self.process.returncode, time.monotonic() - self._began
        if attack is None and not seen.code:
            lives.note("meltano", seen.seconds)
        seen.lingered = list(self._reaped())
        entries = self.site.stage.journal(self.since)["entries"]
        seen.calls, seen.writes = len(entries), sum(map(is_write, entries))
        seen.said += self._log.read_text(errors="replace")
        return seen

    def _strike(self, attack: Attack, due_s: float, now: float) -> float | None:
        if attack.victim in {"meltano", "all"}:
            if now - self._began < due_s:
                return None
            self.process.send_signal(attack.sign)
            for part in self.parts if attack.victim == "all" else ():
                with suppress(psutil.Error):
                    part.send_signal(attack.sign)
            return now - self._began
        for part, (name, since) in self.parts.items():
            if name == attack.victim and now - since >= due_s and _lives(part):
                with suppress(psutil.Error):
                    part.send_signal(attack.sign)
                    return now - since
        return None

    def _reaped(self) -> Iterator[str]:
        """What runs on without Meltano is waited for, and ended when it does not end."""
        self.look()
        for one in psutil.wait_procs(list(self.parts), timeout=LAST_WORDS_S)[1]:
            if _lives(one):
                yield self.parts[one][0]
                one.kill()
        psutil.wait_procs(list(self.parts), timeout=10)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.Error:
        return False


class Chaos:
    """Rounds of a seed, and what was seen in them."""

    def __init__(self, site: Grounds, seed: int, tell: Callable[[str], object] = print) -> None:
        self.site, self.seed, self.tell = site, seed, tell
        self.company = Company(site)
        self.lives = Lives()
        self.counts: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.broken: list[str] = []

    def play(self, rounds: int, every: int = 10) -> None:
        """All of it; what is wrong stands in `broken` in the end."""
        self.company.begin()
        self.peace("the beginning", thorough=False)
        self.site.stage.control("POST", "latency", {"seconds": LATENCY_S})
        for number in range(1, rounds + 1):
            self.round(number)
            if number % every == 0:
                self.peace(f"round {number}", thorough=number == rounds)

    def round(self, number: int) -> None:
        """Edits, a run, a kill."""
        dice = random.Random(f"{self.seed} {number}")  # noqa: S311 - nothing is guarded by it
        began = time.monotonic()
        for _ in range(dice.randint(1, 3)):
            self.company.act(dice)
        task = dice.choice(sorted(TASKS))
        sign = signal.SIGTERM if dice.random() < SHARE_OF_TERMS else signal.SIGKILL
        attack = Attack(dice.choice(VICTIMS), sign, dice.random())
        at = sorted(dice.random() * self.lives.typical_s("meltano") for _ in range(dice.choice([0, 1, 2])))

        def edit(now_s: float) -> None:
            if at and now_s >= at[0]:
                at.pop(0)
                self.company.act(dice, meanwhile=True)

        seen = Run(self.site, TASKS[task].split()).watch(self.lives, attack, edit)
        self._note(number, task, attack, seen)
        self.seconds.append(time.monotonic() - began)

    def _note(self, number: int, task: str, attack: Attack, seen: Seen) -> None:
        who = f"{attack.sign.name} {attack.victim}"
        self.counts["rounds"] += 1
        if seen.hit_after_s is None:
            self.counts["ended before"] += 1
        else:
            self.counts[who] += 1
            self.counts["runs that called"] += seen.calls > 0
            self.counts["runs in which something was written"] += seen.writes > 0
        self.counts.update({f"lingered {part}": 1 for part in seen.lingered})
        if "An unexpected error" in seen.said or "Meltano did not end" in seen.said:
            self.broken.append(f"round {number}: {task}, {who}: {seen.said[-3000:]}")
        hit = "ended before" if seen.hit_after_s is None else f"after {seen.hit_after_s:.1f} s"
        self.tell(
            f"{number:4} {task:15} {who:16} {hit:13} exit {seen.code:4} {seen.calls:3} calls {seen.writes:2} writes {seen.seconds:5.1f} s {' '.join(seen.lingered)}"
        )

    def peace(self, when: str, *, thorough: bool = True) -> None:
        """Nobody edits, nothing goes wrong: two cycles at most until all is well, and then one that writes nothing."""
        self.site.stage.control("POST", "latency", {"seconds": 0})
        found: list[str] = ["not looked"]
        cycles = 0
        while cycles < CYCLES and (found or thorough):
            self._cycle(when)
            found = list(self.company.complaints())
            cycles += 1
        self.counts["cycles until all is well, at most"] = max(self.counts["cycles until all is well, at most"], cycles)
        if thorough and (writes := self._cycle(when)):
            found.append(f"not silent: the third quiet cycle made {writes} writes")
        found += self._ledger()
        self.counts["peace"] += 1
        self.counts["duplicates"] += sum(one.startswith("duplicate") for one in found)
        self.broken += [f"{when}: {one}" for one in found]
        self.tell(f"     peace after {when}: {found or 'all is well'} ({cycles} cycles)")
        self.site.stage.control("POST", "latency", {"seconds": LATENCY_S})

    def _cycle(self, when: str) -> int:
        seen = Run(self.site, list(JOBS)).watch(self.lives_of_jobs, None, lambda _s: None)
        if seen.code:
            self.broken.append(f"{when}: a quiet cycle ended with exit code {seen.code}: {seen.said[-3000:]}")
        return seen.writes

    @property
    def lives_of_jobs(self) -> Lives:
        """Lives of plugins count for the rounds, that of a Meltano with all jobs is divided among its pipelines."""
        jobs = Lives(self.lives.seconds)
        note = jobs.note
        jobs.note = lambda part, s: note(part, s if part != "meltano" else s / (len(TASKS) + 1) + 1.0)  # type: ignore[method-assign]
        return jobs

    def _ledger(self) -> Iterator[str]:
        with closing(self.site.ledger()) as ledger:
            broken = ledger.verify()
            if broken is not None:
                yield f"ledger: the chain of history is broken at {broken}"
            for run in ledger.runs(last=10_000):
                self.counts[f"runs of targets: {run.status}"] += 0
                for stream, counted in run.counts.items():
                    if (
                        stream != "_end"
                        and run.status != "running"
                        and counted.get("read", 0) != sum(counted.get(one, 0) for one in OUTCOMES)
                    ):
                        yield f"unbalanced: {run.plugin} {stream} {counted}"
