"""Trust: a provider lets a named account use first and pay at the session's end.

The provider carries the risk, so the provider grants and names the price; the consumer agrees by
opening a tab. A trust never changes: other terms are another trust.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from clawmarket.domain.kernel.errors import (
    ConflictError,
    InvalidArgumentError,
    NotFoundError,
    RevokedError,
)
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.machine import Machine
from clawmarket.domain.kernel.money import format_amount


class TrustState(StrEnum):
    """Where a trust stands."""

    GRANTED = "trust_granted"
    REVOKED = "trust_revoked"


TRUST = Machine(
    "trust",
    (TrustState.GRANTED,),
    {"revoke": {TrustState.GRANTED: TrustState.REVOKED}},
)


class TrustNotFoundError(NotFoundError):
    """There is no such trust, or it is not yours to see."""

    next_command = "clawmarket trust list"


class TrustEndedError(RevokedError):
    """The provider took the trust back; what is running goes on, nothing new begins."""

    advice = "Ask the provider for a new trust, or order with the price locked."
    next_command = "clawmarket trust list"


class TrustInUseError(ConflictError):
    """One trust carries one tab at a time, so that the provider never risks more than its cap."""

    advice = "Go on with that tab, or end and pay it before you open another one."
    next_command = "clawmarket tab show {tabId}"


class OwnTrustError(ConflictError):
    """Nobody owes themselves."""

    advice = "Name another account."
    next_command = "clawmarket trust list"


class TrustCapLowError(InvalidArgumentError):
    """The cap does not pay for a single unit."""

    advice = "Give a cap of at least the price of one unit."
    next_command = "clawmarket explain trust_cap_low"


@dataclass(frozen=True, slots=True)
class Trust:
    """How much a provider lends one account a session, at which price, how fast.

    `price` minor units are owed for every `per_units` units. `units_per_minute` is what may be used
    in a minute, and at once. With `prepaid` the cap of a session is locked as it begins, and what
    was not used comes back. `tab_id` is the tab that is not settled yet, if there is one.
    """

    trust_id: str
    provider: str
    consumer: str
    asset: str
    unit: str
    price: int
    per_units: int
    units_per_minute: int
    cap: int
    prepaid: bool
    tab_id: str | None
    state: TrustState
    created_at: int

    @property
    def parties(self) -> tuple[str, str]:
        """Provider and consumer."""
        return (self.provider, self.consumer)


@event
@dataclass(frozen=True, slots=True)
class TrustGranted(Event):
    """A provider lets an account use first and pay later, up to a cap a session."""

    trust_id: str
    provider: str
    consumer: str
    asset: str
    unit: str
    price: str
    per_units: int
    units_per_minute: int
    cap: str
    prepaid: bool


@event
@dataclass(frozen=True, slots=True)
class TrustRevoked(Event):
    """A trust ended; the tab that runs on it goes on to its own end."""

    trust_id: str
    reason: str


def cost_of(units: int, price: int, per_units: int) -> int:
    """Return what so many units cost all together, in exact proportion, rounded down."""
    return units * price // per_units


def check_grant(trust: Trust) -> None:
    """Raise OwnTrustError, or TrustCapLowError where the cap buys nothing."""
    if trust.provider == trust.consumer:
        raise OwnTrustError("You cannot trust yourself with your own money.")
    if trust.cap < cost_of(1, trust.price, trust.per_units):
        raise TrustCapLowError(f"{format_amount(trust.cap, trust.asset)} pay for no {trust.unit}.")


def granted(trust: Trust) -> TrustGranted:
    """Return what the record says of a new trust."""
    return TrustGranted(
        trust.trust_id,
        trust.provider,
        trust.consumer,
        trust.asset,
        trust.unit,
        str(trust.price),
        trust.per_units,
        trust.units_per_minute,
        str(trust.cap),
        trust.prepaid,
    )


def revoke(trust: Trust, reason: str) -> tuple[Trust, TrustRevoked]:
    """End a trust. Raises TransitionRefusedError."""
    after = replace(trust, state=TRUST.step(trust.state, "revoke", trustId=trust.trust_id))
    return after, TrustRevoked(trust.trust_id, reason)


def check_good(trust: Trust) -> None:
    """Raise TrustEndedError if the provider took the trust back."""
    if trust.state is not TrustState.GRANTED:
        raise TrustEndedError("This trust was taken back.", trustId=trust.trust_id)


def check_free(trust: Trust) -> None:
    """Raise TrustInUseError while a tab of this trust is not settled."""
    if trust.tab_id is not None:
        raise TrustInUseError("This trust has a tab that is not settled.", tabId=trust.tab_id)


def carry(trust: Trust, tab_id: str) -> Trust:
    """Let a trust carry a tab. Raises TrustEndedError, TrustInUseError."""
    check_good(trust)
    check_free(trust)
    return replace(trust, tab_id=tab_id)
