"""The settings all plugins share, described once, and `Connection`, their typed view.

A plugin composes its own list::

    config_jsonschema = th.PropertiesList(*settings.CONNECTION, *settings.FINANCE, *READING).to_dict()
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from singer_sdk import typing as th

from ofrecord_kit.errors import BadSettings
from ofrecord_kit.vendors.centres import accounts_of, api_of, centre_of

CONNECTION: tuple[th.Property[Any], ...] = (
    th.Property(
        "api_url",
        th.StringType,
        required=True,
        title="API address",
        description="Root of the vendor's API in your data centre, for example https://www.zohoapis.eu. "
        "The paths /crm/v8, /inventory/v1 and /books/v3 are added.",
    ),
    th.Property(
        "accounts_url",
        th.StringType,
        required=True,
        title="Accounts address",
        description="Root of the accounts server that issues tokens, in the same data centre, "
        "for example https://accounts.zoho.eu.",
    ),
    th.Property(
        "client_id",
        th.StringType,
        required=True,
        secret=True,
        title="Client id",
        description="Id of the OAuth client registered in the vendor's API console.",
    ),
    th.Property(
        "client_secret",
        th.StringType,
        required=True,
        secret=True,
        title="Client secret",
        description="Secret of that OAuth client.",
    ),
    th.Property(
        "refresh_token",
        th.StringType,
        required=True,
        secret=True,
        title="Refresh token",
        description="Refresh token the client was granted, with the scopes the rules need.",
    ),
    th.Property(
        "state_dir",
        th.StringType,
        default=".ofrecord",
        title="State folder",
        description="Folder for the token cache and the call counts, shared by all plugins of a project.",
    ),
    th.Property(
        "timeout_s",
        th.NumberType,
        default=60,
        title="Timeout (s)",
        description="Seconds to wait for an answer before a call counts as lost.",
    ),
    th.Property(
        "retry_wait_s",
        th.NumberType,
        default=2,
        title="First wait before a retry (s)",
        description="Seconds before the first retry; later waits grow. 0 never waits, for tests.",
    ),
)
"""Settings of every plugin."""

FINANCE: tuple[th.Property[Any], ...] = (
    th.Property(
        "organization_id",
        th.StringType,
        required=True,
        title="Organization id",
        description="Id of the organisation whose inventory and books are read or written.",
    ),
    th.Property(
        "calls_per_minute",
        th.IntegerType,
        default=80,
        title="Calls per minute",
        description="Calls a minute all processes together may make to the organisation (the vendor allows 100 "
        "for all its integrations). 0 means no pacing.",
    ),
)
"""Settings of plugins for inventory and books."""

BUDGET: tuple[th.Property[Any], ...] = (
    th.Property(
        "budget",
        th.StringType,
        secret=True,
        title="Call budget",
        description="Where the plugins of a project keep their common call budget. Empty: a file in the state folder. A "
        "PostgreSQL URL (postgresql://…): all machines that share it.",
    ),
    th.Property(
        "calls_per_day",
        th.IntegerType(minimum=0),
        default=0,
        title="Calls per day",
        description="Calls a day (of the CRM: credits within 24 hours) all processes together may make to the organisation. "
        "0: until the vendor itself says that the day's limit is reached.",
    ),
    th.Property(
        "calls_at_once",
        th.IntegerType(minimum=1, maximum=25),
        default=5,
        title="Calls at once",
        description="Calls under way at the same time, all processes of this budget together. 1 reads one after the other.",
    ),
    th.Property(
        "reserve",
        th.IntegerType(minimum=0, maximum=95),
        default=0,
        title="Reserve (%)",
        description="Share of the calls a minute and a day that this plugin leaves to others: a backfill with 30 stops when less "
        "than 30 % of the day is left, and stock still finds its share.",
    ),
)
"""Settings of every plugin: how calls are shared."""

WRITING: tuple[th.Property[Any], ...] = (
    th.Property(
        "ledger",
        th.StringType,
        default="ledger.db",
        title="Ledger",
        description="Path of the ledger's SQLite file, or a SQLAlchemy URL.",
    ),
    th.Property(
        "dry_run",
        th.BooleanType,
        default=False,
        title="Dry run",
        description="Decide and report, but write nothing to the vendor.",
    ),
    th.Property(
        "errors_allowed",
        th.StringType(pattern=r"^([0-9]+(\.[0-9]+)?%?)?$"),
        default="1%",
        title="Errors allowed",
        description="Records refused by the vendor, not convertible or failed that a run may have and still succeed: "
        "a share of the records read (`1%`) or a number (`0`).",
    ),
    th.Property(
        "approve",
        th.BooleanType,
        default=False,
        title="Approve",
        description="Carry the plan of this run out even if it is a first run or goes beyond its limits. The environment "
        "variable OFRECORD_YES=1 says the same for all targets of a command.",
    ),
    th.Property(
        "limits",
        th.ObjectType(
            th.Property("create", th.IntegerType, description="Most records created."),
            th.Property("update", th.IntegerType, description="Most records updated."),
            th.Property("delete", th.IntegerType, description="Most records deleted or switched off."),
        ),
        default={"delete": 20},
        title="Limits",
        description="Most records one run may create, update or delete of an entity whose rules say no limits of their own.",
    ),
    th.Property(
        "values",
        th.StringType(allowed_values=["full", "hashed"]),
        default="full",
        title="Values",
        description="What the ledger keeps of agreed values and history: the values themselves, or keyed fingerprints "
        "(`hashed`; needs the environment variable OFRECORD_LEDGER_KEY).",
    ),
    th.Property(
        "keep_runs",
        th.IntegerType,
        default=400,
        title="Keep runs (days)",
        description="Days after which the rows of finished runs are removed from the ledger. Events are kept.",
    ),
    th.Property(
        "rebuild",
        th.BooleanType,
        default=False,
        title="Rebuild",
        description="Write nothing to any system: pair records by the ids stamped in them and remember what both sides hold.",
    ),
)
"""Settings of targets."""

_REMEDIES = {
    "client_id": "Register a client in the vendor's API console and pass its id from the environment.",
    "client_secret": "Copy it from the vendor's API console and pass it from the environment.",
    "refresh_token": "Grant the client access once and pass the refresh token from the environment.",
    "api_url": "Use the address of your data centre, for example https://www.zohoapis.eu.",
    "accounts_url": "Use the address of your data centre, for example https://accounts.zoho.eu.",
    "organization_id": "Find it in the finance product under Settings, Organization.",
    "errors_allowed": "Use a share such as 1% or a number such as 0.",
    "budget": "Use postgresql://…, or leave it empty for a file in the state folder.",
    "reserve": "Use a percentage from 0 to 95.",
    "start_date": "Use ISO 8601, for example 2026-01-01T00:00:00Z.",
}


@dataclass(frozen=True, slots=True)
class Connection:
    """Where and as whom to call. Secrets are left out of its representation."""

    api_url: str
    accounts_url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    organization_id: str = ""
    state_dir: Path = Path(".ofrecord")
    calls_per_minute: int = 80
    budget: str = field(default="", repr=False)
    calls_per_day: int = 0
    calls_at_once: int = 5
    reserve: int = 0
    timeout_s: float = 60.0
    retry_wait_s: float = 2.0

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Connection:
        """The connection described by a plugin's settings.

        Raises:
            BadSettings: one or several settings are missing or contradict each other.
        """
        problems = [
            _missing(name)
            for name in ("api_url", "accounts_url", "client_id", "client_secret", "refresh_token")
            if not config.get(name)
        ]
        problems += contradictions(config)
        if problems:
            raise BadSettings(problems)
        given = {name: config[name] for name in cls.__slots__ if config.get(name) is not None}
        given["api_url"] = given["api_url"].rstrip("/")
        given["accounts_url"] = given["accounts_url"].rstrip("/")
        given["state_dir"] = Path(given.get("state_dir", ".ofrecord"))
        return cls(**given)

    def budget_key(self, system: str) -> str:
        """What the calls to `system` are counted under: the organisation; of the CRM, which names none, the client."""
        host = urlsplit(self.api_url).netloc
        known_by = hashlib.sha256(self.client_id.encode()).hexdigest()[:12] if system == "crm" else self.organization_id
        return f"{host} {'crm' if system == 'crm' else 'finance'} {known_by}"


def contradictions(config: Mapping[str, Any]) -> list[str]:
    """Problems that no single setting shows: addresses that are none or not encrypted, data centres that differ."""
    problems = []
    centres = {}
    for name in ("api_url", "accounts_url"):
        value = config.get(name)
        if not isinstance(value, str) or not value:
            continue
        scheme, host = _scheme_and_host(value)
        if scheme not in {"http", "https"} or not host:
            problems.append(f"{name}: is not an http(s) address. {_REMEDIES[name]}")
            continue
        if scheme == "http" and not _is_this_machine(host):
            problems.append(
                f"{name}: is an http address of another machine: tokens and records would travel unencrypted. "
                "Use https; http is for the sandbox on this machine only."
            )
        centres[name] = centre_of(value)
    if None not in centres.values() and len(set(centres.values())) > 1:
        problems.append(
            f"api_url, accounts_url: belong to different data centres (.{centres['api_url']} and "
            f".{centres['accounts_url']}). A token works only in the data centre that issued it. "
            f"Use the addresses of the one your account lives in: {_addresses(centres['api_url'])}, or "
            f"{_addresses(centres['accounts_url'])}."
        )
    budget = config.get("budget")
    if isinstance(budget, str) and budget and not _is_database(budget):
        problems.append(f"budget: is not the address of a PostgreSQL database. {_REMEDIES['budget']}")
    return problems


def _addresses(centre: str | None) -> str:
    """The two that belong together, as far as they are known."""
    pair = {"api_url": api_of(centre), "accounts_url": accounts_of(centre)}
    return " with ".join(f"{name} {address}" for name, address in pair.items() if address)


def _is_database(url: str) -> bool:
    return re.match(r"postgres(ql)?(\+psycopg)?://", url) is not None


def _scheme_and_host(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # half an IPv6 address
        return "", ""
    return parts.scheme, parts.hostname or ""


def _is_this_machine(host: str) -> bool:
    """Whether what is sent there never leaves this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def problems_of(config: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Everything wrong with `config`, one line each, naming the setting and the remedy, never the value."""
    problems = []
    validator = Draft202012Validator(dict(schema))
    for error in sorted(validator.iter_errors(dict(config)), key=lambda found: [str(part) for part in found.path]):
        if error.validator == "required":
            missing = re.match(r"'([^']+)' is a required property", error.message)
            problems.append(_missing(missing[1] if missing else "settings"))
            continue
        name = ".".join(str(part) for part in error.absolute_path) or "settings"
        wanted = error.validator_value if error.validator in {"type", "enum", "minimum", "maximum"} else None
        bound = {"minimum": "at least ", "maximum": "at most "}.get(str(error.validator), "")
        known = f"must be {bound}{_words(wanted)}" if wanted is not None else f"breaks the rule {error.validator!r}"
        problems.append(f"{name}: {known}. {_REMEDIES.get(name, 'Correct the setting.')}")
    problems += contradictions(config)
    start = config.get("start_date")
    if start and instant_or_none(str(start)) is None:
        problems.append(f"start_date: is not a time. {_REMEDIES['start_date']}")
    return problems


def check_settings(config: Mapping[str, Any], schema: Mapping[str, Any], *, plugin: str) -> None:
    """Raise all problems at once.

    Raises:
        BadSettings: with one line per problem.
    """
    problems = problems_of(config, schema)
    if problems:
        raise BadSettings(problems, where=f"{plugin} settings")


def instant_or_none(text: str) -> datetime | None:
    """The instant an ISO 8601 text names, in UTC; a text without offset is taken as UTC. None when it names none."""
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # the year 1 in the east is before the calendar begins
        return None


def _missing(name: str) -> str:
    return f"{name}: is missing. {_REMEDIES.get(name, 'Set it.')}"


def _words(wanted: object) -> str:
    kinds = [str(kind) for kind in wanted if kind != "null"] if isinstance(wanted, list) else [str(wanted)]
    return " or ".join(kinds)
