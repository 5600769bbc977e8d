"""A model provider on this machine: it calls the tool that a message names, and repeats its result.

`use NAME {JSON}` in the newest message calls the tool, `9 times use NAME {JSON}` as often at once;
`fail` is refused by the provider, every other message is answered with words.
`$10MB` in the JSON becomes that much text, which no message has to carry.
"""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

Message = dict[str, Any]

_WISH = re.compile(r"(?:(\d+) times )?use (\w+) (?=\{)")
# The host writes the moment before what a person says.
_SAID = re.compile(r"\[[^]]*\] ")
_JSON = json.JSONDecoder()
_USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


class Model:
    """The provider; `asked` holds the bodies of all requests."""

    def __init__(self, answers: Callable[[list[Message]], Message] | None = None) -> None:
        asked: list[Message] = []

        class Handler(_Handler):
            kept = asked
            says = (answers or answer,)

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
    says: ClassVar[tuple[Callable[[list[Message]], Message]]]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer a request for a completion as a stream of events."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.kept.append(body)
        said = [m for m in body["messages"] if m["role"] == "user" and _SAID.match(text_of(m))]
        if said and _SAID.sub("", text_of(said[-1])).startswith("fail"):
            self.send_error(400)
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        delta = self.says[0](body["messages"])
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
    wish = wish_in("\n".join(text_of(m) for m in fresh if m["role"] == "user"))
    if wish is None:
        return {"content": "the model answers"}
    times, tool, arguments = wish
    function = {"name": tool, "arguments": arguments.replace("$10MB", "x" * 10_000_000)}
    name = f"call_{len(messages)}"
    return {
        "tool_calls": [
            {"index": index, "id": f"{name}_{index}", "type": "function", "function": function}
            for index in range(times)
        ]
    }


def wish_in(text: str) -> tuple[int, str, str] | None:
    """Return the last call that a text asks for and how often; the host may write more behind."""
    for found in reversed([*_WISH.finditer(text)]):
        with suppress(ValueError):
            _, end = _JSON.raw_decode(text, found.end())
            return int(found[1] or 1), found[2], text[found.end() : end]
    return None


def text_of(message: Message) -> str:
    """Return a message's text; the host may write it in parts."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(p.get("text", "") for p in content)


def _is_answer(message: Message) -> bool:
    return message["role"] == "assistant" and not message.get("tool_calls")
