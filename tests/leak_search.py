"""Fails the run when a test left a secret somewhere: each worker searches at its end, the main process adds up. See `leaks`."""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from leaks import LEAKS

from ofrecord_kit.testing import programs

_KEY = pytest.StashKey[list[str]]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.stash[_KEY] = []
    run = programs.run

    def heard(*words, **options):
        done = run(*words, **options)
        LEAKS.heard(f"standard error of {done.args[0]}", done.stderr)
        return done

    programs.run = heard


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for title, said in report.sections:
        LEAKS.heard(f"{report.nodeid}: {title}", said, personal=True)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workerinput") or not config.pluginmanager.hasplugin("dsession"):
        LEAKS.search(left_behind(config))
        with suppress(FileNotFoundError):  # others' runs make and remove theirs
            LEAKS.search(Path(tempfile.gettempdir()).glob("ofrecord-lines-*"))
        config.stash[_KEY] += LEAKS.found
    if hasattr(config, "workerinput"):
        config.workeroutput["leaks"] = list(config.stash[_KEY])
    elif config.stash[_KEY]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def left_behind(config: pytest.Config) -> Iterator[Path]:
    """The temporary folder of this process."""
    base = config._tmp_path_factory._basetemp
    if base is not None:
        yield base


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    node.config.stash[_KEY] += getattr(node, "workeroutput", {}).get("leaks", [])
    if node.config.stash[_KEY]:
        node.config.pluginmanager.get_plugin("session").exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter) -> None:
    found = terminalreporter.config.stash[_KEY]
    if found:
        terminalreporter.section("secrets that tests left behind", red=True)
        for line in found:
            terminalreporter.line(line)
