"""Files over HTTP: `POST /files?name=…` streams one in, `GET /files/<digest>` streams it out."""

from collections.abc import AsyncIterator, Mapping

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from clawmarket.domain.trust.file import FileRight
from clawmarket.entry.gateway.wire import (
    Reply,
    bearer_of,
    json_response,
    room_for,
    stream_of,
    success,
)
from clawmarket.ports.blobs import BlobTooLargeError
from clawmarket.services.call import Caller
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.files import right_to_read, store_file
from clawmarket.services.trust.identity import identify


def files_routes(pipeline: Pipeline, max_file_bytes: int) -> list[Route]:
    """Return the routes that store and hand out files."""

    def caller_of(request: Request) -> Caller:
        ports = pipeline.ports
        caller = identify(ports.store, ports.clock, bearer_of(request.headers))
        if caller.account_id:
            pipeline.limits.check_account(caller.account_id, ports.clock.now())
        return caller

    async def upload(request: Request) -> Response:
        caller = caller_of(request)
        chunks = stream_of(request, max_file_bytes, BlobTooLargeError)
        # With two names it is not clear which one is meant; an empty one is refused below.
        names = request.query_params.getlist("name")
        name = names[0] if len(names) == 1 else ""
        with room_for(request, pipeline.limits, caller.account_id, max_file_bytes):
            fields = await store_file(pipeline, caller, name, chunks)
        test_money = pipeline.terms.test_money
        envelope = success(fields, request.state.request_id, test_money=test_money)
        return json_response(Reply(200, envelope))

    async def download(request: Request) -> Response:
        right = right_to_read(pipeline, caller_of(request), request.path_params["digest"])
        headers = {"Content-Disposition": "attachment", "Content-Length": str(right.size)}
        if request.method == "HEAD":
            return Response(headers=headers, media_type="application/octet-stream")
        return await streamed(pipeline, right, headers)

    return [
        Route("/files", upload, methods=["POST"]),
        Route("/files/{digest}", download, methods=["GET"]),
    ]


async def streamed(pipeline: Pipeline, right: FileRight, headers: Mapping[str, str]) -> Response:
    """Return a file as an answer whose bytes are hashed on the way. Raises BlobDamagedError.

    Until the first chunk is there, damage can still be answered in words; later it breaks the
    connection, and the client sees a body shorter than announced.
    """
    chunks = pipeline.ports.blobs.read(right.digest)
    first = await anext(chunks, b"")
    return StreamingResponse(
        _from(first, chunks), headers=headers, media_type="application/octet-stream"
    )


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
