"""The story of a finished order, told by its records alone.

Whoever writes a receipt and whoever checks one read the same story with these functions. They
know the events by name: the trust context stands below the market's.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType

from clawmarket.domain.kernel.ids import MARKET_ACCOUNT, noun_of
from clawmarket.domain.trust.claiming import (
    BY_SELLER,
    UNCLAIM,
    check_claim,
    check_deadline,
    held_again,
)
from clawmarket.domain.trust.facts import Facts, Json, ReceiptFlawError, alike
from clawmarket.domain.trust.permission import agreed_usage, check_consent
from clawmarket.domain.trust.rails import BOOKED, MONEY, rail_in

AMOUNT = re.compile(r"0|[1-9][0-9]{0,15}")
# What the market adds to a demand or an offer that leaves it out, as the order then says it.
CONDITIONS = ("feeBps", "timeoutSec", "disputeWindowSec", "resubmitSec")
_ALL_PERCENT = 100

# What an order may begin with before it has an id.
BEGINS = {"task": ("task_published", "bid_placed"), "offer": ("offer_created", "offer_updated")}

_RELEASED = "settlement_released"
_PART = "settlement_part_released"
_DELIVERED = "delivery_completed"
ENDS = {
    _RELEASED: ("settlement_completed",),
    "settlement_refunded": ("order_refunded", "settlement_cancelled"),
}


@dataclass(frozen=True, slots=True)
class Act:
    """Who may cause an event, and with which methods a party says so."""

    roles: tuple[str, ...]
    methods: tuple[str, ...]


_JUDGES = ("arbiter", "market")
_REVIEW, _RELEASE = "web3.market.reviewResult", "web3.market.settlement.release"
_AWARD, _SUBMIT = "web3.market.awardBid", "web3.market.submitResult"
_RULE, _REJECT = "web3.dispute.resolve", "web3.dispute.reject"
_GRANT, _REVOKE = "web3.market.consent.grant", "web3.market.consent.revoke"
RULED = ("dispute_resolved", "dispute_rejected")
ACTS: Mapping[str, Act] = {
    "task_published": Act(("buyer",), ("web3.market.publishTask",)),
    "bid_placed": Act(("seller",), ("web3.market.placeBid",)),
    "task_awarded": Act(("buyer",), (_AWARD,)),
    "offer_created": Act(("seller",), ("web3.market.offer.create",)),
    "offer_updated": Act(("seller",), ("web3.market.offer.update",)),
    "order_created": Act(("buyer",), (_AWARD, "web3.market.order.create")),
    "payment_locked": Act(("buyer",), (_AWARD, "web3.market.settlement.lock")),
    "delivery_issued": Act(("seller",), ("web3.market.delivery.issue",)),
    "delivery_revoked": Act(("seller",), ("web3.market.delivery.revoke",)),
    "delivery_completed": Act(("seller",), (_SUBMIT, "web3.market.delivery.complete")),
    "result_submitted": Act(("seller",), (_SUBMIT,)),
    "result_rejected": Act(("buyer",), (_REVIEW,)),
    "result_rated": Act(("buyer",), (_REVIEW,)),
    "result_accepted": Act(("buyer", *_JUDGES), (_REVIEW, _RELEASE, _RULE, _REJECT)),
    "dispute_opened": Act(("buyer", "seller"), ("web3.dispute.open",)),
    "dispute_evidence_submitted": Act(("buyer", "seller"), ("web3.dispute.submitEvidence",)),
    "dispute_resolved": Act(_JUDGES, (_RULE,)),
    "dispute_rejected": Act(_JUDGES, (_RULE, _REJECT)),
    _PART: Act(("buyer", "market"), (_REVIEW, _RELEASE)),
    "consent_granted": Act(("buyer",), (_GRANT,)),
    "consent_revoked": Act(
        ("buyer", "seller", *_JUDGES), (_REVOKE, "web3.market.settlement.refund", _RULE, _REJECT)
    ),
    _RELEASED: Act(("buyer", *_JUDGES), (_REVIEW, _RELEASE, _RULE, _REJECT)),
    "settlement_refunded": Act(
        ("buyer", "seller", *_JUDGES), ("web3.market.settlement.refund", _RULE, _REJECT)
    ),
    "rail_answered": Act(("market",), ()),
    "task_reopened": Act(("seller",), (UNCLAIM,)),
}


def act_of(event: Json, method: str) -> Act | None:
    """Return who may cause an event by a method; asking a rail is as causing what it moves."""
    kind: object = event["kind"]
    if kind in BY_SELLER.get(method, ()):
        return Act(("seller",), (method,))
    if kind == "rail_asked":
        kind, _ = BOOKED.get(str(event.get("step")), (None, None))
    return ACTS.get(str(kind))


@dataclass(frozen=True, slots=True)
class Story:
    """What an order came to.

    `arbiter` is who ruled, if a dispute was ruled by somebody. `share` is what leaves the lock for
    the seller, before the fee. `agreed` is price times quantity; `agreement` is what the order's
    content hash `terms` is over. `test_money` is None where the records do not say. `trade` are
    the records without those that only opened accounts. `rail` is the outside rail that the money
    was on; None for credits. `held_again` is what went back under a hold of the task.
    """

    order_id: str
    task_id: str | None
    offer_id: str | None
    bid_id: str | None
    settlement_id: str
    buyer: str
    seller: str
    arbiter: str | None
    asset: str
    amount: int
    share: int
    agreed: int
    agreement: Json
    terms: str
    test_money: bool | None
    settled: bool
    seller_amount: int
    fee: int
    refund: int
    delivery_digest: str | None
    addresses: Mapping[str, str | None]
    records: tuple[Facts, ...]
    rail: str | None
    held_again: int

    def purse(self, party: str) -> str:
        """Return the ledger account that the order's money leaves and reaches a party by."""
        return f"{party}/available" if self.rail is None else f"rail:{self.rail}:{party}"

    @property
    def parties(self) -> tuple[tuple[str, str], ...]:
        """The accounts of the order and their roles."""
        both = ((self.buyer, "buyer"), (self.seller, "seller"))
        return (*both, (self.arbiter, "arbiter")) if self.arbiter else both

    @property
    def trade(self) -> tuple[Facts, ...]:
        """The records of the order itself."""
        return tuple(facts for facts in self.records if "account_opened" not in facts.kinds)


