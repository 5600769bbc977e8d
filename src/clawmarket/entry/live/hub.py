"""The hub: one look at the records for all who listen in this process, and a queue for each.

It looks only while somebody listens. Whoever does not keep up is sent away and may come again
with the id of the last event; nobody else waits for them.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

import structlog

from clawmarket.domain.kernel.errors import UnavailableError
from clawmarket.domain.kernel.loopback import LOOPBACK
from clawmarket.domain.trust.redaction import redact_text
from clawmarket.entry.live.frames import Hearer
from clawmarket.ports.store import Store
from clawmarket.services.limits import network_of
from clawmarket.services.market.board.news import PAGE, News, newest_record, news_after

LOOK_EVERY_S = 0.1
MAX_WAITING = 256

_log = structlog.get_logger("clawmarket.live")


class ListenersFullError(UnavailableError):
    """As many listen as this market tells."""

    advice = "Close streams that nobody reads, or ask for the list again and again."
    next_command = "clawmarket task list"
    retryable = True


@dataclass(frozen=True, slots=True)
class Room:
    """How many may listen at once: in all, strangers, of one account, of one address.

    A proxy on this machine speaks for everybody, so that loopback has no bound of its own.
    """

    all: int = 600
    strangers: int = 500
    account: int = 20
    address: int = 50


@dataclass(eq=False)
class Listener:
    """One stream: what it is for, from where on, and what waits to be sent."""

    hearer: Hearer
    peer: str
    told: str
    waiting: "deque[News]" = field(default_factory=deque)
    ended: str = ""
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, news: News) -> None:
        """Let news wait for this listener; one that is too far behind is sent away."""
        if len(self.waiting) == MAX_WAITING:
            self.end("too slow; come again with the last id")
            return
        self.waiting.append(news)
        self.woken.set()

    def end(self, why: str) -> None:
        """Let the stream end with what is being sent."""
        self.ended = self.ended or why
        self.waiting.clear()
        self.woken.set()


class Hub:
    """All who listen in this process.

    Args:
        store: Where the records are.
        room: How many may listen.
    """

    def __init__(self, store: Store, room: Room | None = None) -> None:
        self._store = store
        self._room = room or Room()
        self._listeners: set[Listener] = set()
        self._looking: asyncio.Task[None] | None = None
        self.is_closed = False
        self.newest = ""

    def __len__(self) -> int:
        """Return how many listen."""
        return len(self._listeners)

    def join(self, hearer: Hearer, peer: str, after: str) -> Listener:
        """Let somebody listen from now on. Raises ListenersFullError.

        What is between `after` and `newest` as it is now, the listener reads from the store.
        """
        self._check_room(hearer, peer)
        if self._looking is None:
            self.newest = self._store.read(newest_record)
            self._looking = asyncio.create_task(self._look())
        listener = Listener(hearer, peer, after or self.newest)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener; with the last one the looking ends."""
        self._listeners.discard(listener)
        if not self._listeners and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def close(self) -> None:
        """End all streams; nobody may listen any more."""
        self.is_closed = True
        for listener in self._listeners:
            listener.end("the market stops")

    def _check_room(self, hearer: Hearer, peer: str) -> None:
        room, account = self._room, hearer.account_id
        same = [each for each in self._listeners if each.hearer.account_id == account]
        network = network_of(peer)
        beside = sum(network_of(each.peer) == network for each in self._listeners)
        if (
            self.is_closed
            or len(self._listeners) >= room.all
            or len(same) >= (room.account if account else room.strangers)
            or (peer not in LOOPBACK and beside >= room.address)
        ):
            raise ListenersFullError("Too many listen already.", retryAfterSec=5)

    async def _look(self) -> None:
        while True:
            began = time.monotonic()
            try:
                is_more = self._tell()
            except Exception as error:  # noqa: BLE001 - a store that is away comes back
                is_more = False
                _log.warning("events_waiting", failure=redact_text(repr(error)))
            took = time.monotonic() - began
            await asyncio.sleep(0 if is_more else max(LOOK_EVERY_S, took))

    def _tell(self) -> bool:
        """Tell everybody what is new; return whether there may be more."""
        found = self._store.read(lambda rows: news_after(rows, self.newest))
        for news in found:
            self.newest = news.record_id
            if news.tasks or news.orders:
                for listener in tuple(self._listeners):
                    if not listener.ended:
                        listener.take(news)
        return len(found) == PAGE
