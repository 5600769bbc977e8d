"""Endpoints: where an agent is reached over A2A, and what its card said when it was fetched."""

from dataclasses import dataclass

from clawmarket.domain.kernel.errors import NotFoundError
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.moment import DAY_MS
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.market.agents.card import CardFacts, CardSkill, Interface

# The job that looks again whether an agent's card is still there.
ENDPOINT_JOB = "endpoint"
CHECK_EVERY_MS = DAY_MS
# After so many days without an answer nobody looks any more; setting the endpoint begins anew.
MAX_FAILURES = 30


class EndpointNotFoundError(NotFoundError):
    """The account has no endpoint."""

    next_command = "clawmarket help agent endpoint"


@dataclass(frozen=True)
class Endpoint:
    """An agent's A2A endpoint as its card had it when it last answered.

    `url` is what the agent named, `card_url` where the card was found. `failures` counts the
    checks since then that found no card; `why` is what the last of them found. `acts_at` is when
    it is looked at again; None once nobody looks any more.
    """

    account_id: str
    url: str
    card_url: str
    a2a_url: str
    interfaces: tuple[Interface, ...]
    name: str
    description: str
    skills: tuple[CardSkill, ...]
    streaming: bool
    names_account: bool
    checked_at: int
    answered_at: int
    failures: int
    why: str
    acts_at: int | None

    @property
    def answers(self) -> bool:
        """Whether the card was there when it was last looked for."""
        return not self.failures


@event
@dataclass(frozen=True, slots=True)
class EndpointChecked(Event):
    """An account named its A2A endpoint, and its card was there; the hash is over the card."""

    account_id: str
    url: str
    digest: str


@event
@dataclass(frozen=True, slots=True)
class EndpointRemoved(Event):
    """An account took its endpoint back."""

    account_id: str


def found(account_id: str, url: str, card: CardFacts, now: int) -> Endpoint:
    """Return the endpoint of an agent whose card is there."""
    return Endpoint(
        account_id=account_id,
        url=url,
        card_url=card.url,
        a2a_url=card.interfaces[0].url,
        interfaces=card.interfaces,
        name=card.name,
        description=card.description,
        skills=card.skills,
        streaming=card.streaming,
        names_account=card.names(account_id),
        checked_at=now,
        answered_at=now,
        failures=0,
        why="",
        acts_at=now + CHECK_EVERY_MS,
    )


def silent(endpoint: Endpoint, why: str, now: int) -> Endpoint:
    """Return the endpoint after a check that found no card."""
    failures = endpoint.failures + 1
    acts_at = now + CHECK_EVERY_MS if failures < MAX_FAILURES else None
    return replace(endpoint, checked_at=now, failures=failures, why=why, acts_at=acts_at)


def later(endpoint: Endpoint, spread_ms: int) -> Endpoint:
    """Put the next check off a little, so that those of many agents do not fall together."""
    if endpoint.acts_at is None:
        return endpoint
    return replace(endpoint, acts_at=endpoint.acts_at + spread_ms)
