"""A client of the host's gateway, as its own chat window is one: a WebSocket, JSON frames."""

import json
import time
from collections import deque
from collections.abc import Sequence
from itertools import count
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

Frame = dict[str, Any]

ANSWER_S = 60
# Of what came instead of an answer, as much as tells why.
FRAMES_SHOWN, FRAME_CHARS = 20, 300
SESSION = "agent:main:main"
ENDINGS = frozenset({"final", "error", "aborted"})


# Of all clients of this process, which has its hosts to itself.
_MESSAGES = count(1)


class Client:
    """One connection with the scopes it asked for."""

    def __init__(
        self, url: str, token: str, scopes: Sequence[str], caps: Sequence[str] = ()
    ) -> None:
        self._numbers = count(1)
        self._socket: ClientConnection = connect(
            url, max_size=None, max_queue=None, compression=None
        )
        self._events: list[Frame] = []
        self.requests: list[Frame] = []
        # The challenge, which a client with the gateway's token need not sign.
        self._frame(time.monotonic() + ANSWER_S)
        about = {"id": "gateway-client", "version": "0", "platform": "linux", "mode": "backend"}
        hello = self.call(
            "connect",
            minProtocol=4,
            maxProtocol=4,
            client=about,
            role="operator",
            scopes=list(scopes),
            caps=list(caps),
            auth={"token": token},
        )
        assert hello["ok"], hello
        self.methods: list[str] = hello["payload"]["features"]["methods"]

    def __enter__(self) -> Self:
        """Use the connection."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._socket.close()

    def call(self, method: str, /, **params: object) -> Frame:
        """Call a method and return the frame that answers it."""
        number = f"r{next(self._numbers)}"
        asked = {"type": "req", "id": number, "method": method, "params": params}
        self._socket.send(json.dumps(asked))
        end = time.monotonic() + ANSWER_S
        while True:
            frame = self._frame(end)
            if frame["type"] == "res" and frame["id"] == number:
                return frame
            self._events.append(frame)

    def say(self, text: str, session: str = SESSION, *, decision: str = "") -> str:
        """Send a message as a person does in the chat, and return the answer's text.

        Whatever the host asks meanwhile is put into `requests`, and answered with the decision.
        """
        # Under a key that another client has used the host would begin nothing.
        key = f"say-{next(_MESSAGES)}"
        started = self.call("chat.send", sessionKey=session, message=text, idempotencyKey=key)
        assert started["ok"], started
        run = started["payload"]["runId"]
        end = time.monotonic() + ANSWER_S
        came: deque[str] = deque(maxlen=FRAMES_SHOWN)
        while True:
            try:
                frame = self._events.pop(0) if self._events else self._frame(end)
            except TimeoutError:
                shown = "\n".join(came)
                raise AssertionError(f"no answer of {run} to {text!r}, but\n{shown}") from None
            came.append(json.dumps(frame)[:FRAME_CHARS])
            payload = frame.get("payload") or {}
            if frame.get("event") == "plugin.approval.requested":
                self.requests.append(payload["request"])
                if decision:
                    self.call("plugin.approval.resolve", id=payload["id"], decision=decision)
                continue
            if frame.get("event") != "chat" or payload.get("runId") != run:
                continue
            if payload["state"] in ENDINGS:
                return _text(payload)

    def _frame(self, end: float) -> Frame:
        # The gateway ticks every now and then, so a limit for each frame would never be reached.
        frame: Frame = json.loads(self._socket.recv(timeout=max(0.0, end - time.monotonic())))
        return frame


def _text(payload: Frame) -> str:
    message = payload.get("message") or {"content": payload.get("errorMessage", "")}
    content = message["content"]
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)
