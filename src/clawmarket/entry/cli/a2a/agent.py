"""One agent as the SDK's client reaches it: its card, a message, a stream; refusals as ours."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.client.client import Client
from a2a.client.errors import A2AClientError, A2AClientTimeoutError, AgentCardResolutionError
from a2a.types import a2a_pb2 as new
from a2a.utils.errors import A2AError, TaskNotFoundError
from google.protobuf.json_format import MessageToDict, ParseDict

from clawmarket.domain.kernel.errors import (
    AuthRequiredError,
    ConflictError,
    DeadlineError,
    NotFoundError,
    UnavailableError,
)
from clawmarket.entry.cli.a2a.access import OnlyThere, key_for
from clawmarket.entry.cli.a2a.bounded import Bounded

Fields = dict[str, Any]

CARDS = ("/.well-known/agent-card.json", "/.well-known/agent.json")
BINDINGS = ["JSONRPC", "HTTP+JSON"]
CONNECT_S = 5.0
_SILENCE = (TimeoutError, A2AClientTimeoutError, httpx.TimeoutException)
_AWAY = (httpx.HTTPError,)
_FAILURES = (*_SILENCE, A2AError, A2AClientError, httpx.HTTPError, ValueError)
_NOT_HERE, _UNAUTHORISED, _BROKEN = (404, 405), (401, 403), 500
_KNOWN = re.compile(r"(1|0\.3)(\.|$)")
_MOST, _SHOWN = 5, 200


class AgentAwayError(UnavailableError):
    """No agent answers at that address."""

    advice = "Check the address and that the agent runs."
    next_command = "clawmarket help a2a call"


class AgentUnreadableError(UnavailableError):
    """Something answers there, but not as an agent does."""

    advice = "Check the address; it is where the agent's card is found."
    next_command = "clawmarket help a2a card"
    retryable = False


class AgentForeignError(UnavailableError):
    """The agent speaks only versions or bindings of A2A that are not spoken here."""

    advice = "Spoken here are 1.0 and 0.3 over JSON-RPC, and 1.0 over HTTP+JSON."
    next_command = "clawmarket help a2a card"
    retryable = False


class AgentBrokenError(UnavailableError):
    """The agent's server failed; whether the message did anything is not known."""

    advice = "Send it again later with the same --message-id."
    next_command = "clawmarket help a2a call"


class AgentSilentError(DeadlineError):
    """The agent did not answer in time; whether it heard the message is not known."""

    advice = "Send it again with the same --message-id, or with a longer --timeout."
    next_command = "clawmarket help a2a call"


class AgentKeyError(AuthRequiredError):
    """The agent wants a key, or another one."""

    advice = "Put the key that the agent gave you into CLAWMARKET_A2A_KEY."
    next_command = "clawmarket help environment"


class AgentTaskError(NotFoundError):
    """The agent has no such task, or does not show it to you."""

    advice = "Leave --task out for a new one."
    next_command = "clawmarket help a2a call"


class AgentRefusedError(ConflictError):
    """The agent refused what was asked."""

    advice = "What the agent says stands in the message; its card lists what it does."
    next_command = "clawmarket help a2a card"


@dataclass(frozen=True, slots=True)
class Found:
    """An agent that was found by its card."""

    card: new.AgentCard
    client: Client
    version: str


@asynccontextmanager
async def reached(url: str, timeout_s: float, *, stream: bool = False) -> AsyncIterator[Found]:
    """Find an agent by its address or its card's. What fails within is raised as a refusal."""
    limits = httpx.Timeout(timeout_s, connect=CONNECT_S)
    try:
        async with (
            asyncio.timeout(timeout_s),
            httpx.AsyncClient(
                auth=OnlyThere(url, key_for(url)), timeout=limits, transport=Bounded()
            ) as http,
        ):
            card = await _card(http, url)
            _check_spoken(card)
            config = ClientConfig(
                httpx_client=http, streaming=stream, supported_protocol_bindings=BINDINGS
            )
            client = ClientFactory(config).create(card)
            yield Found(card, client, _version(card))
    except _FAILURES as error:
        raise _refusal(error) from None


