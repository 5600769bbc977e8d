"""A scene, and everybody who speaks about it over A2A with a key of their own."""

import itertools
import json
from typing import Any

import httpx

from a2a_server.front import AgentFront, Speaker
from scene import PEOPLE, Scene

# What an answer means, by the code of its error; 0 for none.
MEANING = {
    0: "ok",
    -32001: "gone",
    -32002: "kept",
    -32003: "none",
    -32004: "over",
    -32007: "none",
    -32011: "lost",
    -32041: "key",
    -32042: "poor",
    -32043: "not you",
    -32044: "gone",
    -32049: "taken",
}
_numbers = itertools.count()


class Cast:
    """The reader has a key of the buyer's for reading, the revoked one had one for trading."""

    def __init__(self, front: AgentFront) -> None:
        self.scene = scene = Scene(front.world)
        named = ("stranger", "bidder", "worker", "buyer")
        self.speakers = {name: front.agent(scene.who(name)) for name in named}
        self.speakers["nobody"] = front.agent()
        self.speakers["reader"] = Speaker(front, front.key_of(scene.buyer, "read"))
        lost = scene.buyer.do("web3.keys.create", label="lost", scope="write")
        for name, token in (("operator", front.world.operator_token), ("revoked", lost["key"])):
            self.speakers[name] = Speaker(front, {"Authorization": f"Bearer {token}"})
        scene.buyer.do("web3.keys.revoke", credentialId=lost["credentialId"])

    def all(self) -> list[Speaker]:
        """Return everybody, strangers first."""
        return [self.speakers[name] for name in PEOPLE]


def asked(speaker: Speaker, method: str, params: Any, version: str) -> httpx.Response:
    """Call a method over JSON-RPC."""
    body = {"jsonrpc": "2.0", "id": next(_numbers), "method": method, "params": params}
    return speaker.post(body, **{"A2A-Version": version})


def meant(answer: httpx.Response) -> str:
    """Return what an answer means; of a stream its first event says so."""
    text = answer.text
    if answer.headers["content-type"].startswith("text/event-stream"):
        text = text.partition("data: ")[2].partition("\n")[0]
    return MEANING[json.loads(text).get("error", {}).get("code", 0)]
