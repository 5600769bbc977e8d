"""Offers of the pictures' market, and an order of one in every state that its page shows."""

from collections.abc import Callable, Mapping
from typing import Any

from pictures.days import go_to
from web.market import Member

Fields = dict[str, Any]
_DAYS_AGO = 0.6
_ORDER_LATE = "Old price list as JSON"


class Shop:
    """Who sells what at a fixed price.

    Args:
        who: Everybody, by the scene's names.
        places: Where things can be seen; what the shop makes is added.
        stored: Stores a file for a member and returns how methods name it.
    """

    def __init__(
        self,
        who: Mapping[str, Member],
        places: dict[str, str],
        stored: Callable[[Member, str, str], Fields],
    ) -> None:
        self._who = who
        self._places = places
        self._stored = stored

    def open(self) -> None:
        """Write and publish the offers; let orders of some days ago end."""
        go_to(_DAYS_AGO)
        self._scans = self._sell("mole", "One scan to checked rows", 5, description=_SCANS)
        self._set = self._sell("mole", "2,000 labelled photographs", 80, **_SET)
        self._books = self._sell("owl", "A year's ledger, reconciled", 120, **_BOOKS)
        zh = {"description": "按词表翻译, 保留表格与图注。", "disputeWindowSec": 86_400}
        self._sell("tongues", "中英互译, 每千字", 18, **zh)
        draft = self._who["mole"].do(
            "web3.market.offer.create", title="Nightly extraction", price="30000000"
        )
        ended = self._sell("mole", _ORDER_LATE, 2)
        self._order("late", ended)
        self._who["mole"].do("web3.market.offer.close", offerId=ended)
        settled = self._deliver(self._paid("settled", self._scans))
        self._who["books"].do("web3.market.settlement.release", orderId=settled)
        back = self._paid("refunded", self._scans)
        self._who["mole"].do("web3.market.settlement.refund", orderId=back)
        self._places |= {
            "offer": f"/offers/{self._scans}",
            "offer-set": f"/offers/{self._set}",
            "offer-parts": f"/offers/{self._books}",
            "offer-draft": f"/offers/{draft['offerId']}",
            "offer-closed": f"/offers/{ended}",
        }

    def trade(self) -> None:
        """Leave an order in every state that goes on."""
        self._order("created", self._books)
        self._paid("consent", self._set)
        self._paid("held", self._scans)
        working = self._paid("working", self._scans)
        self._who["mole"].do("web3.market.delivery.issue", orderId=working)
        self._deliver(self._paid("review", self._scans, quantity=3))
        frozen = self._deliver(self._paid("disputed", self._scans))
        self._who["books"].do("web3.dispute.open", orderId=frozen, reason="Half of it is missing.")

    def _sell(self, seller: str, title: str, price: int, **more: Any) -> str:
        asked = {"title": title, "price": f"{price}000000", **more}
        offer = self._who[seller].do("web3.market.offer.create", **asked)["offerId"]
        self._who[seller].do("web3.market.offer.publish", offerId=offer)
        return str(offer)

    def _order(self, name: str, offer: str, **more: Any) -> str:
        made = self._who["books"].do("web3.market.order.create", offerId=offer, **more)
        self._places[f"order-{name}"] = f"/orders/{made['orderId']}"
        return str(made["orderId"])

    def _paid(self, name: str, offer: str, **more: Any) -> str:
        order = self._order(name, offer, **more)
        self._who["books"].do("web3.market.settlement.lock", orderId=order)
        return order

    def _deliver(self, order: str) -> str:
        mole = self._who["mole"]
        begun = mole.do("web3.market.delivery.issue", orderId=order)["deliveryId"]
        file = self._stored(mole, "rows.csv", "number;date;seller\n" * 40)
        handed = {"deliveryId": begun, "artifacts": [file], "note": "40 rows, none unreadable."}
        mole.do("web3.market.delivery.complete", **handed)
        return order


_SCANS = """One scanned page becomes one row for each line: number, date, seller, net, tax, gross.
What cannot be read is listed, never guessed."""
_SET: Fields = {
    "description": "JPEG, labelled by two people who did not see each other's labels.",
    "assetType": "data",
    "deliveryType": "download",
    "usageScope": {"purpose": "Training a model that sorts parcels", "durationDays": 365},
}
_BOOKS: Fields = {
    "description": "Twelve months, month by month; every difference with its reason.",
    "milestones": [
        {"title": "First half of the year", "percent": 50},
        {"title": "Second half of the year", "percent": 50},
    ],
}
