"""What is said of worlds: a story in plain words, and a table of many."""

from collections import Counter

from simulation.shrink import shrunk
from simulation.stage import Played


def told(played: Played, *, shrink: bool = True) -> str:
    """The story of a seed that broke something, as short as it could be made, and how to see it again."""
    least = shrunk(played) if shrink else played
    return "\n".join(
        [
            str(least.story),
            "When everybody had stopped and nothing went wrong any more:",
            *(f"  - {one}" for one in least.broken),
            f"The whole story has {len(played.story.steps)} steps. Again: python -m pytest tests/simulation --seed {played.story.seed}",
        ]
    )


def table(counts: Counter[str], worlds: int, seconds: float) -> str:
    """Of many worlds."""
    edits = counts["Edit"] + counts["edits meanwhile"] + counts["Remark"]
    said = {
        "worlds": worlds,
        "runs of a pipeline": counts["runs"],
        "calls to the vendors": counts["calls"],
        "edits by people": edits,
        "of these while a job ran": counts["edits meanwhile"],
        "things made": counts["Create"],
        "quotes accepted": counts["Order"],
        "things deleted": counts["Delete"],
        "losses of ledger, state or tokens": counts["Lose"],
        "mishaps on the line": counts["mishaps"],
        "plugins killed": counts["deaths"],
        "records held for a person at the end": counts["held"],
        "worlds in which something was broken": counts["broken"],
    }
    lines = [f"{what:<40}{number:>9}" for what, number in said.items()]
    return "\n".join([*lines, f"{'worlds in a second of processor time':<40}{worlds / seconds:>9.2f}"])
