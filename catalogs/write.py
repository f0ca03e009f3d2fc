# ruff: noqa: INP001 - a program beside its output
"""Writes the catalogs of all taps from what they discover on an empty sandbox with the shipped custom fields."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from ofrecord_kit.tap import VendorTap
from ofrecord_kit.testing.sandbox import Sandbox, running_sandbox
from tap_books.tap import TapBooks
from tap_crm.tap import TapCrm
from tap_inventory.tap import TapInventory

TAPS: tuple[type[VendorTap], ...] = (TapCrm, TapInventory, TapBooks)


def catalog_of(tap: type[VendorTap], sandbox: Sandbox, state_dir: Path) -> str:
    """The catalog a tap discovers, as text ending in a newline."""
    discovered = tap(config=sandbox.config(state_dir)).catalog_dict
    return json.dumps(discovered, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every catalog beside this file."""
    with tempfile.TemporaryDirectory() as folder, running_sandbox() as sandbox:
        for tap in TAPS:
            text = catalog_of(tap, sandbox, Path(folder))
            (Path(__file__).parent / f"{tap.name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
