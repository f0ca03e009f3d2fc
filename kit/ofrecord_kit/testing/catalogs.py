"""Writes the catalogs taps discover on an empty sandbox with the shipped custom fields, one file a tap.

``python -m ofrecord_kit.testing.catalogs rules/catalog tap-crm tap-inventory`` writes `rules/catalog/tap-crm.json` and
so on. The taps run as programs, as Meltano runs them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from ofrecord_kit.testing.sandbox import Sandbox, running_sandbox


def catalog_of(tap: str, sandbox: Sandbox, folder: Path) -> str:
    """The catalog the command `tap` discovers, as text ending in a newline; `folder` takes its settings and tokens.

    Raises:
        subprocess.CalledProcessError: the tap failed; it said why on standard error.
    """
    settings = folder / f"{tap}.json"
    settings.write_text(json.dumps(sandbox.config(folder / "state")), encoding="utf-8")
    program = Path(sys.executable).with_name(tap)
    command = [str(program), "--config", str(settings), "--discover"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - ours
    return json.dumps(json.loads(done.stdout), indent=2, ensure_ascii=False) + "\n"


def main(folder: str, *taps: str) -> None:
    """Write `<folder>/<tap>.json` for each tap."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, running_sandbox() as sandbox:
        for tap in taps:
            text = catalog_of(tap, sandbox, Path(scratch))
            (Path(folder) / f"{tap}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
