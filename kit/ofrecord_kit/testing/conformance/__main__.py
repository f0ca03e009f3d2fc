"""The suite as a command: ``python -m ofrecord_kit.testing.conformance my_wiring.py:wiring``."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from ofrecord_kit.testing.conformance.cases import CASES
from ofrecord_kit.testing.conformance.report import Report, Verdict, run
from ofrecord_kit.testing.conformance.wiring import Wiring, WiringProblem

_NOT_CONFORMING, _NOT_RUN = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """0: the target keeps what it claims. 1: it does not. 2: the suite could not be run."""
    parser = argparse.ArgumentParser(
        prog="python -m ofrecord_kit.testing.conformance",
        description="Prove what a Singer target for a REST system promises. Exit 0: it keeps what it claims; "
        "1: it does not; 2: the suite could not be run.",
        epilog="example: python -m ofrecord_kit.testing.conformance tests/my_wiring.py:wiring --json report.json",
    )
    parser.add_argument(
        "wiring",
        help="FILE.py:NAME or MODULE:NAME of a Wiring, of a function that returns one, or of a context manager that yields one",
    )
    parser.add_argument(
        "--json", metavar="FILE", help="write the report as JSON, too; - writes it in place of the text"
    )
    parser.add_argument("--only", metavar="CASE", action="append", help="prove this case alone; can be repeated")
    given = parser.parse_args(arguments)
    try:
        report = _prove(given.wiring, given.only, quiet=given.json == "-")
    except WiringProblem as problem:
        sys.stderr.write("".join(f"{line}\n" for line in problem.problems))
        return _NOT_RUN
    _write(report, given.json)
    return 0 if report.conforms else _NOT_CONFORMING


def _prove(name: str, only: Sequence[str] | None, *, quiet: bool) -> Report:
    unknown = sorted(set(only or ()) - {one.name for one in CASES})
    if unknown:
        known = ", ".join(one.name for one in CASES)
        message = f"--only: {', '.join(unknown)} is not a case. Those are: {known}."
        raise WiringProblem(message)
    cases = [one for one in CASES if not only or one.name in only]

    def tell(verdict: Verdict) -> None:
        if not quiet:
            sys.stderr.write(f"{verdict.outcome:<12} {verdict.case} ({verdict.seconds:.1f} s)\n")

    with opened(name) as wiring:
        return run(wiring, cases, tell)


def _write(report: Report, place: str | None) -> None:
    if place != "-":
        sys.stdout.write(report.as_text() + "\n")
    if place is not None:
        text = json.dumps(report.as_json(), indent=2) + "\n"
        if place == "-":
            sys.stdout.write(text)
        else:
            Path(place).write_text(text, encoding="utf-8")


@contextmanager
def opened(name: str) -> Iterator[Wiring]:
    """The wiring of this name, with whatever it starts running. Raises WiringProblem."""
    place, separator, attribute = name.rpartition(":")
    if not separator:
        message = f"{name}: names no wiring. Write FILE.py:NAME or MODULE:NAME."
        raise WiringProblem(message)
    found = getattr(_module(place), attribute, None)
    if found is None:
        message = f"{place}: has no {attribute}. Name a Wiring, or a function that gives one."
        raise WiringProblem(message)
    made = found() if callable(found) else found
    if isinstance(made, AbstractContextManager):
        with made as entered:
            yield _wiring(entered, name)
    else:
        yield _wiring(made, name)


def _wiring(found: object, name: str) -> Wiring:
    if not isinstance(found, Wiring):
        message = f"{name}: gives a {type(found).__name__} and not a Wiring. Return ofrecord_kit.testing.conformance.Wiring(…)."
        raise WiringProblem(message)
    return found


def _module(place: str) -> Any:
    if not place.endswith(".py"):
        try:
            return importlib.import_module(place)
        except ImportError as error:
            message = f"{place}: cannot be imported: {error}. Name a module on the path, or a file."
            raise WiringProblem(message) from error
    if not Path(place).is_file():
        message = f"{place}: there is no such file. Name the file that holds the wiring."
        raise WiringProblem(message)
    spec = importlib.util.spec_from_file_location(Path(place).stem, place)
    if spec is None or spec.loader is None:
        message = f"{place}: is not a Python file. Name one."
        raise WiringProblem(message)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit(main())
