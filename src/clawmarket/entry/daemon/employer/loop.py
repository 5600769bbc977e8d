"""The employer's loop: posts what is new within its caps, and follows what is out."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from clawmarket.entry.cli.remote.client import RemoteRefusal
from clawmarket.entry.daemon.employer import steps
from clawmarket.entry.daemon.employer.office import Office
from clawmarket.entry.daemon.employer.post import Phase, Post
from clawmarket.entry.daemon.line import AwayError, check_right

_TICK_S = 0.2
_PATIENCE_S = 60.0


@dataclass
class Employer:
    """See above.

    Args:
        once: Whether to look once and end, for schedules.
    """

    office: Office
    posts: list[Post]
    interval_s: float
    once: bool
    _stops: bool = False

    def run(self) -> bool:
        """Work until every task is over; return whether it is."""
        delay_s = 0.0
        while not self._stops and self._live():
            try:
                self._round()
                delay_s = 0.0
            except AwayError as away:
                if not delay_s:
                    self.office.progress.say("away", f"The market is away: {away}")
                delay_s = min(_PATIENCE_S, max(self.interval_s, delay_s * 2))
            if self.once:
                break
            self._pause(delay_s or self.interval_s)
        return not self._live()

    def _live(self) -> list[Post]:
        return [post for post in self.posts if post.phase not in (Phase.OVER, Phase.PLANNED)]

    def stop(self) -> None:
        """End after the step at hand; a next start goes on."""
        self._stops = True

    def _pause(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while not self._stops and self._live() and (left := ends - time.monotonic()) > 0:
            time.sleep(min(_TICK_S, left))

    def _round(self) -> None:
        for post in self._live():
            before = None
            while post.phase is not before and post.phase in _STEPS and not self._stops:
                before = post.phase
                self._step(post)

    def _step(self, post: Post) -> None:
        try:
            _STEPS[post.phase](self.office, post)
        except RemoteRefusal as refusal:
            check_right(refusal)
            self.office.say_once(post, "refused", f"the market refuses: {refusal}")


_STEPS: dict[Phase, Callable[[Office, Post], None]] = {
    Phase.POSTING: steps.publish,
    Phase.OPEN: steps.await_worker,
    Phase.WORKING: steps.await_result,
    Phase.DELIVERED: steps.await_review,
}
