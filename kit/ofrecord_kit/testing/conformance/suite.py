"""The suite as a class of tests for pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import ClassVar

import pytest

from ofrecord_kit.testing.conformance.bench import Bench, running_bench
from ofrecord_kit.testing.conformance.case import Case
from ofrecord_kit.testing.conformance.cases import CASES
from ofrecord_kit.testing.conformance.report import checked, judge
from ofrecord_kit.testing.conformance.wiring import Wiring


class Conformance:
    """Subclass it and set `wiring`; every case is a test, and one that the wiring does not claim is skipped with its reason."""

    wiring: ClassVar[Callable[[], AbstractContextManager[Wiring]]]
    """A context manager function that yields the wiring, with the system running; set it as `staticmethod(…)`."""

    not_claimed: ClassVar[Mapping[str, str]] = {}
    """As that of the wiring, for those who want no test for such a case in place of a skipped one."""

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        """One test for each case."""
        if "case" in metafunc.fixturenames:
            claimed = [case for case in CASES if case.name not in cls.not_claimed]
            metafunc.parametrize("case", claimed, ids=[case.name for case in claimed])

    @pytest.fixture(scope="class")
    @classmethod
    def bench(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
        """The target, the system and the proxy between them, for all tests of the class."""
        folder = tmp_path_factory.mktemp("conformance") / "runs"
        with cls.wiring() as said:
            wiring = replace(said, not_claimed={**said.not_claimed, **cls.not_claimed})
            with running_bench(checked(wiring), folder) as made:
                yield made

    def test_the_target_keeps(self, bench: Bench, case: Case) -> None:
        """One promise."""
        verdict = judge(bench, case)
        if verdict.outcome == "not claimed":
            pytest.skip(f"not claimed: {verdict.reason}")
        assert verdict.outcome == "passed", f"{case.title} Seen: {verdict.reason}"  # noqa: S101 - a test
