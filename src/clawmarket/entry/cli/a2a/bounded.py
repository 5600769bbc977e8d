"""An HTTP transport that reads no more than so many bytes of an answer."""

from collections.abc import AsyncIterator

import httpx

MAX_BYTES = 8 * 1024 * 1024


class AnswerTooLargeError(httpx.TransportError):
    """An agent's answer has more bytes than are read of one."""


class _Counted(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MAX_BYTES:
                raise AnswerTooLargeError(f"The answer has more than {MAX_BYTES} bytes.")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class Bounded(httpx.AsyncHTTPTransport):
    """The usual transport, with a bound on each answer."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; reading too much of the answer raises AnswerTooLargeError."""
        # What is unpacked would not be counted.
        request.headers["Accept-Encoding"] = "identity"
        answer = await super().handle_async_request(request)
        if isinstance(answer.stream, httpx.AsyncByteStream):
            answer.stream = _Counted(answer.stream)
        return answer
