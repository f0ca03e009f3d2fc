"""The whole chain under `meltano run`, beside the same chain made of the SDK's defaults. Part of benchmarks/targets.py.

Items of the canned server go to its products: `tap-inventory | own-products-inventory-to-crm | target-crm` beside a `RESTStream` with the
SDK's defaults, `meltano-map-transform` with the same fields, and a `BatchSink` that makes the calls ours makes. Items have all that the catalog
of tap-inventory knows of them.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import requests
import yaml
from targets_input import BIN, HERE, NARROW, ROOT, RULES, item_lines
from targets_run import (
    LOGIN,
    Promise,
    Used,
    bare_environment,
    canned,
    machine,
    median,
    paired,
    say,
    table,
    used,
)

PEER = HERE / ".venv/bin/meltano-map-transform"
OURS, SDK, NOTHING = "ours", "sdk", "nothing"
CHAINS = {
    OURS: ("tap-inventory", "own-products", "target-crm"),
    SDK: ("tap-plain", "plain-products", "target-plain"),
    NOTHING: ("tap-cat", "cat-products", "target-cat"),
}
"""The last one only hands lines on: what is left is what Meltano takes itself."""
TURNS = ("first load", "everything read again, nothing changed", "one field changed of every item")
FEW, PROMISED = 200, 5
FIELDS = {
    "Inventory_ID": "record['item_id']",
    "Product_Name": "record['name']",
    "Product_Code": "record['sku']",
    "Unit_Price": "float('%.2f' % record['rate'])",
    "Weight_g": "float(record['package_details']['weight']) * 1000",
    "Qty_in_Stock": "int(record['actual_available_stock'])",
    "Unit_Of_Measure": "record['unit']",
    "Product_Active": "bool(record['status'] == 'active')",
    "EAN": "record['ean']",
    "Reorder_Level": "int(record['reorder_level'])",
    "Taxable": "bool(record['is_taxable'])",
    "Description": "record['description']",
}


def project(folder: Path, url: str, lines: Path) -> dict[str, str]:
    """A Meltano project with both chains; the environment to run it in."""
    folder.mkdir()
    shutil.copytree(ROOT / "rules", folder / "rules")
    catalog = json.loads((folder / "rules/catalog/tap-inventory.json").read_text(encoding="utf-8"))
    schema = next(one["schema"] for one in catalog["streams"] if one["tap_stream_id"] == "items")
    (folder / "items.json").write_text(json.dumps(schema), encoding="utf-8")
    tools = folder / "bin"
    tools.mkdir()
    for name, command in {
        "tap-plain": [sys.executable, HERE / "sdk_peers.py", "tap"],
        "target-plain": [sys.executable, HERE / "sdk_peers.py", "careful"],
        "map-plain": [PEER],
        "map-cat": ["cat; :"],
        "target-cat": ["cat > /dev/null; :"],
        "tap-cat": [f"cat {lines}; :"],
    }.items():
        script = tools / name
        script.write_text(f'#!/bin/sh\n{" ".join(str(word) for word in command)} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    address = {"api_url": url, "accounts_url": url}
    ours = {**address, **LOGIN, "organization_id": "1", "state_dir": str(folder / "state"), "calls_per_minute": 0}
    reads = {"capabilities": ["catalog", "state", "about", "discover"]}
    maps = {"items": {**FIELDS, "__alias__": "product", "__key_properties__": ["Inventory_ID"], "__else__": "__NULL__"}}
    said = {
        "default_environment": "bench", "project_id": "bench", "send_anonymous_usage_stats": False,
        "cli": {"disable_version_check": True}, "venv": {"backend": "uv"}, "environments": [{"name": "bench"}],
        "plugins": {
            "extractors": [
                _plugin("tap-inventory", {**ours, "streams": ["items"]}, catalog="rules/catalog/tap-inventory.json", **reads),
                _plugin("tap-plain", {**address, "schema": str(folder / "items.json")}, catalog="plain.json", **reads),
                _plugin("tap-cat", {}),
            ],
            "mappers": [
                {"name": "ofrecord-mapper", "namespace": "m", "executable": "ofrecord-mapper", "mappings": [{"name": "own-products", "config": RULES[NARROW]}]},
                {"name": "map-plain", "namespace": "p", "executable": "map-plain", "mappings": [{"name": "plain-products", "config": {"stream_maps": maps}}]},
                {"name": "map-cat", "namespace": "c", "executable": "map-cat", "mappings": [{"name": "cat-products", "config": {}}]},
            ],
            "loaders": [_plugin("target-crm", {**ours, "ledger": str(folder / "ledger.db")}), _plugin("target-plain", address), _plugin("target-cat", {})],
        },
    }  # fmt: skip
    (folder / "meltano.yml").write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")
    _write_catalog(folder, schema)
    return bare_environment(
        PATH=f"{tools}:{BIN}:/usr/bin:/bin", MELTANO_PROJECT_ROOT=str(folder), OFRECORD_YES="1", NO_COLOR="1"
    )


def _plugin(name: str, config: dict[str, object], **more: object) -> dict[str, object]:
    settings = [{"name": one, "kind": "integer" if isinstance(value, int) else "array" if isinstance(value, list) else "string"} for one, value in config.items()]  # fmt: skip
    return {"name": name, "namespace": name.replace("-", "_"), "executable": name, **more, "settings": settings, "config": config}  # fmt: skip


def _write_catalog(folder: Path, schema: object) -> None:
    """So that neither tap is started twice."""
    stream = {
        "tap_stream_id": "items", "stream": "items", "schema": schema, "key_properties": ["item_id"], "replication_key": "last_modified_time",
        "metadata": [{"breadcrumb": [], "metadata": {"inclusion": "available", "selected": True}}],
    }  # fmt: skip
    (folder / "plain.json").write_text(json.dumps({"streams": [stream]}), encoding="utf-8")


def turns(place: Path, chain: str, items: int) -> list[Used]:
    """Each turn once, in a project of its own."""
    folder, found = place / "chain", []
    with canned(place, items=items) as url:
        environment = project(folder, url, item_lines(place / "items.jsonl", items, 0))
        for turn in TURNS:
            if turn == TURNS[-1]:
                requests.post(f"{url}/_bench/bump", timeout=60).raise_for_status()
            command = [BIN / "meltano", "run", "--full-refresh", *CHAINS[chain]]
            found.append(used(command, environment, cwd=folder))
        sent = requests.get(f"{url}/_bench/calls", timeout=60).json()
        if chain != NOTHING and not sent.get("POST /crm/v8/Products/upsert"):
            message = f"{chain} wrote nothing: {folder}"
            raise RuntimeError(message)
    shutil.rmtree(folder)
    return found


def measured(place: Path, rounds: int, items: int) -> Iterator[str]:
    """Rows of a table, then what was promised."""
    taken: dict[tuple[str, int], list[list[Used]]] = {(chain, size): [] for chain in CHAINS for size in (FEW, items)}
    for number in range(rounds):
        say(f"chain, turn {number + 1} of {rounds}")
        for chain in CHAINS:
            for size in (FEW, items):
                taken[chain, size].append(turns(place, chain, size))
    yield "| `meltano run` | ours: s of processor time (on the clock) | SDK defaults | Meltano alone | times as little processor time | on the clock |"
    yield "|---|---|---|---|---|---|"
    promises = []
    for place_of, turn in enumerate(TURNS):
        cpu = {chain: [one[place_of].cpu_s for one in taken[chain, items]] for chain in CHAINS}
        wall = {chain: [one[place_of].wall_s for one in taken[chain, items]] for chain in CHAINS}
        more = {
            chain: [
                long[place_of].cpu_s - short[place_of].cpu_s
                for long, short in zip(taken[chain, items], taken[chain, FEW], strict=True)
            ]
            for chain in CHAINS
        }
        told = " | ".join(f"{median(cpu[chain]):.1f} ({median(wall[chain]):.1f})" for chain in CHAINS)
        yield f"| {turn} | {told} | {paired(cpu[SDK], cpu[OURS])} | {paired(wall[SDK], wall[OURS])} |"
        times = median([one / other for one, other in zip(more[SDK], more[OURS], strict=True)])
        promises.append(
            Promise(f"{turn}: times as little processor time, start left out", paired(more[SDK], more[OURS]), f"at least {PROMISED}", times >= PROMISED)
        )  # fmt: skip
        alone = {chain: [one - two for one, two in zip(more[chain], more[NOTHING], strict=True)] for chain in (OURS, SDK)}  # fmt: skip
        promises.append(Promise(f"{turn}: the same without what Meltano takes itself", paired(alone[SDK], alone[OURS])))
        each = ", ".join(f"{median(more[chain]) / (items - FEW) * 1e6:.0f}" for chain in CHAINS)
        promises.append(Promise(f"{turn}: µs an item, ours, SDK defaults, Meltano alone", each))
    yield ""
    yield table("the whole chain", promises)


def text(place: Path, rounds: int, items: int) -> str:
    """The part `chain`."""
    if not PEER.exists():
        sys.exit("benchmarks/.venv holds no meltano-map-transform. `make bench ONLY=targets` installs it.")
    rows = "\n".join(measured(place, rounds, items))
    return f"{items:,} items, median of {rounds} turns; {machine()}.\n\n{rows}"
