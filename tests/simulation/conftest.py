"""Which worlds are played: `--seed 123` one, `--seeds 0:300` or OFRECORD_SEEDS many."""

import os
from pathlib import Path

import pytest

SEEDS = "0:50"
"""What `make test` plays."""
SHARES = ("test_worlds", "test_worlds_second", "test_worlds_third")
"""Files that play every third world each, so that several workers of a test run have something to do."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="play the world of one seed")
    parser.addoption("--seeds", help="play the worlds of seeds, such as 0:300")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file none of whose worlds are to be played is left out; it would be skipped otherwise."""
    return (collection_path.stem in SHARES and not _seeds(config, collection_path.stem)) or None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", _seeds(metafunc.config, metafunc.module.__name__.rpartition(".")[2]))


def _seeds(config: pytest.Config, file: str) -> list[int]:
    one = config.getoption("--seed", default=None)
    said = config.getoption("--seeds", default=None) or os.environ.get("OFRECORD_SEEDS") or SEEDS
    first, _, last = said.partition(":")
    wanted = [one] if one is not None else range(int(first), int(last))
    return [seed for seed in wanted if seed % len(SHARES) == SHARES.index(file)]