def read_story(records: Sequence[Facts]) -> Story:
    """Read what an order came to, from all its records and nothing else.

    Raises:
        ReceiptFlawError: The records tell of no finished order, of several, or leave a gap.
    """
    made, order = _only(records, "order_created")
    _, locked = _only(records, "payment_locked")
    _, end = _only(records, *ENDS)
    order_id, buyer, seller = (_text(order, name) for name in ("orderId", "buyer", "seller"))
    if noun_of(order_id) != "order" or buyer == seller or not (buyer and seller):
        raise ReceiptFlawError("The order has no order id, or not two accounts.")
    _agree(locked, {name: order.get(name) for name in ("orderId", "asset", "amount")})
    _agree(end, {name: locked.get(name) for name in ("orderId", "settlementId", "asset")})
    settled = end["kind"] == _RELEASED
    agreement = _agreement(records, made, order)
    amount = _amount(order, "amount")
    parts = _parts(records, agreement["milestones"], locked)
    paid = [sum(each) for each in zip(*parts, strict=True)] or [0, 0]
    stake = amount - sum(paid)
    if len(parts) < len(agreement["milestones"]):
        stake = int(agreement["milestones"][len(parts)][1])
    arbiter, ruled = _ruling(records, order, stake)
    given = ruled if ruled is not None else (amount - sum(paid) if settled else 0)
    parties = [buyer, seller, *([arbiter] if arbiter else [])]
    story = Story(
        order_id=order_id,
        task_id=agreement["taskId"],
        offer_id=agreement["offerId"],
        bid_id=agreement["bidId"],
        settlement_id=_text(locked, "settlementId"),
        buyer=buyer,
        seller=seller,
        arbiter=arbiter,
        asset=_text(order, "asset"),
        amount=amount,
        share=sum(paid) + given,
        agreed=int(agreement["price"]) * agreement["quantity"],
        agreement=agreement,
        terms=_text(order, "terms"),
        test_money=order.get("testMoney"),
        settled=settled,
        seller_amount=paid[0] + (_amount(end, "sellerAmount") if settled else 0),
        fee=paid[1] + (_amount(end, "fee") if settled else 0),
        refund=_amount(end, "refund"),
        delivery_digest=_delivered(records) if settled else None,
        addresses={party: _address(records, party) for party in parties},
        records=tuple(records),
        rail=rail_in(records, locked),
        held_again=held_again(records, made, order, agreement["taskId"]),
    )
    check_consent(records, order, agreement)
    _check_belonging(story)
    _check_actors(story)
    # A buyer may cancel while a rail is asked to lock; what it turns out to have locked goes back.
    late = ("order_cancelled",) if story.rail and not settled else ()
    _check_states(story, ENDS[end["kind"]] + late)
    return story


