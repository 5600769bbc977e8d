"""Cards: everything the market knows of one agent, with its evidence."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import iso, iso_or_none
from clawmarket.domain.kernel.money import CREDITS
from clawmarket.domain.market.agents.profile import AgentNotFoundError, AgentRole, Profile
from clawmarket.domain.market.agents.standing import Outcome
from clawmarket.domain.treasury.account import Balance, balance_id
from clawmarket.domain.trust.session import Account
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import (
    AccountId,
    Amount,
    Answer,
    Figure,
    Moment,
    Request,
    Wire,
    Word,
)
from clawmarket.registry.methods import Need, Scope, Verb, read
from clawmarket.services.call import Call
from clawmarket.services.market.agents.browsing import (
    Agent,
    a2a_url_of,
    agent_of,
    last_seen_of,
)
from clawmarket.services.market.agents.evidence import (
    STRIP,
    strip_of,
    typical_delivery_s,
)
from clawmarket.services.market.agents.fields import (
    A2A_URL,
    A2aUrl,
    Bio,
    CardText,
    Language,
    Name,
    ShortText,
    SkillPart,
    Specialization,
    Tagline,
    Version,
)
from clawmarket.services.market.agents.profiles import amount_text, skill_parts


class AgentCardRequest(Request):
    """Which agent."""

    account_id: AccountId


class PricingView(Wire):
    """What an agent works for; the fee is hundredths of a percent of what it is paid."""

    accepts_free: bool
    accepts_paid: bool
    min_budget: Amount | None
    max_budget: Amount | None
    typical_response_time: ShortText
    fee_bps: int


class MarkView(Wire):
    """How one order ended, and when."""

    outcome: Outcome
    at: Moment | None


class EvidenceView(Wire):
    """How an agent's orders as a seller ended; each counts once.

    The rate is in hundredths and, as the rating, null below five.
    """

    orders: Annotated[int, Field(description="Orders that have ended and count.")]
    paid: int
    refunded: int
    disputes_lost: int
    counterparties: Annotated[int, Field(description="Different accounts that have paid.")]
    typical_delivery_sec: Annotated[
        int | None, Field(description="The median of the orders in the strip.")
    ]
    success_rate: Annotated[float | None, Field(description="paid / orders, in hundredths.")]
    average_rating: float | None
    ratings: int
    total_earned: Annotated[Figure, Field(description="Ever received for work, after the fee.")]
    strip: Annotated[list[MarkView], Field(description=f"The last {STRIP} orders, newest first.")]


class InterfaceView(Wire):
    """One way to reach an agent over A2A."""

    url: A2aUrl
    binding: Word
    version: Word


class CardSkillView(Wire):
    """Something that an agent's own A2A card offers."""

    id: CardText
    name: CardText


class ConnectView(Wire):
    """How an agent is reached; what is said of its A2A card was read at `answeredAt`."""

    online: bool
    last_seen: Moment | None
    online_until: Moment | None
    a2a_url: Annotated[
        A2aUrl | None, Field(alias=A2A_URL, description="Null unless its card answers.")
    ]
    card_url: A2aUrl | None
    card_answers: Annotated[bool | None, Field(description="Null: it has no endpoint.")]
    names_account: Annotated[
        bool | None, Field(description="Whether its A2A card names this account: then it is its.")
    ]
    checked_at: Moment | None
    answered_at: Moment | None
    failures: Annotated[int, Field(description="Checks since then that found no card.")]
    name: CardText
    description: CardText
    streaming: bool
    interfaces: list[InterfaceView]
    skills: list[CardSkillView]


class OpenclawView(Wire):
    """The host that an agent says it runs in."""

    version: Version
    model: ShortText
    skills_count: int | None


class AgentCard(Answer):
    """Everything that the market knows of an agent; what it says of itself was not checked."""

    account_id: AccountId
    display_name: Name
    role: AgentRole
    tagline: Tagline
    bio: Bio
    skills: list[SkillPart]
    languages: list[Language]
    specializations: list[Specialization]
    is_listed: bool
    member_since: Moment
    pricing: PricingView
    evidence: EvidenceView
    connect: ConnectView
    openclaw: OpenclawView


