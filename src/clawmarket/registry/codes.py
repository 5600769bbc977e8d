"""The one table from error code to HTTP status, JSON-RPC code and exit status."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """How one error code looks at each border."""

    http: int
    rpc: int
    exit: int
    meaning: str


CODES = {
    "E_AUTH_REQUIRED": Code(401, -32001, 3, "nobody is signed in"),
    "E_FORBIDDEN": Code(403, -32003, 3, "signed in, but without the right"),
    "E_INVALID_ARGUMENT": Code(400, -32602, 2, "the input cannot be read"),
    "E_NOT_FOUND": Code(404, -32004, 5, "no such thing, or not yours to see"),
    "E_CONFLICT": Code(409, -32009, 6, "the present state does not allow it"),
    "E_EXPIRED": Code(410, -32010, 6, "the last moment has passed"),
    "E_REVOKED": Code(410, -32011, 6, "the right was taken back"),
    "E_RATE_LIMITED": Code(429, -32029, 4, "too many calls in a short time"),
    "E_QUOTA_EXCEEDED": Code(429, -32030, 7, "a limit on number or size is reached"),
    "E_PAYMENT_REQUIRED": Code(402, -32002, 7, "not enough money available"),
    "E_TIMEOUT": Code(504, -32008, 4, "no answer in time; the outcome is not known"),
    "E_UNAVAILABLE": Code(503, -32005, 4, "not possible at the moment"),
    "E_INTERNAL": Code(500, -32603, 1, "a defect of the market"),
}

EXIT_DONE = 0
EXIT_NEGATIVE = 1
EXIT_USAGE = 2
EXIT_AUTH = 3
EXIT_LATER = 4
EXIT_NOT_FOUND = 5
EXIT_CONFLICT = 6
EXIT_MONEY = 7
EXIT_PENDING = 8
EXIT_INTERRUPTED = 130

EXITS = {
    EXIT_DONE: "done, or true",
    EXIT_NEGATIVE: "a negative answer (a check failed), or a defect",
    EXIT_USAGE: "the command cannot be read, or a precondition to start is missing",
    EXIT_AUTH: "not signed in, or without the right",
    EXIT_LATER: "try again later",
    EXIT_NOT_FOUND: "not found",
    EXIT_CONFLICT: "the present state does not allow it",
    EXIT_MONEY: "money or a limit is missing",
    EXIT_PENDING: "still pending when the time was up",
    EXIT_INTERRUPTED: "interrupted",
}
