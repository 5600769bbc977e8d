"""Refusals as A2A says them: JSON-RPC codes, HTTP statuses and typed details.

Codes from -32001 to -32009 have a meaning of A2A's own (specification 5.4), so the market's codes
that lie there are moved down by 40; the others stay as they are everywhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from a2a.utils.errors import (
    A2A_ERROR_MAPPING,
    JSON_RPC_ERROR_CODE_MAP,
    A2AError,
    ErrorMapping,
    InternalError,
    InvalidParamsError,
    InvalidRequestError,
    TaskNotFoundError,
)

from clawmarket.domain.kernel.errors import InvalidArgumentError, Refused
from clawmarket.domain.market.task import TaskNotFoundError as MarketTaskNotFoundError
from clawmarket.entry.gateway.wire import BodyTooLargeError, failure
from clawmarket.registry.codes import CODES

Fields = dict[str, Any]

UNAUTHORISED = 401
_TYPE = "type.googleapis.com/google.rpc."
_DOMAIN = "a2a-protocol.org"
_OWN_CODES = range(-32009, -32000)
_MOVED = 40
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    410: "FAILED_PRECONDITION",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal in every form that a binding needs."""

    code: int
    http: int
    status: str
    message: str
    details: list[Fields]

    @property
    def rpc(self) -> Fields:
        """The error object of JSON-RPC (specification 9.5)."""
        return {"code": self.code, "message": self.message, "data": self.details}

    @property
    def rest(self) -> Fields:
        """The body of an HTTP answer (specification 11.6)."""
        told = {"code": self.http, "status": self.status, "message": self.message}
        return {"error": told | {"details": self.details}}


def fault_of(error: Exception, request_id: str) -> Fault:
    """Return what is said of an error; a defect is logged and shows its request id only."""
    if isinstance(error, A2AError):
        return _of_protocol(error)
    told = failure(error, request_id)
    if isinstance(error, MarketTaskNotFoundError):
        return _of_protocol(TaskNotFoundError(told.envelope["error"]))
    if isinstance(error, BodyTooLargeError):
        return _of_protocol(InvalidRequestError(told.envelope["error"]))
    code = error.code if isinstance(error, Refused) else "E_INTERNAL"
    details = told.envelope["details"]
    known = {"code": code, "next": details["next"], "requestId": request_id}
    known["retryable"] = str(details["retryable"]).lower()
    if "retryAfterSec" in details:
        known["retryAfterSec"] = str(details["retryAfterSec"])
    shown = [_info(details["cause"].upper(), "clawmarket", known)]
    if isinstance(error, InvalidArgumentError):
        shown.append(violation(str(details.get("path", "$")), error.what))
    return Fault(
        rpc_code(code),
        told.status,
        _STATUS.get(told.status, "INTERNAL"),
        told.envelope["error"],
        shown,
    )


def rpc_code(code: str) -> int:
    """Return the JSON-RPC code of one of the market's, off those that A2A uses."""
    own = CODES[code].rpc
    return own - _MOVED if own in _OWN_CODES else own


def invalid(field: str, what: str) -> InvalidParamsError:
    """Return the refusal of a parameter, naming it."""
    return InvalidParamsError(what, data={"field": field})


def violation(field: str, what: str) -> Fields:
    """Return the detail that names a field and what is wrong with it."""
    found = [{"field": field, "description": what}]
    return {"@type": f"{_TYPE}BadRequest", "fieldViolations": found}


def _of_protocol(error: A2AError) -> Fault:
    kind = type(error)
    code = JSON_RPC_ERROR_CODE_MAP.get(kind, JSON_RPC_ERROR_CODE_MAP[InternalError])
    unknown = ErrorMapping(400, "INVALID_ARGUMENT", "INVALID_REQUEST")
    mapping = A2A_ERROR_MAPPING.get(kind, unknown)
    details = [_info(mapping.reason, _DOMAIN, {})]
    if error.data and "field" in error.data:
        details.append(violation(error.data["field"], error.message))
    return Fault(code, mapping.http_code, mapping.grpc_status, error.message, details)


def _info(reason: str, domain: str, known: Mapping[str, str]) -> Fields:
    said = {"reason": reason, "domain": domain, "metadata": dict(known)}
    return {"@type": f"{_TYPE}ErrorInfo"} | said
