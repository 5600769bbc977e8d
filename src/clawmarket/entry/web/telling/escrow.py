"""The escrow bar: who has the money of a task or an order, what comes next, what silence does."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from clawmarket.domain.kernel.moment import SECOND_MS, from_iso
from clawmarket.domain.kernel.money import split_fee
from clawmarket.entry.web.telling.explaining import translated
from clawmarket.entry.web.telling.states import ENDED, coin_of
from clawmarket.entry.web.visit import Fields, Visit
from clawmarket.entry.web.words.catalog import Words
from clawmarket.entry.web.words.figures import amount, clock, span, timed

_PLACES = ("buyer", "held", "seller")
_WINDOWS = {"delivery_ready": "timeoutSec", "delivery_completed": "disputeWindowSec"}


@dataclass(frozen=True, slots=True)
class Bar:
    """What the escrow bar shows.

    Args:
        coin: The landing with the coin: buyer, held or seller.
        claw: The symbol of the claw that stands there.
        middle: What the middle landing is called: held or frozen.
        buyer: Whose money it is.
        seller: Who gets it; empty if nobody is chosen.
        flows: By landing the verb and the amount, in minor units.
        facts: Now, next, and if nobody acts, unless all is over; empty where the viewer may not
            know.
        english: Whether the facts are in English on a page of another language.
        used: How much of the running window has passed, and its length, in seconds.
    """

    coin: str
    claw: str
    middle: str
    buyer: str
    seller: str
    flows: Mapping[str, tuple[str, int]]
    facts: tuple[tuple[str, Markup], ...] = ()
    english: bool = False
    used: tuple[int, int] | None = field(default=None)

    def is_ahead(self, place: str) -> bool:
        """Return whether the money has yet to come to a landing."""
        return _PLACES.index(place) > _PLACES.index(self.coin)


@dataclass(frozen=True, slots=True)
class Stake:
    """What the next acceptance of an order moves, in minor units."""

    gross: int
    net: int
    fee: int


def stake_of(order: Fields) -> Stake:
    """Return what accepting an order now moves: its milestone at work, or all of it."""
    parts = order["milestones"]
    part = parts[min(order["milestone"], len(parts) - 1)] if parts else order
    net, fee = split_fee(int(part["amount"]), order["feeBps"])
    return Stake(net + fee, net, fee)


def open_bar(visit: Visit, task: Fields) -> Bar:
    """Return the bar of a task that has no order: its budget is held, or was never set aside."""
    budget = int(task["budget"])
    is_open = task["status"] == "task_open"
    held = is_open and task["funded"]
    claw = "claw-closed" if held else "claw-open"
    flows = {"held": ("held", budget)} if held else {}
    facts: tuple[tuple[str, Markup], ...] = ()
    if is_open:
        facts = _open_facts(visit, task)
    elif task["funded"]:
        flows = {"buyer": ("back", budget)}
    return Bar("held" if held else "buyer", claw, "held", task["buyer"], "", flows, facts)


def _open_facts(visit: Visit, task: Fields) -> tuple[tuple[str, Markup], ...]:
    t, kind = visit.words, "funded" if task["funded"] else "unfunded"
    values = {
        "amount": amount(task["budget"]),
        "bids": task["bids"],
        "moment": clock(task["expiresAt"], visit.now, t),
        "left": span(from_iso(task["expiresAt"]) - visit.now, t),
    }
    names = (f"now.{kind}", f"next.{'claims' if task['claims'] else kind}", f"silence.{kind}")
    mine = task["buyer"] == visit.caller.account_id
    return tuple(
        (name.partition(".")[0], Markup.escape(t(_to_you(t, f"open.{name}", mine=mine), **values)))
        for name in names
    )


def _to_you(t: Words, key: str, *, mine: bool) -> str:
    return f"{key}.you" if mine and t.has(f"{key}.you") else key


def order_bar(
    visit: Visit, task: Fields | None, order: Fields, settlement: Fields | None, told: Fields | None
) -> Bar:
    """Return the bar of an order.

    Args:
        visit: Who looks.
        task: The task it came from, if it did.
        order: The order.
        settlement: Its money, once that is locked.
        told: What `order.explain` says; None for those whom it does not tell.
    """
    coin, claw = coin_of(order["status"])
    facts, english = _facts(visit, order, told) if told else ((), False)
    return Bar(
        coin,
        claw,
        "frozen" if claw == "claw-frozen" else "held",
        order["buyer"],
        order["seller"],
        _flows(order, settlement),
        facts,
        english=english,
        used=_used(visit, task, order),
    )


def _flows(order: Fields, settlement: Fields | None) -> dict[str, tuple[str, int]]:
    if settlement is None:
        return {"buyer": ("price", int(order["amount"]))}
    whole, back = int(settlement["amount"]), int(settlement["refundAmount"])
    got, fee = int(settlement["sellerAmount"]), int(settlement["fee"])
    if order["status"] in ENDED:
        flows = {"seller": ("got", got)} if got else {}
        return flows | ({"buyer": ("back", back)} if back else {"buyer": ("paid", whole)})
    net, _ = split_fee(whole, order["feeBps"])
    will = ("got_so_far", got) if got else ("will_get", net)
    return {
        "buyer": ("paid", whole),
        "held": ("held", whole - got - fee - back),
        "seller": will,
    }


def _facts(
    visit: Visit, order: Fields, told: Fields
) -> tuple[tuple[tuple[str, Markup], ...], bool]:
    now_text = translated(told["now"], visit.words)
    then_text = translated(told["then"], visit.words)
    english = visit.words.lang != "en" and (now_text is None or then_text is None)
    facts = (
        ("now", timed(now_text or told["now"], visit.now, visit.words)),
        ("next", Markup.escape(_next(visit, order, told))),
    )
    if told["waitsFor"] == "nobody":
        return facts, english
    silence = timed(then_text or told["then"], visit.now, visit.words)
    return (*facts, ("silence", silence)), english


def _next(visit: Visit, order: Fields, told: Fields) -> str:
    """Say whose turn it is, until when: both the moment and how far away that is."""
    t, waits = visit.words, told["waitsFor"]
    if waits == "nobody":
        return t("next.nobody")
    if told["actsAt"] is None:
        return t("next.rail")
    mine = waits in ("buyer", "seller") and order[waits] == visit.caller.account_id
    # A delivery of an offer is accepted or contested; only a task's result is sent back.
    kind = "you" if order["taskId"] else "you.offer"
    key = f"next.{kind}.{order['status']}" if mine else f"next.{waits}"
    if not t.has(key):
        key = "next.you" if mine else "next.market"
    # A side has until it is due; the market acts when nobody has anything left to say.
    moment = (told["actsAt"] or told["dueAt"]) if waits == "market" else told["dueAt"]
    left = span(from_iso(moment) - visit.now, t)
    return t(key, left=left, moment=clock(moment, visit.now, t))


def _used(visit: Visit, task: Fields | None, order: Fields) -> tuple[int, int] | None:
    name = _WINDOWS.get(order["status"])
    if task is None or name is None or (order["rejections"] and name == "timeoutSec"):
        return None
    whole = task[name]
    left = (from_iso(order["dueAt"]) - visit.now) // SECOND_MS
    return min(whole, max(0, whole - left)), whole
