"""The shortest story that still breaks the same promise: steps, mishaps, deaths and edits are left out while it does."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from simulation.play import play
from simulation.stage import Played
from simulation.story import Story


def shrunk(played: Played, most: int = 60, play_: Callable[[Story], Played] = play) -> Played:
    """A shorter story with an invariant in common; at most `most` worlds are tried."""
    wanted = {one.invariant for one in played.broken}
    best, tried = played, 0
    is_shorter = True
    while is_shorter:
        is_shorter = False
        for story in _shorter(best.story):
            if tried == most:
                return best
            tried += 1
            again = _try(story, play_)
            if again is not None and wanted & {one.invariant for one in again.broken}:
                best, is_shorter = again, True
                break
    return best


def _try(story: Story, play_: Callable[[Story], Played]) -> Played | None:
    try:
        return play_(story)
    except AssertionError:  # a person was refused: the story makes no sense without the step that was left out
        return None


def _shorter(story: Story) -> Iterator[Story]:
    """Stories with less in them, the most left out first."""
    steps = story.steps
    size = len(steps) // 2
    while size:
        for start in range(0, len(steps), size):
            yield replace(story, steps=steps[:start] + steps[start + size :])
        size //= 2
    for place, step in enumerate(steps):
        for less in step.less():
            yield replace(story, steps=(*steps[:place], less, *steps[place + 1 :]))
    if any(story.skew_s):
        yield replace(story, skew_s=(0.0, 0.0))
