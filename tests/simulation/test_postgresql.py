"""A world is the same whichever database is under the ledger."""

import pytest
from simulation.play import play
from simulation.story import short_story

WORLDS = [(0, ("orders",)), (3, ("account", "both", "answer")), (1, ("asks", "say yes", "product"))]


def called(played):
    """The calls, without the moments at which they were made: another driver looks at the clock more often."""
    return [line.partition(" ")[2] for line in played.asked]


@pytest.mark.parametrize(("number", "about"), WORLDS)
def test_a_world_is_played_on_postgresql_as_on_sqlite_call_by_call(number, about, postgresql, ledger_template):
    url = postgresql.new(ledger_template)
    story = short_story(number, about)
    there, here = play(story, ledger=url), play(story)
    postgresql.drop(url)
    assert (called(there), there.broken) == (called(here), [])
