"""Party signatures: what a wallet session has to sign, over exactly what, and only once."""

import json
from collections.abc import Callable

import orjson
import pytest

from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.task import Task
from clawmarket.domain.trust.record import Record
from clawmarket.domain.trust.statement import PROOF
from clawmarket.ports.wallets import SignatureInvalidError
from clawmarket.registry.methods import METHODS
from clawmarket.services.pipeline import FieldInvalidError
from clawmarket.services.signing import SignatureMissingError, SignedWithoutKeyError
from world import ORIGIN, Fields, World

PUBLISH = "web3.market.publishTask"
PARAMS = {"title": "Work", "budget": "1"}


def test_an_unsigned_call_of_a_wallet_is_told_what_to_sign(world: World) -> None:
    """The refusal holds the very statement; signing it is enough."""
    buyer = world.member()
    assert buyer.wallet is not None
    with pytest.raises(SignatureMissingError) as refused:
        world.submit(buyer.caller, PUBLISH, PARAMS, "k")
    said = {
        "v": 2,
        "market": ORIGIN,
        "method": PUBLISH,
        "actor": buyer.id,
        "key": "k",
        "signedAt": iso(world.clock.now()),
        "params": PARAMS,
    }
    assert refused.value.cause == "signature_missing"
    assert refused.value.details == {"statement": canonical_bytes(said).decode()}
    signed = buyer.signed(PUBLISH, "k", PARAMS)
    assert world.submit(buyer.caller, PUBLISH, signed, "k")["status"] == "task_open"


def test_a_key_need_not_sign(world: World) -> None:
    """Then the record says that the market attests."""
    world.with_key(world.member()).publishes()
    statement = orjson.loads(world.all(Record)[-1].body)["statement"]
    assert (statement["signature"], statement["address"]) == (None, None)


def test_a_key_may_sign_all_the_same(world: World) -> None:
    """A program with the wallet at hand gives its account the stronger proof."""
    member = world.member()
    key = world.with_key(member)
    world.submit(key.caller, PUBLISH, member.signed(PUBLISH, "k", PARAMS), "k")
    statement = orjson.loads(world.all(Record)[-1].body)["statement"]
    assert member.wallet is not None
    assert statement["address"] == member.wallet.address


def test_a_signature_needs_an_idempotency_key(world: World) -> None:
    """Without one the statement could be used twice."""
    buyer = world.member()
    with pytest.raises(SignedWithoutKeyError):
        world.submit(buyer.caller, PUBLISH, buyer.signed(PUBLISH, "", PARAMS), "")


def test_another_wallets_signature_counts_for_nothing(world: World) -> None:
    """Neither a stranger's nor that of the other party."""
    buyer, other = world.member(), world.member()
    forged = other.signed(PUBLISH, "k", PARAMS)
    with pytest.raises(SignatureInvalidError) as refused:
        world.submit(buyer.caller, PUBLISH, forged, "k")
    said = json.loads(str(refused.value.details["statement"]))
    assert (said["actor"], said["params"]) == (buyer.id, PARAMS)


REUSED: dict[str, Callable[[Fields], tuple[str, Fields, str]]] = {
    "another price": lambda signed: (PUBLISH, signed | {"budget": "2"}, "k"),
    "a field more": lambda signed: (PUBLISH, signed | {"summary": ""}, "k"),
    "another key": lambda signed: (PUBLISH, signed, "other"),
    "a shorter one": lambda signed: (PUBLISH, signed | {"signature": "0x" + "00" * 65}, "k"),
    "another method": lambda signed: (
        "web3.market.offer.create",
        {"title": "Work", "price": "1"} | {name: signed[name] for name in PROOF},
        "k",
    ),
}


@pytest.mark.parametrize("how", REUSED)
def test_a_signature_is_good_for_one_statement(world: World, how: str) -> None:
    """Used for anything else it is refused and nothing happens."""
    buyer = world.member()
    method, params, key = REUSED[how](buyer.signed(PUBLISH, "k", PARAMS))
    with pytest.raises(SignatureInvalidError):
        world.submit(buyer.caller, method, params, key)
    assert world.all(Task) == []


def test_an_award_signed_for_one_task_is_not_good_for_another(world: World) -> None:
    """A signature cannot be moved from bid to bid."""
    buyer, worker = world.member(), world.member()
    one, two = worker.bids(buyer.publishes()), worker.bids(buyer.publishes())
    award = "web3.market.awardBid"
    signed = buyer.signed(award, "k", {"bidId": one["bidId"]})
    with pytest.raises(SignatureInvalidError):
        world.submit(buyer.caller, award, signed | {"bidId": two["bidId"]}, "k")
    assert {task.state for task in world.all(Task)} == {"task_open"}


def test_a_signature_for_one_market_is_not_good_for_another(world: World) -> None:
    """The statement names the market, so that another one cannot replay it."""
    twin = World(origin="market.test/2")
    ann, same = world.member(), twin.member()
    assert (same.id, same.wallet) == (ann.id, ann.wallet)
    with pytest.raises(SignatureInvalidError):
        twin.submit(same.caller, PUBLISH, ann.signed(PUBLISH, "k", PARAMS), "k")
    twin.close()


@pytest.mark.parametrize(
    "form", ["", "0x", "0x" + "0" * 129, "0x" + "g" * 130, "00" * 65, 1, ["0x"]]
)
def test_a_signature_has_its_form(world: World, form: object) -> None:
    """65 bytes in hexadecimal behind 0x, or the field is named."""
    buyer = world.member()
    with pytest.raises(FieldInvalidError) as refused:
        world.submit(buyer.caller, PUBLISH, {**PARAMS, "signature": form}, "k")
    assert refused.value.details["path"] == "$.signature"


def test_the_record_keeps_what_was_signed(world: World) -> None:
    """Statement, signature and address stand in it, so that a receipt needs no more."""
    buyer = world.member()
    assert buyer.wallet is not None
    signed = buyer.signed(PUBLISH, "k", PARAMS)
    world.submit(buyer.caller, PUBLISH, signed, "k")
    statement = orjson.loads(world.all(Record)[-1].body)["statement"]

    assert statement == {
        "said": statement["said"],
        "signature": signed["signature"],
        "address": buyer.wallet.address,
    }
    assert statement["said"]["params"] == PARAMS


def test_what_binds_a_party_is_signed() -> None:
    """Whatever moves a party's money or fixes its terms takes a signature."""
    unsigned = {
        name
        for name, method in METHODS.items()
        if name.startswith("web3.market.") and method.manner == "write" and not method.signed
    }
    # A message or the name of a context binds nobody, and its record holds a hash only.
    assert unsigned == {"web3.market.message.send", "web3.market.context.name"}
