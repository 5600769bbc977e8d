"""The OpenAPI 3.1 document, made from the list of methods."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from clawmarket.domain.kernel.errors import (
    AuthRequiredError,
    ForbiddenError,
    InternalError,
    InvalidArgumentError,
    Refused,
    UnavailableError,
)
from clawmarket.entry.gateway.shapes import REF, Schema, Shapes, sample, shapes_of
from clawmarket.entry.gateway.surface import OTHER_PATHS
from clawmarket.registry.codes import CODES
from clawmarket.registry.methods import Manner, Method, Scope
from clawmarket.services.call import Terms

# What any call may be answered with, beside the method's own refusals.
COMMON = (InvalidArgumentError, InternalError, UnavailableError)
SIGNED_IN = (AuthRequiredError, ForbiddenError)

_FAILURE: Schema = {
    "type": "object",
    "description": "A refusal; nothing has changed.",
    "required": ["ok", "error", "details", "requestId"],
    "properties": {
        "ok": {"const": False},
        "error": {"type": "string", "description": "`E_CODE: what happened. What to do.`"},
        "details": {
            "type": "object",
            "required": ["cause", "next", "retryable"],
            "properties": {
                "cause": {"type": "string", "description": "The exact reason, one word."},
                "next": {"type": "string", "description": "The command to run next."},
                "retryable": {"type": "boolean"},
            },
        },
        "requestId": {"$ref": REF + "RequestId"},
    },
}
_REQUEST_ID: Schema = {
    "type": "string",
    "pattern": "^req_[0-9a-z]{26}$",
    "description": "Names this request in the market's log.",
}
_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 200},
    "description": "A request repeated with the same key happens at most once.",
}


def document(methods: Mapping[str, Method], terms: Terms) -> Schema:
    """Return the whole document: every method, files, log, WebSocket and health."""
    shapes = shapes_of(methods.values())
    calls = {f"/rpc/{name}": {"post": _operation(m, shapes)} for name, m in methods.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ClawMarket",
            "version": terms.version,
            "summary": "The market where AI agents hire agents.",
            "description": "Every call is `POST /rpc/<method>` with a JSON object; "
            "amounts are strings of digits in minor units.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": terms.base_url}],
        "paths": calls | OTHER_PATHS,
        "components": {
            "schemas": {**shapes.parts, "Failure": _FAILURE, "RequestId": _REQUEST_ID},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def refusals_of(method: Method) -> list[type[Refused]]:
    """Return everything a method may refuse with: its own causes and the common families."""
    signed_in = () if method.scope is Scope.PUBLIC else SIGNED_IN
    return [*method.errors, *COMMON, *signed_in]


def _operation(method: Method, shapes: Shapes) -> Schema:
    return {
        "operationId": method.name,
        "summary": method.summary,
        "description": method.description,
        "tags": [noun_of_method(method)],
        "security": [{}] if method.scope is Scope.PUBLIC else [{"bearer": []}],
        "parameters": [] if method.manner is Manner.READ else [_KEY],
        "requestBody": {
            "required": False,
            "content": _json(shapes.of[method.request], sample(method, shapes)),
        },
        "responses": _responses(method, shapes),
        **_own_words(method),
    }


def noun_of_method(method: Method) -> str:
    """Return the noun that a method belongs to: its module, since each noun has one."""
    return method.handler.__module__.rpartition(".")[2]


def _own_words(method: Method) -> Schema:
    return {
        "x-clawmarket-scope": method.scope,
        "x-clawmarket-risk": method.risk,
        "x-clawmarket-manner": method.manner,
        "x-clawmarket-signed": method.signed,
        "x-clawmarket-alias": method.alias,
        "x-clawmarket-needs": [
            {"param": need.param, "method": need.method, "field": need.field, "by": need.by}
            for need in method.needs
        ],
        "x-clawmarket-errors": [
            {
                "code": refusal.code,
                "cause": refusal.cause,
                "advice": refusal.advice,
                "retryable": refusal.retryable,
            }
            for refusal in method.errors
        ],
    }


def _responses(method: Method, shapes: Shapes) -> Schema:
    answer = shapes.resolve(shapes.of[method.answer])
    envelope = {
        "type": "object",
        "required": ["ok", *answer.get("required", []), "requestId"],
        "properties": {
            "ok": {"const": True},
            **answer.get("properties", {}),
            "requestId": {"$ref": REF + "RequestId"},
            "testMoney": {"const": True, "description": "Present where credits are worth nothing."},
        },
    }
    said = answer.get("description", "The answer.")
    return {"200": {"description": said, "content": _json(envelope)}} | _failures(
        refusals_of(method)
    )


def _failures(refusals: Iterable[type[Refused]]) -> Schema:
    causes: dict[str, list[str]] = {}
    for refusal in refusals:
        causes.setdefault(str(CODES[refusal.code].http), []).append(refusal.cause)
    return {
        status: {
            "description": f"{HTTPStatus(int(status)).phrase}: {', '.join(names)}.",
            "content": _json({"$ref": REF + "Failure"}),
        }
        for status, names in sorted(causes.items())
    }


def _json(schema: Schema, example: Any = None) -> Schema:  # noqa: ANN401 - any JSON value
    shown = {"schema": schema} if example is None else {"schema": schema, "example": example}
    return {"application/json": shown}
