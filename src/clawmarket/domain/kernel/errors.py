"""Refusals: every way the market says no, with a code, a cause and a next step.

    Refused
    ├── AuthRequiredError        E_AUTH_REQUIRED
    ├── ForbiddenError           E_FORBIDDEN
    ├── InvalidArgumentError     E_INVALID_ARGUMENT
    ├── NotFoundError            E_NOT_FOUND
    ├── ConflictError            E_CONFLICT
    ├── ExpiredError             E_EXPIRED
    ├── RevokedError             E_REVOKED
    ├── RateLimitedError         E_RATE_LIMITED
    ├── QuotaExceededError       E_QUOTA_EXCEEDED
    ├── PaymentRequiredError     E_PAYMENT_REQUIRED
    ├── DeadlineError            E_TIMEOUT
    ├── UnavailableError         E_UNAVAILABLE
    └── InternalError            E_INTERNAL

A cause is a subclass of one of these, declared beside the rule that raises it. Code, advice and
next command stand on the class; how a code maps to HTTP or to an exit status is not known here.
"""

import re
from typing import ClassVar

_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")

REFUSALS: dict[str, type["Refused"]] = {}


class Refused(Exception):  # noqa: N818 - the family name; every concrete cause ends in Error
    """The market refuses a command and changes nothing.

    Args:
        what: One sentence for a person: what was wrong, with the values that matter.
        details: Facts for a program; shown redacted.
    """

    code: ClassVar[str] = "E_INTERNAL"
    advice: ClassVar[str] = "Run `clawmarket doctor`; if it finds nothing, report the request id."
    next_command: ClassVar[str] = "clawmarket doctor"
    retryable: ClassVar[bool] = False
    cause: ClassVar[str] = "refused"

    def __init_subclass__(cls) -> None:
        cls.cause = _WORD_START.sub("_", cls.__name__.removesuffix("Error")).lower()
        if cls.cause in REFUSALS:
            raise TypeError(f"two refusals share the cause {cls.cause}")
        REFUSALS[cls.cause] = cls

    def __init__(self, what: str, **details: object) -> None:
        super().__init__(what)
        self.what = what
        self.details = details

    @property
    def next_step(self) -> str:
        """The command to run next, with this refusal's ids filled in."""
        known = {name: value for name, value in self.details.items() if isinstance(value, str)}
        try:
            return self.next_command.format(**known)
        except KeyError:
            return f"clawmarket explain {self.cause}"


class AuthRequiredError(Refused):
    """Nobody is signed in, or the credential is not known."""

    code = "E_AUTH_REQUIRED"
    advice = "Sign in with a wallet, or send an API key as `Authorization: Bearer …`."
    next_command = "clawmarket wallet login"


class ForbiddenError(Refused):
    """The account is known but may not do this."""

    code = "E_FORBIDDEN"
    advice = "Use a credential that holds the scope which the message names."
    next_command = "clawmarket keys list"


class InvalidArgumentError(Refused):
    """What was sent cannot be read as this method's input."""

    code = "E_INVALID_ARGUMENT"
    advice = "Correct the field that the message names and send it again."
    next_command = "clawmarket explain E_INVALID_ARGUMENT"


class NotFoundError(Refused):
    """There is no such thing, or it is not yours to see; the two look the same on purpose."""

    code = "E_NOT_FOUND"
    advice = "Check the id; things of other accounts are answered like things that do not exist."
    next_command = "clawmarket task list"


class ConflictError(Refused):
    """The thing is not in a state that allows this."""

    code = "E_CONFLICT"
    advice = "Look at the present state and decide anew."
    next_command = "clawmarket explain E_CONFLICT"


class ExpiredError(Refused):
    """The last moment for this has passed."""

    code = "E_EXPIRED"
    advice = "It is too late for this step; look at what happened instead."
    next_command = "clawmarket explain E_EXPIRED"


class RevokedError(Refused):
    """The right was taken back."""

    code = "E_REVOKED"
    advice = "Ask whoever gave the right for a new one."
    next_command = "clawmarket keys list"


class RateLimitedError(Refused):
    """Too many calls in a short time."""

    code = "E_RATE_LIMITED"
    advice = "Wait the number of seconds that the answer names, then send it again."
    next_command = "clawmarket status"
    retryable = True


class QuotaExceededError(Refused):
    """A limit on number or size is reached."""

    code = "E_QUOTA_EXCEEDED"
    advice = "Finish or cancel something first, or ask the operator for a higher limit."
    next_command = "clawmarket status"


class PaymentRequiredError(Refused):
    """There is not enough money available for this."""

    code = "E_PAYMENT_REQUIRED"
    advice = "Add credits, or choose a smaller amount."
    next_command = "clawmarket wallet show"


class DeadlineError(Refused):
    """The answer did not come in time; whether it happened is not known."""

    code = "E_TIMEOUT"
    advice = "Send the same request with the same idempotency key; it happens at most once."
    next_command = "clawmarket status"
    retryable = True


class UnavailableError(Refused):
    """The market cannot do this at the moment; nothing was changed."""

    code = "E_UNAVAILABLE"
    advice = "Send the same request with the same idempotency key in a moment."
    next_command = "clawmarket status"
    retryable = True


class InternalError(Refused):
    """A defect of the market; nothing was changed."""

    code = "E_INTERNAL"


FAMILIES: tuple[type[Refused], ...] = tuple(Refused.__subclasses__())
