"""Limits: how often an account, an address and all strangers may call, and what comes in at once.

The buckets lie in this process alone: what they guard is this process's own time.
"""

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from clawmarket.domain.kernel.errors import RateLimitedError
from clawmarket.domain.kernel.loopback import LOOPBACK
from clawmarket.domain.trust.session import TooManyCallsError
from clawmarket.services.uploads import Uploads

ACCOUNT_BURST_S = 4
MAX_BUCKETS = 10_000

_SECOND_MS = 1000
_DAY_S = 86_400
# A proxy on this machine speaks for everybody.
_LOOPBACK_SHARE = 10
_NETWORK_BITS = 64


class AccountsTooManyError(RateLimitedError):
    """Too many accounts were opened from one address in a day."""

    advice = "Use the account that you have, or come again when the answer says."
    next_command = "clawmarket wallet login"


class CallsTooFastError(RateLimitedError):
    """An account calls more often than one account may."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many calls a second, or in `in_s` seconds, and how many at once after a pause.

    A bucket counts parts of a call: as many as the calls of the rate give in 1 ms.
    """

    per_s: int
    burst: int
    in_s: int = 1

    @property
    def call(self) -> int:
        """How many parts one call has."""
        return self.in_s * _SECOND_MS


@dataclass(frozen=True, slots=True)
class Pace:
    """How many calls a caller may make at once, how many are left, when all of them are back."""

    burst: int
    left: int
    full_in_s: int


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
        call = self._rate.call
        full = self._rate.burst * call
        left, at = self._left.pop(name, (full, now))
        left = min(full, left + max(0, now - at) * self._rate.per_s)
        missing = max(0, call - left)
        self._left[name] = (left if missing else left - call, now)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        return -(-missing // (self._rate.per_s * _SECOND_MS))

    def pace(self, name: str, now: int) -> Pace:
        """Return how full a bucket is, and take nothing."""
        full = self._rate.burst * self._rate.call
        left, at = self._left.get(name, (full, now))
        left = min(full, left + max(0, now - at) * self._rate.per_s)
        full_in_s = -(-(full - left) // (self._rate.per_s * _SECOND_MS))
        return Pace(self._rate.burst, left // self._rate.call, full_in_s)


class Limits:
    """What one process lets its callers ask.

    Args:
        calls_per_s: How many calls a second an account may make, and an address without an
            account may read; 0 for any number.
        accounts_per_day: How many accounts one address may open a day; 0 for any number.
    """

    def __init__(self, calls_per_s: int = 0, accounts_per_day: int = 0) -> None:
        self._addresses = Buckets(STRANGER)
        self._strangers = Buckets(STRANGERS)
        self._fetches = Buckets(FETCH)
        self._all_fetches = Buckets(FETCHES)
        self._accounts = _buckets(calls_per_s)
        self._readers = _buckets(calls_per_s)
        self._loopback = _buckets(calls_per_s * _LOOPBACK_SHARE)
        day = Rate(accounts_per_day, accounts_per_day, _DAY_S)
        self._openings = Buckets(day) if accounts_per_day else None
        self.uploads = Uploads()

    def check_account(self, account_id: str, now: int) -> None:
        """Take one call of an account. Raises CallsTooFastError."""
        wait_s = 0 if self._accounts is None else self._accounts.take(account_id, now)
        if wait_s:
            raise CallsTooFastError("This account calls too often.", retryAfterSec=wait_s)

    def pace_of(self, account_id: str, now: int) -> Pace | None:
        """Return what an account may still call, or None where nothing limits it."""
        return None if self._accounts is None else self._accounts.pace(account_id, now)

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
        address = f"{method}|{network_of(peer)}"
        wait_s = self._addresses.take(address, now) or self._strangers.take(method, now)
        if wait_s:
            raise TooManyCallsError(f"Too many calls of {method} at once.", retryAfterSec=wait_s)

    def check_reader(self, peer: str, now: int) -> None:
        """Take one reading call of a caller without an account. Raises TooManyCallsError.

        This machine's own address has ten times as many: behind it may be a proxy.
        """
        buckets = self._loopback if peer in LOOPBACK else self._readers
        wait_s = 0 if buckets is None else buckets.take(network_of(peer), now)
        if wait_s:
            raise TooManyCallsError("This address asks too often.", retryAfterSec=wait_s)

    def check_caller(self, account_id: str, peer: str, now: int) -> None:
        """Take one reading call of whoever asks. Raises CallsTooFastError, TooManyCallsError."""
        if account_id:
            self.check_account(account_id, now)
        else:
            self.check_reader(peer, now)

    def check_opening(self, peer: str, now: int) -> None:
        """Take one account of those that an address may open a day. Raises AccountsTooManyError."""
        wait_s = 0 if self._openings is None else self._openings.take(network_of(peer), now)
        if wait_s:
            raise AccountsTooManyError(
                "This address has opened as many accounts as it may in a day.", retryAfterSec=wait_s
            )


def _buckets(calls_per_s: int) -> Buckets | None:
    return Buckets(Rate(calls_per_s, calls_per_s * ACCOUNT_BURST_S)) if calls_per_s else None


def network_of(peer: str) -> str:
    """Return what stands for a peer: its IPv4 address, or the /64 that one line gets in IPv6."""
    if ":" not in peer:
        return peer
    address = IPv6Address(peer.partition("%")[0])
    inner = address.ipv4_mapped
    return str(inner or IPv6Network((address, _NETWORK_BITS), strict=False))