def _told(records: Sequence[Facts], *kinds: str) -> Iterator[tuple[Facts, Json]]:
    return ((facts, event) for facts in records for event in facts.events if event["kind"] in kinds)


def _only(records: Sequence[Facts], *kinds: str) -> tuple[Facts, Json]:
    found = list(_told(records, *kinds))
    if len(found) != 1:
        raise ReceiptFlawError(
            "The records do not tell one order from its beginning to its end.",
            f"one {' or '.join(kinds)}",
            str(len(found)),
        )
    return found[0]


def _text(event: Json, name: str) -> str:
    value = event.get(name)
    if type(value) is not str:
        raise ReceiptFlawError(f"The event {event['kind']} lacks its {name}.")
    return value


def _amount(event: Json, name: str) -> int:
    text = _text(event, name)
    if not AMOUNT.fullmatch(text):
        raise ReceiptFlawError(f"{event['kind']}.{name} is no amount in minor units.", None, text)
    return int(text)


def _agree(event: Json, wanted: Json) -> None:
    for name, value in wanted.items():
        if not alike(event.get(name), value):
            raise ReceiptFlawError(
                f"The event {event['kind']} is about another {name}.",
                str(value),
                str(event.get(name)),
            )


def _agreement(records: Sequence[Facts], made: Facts, order: Json) -> Json:
    """Return what both sides agreed on, as the order's content hash has it."""
    ids: Json = {"taskId": None, "offerId": None, "bidId": None}
    if "task_awarded" in made.kinds:
        _, award = _only(records, "task_awarded")
        _agree(award, {"orderId": order["orderId"]})
        demand, task = _only(records, "task_published")
        bid, priced = _only(records, "bid_placed")
        ids |= {"taskId": _text(award, "taskId"), "bidId": _text(award, "bidId")}
        _agree(task, {"taskId": ids["taskId"], "buyer": order["buyer"]})
        _agree(priced, ids | {"offerId": None, "bidder": order["seller"]})
        check_claim(made, demand, task, bid, _text(priced, "price"))
        check_deadline(made, demand, order)
    else:
        demand, priced = _only(records, "offer_created", "offer_updated")
        ids["offerId"] = _text(priced, "offerId")
    quantity = made.params.get("quantity", 1)
    if type(quantity) is not int or quantity < 1:
        raise ReceiptFlawError("The quantity is no whole number.", None, str(quantity))
    price = _amount(priced, "price") * quantity
    parties = {name: order[name] for name in ("orderId", "buyer", "seller", "asset")}
    conditions = {name: order.get(name) for name in CONDITIONS}
    timed = ids["taskId"] is not None and demand.params.get("deadline") is not None
    asked = {name: demand.params[name] for name in conditions if name in demand.params}
    _agree(order, asked | ({"timeoutSec": order["timeoutSec"]} if timed else {}))
    parts = demand.params.get("milestones", []) if ids["taskId"] else _offered(demand, priced)
    _agree(order, {"milestones": _milestones(parts, price)})
    conditions["milestones"] = order["milestones"]
    usage = agreed_usage(demand, priced, order)
    if usage is not None:
        conditions["usageScope"] = usage
    return ids | parties | conditions | {"quantity": quantity, "price": priced["price"]}


