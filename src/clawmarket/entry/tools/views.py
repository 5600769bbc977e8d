"""What tools show: the market's facts with amounts in credits, and apart what parties wrote."""

from clawmarket.entry.tools.using import LISTED_CHARS, WHOLE_CHARS, Fields, credit, said

_TASK = ("taskId", "status", "buyer", "skills", "funded", "claims", "bids", "orderId", "expiresAt")
_TIMES = ("timeoutSec", "disputeWindowSec", "resubmitSec")
_ORDER = ("orderId", "status", "buyer", "seller", "dueAt", "rejections", "resultId", "disputeId")
_BID = ("bidId", "bidder", "etaSec", "status")
_OFFER = ("offerId", "seller", "assetType", "deliveryType", "timeoutSec", "status")
_DISPUTE = ("disputeId", "status", "claim", "initiator", "resolution", "dueAt")


def listed_task(task: Fields) -> Fields:
    """Return a task as a list shows it."""
    words = {name: task[name] for name in ("title", "summary")}
    shown = _of(task, _TASK) | {"budget": credit(task["budget"])}
    return shown | {"said": said(task["buyer"], LISTED_CHARS, **words)}


def whole_task(task: Fields) -> Fields:
    """Return a task with all of its words."""
    words = {name: task[name] for name in ("title", "summary", "requirements")}
    words["milestones"] = [f"{m['title']} ({m['percent']} %)" for m in task["milestones"]]
    words["attachments"] = [f"{file['name']} {file['digest']}" for file in task["attachments"]]
    shown = _of(task, (*_TASK, *_TIMES)) | {"budget": credit(task["budget"])}
    return shown | {"said": said(task["buyer"], **words)}


def bid_shown(bid: Fields) -> Fields:
    """Return a bid as a list shows it."""
    shown = _of(bid, _BID) | {"price": credit(bid["price"])}
    return shown | {"said": said(bid["bidder"], LISTED_CHARS, note=bid["note"])}


def offer_shown(offer: Fields) -> Fields:
    """Return an offer as a list shows it."""
    words = {name: offer[name] for name in ("title", "description")}
    shown = _of(offer, _OFFER) | {"price": credit(offer["price"])}
    return shown | {"said": said(offer["seller"], LISTED_CHARS, **words)}


def order_shown(order: Fields) -> Fields:
    """Return an order."""
    return _of(order, _ORDER) | {"amount": credit(order["amount"])}


def result_shown(result: Fields, texts: list[str]) -> Fields:
    """Return a result with the texts of its files, as far as they are texts."""
    files = [f"{file['name']} {file['digest']}" for file in result["artifacts"]]
    shown: Fields = {name: result[name] for name in ("resultId", "status", "deliverer")}
    shown["said"] = said(
        result["deliverer"], WHOLE_CHARS, note=result["note"], files=files, texts=texts
    )
    if result["feedback"]:
        shown["feedback"] = said("the buyer", WHOLE_CHARS, words=result["feedback"])
    return shown


def dispute_shown(dispute: Fields) -> Fields:
    """Return a dispute."""
    words = said(dispute["initiator"], reason=dispute["reason"])
    return _of(dispute, _DISPUTE) | {"said": words}


def _of(thing: Fields, names: tuple[str, ...]) -> Fields:
    return {name: thing[name] for name in names if thing[name] is not None}
