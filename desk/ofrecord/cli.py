"""The command `ofrecord`. A subcommand's module is imported when that subcommand runs, so that help is quick."""

import importlib
import importlib.util
from typing import Any

import typer
import typer.core
import typer.main

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("ofrecord.demo.command", "Sync a company on the local sandbox and edit it."),
    "check": ("ofrecord.check", "Name everything that is wrong with the rules."),
    "matrix": ("ofrecord.matrix", "Show who owns each field, and who receives it."),
    "setup": ("ofrecord.setup", "Show the custom fields the rules use, and make those that are missing."),
    "catalog": ("ofrecord.catalog", "Capture what the connected systems have, for check."),
    "scopes": ("ofrecord.scopes", "Show the least OAuth scopes the rules need."),
    "calls": ("ofrecord.calls", "Show the calls of the schedules beside the quota of the day."),
    "diff": ("ofrecord.diff", "Show what a change of the rules changes, also for recorded data."),
    "history": ("ofrecord.history", "Show the latest runs, what one of them did, or what happened to a record."),
    "held": ("ofrecord.held", "Show what was set aside, and why."),
    "answer": ("ofrecord.answering", "Decide about what was set aside, or list what can be answered."),
    "review": ("ofrecord.review", "Show conflicts and edits that wait for a decision, side by side."),
    "retry": ("ofrecord.answering", "Try a held record again in the next run."),
    "fix": ("ofrecord.answering", "Correct what is sent of a held record, once."),
    "drop": ("ofrecord.answering", "Give up what is held."),
    "approve": ("ofrecord.answering", "Let plans pass that are over the limits, or are first runs."),
    "ledger": ("ofrecord.ledger_care", "Check that history is whole; take old runs off the list."),
    "why": ("ofrecord.why", "Show why a field of a record holds what it holds."),
    "learn": ("ofrecord.learn", "Make the decision of one conflict a rule."),
    "links": ("ofrecord.links", "Show, export, import, rebuild and stamp the links between records."),
    "duplicates": ("ofrecord.duplicates", "Show which records are probably one thing, and which to keep."),
    "stock": ("ofrecord.promises.command", "Tell open quotes what can be promised of stock, as inventory has it now."),
    "audit": ("ofrecord.audit", "Show what is stale, unbalanced, unlinked, owed or held."),
    "quote-prices": ("ofrecord.quote_prices", "Give lines of open quotes the rates of their customer's price list."),
    "price-lists": ("ofrecord.price_lists", "Rank the biggest accounts that have no price list."),
    "orders": ("ofrecord.orders", "Show orders without a quote, and orders whose lines were changed."),
    "delays": ("ofrecord.delays", "Show how long documents took from their quote or deal, as percentiles."),
    "reconcile": ("ofrecord.reconcile", "Compare what was sold, ordered, invoiced and paid."),
}
"""Command → module that holds a function (or a group of commands) of the command's name, and what it does."""

EXAMPLES: dict[str, str] = {
    "demo": "ofrecord demo",
    "check": "ofrecord check --live",
    "matrix": "ofrecord matrix --entity order",
    "catalog": "ofrecord catalog --tap tap-crm",
    "scopes": "ofrecord scopes --line",
    "calls": "ofrecord calls --first account=1000",
    "diff": "ofrecord diff --against main",
    "why": "ofrecord why account/4150868000000376.phone",
    "learn": "ofrecord learn account/4150868000000376.phone",
    "ledger": "ofrecord ledger verify",
    "links": "ofrecord links show",
    "audit": "ofrecord audit --json",
    "quote-prices": "ofrecord quote-prices --dry-run",
    "price-lists": "ofrecord price-lists --most 10",
    "orders": "ofrecord orders --live --days 7",
    "delays": "ofrecord delays --days 7",
    "reconcile": "ofrecord reconcile --json",
}
"""Command → how it is called, for those whose help does not say it."""


class Lazy(typer.core.TyperGroup):
    """Lists commands from the table above; imports the one that runs."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands that are installed, in the order of the table."""
        del ctx
        return [name for name, (module, _) in COMMANDS.items() if _is_installed(module)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in that only knows its help line: enough for lists and suggestions."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return typer.core.TyperCommand(cmd_name, help=COMMANDS[cmd_name][1])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The real command, imported now."""
        name, command, rest = super().resolve_command(ctx, args)
        return (name, command, rest) if name is None else (name, _load(name), rest)


def _is_installed(module: str) -> bool:
    """Looks for the module without running it; its package is light."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _load(name: str) -> Any:
    function = getattr(importlib.import_module(COMMANDS[name][0]), name.replace("-", "_"))
    example = f"Example: {EXAMPLES[name]}" if name in EXAMPLES else None
    if isinstance(function, typer.Typer):  # a command with commands of its own
        group = typer.main.get_command(function)
        group.name, group.epilog = name, example
        return group
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(name, epilog=example)(function)
    return typer.main.get_command(single)


app = typer.Typer(
    cls=Lazy,
    name="ofrecord",
    help="Keep CRM, inventory and accounting in agreement: for every field one system is of record.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def root() -> None:
    """Keep CRM, inventory and accounting in agreement: for every field one system is of record."""


def main() -> None:
    """Entry of the command. An error nobody expected is told by its kind and places: its words, and typer's drawing, may quote a record."""
    from ofrecord_kit.defects import defects_told  # noqa: PLC0415 - imports nothing of ours but itself

    with defects_told("ofrecord", lambda line: typer.echo(line, err=True)):
        app()


if __name__ == "__main__":
    main()
