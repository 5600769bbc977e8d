"""Budgets and bills under attack: who learns what, who spends more, who is billed twice."""

import asyncio
import hashlib
from collections import Counter
from dataclasses import replace

import orjson
from gateway.front import Front

from books import Books
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.market.task import Task
from clawmarket.domain.treasury.reservation import Reservation
from clawmarket.domain.trust.record import Record, RecordParty
from world import Fields, Member, World, credits_

SESSION = hashlib.sha256(b"agent:main:main").hexdigest()


def plans(owner: Member, **terms: object) -> Fields:
    """Let an account's owner say what its agents may spend: 1.00 a call, 40.00 a day."""
    asked: Fields = {"perDay": credits_("40"), "toolPrices": {"search": credits_("1")}}
    return owner.do("web3.billing.plan.set", **(asked | terms))


def agent_of(owner: Member) -> Member:
    """Return the owner's agent: a key that speaks in a session."""
    agent = owner.world.with_key(owner)
    return Member(owner.world, replace(agent.caller, agent_session=SESSION), None)


def uses(agent: Member, call_id: str) -> None:
    """Reserve for a call of the paid tool and settle it."""
    named: Fields = {"sessionIdHash": SESSION, "tool": "search", "callId": call_id}
    kept = agent.do("web3.billing.reserve", **named)
    agent.do("web3.billing.settle", reservationId=kept["reservationId"])


def hires(agent: Member, worker: Member, price: str) -> Fields:
    """Publish a task and award it."""
    return agent.awards(worker.bids(agent.publishes(budget=price, fund=False), price=price))


def told_to(member: Member) -> set[str]:
    """Return what kinds of events the records say that somebody may see."""
    world = member.world
    links = [each for each in world.all(RecordParty) if each.link_id.startswith(member.id)]
    seen = {each.record_id for each in links}
    records = [each for each in world.all(Record) if each.record_id in seen]
    return {one["kind"] for each in records for one in orjson.loads(each.body)["events"]}


def test_who_is_hired_learns_nothing_of_the_budget(world: World) -> None:
    """A worker sees the award; quotas, sessions and bills are none of their business.

    Nor does whoever bills the agent's tools see whom it hires, and for what.
    """
    owner, worker, payee = world.member(), world.member(), world.member()
    plans(owner, payee=payee.id)
    agent = agent_of(owner)
    uses(agent, "call-1")
    hires(agent, worker, "39")
    billing = {"period_opened", "period_capped", "plan_charged", "bill_made"}
    assert told_to(owner) >= billing | {"task_awarded"}
    assert told_to(worker) & billing == set()
    assert told_to(payee) & {"task_awarded", "order_created", "payment_locked"} == set()
    assert "bill_made" in told_to(payee)
    Books(world.store).check()


def at_once(world: World, asked: list[tuple[Member, str, Fields]]) -> Counter[str]:
    """Send everything at the same moment, each with its own key; count answers and causes."""

    async def send() -> list[object]:
        calls = [
            world.pipeline.submit(member.caller, method, params, key=world.new_key())
            for member, method, params in asked
        ]
        answers: list[object] = await asyncio.gather(*calls, return_exceptions=True)
        return answers

    answers = world.run(send())
    return Counter(a.cause if isinstance(a, Refused) else type(a).__name__ for a in answers)


def test_keys_that_trade_at_once_stay_below_the_day(stored_world: World) -> None:
    """Of 64 tasks of 10.00, by two keys in sessions and in none, four fit into the day's 40.00."""
    world = stored_world
    owner = world.member()
    plans(owner)
    one, two = agent_of(owner), world.with_key(owner)
    task: Fields = {"title": "x", "budget": credits_("10")}
    asked = [(one if n % 2 else two, "web3.market.publishTask", task) for n in range(64)]
    assert at_once(world, asked) == {"dict": 4, "budget_spent": 60}
    assert len(world.all(Task)) == 4
    assert owner.figures()[:2] == ("960000000", "40000000")
    Books(world.store).check()


def test_a_call_ends_one_way(stored_world: World) -> None:
    """Settled, given back and its session ended, all at once and often: one story, one bill."""
    world = stored_world
    owner, payee = world.member(), world.member()
    plans(owner, payee=payee.id)
    agent = agent_of(owner)
    named: Fields = {"sessionIdHash": SESSION, "tool": "search", "callId": "call-1"}
    kept = {"reservationId": agent.do("web3.billing.reserve", **named)["reservationId"]}
    session = {"sessionIdHash": SESSION}
    asked: list[tuple[Member, str, Fields]] = [
        (agent, "web3.billing.settle", kept),
        (agent, "web3.billing.release", kept),
        (agent, "web3.billing.session.end", session),
        (agent, "web3.billing.meter", session | {"runId": "run-1"}),
    ]
    at_once(world, asked * 16)
    at_once(world, asked[::-1] * 16)
    while world.run_jobs():
        pass
    paid = [bill["amount"] for bill in payee.do("web3.billing.bill.list", side="payee")["items"]]
    [ended] = world.all(Reservation)
    assert paid == ([credits_("1")] if ended.charged else [])
    Books(world.store).check()


def test_a_key_of_one_surface_is_the_same_on_another(world: World) -> None:
    """A task that a tool published is not published again by a plain call, and the other way."""
    owner = world.member()
    plans(owner)
    front = Front(world)
    headers = front.key_of(owner) | {"Clawmarket-Session": SESSION, "Idempotency-Key": "once"}
    tool = "/tools/web3_market_publish_task"
    for _ in range(2):
        made = front.ask("POST", tool, json={"title": "x", "budget": "10"}, headers=headers)
        assert made.json()["ok"]
    same = {"title": "x", "summary": "", "requirements": "", "skills": [], "fund": True}
    same |= {"claims": False}
    called = front.ask(
        "POST",
        "/rpc/web3.market.publishTask",
        json=same | {"budget": credits_("10")},
        headers=headers,
    )
    assert called.json()["taskId"] == made.json()["result"]["task"]["taskId"]
    other = front.ask("POST", tool, json={"title": "x", "budget": "11"}, headers=headers)
    assert other.json()["details"]["cause"] == "key_reused"
    day = owner.do("web3.billing.summary")["day"]
    assert (day["creditsTraded"], len(world.all(Task))) == (credits_("10"), 1)
