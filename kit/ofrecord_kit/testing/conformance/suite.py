"""The suite as a class of tests for pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import ClassVar

import pytest

from ofrecord_kit.testing.conformance.bench import Bench, running_bench
from ofrecord_kit.testing.conformance.case import Case
from ofrecord_kit.testing.conformance.cases import CASES
from ofrecord_kit.testing.conformance.report import checked, judge
from ofrecord_kit.testing.conformance.wiring import Wiring


class Conformance:
    """Subclass it and set `wiring`; every case is a test, and one that is not claimed is skipped with its reason."""

    wiring: ClassVar[Callable[[], AbstractContextManager[Wiring]]]
    """A context manager function that yields the wiring, with the system running; set it as `staticmethod(…)`."""

    @pytest.fixture(scope="class")
    @classmethod
    def bench(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
        """The target, the system and the proxy between them, for all tests of the class."""
        folder = tmp_path_factory.mktemp("conformance") / "runs"
        with cls.wiring() as wiring, running_bench(checked(wiring), folder) as made:
            yield made

    @pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
    def test_the_target_keeps(self, bench: Bench, case: Case) -> None:
        """One promise."""
        verdict = judge(bench, case)
        if verdict.outcome == "not claimed":
            pytest.skip(f"not claimed: {verdict.reason}")
        assert verdict.outcome == "passed", f"{case.title} Seen: {verdict.reason}"  # noqa: S101 - a test