def _offered(demand: Facts, offer: Json) -> object:
    """Return the milestones that an offer names.

    The seller said them, when the offer was written or changed. A change that leaves them as they
    were does not say them again; then its event tells what stands.
    """
    said: object = demand.params.get("milestones")
    if said is None and offer["kind"] == "offer_created" and demand.statement is not None:
        said = []
    parts: object = offer.get("milestones", said or [])
    if said is not None and not alike(said, parts):
        raise ReceiptFlawError("The offer has other milestones than its seller said.")
    return parts


def _milestones(parts: object, price: int) -> list[list[str]]:
    """Return what milestones come to for a price, as the order has to name them."""
    milestones: list[list[str]] = []
    percent = given = 0
    if type(parts) is not list or not all(map(_is_part, parts)):
        raise ReceiptFlawError("The milestones are not titles with percents.")
    if parts and sum(part["percent"] for part in parts) != _ALL_PERCENT:
        raise ReceiptFlawError("The milestones are not all of the price, or more than that.")
    for part in parts:
        percent += part["percent"]
        due = price * percent // _ALL_PERCENT
        milestones.append([part["title"], str(due - given)])
        given = due
    return milestones


def _is_part(part: object) -> bool:
    return (
        type(part) is dict and type(part.get("title")) is str and type(part.get("percent")) is int
    )


def _parts(
    records: Sequence[Facts], milestones: Sequence[Sequence[str]], locked: Json
) -> list[tuple[int, int]]:
    """Return net and fee of each milestone that was paid, in their order."""
    _check_handed_over(records)
    parts: list[tuple[int, int]] = []
    for _, event in _told(records, _PART):
        about = {name: locked.get(name) for name in ("orderId", "settlementId", "asset")}
        _agree(event, about | {"milestone": len(parts)})
        part = (_amount(event, "sellerAmount"), _amount(event, "fee"))
        if len(parts) >= len(milestones) or sum(part) != int(milestones[len(parts)][1]):
            raise ReceiptFlawError("A milestone was paid with another part than agreed.")
        parts.append(part)
    return parts


def _check_handed_over(records: Sequence[Facts]) -> None:
    """Check that nothing was paid before something was delivered for it."""
    delivered = False
    for facts, event in _told(records, _DELIVERED, _PART, _RELEASED):
        if event["kind"] != _DELIVERED and not delivered:
            raise ReceiptFlawError(f"{facts.record_id}: it was paid before it was delivered.")
        delivered = event["kind"] == _DELIVERED


def _ruling(records: Sequence[Facts], order: Json, stake: int) -> tuple[str | None, int | None]:
    """Return who ruled in the order's dispute and the seller's share; None for what was not."""
    if not any(True for _ in _told(records, "dispute_opened", *RULED)):
        return None, None
    opener, opened = _only(records, "dispute_opened")
    facts, ruled = _only(records, *RULED)
    _agree(ruled, {name: opened.get(name) for name in ("orderId", "disputeId")})
    claim = "refund" if opener.actor == order["buyer"] else "release"
    _agree(opened, {"claim": claim})
    _check_verdict(records, facts, ruled, opener.actor, claim)
    share = _amount(ruled, "sellerShare")
    allowed = {"release": share == stake, "refund": share == 0, "partial": 0 < share < stake}
    if not allowed.get(_text(ruled, "resolution")):
        raise ReceiptFlawError("The ruling does not say what it gives.", None, str(share))
    return (None if facts.actor == MARKET_ACCOUNT else facts.actor), share


