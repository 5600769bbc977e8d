"""Billing: what agents may spend, what they used, and what nobody can do."""

import asyncio
import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path
from shutil import copy

import pytest

from clawmarket.adapters.store.sqlite import open_sqlite
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import DAY_MS, HOUR_MS, from_iso
from clawmarket.domain.treasury.bill import Bill
from clawmarket.domain.treasury.budget import BillUnpaidError, BudgetSpentError
from clawmarket.domain.treasury.plan import PlanKeyError, PlanMissingError, ToolUnpaidError
from clawmarket.domain.treasury.reservation import CallReusedError, ReservationNotFoundError
from clawmarket.services.call import THE_MARKET
from clawmarket.services.treasury.billing.bills import advance
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
    decision = {"allowed": True, "reason": "", "next": "", "paid": False, "price": "0"}
    assert checked == decision | {"left": NO_LEFT}
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
    assert stopped["next"] == "clawmarket billing plan show"
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
    lines = agent.do("web3.wallet.statement")["items"]
    assert [(line["billId"], line["heldChange"]) for line in lines[:2]] == [
        (bill["billId"], "-1000000"),
        (bill["billId"], "1000000"),
    ]
    assert seller.figures()[3] == credits_("0.99")


def in_session(agent: Member, session: str = SESSION) -> Member:
    """Return a member whose calls say which session of an agent they belong to."""
    return Member(agent.world, replace(agent.caller, agent_session=session), agent.wallet)


def test_what_a_key_trades_counts_against_the_quotas(world: World) -> None:
    """A task that a key funds uses up session, day and account; it stands on no bill."""
    owner, seller = world.member(), world.member()
    plans(owner, perSession=credits_("50"), perDay=credits_("70"), payee=seller.id)
    key = in_session(world.with_key(owner))
    key.publishes("30")
    seen = usage(key)
    assert (seen["creditsTraded"], seen["creditsUsed"]) == (credits_("30"), "0")
    with pytest.raises(BudgetSpentError):
        key.publishes("21")
    assert key.figures()[:2] == (credits_("970"), credits_("30"))
    in_session(key, OTHER).publishes("40")
    with pytest.raises(BudgetSpentError):
        in_session(key, "").publishes("0.000001")
    assert key.do("web3.billing.session.end", sessionIdHash=SESSION)["billId"] is None


def test_an_order_that_a_key_pays_for_counts(world: World) -> None:
    """So does whatever else takes credits out of what is available; what comes back frees none."""
    owner, seller = world.member(), world.member()
    plans(owner, perSession=None, perDay=credits_("10"))
    key = world.with_key(owner)
    order = key.orders(seller.offers(), quantity=2)
    key.locks(order)
    seller.refunds(order)
    day = key.do("web3.billing.summary")["day"]
    assert (day["creditsTraded"], day["left"]) == (credits_("10"), "0")
    with pytest.raises(BudgetSpentError):
        key.locks(key.orders(seller.offers()))


def test_the_owner_is_not_limited_by_the_plan(world: World) -> None:
    """Whoever signs with the wallet spends what they have; a key without a plan does too."""
    owner, other = world.member(), world.member()
    plans(owner)
    owner.publishes("50")
    world.with_key(other).publishes("50")
    assert owner.do("web3.billing.summary")["account"]["creditsTraded"] == "0"


def test_an_award_out_of_what_is_held_already_is_not_counted_twice(world: World) -> None:
    """The task's hold counted; what its award takes over counts no more."""
    owner, worker = world.member(), world.member()
    plans(owner, perSession=None, perAccount=credits_("50"))
    key = world.with_key(owner)
    key.awards(worker.bids(key.publishes("50")))
    account = key.do("web3.billing.summary")["account"]
    assert (account["creditsTraded"], account["left"]) == (credits_("50"), "0")


def test_a_tab_counts_with_its_cap_when_it_is_opened(world: World) -> None:
    """What is agreed to counts at once, so that no key pays more later; paying counts no more."""
    owner, provider = world.member(), world.member()
    plans(owner, perSession=None, perAccount=credits_("7"))
    key = world.with_key(owner)
    tab = key.opens(provider.trusts(owner, "9"), cap=credits_("5"))
    key.raises(tab, "7")
    with pytest.raises(BudgetSpentError):
        key.raises(tab, "8")
    provider.appends(tab, 60)
    key.closes(tab)
    world.pass_time(seconds=60)
    world.sweep()
    assert key.do("web3.billing.summary")["account"]["creditsTraded"] == credits_("7")


