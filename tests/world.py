"""The whole market on memory adapters, with a settable clock and verbs in the domain's words."""

import asyncio
import itertools
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypedDict, TypeVar, Unpack

from clawmarket.adapters.blobs.memory import MemoryBlobs
from clawmarket.adapters.cards.memory import MemoryCards
from clawmarket.adapters.clock.memory import SettableClock
from clawmarket.adapters.entropy.memory import SeededEntropy
from clawmarket.adapters.notices.memory import MemoryNotices
from clawmarket.adapters.signer.ed25519 import Ed25519Signer
from clawmarket.adapters.store.memory import MemoryStore
from clawmarket.adapters.wallets.evm import EvmWallets
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.moment import from_iso, iso
from clawmarket.domain.kernel.money import parse_decimal
from clawmarket.domain.kernel.secret import Secret
from clawmarket.domain.trust.checkpoint import vkey
from clawmarket.domain.trust.statement import statement
from clawmarket.ports.payments import Rail
from clawmarket.ports.store import Query, Store
from clawmarket.registry.methods import method_named
from clawmarket.runtime.workers import run_due_jobs
from clawmarket.services.call import NOBODY, Caller, Terms
from clawmarket.services.discover import discover
from clawmarket.services.limits import Limits
from clawmarket.services.market.sweep import SweepAnswer, sweep
from clawmarket.services.operate.opening import open_market
from clawmarket.services.pipeline import Pipeline, Ports
from clawmarket.services.trust.identity import identify
from clawmarket.services.trust.log import sequence
from statements import proof

R = TypeVar("R")
Fields = dict[str, Any]

START = 1_790_000_000_000
ORIGIN = "market.test/1"
FAUCET = 1_000_000_000

discover()


def credits_(text: str) -> str:
    """Return the wire amount of what a person would write."""
    return str(parse_decimal(text))


class RememberingWallets(EvmWallets):
    """Wallets as they are, but no sign-in is read twice: a pure question has one answer.

    In most tests the same wallets sign in at the same moment, and reading one takes 12 ms.
    """

    def check_sign_in(self, message: str, signature: str, now: int) -> str:
        """Return the address that signed, as the market's own wallets found it."""
        return _signed_in(message, signature, now)


@lru_cache(maxsize=4096)
def _signed_in(message: str, signature: str, now: int) -> str:
    return EvmWallets().check_sign_in(message, signature, now)


class Outside(TypedDict, total=False):
    """What a market may be connected to: a receiver of notices, rails by name."""

    notices: MemoryNotices
    rails: Mapping[str, Rail]


