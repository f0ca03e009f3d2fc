"""The ownership matrix as one page of HTML that needs nothing else: to read, to print, to pass round."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ofrecord.matrix import Row
    from ofrecord_transforms.rules import Rules

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; }
p { margin: .2rem 0 .6rem; } .quiet { opacity: .75; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #8886; }
th { border-bottom: 2px solid #888; white-space: nowrap; }
code { font-size: .92em; }
@media print { body { margin: 0; font-size: 10pt; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""
COLUMNS = (
    "Field", "Owner", "Received by", "Called", "Unit", "Changed on both sides", "Everywhere within", "Conversion", "Why",
    "Line",
)  # fmt: skip


def page(rules: Rules, shown: Sequence[Row]) -> str:
    """The whole page; every word of the rules is escaped."""
    entities = list(dict.fromkeys(row.entity for row in shown))
    links = " · ".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in entities)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Who owns each field</title><style>{_STYLE}</style></head><body>",
        "<h1>Who owns each field</h1>",
        f'<p class="quiet">{len(shown)} fields of {len(entities)} entities. Rules {escape(rules.hash[:19])}.</p>',
        f"<p>{links}</p>",
    ]
    for name in entities:
        parts += _section(rules, name, [row for row in shown if row.entity == name])
    return "\n".join([*parts, "</body></html>"])


def _section(rules: Rules, name: str, shown: Sequence[Row]) -> list[str]:
    entity = rules.entities[name]
    told = " · ".join(f"{role}: {escape(who)}" for role, who in entity.responsible.items())
    off = "" if entity.enabled else " (switched off)"
    why = f"<p>{escape(entity.why)}</p>" if entity.why else ""
    head = "".join(f'<th scope="col">{column}</th>' for column in COLUMNS)
    return [
        f'<h2 id="{escape(name)}">{escape(name)}{off}</h2>{why}<p class="quiet">{told}</p>',
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>',
        *(_line(row) for row in shown),
        "</tbody></table></div>",
    ]


def _line(row: Row) -> str:
    called = "<br>".join(f"{escape(system)}: <code>{escape(name)}</code>" for system, name in row.names.items())
    cells = [
        escape(row.owner), escape(", ".join(row.subscribers)), called, escape(row.unit or ""), escape(row.policy or ""),
        escape(row.cadence or ""), escape(row.conversion), escape(row.why or ""), f"<code>{escape(row.rule)}</code>",
    ]  # fmt: skip
    return f'<tr><th scope="row">{escape(row.field)}</th>' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
