"""Which worlds are played: `--seed 123` one, `--seeds 0:300` or OFRECORD_SEEDS many."""

import os

import pytest

SEEDS = "0:150"
"""What `make test` plays."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="play the world of one seed")
    parser.addoption("--seeds", help="play the worlds of seeds, such as 0:300")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" not in metafunc.fixturenames:
        return
    one = metafunc.config.getoption("--seed", default=None)
    said = metafunc.config.getoption("--seeds", default=None) or os.environ.get("OFRECORD_SEEDS") or SEEDS
    first, _, last = said.partition(":")
    metafunc.parametrize("seed", [one] if one is not None else range(int(first), int(last)))
