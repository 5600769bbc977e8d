"""Billing: what agents may spend, what they used, and what nobody can do."""

import hashlib

import pytest

from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.treasury.budget import BudgetSpentError
from clawmarket.domain.treasury.plan import PlanKeyError, PlanMissingError, ToolUnpaidError
from clawmarket.domain.treasury.reservation import CallReusedError, ReservationNotFoundError
from world import Fields, Member, World, credits_

SESSION = hashlib.sha256(b"agent:main:main").hexdigest()
OTHER = hashlib.sha256(b"agent:main:other").hexdigest()
NO_LEFT = {"session": None, "day": None, "account": None}


def plans(owner: Member, **terms: object) -> Fields:
    """Let an account's owner say what its agents may spend: 1.00 a call, 5.00 a session."""
    asked: Fields = {"perSession": credits_("5"), "toolPrices": {"search": credits_("1")}}
    return owner.do("web3.billing.plan.set", **(asked | terms))


def reserves(agent: Member, call_id: str, session: str = SESSION, tool: str = "search") -> Fields:
    """Reserve for one call."""
    named: Fields = {"sessionIdHash": session, "tool": tool, "callId": call_id}
    return agent.do("web3.billing.reserve", **named)


def settles(agent: Member, reservation: Fields, **cost: str) -> Fields:
    """Say what a call cost."""
    return agent.do("web3.billing.settle", reservationId=reservation["reservationId"], **cost)


def usage(agent: Member, session: str = SESSION) -> Fields:
    """Return what a session used."""
    seen: Fields = agent.do("web3.billing.status", sessionIdHash=session)["usage"]
    return seen


def test_a_call_is_reserved_for_and_settled_at_its_cost(world: World) -> None:
    """The price is kept while the call runs; then what it cost is charged and the rest is free."""
    agent = world.member()
    plans(agent)
    kept = reserves(agent, "call-1")
    assert (kept["amount"], kept["status"]) == (credits_("1"), "reservation_reserved")
    assert kept["left"] == NO_LEFT | {"session": credits_("4")}
    settled = settles(agent, kept, cost=credits_("0.4"))
    assert (settled["charged"], settled["unbilled"]) == (credits_("0.4"), "0")
    assert settled["left"] == NO_LEFT | {"session": credits_("4.6")}
    assert settles(agent, kept, cost=credits_("0.9")) == settled


def test_what_a_quota_does_not_cover_is_refused_and_changes_nothing(world: World) -> None:
    """Five calls fit into 5.00; the sixth is refused while the five run."""
    agent = world.member()
    plans(agent)
    for number in range(5):
        reserves(agent, f"call-{number}")
    before = usage(agent)
    with pytest.raises(BudgetSpentError) as refused:
        reserves(agent, "call-6")
    assert refused.value.code == "E_QUOTA_EXCEEDED"
    assert usage(agent) == before


def test_the_same_call_is_reserved_for_once(world: World) -> None:
    """Without an idempotency key too; but a call that is over pays for no other."""
    agent = world.member()
    plans(agent)
    first = reserves(agent, "call-1")
    assert reserves(agent, "call-1") == first
    assert usage(agent)["creditsReserved"] == credits_("1")
    settles(agent, first)
    with pytest.raises(CallReusedError):
        reserves(agent, "call-1")
    assert reserves(agent, "call-1", OTHER)["reservationId"] != first["reservationId"]


def test_what_is_given_back_is_free_again(world: World) -> None:
    """A release gives back all, once; after it nothing can be settled."""
    agent = world.member()
    plans(agent)
    kept = reserves(agent, "call-1")
    asked = {"reservationId": kept["reservationId"], "reason": "the tool failed"}
    released = agent.do("web3.billing.release", **asked)
    assert (released["status"], released["charged"]) == ("reservation_released", "0")
    assert agent.do("web3.billing.release", **asked) == released
    with pytest.raises(TransitionRefusedError):
        settles(agent, kept)
    assert usage(agent)["left"] == credits_("5")


def test_a_tool_without_a_price_is_not_paid(world: World) -> None:
    """It is allowed without a reservation, and there is nothing to reserve."""
    agent = world.member()
    plans(agent)
    checked = agent.do("web3.billing.check", sessionIdHash=SESSION, tool="read")
    assert (checked["allowed"], checked["paid"], checked["price"]) == (True, False, "0")
    with pytest.raises(ToolUnpaidError):
        reserves(agent, "call-1", tool="read")


