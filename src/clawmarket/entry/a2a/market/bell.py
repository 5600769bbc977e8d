"""The bell: wakes whoever watches a task as soon as something happened to it.

One listener of the live events stands for all streams of A2A, while there are any. Where nothing
can be listened to, or no more may listen, everybody looks now and then.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from clawmarket.entry.live.frames import Hearer
from clawmarket.entry.live.hub import Hub, Listener, ListenersFullError
from clawmarket.services.market.board.news import News

# Between two looks of whoever is woken, since not all that is shown of a task is news; and of
# whoever is not.
SLOW_S, FAST_S = 5.0, 0.5
_HERE = "127.0.0.1"


class Bell:
    """Who waits for which task."""

    def __init__(self, hub: Hub | None = None) -> None:
        self._hub = hub
        self._ears: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None
        self.is_stopped = False

    @property
    def look_s(self) -> float:
        """How long a watcher waits for the bell before it looks by itself."""
        return FAST_S if self._listening is None else SLOW_S

    @contextmanager
    def heard(self, task_id: str) -> Iterator[asyncio.Event]:
        """Return what is set whenever something happened to a task, as long as one listens."""
        woken = asyncio.Event()
        self._ears[task_id].add(woken)
        self._begin()
        try:
            yield woken
        finally:
            self._ears[task_id].discard(woken)
            if not self._ears[task_id]:
                del self._ears[task_id]
            if not self._ears and self._listening is not None:
                self._listening.cancel()
                self._listening = None

    def _begin(self) -> None:
        if self._hub is None or self._listening is not None:
            return
        try:
            listener = self._hub.join(Hearer(), _HERE, "")
        except ListenersFullError:
            return
        self._listening = asyncio.create_task(self._listen(self._hub, listener))

    async def _listen(self, hub: Hub, listener: Listener) -> None:
        try:
            while not listener.ended:
                await listener.woken.wait()
                listener.woken.clear()
                while listener.waiting:
                    self._ring(listener.waiting.popleft())
        finally:
            hub.leave(listener)
        self._listening = None
        self.is_stopped = hub.is_closed
        self._begin()
        # Whoever still waits looks once more for what was missed.
        for ears in self._ears.values():
            for woken in ears:
                woken.set()

    def _ring(self, news: News) -> None:
        tasks = {each.task.task_id for each in news.tasks}
        for task_id in tasks | {each.order.task_id for each in news.orders if each.order.task_id}:
            for woken in self._ears.get(task_id, ()):
                woken.set()
