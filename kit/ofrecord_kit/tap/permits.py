"""The scopes a tap needs: compared with the token's before any record is read, and said by `--about`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from singer_sdk.about import AboutFormatter, AboutInfo

from ofrecord_kit.errors import PermissionMissing, sentence
from ofrecord_kit.tap.stream import VendorStream
from ofrecord_kit.vendors.scopes import missing_scopes, of_streams, wider_scopes

if TYPE_CHECKING:
    from ofrecord_kit.tap.plugin import VendorTap

_NAMED = 10


def check_scopes(tap: VendorTap) -> None:
    """Say of each chosen stream that lacks a scope that it cannot be read, and once that the token allows more than is read.

    Effects: the token of the run. Where the accounts server does not say what it granted, the first refused call does.
    """
    needed = {
        name: list(stream.scopes)
        for name, stream in tap.streams.items()
        if isinstance(stream, VendorStream) and stream.selected and stream.scopes
    }
    granted = tap.client.scopes() if needed else None
    if granted is None:
        return
    for name, wanted in needed.items():
        if lacking := missing_scopes(granted, wanted):
            tap.cannot_read(name, _not_granted(lacking), lacking)
    if wider := wider_scopes(granted, (scope for wanted in needed.values() for scope in wanted)):
        tap.logger.warning(
            "The token allows more than the chosen streams need: %s%s. Grant one that allows no more (`--about` lists "
            "what each stream needs), unless targets share it.",
            ", ".join(wider[:_NAMED]),
            f" and {len(wider) - _NAMED} more" if len(wider) > _NAMED else "",
        )


def _not_granted(lacking: list[str]) -> PermissionMissing:
    return PermissionMissing(
        sentence(
            f"The token was not granted {' and '.join(lacking)}",
            where="refresh_token",
            expected="a token with the scopes of every chosen stream",
            remedy="Grant them, or leave the stream out.",
        )
    )


def about(tap: type[VendorTap], info: AboutInfo, output_format: str) -> str:
    """What the SDK says about a plugin, and the scopes each stream needs."""
    said = AboutFormatter.get_formatter(output_format).format_about(info)
    scopes = of_streams(tap.system)
    match output_format:
        case "json":
            return json.dumps({**json.loads(said), "scopes": scopes}, indent=2)
        case "markdown":
            rows = "".join(f"| {name} | {', '.join(f'`{one}`' for one in ones)} |\n" for name, ones in scopes.items())
            return f"{said}\n## Scopes\n\n| Stream | OAuth scopes |\n|:-------|:-------------|\n{rows}"
        case _:
            return f"{said}Scopes:\n" + "".join(f"  - {name}: {', '.join(ones)}\n" for name, ones in scopes.items())
