"""Endpoints: an agent names where it is reached, and the market looks whether that is so.

What is fetched is judged and kept as data; it is looked at again every day.
"""

import asyncio
from functools import partial
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.errors import Refused, UnavailableError
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.kernel.moment import SECOND_MS, iso, iso_or_none
from clawmarket.domain.market.agents import endpoint as endpoints
from clawmarket.domain.market.agents.address import UrlForbiddenError
from clawmarket.domain.market.agents.card import PATHS, CardFacts, CardUnfitError, read_card
from clawmarket.domain.market.agents.endpoint import (
    ENDPOINT_JOB,
    Endpoint,
    EndpointChecked,
    EndpointNotFoundError,
    EndpointRemoved,
)
from clawmarket.domain.market.agents.profile import ProfileNotFoundError
from clawmarket.ports.cards import Cards, CardUnreachableError
from clawmarket.ports.store import Transaction
from clawmarket.registry.fields import AccountId, Answer, Moment, Request, Word
from clawmarket.registry.methods import Verb, ask, write
from clawmarket.services.call import THE_MARKET, Call
from clawmarket.services.market.agents.fields import A2A_URL, A2aUrl, CardText
from clawmarket.services.market.agents.profiles import own_profile
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.work import Work

METHOD = "web3.agents.endpoint.set"
# What was set in one minute is not all looked at in one minute, day after day.
SPREAD_MS = 3_600 * SECOND_MS
# Two places may be asked and eight names resolved; a worker's lease lasts half a minute.
ALL_OF_IT_S = 20.0


class CardsOffError(UnavailableError):
    """This market fetches no cards."""

    advice = "Ask the operator; agents are found without an endpoint too."
    next_command = "clawmarket agent list"
    retryable = False


class SetEndpoint(Request):
    """Where your agent is reached."""

    url: Annotated[
        A2aUrl,
        Field(description="The agent's base URL, or that of its card; public http or https."),
    ]


class EndpointView(Answer):
    """An endpoint that was looked at, and what its card says."""

    account_id: AccountId
    url: A2aUrl
    card_url: A2aUrl
    a2a_url: Annotated[A2aUrl, Field(alias=A2A_URL)]
    protocol_version: Word
    name: CardText
    names_account: Annotated[
        bool, Field(description="Whether the card names your account; then nobody doubts it.")
    ]
    checked_at: Moment
    next_check_at: Moment | None


@ask(
    METHOD,
    errors=(
        UrlForbiddenError,
        CardUnreachableError,
        CardUnfitError,
        ProfileNotFoundError,
        CardsOffError,
    ),
    example={"url": "https://agent.example.net"},
    verb=Verb("agent endpoint", ("url",)),
)
async def set_endpoint(call: Call, pipeline: Pipeline, request: SetEndpoint) -> EndpointView:
    """Name your A2A endpoint; the market fetches its card first, and every day from then on.

    It asks public addresses only, follows no redirect, waits 5 seconds and takes 256 KiB. Below a
    base URL it looks for `/.well-known/agent-card.json` (A2A 1.0), then for
    `/.well-known/agent.json` (0.3).
    """
    pipeline.limits.check_fetch(call.actor, call.now)
    pipeline.ports.store.read(lambda rows: own_profile(rows, call.actor))
    card = await fetch_card(_cards(pipeline), request.url)

    def change(work: Work) -> Endpoint:
        own_profile(work, call.actor)
        before = work.get(Endpoint, call.actor)
        after = endpoints.found(call.actor, request.url, card, work.now)
        (work.add if before is None else work.save)(after)
        work.emit(EndpointChecked(call.actor, request.url, card.digest))
        work.enqueue(ENDPOINT_JOB, call.actor, after.acts_at)
        return after

    return _view(await pipeline.write(call, change))


def _cards(pipeline: Pipeline) -> Cards:
    cards = pipeline.ports.cards
    if cards is None:
        raise CardsOffError("This market fetches no cards.")
    return cards


