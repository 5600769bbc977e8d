"""Lies about a task that was claimed or given back, by the market that writes the records."""

from clawmarket.domain.kernel.canonical import content_digest
from lies import StoryLie, all_of, event, record
from receipts import Deal, Json, with_event

PUBLISHED, BID, MADE = "task_published", "bid_placed", "order_created"
REOPENED, REFUNDED, RATED = "task_reopened", "settlement_refunded", "result_rated"


def terms_said(**values: object) -> StoryLie:
    """Let the buyer have published other terms, under the old signature."""

    def change(records: list[Json], _: Deal) -> None:
        params = with_event(records, PUBLISHED)[0]["statement"]["said"]["params"]
        params.update(values)

    return change


def never_said(name: str) -> StoryLie:
    """Let the buyer have left a word out of the terms, and sign them so."""

    def change(records: list[Json], made: Deal) -> None:
        published, told = with_event(records, PUBLISHED)
        del published["statement"]["said"]["params"][name]
        _say_terms(published, told, made)

    return change


def _say_terms(published: Json, told: Json, made: Deal) -> None:
    told["terms"] = content_digest(published["statement"]["said"]["params"])
    made.sign(published)


def by_the_buyer(kind: str) -> StoryLie:
    """Let the buyer have done what the seller did."""

    def change(records: list[Json], _: Deal) -> None:
        buyer = with_event(records, MADE)[1]["buyer"]
        with_event(records, kind)[0]["actor"] = buyer

    return change


def claimed_by_the_buyer(records: list[Json], _: Deal) -> None:
    """Let the buyer have claimed the buyer's own task."""
    made, order = with_event(records, MADE)
    made["actor"] = order["seller"] = order["buyer"]
    with_event(records, BID)[1]["bidder"] = order["buyer"]


def without_words(kind: str) -> StoryLie:
    """Leave the statement of a record out."""
    return lambda records, _: with_event(records, kind)[0].pop("statement")


def without(kind: str) -> StoryLie:
    """Leave an event out."""

    def change(records: list[Json], _: Deal) -> None:
        lied, told = with_event(records, kind)
        lied["events"].remove(told)

    return change


def keep_the_money_held(records: list[Json], _: Deal) -> None:
    """Leave out what was held again, so that it seems to be the buyer's to spend."""
    with_event(records, REOPENED)[0]["postings"][2:] = []


def hold_less(records: list[Json], _: Deal) -> None:
    """Hold less for the task than went back."""
    lied, told = with_event(records, REOPENED)
    told["amount"] = "40000000"
    for posting, amount in zip(lied["postings"][2:], ("-40000000", "40000000"), strict=True):
        posting[2] = amount


def bid_elsewhere(records: list[Json], _: Deal) -> None:
    """Let the bid stand in another record than the claim."""
    claim, bid = with_event(records, BID)
    claim["events"].remove(bid)
    with_event(records, PUBLISHED)[0]["events"].append(bid)


def bid_apart(records: list[Json], made: Deal) -> None:
    """Let the bid be a statement of its own, which the worker signs, before the claim."""
    claim, bid = with_event(records, BID)
    claim["events"].remove(bid)
    params = {"taskId": bid["taskId"], "price": bid["price"]}
    said = claim["statement"]["said"] | {"method": "web3.market.placeBid", "params": params}
    apart = claim | {"id": "rec_" + "0" * 26, "method": said["method"], "events": [bid]}
    apart |= {"states": [], "postings": [], "statement": claim["statement"] | {"said": said}}
    bid["terms"] = content_digest(params)
    made.sign(apart)
    records.insert(records.index(claim), apart)


def cheaper(records: list[Json], _: Deal) -> None:
    """Let the claim be at another price than the budget."""
    with_event(records, BID)[1]["price"] = "40000000"


CLAIM_LIES: dict[str, tuple[StoryLie, list[str]]] = {
    "terms without claims": (never_said("claims"), ["records"]),
    "terms that refuse claims": (terms_said(claims=False), ["records"]),
    "terms that nearly say so": (terms_said(claims="true"), ["records"]),
    "an unfunded task": (event(PUBLISHED, funded=False), ["records"]),
    "another price": (cheaper, ["records"]),
    "another budget": (terms_said(budget="60000000"), ["records"]),
    "a buyer who claims": (claimed_by_the_buyer, ["records"]),
    "a claim by the buyer": (by_the_buyer(MADE), ["records"]),
    "a claim without words": (without_words(MADE), ["records"]),
    "a bid in another record": (bid_elsewhere, ["records"]),
    "a bid of its own": (bid_apart, ["records"]),
    "an award instead": (record(MADE, method="web3.market.awardBid"), ["records"]),
    "a claim of another kind": (record(MADE, method="web3.market.order.create"), ["records"]),
    "another time to deliver": (event(MADE, timeoutSec=86_400), ["records"]),
    "the time that was said": (event(MADE, timeoutSec=7), ["records"]),
    "another deadline": (terms_said(deadline="2027-01-01T00:00:00.000Z"), ["records"]),
    "a deadline that is none": (terms_said(deadline="soon"), ["records"]),
    "a deadline without a zone": (terms_said(deadline="2026-09-22T12:00:00"), ["records"]),
    "no deadline": (terms_said(deadline=None), ["records"]),
    "a better rating": (event(RATED, rating=5), ["signatures"]),
    "another's rating": (event(RATED, worker="agent_" + "1" * 26), ["signatures"]),
    "no rating": (without(RATED), ["signatures"]),
    "a task opened again": (
        lambda records, _: with_event(records, MADE)[0]["events"].append(
            {
                "kind": REOPENED,
                "taskId": with_event(records, BID)[1]["taskId"],
                "orderId": with_event(records, MADE)[1]["orderId"],
                "holdId": "hold_" + "1" * 26,
                "asset": "credits",
                "amount": "50000000",
            }
        ),
        ["records"],
    ),
}

UNCLAIM_LIES: dict[str, tuple[StoryLie, list[str]]] = {
    "never opened again": (without(REOPENED), ["records"]),
    "given up instead": (record(REOPENED, method="web3.market.settlement.refund"), ["records"]),
    "given back by the buyer": (by_the_buyer(REOPENED), ["records"]),
    "given back without words": (without_words(REOPENED), ["records"]),
    "another task": (event(REOPENED, taskId="task_" + "1" * 26), ["records"]),
    "less held again": (hold_less, ["records"]),
    "less said to be held": (event(REOPENED, amount="1"), ["records"]),
    "another asset": (event(REOPENED, asset="gold"), ["records"]),
    "nothing held again": (keep_the_money_held, ["postings"]),
    "nothing said of it": (
        all_of(without(REOPENED), record(REFUNDED, method="web3.market.settlement.refund")),
        ["signatures", "postings"],
    ),
    "money kept": (event(REFUNDED, refund="40000000"), ["postings"]),
    "an award instead of a claim": (record(MADE, method="web3.market.awardBid"), ["records"]),
}
