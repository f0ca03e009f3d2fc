"""What stands before every finance call: token, scope, organisation's limits ("API Call Limit", "OAuth")."""

from __future__ import annotations

from collections import deque
from datetime import datetime, time, timedelta

from ofrecord_sandbox import oauth
from ofrecord_sandbox.finance.doubts import doubts
from ofrecord_sandbox.finance.values import ZONE
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_MINUTE_S = 60
_OPERATIONS = {"GET": "READ", "POST": "CREATE", "PUT": "UPDATE", "DELETE": "DELETE"}
_SERVICES = {"inventory": "ZohoInventory", "books": "ZohoBooks"}
_SETTINGS = {"settings", "locations", "pricebooks", "organizations", "users"}
_GROUPS = {
    "itemdetails": "items", "itemgroups": "items", "units": "items", "customerpayment": "customerpayments",
    "chartofaccounts": "accountants", "journals": "accountants", "recurringinvoices": "invoices",
}  # fmt: skip
_SINGULAR = {
    "item", "contact", "salesorder", "invoice", "creditnote", "estimate", "purchaseorder", "bill", "vendorpayment", "journal",
}  # fmt: skip
BLOCKED = (
    "For security reasons your organization has been blocked as it have exceeded the maximum number of requests per minute "
    "that can originate from an organization."
)
BUSY = "You have reached the maximum number of in process requests allowed. Kindly try again after some time."


def guard(world: World, request: Request) -> Response | None:
    """None when the call may go on; otherwise 401/57, 429/44, 429/45 or 429/1070."""
    if request.internal:
        return None
    if doubts.largest_body_bytes and len(request.body) > doubts.largest_body_bytes:
        return Response(413, {"code": 4, "message": "Invalid value passed for JSONString"})
    caller = oauth.check(world, request)
    if caller is None or not caller.may(scope_of(request)):
        return Response(401, {"code": 57, "message": "You are not authorized to perform this operation"})
    return _limited(world)


def scope_of(request: Request) -> str:
    """The scope a call needs, such as `ZohoBooks.invoices.READ`."""
    _, door, _, first, *_ = [*request.path.split("/"), "", "", ""]
    group = _GROUPS.get(first, first)
    if group in _SINGULAR:
        group += "s"
    if group in _SETTINGS or (door == "books" and group == "items"):
        group = "settings"
    return f"{_SERVICES.get(door, 'ZohoBooks')}.{group}.{_OPERATIONS.get(request.method, 'READ')}"


def _limited(world: World) -> Response | None:
    limits = world.limits
    busy = world.in_flight.get("inventory", 0) + world.in_flight.get("books", 0)
    if limits.finance_concurrent and busy > limits.finance_concurrent:
        return Response(429, {"code": 1070, "message": BUSY}, rate_headers(world))
    minute = _minute(world)
    now = world.clock.now().timestamp()
    blocked_until = world.cache.get("finance blocked", 0.0)
    full = bool(limits.finance_per_minute) and (len(minute) >= limits.finance_per_minute or now < blocked_until)
    spent = bool(limits.finance_per_day) and used_today(world) >= limits.finance_per_day
    if not (full or spent) or doubts.refused_calls_count:
        minute.append(now)
        world.cache["finance day"] = (_today(world), used_today(world) + 1)
    if spent:
        words = (
            f"The API call for this organization has exceeded the maximum call rate limit of {limits.finance_per_day}."
        )
        return Response(doubts.daily_limit_status, {"code": 45, "message": words}, rate_headers(world))
    if full:
        free_s = minute[0] + _MINUTE_S if minute else now
        if now >= blocked_until:
            blocked_until = world.cache["finance blocked"] = now + doubts.minute_block_s
        wait_s = max(1, int(max(free_s, blocked_until) - now) + 1)
        headers = rate_headers(world) | ({"Retry-After": str(wait_s)} if doubts.retry_after else {})
        return Response(429, {"code": 44, "message": BLOCKED}, headers)
    return None


def used_today(world: World) -> int:
    """Calls of the organisation's day (midnight to midnight in its zone: UNVERIFIED)."""
    day, count = world.cache.get("finance day", ("", 0))
    return int(count) if day == _today(world) else 0


def rate_headers(world: World) -> dict[str, str]:
    """`X-Rate-Limit-*`: the daily budget, what is left of it, seconds until it is renewed."""
    if not world.limits.finance_per_day:
        return {}
    here = world.clock.now().astimezone(ZONE)
    midnight = datetime.combine(here.date() + timedelta(days=1), time(0), ZONE)
    return {
        "X-Rate-Limit-Limit": str(world.limits.finance_per_day),
        "X-Rate-Limit-Remaining": str(max(0, world.limits.finance_per_day - used_today(world))),
        "X-Rate-Limit-Reset": str(int(midnight.timestamp() - here.timestamp())),
    }


def _minute(world: World) -> deque[float]:
    minute: deque[float] = world.cache.setdefault("finance minute", deque())
    now = world.clock.now().timestamp()
    while minute and minute[0] <= now - _MINUTE_S:
        minute.popleft()
    return minute


def _today(world: World) -> str:
    return world.clock.now().astimezone(ZONE).date().isoformat()
