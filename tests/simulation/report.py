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


STEPS = {
    "Create": "things made",
    "Edit": "edits by people between jobs",
    "edits meanwhile": "edits by people while a job ran",
    "Remark": "edits of fields no rule names",
    "Delete": "things deleted",
    "Order": "quotes accepted",
    "Lose": "losses of ledger, state or tokens",
}
"""Steps and counts that have a name in the table; any other is shown under its own."""
OURS = {"runs", "calls", "held", "mishaps", "deaths", "broken", "Run", "Wait"}


def table(counts: Counter[str], worlds: int, seconds: float) -> str:
    """Of many worlds, played in so many seconds of processor time."""
    kinds = {name: number for name, number in counts.items() if name.startswith("mishap: ")}
    more = sorted(counts.keys() - STEPS.keys() - OURS - kinds.keys())
    said = {
        "worlds": worlds,
        "runs of a pipeline": counts["runs"],
        "calls to the vendors": counts["calls"],
        **{words: counts[name] for name, words in STEPS.items()},
        **{name: counts[name] for name in more},
        "mishaps on the line": counts["mishaps"],
        **{f"  {name.removeprefix('mishap: ')}": number for name, number in sorted(kinds.items())},
        "plugins killed": counts["deaths"],
        "records held for a person at the end": counts["held"],
        "worlds in which something was broken": counts["broken"],
    }
    lines = [f"{what:<40}{number:>9}" for what, number in said.items() if number or what.startswith("worlds")]
    return "\n".join([*lines, f"{'worlds in a second of one processor':<40}{worlds / max(seconds, 0.001):>9.2f}"])
