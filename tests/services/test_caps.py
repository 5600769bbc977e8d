"""Caps: open tasks of an account, accounts of an address, and reads of those without one."""

from dataclasses import replace

import pytest

from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.market.task import OpenTasks, TasksFullError
from clawmarket.domain.trust.session import TooManyCallsError
from clawmarket.services.limits import AccountsTooManyError, Buckets, Limits, Rate
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.identity import identify
from world import START, Fields, Member, World

PEER = "203.0.113.7"


def capped(world: World, most: int) -> World:
    """Let an account have so many open tasks."""
    world.terms = replace(world.terms, open_tasks=most)
    world.pipeline = Pipeline(world.pipeline.ports, world.terms)
    return world


def limited(world: World, *, calls_per_s: int = 0, accounts_per_day: int = 0) -> World:
    """Let an address read and open accounts so often."""
    limits = Limits(calls_per_s, accounts_per_day)
    world.pipeline = Pipeline(world.pipeline.ports, world.terms, limits)
    return world


def at(world: World, peer: str, token: str | None = None) -> Member:
    """Return somebody who calls from an address."""
    return Member(world, identify(world.store, world.clock, token, peer), None)


def counted(world: World) -> dict[str, int]:
    """Return how many open tasks are counted, by account."""
    return {row.buyer: row.tasks for row in world.all(OpenTasks)}


def test_an_account_has_so_many_open_tasks(world: World) -> None:
    """Funded or not: the next one is refused with what to do; other accounts go on."""
    buyer = capped(world, 2).member()
    first = buyer.publishes()
    buyer.publishes(fund=False)
    with pytest.raises(TasksFullError) as refused:
        buyer.publishes("0.000001", fund=False)
    assert (refused.value.code, refused.value.details) == ("E_QUOTA_EXCEEDED", {"limit": 2})
    assert refused.value.next_step == "clawmarket task mine"
    assert world.member().publishes()["status"] == "task_open"
    buyer.cancels(first)
    assert buyer.publishes()["status"] == "task_open"
    assert counted(world)[buyer.id] == 2


def test_two_hundred_unless_the_operator_says_otherwise(world: World) -> None:
    """The bound is there by default; nought takes any number."""
    buyer = world.member()
    for _ in range(200):
        buyer.publishes("0.01")
    with pytest.raises(TasksFullError):
        buyer.publishes("0.01")
    capped(world, 0)
    assert buyer.publishes("0.01")["status"] == "task_open"
    assert counted(world) == {buyer.id: 201}


def test_what_is_open_no_more_is_not_counted(world: World) -> None:
    """Awarded, claimed, cancelled and expired tasks; one that is given back counts again."""
    buyer, worker = world.member(), world.member()
    buyer.awards(worker.bids(buyer.publishes()))
    buyer.cancels(buyer.publishes())
    buyer.publishes(expirySec=60)
    claimed = buyer.publishes(claims=True)
    worker.claims(claimed)
    assert counted(world) == {buyer.id: 1}
    worker.steps_back(claimed)
    assert counted(world) == {buyer.id: 2}
    world.pass_time(seconds=61)
    world.sweep()
    assert counted(world) == {buyer.id: 1}


def test_a_repeated_publication_is_counted_once(world: World) -> None:
    """The same request is answered as before, at the bound too; a refused one counts nothing."""
    buyer = capped(world, 1).member()
    asked: Fields = {"title": "Once", "budget": "1000000"}
    made = buyer.do("web3.market.publishTask", "once", **asked)
    assert buyer.do("web3.market.publishTask", "once", **asked) == made
    with pytest.raises(TasksFullError):
        buyer.publishes()
    assert counted(world) == {buyer.id: 1}


def test_an_address_opens_so_many_accounts_a_day(world: World) -> None:
    """By name or by wallet; the next address goes on, and after the wait so does this one."""
    limited(world, accounts_per_day=2)
    stranger = at(world, PEER)
    made = stranger.do("web3.agents.register", name="A")
    opens(world, stranger)
    with pytest.raises(AccountsTooManyError) as refused:
        stranger.do("web3.agents.register", name="B")
    assert refused.value.code == "E_RATE_LIMITED"
    assert refused.value.details == {"retryAfterSec": 43_200}
    with pytest.raises(AccountsTooManyError):
        opens(world, stranger)
    with pytest.raises(AccountsTooManyError):
        at(world, PEER, made["key"]).do("web3.agents.register", name="C")
    assert at(world, "203.0.113.8").do("web3.agents.register", name="D")["name"] == "D"
    world.pass_time(seconds=43_200)
    assert stranger.do("web3.agents.register", name="E")["name"] == "E"


def opens(world: World, stranger: Member, wallet: Wallet | None = None) -> Fields:
    """Sign in with a wallet from somebody's address."""
    wallet = wallet or Wallet.create(world.entropy)
    message = stranger.do("web3.siwe.challenge", address=wallet.address)["message"]
    signature = wallet.sign_message(message)
    return stranger.do("web3.siwe.verify", message=message, signature=signature)


def test_whoever_has_an_account_signs_in_however_many_were_opened(world: World) -> None:
    """Only accounts are counted, not sign-ins."""
    limited(world, accounts_per_day=1)
    stranger, wallet = at(world, PEER), Wallet.create(world.entropy)
    assert opens(world, stranger, wallet)["opened"] is True
    for _ in range(3):
        world.pass_time(seconds=1)
        assert opens(world, stranger, wallet)["opened"] is False


def test_a_stranger_reads_as_often_as_an_account_calls(world: World) -> None:
    """Four seconds' worth at once, over all methods together; the next address is no worse off."""
    limited(world, calls_per_s=5)
    stranger = at(world, PEER)
    for _ in range(10):
        stranger.do("web3.status.ping")
        stranger.do("web3.market.listTasks")
    with pytest.raises(TooManyCallsError) as refused:
        stranger.do("web3.market.listTasks")
    assert (refused.value.code, refused.value.details) == ("E_RATE_LIMITED", {"retryAfterSec": 1})
    assert at(world, "203.0.113.8").do("web3.market.listTasks")["items"] == []
    world.pass_time(seconds=1)
    assert stranger.do("web3.market.listTasks")["items"] == []


def test_this_machine_reads_ten_times_as_often() -> None:
    """A proxy on it speaks for everybody; without a bound for accounts there is none here."""
    limits, free = Limits(calls_per_s=1), Limits()
    for _ in range(40):
        limits.check_reader("127.0.0.1", START)
    with pytest.raises(TooManyCallsError):
        limits.check_reader("127.0.0.1", START)
    for _ in range(1_000):
        free.check_reader(PEER, START)


def test_a_bucket_of_a_day_gives_back_by_the_day() -> None:
    """Two a day: the third waits half a day, and a wait is never too short."""
    buckets = Buckets(Rate(per_s=2, burst=2, in_s=86_400))
    assert [buckets.take("a", START) for _ in range(3)] == [0, 0, 43_200]
    assert buckets.take("a", START + 43_199_999) == 1
    assert buckets.take("a", START + 43_200_000) == 0
