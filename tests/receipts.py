"""Receipts of real deals, and what a liar makes of them: in the file, or as the market itself."""

import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from secrets import token_hex
from types import ModuleType
from typing import Any

from clawmarket.adapters.payments.memory import Fault, MemoryRail
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.checkpoint import Checkpoint, key_id, note
from clawmarket.domain.trust.facts import ReceiptFlawError
from clawmarket.domain.trust.merkle import root_of
from clawmarket.domain.trust.receipt import LoggedRecord, make_receipt
from clawmarket.domain.trust.record import record_leaf
from clawmarket.domain.trust.statement import statement_digest
from clawmarket.domain.trust.verification import check_receipt, verdict_document
from clawmarket.entry.cli.verify import crypto
from clawmarket.services.trust.identity import identify
from world import Member, World

Json = dict[str, Any]
Verifier = Callable[[str, str | None], Json]

ROOT = Path(__file__).parents[1]
TOOL = ROOT / "tools" / "verify_receipt.py"
NAMES = (
    *("format", "records", "inclusion", "checkpoint", "key"),
    *("signatures", "postings", "delivery", "summary", "anchors"),
)
_SEEDS = count(100)


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = _load(TOOL)


def by_package(text: str, pinned: str | None) -> Json:
    """Check a receipt with the package's verifier."""
    return verdict_document(check_receipt(text, pinned=pinned, crypto=crypto()), "receipt.json")


def by_tool(text: str, pinned: str | None) -> Json:
    """Check a receipt with the verifier that needs the standard library only."""
    verdict: Json = tool.examine(text, pinned, "receipt.json")
    return verdict


VERIFIERS: tuple[Verifier, ...] = (by_package, by_tool)


def outcomes(verdict: Json) -> dict[str, str]:
    """Return each check's outcome by its name, in their order."""
    return {check["name"]: check["outcome"] for check in verdict["checks"]}


@dataclass(frozen=True)
class Deal:
    """A finished order: its honest receipt, and the keys that a lying market has."""

    world: World
    text: str
    wallets: dict[str, Wallet]

    @property
    def key(self) -> str:
        """The market's verifier key."""
        return self.world.terms.vkey

    def document(self) -> Json:
        """Return the honest receipt, parsed anew."""
        document: Json = json.loads(self.text)
        return document

    def records(self) -> list[Json]:
        """Return the honest records, parsed anew."""
        return [json.loads(item["record"]) for item in self.document()["records"]]

    def sign(self, record: Json, wallet: Wallet | None = None) -> None:
        """Let a wallet (the actor's own if none is given) sign what a record says was said."""
        statement = record["statement"]
        signer = wallet or self.wallets[record["actor"]]
        statement["signature"] = signer.sign_digest(statement_digest(statement["said"]))

    def told(self, records: Sequence[Json | str]) -> str:
        """Return the receipt that the market would give out if these were its records.

        Log, proofs and checkpoint are made anew; where the records tell no whole story, the
        summary stays that of the honest receipt.
        """
        texts = [r if isinstance(r, str) else canonical_bytes(r).decode() for r in records]
        logged, checkpoint = self._log(texts)
        try:
            return make_receipt(
                origin=self.world.terms.origin,
                vkey=self.key,
                test_money=True,
                records=logged,
                checkpoint=checkpoint,
            )
        except ReceiptFlawError:
            items = [
                {"record": r.record, "salt": r.salt, "index": r.index, "proof": r.proof}
                for r in logged
            ]
            return json.dumps(self.document() | {"records": items, "checkpoint": checkpoint})

    def _log(self, texts: Sequence[str]) -> tuple[list[LoggedRecord], str]:
        salts = [token_hex(32) for _ in texts]
        leaves = [sha256(b"stranger %d" % place).digest() for place in range(2 * len(texts) + 3)]
        for place, (text, salt) in enumerate(zip(texts, salts, strict=True)):
            leaves[2 * place + 1] = record_leaf(text.encode(), bytes.fromhex(salt))
        logged = [
            LoggedRecord(text, salt, 2 * place + 1, tuple(prove(2 * place + 1, leaves)))
            for place, (text, salt) in enumerate(zip(texts, salts, strict=True))
        ]
        return logged, self.signed_head(len(leaves), root_of(leaves))

    def signed_head(self, size: int, root: bytes) -> str:
        """Return a checkpoint of the market's log with this size and root."""
        signer = self.world.signer
        body = Checkpoint(signer.name, size, root).body()
        signature = signer.sign(body.encode())
        return note(body, [(signer.name, key_id(signer.name, signer.public_key), signature)])


