"""Limits: how often an account and an address may call, and that nobody pays for another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.trust.session import TooManyCallsError
from clawmarket.services.call import Caller
from clawmarket.services.limits import (
    STRANGER,
    STRANGERS,
    Buckets,
    CallsTooFastError,
    Limits,
    Pace,
    Rate,
)
from clawmarket.services.trust.identity import identify
from world import START, World

VERIFY = "web3.siwe.verify"


def stranger(world: World, peer: str) -> Caller:
    """Return somebody without a credential who calls from an address."""
    return identify(world.store, world.clock, None, peer)


def tries(world: World, peer: str, times: int) -> int:
    """Send worthless answers to no challenge; return how many were held back."""
    late = 0
    for _ in range(times):
        with pytest.raises(Refused) as refused:
            world.submit(stranger(world, peer), VERIFY, {"message": "x", "signature": "x"})
        late += isinstance(refused.value, TooManyCallsError)
    return late


def test_one_stranger_locks_out_nobody_else(world: World) -> None:
    """Whoever floods the sign-in is held back; at the next address it goes on as before."""
    assert tries(world, "203.0.113.7", 200) == 200 - STRANGER.burst
    assert tries(world, "203.0.113.8", STRANGER.burst) == 0
    assert tries(world, "", STRANGER.burst) == 0


def test_a_line_has_one_bucket_in_ipv6() -> None:
    """A line has 2^64 addresses, so they count as one; an IPv4 address in IPv6 is that address."""
    limits = Limits()
    for number in range(STRANGER.burst):
        limits.check_stranger(f"2001:db8:1:2::{number:x}", VERIFY, START)
    with pytest.raises(TooManyCallsError):
        limits.check_stranger("2001:db8:1:2:ffff::1%eth0", VERIFY, START)
    limits.check_stranger("2001:db8:1:3::1", VERIFY, START)
    for _ in range(STRANGER.burst):
        limits.check_stranger("203.0.113.7", VERIFY, START)
    with pytest.raises(TooManyCallsError):
        limits.check_stranger("::ffff:203.0.113.7", VERIFY, START)


def test_all_strangers_together_are_bounded() -> None:
    """From a thousand addresses at once no more gets in than the process has time for."""
    limits, taken = Limits(), 0
    for number in range(1_000):
        try:
            limits.check_stranger(f"198.51.{number // 250}.{number % 250}", VERIFY, START)
            taken += 1
        except TooManyCallsError as refusal:
            assert refusal.details == {"retryAfterSec": 1}  # noqa: PT017 - each of many
    assert taken == STRANGERS.burst


def test_an_account_that_calls_too_fast_is_told_when_to_go_on() -> None:
    """Four seconds' worth at once, then a refusal that names the wait, and it is long enough."""
    world = World(calls_per_s=5)
    member = world.member()
    for _ in range(20):
        member.do("web3.wallet.show")
    with pytest.raises(CallsTooFastError) as refused:
        member.publishes()
    assert (refused.value.code, refused.value.details) == ("E_RATE_LIMITED", {"retryAfterSec": 1})
    assert world.member().publishes()["status"] == "task_open"
    world.pass_time(seconds=1)
    assert member.publishes()["status"] == "task_open"
    world.close()


def test_credentials_of_an_account_share_its_limit() -> None:
    """A second key is no second purse of calls."""
    world = World(calls_per_s=1)
    member = world.member()
    key = world.with_key(member)
    for _ in range(3):
        key.do("web3.wallet.show")
    with pytest.raises(CallsTooFastError):
        member.do("web3.wallet.show")
    world.close()


def test_a_market_without_the_limit_takes_any_number(world: World) -> None:
    """Nought calls a second stands for no limit."""
    member = world.member()
    assert len([member.do("web3.status.ping") for _ in range(1_000)]) == 1_000


def test_old_buckets_are_dropped() -> None:
    """However many names come by, so many buckets are kept and no more; the latest stay."""
    buckets = Buckets(Rate(per_s=1, burst=1), most=10)
    for number in range(1_000):
        assert buckets.take(str(number), START) == 0
    assert len(buckets) == 10
    assert (buckets.take("999", START), buckets.take("1", START)) == (1, 0)


@given(
    per_s=st.integers(1, 1_000),
    burst=st.integers(1, 4_000),
    steps=st.lists(st.integers(-500, 3_000), max_size=60),
)
def test_a_bucket_gives_its_rate_and_a_wait_that_is_enough(
    per_s: int, burst: int, steps: list[int]
) -> None:
    """Never more than burst and rate allow, also when the clock is set back; waits are honest."""
    buckets, now, passed, taken = Buckets(Rate(per_s, burst)), START, 0, 0
    for step in steps:
        now += step
        passed += max(0, step)
        wait_s = buckets.take("a", now)
        taken += wait_s == 0
        if wait_s:
            now += wait_s * 1000
            passed += wait_s * 1000
            assert buckets.take("a", now) == 0
            taken += 1
    assert taken * 1000 <= burst * 1000 + passed * per_s


def test_a_newcomer_signs_in_while_others_flood(world: World) -> None:
    """The flood of one address takes nothing from the sign-in of another."""
    tries(world, "203.0.113.7", 100)
    wallet = Wallet.create(world.entropy)
    assert world.session(wallet)["opened"] is True


def test_what_is_left_is_told_and_takes_nothing() -> None:
    """A bucket of 8 that was asked 3 times has 5, and is full again in 2 seconds."""
    buckets = Buckets(Rate(per_s=2, burst=8))
    for _ in range(3):
        buckets.take("a", START)
    assert buckets.pace("a", START) == buckets.pace("a", START) == Pace(8, 5, 2)
    assert buckets.pace("a", START + 1_500) == Pace(8, 8, 0)
    assert buckets.pace("b", START) == Pace(8, 8, 0)
    assert Limits().pace_of("a", START) is None
