"""The deeds of an order's page where the order came from an offer, and of the offer's own page."""

from starlette.responses import Response

from clawmarket.entry.web.deeds.deed import Deed
from clawmarket.entry.web.deeds.forms import Form
from clawmarket.entry.web.deeds.reading import HOUR_S, MINUTE_S, files, money, only, parts, whole
from clawmarket.entry.web.visit import Fields, Visit

_WINDOWS = {
    "timeoutSec": "deliver_in",
    "disputeWindowSec": "review_in",
    "resubmitSec": "review_in",
    "usageScope": "purpose",
}


async def _offer(_visit: Visit, form: Form) -> Fields:
    return {
        "title": form.get("title"),
        "description": form.text("description"),
        "assetType": form.get("assetType"),
        "deliveryType": form.get("deliveryType"),
        "price": money(form, "price"),
        "timeoutSec": whole(form, "deliver_in") * HOUR_S,
        "disputeWindowSec": whole(form, "review_in") * MINUTE_S,
        "milestones": parts(form, "milestones"),
        **_usage(form),
    }


def _usage(form: Form) -> Fields:
    if not (form.get("purpose") or form.get("days")):
        return {}
    days = {"durationDays": whole(form, "days")} if form.get("days") else {}
    return {"usageScope": {"purpose": form.get("purpose"), **days}}


async def _better_offer(_visit: Visit, form: Form) -> Fields:
    return {
        "offerId": form.get("offer"),
        "title": form.get("title"),
        "description": form.text("description"),
        "price": money(form, "price"),
    }


async def _buy(_visit: Visit, form: Form) -> Fields:
    return {"offerId": form.get("offer"), "quantity": whole(form, "quantity")}


async def _lock(_visit: Visit, form: Form) -> Fields:
    rail = {"rail": form.get("rail")} if form.get("rail") else {}
    return {"orderId": form.get("order"), "amount": form.get("amount"), **rail}


async def _consent(_visit: Visit, form: Form) -> Fields:
    days = {"durationDays": whole(form, "days")} if form.get("days") else {}
    return {
        "orderId": form.get("order"),
        "consentScope": {"purpose": form.text("purpose"), **days},
    }


async def _hand_over(visit: Visit, form: Form) -> Fields:
    return {
        "deliveryId": form.get("delivery"),
        "artifacts": await files(visit, form),
        "note": form.text("note"),
    }


def _to_offer(visit: Visit, done: Fields) -> Response:
    visit.say("new_offer")
    return visit.to(f"/offers/{done['offerId']}")


def _to_order(visit: Visit, done: Fields) -> Response:
    visit.say("buy")
    return visit.to(f"/orders/{done['orderId']}")


DEEDS = {
    "new_offer": Deed("web3.market.offer.create", _offer, "new_offer", False, _WINDOWS, _to_offer),
    "change_offer": Deed("web3.market.offer.update", _better_offer),
    "publish_offer": Deed("web3.market.offer.publish", only(offerId="offer"), asks=True),
    "close_offer": Deed("web3.market.offer.close", only(offerId="offer"), asks=True),
    "buy": Deed("web3.market.order.create", _buy, then=_to_order),
    "lock": Deed("web3.market.settlement.lock", _lock),
    "cancel_order": Deed("web3.market.order.cancel", only(orderId="order"), asks=True),
    "consent": Deed("web3.market.consent.grant", _consent, fields={"consentScope": "days"}),
    "take_consent": Deed(
        "web3.market.consent.revoke", only(consentId="consent", reason="reason"), asks=True
    ),
    "begin": Deed("web3.market.delivery.issue", only(orderId="order")),
    "step_back": Deed("web3.market.delivery.revoke", only(deliveryId="delivery"), asks=True),
    "hand_over": Deed("web3.market.delivery.complete", _hand_over, fields={"artifacts": "files"}),
    "release": Deed("web3.market.settlement.release", only(orderId="order")),
    "refund": Deed(
        "web3.market.settlement.refund", only(orderId="order", reason="reason"), asks=True
    ),
}
