"""What can go wrong, arranged by what the caller should do.

::

    Stop      (the SDK's FatalAPIError)      a person must change something first
      BadSettings        settings are missing or contradict each other
      LoginRefused       client, secret or refresh token is refused
      WrongDataCentre    the account lives in another region
      PermissionMissing  the token's user or scopes do not allow the call
      WrongOrganization  the organization id is not one of this user's
      NotReachable       nothing answers at the address
      DailyLimit         the vendor's calls of the day are used up
    Retry     (the SDK's RetriableAPIError)  nothing was done; a later run will succeed
      TokenThrottled     too many token requests; the window must pass
      VendorBusy         refused for load, or failing, after all attempts
    SetAside  (the SDK's SkippableAPIError)  this record only; the others go on
      VendorRefusal      the vendor said no, in its own words
      Doubtful           the answer to a create was lost: look the record up

Every message says what happened, where, what would have been right and what to do next. None holds a token, a
header, a response body or a setting's value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from singer_sdk.exceptions import ConfigurationError, FatalAPIError, RetriableAPIError, SkippableAPIError

NAME = re.compile(r"[\w.$-]{1,60}")
"""Codes, names of fields and ids of requests: no words, and no addresses."""


def sentence(what: str, *, where: str, expected: str, remedy: str) -> str:
    """The four parts of a message as one line.

    >>> sentence("nothing answers", where="crm", expected="an API", remedy="Start it.")
    'nothing answers (crm). Expected: an API. Start it.'
    """
    return f"{what} ({where}). Expected: {expected}. {remedy}"


class Stop(FatalAPIError):  # noqa: N818 - named for what the caller does
    """Nothing more can be done until a person changes something."""


class BadSettings(Stop, ConfigurationError):  # noqa: N818 - named for what the caller does
    """Settings are missing or contradict each other; `problems` has one line for each."""

    def __init__(self, problems: list[str], *, where: str = "settings") -> None:
        self.problems = problems
        count = "1 setting needs" if len(problems) == 1 else f"{len(problems)} settings need"
        super().__init__(f"{where}: {count} attention.\n" + "\n".join(f"- {problem}" for problem in problems))


class LoginRefused(Stop):
    """The accounts server refuses the client, its secret or the refresh token."""


class WrongDataCentre(Stop):
    """The account lives in another data centre than the settings say."""


class PermissionMissing(Stop):
    """The token is good, but its user or scopes do not allow the call."""


class WrongOrganization(Stop):
    """The organization id is not one the token's user belongs to (finance code 6041)."""


class NotReachable(Stop):
    """Nothing answers at the configured address."""


class DailyLimit(Stop):
    """The calls of the day are used up (finance code 45); the next run resumes from the bookmark."""


class Retry(RetriableAPIError):  # noqa: N818 - named for what the caller does
    """Nothing was done. Trying later, unchanged, is right."""


class TokenThrottled(Retry):
    """More than ten access tokens were asked for within ten minutes."""


class VendorBusy(Retry):
    """The vendor refused for load or failed, and the attempts are used up."""


class SetAside(SkippableAPIError):  # noqa: N818 - named for what the caller does
    """Concerns one record: keep it with its reason and go on with the others."""


class VendorRefusal(SetAside):
    """The vendor refused the request or one record of it.

    `code` is the vendor's own (`INVALID_DATA`, `1002`), `message` its words, `field` the vendor's name of the field
    it blames or None, `http_status` the status of the answer, `request_id` what the vendor's support asks for, or None.
    Its text, which may end in a log, leaves the vendor's words out: they may repeat a value. The ledger keeps them.
    """

    def __init__(
        self,
        code: str,
        message: str,
        field: str | None = None,
        http_status: int = 400,
        request_id: str | None = None,
        *,
        where: str = "",
    ) -> None:
        self.code = code
        self.message = message
        self.field = field
        self.http_status = http_status
        self.request_id = request_id
        said = code if NAME.fullmatch(code) else str(http_status)
        super().__init__(
            sentence(
                f"The vendor refused [{said}], status {http_status}",
                where=where or "record",
                expected="a value the vendor accepts",
                remedy="Correct the record at its source, or the rule that sends it; it is tried again next run.",
            )
        )

    @property
    def is_missing(self) -> bool:
        """Whether the vendor says that the thing does not exist (finance code 1002, HTTP 404)."""
        not_found = 404
        return self.code == "1002" or self.http_status == not_found


class Doubtful(SetAside):
    """A create was sent and its answer lost. It may have happened: look the record up, never resend blindly."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call went: the words used in messages.

    `system` is `crm`, `inventory` or `books`; `path` holds `{id}` in place of ids.
    """

    system: str
    method: str
    path: str

    def __str__(self) -> str:
        """For example `crm GET /crm/v8/Products`."""
        return f"{self.system} {self.method} {self.path}"
