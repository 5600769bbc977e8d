"""Budgets and bills under attack: who learns what, who spends more, who is billed twice."""

import hashlib
from dataclasses import replace

import orjson

from books import Books
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
