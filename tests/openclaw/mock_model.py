"""A model provider on this machine: it calls the tool that a message names, and repeats its result.

`use NAME {JSON}` in the newest message calls the tool; every other message is answered with words.
`$10MB` in the JSON becomes that much text, which no message has to carry.
"""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

Message = dict[str, Any]

_WISH = re.compile(r"use (\w+) (\{.*\})", re.DOTALL)
_USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


class Model:
    """The provider; `asked` holds the bodies of all requests."""

    def __init__(self) -> None:
        asked: list[Message] = []

        class Handler(_Handler):
            kept = asked

        self.asked = asked
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    kept: ClassVar[list[Message]]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer a request for a completion as a stream of events."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.kept.append(body)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        delta = answer(body["messages"])
        reason = "tool_calls" if "tool_calls" in delta else "stop"
        self._event([{"index": 0, "delta": delta | {"role": "assistant"}, "finish_reason": None}])
        self._event([{"index": 0, "delta": {}, "finish_reason": reason}])
        self._event([], usage=_USAGE)
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, choices: list[Message], **more: object) -> None:
        about = {"id": "c", "created": 0, "model": "mock-1", "object": "chat.completion.chunk"}
        self.wfile.write(b"data: " + json.dumps(about | {"choices": choices} | more).encode())
        self.wfile.write(b"\n\n")


def answer(messages: list[Message]) -> Message:
    """Return what the model says next: a call, or what the tool answered, or words."""
    last = max((i for i, m in enumerate(messages) if _is_answer(m)), default=-1)
    fresh = messages[last + 1 :]
    results = [text_of(m) for m in fresh if m["role"] == "tool"]
    if results:
        return {"content": results[-1]}
    wish = _WISH.search("\n".join(text_of(m) for m in fresh if m["role"] == "user"))
    if wish is None:
        return {"content": "the model answers"}
    function = {"name": wish[1], "arguments": wish[2].replace("$10MB", "x" * 10_000_000)}
    return {
        "tool_calls": [
            {"index": 0, "id": f"call_{len(messages)}", "type": "function", "function": function}
        ]
    }


def text_of(message: Message) -> str:
    """Return a message's text; the host may write it in parts."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(p.get("text", "") for p in content)


def _is_answer(message: Message) -> bool:
    return message["role"] == "assistant" and not message.get("tool_calls")
