"""The command `ofrecord-sandbox`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ofrecord_sandbox import assemble, oauth, serve
from ofrecord_sandbox.world import Limits, World


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code (2: wrong usage, port taken, data missing)."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.action(given))
    except (ValueError, OSError) as error:
        print(f"ofrecord-sandbox: {error}", file=sys.stderr)  # noqa: T201 - a command speaks on its error stream
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ofrecord-sandbox", description="A local stand-in for CRM, Inventory and Books."
    )
    commands = parser.add_subparsers(required=True)
    serving = commands.add_parser("serve", help="answer on loopback until stopped")
    serving.add_argument("--port", type=int, default=0, help="0 (default) takes a free port")
    serving.add_argument("--limits", choices=("vendor", "off"), default="vendor", help="the vendors' limits, or none")
    serving.set_defaults(action=_serve)
    seeding = commands.add_parser("seed", help="plant a seed company into a database file, replacing its content")
    seeding.set_defaults(action=_seed)
    emptying = commands.add_parser("reset", help="empty a database file")
    emptying.set_defaults(action=_reset)
    for command, needs_file in ((serving, False), (seeding, True), (emptying, True)):
        command.add_argument("--db", type=Path, required=needs_file, help="SQLite file; without it, memory")
    for command, default in ((serving, "none"), (seeding, "demo")):
        command.add_argument("--seed", choices=assemble.SEEDS, default=default, help="which company to plant")
        command.add_argument("--data", type=Path, help="folder of the data set for --seed adventureworks")
    return parser


def _serve(given: argparse.Namespace) -> int:
    try:
        bound = serve.listen(given.port)
    except OSError as error:
        msg = f"port {given.port} on {serve.HOST} cannot be used ({error.strerror}); choose another --port, or 0"
        raise ValueError(msg) from error
    world = assemble.new_world(given.db)
    if given.limits == "off":
        world.limits = Limits.off()
    if given.seed != "none" and not assemble.is_planted(world):
        assemble.seed(world, given.seed, given.data)
    serve.run(world, bound, lambda: _announce(world))
    return 0


def _announce(world: World) -> None:
    lines = [
        f"ready {world.base_url}",
        f"export OFRECORD_API_URL={world.base_url}",
        f"export OFRECORD_ACCOUNTS_URL={world.base_url}",
        f"export OFRECORD_CLIENT_ID={oauth.CLIENT_ID}",
        f"export OFRECORD_CLIENT_SECRET={oauth.CLIENT_SECRET}",
        f"export OFRECORD_REFRESH_TOKEN={oauth.REFRESH_TOKEN}",
        f"export OFRECORD_ORGANIZATION_ID={oauth.ORGANIZATION_ID}",
    ]
    print("\n".join(lines), flush=True)  # noqa: T201 - the announcement is the interface


def _seed(given: argparse.Namespace) -> int:
    assemble.seed(assemble.new_world(given.db), given.seed, given.data)
    return 0


def _reset(given: argparse.Namespace) -> int:
    assemble.seed(assemble.new_world(given.db), "none", None)
    return 0