def test_a_session_that_nobody_ends_is_ended_and_billed(world: World) -> None:
    """A day after its last use; the reservations in it lapse and cost nothing."""
    agent, seller = world.member(), world.member()
    plans(agent, payee=seller.id)
    settles(agent, reserves(agent, "call-1"))
    reserves(agent, "call-2")
    world.pass_time(seconds=86_400)
    ended = world.sweep()
    assert (ended.sessions_ended, ended.reservations_lapsed) == (1, 1)
    world.run_jobs()
    assert seller.figures()[3] == credits_("0.99")
    assert usage(agent)["creditsReserved"] == "0"


def test_a_call_that_ends_after_its_session_is_billed_too(world: World) -> None:
    """What was kept when the session ended is billed once the last such call has ended."""
    agent, seller = world.member(), world.member()
    plans(agent, payee=seller.id)
    calls = [reserves(agent, f"call-{number}") for number in range(3)]
    settles(agent, calls[0])
    agent.do("web3.billing.session.end", sessionIdHash=SESSION)
    settles(agent, calls[1])
    assert len(agent.do("web3.billing.bill.list")["items"]) == 1
    agent.do("web3.billing.release", reservationId=calls[2]["reservationId"])
    amounts = [bill["amount"] for bill in agent.do("web3.billing.bill.list")["items"]]
    assert amounts == [credits_("1"), credits_("1")]


def test_a_payer_without_money_owes_and_uses_nothing_more(world: World) -> None:
    """The bill is tried again with growing pauses; once there is money it is paid at once."""
    agent, seller = world.member(), world.member()
    plans(agent, payee=seller.id)
    settles(agent, reserves(agent, "call-1"))
    agent.publishes("999.5")
    agent.do("web3.billing.session.end", sessionIdHash=SESSION)
    world.run_jobs()
    (bill,) = agent.do("web3.billing.bill.list", status="bill_unpaid")["items"]
    with pytest.raises(BillUnpaidError):
        reserves(agent, "call-2")
    checked = agent.do("web3.billing.check", sessionIdHash=SESSION)
    assert (checked["allowed"], checked["next"]) == (False, "clawmarket billing bills")
    world.operator.do("market.credits.grant", accountId=agent.id, amount=credits_("1"))
    world.reaches(bill["actsAt"])
    ended = world.sweep()
    assert (ended.bills_locked, world.sweep().bills_paid) == (1, 1)
    assert reserves(agent, "call-2")["amount"] == credits_("1")