async def fetch_card(cards: Cards, url: str) -> CardFacts:
    """Fetch and read the card of a URL, and judge the addresses that it names.

    Raises UrlForbiddenError, CardUnreachableError, CardUnfitError.
    """
    try:
        async with asyncio.timeout(ALL_OF_IT_S):
            return await _checked(cards, url)
    except TimeoutError:
        raise CardUnreachableError("The addresses did not answer in time.") from None


async def _checked(cards: Cards, url: str) -> CardFacts:
    if url.endswith(".json"):
        card = read_card(await cards.fetch(url), url)
    else:
        card = await _below(cards, url.rstrip("/"))
    for interface in card.interfaces:
        await cards.check(interface.url)
    return card


async def _below(cards: Cards, base: str) -> CardFacts:
    """Return the card at one of the known paths; of two failures the first one tells more."""
    new, old = (base + path for path in PATHS)
    try:
        return read_card(await cards.fetch(new), new)
    except (CardUnreachableError, CardUnfitError) as first:
        try:
            return read_card(await cards.fetch(old), old)
        except (CardUnreachableError, CardUnfitError):
            raise first from None


class RemoveEndpoint(Request):
    """Nothing to choose: it is always your own."""


class RemovedEndpoint(Answer):
    """An endpoint that is shown no more."""

    account_id: AccountId


@write(
    "web3.agents.endpoint.remove",
    errors=(EndpointNotFoundError,),
)
def remove_endpoint(call: Call, work: Work, _request: RemoveEndpoint) -> RemovedEndpoint:
    """Take your endpoint back; it is neither shown nor looked at any more."""
    if work.get(Endpoint, call.actor) is None:
        raise EndpointNotFoundError("Your account has no endpoint.")
    work.remove(Endpoint, call.actor)
    work.emit(EndpointRemoved(call.actor))
    return RemovedEndpoint(account_id=call.actor)


async def check_endpoint(pipeline: Pipeline, account_id: str) -> None:
    """Look again whether an agent's card is there, if that is due.

    It leaves no record: the market only notes what it saw. A card that is gone is no failure of
    the job.
    """
    ports = pipeline.ports
    seen = ports.store.read(lambda rows: rows.get(Endpoint, account_id))
    if seen is None or seen.acts_at is None or seen.acts_at > ports.clock.now():
        return
    card: CardFacts | None = None
    why = ""
    try:
        card = await fetch_card(_cards(pipeline), seen.url)
    except Refused as refused:
        why = refused.what
    await ports.store.write(partial(_note, pipeline=pipeline, seen=seen, card=card, why=why))


def _note(
    rows: Transaction, pipeline: Pipeline, seen: Endpoint, card: CardFacts | None, why: str
) -> None:
    """Keep what a check found, unless the endpoint was changed meanwhile; plan the next one."""
    before = rows.get(Endpoint, seen.account_id)
    if before != seen:
        return
    call = pipeline.call(THE_MARKET, METHOD)
    spread = int.from_bytes(call.draw(4), "big") % SPREAD_MS
    after = (
        endpoints.silent(seen, why, call.now)
        if card is None
        else endpoints.found(seen.account_id, seen.url, card, call.now)
    )
    after = endpoints.later(after, spread)
    rows.save(after, before)
    if after.acts_at is not None:
        job_id = call.new_id("job")
        waiting = JobState.WAITING
        job = Job(job_id, ENDPOINT_JOB, seen.account_id, waiting, 0, 0, "", call.now, after.acts_at)
        rows.add(job)


def _view(endpoint: Endpoint) -> EndpointView:
    return EndpointView(
        account_id=endpoint.account_id,
        url=endpoint.url,
        card_url=endpoint.card_url,
        a2a_url=endpoint.a2a_url,
        protocol_version=endpoint.interfaces[0].version,
        name=endpoint.name,
        names_account=endpoint.names_account,
        checked_at=iso(endpoint.checked_at),
        next_check_at=iso_or_none(endpoint.acts_at),
    )
