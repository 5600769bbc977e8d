"""A stream: what was missed, then what happens, and a sign of life in between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from clawmarket.domain.kernel.errors import Refused
from clawmarket.entry.live.frames import (
    farewell,
    frames_of,
    greeting,
    heartbeat,
    is_private,
    reset,
)
from clawmarket.entry.live.hub import Hub, Listener
from clawmarket.ports.store import Store
from clawmarket.services.market.board.news import PAGE, News, news_after

HEARTBEAT_S = 15.0
# How many records are read again for whoever comes back; beyond that, asking for the lists is less.
MAX_MISSED = 20 * PAGE


@dataclass(frozen=True)
class Stream:
    """One listener's stream.

    Args:
        hub: Which the listener has joined.
        store: Where what was missed is read from.
        listener: Who listens.
        check: Raises Refused once the listener is not who it was any more.
        heartbeat_s: How long a stream may be silent.
    """

    hub: Hub
    store: Store
    listener: Listener
    check: Callable[[], object]
    heartbeat_s: float = HEARTBEAT_S

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the stream until it ends; each record's news once and in order."""
        since, until = self.listener.told, self.hub.newest
        yield greeting(since)
        try:
            async for part in self._missed(since, until):
                yield part
            while not self.listener.ended:
                yield await self._next()
        except Refused:
            self.listener.end("no longer signed in")
        yield farewell(self.listener.ended)

    async def _missed(self, since: str, until: str) -> AsyncIterator[bytes]:
        """Yield what happened between two records, or that it is too much."""
        for _ in range(MAX_MISSED // PAGE):
            if since >= until or self.listener.ended:
                return
            found = self.store.read(lambda rows, since=since: news_after(rows, since))  # type: ignore[misc]  # the default binds the loop variable
            page = [news for news in found if news.record_id <= until]
            for news in page:
                yield self._told(news)
            since = page[-1].record_id if page else until
            await asyncio.sleep(0)
        if since < until:
            self.listener.told = until
            yield reset(until)

    async def _next(self) -> bytes:
        """Wait for news and return what to send; a sign of life if there are none for long."""
        listener = self.listener
        listener.woken.clear()
        if not listener.waiting:
            try:
                async with asyncio.timeout(self.heartbeat_s):
                    await listener.woken.wait()
            except TimeoutError:
                self.check()
                listener.told = max(listener.told, self.hub.newest)
                return heartbeat(listener.told)
        parts = []
        while listener.waiting:
            parts.append(self._told(listener.waiting.popleft()))
        return b"".join(parts)

    def _told(self, news: News) -> bytes:
        """Return what to send of news; nothing if it was sent before."""
        if news.record_id <= self.listener.told:
            return b""
        self.listener.told = news.record_id
        if is_private(news, self.listener.hearer):
            self.check()
        return frames_of(news, self.listener.hearer)
