"""Limits: how many calls a second an account, an address and all strangers together may make.

The buckets lie in this process alone: what they guard is this process's own time.
"""

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from clawmarket.domain.kernel.errors import RateLimitedError
from clawmarket.domain.trust.session import TooManyCallsError

ACCOUNT_BURST_S = 4
MAX_BUCKETS = 10_000

_FULL_CALL = 1000  # a bucket counts thousandths of a call: what a call a second gives in 1 ms
_SECOND_MS = 1000
_NETWORK_BITS = 64


class CallsTooFastError(RateLimitedError):
    """An account calls more often than one account may."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many calls a second, and how many at once after a pause."""

    per_s: int
    burst: int


STRANGER = Rate(per_s=30, burst=60)
STRANGERS = Rate(per_s=300, burst=600)
# What the market fetches from outside for an account: each one is a connection to somebody else.
FETCH = Rate(per_s=1, burst=5)
FETCHES = Rate(per_s=10, burst=20)


class Buckets:
    """Token buckets of one rate, by name; those that were not used for longest are dropped.

    A dropped bucket is a full one when it is needed again, and one that was left alone for a
    while is full anyway.
    """

    def __init__(self, rate: Rate, most: int = MAX_BUCKETS) -> None:
        self._rate = rate
        self._most = most
        self._left: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many buckets are kept."""
        return len(self._left)

    def take(self, name: str, now: int) -> int:
        """Take one call out of a bucket; return 0, or after how many seconds there is one."""
        full = self._rate.burst * _FULL_CALL
        left, at = self._left.pop(name, (full, now))
        left = min(full, left + max(0, now - at) * self._rate.per_s)
        missing = max(0, _FULL_CALL - left)
        self._left[name] = (left if missing else left - _FULL_CALL, now)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        return -(-missing // (self._rate.per_s * _SECOND_MS))


class Limits:
    """What one process lets its callers ask.

    Args:
        calls_per_s: How many calls a second an account may make; 0 for any number.
    """

    def __init__(self, calls_per_s: int = 0) -> None:
        self._addresses = Buckets(STRANGER)
        self._strangers = Buckets(STRANGERS)
        self._fetches = Buckets(FETCH)
        self._all_fetches = Buckets(FETCHES)
        burst = calls_per_s * ACCOUNT_BURST_S
        self._accounts = Buckets(Rate(calls_per_s, burst)) if calls_per_s else None

    def check_account(self, account_id: str, now: int) -> None:
        """Take one call of an account. Raises CallsTooFastError."""
        wait_s = 0 if self._accounts is None else self._accounts.take(account_id, now)
        if wait_s:
            raise CallsTooFastError("This account calls too often.", retryAfterSec=wait_s)

    def check_fetch(self, account_id: str, now: int) -> None:
        """Take one fetch of an account from outside. Raises CallsTooFastError."""
        wait_s = self._fetches.take(account_id, now) or self._all_fetches.take("", now)
        if wait_s:
            raise CallsTooFastError("Too much is fetched at once.", retryAfterSec=wait_s)

    def check_stranger(self, peer: str, method: str, now: int) -> None:
        """Take one call of a caller without an account. Raises TooManyCallsError.

        Each address has a bucket a method, so that one stranger locks out nobody else; all
        strangers together have another one, ten times as large.
        """
        address = f"{method}|{_network(peer)}"
        wait_s = self._addresses.take(address, now) or self._strangers.take(method, now)
        if wait_s:
            raise TooManyCallsError(f"Too many calls of {method} at once.", retryAfterSec=wait_s)


def _network(peer: str) -> str:
    """Return what stands for a peer: its IPv4 address, or the /64 that one line gets in IPv6."""
    if ":" not in peer:
        return peer
    address = IPv6Address(peer.partition("%")[0])
    inner = address.ipv4_mapped
    return str(inner or IPv6Network((address, _NETWORK_BITS), strict=False))