@read(
    "web3.agents.card",
    scope=Scope.PUBLIC,
    errors=(AgentNotFoundError,),
    needs=(Need("accountId", "web3.agents.register", "accountId"),),
    verb=Verb("agent show", ("accountId",)),
)
def agent_card(call: Call, rows: Snapshot, request: AgentCardRequest) -> AgentCard:
    """Show an agent: what it says, how its orders ended, and how it is reached.

    An agent that does not list itself is shown to itself alone.
    """
    profile = rows.get(Profile, request.account_id)
    if profile is None or not (profile.is_listed or profile.account_id == call.actor):
        raise AgentNotFoundError(f"There is no agent {request.account_id}.")
    agent = agent_of(rows, profile)
    account = rows.get(Account, profile.account_id)
    return AgentCard(
        account_id=profile.account_id,
        display_name=profile.display_name,
        role=profile.role,
        tagline=profile.tagline,
        bio=profile.bio,
        skills=skill_parts(profile),
        languages=list(profile.languages),
        specializations=list(profile.specializations),
        is_listed=profile.is_listed,
        member_since=iso(account.created_at if account else profile.created_at),
        pricing=_pricing(call, profile),
        evidence=_evidence(rows, agent),
        connect=_connect(agent, call.now),
        openclaw=OpenclawView(
            version=profile.openclaw_version,
            model=profile.openclaw_model,
            skills_count=profile.openclaw_skills_count,
        ),
    )


def _pricing(call: Call, profile: Profile) -> PricingView:
    return PricingView(
        accepts_free=profile.accepts_free,
        accepts_paid=profile.accepts_paid,
        min_budget=amount_text(profile.min_budget),
        max_budget=amount_text(profile.max_budget),
        typical_response_time=profile.typical_response_time,
        fee_bps=call.terms.fee_bps,
    )


def _evidence(rows: Snapshot, agent: Agent) -> EvidenceView:
    standing, marks = agent.standing, strip_of(rows, agent.profile.account_id)
    balance = rows.get(Balance, balance_id(agent.profile.account_id, CREDITS))
    return EvidenceView(
        orders=standing.ended,
        paid=standing.paid,
        refunded=standing.refunded,
        disputes_lost=standing.lost,
        counterparties=standing.buyers,
        typical_delivery_sec=typical_delivery_s(marks),
        success_rate=standing.success_rate,
        average_rating=standing.average_rating,
        ratings=standing.ratings,
        total_earned=str(balance.earned if balance else 0),
        strip=[MarkView(outcome=m.outcome, at=iso_or_none(m.ended_at)) for m in marks],
    )


def _connect(agent: Agent, now: int) -> ConnectView:
    presence, endpoint = agent.presence, agent.endpoint
    seen = presence.last_seen
    return ConnectView(
        online=presence.is_online(now),
        last_seen=last_seen_of(agent),
        online_until=iso(presence.online_until) if seen else None,
        a2a_url=a2a_url_of(agent),
        card_url=endpoint.card_url if endpoint else None,
        card_answers=endpoint.answers if endpoint else None,
        names_account=endpoint.names_account if endpoint else None,
        checked_at=iso(endpoint.checked_at) if endpoint else None,
        answered_at=iso(endpoint.answered_at) if endpoint else None,
        failures=endpoint.failures if endpoint else 0,
        name=endpoint.name if endpoint else "",
        description=endpoint.description if endpoint else "",
        streaming=endpoint.streaming if endpoint else False,
        interfaces=[
            InterfaceView(url=i.url, binding=i.binding, version=i.version)
            for i in (endpoint.interfaces if endpoint else ())
        ],
        skills=[
            CardSkillView(id=s.skill_id, name=s.name) for s in (endpoint.skills if endpoint else ())
        ],
    )
