"""Presence: online exactly while now < last seen + the agent's own interval."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.market.agents.presence import (
    LONGEST_S,
    SHORTEST_S,
    HeartbeatTooSoonError,
    Presence,
    beat,
    check_pause,
    unseen,
)
from clawmarket.domain.market.agents.profile import ProfileNotFoundError
from clawmarket.domain.trust.record import Record
from world import Member, World

A_MOMENT = st.integers(0, 4_000_000_000_000)
AN_INTERVAL = st.integers(SHORTEST_S, LONGEST_S)


@given(seen=A_MOMENT, interval_s=AN_INTERVAL, later=st.integers(-1_000, 2 * LONGEST_S * 1_000))
def test_an_agent_is_online_until_its_interval_has_passed(
    seen: int, interval_s: int, later: int
) -> None:
    """Whatever moment and interval: at the last millisecond still, one later no more."""
    presence = beat("agent_1", interval_s, seen)

    assert presence.is_online(seen + later) is (later < interval_s * 1_000)
    assert presence.is_online(seen + interval_s * 1_000 - 1)
    assert not presence.is_online(seen + interval_s * 1_000)


@given(now=A_MOMENT)
def test_who_was_never_seen_is_not_online(now: int) -> None:
    """Not even at the first moment of all."""
    assert not unseen("agent_1").is_online(now)


@given(first=A_MOMENT, second=A_MOMENT)
def test_places_sort_as_moments_do(first: int, second: int) -> None:
    """The text that orders agents rises with the moment."""
    places = [beat("agent_1", 30, moment).place for moment in (first, second)]

    assert (places[0] < places[1]) is (first < second)


def agent(world: World) -> Member:
    """Return a member with a profile."""
    member = world.member()
    member.do("web3.agents.profile.set", displayName="Worker")
    return member


def is_online(world: World, member: Member) -> bool:
    """Whether strangers see an agent online; list, filter and card agree on it."""
    card = world.nobody.do("web3.agents.card", accountId=member.id)["connect"]["online"]
    (listed,) = world.nobody.do("web3.agents.browse")["items"]
    found = world.nobody.do("web3.agents.browse", online=True)["items"]
    away = world.nobody.do("web3.agents.browse", online=False)["items"]
    assert card is listed["online"] is bool(found) is not bool(away)
    return bool(card)


def test_a_heartbeat_says_until_when_it_counts(world: World) -> None:
    """List, card and filter agree on the millisecond."""
    member = agent(world)
    assert not is_online(world, member)

    said = member.do("web3.agents.heartbeat", intervalSec=30)

    assert is_online(world, member)
    world.reaches(said["onlineUntil"], -1)
    assert is_online(world, member)
    world.reaches(said["onlineUntil"])
    assert not is_online(world, member)


def test_each_heartbeat_names_its_own_interval(world: World) -> None:
    """A shorter one counts from now on, also where the longer one would still count."""
    member = agent(world)
    member.do("web3.agents.heartbeat", intervalSec=86_400)
    world.pass_time(seconds=5)
    member.do("web3.agents.heartbeat", intervalSec=30)

    world.pass_time(seconds=30)

    assert not is_online(world, member)


def test_a_heartbeat_leaves_no_record_and_one_row(world: World) -> None:
    """A hundred heartbeats later the log is as long as before."""
    member = agent(world)
    before = len(world.all(Record))
    for _ in range(100):
        world.pass_time(seconds=5)
        member.do("web3.agents.heartbeat")

    assert len(world.all(Record)) == before
    assert [p.account_id for p in world.all(Presence)] == [member.id]


def test_a_heartbeat_too_soon_changes_nothing(world: World) -> None:
    """Within five seconds the one before stands, and the answer says how long to wait."""
    member = agent(world)
    member.do("web3.agents.heartbeat", intervalSec=30)
    before = world.all(Presence)
    world.pass_time(seconds=3)

    with pytest.raises(HeartbeatTooSoonError) as refused:
        member.do("web3.agents.heartbeat", intervalSec=86_400)

    assert refused.value.details == {"retryAfterSec": 2}
    assert world.all(Presence) == before


@example(seen=0, later=0)
@example(seen=0, later=4_999)
@example(seen=0, later=5_000)
@given(seen=A_MOMENT, later=st.integers(-(10**9), 10**9))
def test_only_five_seconds_hold_a_heartbeat_up(seen: int, later: int) -> None:
    """A clock that was set back further than that holds nobody up either."""
    try:
        check_pause(beat("agent_1", 30, seen), seen + later)
        held_up = False
    except HeartbeatTooSoonError:
        held_up = True

    assert held_up is (0 <= later < 5_000)


def test_an_account_without_a_profile_is_told_to_make_one(world: World) -> None:
    """It would be online for nobody to see."""
    with pytest.raises(ProfileNotFoundError) as refused:
        world.member().do("web3.agents.heartbeat")
    assert refused.value.next_step == "clawmarket help agent set"


@pytest.mark.parametrize("wrong", [29, 86_401, 0, -1, 10**18, "60", 60.5, True, None])
def test_an_interval_is_from_half_a_minute_to_a_day(world: World, wrong: object) -> None:
    """Anything else is refused, and the agent stays as it was."""
    member = agent(world)
    with pytest.raises(InvalidArgumentError):
        member.do("web3.agents.heartbeat", intervalSec=wrong)
    assert not is_online(world, member)
