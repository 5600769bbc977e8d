"""Files for people: the bytes of a file that the visitor may read, always as a download."""

import asyncio
from urllib.parse import quote

import orjson
from starlette.responses import Response

from clawmarket.domain.market.receipt import ReceiptNotReadyError
from clawmarket.entry.gateway.files import streamed
from clawmarket.entry.web.visit import Fields, Visit
from clawmarket.services.trust.files import right_to_read

MAX_NAME_CHARS = 200
LOOKS, LOOK_S = 12, 0.25


async def download(visit: Visit) -> Response:
    """Send a file; every read checks its hash. Raises what `right_to_read` does."""
    pipeline = visit.site.pipeline
    if visit.is_signed_in:
        pipeline.limits.check_account(visit.caller.account_id, visit.now)
    right = right_to_read(pipeline, visit.caller, visit.request.path_params["digest"])
    name = quote(visit.request.query_params.get("name", "")[:MAX_NAME_CHARS] or "file", safe="")
    # RFC 6266 with RFC 8187: nothing of the name can end the header's value.
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "Content-Length": str(right.size),
    }
    return await streamed(pipeline, right, headers)


async def receipt(visit: Visit) -> Response:
    """Send the receipt file of a finished order, as `clawmarket receipt get` writes it."""
    order_id = visit.request.path_params["order_id"]
    got = await _receipt(visit, order_id)
    name = f"{got['receiptId']}.json"
    return Response(
        got["receipt"] if isinstance(got["receipt"], str) else orjson.dumps(got["receipt"]),
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
        media_type="application/json",
    )


async def _receipt(visit: Visit, order_id: str) -> Fields:
    # The log takes an order's last record in within a second of its end: nobody has to ask twice.
    for _ in range(LOOKS):
        try:
            return await visit.ask("web3.market.receipt.get", orderId=order_id)
        except ReceiptNotReadyError:
            await asyncio.sleep(LOOK_S)
    return await visit.ask("web3.market.receipt.get", orderId=order_id)