def prove(index: int, leaves: Sequence[bytes]) -> list[str]:
    """Return an inclusion proof as RFC 6962, section 2.1.1 defines it."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = leaves[:split], leaves[split:]
    if index < split:
        return [*prove(index, left), root_of(right).hex()]
    return [*prove(index - split, right), root_of(left).hex()]


@cache
def deal(kind: str, ending: str, voice: str) -> Deal:
    """Trade on a fresh market and return the deal.

    Args:
        kind: `task`, `offer`, or `rail` for an offer paid on an outside rail.
        ending: `settled` or `refunded`; for tasks also `ruled` (a quarter to the seller),
            `overruled` (a rejection does not hold), `lapsed` (no arbiter ruled), `parts` (three
            milestones), `stopped` (one of them), `claimed` (with a deadline, rated), or
            `unclaimed`; in parts also for offers and on a rail. For offers
            also `permitted` (with a consent, settled, revoked before the review), `redrafted` (the
            same, of a draft whose price was changed), `revoked` (before the delivery, refunded),
            `halted` (with a consent that was revoked while the first of three milestones was
            reviewed) or `changed` (three milestones, and the draft was changed after them); on a
            rail also `cancelled` (while it was asked) or `resolved` (an operator said that a
            payment had not happened).
        voice: `signed` by wallets, or `attested` by the market for API keys.
    """
    rail = MemoryRail()
    world = World(seed=next(_SEEDS), rails={"twin": rail})
    buyer, seller = world.member(), world.member()
    wallets = {one.id: one.wallet for one in (buyer, seller) if one.wallet}
    if voice == "attested":
        buyer, seller = _with_key(buyer), _with_key(seller)
    if kind in ("offer", "rail") and ending in ("parts", "stopped", "halted", "changed"):
        order_id = _offer_in_parts(buyer, seller, ending, "twin" if kind == "rail" else "credits")
    elif kind == "rail":
        order_id = _on_rail(rail, buyer, seller, ending)
    elif ending in ("parts", "stopped"):
        order_id = _in_parts(buyer, seller, 3 if ending == "parts" else 1)
    elif ending in ("permitted", "redrafted", "revoked"):
        order_id = _with_consent(buyer, seller, ending)
    elif ending in ("claimed", "unclaimed"):
        order_id = _by_its_terms(buyer, seller, ending)
    elif ending in ("settled", "refunded"):
        trade = _task if kind == "task" else _offer
        order_id = trade(world, buyer, seller, settles=ending == "settled")
    else:
        arbiter = world.arbiter()
        wallets[arbiter.id] = arbiter.known_wallet
        order_id = _quarrel(buyer, seller, arbiter, ending)
    world.log()
    text = buyer.do("web3.market.receipt.get", orderId=order_id)["receipt"]
    return Deal(world, text, wallets)


def _with_key(member: Member) -> Member:
    key = member.do("web3.keys.create", label="agent", scope="write")["key"]
    world = member.world
    return Member(world, identify(world.store, world.clock, key), None)


def _task(world: World, buyer: Member, seller: Member, *, settles: bool) -> str:
    award = buyer.awards(seller.bids(buyer.publishes()))
    if settles:
        buyer.rejects(seller.submits(award, b"a first try"))
        buyer.accepts(seller.submits(award))
    else:
        world.pass_time(seconds=90_000)
        world.sweep()
    return str(award["orderId"])


def _by_its_terms(buyer: Member, seller: Member, ending: str) -> str:
    """Let the seller claim a task that has a day left; unclaimed, the task is cancelled then."""
    deadline = iso(buyer.world.clock.now() + 86_400_000)
    task = buyer.publishes(claims=True, deadline=deadline, timeoutSec=7)
    buyer.world.pass_time(seconds=600)
    award = seller.claims(task)
    if ending == "unclaimed":
        seller.steps_back(task)
        buyer.cancels(task)
    else:
        said = {"resultId": seller.submits(award)["resultId"], "decision": "accept"}
        buyer.do("web3.market.reviewResult", rating=4, **said)
    return str(award["orderId"])


def _in_parts(buyer: Member, seller: Member, accepted: int) -> str:
    award = buyer.awards(seller.bids(buyer.publishes_parts(33, 33, 34), "0.000199"))
    for number in range(accepted):
        buyer.accepts(seller.submits(award, b"part %d" % number))
    buyer.world.pass_time(seconds=86_400)
    buyer.world.sweep()
    return str(award["orderId"])


def _offer_in_parts(buyer: Member, seller: Member, ending: str, rail: str) -> str:
    """Trade 3 pieces at 0.000067 in three parts: 66, 66 and 69 minor units."""
    parts = [{"title": f"Part {n}", "percent": p} for n, p in enumerate((33, 33, 34))]
    usage: Json = {"usageScope": {"purpose": "research"}} if ending == "halted" else {}
    draft = seller.do(
        "web3.market.offer.create", title="Pages", price="67", milestones=parts, **usage
    )
    if ending == "changed":
        about = {"offerId": draft["offerId"], "description": "Three pages."}
        seller.do("web3.market.offer.update", **about)
    seller.do("web3.market.offer.publish", offerId=draft["offerId"])
    order = buyer.orders(draft, quantity=3)
    buyer.locks(order, rail=rail)
    buyer.world.run_jobs()
    consent = buyer.consents(order) if usage else {}
    for number in range(3 if ending in ("parts", "changed") else 1):
        delivery_id = seller.begins(order)["deliveryId"]
        files = [seller.stores(b"part %d" % number)]
        seller.do("web3.market.delivery.complete", deliveryId=delivery_id, artifacts=files)
        if consent:
            buyer.revokes(consent)
        buyer.releases(order)
        buyer.world.run_jobs()
    buyer.world.pass_time(seconds=86_400)
    buyer.world.sweep()
    buyer.world.run_jobs()
    return str(order["orderId"])


def _quarrel(buyer: Member, seller: Member, arbiter: Member, ending: str) -> str:
    award = buyer.awards(seller.bids(buyer.publishes()))
    result = seller.submits(award)
    if ending == "overruled":
        buyer.rejects(result)
    dispute = (seller if ending == "overruled" else buyer).contests(award)
    buyer.shows(dispute)
    seller.shows(dispute)
    match ending:
        case "ruled":
            arbiter.rules(dispute, "partial", sellerShare="10000001")
        case "overruled":
            arbiter.rules(dispute, "release")
        case _:
            arbiter.world.pass_time(seconds=3 * 86_400)
            arbiter.world.sweep()
    return str(award["orderId"])


def _with_consent(buyer: Member, seller: Member, ending: str) -> str:
    usage = {"purpose": "research", "durationDays": 7, "region": None}
    draft: Json = {"title": "One page", "price": "5000000", "usageScope": usage}
    offer_id = {"offerId": seller.do("web3.market.offer.create", **draft)["offerId"]}
    if ending == "redrafted":
        seller.do("web3.market.offer.update", price="6000000", **offer_id)
    seller.do("web3.market.offer.publish", **offer_id)
    order = buyer.orders(offer_id)
    buyer.locks(order)
    consent = buyer.consents(order, **({} if ending == "revoked" else {"durationDays": 3}))
    delivery = seller.begins(order)
    if ending != "revoked":
        seller.delivers(delivery)
        buyer.revokes(consent)
        buyer.releases(order)
    else:
        buyer.revokes(consent, "Not any more.")
        buyer.world.sweep()
    return str(order["orderId"])


def _offer(_world: World, buyer: Member, seller: Member, *, settles: bool) -> str:
    offer = seller.do("web3.market.offer.create", title="One page", price="5000001")
    seller.do("web3.market.offer.publish", offerId=offer["offerId"])
    order = buyer.do("web3.market.order.create", offerId=offer["offerId"], quantity=3)
    order_id = str(order["orderId"])
    buyer.do("web3.market.settlement.lock", orderId=order_id)
    delivery = seller.do("web3.market.delivery.issue", orderId=order_id)
    if settles:
        files = [seller.stores()]
        delivery_id = delivery["deliveryId"]
        seller.do("web3.market.delivery.complete", deliveryId=delivery_id, artifacts=files)
        buyer.do("web3.market.settlement.release", orderId=order_id)
    else:
        seller.do("web3.market.settlement.refund", orderId=order_id, reason="I am ill.")
    return order_id


def _on_rail(rail: MemoryRail, buyer: Member, seller: Member, ending: str) -> str:
    world = buyer.world
    order = buyer.orders(seller.offers("5.000001"), quantity=3)
    if ending == "cancelled":
        rail.faults.append(Fault.LOSE_ANSWER)
    buyer.locks(order, rail="twin")
    world.run_jobs()
    if ending == "cancelled":
        buyer.do("web3.market.order.cancel", orderId=order["orderId"])
        world.pass_time(seconds=60)
    elif ending == "refunded":
        seller.refunds(order)
    else:
        files = [seller.stores()]
        delivery_id = seller.begins(order)["deliveryId"]
        seller.do("web3.market.delivery.complete", deliveryId=delivery_id, artifacts=files)
        rail.refuses |= {"release"} if ending == "resolved" else set()
        buyer.releases(order)
    if ending == "resolved":
        world.run_jobs()
        rail.refuses.clear()
        (stuck,) = world.operator.do("market.repair.list")["items"]
        finding: Json = {"outcome": "not_moved", "reason": "The rail was closed for a day."}
        world.operator.do("market.repair.resolve", stepKey=stuck["stepKey"], **finding)
    for _ in range(3):
        world.run_jobs()
    return str(order["orderId"])


def with_event(records: Sequence[Json], kind: str) -> tuple[Json, Json]:
    """Return the last record with an event of a kind, and that event."""
    return next(
        (record, event)
        for record in reversed(records)
        for event in record["events"]
        if event["kind"] == kind
    )