async def _card(http: httpx.AsyncClient, url: str) -> new.AgentCard:
    """Return the card: the one that was named, or of 1.0, or of 0.3.

    The market shows the address that an agent speaks at; its card may lie at the root above.
    """
    if url.endswith(".json"):
        return await A2ACardResolver(http, url).get_agent_card("/")
    root = str(httpx.URL(url).copy_with(raw_path=b"/")).rstrip("/")
    places = [(base, path) for path in CARDS for base in dict.fromkeys((url, root))]
    for base, path in places[:-1]:
        try:
            return await A2ACardResolver(http, base).get_agent_card(path)
        except AgentCardResolutionError as error:
            if error.status_code not in _NOT_HERE:
                raise
    base, path = places[-1]
    return await A2ACardResolver(http, base).get_agent_card(path)


def _check_spoken(card: new.AgentCard) -> None:
    """Raise AgentForeignError unless an agent speaks a version and a binding that are known here.

    The SDK would try 1.0 with whatever the card names.
    """
    places = [(each.protocol_binding, each.protocol_version) for each in card.supported_interfaces]
    if not any(binding in BINDINGS and _KNOWN.match(version) for binding, version in places):
        named = ", ".join(f"{binding} {version}".strip() for binding, version in places[:_MOST])
        raise AgentForeignError(f"The agent speaks {named[:_SHOWN] or 'nothing that is named'}.")


def _version(card: new.AgentCard) -> str:
    known = [each.protocol_version for each in card.supported_interfaces]
    newest = [version for version in known if version.startswith("1.")]
    return str((newest or known or ["?"])[0])


def told_card(card: new.AgentCard) -> Fields:
    """Return a card as JSON."""
    told: Fields = MessageToDict(card)
    return told


async def sent(found: Found, message: Fields, told: Callable[[Fields], None]) -> Fields:
    """Send a message; `told` hears each event, and the last reply comes back."""
    request = ParseDict({"message": message}, new.SendMessageRequest())
    last: Fields = {}
    async for event in found.client.send_message(request):
        heard = json.loads(json.dumps(MessageToDict(event)), parse_float=_number)
        told(heard)
        last = _after(last, heard)
    if not last:
        raise AgentUnreadableError("The agent answered nothing.")
    return last


def _number(text: str) -> int | float:
    """Return a number, a whole one as such: a protobuf Struct knows doubles only."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _after(last: Fields, event: Fields) -> Fields:
    """Return the reply as it stands after an event."""
    if "task" in event or "message" in event:
        return event
    task = dict(last.get("task", {}))
    if "statusUpdate" in event:
        task["status"] = event["statusUpdate"]["status"]
    if "artifactUpdate" in event:
        task["artifacts"] = [*task.get("artifacts", []), event["artifactUpdate"]["artifact"]]
    return {"task": task}


def _refusal(error: Exception) -> Exception:
    """Return what went wrong as one of our refusals."""
    status = _http_status(error)
    if status is not None:
        return _answered(status, error)
    if isinstance(error, _SILENCE):
        return AgentSilentError("The agent did not answer in time.")
    if isinstance(error, _AWAY) or isinstance(error.__cause__, _AWAY):
        return AgentAwayError("No agent can be reached at that address.")
    if isinstance(error, (AgentCardResolutionError, ValueError)):
        return AgentUnreadableError("What answers there is no agent that can be understood.")
    kind = AgentTaskError if isinstance(error, TaskNotFoundError) else AgentRefusedError
    return kind(_told(error))


def _answered(status: int, error: Exception) -> Exception:
    """Return what an HTTP status that is no success means."""
    if status in _UNAUTHORISED:
        return AgentKeyError(f"The agent answered with HTTP {status}.")
    if isinstance(error, AgentCardResolutionError):
        return AgentUnreadableError(f"No agent's card is there: HTTP {status}.")
    if status >= _BROKEN:
        return AgentBrokenError(f"The agent answered with HTTP {status}.")
    if isinstance(error, A2AClientError):
        return AgentUnreadableError(f"It answered with HTTP {status}, and not as an agent.")
    kind = AgentTaskError if isinstance(error, TaskNotFoundError) else AgentRefusedError
    return kind(_told(error))


def _told(error: Exception) -> str:
    """Return an agent's words as one sentence."""
    words = str(error).strip()
    return f"The agent says: {words}" + ("" if words.endswith((".", "!", "?")) else ".")


def _http_status(error: Exception) -> int | None:
    """Return the HTTP status that an error came from, if any."""
    cause = error.__cause__
    if isinstance(cause, httpx.HTTPStatusError):
        return cause.response.status_code
    return None
