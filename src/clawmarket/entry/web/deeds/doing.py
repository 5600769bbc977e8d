"""The deeds of all pages: which form calls which method with what."""

from collections.abc import AsyncIterator

from starlette.datastructures import UploadFile
from starlette.responses import Response

from clawmarket.domain.kernel.moment import HOUR_MS, MINUTE_MS, SECOND_MS
from clawmarket.domain.kernel.money import AmountInvalidError, parse_decimal
from clawmarket.entry.web.deeds.deed import Deed, Doing, Making, NumberInvalidError, Wrong
from clawmarket.entry.web.deeds.forms import Form
from clawmarket.entry.web.pages.me import show_me
from clawmarket.entry.web.pages.task import show_task
from clawmarket.entry.web.pages.tasks import new_task_page
from clawmarket.entry.web.visit import Fields, Visit
from clawmarket.services.market.inspections.preparing import prepared, preparing
from clawmarket.services.trust.files import store_file

HOUR_S, MINUTE_S = HOUR_MS // SECOND_MS, MINUTE_MS // SECOND_MS
_CHUNK = 64 * 1024


def doing_of(max_file_bytes: int) -> Doing:
    """Return what does the forms of all pages."""
    pages = {"task": _task_again, "me": _me_again, "new": _new_again}
    return Doing(DEEDS, pages, max_file_bytes)


async def _task_again(visit: Visit, form: Form, wrong: Wrong) -> Response:
    return await show_task(visit, form.get("task"), wrong)


async def _me_again(visit: Visit, _form: Form, wrong: Wrong) -> Response:
    return await show_me(visit, wrong)


async def _new_again(visit: Visit, _form: Form, wrong: Wrong) -> Response:
    return await new_task_page(visit, wrong)


def _money(form: Form, name: str) -> str:
    """Return what a person typed as an amount, as the wire has it. Raises AmountInvalidError."""
    try:
        return str(parse_decimal(form.get(name).replace(",", "")))
    except AmountInvalidError as error:
        raise AmountInvalidError(error.what, path=f"$.{name}") from None


def _whole(form: Form, name: str) -> int:
    text = form.get(name)
    if not (text.isascii() and text.isdecimal() and len(text) <= len("999999")):
        raise NumberInvalidError(f"{text[:40]!r} is no whole number.", path=f"$.{name}")
    return int(text)


def _words(text: str) -> list[str]:
    return [word for word in text.lower().replace(",", " ").split() if word]


async def _files(visit: Visit, form: Form) -> list[Fields]:
    """Store a form's files, streamed, and return how the methods name them."""
    return [await _stored(visit, each) for each in form.files]


async def _stored(visit: Visit, upload: UploadFile) -> Fields:
    async def chunks() -> AsyncIterator[bytes]:
        while chunk := await upload.read(_CHUNK):
            yield chunk

    stored = await store_file(visit.site.pipeline, visit.caller, upload.filename or "", chunks())
    file: Fields = stored["file"]
    return file


async def _publish(visit: Visit, form: Form) -> Fields:
    params: Fields = {
        "title": form.get("title"),
        "summary": form.text("summary"),
        "requirements": form.text("requirements"),
        "skills": _words(form.get("skills")),
        "budget": _money(form, "budget"),
        "expirySec": _whole(form, "open_for") * HOUR_S,
        "timeoutSec": _whole(form, "deliver_in") * HOUR_S,
        "disputeWindowSec": _whole(form, "review_in") * MINUTE_S,
    }
    params |= {name: True for name in ("claims", "sealed", "inspect") if form.has(name)}
    attachments = await _files(visit, form)
    return params | ({"attachments": attachments} if attachments else {})


async def _bid(_visit: Visit, form: Form) -> Fields:
    return {
        "taskId": form.get("task"),
        "price": _money(form, "price"),
        "etaSec": _whole(form, "eta") * HOUR_S,
        "note": form.text("note"),
    }


async def _hand_in(visit: Visit, form: Form) -> Fields:
    files = await _files(visit, form)
    note, appeal = form.text("note"), form.text("appeal")
    return await prepared(visit.ask, preparing(form.get("order"), files, note, appeal))


async def _evidence(visit: Visit, form: Form) -> Fields:
    files = await _files(visit, form)
    said = {"disputeId": form.get("dispute"), "summary": form.text("summary")}
    return said | ({"artifacts": files} if files else {})


async def _accept(_visit: Visit, form: Form) -> Fields:
    params: Fields = {"resultId": form.get("result"), "decision": "accept"}
    return params | ({"rating": _whole(form, "rating")} if form.get("rating") else {})


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
    return params | ({"sellerShare": _money(form, "share")} if form.get("share") else {})


async def _dispute(_visit: Visit, form: Form) -> Fields:
    return {"orderId": form.get("order"), "reason": form.text("reason")}


async def _drop_claim(_visit: Visit, form: Form) -> Fields:
    return {"disputeId": form.get("dispute"), "reason": form.text("reason")}


async def _new_key(_visit: Visit, form: Form) -> Fields:
    return {"label": form.get("label"), "scope": form.get("scope")}


def _only(**names: str) -> Making:
    async def params(_visit: Visit, form: Form) -> Fields:
        return {name: form.get(field) for name, field in names.items()}

    return params


DEEDS = {
    "publish": Deed("web3.market.publishTask", _publish, "new", asks=True),
    "cancel": Deed("web3.market.cancelTask", _only(taskId="task"), asks=True),
    "bid": Deed("web3.market.placeBid", _bid),
    "withdraw": Deed("web3.market.withdrawBid", _only(bidId="bid")),
    "award": Deed("web3.market.awardBid", _only(bidId="bid")),
    "claim": Deed("web3.market.claimTask", _only(taskId="task")),
    "unclaim": Deed("web3.market.unclaimTask", _only(taskId="task"), asks=True),
    "message": Deed("web3.market.message.send", _message),
    "hand_in": Deed("web3.market.submitResult", _hand_in),
    "accept": Deed("web3.market.reviewResult", _accept),
    "send_back": Deed("web3.market.reviewResult", _send_back),
    "dispute": Deed("web3.dispute.open", _dispute, asks=True),
    "evidence": Deed("web3.dispute.submitEvidence", _evidence),
    "drop_claim": Deed("web3.dispute.reject", _drop_claim, asks=True),
    "resolve": Deed("web3.dispute.resolve", _resolve, asks=True),
    "new_key": Deed("web3.keys.create", _new_key, "me"),
    "revoke_key": Deed("web3.keys.revoke", _only(credentialId="credential"), "me", asks=True),
    "end_session": Deed("web3.sessions.end", _only(sessionId="session"), "me"),
    "unbind": Deed("web3.wallet.unbind", _only(address="address"), "me", asks=True),
}