class World:
    """One market; time passes only when a test says so."""

    def __init__(
        self,
        *,
        seed: int = 1,
        faucet: int = FAUCET,
        origin: str = ORIGIN,
        store: Store | None = None,
        calls_per_s: int = 0,
        **outside: Unpack[Outside],
    ) -> None:
        notices, rails = outside.get("notices"), outside.get("rails", {})
        self.clock = SettableClock(START)
        self.entropy = SeededEntropy(seed)
        seed_hex = self.entropy.draw(32).hex()
        self.signer = Ed25519Signer.from_seed(origin, Secret(seed_hex))
        self.store = MemoryStore() if store is None else store
        self.terms = Terms(
            origin=origin,
            vkey=vkey(origin, self.signer.public_key),
            fee_bps=100,
            faucet_minor=faucet,
            test_money=True,
            base_url="http://127.0.0.1:8787",
            max_file_bytes=1_000_000,
            challenge_key=Secret(self.entropy.draw(32).hex()),
            version="test",
            gives_notice=notices is not None,
            rails=tuple(rails),
        )
        blobs = MemoryBlobs(1_000_000)
        self.cards = MemoryCards()
        ports = Ports(
            self.store,
            blobs,
            RememberingWallets(),
            self.clock,
            self.entropy,
            notices,
            rails,
            self.cards,
        )
        self.pipeline = Pipeline(ports, self.terms, Limits(calls_per_s))
        self._runner = asyncio.Runner()
        self._keys = itertools.count()
        self.operator_token = "cmo_" + self.entropy.draw(24).hex()
        self.run(open_market(self.pipeline, self.operator_token))

    def run(self, work: Any) -> Any:
        """Run something asynchronous to its end."""
        return self._runner.run(_await(work))

    def close(self) -> None:
        """Let go of the event loop."""
        self.store.close()
        self._runner.close()

    def new_key(self) -> str:
        """Return an idempotency key that was never used."""
        return f"key-{next(self._keys)}"

    def member(self) -> "Member":
        """Let somebody with a new wallet sign in."""
        wallet = Wallet.create(self.entropy)
        return Member(self, self.sign_in(wallet), wallet)

    def sign_in(self, wallet: Wallet) -> Caller:
        """Answer a challenge with a wallet and return who that is."""
        return self.caller(self.session(wallet)["token"])

    def session(self, wallet: Wallet) -> Fields:
        """Answer a challenge with a wallet and return the session that it opens."""
        message = self.nobody.do("web3.siwe.challenge", address=wallet.address)["message"]
        signature = wallet.sign_message(message)
        return self.nobody.do("web3.siwe.verify", message=message, signature=signature)

    def caller(self, token: str) -> Caller:
        """Return who a bearer token speaks for."""
        return identify(self.store, self.clock, token)

    def with_key(self, member: "Member", scope: str = "write") -> "Member":
        """Return a member as they act through a new API key, unsigned."""
        key = member.do("web3.keys.create", label="test", scope=scope)["key"]
        return Member(self, self.caller(key), None)

    @property
    def nobody(self) -> "Member":
        """Somebody without any credential."""
        return Member(self, NOBODY, None)

    @property
    def operator(self) -> "Member":
        """Whoever runs the market."""
        return Member(self, self.caller(self.operator_token), None)

    def arbiter(self) -> "Member":
        """Somebody whom the operator named to rule in disputes."""
        member = self.member()
        self.operator.do("market.arbiter.appoint", accountId=member.id)
        return Member(self, self.sign_in(member.known_wallet), member.wallet)

    def submit(self, caller: Caller, method: str, params: Fields, key: str = "") -> Fields:
        """Pass one call through the pipeline."""
        answer: Fields = self.run(self.pipeline.submit(caller, method, params, key=key))
        return answer

    def pass_time(self, *, seconds: int) -> None:
        """Let time go by; nothing happens by itself."""
        self.clock.advance(seconds * 1000)

    def reaches(self, moment: str, ms: int = 0) -> None:
        """Let time go by until a moment of an answer, or so many milliseconds off it."""
        self.clock.advance(from_iso(moment) + ms - self.clock.now())

    def sweep(self) -> SweepAnswer:
        """Let the market end what waited too long."""
        ended: SweepAnswer = self.run(sweep(self.pipeline))
        return ended

    def log(self) -> int:
        """Let the sequencer take new records in; return how many."""
        taken: int = self.run(sequence(self.store, self.signer, self.clock.now()))
        return taken

    def run_jobs(self) -> int:
        """Let the workers do what is due; return how many jobs that were."""
        done: int = self.run(run_due_jobs(self.pipeline))
        return done

    def hired(self, **terms: Any) -> "tuple[Member, Member, Fields]":
        """Return a buyer, a worker and the award that binds them: 50 budget, 40 price."""
        buyer, worker = self.member(), self.member()
        return buyer, worker, buyer.awards(worker.bids(buyer.publishes(**terms)))

    def ordered(self, **terms: Any) -> "tuple[Member, Member, Fields]":
        """Return a buyer, a seller and an unpaid order of two pieces at 5.00 each."""
        buyer, seller = self.member(), self.member()
        return buyer, seller, buyer.orders(seller.offers(**terms), quantity=2)

    def permitted(self, days: int | None = None, **terms: Any) -> "tuple[Member, Member, Fields]":
        """Return a buyer, a seller and a paid order of 10.00 that asks for a consent."""
        usage = {"purpose": "research"} | ({"durationDays": days} if days else {})
        buyer, seller, order = self.ordered(usageScope=usage, **terms)
        buyer.locks(order)
        return buyer, seller, order

    def on_a_tab(self, cap: str = "5", **terms: Any) -> "tuple[Member, Member, Fields]":
        """Return a provider, a consumer and the tab that is open between them."""
        provider, consumer = self.member(), self.member()
        return provider, consumer, consumer.opens(provider.trusts(consumer, cap, **terms))

    def all(self, kind: type[R]) -> list[R]:
        """Return every stored row of a kind."""
        return self.store.read(lambda rows: rows.find(Query(kind, limit=1_000_000)))


