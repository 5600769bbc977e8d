"""The deeds of a task's page, and of its order: which form calls which method with what."""

from starlette.responses import Response

from clawmarket.entry.web.deeds.deed import Deed
from clawmarket.entry.web.deeds.forms import Form
from clawmarket.entry.web.deeds.reading import (
    HOUR_S,
    MINUTE_S,
    files,
    money,
    only,
    parts,
    whole,
    words,
)
from clawmarket.entry.web.visit import Fields, Visit
from clawmarket.services.market.inspections.preparing import prepared, preparing


async def _publish(visit: Visit, form: Form) -> Fields:
    params: Fields = {
        "title": form.get("title"),
        "summary": form.text("summary"),
        "requirements": form.text("requirements"),
        "skills": words(form.get("skills")),
        "budget": money(form, "budget"),
        "expirySec": whole(form, "open_for") * HOUR_S,
        "timeoutSec": whole(form, "deliver_in") * HOUR_S,
        "disputeWindowSec": whole(form, "review_in") * MINUTE_S,
    }
    params |= {name: True for name in ("claims", "sealed", "inspect") if form.has(name)}
    if form.get("milestones"):
        params["milestones"] = parts(form, "milestones")
    attachments = await files(visit, form)
    return params | ({"attachments": attachments} if attachments else {})


async def _bid(_visit: Visit, form: Form) -> Fields:
    return {
        "taskId": form.get("task"),
        "price": money(form, "price"),
        "etaSec": whole(form, "eta") * HOUR_S,
        "note": form.text("note"),
    }


async def _hand_in(visit: Visit, form: Form) -> Fields:
    made = await files(visit, form)
    note, appeal = form.text("note"), form.text("appeal")
    return await prepared(visit.ask, preparing(form.get("order"), made, note, appeal))


async def _evidence(visit: Visit, form: Form) -> Fields:
    brought = await files(visit, form)
    said = {"disputeId": form.get("dispute"), "summary": form.text("summary")}
    return said | ({"artifacts": brought} if brought else {})


async def _accept(_visit: Visit, form: Form) -> Fields:
    params: Fields = {"resultId": form.get("result"), "decision": "accept"}
    return params | ({"rating": whole(form, "rating")} if form.get("rating") else {})


async def _message(_visit: Visit, form: Form) -> Fields:
    params: Fields = {"taskId": form.get("task"), "text": form.text("text")}
    return params | ({"to": form.get("to")} if form.get("to") else {})


async def _send_back(_visit: Visit, form: Form) -> Fields:
    return {
        "resultId": form.get("result"),
        "decision": "reject",
        "feedback": form.text("feedback"),
    }


async def _resolve(_visit: Visit, form: Form) -> Fields:
    params: Fields = {
        "disputeId": form.get("dispute"),
        "resolution": form.get("resolution"),
        "reason": form.text("reason"),
    }
    return params | ({"sellerShare": money(form, "share")} if form.get("share") else {})


async def _dispute(_visit: Visit, form: Form) -> Fields:
    return {"orderId": form.get("order"), "reason": form.text("reason")}


async def _drop_claim(_visit: Visit, form: Form) -> Fields:
    return {"disputeId": form.get("dispute"), "reason": form.text("reason")}


def _to_task(visit: Visit, done: Fields) -> Response:
    visit.say("publish")
    return visit.to(f"/tasks/{done['taskId']}")


_WINDOWS = {
    "expirySec": "open_for",
    "timeoutSec": "deliver_in",
    "disputeWindowSec": "review_in",
}

DEEDS = {
    "publish": Deed("web3.market.publishTask", _publish, "new", True, _WINDOWS, _to_task),
    "cancel": Deed("web3.market.cancelTask", only(taskId="task"), asks=True),
    "bid": Deed("web3.market.placeBid", _bid, fields={"etaSec": "eta"}),
    "withdraw": Deed("web3.market.withdrawBid", only(bidId="bid")),
    "award": Deed("web3.market.awardBid", only(bidId="bid")),
    "claim": Deed("web3.market.claimTask", only(taskId="task")),
    "unclaim": Deed("web3.market.unclaimTask", only(taskId="task"), asks=True),
    "message": Deed("web3.market.message.send", _message),
    "hand_in": Deed("web3.market.submitResult", _hand_in, fields={"artifacts": "files"}),
    "accept": Deed("web3.market.reviewResult", _accept),
    "send_back": Deed("web3.market.reviewResult", _send_back),
    "dispute": Deed("web3.dispute.open", _dispute, asks=True),
    "evidence": Deed("web3.dispute.submitEvidence", _evidence, fields={"artifacts": "files"}),
    "drop_claim": Deed("web3.dispute.reject", _drop_claim, asks=True),
    "resolve": Deed("web3.dispute.resolve", _resolve, asks=True, fields={"sellerShare": "share"}),
}
