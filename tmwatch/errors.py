"""One tree of errors, and the typed outcomes of a look.

    TmwatchError                  everything we raise on purpose; `message`, `where`, `kept`, `do`
    ├── UsageError                a number, option or file that cannot be meant        exit 2
    ├── ConfigError               the configuration says something it may not          exit 2
    │   └── ConfigMistakes        … every mistake of one file at once (config)
    ├── StoreError                the database is missing, newer, corrupt or locked    exit 1
    ├── DeliveryError             a receiver refused or did not answer
    │   └── PermanentDeliveryError  … and asking again will not help
    └── LookError                 a look at a register that is not `ok`; carries an `Outcome`
        ├── LayoutChanged         the page lacks its landmark, or has rows nobody can read
        │   └── UnknownNumber     … a row whose number has a form that the office is not known to use
        ├── Incomplete            the source says more than it gave
        │   └── TooMany           … and asking for fewer days at once would help
        ├── NotFound              the office says there is no such record
        ├── Throttled, Blocked, Declined, LoginRequired, Unreachable, ServerFault
        └── NotThisSource         bytes of another source, or of none

Every error says what happened, where, what was left untouched and what to do next, because it is
shown to a person as it is (law: no traceback for bad input).
"""

from __future__ import annotations

import re
from enum import StrEnum


class Outcome(StrEnum):
    """How a look at a register ended. Only `ok` reaches the record (design law 2)."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    NOT_FOUND = "not_found"
    THROTTLED = "throttled"
    BLOCKED = "blocked"
    DECLINED = "declined"
    LOGIN_REQUIRED = "login_required"
    UNREACHABLE = "unreachable"
    LAYOUT_CHANGED = "layout_changed"
    INCOMPLETE = "incomplete"
    SERVER_ERROR = "server_error"


# A failure of these kinds usually passes by itself: the next run tries again, nobody need act.
PASSING = frozenset({Outcome.THROTTLED, Outcome.UNREACHABLE, Outcome.SERVER_ERROR, Outcome.INCOMPLETE})


class TmwatchError(Exception):
    """What happened (`message`), where, what was left untouched (`kept`), what to do next (`do`)."""

    exit_code = 1

    def __init__(self, message: str, *, where: str = "", kept: str = "", do: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.kept = kept
        self.do = do

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return "\n".join(line for line in (head, self.kept, self.do) if line)


_ADDRESS = re.compile(r"(?:[a-z][\w.-]*: )?https?://\S+: ")


def what_and_advice(text: str) -> tuple[str, str]:
    """Of a `LookError` as text: what happened, without the address that was asked, and what to do ("" where
    it says nothing of it). For where there is no room for all of it."""
    lines = text.splitlines()
    what = _ADDRESS.sub("", lines[0]) if lines else ""
    return what, " ".join(lines[2:])


class UsageError(TmwatchError):
    """A number, option or file that cannot be meant."""

    exit_code = 2


class ConfigError(TmwatchError):
    """The configuration says something it may not; `where` names file and key."""

    exit_code = 2


class StoreError(TmwatchError):
    """The database cannot be used as it is; it was not changed."""


class DeliveryError(TmwatchError):
    """A receiver refused a message or did not answer; it stays in the outbox and is tried again."""


class PermanentDeliveryError(DeliveryError):
    """The receiver refused for good (SMTP 5xx): no further tries."""


class LookError(TmwatchError):
    """A look at a register that did not end in `ok`. `outcome` names the kind; `otherwise` is what to do
    where the error itself says nothing of it: a reader knows what is wrong, and rarely more."""

    outcome: Outcome = Outcome.SERVER_ERROR
    otherwise = "The next check asks again; if it stays so, look at the register in a browser."

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        kept: str = "The stored record was left as it is.",
        do: str = "",
    ) -> None:
        super().__init__(message, where=where, kept=kept, do=do or self.otherwise)


class LayoutChanged(LookError):
    """The page lacks its landmark, or carries rows that cannot be read without guessing."""

    outcome = Outcome.LAYOUT_CHANGED
    otherwise = (
        "Fetch or save it again, whole. If it stays so, its form is new: please report it with the page."
    )


class UnknownNumber(LayoutChanged):
    """A row whose number has a form that its office is not known to use: whose row it is cannot be told.

    It costs that row only: the readers of lists leave it out and name it (`sources.base.Answer.unread`).
    """


class NotThisSource(LayoutChanged):
    """These bytes are not a page of this source."""

    otherwise = "Save it again as the register gives it; if `--source` was given, leave it out."


class Incomplete(LookError):
    """The source itself says that there is more than was read."""

    outcome = Outcome.INCOMPLETE
    otherwise = "Fetch or save it again, whole; if it stays so, please report it with the page."


class TooMany(Incomplete):
    """The answer holds more than the source gives, or than is asked for, at once; parts of it may be had."""


class NotFound(LookError):
    """The office answers that it has no such record."""

    outcome = Outcome.NOT_FOUND
    otherwise = "Check the number, and whether the office has published the filing yet."


class Throttled(LookError):
    """Too many requests, in whatever form the site says so. `retry_after` in seconds, if told."""

    outcome = Outcome.THROTTLED
    retry_after: float | None = None


class Blocked(LookError):
    """A challenge or captcha page. tmwatch never solves one."""

    outcome = Outcome.BLOCKED
    otherwise = "Look at the register in a browser; a page saved there can be imported."


class Declined(LookError):
    """The site refuses programs. Import a page saved by hand instead."""

    outcome = Outcome.DECLINED
    otherwise = "Save the page in a browser and import it."


class LoginRequired(LookError):
    """The answer is a login page, or the key is missing, wrong or expired."""

    outcome = Outcome.LOGIN_REQUIRED
    otherwise = "Check the key: `tmwatch doctor` says where it is looked for."


class Unreachable(LookError):
    """No connection, a time-out, or a broken transfer."""

    outcome = Outcome.UNREACHABLE


class ServerFault(LookError):
    """The site answered with an error of its own (5xx)."""

    outcome = Outcome.SERVER_ERROR
