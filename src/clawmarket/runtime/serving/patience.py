"""How long connections may keep the market waiting, how many there may be, and how heavy."""

from dataclasses import dataclass

# Below the 1,024 files that a process may commonly open, if it may not open more.
MAX_CONNECTIONS = 768
HEAD_S = 10.0
BODY_S = 30.0
STALL_S = 30.0
MIN_STALL_BYTES = 256 * 1024
# The largest file at the speed of a slow line, 30 kB a second.
STREAM_S = 30 * 60.0
UNREAD_S = 60.0
IDLE_S = 20
# Sixty-four of the largest calls, each of which may take half a minute to come.
HELD_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection may keep the market waiting, and how many may do so.

    Args:
        head_s: From a request's first byte to the end of its headers.
        body_s: From there to the end of a body, unless it is streamed.
        stall_s: In which a streamed body has to bring `stall_bytes`.
        stall_bytes: See `stall_s`.
        stream_s: In which a streamed body has to be whole, however it gets on.
        unread_s: In which a client has to read some of an answer that waits for it.
        idle_s: Between two requests, and before the first.
        connections: How many may be open at once.
        held_bytes: How much of calls that are not answered all connections may bring, files aside.
    """

    head_s: float = HEAD_S
    body_s: float = BODY_S
    stall_s: float = STALL_S
    stall_bytes: int = MIN_STALL_BYTES
    stream_s: float = STREAM_S
    unread_s: float = UNREAD_S
    idle_s: int = IDLE_S
    connections: int = MAX_CONNECTIONS
    held_bytes: int = HELD_BYTES
