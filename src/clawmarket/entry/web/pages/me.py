"""An account's own page: its figures, what waits for it, its days, its wallets and keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from clawmarket.domain.kernel.moment import DAY_MS, iso
from clawmarket.domain.trust.session import Role
from clawmarket.entry.web.deeds.deed import Wrong
from clawmarket.entry.web.telling.drawing import Day, chart
from clawmarket.entry.web.telling.escrow import Stake, stake_of
from clawmarket.entry.web.telling.explaining import translated
from clawmarket.entry.web.telling.states import ENDED
from clawmarket.entry.web.visit import Fields, Visit
from clawmarket.services.trust.access.sessions import SESSION_MS

DAYS = 30
MAX_PAGES = 5
PAGE = 200
LISTED = 50
LAST = 10
OPEN_DISPUTES = ("dispute_evidence_submitted", "dispute_opened")


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order or a task that waits for somebody."""

    order: Fields
    side: str
    told: Fields
    then: str
    stake: Stake


@dataclass(frozen=True, slots=True)
class Flow:
    """What came in and went out in some days; `whole` if no day is cut off; and by order."""

    days: Sequence[Day]
    whole: bool
    changes: Mapping[str, int]

    @property
    def earned(self) -> int:
        """All that came in."""
        return sum(day.earned for day in self.days)

    @property
    def spent(self) -> int:
        """All that went out."""
        return sum(day.spent for day in self.days)


async def me_page(visit: Visit) -> Response:
    """Show the account of the visitor."""
    return await show_me(visit)


async def show_me(visit: Visit, wrong: Wrong | None = None) -> Response:
    """Show the account, and what was wrong with a form that was sent from its page."""
    visit.demand_account()
    orders = await _orders(visit)
    live = [await _waiting(visit, order) for order in orders if order["status"] not in ENDED]
    flow = await _flow(visit)
    ended = [order for order in orders if order["status"] in ENDED][:LAST]
    me = await visit.card(visit.caller.account_id)
    for account in {order[side] for order in ended for side in ("buyer", "seller")}:
        await visit.card(account)
    deep = visit.request.query_params.get("deep") == "1"
    return visit.page(
        "me.html",
        wrong.status if wrong else 200,
        here="me",
        wallet=await visit.ask("web3.wallet.show"),
        card=await visit.card(visit.caller.account_id),
        mine=[each for each in live if each.told["waitsFor"] == each.side],
        others=[each for each in live if each.told["waitsFor"] != each.side],
        tasks=await _open_tasks(visit),
        cases=await _cases(visit),
        flow=flow,
        charts=[chart(flow.days, "wide", 680), chart(flow.days[-10:], "narrow", 300)],
        last=ended,
        name=me["displayName"] if me else None,
        keys=(await visit.ask("web3.keys.list"))["items"],
        sessions=(await visit.ask("web3.sessions.list"))["items"],
        status=await visit.ask("web3.status.summary", deep=deep),
        plan=await visit.ask("web3.billing.plan.get"),
        market=visit.site.pipeline.terms.base_url,
        session_hours=SESSION_MS // (60 * 60 * 1000),
        wrong=wrong,
    )


async def _orders(visit: Visit) -> list[Fields]:
    """Return the latest orders of both sides, newest first; ids rise with time."""
    found: list[Fields] = []
    for side in ("buyer", "seller"):
        page = await visit.ask("web3.market.order.list", side=side, limit=LISTED)
        found += page["items"]
    return sorted(found, key=lambda order: str(order["orderId"]), reverse=True)


async def _waiting(visit: Visit, order: Fields) -> Waiting:
    told = await visit.ask("web3.market.order.explain", orderId=order["orderId"])
    side = "buyer" if order["buyer"] == visit.caller.account_id else "seller"
    then = translated(told["then"], visit.words) or told["then"]
    return Waiting(order, side, told, then, stake_of(order))


async def _cases(visit: Visit) -> list[tuple[Fields, Fields]]:
    """Return open disputes that an arbiter may rule on, the most urgent, each with its order."""
    if visit.caller.role is not Role.ARBITER:
        return []
    found: list[Fields] = []
    for status in OPEN_DISPUTES:
        found += (await visit.ask("web3.dispute.list", status=status, limit=LISTED))["items"]
    me = visit.caller.account_id
    others = [each for each in found if me not in (each["initiator"], each["respondent"])]
    return [
        (
            each,
            (await visit.ask("web3.market.transparency.trace", orderId=each["orderId"]))["order"],
        )
        for each in sorted(others, key=lambda each: str(each["dueAt"]))[:LAST]
    ]


async def _open_tasks(visit: Visit) -> list[Fields]:
    mine = {"buyer": visit.caller.account_id, "status": "task_open", "limit": LISTED}
    items: list[Fields] = (await visit.ask("web3.market.listTasks", **mine))["items"]
    return items


async def _flow(visit: Visit) -> Flow:
    """Return what the last days earned and spent, by the account's own statement.

    A line that changes available and held together by nothing only moved money between the two.
    """
    first = visit.now - visit.now % DAY_MS - (DAYS - 1) * DAY_MS
    days = {iso(first + n * DAY_MS)[:10]: [0, 0] for n in range(DAYS)}
    changes: dict[str, int] = {}
    asked: Fields = {"from": iso(first), "limit": PAGE}
    for _ in range(MAX_PAGES):
        page = await visit.ask("web3.wallet.statement", **asked)
        for line in page["items"]:
            _count(days, line)
            _add(changes, line)
        if page["nextCursor"] is None:
            break
        asked["cursor"] = page["nextCursor"]
    whole = page["nextCursor"] is None
    return Flow([Day(date, *both) for date, both in days.items()], whole, changes)


def _add(changes: dict[str, int], line: Fields) -> None:
    """Add a line to what its order moved; money that was held and came back moved by nothing."""
    if line["orderId"]:
        change = int(line["availableChange"]) + int(line["heldChange"])
        changes[line["orderId"]] = changes.get(line["orderId"], 0) + change


def _count(days: dict[str, list[int]], line: Fields) -> None:
    change = int(line["availableChange"]) + int(line["heldChange"])
    trade = any(line[name] for name in ("orderId", "tabId", "billId"))
    both = days.get(line["at"][:10])
    if both is None or not trade:
        return
    both[0 if change > 0 else 1] += abs(change)