@dataclass
class Member:
    """Somebody who is signed in; with a wallet, every signed call carries a signature."""

    world: World
    caller: Caller
    wallet: Wallet | None

    @property
    def id(self) -> str:
        """The account."""
        return self.caller.account_id

    @property
    def known_wallet(self) -> Wallet:
        """The wallet of a member that has one."""
        assert self.wallet is not None
        return self.wallet

    def do(self, method: str, /, key: str | None = None, **params: Any) -> Fields:
        """Call a method with a fresh idempotency key unless one is given."""
        key = self.world.new_key() if key is None else key
        return self.world.submit(self.caller, method, self.signed(method, key, params), key)

    def signed(self, method: str, key: str, params: Fields) -> Fields:
        """Return the parameters with the signature that the method wants."""
        known = method_named(method)
        if self.wallet is None or known is None or not known.signed:
            return params
        said = statement(
            market=self.world.terms.origin,
            method=known.name,
            actor=self.id,
            key=key,
            signed_at=iso(self.world.clock.now()),
            params=params,
        )
        return params | proof(self.wallet, said)

    def publishes(self, budget: str = "50", **terms: Any) -> Fields:
        """Publish a funded task."""
        asked: Fields = {"title": "Digest a document", "budget": credits_(budget), **terms}
        return self.do("web3.market.publishTask", **asked)

    def publishes_parts(self, *percents: int, **terms: Any) -> Fields:
        """Publish a funded task in milestones."""
        parts = [{"title": f"Part {n}", "percent": p} for n, p in enumerate(percents)]
        return self.publishes(milestones=parts, **terms)

    def bids(self, task: Fields, price: str = "40") -> Fields:
        """Bid on a task."""
        return self.do("web3.market.placeBid", taskId=task["taskId"], price=credits_(price))

    def claims(self, task: Fields) -> Fields:
        """Take a task at its budget."""
        return self.do("web3.market.claimTask", taskId=task["taskId"])

    def steps_back(self, task: Fields) -> Fields:
        """Give a claimed task back."""
        return self.do("web3.market.unclaimTask", taskId=task["taskId"])

    def task(self, task: Fields) -> Fields:
        """Return a task as everybody sees it."""
        return self.do("web3.market.getTask", taskId=task["taskId"])

    def awards(self, bid: Fields) -> Fields:
        """Choose a bid."""
        return self.do("web3.market.awardBid", bidId=bid["bidId"])

    def stores(self, content: bytes = b"the result", name: str = "result.md") -> Fields:
        """Store a small file and return its name, hash and size."""
        encoded = b64encode(content).decode()
        stored: Fields = self.do("web3.files.put", name=name, dataBase64=encoded)["file"]
        return stored

    def submits(self, award: Fields, content: bytes = b"the result") -> Fields:
        """Hand a result in."""
        files = [self.stores(content)]
        return self.do("web3.market.submitResult", orderId=award["orderId"], artifacts=files)

    def accepts(self, result: Fields) -> Fields:
        """Accept a result."""
        return self.do("web3.market.reviewResult", resultId=result["resultId"], decision="accept")

    def rejects(self, result: Fields, why: str = "The outline is missing.") -> Fields:
        """Send a result back."""
        return self.do(
            "web3.market.reviewResult",
            resultId=result["resultId"],
            decision="reject",
            feedback=why,
        )

    def withdraws(self, bid: Fields) -> Fields:
        """Take a bid back."""
        return self.do("web3.market.withdrawBid", bidId=bid["bidId"])

    def cancels(self, task: Fields) -> Fields:
        """Take a task back."""
        return self.do("web3.market.cancelTask", taskId=task["taskId"])

    def offers(self, price: str = "5", **terms: Any) -> Fields:
        """Write an offer and open it for orders."""
        asked: Fields = {"title": "One page translated", "price": credits_(price), **terms}
        offer = self.do("web3.market.offer.create", **asked)
        return self.do("web3.market.offer.publish", offerId=offer["offerId"])

    def offers_parts(self, *percents: int, price: str = "5", **terms: Any) -> Fields:
        """Write an offer in milestones and open it."""
        parts = [{"title": f"Part {n}", "percent": p} for n, p in enumerate(percents)]
        return self.offers(price, milestones=parts, **terms)

    def orders(self, offer: Fields, quantity: int = 1) -> Fields:
        """Order from an offer."""
        return self.do("web3.market.order.create", offerId=offer["offerId"], quantity=quantity)

    def locks(self, order: Fields, **terms: Any) -> Fields:
        """Pay for an order."""
        return self.do("web3.market.settlement.lock", orderId=order["orderId"], **terms)

    def consents(self, order: Fields, **scope: Any) -> Fields:
        """Permit what the offer of an order asks for."""
        asked: Fields = {"consentScope": {"purpose": "research", **scope}}
        return self.do("web3.market.consent.grant", orderId=order["orderId"], **asked)

    def revokes(self, consent: Fields, reason: str = "") -> Fields:
        """Take a consent back."""
        asked = {"consentId": consent["consentId"], "reason": reason}
        return self.do("web3.market.consent.revoke", **asked)

    def releases(self, order: Fields) -> Fields:
        """Accept what an order brought and pay for it."""
        return self.do("web3.market.settlement.release", orderId=order["orderId"])

    def refunds(self, order: Fields) -> Fields:
        """Give an order's money back."""
        return self.do("web3.market.settlement.refund", orderId=order["orderId"])

    def begins(self, order: Fields) -> Fields:
        """Begin the delivery of an order."""
        return self.do("web3.market.delivery.issue", orderId=order["orderId"])

    def delivers(self, delivery: Fields) -> Fields:
        """Finish a delivery."""
        return self.do("web3.market.delivery.complete", deliveryId=delivery["deliveryId"])

    def takes_back(self, delivery: Fields) -> Fields:
        """Take an unfinished delivery back."""
        return self.do("web3.market.delivery.revoke", deliveryId=delivery["deliveryId"])

    def contests(self, order: Fields, why: str = "Two chapters are missing.") -> Fields:
        """Open a dispute about an order."""
        return self.do("web3.dispute.open", orderId=order["orderId"], reason=why)

    def shows(self, dispute: Fields, summary: str = "See the outline.", **more: Any) -> Fields:
        """Bring evidence."""
        asked: Fields = {"disputeId": dispute["disputeId"], "summary": summary, **more}
        return self.do("web3.dispute.submitEvidence", **asked)

    def rules(self, dispute: Fields, resolution: str, **more: Any) -> Fields:
        """Rule in a dispute."""
        asked: Fields = {"disputeId": dispute["disputeId"], "resolution": resolution, **more}
        return self.do("web3.dispute.resolve", reason="So it is.", **asked)

    def dismisses(self, dispute: Fields) -> Fields:
        """Let a claim fall."""
        asked = {"disputeId": dispute["disputeId"], "reason": "It does not hold."}
        return self.do("web3.dispute.reject", **asked)

    def trusts(self, consumer: "Member", cap: str = "5", **terms: Any) -> Fields:
        """Let somebody use first and pay later: calls at 0.01 each, sixty a minute."""
        asked: Fields = {"unit": "call", "price": "10000", "unitsPerMinute": "60", **terms}
        cap = credits_(cap)
        return self.do("web3.market.trust.grant", accountId=consumer.id, cap=cap, **asked)

    def opens(self, trust: Fields, **terms: Any) -> Fields:
        """Open a tab."""
        return self.do("web3.market.tab.open", trustId=trust["trustId"], **terms)

    def appends(self, tab: Fields, quantity: int = 1, **more: Any) -> Fields:
        """Write down what was used, and return the tab after it."""
        asked: Fields = {"tabId": tab["tabId"], "quantity": str(quantity), **more}
        after: Fields = self.do("web3.market.ledger.append", **asked)["tab"]
        return after

    def raises(self, tab: Fields, cap: str) -> Fields:
        """Confirm a higher cap."""
        return self.do("web3.market.tab.raise", tabId=tab["tabId"], cap=credits_(cap))

    def closes(self, tab: Fields) -> Fields:
        """End a session."""
        return self.do("web3.market.tab.close", tabId=tab["tabId"])

    def pays(self, tab: Fields) -> Fields:
        """Pay for a tab that could not be settled."""
        return self.do("web3.market.tab.pay", tabId=tab["tabId"])

    def tab(self, tab: Fields) -> Fields:
        """Return a tab as it stands now."""
        return self.do("web3.market.tab.get", tabId=tab["tabId"])

    def figures(self) -> tuple[str, str, str, str]:
        """Return available, held, on its way and earned, in minor units."""
        shown = self.do("web3.wallet.show")
        return shown["available"], shown["held"], shown["onItsWay"], shown["earned"]

    def order(self, award: Fields) -> Fields:
        """Return an order as this party sees it."""
        return self.do("web3.market.order.get", orderId=award["orderId"])


async def _await(work: Any) -> Any:
    return await work