def test_without_a_plan_everything_is_allowed_and_nothing_is_charged(world: World) -> None:
    """The guard of an account without a plan guards nothing."""
    agent = world.member()
    checked = agent.do("web3.billing.check", sessionIdHash=SESSION)
    assert checked == {"allowed": True, "reason": "", "paid": False, "price": "0", "left": NO_LEFT}
    with pytest.raises(PlanMissingError):
        reserves(agent, "call-1")
    assert agent.do("web3.billing.session.end", sessionIdHash=SESSION)["ended"] is False


def test_a_key_spends_by_the_plan_and_cannot_set_it(world: World) -> None:
    """Only the owner's wallet says what agents may spend."""
    owner = world.member()
    plans(owner)
    key = world.with_key(owner)
    with pytest.raises(PlanKeyError):
        plans(key, perSession=None)
    assert reserves(key, "call-1")["amount"] == credits_("1")
    assert key.do("web3.billing.plan.get")["perSession"] == credits_("5")


def test_a_foreign_reservation_is_not_there(world: World) -> None:
    """Somebody else's answers like one that does not exist."""
    agent, other = world.member(), world.member()
    plans(agent)
    plans(other)
    kept = reserves(agent, "call-1")
    for method in ("settle", "release"):
        with pytest.raises(ReservationNotFoundError):
            other.do(f"web3.billing.{method}", reservationId=kept["reservationId"])


def test_a_run_is_charged_once_and_never_beyond_a_quota(world: World) -> None:
    """Tokens are rounded down once; what no quota covers is noted and not asked for."""
    agent = world.member()
    plans(agent, callPrice="100", inputPrice="3000000", outputPrice="15000001", perSession="1000")
    run = {"sessionIdHash": SESSION, "runId": "run-1", "model": "m"}
    metered = agent.do("web3.billing.meter", **run, inputTokens=100, outputTokens=33)
    assert (metered["cost"], metered["charged"]) == (str(100 + 300 + 495), "895")
    assert agent.do("web3.billing.meter", **run, inputTokens=7) == metered
    more = agent.do("web3.billing.meter", **(run | {"runId": "run-2"}), inputTokens=100)
    assert (more["charged"], more["unbilled"]) == ("105", "295")
    seen = usage(agent)
    assert (seen["creditsUsed"], seen["unbilled"], seen["llmCalls"]) == ("1000", "295", 2)


def test_a_session_that_reached_its_quota_is_stopped_until_it_ends(world: World) -> None:
    """No turn begins any more; a new session has a fresh quota, the day's goes on."""
    agent = world.member()
    plans(agent, perSession=credits_("2"), perDay=credits_("3"))
    for number in range(2):
        settles(agent, reserves(agent, f"call-{number}"))
    stopped = agent.do("web3.billing.check", sessionIdHash=SESSION)
    assert (stopped["allowed"], "reached its budget" in stopped["reason"]) == (False, True)
    ended = agent.do("web3.billing.session.end", sessionIdHash=SESSION, reason="new")
    assert (ended["ended"], ended["creditsUsed"]) == (True, credits_("2"))
    assert reserves(agent, "call-3")["left"] == {
        "session": credits_("1"),
        "day": "0",
        "account": None,
    }
    with pytest.raises(BudgetSpentError):
        reserves(agent, "call-4")
    world.pass_time(seconds=86_400)
    assert reserves(agent, "call-5")["left"]["day"] == credits_("2")


def test_what_a_session_charged_is_paid_to_the_payee(world: World) -> None:
    """The end makes a bill; the market's job locks it and pays it, less the fee."""
    agent, seller = world.member(), world.member()
    plans(agent, payee=seller.id)
    settles(agent, reserves(agent, "call-1"))
    ended = agent.do("web3.billing.session.end", sessionIdHash=SESSION)
    seen = agent.do("web3.billing.status", sessionIdHash=SESSION)["settlement"]
    assert (seen["status"], seen["due"], seen["billId"]) == (
        "bill_due",
        credits_("1"),
        ended["billId"],
    )
    world.run_jobs()
    (bill,) = seller.do("web3.billing.bill.list", side="payee")["items"]
    assert (bill["status"], bill["sellerAmount"], bill["fee"]) == (
        "bill_paid",
        credits_("0.99"),
        credits_("0.01"),
    )
    assert agent.figures()[:2] == (credits_("999"), "0")
    assert seller.figures()[3] == credits_("0.99")
