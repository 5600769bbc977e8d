"""Metrics: numbers of one account, and how far the log is behind."""

from services.test_activity import append, end, item
from world import World

SESSION = "0" * 64


def test_a_new_account_has_used_nothing(world: World) -> None:
    """Every number is there, and zero; nothing waits for the log of a market that just signed."""
    member = world.member()
    world.log()

    found = member.do("web3.metrics.snapshot")
    assert found["audit"] == {"counted": 0, "byKind": {}}
    assert found["billing"] == {
        "enabled": False,
        "creditsUsed": "0",
        "creditsReserved": "0",
        "creditsTraded": "0",
        "billsUnpaid": 0,
    }
    assert found["log"]["lagSec"] == 0
    assert found["log"]["size"] > 0


def test_what_agents_used_is_counted_for_their_owner_alone(world: World) -> None:
    """A reservation and a run count; another account sees none of it."""
    member, other = world.member(), world.member()
    member.do("web3.billing.plan.set", toolPrices={"search": "700"}, callPrice="20")
    kept = member.do("web3.billing.reserve", sessionIdHash=SESSION, tool="search", callId="1")
    member.do("web3.billing.meter", sessionIdHash=SESSION, runId="r", model="m")
    before = member.do("web3.metrics.snapshot")["billing"]
    member.do("web3.billing.settle", reservationId=kept["reservationId"], cost="500")
    after = member.do("web3.metrics.snapshot")["billing"]

    none = {"creditsTraded": "0", "billsUnpaid": 0}
    assert before == none | {"enabled": True, "creditsUsed": "20", "creditsReserved": "700"}
    assert after == none | {"enabled": True, "creditsUsed": "520", "creditsReserved": "0"}
    assert not other.do("web3.metrics.snapshot")["billing"]["enabled"]


def test_a_log_that_is_behind_says_for_how_long(world: World) -> None:
    """The age of its head counts only while a record waits for it."""
    member = world.member()
    world.log()
    world.clock.advance(90_000)
    quiet = member.do("web3.metrics.snapshot")["log"]["lagSec"]
    member.publishes()

    assert (quiet, member.do("web3.metrics.snapshot")["log"]["lagSec"]) == (0, 90)


def test_what_agents_did_is_counted_by_its_kind(world: World) -> None:
    """Of whoever owns the agents, and of nobody else."""
    member, other = world.member(), world.member()
    append(member, item(1), item(2), end(3))

    assert member.do("web3.metrics.snapshot")["audit"] == {
        "counted": 3,
        "byKind": {"session_end": 1, "tool_call": 2},
    }
    assert other.do("web3.metrics.snapshot")["audit"]["counted"] == 0