def _check_verdict(
    records: Sequence[Facts], facts: Facts, ruled: Json, claimant: str, claim: str
) -> None:
    """Check that a verdict is one that its kind, who gave it and who was heard allow."""
    other = {"refund": "release", "release": "refund"}[claim]
    holds = ruled["kind"] == "dispute_resolved"
    allowed = {claim, "partial"} if holds else {other}
    if facts.actor == MARKET_ACCOUNT:
        heard = {facts.actor for facts, _ in _told(records, "dispute_evidence_submitted")}
        allowed &= {claim if heard == {claimant} else other}
    if ruled.get("resolution") not in [*allowed]:
        raise ReceiptFlawError(
            "The dispute cannot have ended so.",
            " or ".join(sorted(allowed)) or "another end",
            str(ruled.get("resolution")),
        )


def _delivered(records: Sequence[Facts]) -> str:
    """Return the content hash of what was paid for last: the accepted result, else delivery."""
    if any(True for _ in _told(records, "result_accepted")):
        *_, (_, accepted) = _told(records, "result_accepted")
        named = [
            result
            for _, result in _told(records, "result_submitted")
            if alike(result.get("resultId"), accepted.get("resultId"))
        ]
    else:
        named = []
        for _, event in _told(records, _DELIVERED, _PART):
            named = [*named, event] if event["kind"] == _DELIVERED else []
    if len(named) != 1:
        raise ReceiptFlawError("What was paid for is not told.", "one delivery", str(len(named)))
    return _text(named[0], "digest")


def _address(records: Sequence[Facts], party: str) -> str | None:
    bound = [
        event.get("address")
        for _, event in _told(records, "account_opened")
        if event.get("accountId") == party
    ]
    if len(bound) != 1 or type(bound[0]) not in (str, NoneType):
        raise ReceiptFlawError(
            f"The opening of the account {party} is not told.", "one record", str(len(bound))
        )
    return bound[0]


def _check_belonging(story: Story) -> None:
    begins = BEGINS["offer" if story.offer_id else "task"]
    for facts in story.records:
        ours = False
        for event in facts.events:
            if event.get("orderId", story.order_id) != story.order_id:
                raise ReceiptFlawError(
                    f"{facts.record_id} tells of another order.",
                    story.order_id,
                    str(event["orderId"]),
                )
            opens = event["kind"] == "account_opened" and event.get("accountId") in [
                *story.addresses
            ]
            ours = ours or opens or event["kind"] in begins or "orderId" in event
        if not ours:
            raise ReceiptFlawError(f"{facts.record_id} is no part of this order.")


def _check_actors(story: Story) -> None:
    if story.arbiter in (story.buyer, story.seller):
        raise ReceiptFlawError("A party ruled in its own dispute.", None, story.arbiter)
    accounts = {"buyer": story.buyer, "seller": story.seller, "market": MARKET_ACCOUNT}
    if story.arbiter:
        accounts["arbiter"] = story.arbiter
    for facts, event in _told(story.records, *ACTS, "rail_asked"):
        act = act_of(event, facts.method)
        roles = act.roles if act else ()
        if story.rail and event["kind"] in MONEY:
            roles = ("market",)  # nobody else hears what a rail answers
        allowed = [accounts[role] for role in roles if role in accounts]
        if facts.actor not in allowed:
            raise ReceiptFlawError(
                f"{facts.record_id}: {event['kind']} was not for this account to do.",
                " or ".join(allowed),
                facts.actor,
            )


def _check_states(story: Story, ends: tuple[str, ...]) -> None:
    """Check that the order's moves connect: each begins at the state where the last one ended."""
    stands = ""
    for facts in story.records:
        for thing, before, after in facts.states:
            if thing == story.order_id:
                _connect(facts, before, stands)
                stands = after
    if stands not in ends:
        what = "The order's states do not lead to its end."
        raise ReceiptFlawError(what, " or ".join(ends), stands or "nothing")


def _connect(facts: Facts, before: str, stands: str) -> None:
    if before != stands:
        what = f"{facts.record_id}: the order's states do not connect."
        raise ReceiptFlawError(what, stands or "nothing", before or "nothing")
