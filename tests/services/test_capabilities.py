"""Capabilities: whoever reads the catalog and nothing else can make every call there is."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import pytest

from agents_of import CARD_URL, card
from clawmarket.adapters.payments.memory import Fault, MemoryRail
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import iso
from clawmarket.services.operate.capabilities import CapabilityNotFoundError
from statements import proof
from world import ORIGIN, START, Fields, Member, World

ANOTHER_WALLET = ("web3.wallet.challenge", "web3.wallet.bind", "web3.wallet.unbind")


def dig(answer: Any, path: str) -> Any:
    """Return what stands in an answer at a dotted path."""
    for step in path.split("."):
        answer = answer[int(step) if step.isdigit() else step]
    return answer


@dataclass
class Reader:
    """Somebody with two wallets, a key and an operator's token who has read only the catalog."""

    world: World
    known: dict[str, Fields] = field(default_factory=dict)
    answers: dict[str, Fields] = field(default_factory=dict)
    spare: Wallet | None = None

    def reads(self) -> None:
        """Ask for the list of methods, and for everything about each of them."""
        nobody = self.world.nobody
        for item in nobody.do("web3.capabilities.list")["items"]:
            told = nobody.do("web3.capabilities.describe", name=item["name"])
            self.known[item["name"]] = told["capability"]

    def makes(self, name: str, me: Member, you: Member) -> Fields:
        """Make a call after making those whose answers it needs; let the log keep up."""
        me, params = self.prepares(name, me, you)
        key = self.world.new_key()
        params |= self.proofs(self.known[name], params, me, key)
        answer = self.world.submit(me.caller, name, params, key)
        self.world.log()
        return answer

    def prepares(self, name: str, me: Member, you: Member) -> tuple[Member, Fields]:
        """Make the calls whose answers a call needs; return who makes it, and with what."""
        about = self.known[name]
        two = me, you
        if (about["scope"] == "admin" or about["role"]) and me.wallet is not None:
            me, you = self.world.operator, me
        # They replace the key that they come with, or speak for it.
        if name in ("web3.keys.rotate", "web3.sessions.open"):
            me = self.world.with_key(me)
        params = dict(about["example"])
        if "callId" in params:  # each call has its own, says the description
            params["callId"] = self.world.new_key()
        for need in about["needs"]:
            actors = {"self": (me, you), "other": (you, me), "others": two}[need["by"]]
            found = dig(self.makes(need["method"], *actors), need["field"])
            takes_list = about["params"]["properties"][need["param"]].get("type") == "array"
            params[need["param"]] = [found] if takes_list else found
        return me, params

    def proofs(self, about: Fields, params: Fields, me: Member, key: str) -> Fields:
        """Return what only the wallet can say: its address and its signature."""
        if me.wallet is None:
            return {}
        more = self.another_wallet(about["name"], params)
        if about["signed"]:
            said = {"v": 2, "market": ORIGIN, "method": about["name"], "params": params | more}
            said |= {"actor": me.id, "key": key, "signedAt": iso(self.world.clock.now())}
            return more | proof(me.wallet, said)
        if about["name"] in ANOTHER_WALLET:
            return more
        takes = about["params"]["properties"]
        signs = "signature" in takes and "message" in params
        return ({"address": me.wallet.address} if "address" in takes else {}) | (
            {"signature": me.wallet.sign_message(params["message"])} if signs else {}
        )

    def another_wallet(self, name: str, params: Fields) -> Fields:
        """Return what a wallet says that is new to the market, and is to be bound."""
        if name == "web3.wallet.challenge":
            self.spare = Wallet.create(self.world.entropy)
            return {"address": self.spare.address}
        if name == "web3.wallet.bind" and self.spare is not None:
            return {"walletSignature": self.spare.sign_message(params["message"])}
        return {}


def reader_of(world: World) -> Reader:
    """Return somebody who has just read the catalog."""
    reader = Reader(world)
    reader.reads()
    return reader


def test_every_call_can_be_made_from_the_catalog_alone() -> None:
    """Examples, needs and schemas are enough: every listed method answers, none refuses."""
    rail = MemoryRail(faults=deque([Fault.SAY_UNKNOWN] * 9))
    world = World(faucet=100_000_000_000, rails={"twin": rail})
    world.cards.pages[CARD_URL] = card()
    me, you, reader = world.member(), world.member(), reader_of(world)
    for _ in range(2):  # what only a silent rail brings about
        me.locks(me.orders(you.offers()), rail="twin")
    waiting, refusals = list(reader.known), {"": "not asked yet"}
    while refusals:
        refusals = {}
        for name in waiting:
            try:
                reader.answers[name] = reader.makes(name, me, you)
            except (Refused, IndexError) as refusal:
                refusals[name] = repr(refusal)
        assert list(refusals) != waiting, refusals
        waiting = list(refusals)

    assert set(reader.answers) == set(reader.known)
    world.close()


def test_an_answer_has_the_fields_that_the_catalog_promises() -> None:
    """Each answer holds exactly the properties of its schema."""
    world = World(faucet=100_000_000_000)
    me, you, reader = world.member(), world.member(), reader_of(world)
    for name in ("web3.market.publishTask", "web3.market.awardBid", "web3.wallet.show"):
        answer = reader.makes(name, me, you)
        assert set(answer) == set(reader.known[name]["answer"]["properties"])
    world.close()


def test_a_description_is_found_by_the_alias_too(world: World) -> None:
    """`market.…` names the same method as `web3.market.…`."""
    nobody = world.nobody
    by_alias = nobody.do("web3.capabilities.describe", name="market.publishTask")

    assert by_alias == nobody.do("web3.capabilities.describe", name="web3.market.publishTask")
    assert by_alias["capability"]["alias"] == "market.publishTask"


def test_an_alias_is_the_same_method(world: World) -> None:
    """A call by the alias has one effect with one by the name: the key is shared."""
    buyer = world.member()
    first = buyer.do("web3.market.publishTask", "k", title="One", budget="1000000")

    assert buyer.do("market.publishTask", "k", title="One", budget="1000000") == first


def test_a_group_narrows_the_list(world: World) -> None:
    """`group` lists the methods whose names begin so, in one line each."""
    listed = world.nobody.do("web3.capabilities.list", group="web3.status.")

    assert listed == {
        "items": [
            {
                "name": name,
                "alias": None,
                "summary": summary,
                "scope": "public",
                "risk": "read",
                "manner": "read",
                "signed": False,
            }
            for name, summary in (
                ("web3.status.ping", "Answer with the market's clock and do nothing else."),
                (
                    "web3.status.summary",
                    "Say who this market is, which key signs its log, and how it is.",
                ),
            )
        ],
        "nextCursor": None,
    }


def test_a_method_that_does_not_exist_is_not_found(world: World) -> None:
    """An unknown name is refused with the name in it, however it is asked for."""
    with pytest.raises(CapabilityNotFoundError, match=r"web3\.market\.steal"):
        world.nobody.do("web3.capabilities.describe", name="web3.market.steal")
    with pytest.raises(Refused, match=r"web3\.market\.steal") as refused:
        world.nobody.do("web3.market.steal")
    assert (refused.value.code, refused.value.cause) == ("E_NOT_FOUND", "method_unknown")


def test_the_clock_is_public(world: World) -> None:
    """Anybody can ask what time it is at the market."""
    assert world.nobody.do("web3.status.ping") == {"now": iso(START)}
