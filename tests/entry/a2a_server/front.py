"""A market behind its A2A surface, and the words of those who speak to it."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from gateway.front import Front

from clawmarket.entry.a2a.routes import a2a_routes
from clawmarket.entry.gateway.app import build_gateway
from world import Member

Fields = dict[str, Any]
NEW = {"A2A-Version": "1.0"}

_numbers = itertools.count()


@dataclass
class AgentFront(Front):
    """Asks the market over A2A."""

    def __post_init__(self) -> None:
        """Put the routes of A2A within the border."""
        pipeline = self.world.pipeline
        self.app = build_gateway(pipeline, max_file_bytes=1_000_000, more=a2a_routes(pipeline))

    def agent(self, member: Member | None = None) -> "Speaker":
        """Return somebody who speaks A2A: a member with a key, or a stranger."""
        return Speaker(self, {} if member is None else self.key_of(member))

    def newcomer(self) -> "Speaker":
        """Return a new member who speaks A2A."""
        return self.agent(self.world.member())


@dataclass
class Speaker:
    """One client; each thing it says has a message id of its own."""

    front: AgentFront
    headers: dict[str, str] = field(default_factory=dict)

    def post(self, body: object, path: str = "/a2a", **headers: str) -> httpx.Response:
        """Send a body."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.front.ask("POST", path, content=data, headers=self.headers | headers)

    def rpc(self, method: str, params: Any, version: str = "1.0") -> Fields:
        """Call a method and return result or error."""
        body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        answer = self.post(body, **({"A2A-Version": version} if version else {}))
        told: Fields = answer.json()
        assert told.pop("jsonrpc") == "2.0"
        assert told.pop("id") == 7
        return told

    def does(self, skill: str, /, parts: list[Fields] | None = None, **data: Any) -> Fields:
        """Use a skill over 1.0 and return the task, or the facts of the message."""
        message = said({"data": {"skill": skill, **data}}, *(parts or []))
        told = self.rpc("SendMessage", {"message": message})
        assert "result" in told, told["error"]
        return facts(told["result"])

    def refused(self, skill: str, /, **data: Any) -> Fields:
        """Use a skill that is refused and return the error."""
        told = self.rpc("SendMessage", {"message": said({"data": {"skill": skill, **data}})})
        error: Fields = told["error"]
        return error


def said(*parts: Fields, **more: Any) -> Fields:
    """Return a message of 1.0 with an id that no other has."""
    message_id = f"m-{next(_numbers)}"
    return {"messageId": message_id, "role": "ROLE_USER", "parts": list(parts), **more}


def said_old(*parts: Fields, **more: Any) -> Fields:
    """The same as 0.3 has it."""
    kind = {"kind": "message", "messageId": f"m-{next(_numbers)}", "role": "user"}
    return kind | {"parts": list(parts), **more}


def facts(reply: Fields) -> Fields:
    """Return the task of a reply, or the data of its message."""
    found: Fields = reply["task"] if "task" in reply else reply["message"]["parts"][0]["data"]
    return found
