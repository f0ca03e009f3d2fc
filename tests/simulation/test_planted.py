"""Mistakes planted on purpose are noticed: what no world would notice, the worlds would not be worth playing for."""

from itertools import chain

import pytest
from simulation.planted import MISTAKES
from simulation.play import play
from simulation.story import story_of

MORE = 30
"""Seeds that are tried when the one that noticed does not any more: worlds change when something is added to them."""


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.what)
def test_a_planted_mistake_is_noticed_by_a_world(mistake):
    with mistake.planted():
        noticed = (seed for seed in chain([mistake.seed], range(MORE)) if play(story_of(seed)).broken)
        assert next(noticed, None) is not None, f"{MORE} worlds went by and nobody noticed"


def test_the_worlds_that_notice_a_mistake_are_whole_without_it():
    seeds = sorted({one.seed for one in MISTAKES} - set(range(16)))  # the others are played anyway
    assert [(seed, play(story_of(seed)).broken) for seed in seeds] == [(seed, []) for seed in seeds]
