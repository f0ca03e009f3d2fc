# ruff: noqa: ARG001, EM101, TRY003 - `raise invalid(name)` names a field, the words are in `answers`; hooks share one signature
"""The chart of accounts ("Chart of Accounts" of Books), with the accounts an organisation begins with.

The detail is flat in the OpenAPI file and has the key `chart_of_account` in its own answers to writing: a switch of `doubts`.
Balances follow from published journals only: documents are not posted here. Codes are UNVERIFIED.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ofrecord_sandbox.finance import listing
from ofrecord_sandbox.finance.answers import RefusedError, absent, invalid
from ofrecord_sandbox.finance.declare import BOOKS, Resource, declared, exactly
from ofrecord_sandbox.finance.values import dec, flag, identifier, now_s, num, one_of, stamp, text
from ofrecord_sandbox.store import Record
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

FIRST_ID = 460000000000350
_CLASSES = {
    "Asset": ("other_asset", "other_current_asset", "cash", "bank", "fixed_asset", "accounts_receivable", "stock",
              "payment_clearing", "input_tax"),
    "Liability": ("other_current_liability", "credit_card", "long_term_liability", "accounts_payable", "output_tax",
                  "other_liability"),
    "Equity": ("equity",),
    "Income": ("income", "other_income"),
    "Expense": ("expense", "cost_of_goods_sold", "other_expense"),
}  # fmt: skip
_TYPES = tuple(kind for kinds in _CLASSES.values() for kind in kinds)
_STANDARD = (
    ("Accounts Receivable", "accounts_receivable", "1200", True), ("Inventory Asset", "stock", "1300", True),
    ("Petty Cash", "cash", "1010", False), ("Undeposited Funds", "cash", "1020", True),
    ("Checking Account", "bank", "1030", False), ("Prepaid Expenses", "other_current_asset", "1400", False),
    ("Furniture and Equipment", "fixed_asset", "1500", False), ("Accounts Payable", "accounts_payable", "2000", True),
    ("Corporate Card", "credit_card", "2100", False), ("Tax Payable", "other_current_liability", "2200", True),
    ("Unearned Revenue", "other_current_liability", "2300", True), ("Mortgages", "long_term_liability", "2500", False),
    ("Opening Balance Offset", "equity", "3000", True), ("Retained Earnings", "equity", "3100", True),
    ("Sales", "income", "4000", True), ("Shipping Charge", "income", "4100", True), ("Discount", "income", "4200", True),
    ("Interest Income", "other_income", "4300", False), ("Cost of Goods Sold", "cost_of_goods_sold", "5000", True),
    ("Salaries and Employee Wages", "expense", "6000", False), ("Rent Expense", "expense", "6100", False),
    ("Office Supplies", "expense", "6200", False), ("Bank Fees and Charges", "expense", "6300", True),
    ("Exchange Gain or Loss", "other_expense", "7000", True),
)  # fmt: skip
"""Name, type, code, whether the system made it and keeps it."""


def install(world: World) -> None:
    """The accounts of a new organisation; their ids have a counter of their own."""
    for name, kind, code, system in _STANDARD:
        now = {"created_time": stamp(world.clock.now()), "last_modified_time": stamp(world.clock.now()),
               "_created": now_s(world), "_modified": now_s(world)}  # fmt: skip
        record = dict(ACCOUNTS.fresh) | {
            "account_id": world.next_id(FIRST_ID), "account_name": name, "account_type": kind, "account_code": code,
            "is_system_account": system, "is_user_created": False, **now,
        }  # fmt: skip
        _check(world, record, None, record)
        ACCOUNTS.table(world).put(record["account_id"], record)


def named(world: World, line: Record, default: str) -> Record:
    """A line with `account_id` and `account_name`: its own, else the account of that name."""
    found = ACCOUNTS.table(world).get(line.get("account_id", "")) if line.get("account_id") else by_name(world, default)
    if found is None:
        raise absent("Account")
    return line | {"account_id": found["account_id"], "account_name": found["account_name"]}


def by_name(world: World, name: str) -> Record | None:
    """The account of that name."""
    ids = ACCOUNTS.table(world).index("name", lambda one: (one["account_name"].casefold(),)).ids(name.casefold())
    return ACCOUNTS.table(world).rows[ids[0]] if ids else None


def chosen(world: World, account_id: str, default: str) -> Record:
    """The account of that id, else the one of that name; raises RefusedError."""
    found = ACCOUNTS.table(world).get(account_id) if account_id else by_name(world, default)
    if found is None:
        raise absent("Account")
    return found


def _check(world: World, record: Record, before: Record | None, given: Mapping[str, Any]) -> None:
    record["account_name"] = record["account_name"].strip()
    same = by_name(world, record["account_name"])
    if same is not None and same["account_id"] != record["account_id"]:
        raise RefusedError(11002, "An account with the same name already exists.")
    if before is not None and before["is_system_account"] and before["account_type"] != record["account_type"]:
        raise invalid("account_type")
    parent = ACCOUNTS.table(world).get(record["parent_account_id"])
    if record["parent_account_id"] and (parent is None or parent["account_type"] != record["account_type"]):
        raise absent("Parent account")
    if parent is not None and parent["account_id"] == record["account_id"]:
        raise invalid("parent_account_id")
    record["parent_account_name"] = (parent or {}).get("account_name", "")
    record["depth"] = str(int((parent or {}).get("depth", "-1")) + 1)
    currencies = world.store.table("finance/currencies").rows
    if record["currency_id"] == "":
        record["currency_id"] = next(key for key, one in currencies.items() if one["is_base_currency"])
    if record["currency_id"] not in currencies:
        raise absent("Currency")
    record["currency_code"] = currencies[record["currency_id"]]["currency_code"]


def journals_of(world: World, account_id: str) -> list[Record]:
    """Journals with a line of this account."""
    table = world.store.table("finance/journals")
    index = table.index("account", lambda one: {line["account_id"] for line in one["line_items"]})
    return [table.rows[key] for key in index.ids(account_id)]


def balance(world: World, account_id: str) -> Decimal:
    """Debits less credits of published journals."""
    return sum(
        (dec(line["amount"]) * (1 if line["debit_or_credit"] == "debit" else -1)
         for one in journals_of(world, account_id) if one["status"] == "published"
         for line in one["line_items"] if line["account_id"] == account_id),
        Decimal(0),
    )  # fmt: skip


def _used(world: World, account_id: str) -> bool:
    if journals_of(world, account_id):
        return True
    bills = world.store.table("finance/bills")
    index = bills.index("account", lambda one: {line["account_id"] for line in one["line_items"]})
    return bool(index.ids(account_id))


def _derive(world: World, record: Record) -> dict[str, Any]:
    children = ACCOUNTS.table(world).index("parent", lambda one: (one["parent_account_id"],)).ids(record["account_id"])
    return {
        "is_active": record["status"] == "active", "is_child_present": str(bool(children)).lower(),
        "child_count": str(len(children)), "is_involved_in_transaction": _used(world, record["account_id"]),
        "is_standalone_account": not children and not record["parent_account_id"],
    }  # fmt: skip


def _removable(world: World, record: Record) -> None:
    if record["is_system_account"]:
        raise RefusedError(11003, "System accounts cannot be deleted.")
    if _used(world, record["account_id"]) or _derive(world, record)["child_count"] != "0":
        raise RefusedError(11004, "Accounts with transactions or sub-accounts cannot be deleted.")


def _meant(_world: World, record: Record, value: str) -> bool:
    if value in {"Active", "Inactive"}:
        return bool(record["status"] == value.casefold())
    if value not in _CLASSES:
        raise invalid("filter_by")
    return record["account_type"] in _CLASSES[value]


def _unspoken(shown: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shown.items() if key != "status"}


ACCOUNTS = declared(
    Resource(
        collection="chartofaccounts", singular="chart_of_account", id_key="account_id", words="Account",
        module="chartofaccount", doors=(BOOKS,), flat=True,
        writable={
            "account_name": text(100), "account_code": text(50), "account_type": one_of(*_TYPES), "currency_id": identifier,
            "description": text(500), "show_on_dashboard": flag, "can_show_in_ze": flag, "include_in_vat_return": flag,
            "parent_account_id": identifier,
        },
        required=("account_name", "account_type"),
        fresh={
            "account_name": "", "account_code": "", "currency_id": "", "description": "", "show_on_dashboard": False,
            "can_show_in_ze": False, "include_in_vat_return": True, "parent_account_id": "", "is_user_created": True,
            "is_system_account": False, "status": "active", "has_attachment": False, "documents": [],
        },
        row=(
            "account_name", "account_code", "account_type", "is_user_created", "is_system_account", "can_show_in_ze",
            "parent_account_id", "parent_account_name", "depth", "has_attachment", "documents", "created_time",
            "last_modified_time",
        ),
        filters=exactly("account_name", "account_code", "account_id") | {
            f"{column}_{word}": (column, sign) for column in ("account_name", "account_code")
            for word, sign in (("contains", "has"), ("starts_with", "starts"), ("ends_with", "ends"))
        },
        grouped={"AccountType": _meant}, since=True, sorts=("account_name", "account_type", "account_code"),
        sort=("account_name", "A"), search=("account_name", "account_code"), check=_check, derive=_derive,
        show=lambda world, record: {"closing_balance": num(balance(world, record["account_id"]))},
        as_detail=_unspoken, removable=_removable, mark_status=201,
    )
)  # fmt: skip


def list_accounts(world: World, request: Request) -> Response:
    """`GET /chartofaccounts?showbalance=true`: rows with `current_balance`."""
    shown = request.query.pop("showbalance", "false") == "true"
    answer = listing.answer(world, request, ACCOUNTS, BOOKS)
    if shown:
        answer.content["chartofaccounts"] = [
            row | {"current_balance": num(balance(world, row["account_id"]))}
            for row in answer.content["chartofaccounts"]
        ]
    return answer


def paths(door: str) -> list[tuple[str, str, Any]]:
    """The list with balances."""
    return [("GET", "/chartofaccounts", list_accounts)] if door == BOOKS else []
