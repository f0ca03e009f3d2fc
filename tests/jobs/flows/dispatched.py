"""What the tests of orders that left the desk share: a company with confirmed orders, and what others see of them."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from ofrecord_kit.testing import programs


def goods(company: Any, sku: str = "Q-1") -> tuple[str, str]:
    """An account and a product that both sides know; the ids in the CRM."""
    item = company.new_item(sku, "19.99", stock=10_000)
    account = company.crm_new("Accounts", Account_Name="Buyer AG")
    company.synced("products", "customers")
    return account, str(company.product_of(item)["id"])


def mails(company: Any) -> list[dict[str, Any]]:
    """What the vendor would have mailed."""
    found = company.stage.control("GET", "finance/mails")["mails"]
    assert isinstance(found, list)
    return found


def files(company: Any, deal: str) -> list[str]:
    """Names of the files beside a deal."""
    answer = company.people.ask("GET", f"/crm/v8/Deals/{deal}/Attachments", fields="id,File_Name,Size")
    return [one["File_Name"] for one in (answer or {}).get("data", [])]


def order_of(company: Any, quote: dict[str, Any]) -> dict[str, Any]:
    """The one order of a quote."""
    [order] = company.orders_of(quote["Quote_Number"])
    assert isinstance(order, dict)
    return order


def calls(company: Any, since: int, method: str, path: str) -> list[str]:
    """Calls the vendors answered since then, whose path begins so."""
    entries = company.stage.journal(since)["entries"]
    return [e["path"] for e in entries if e["method"] == method and e["path"].startswith(path)]


def messages(company: Any, task: str) -> list[dict[str, Any]]:
    """What a task of meltano.yml would send to its target; the target does not run and no bookmark moves."""
    tap, mapping, _target = task.split()
    executable, config = company.plugin(tap)
    first = company.command(executable, config, tap, company.stage.folder / "run" / f"state-{tap}.json")
    second = company.command("ofrecord-mapper", dict(company.mapping(mapping)), mapping)
    where = {"cwd": company.stage.folder, "environment": company.stage.environment}
    told = programs.run(first, **where)
    mapped = programs.run(second, said=told.stdout, **where)
    assert (told.returncode, mapped.returncode) == (0, 0), told.stderr + mapped.stderr
    return [json.loads(line) for line in mapped.stdout.splitlines()]


def killed_at_every_step(company: Any, target: str, sent: list[dict[str, Any]], entity: str, name: str) -> int:
    """A run of a target for each record of an entity, killed a step later each time, then made again; how many there were."""
    schema = next(one for one in sent if one["type"] == "SCHEMA" and one["stream"] == entity)
    records = [one for one in sent if one["type"] == "RECORD" and one["stream"] == entity]
    _executable, config = company.plugin(name)
    config.pop("__catalog", None)
    asked = company.stage.folder / "run" / f"killed-{name}.json"
    runs = [[schema, one] for one in records]
    asked.write_text(json.dumps({"target": target, "config": config, "runs": runs}))
    command = [sys.executable, "-m", "ofrecord_kit.testing.killed", str(asked)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=240, cwd=company.stage.folder,
        env={**company.stage.environment, "OFRECORD_RUN": "killed"},
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told, done.stderr
    assert [one["killed"] for one in told] == [True] * (len(told) - 1) + [False], "more records are needed"
    assert {one["code"] for one in told} == {0}, done.stderr
    return len(told)


class Hearer:
    """An address outside that hears webhooks on this machine. `statuses`: what it answers first; then 200."""

    def __init__(self, *statuses: int) -> None:
        self.heard: list[tuple[dict[str, str], dict[str, Any]]] = []
        left = list(statuses)
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                heard.append((dict(self.headers), body))
                self.send_response(left.pop(0) if left else 200)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Quiet."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/hooks/secret-path"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


def pdf_traces(content: bytes) -> list[bytes]:
    """How a PDF would be recognised where it does not belong."""
    return [b"%PDF-1", base64.b64encode(content)[:40]]
