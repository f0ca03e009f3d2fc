"""What is said of an answer that ends a call: one clear text for each reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ofrecord_kit import errors
from ofrecord_kit.budget import DaySpent
from ofrecord_kit.errors import Place, sentence
from ofrecord_kit.vendors import Reading, Verdict
from ofrecord_kit.vendors.centres import api_of


def doubtful(place: Place, reason: str) -> errors.Doubtful:
    """For a call that is not repeatable and whose answer was lost."""
    return errors.Doubtful(
        sentence(
            f"The answer was lost ({reason}); the vendor may have acted",
            where=str(place),
            expected="an answer",
            remedy="Look the record up before sending it again; the next run does.",
        )
    )


def not_reachable(place: Place) -> errors.NotReachable:
    """For an address where no connection can be made."""
    return errors.NotReachable(
        sentence(
            "Nothing answers at the API address",
            where=f"api_url, {place}",
            expected="the vendor's API",
            remedy="Check api_url and the network; for the sandbox, start it with `make sandbox`.",
        )
    )


def unusable(place: Place, reason: str, attempts: int) -> errors.VendorBusy:
    """For a call whose attempts are used up."""
    return errors.VendorBusy(
        sentence(
            f"No usable answer after {attempts} attempts, the last one: {reason}",
            where=str(place),
            expected="an answer",
            remedy="Run again later: nothing is lost, the run resumes from its bookmark.",
        )
    )


_REFUSALS: dict[Verdict, tuple[type[errors.Stop], str, str, str]] = {
    Verdict.PERMISSION: (
        errors.PermissionMissing,
        "The token's user or scopes do not allow this call",
        "a token with the scope of this module, of this data centre, and a user who may use it",
        "Grant the scope, give the user the permission, or correct api_url (a token of another data centre looks the same).",
    ),
    Verdict.ORGANIZATION: (
        errors.WrongOrganization,
        "The organization id is not one of this user's organisations [6041]",
        "an organisation the token's user belongs to",
        "Correct organization_id; the finance product shows it under Settings, Organization.",
    ),
}


def other_centre(centre: str, api_url: str) -> errors.WrongDataCentre:
    """For a token that was issued in another data centre than `api_url` is of."""
    right = api_of(centre, api_url)
    return errors.WrongDataCentre(
        sentence(
            f"The token is of the data centre .{centre}",
            where="api_url",
            expected="the API of the data centre that issued the token",
            remedy=f"Set api_url to {right}." if right else f"Set api_url to the API address of .{centre}.",
        )
    )


def day_over(place: Place, begins: datetime | None) -> errors.DailyLimit:
    """For the vendor's word that no call of the day is left. `begins`: when its next day does, where it says so."""
    when = f"The vendor's day begins anew at {told(begins)}." if begins else "Run again tomorrow."
    return errors.DailyLimit(
        sentence(
            "The organisation's API calls of the day are used up [45]",
            where=str(place),
            expected="calls left in the vendor's daily allowance",
            remedy=f"{when} {_WAITS} A larger plan allows more calls.",
        )
    )


def day_spent(place: Place, found: DaySpent) -> errors.DailyLimit:
    """For a call the budget of the day has no room for; it was not made."""
    kept = "" if found.share == found.whole else f", of which {found.whole - found.share} are kept for others (reserve)"
    when = f"There is room again from {told(found.again)}." if found.again else "It never fits: raise calls_per_day."
    return errors.DailyLimit(
        sentence(
            f"The budget of the day is spent: {found.spent} within 24 hours, by all plugins that share it",
            where=str(place),
            expected=f"calls left of calls_per_day, {found.whole}{kept}",
            remedy=f"{when} {_WAITS} A higher calls_per_day, or a smaller reserve, lets it go on sooner.",
        )
    )


def told(at: datetime | None) -> str:
    """A time as people read it."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


TOO_LARGE = Reading(Verdict.REFUSED, code="FILE_TOO_LARGE", message="the file is larger than any that is expected")
"""Of a download: our word, not the vendor's."""

_WAITS = "What was not read or written yet waits and nothing is lost: the next run resumes from its bookmark."


def refusal(place: Place, reading: Reading, status: int, request_id: str | None) -> errors.Stop | errors.SetAside:
    """For an answer that sending again would not change. `status` and `request_id` are the answer's."""
    if reading.verdict is Verdict.TOKEN:
        if place.system == "crm":
            return errors.WrongDataCentre(
                sentence(
                    f"A freshly issued token is refused [{reading.code}]",
                    where=f"api_url, {place}",
                    expected="the API of the data centre and environment that issued the token",
                    remedy="Set api_url to the data centre (and sandbox or production) of accounts_url and the client.",
                )
            )
        reading = Reading(Verdict.PERMISSION)
    if reading.verdict in _REFUSALS:
        kind, what, expected, remedy = _REFUSALS[reading.verdict]
        return kind(sentence(what, where=str(place), expected=expected, remedy=remedy))
    return errors.VendorRefusal(
        reading.code or str(status),
        reading.message or f"status {status}",
        reading.field,
        status,
        request_id,
        where=", ".join([str(place), *_about(place, reading, request_id)]),
    )


def _about(place: Place, reading: Reading, request_id: str | None) -> Iterator[str]:
    """What the vendor names of its own. The finance APIs name a field in words only, which may be anybody's."""
    if place.system == "crm" and reading.field and errors.NAME.fullmatch(reading.field):
        yield f"field {reading.field}"
    if request_id and errors.NAME.fullmatch(request_id):
        yield f"request {request_id}"
