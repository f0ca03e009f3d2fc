"""One process of a pipeline is killed, or asked to stop, while it works: the next run completes what it left."""

import random
import signal

import pytest
from chaos.conftest import TASK
from chaos.pipes import PARTS, Pipe

SEED = 6


def ended_well(outcome):
    """Without a traceback, whatever the exit code."""
    return "Traceback" not in outcome.err and "unexpected error" not in outcome.err


@pytest.mark.parametrize("moment", ["the first moment", "a later moment"])
@pytest.mark.parametrize("part", PARTS)
def test_what_a_killed_process_left_the_next_run_completes_and_nothing_is_there_twice(
    stocked, all_is_well, part, moment
):
    dice = random.Random(f"{SEED} {part}")  # noqa: S311 - nothing is guarded by it
    first = 3 if part == "target" else 1
    at = first if moment == "the first moment" else dice.randint(first, 4)
    pipe = Pipe(stocked, TASK)
    assert pipe.when(lambda: pipe.calls() >= at, lambda: pipe.send(part, signal.SIGKILL))
    outcomes = pipe.end()
    others = [one for one, name in zip(outcomes, PARTS, strict=True) if name != part]
    assert all(map(ended_well, others)), [one.err for one in others]
    all_is_well()


@pytest.mark.parametrize("part", PARTS)
def test_a_process_that_is_asked_to_stop_ends_in_order_and_the_next_run_completes(stocked, all_is_well, part):
    pipe = Pipe(stocked, TASK)
    assert pipe.when(lambda: pipe.calls() >= 2, lambda: pipe.send(part, signal.SIGTERM))
    outcomes = pipe.end()
    assert all(map(ended_well, outcomes)), [one.err for one in outcomes]
    all_is_well()
