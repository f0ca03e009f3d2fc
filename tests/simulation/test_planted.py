"""Mistakes planted on purpose are noticed: what no world would notice, the worlds would not be worth playing for."""

from functools import cache
from itertools import chain

import pytest
from simulation.planted import MISTAKES
from simulation.planted_more import MORE
from simulation.play import play
from simulation.story import short_story

OTHERS = 25
"""Worlds that are tried when the one that noticed does not any more: they change when something is added to them."""


@cache
def is_whole(seed, about):
    return not play(short_story(seed, about)).broken


@pytest.mark.parametrize("mistake", MISTAKES + MORE, ids=lambda one: one.what)
def test_a_planted_mistake_is_noticed_by_a_world_that_is_whole_without_it(mistake):
    for number in chain([mistake.seed], range(OTHERS)):
        with mistake.planted():
            noticed = play(mistake.story(number)).broken
        if noticed and is_whole(number, mistake.about):
            return
    pytest.fail(f"{OTHERS} worlds went by and nobody noticed")
