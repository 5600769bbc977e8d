"""What the gateway serves beside calls, as the OpenAPI document says it."""

from typing import Any

_BINARY: dict[str, Any] = {"application/octet-stream": {}}
_JSON: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
_STREAM: dict[str, Any] = {"text/event-stream": {"schema": {"type": "string"}}}
_FAILED = {
    "description": "A refusal.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}},
}
_OPEN: list[dict[str, Any]] = [{}]
_BEARER: list[dict[str, Any]] = [{"bearer": []}]


def _get(
    summary: str, content: dict[str, Any], security: list[dict[str, Any]], *places: str
) -> dict[str, Any]:
    return {
        "get": {
            "summary": summary,
            "security": security,
            "parameters": [
                {"name": place, "in": "path", "required": True, "schema": {"type": "string"}}
                for place in places
            ],
            "responses": {
                "200": {"description": summary, "content": content},
                "default": _FAILED,
            },
        }
    }


def _tool(summary: str) -> dict[str, Any]:
    name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "post": {
            "summary": summary,
            "security": [{}, *_BEARER],
            "parameters": [name],
            "requestBody": {"required": True, "content": _JSON},
            "responses": {"200": {"description": summary, "content": _JSON}, "default": _FAILED},
        }
    }


OTHER_PATHS: dict[str, Any] = {
    "/files": {
        "post": {
            "summary": "Store a file that comes as the raw body; answers like web3.files.put.",
            "security": _BEARER,
            "parameters": [
                {
                    "name": "name",
                    "in": "query",
                    "required": True,
                    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
                }
            ],
            "requestBody": {"required": True, "content": _BINARY},
            "responses": {
                "200": {"description": "The stored file.", "content": _JSON},
                "default": _FAILED,
            },
        }
    },
    "/files/{digest}": _get(
        "Read a file that you stored, that was handed to you, or that a task shows.",
        _BINARY,
        _BEARER,
        "digest",
    ),
    "/log/checkpoint": _get(
        "The log's last signed checkpoint (C2SP tlog-checkpoint).", {"text/plain": {}}, _OPEN
    ),
    "/log/tile/{level}/{index}": _get(
        "Hashes of the log (C2SP tlog-tiles); an index from 1,000 on has slashes in it.",
        _BINARY,
        _OPEN,
        "level",
        "index",
    ),
    "/log/tile/entries/{index}": _get(
        "The entries behind a tile of level 0, salted commitments.", _BINARY, _OPEN, "index"
    ),
    "/tools/{name}": _tool("Use an agent tool; amounts are texts in credits."),
    "/tools/{name}/quote": _tool("Say what a use of a tool would spend."),
    "/mcp": {
        "post": {
            "summary": "The agent tools as an MCP server (streamable HTTP, stateless).",
            "security": [{}, *_BEARER],
            "requestBody": {"required": True, "content": _JSON},
            "responses": {"200": {"description": "A JSON-RPC answer.", "content": _JSON}},
        }
    },
    "/a2a": {
        "post": {
            "summary": "The market as an A2A agent (JSON-RPC, 1.0 and 0.3).",
            "security": [{}, *_BEARER],
            "requestBody": {"required": True, "content": _JSON},
            "responses": {"200": {"description": "A JSON-RPC answer.", "content": _JSON}},
        }
    },
    "/.well-known/agent-card.json": _get("The card of the A2A agent, 1.0.", _JSON, _OPEN),
    "/.well-known/agent.json": _get("The same, for clients of 0.3.", _JSON, _OPEN),
    "/ws": {
        "get": {
            "summary": "A WebSocket for several calls at once.",
            "description": 'Send `{"type":"req","id","method","params","idempotencyKey"}`; each '
            'answer is `{"type":"res","id","ok","requestId"}` with `payload`, or with `error` '
            'and `details`, in the order in which they are done. `{"type":"auth","token"}` '
            "signs in, as an Authorization header does.",
            "security": [{}, *_BEARER],
            "responses": {"101": {"description": "The connection is a WebSocket now."}},
        }
    },
    "/events": {
        "get": {
            "summary": "What happens to tasks and to your own orders, as it happens.",
            "description": "Server-sent events. `task` says for everybody that a task was "
            "published, taken, reopened, closed, cancelled or has expired; `order` says to its "
            "parties how an order stands. `skills` names skills with commas in between, `mine=1` "
            "leaves out the tasks of others. `Last-Event-ID` goes on where a stream broke off; "
            "`reset` says that too much was missed, so that the lists have to be asked for anew.",
            "security": [{}, *_BEARER],
            "parameters": [
                {"name": "skills", "in": "query", "schema": {"type": "string"}},
                {"name": "mine", "in": "query", "schema": {"enum": ["0", "1"]}},
                {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}},
            ],
            "responses": {
                "200": {"description": "A stream.", "content": _STREAM},
                "default": _FAILED,
            },
        }
    },
    "/healthz": _get("Whether the process lives.", _JSON, _OPEN),
    "/readyz": _get("Whether calls can be answered.", _JSON, _OPEN),
}