def test_a_debt_that_is_never_paid_is_written_off_after_thirty_days(world: World) -> None:
    """Every bill ends; nothing is held for it and nobody was paid."""
    agent, seller = world.member(), world.member()
    plans(agent, payee=seller.id)
    settles(agent, reserves(agent, "call-1"))
    agent.publishes("999.5", expirySec=86_400 * 60)
    agent.do("web3.billing.session.end", sessionIdHash=SESSION)
    world.run_jobs()
    pauses = []
    while (bill := agent.do("web3.billing.bill.list")["items"][0])["status"] == "bill_unpaid":
        pauses.append(from_iso(bill["actsAt"]) - world.clock.now())
        world.reaches(bill["actsAt"])
        world.sweep()
    assert [pause // HOUR_MS for pause in pauses[:6]] == [1, 2, 4, 8, 16, 24]
    assert (bill["status"], bill["actsAt"]) == ("bill_written_off", None)
    seen = agent.do("web3.billing.status", sessionIdHash=SESSION)
    assert (seen["settlement"]["due"], seen["usage"]["ended"]) == ("0", True)
    assert from_iso(bill["endedAt"]) - from_iso(bill["madeAt"]) == 30 * DAY_MS
    assert seller.figures()[3] == "0"
    assert reserves(agent, "call-2")["amount"] == credits_("1")


def test_a_quota_that_is_reached_is_billed_at_once(world: World) -> None:
    """The cap makes a bill; the end of the session asks for nothing twice."""
    agent, seller = world.member(), world.member()
    plans(agent, payee=seller.id, perSession=credits_("1"))
    settles(agent, reserves(agent, "call-1"))
    world.run_jobs()
    assert seller.figures()[3] == credits_("0.99")
    ended = agent.do("web3.billing.session.end", sessionIdHash=SESSION)
    seen = agent.do("web3.billing.status", sessionIdHash=SESSION)["settlement"]
    assert (seen["billId"], seen["status"], seen["due"]) == (ended["billId"], "bill_paid", "0")
    assert len(agent.do("web3.billing.bill.list")["items"]) == 1


def test_many_bills_of_one_payer_are_paid_as_far_as_money_goes(world: World) -> None:
    """Side by side: each is paid whole or not at all, and nothing is left held."""
    agent, seller = world.member(), world.member()
    plans(agent, payee=seller.id)
    sessions = [hashlib.sha256(bytes([number])).hexdigest() for number in range(8)]
    for session in sessions:
        settles(agent, reserves(agent, "call-1", session))
    agent.publishes("994.5")
    for session in sessions:
        agent.do("web3.billing.session.end", sessionIdHash=session)
    world.run_jobs()
    states = Counter(bill["status"] for bill in agent.do("web3.billing.bill.list")["items"])
    assert states == {"bill_paid": 5, "bill_unpaid": 3}
    assert agent.figures()[:2] == (credits_("0.5"), credits_("994.5"))
    assert seller.figures()[3] == credits_("4.95")


def test_a_bill_whose_job_was_killed_after_the_lock_is_paid_once(world: World) -> None:
    """The sweep, or the job's next attempt, goes on with what is locked."""
    agent, seller = world.member(), world.member()
    plans(agent, payee=seller.id)
    settles(agent, reserves(agent, "call-1"))
    bill_id = agent.do("web3.billing.session.end", sessionIdHash=SESSION)["billId"]
    call = world.pipeline.call(THE_MARKET, "test")
    [bill] = world.all(Bill)
    world.run(
        world.pipeline.write(call, lambda work: advance(work, work.get(Bill, bill_id) or bill))
    )
    assert agent.figures()[:2] == (credits_("999"), credits_("1"))
    world.run_jobs()
    assert world.sweep().due == 0
    assert (agent.figures()[:2], seller.figures()[3]) == (
        (credits_("999"), "0"),
        credits_("0.99"),
    )


def test_a_plan_that_leaves_more_lets_a_stopped_session_go_on(world: World) -> None:
    """Nobody has to begin anew who was given more."""
    agent = world.member()
    plans(agent, perSession=credits_("1"))
    settles(agent, reserves(agent, "call-1"))
    with pytest.raises(BudgetSpentError):
        reserves(agent, "call-2")
    plans(agent, perSession=credits_("3"))
    assert reserves(agent, "call-2")["left"]["session"] == credits_("1")


@pytest.mark.parametrize("durable", [False, True])
def test_sixty_four_calls_at_once_never_exceed_a_budget(
    tmp_path: Path, migrated: Path, *, durable: bool
) -> None:
    """Exactly as many are let through as the quota pays for, in memory and in a file."""
    copy(migrated, tmp_path / "market.db")
    world = World(store=open_sqlite(tmp_path / "market.db") if durable else None)
    agent = world.member()
    plans(agent, perSession=credits_("10"))

    async def all_at_once() -> list[object]:
        asked = (
            {"sessionIdHash": SESSION, "tool": "search", "callId": f"call-{number}"}
            for number in range(64)
        )
        calls = [world.pipeline.submit(agent.caller, "web3.billing.reserve", a) for a in asked]
        answers: list[object] = await asyncio.gather(*calls, return_exceptions=True)
        return answers

    answers = world.run(all_at_once())
    assert sum(isinstance(answer, dict) for answer in answers) == 10
    assert sum(isinstance(answer, BudgetSpentError) for answer in answers) == 54
    assert (usage(agent)["creditsReserved"], usage(agent)["left"]) == (credits_("10"), "0")
    world.close()


def test_a_summary_names_a_session_by_the_first_word_that_is_given(world: World) -> None:
    """Hash, key, id, sender: in this order; without any it is the account alone."""
    agent = world.member()
    plans(agent)
    reserves(agent, "call-1")
    asked = ({"sessionKey": "agent:main:main"}, {"sessionIdHash": SESSION, "sessionKey": "other"})
    seen = [agent.do("web3.billing.summary", **each) for each in asked]
    assert [each["usage"]["creditsReserved"] for each in seen] == [credits_("1")] * 2
    sender = agent.do("web3.billing.summary", senderId="them")
    assert (sender["usage"], sender["sessionIdHash"]) == (
        None,
        hashlib.sha256(b"them").hexdigest(),
    )
    assert agent.do("web3.billing.summary")["sessionIdHash"] is None
