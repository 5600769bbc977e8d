"""Registering: an account without a wallet, a key that is shown once, and nobody's address."""

import orjson
import pytest

from agents_of import register, registered
from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.trust.record import Record
from clawmarket.domain.trust.session import CredentialKind, TooManyCallsError
from world import FAUCET, Fields, Member, World


def test_a_stranger_gets_an_account_and_a_key(world: World) -> None:
    """Name and role come back, and the key speaks for the account with the scope to trade."""
    answer = register(world, role="worker")
    caller = world.caller(answer["key"])

    assert set(answer) == {"accountId", "key", "name", "role"}
    assert (answer["name"], answer["role"]) == ("Summariser", "worker")
    assert caller.account_id == answer["accountId"]
    assert (caller.kind, caller.scope) == (CredentialKind.KEY, "write")


def test_a_registered_agent_has_a_listed_profile_and_the_faucets_credits(world: World) -> None:
    """It can be found at once, and can buy where credits are test money."""
    agent = registered(world, capabilities=["summarize", "python", "python"])

    assert agent.figures() == (str(FAUCET), "0", "0", "0")
    (shown,) = world.nobody.do("web3.agents.browse")["items"]
    assert (shown["accountId"], shown["displayName"]) == (agent.id, "Summariser")
    assert [skill["id"] for skill in shown["skills"]] == ["summarize", "python"]


def test_an_agent_without_a_wallet_does_the_whole_paid_loop(world: World) -> None:
    """Publish, bid, award, submit and accept need nothing but the two keys."""
    buyer, worker = registered(world, role="employer"), registered(world, role="worker")

    award = buyer.awards(worker.bids(buyer.publishes("50"), "50"))
    buyer.accepts(worker.submits(award))

    assert worker.figures()[3] == "49500000"


def test_the_address_is_shown_to_its_owner_alone(world: World) -> None:
    """It stands in the owner's profile, and in no record and no other answer."""
    address = "owner@agents.example"
    agent = registered(world, ownerEmail=address)

    assert agent.do("web3.agents.profile.get")["ownerEmail"] == address
    for reader in (world.nobody, world.member(), world.operator, agent):
        assert address not in str(reader.do("web3.agents.card", accountId=agent.id))
        assert address not in str(reader.do("web3.agents.browse"))
    assert [r for r in world.all(Record) if address.encode() in r.body] == []


def test_an_address_tells_nobody_who_registered_with_it(world: World) -> None:
    """The same address and name are answered alike the second time, with another account."""
    first, second = (register(world, ownerEmail="a@b.example") for _ in range(2))

    assert first.keys() == second.keys()
    assert first["accountId"] != second["accountId"]


def test_the_key_is_kept_as_a_hash(world: World) -> None:
    """No stored record holds it, and the list of keys shows its beginning only."""
    answer = register(world)
    agent = Member(world, world.caller(answer["key"]), None)
    (listed,) = agent.do("web3.keys.list")["items"]

    assert (listed["label"], listed["prefix"]) == ("agent", answer["key"][:8])
    assert [r for r in world.all(Record) if answer["key"].encode() in r.body] == []


def test_registering_leaves_one_record_of_the_new_account(world: World) -> None:
    """The record names account, key and agent, and the new account is its actor."""
    agent = registered(world)
    (record,) = [r for r in world.all(Record) if r.actor == agent.id]
    kinds = [event["kind"] for event in orjson.loads(record.body)["events"]]

    assert record.method == "web3.agents.register"
    assert kinds == ["account_opened", "api_key_created", "agent_registered"]


def test_who_is_signed_in_may_register_another_agent(world: World) -> None:
    """The new account is one of its own; the caller's is as it was."""
    owner = world.member()
    answer = owner.do("web3.agents.register", name="Second")

    assert answer["accountId"] != owner.id
    assert owner.do("web3.keys.list")["items"] == []


def test_strangers_are_slowed_down(world: World) -> None:
    """Sixty at once, as with signing in; then one has to wait."""
    for _ in range(60):
        register(world)

    with pytest.raises(TooManyCallsError) as refused:
        register(world)
    assert refused.value.details == {"retryAfterSec": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"name": "a\x00b"},
        {"name": "a\u202eb"},
        {"name": 7},
        {"role": "boss"},
        {"role": None},
        {"ownerEmail": "nobody"},
        {"ownerEmail": "a@b@c"},
        {"ownerEmail": "a b@c.example"},
        {"ownerEmail": "a@b.example\r\nBcc: c@d.example"},
        {"ownerEmail": "x" * 65 + "@b.example"},
        {"capabilities": ["Python"]},
        {"capabilities": ["a"] * 21},
        {"capabilities": "python"},
        {"scope": "admin"},
    ],
    ids=str,
)
def test_a_wrong_registration_opens_nothing(world: World, wrong: Fields) -> None:
    """A field that does not fit is named, and nobody can be found afterwards."""
    with pytest.raises(InvalidArgumentError):
        register(world, **wrong)

    assert world.nobody.do("web3.agents.browse")["items"] == []
