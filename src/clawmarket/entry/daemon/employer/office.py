"""An employer's office: the market, the workspace and the rules, for every step."""

from dataclasses import dataclass
from pathlib import Path

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.kernel.money import format_amount, parse_minor
from clawmarket.entry.daemon.employer.post import Phase, Post
from clawmarket.entry.daemon.employer.spec import Spec
from clawmarket.entry.daemon.line import Line
from clawmarket.entry.daemon.memory import remember, status_of
from clawmarket.entry.daemon.progress import Progress
from clawmarket.entry.daemon.storage import Workspace


@dataclass(frozen=True)
class Office:
    """What every step of an employer needs.

    Args:
        specs: The files, by digest; only what is not yet posted needs its own.
        accepts: Whether to accept results that passed the market's inspection.
        awards: Whether to award the lowest bid.
    """

    line: Line
    workspace: Workspace
    progress: Progress
    specs: dict[str, Spec]
    accepts: bool
    awards: bool

    @property
    def base(self) -> Path:
        """The track's folder."""
        return self.workspace.track("paid")

    def folder(self, post: Post) -> Path:
        """Return the task's own folder."""
        return self.base / post.task_id

    def save(self, post: Post, phase: Phase | None = None) -> None:
        """Keep a post's state."""
        post.save(self.base, phase)

    def say(self, post: Post, kind: str, text: str, **facts: object) -> None:
        """Report what happened to a post."""
        about = {"file": post.name, "taskId": post.task_id or None, **facts}
        self.progress.say(kind, f"{post.name}: {text}", **about)

    def say_once(self, post: Post, kind: str, text: str, **facts: object) -> None:
        """The same, once for this post and this result, also over restarts."""
        mark = f"{kind}-{post.result_id}"
        if mark not in post.told:
            self.say(post, kind, text, **facts)
            post.told.append(mark)
            self.save(post)

    def close(self, post: Post, outcome: str, text: str) -> None:
        """End a post, in this order: the memory line, the state, the word."""
        post.outcome = outcome
        self._remember(post)
        self.save(post, Phase.OVER)
        self.say(post, outcome, text, outcome=outcome)

    def _remember(self, post: Post) -> None:
        facts = {
            "Mode": f"paid | Status: {status_of(post.outcome)}",
            "Budget": f"{format_amount(post.budget)} | Payout: {format_amount(self._paid(post))}",
            "Worker": post.worker or "-",
            "Files": self.workspace.shown(self.folder(post)),
        }
        now = SystemClock().now()
        remember(self.workspace.memory, now, (post.task_id, post.title), facts)

    def _paid(self, post: Post) -> int:
        """Return what the worker got; a dispute may have divided it."""
        if not post.order_id:
            return 0
        asked = {"orderId": post.order_id}
        return parse_minor(self.line.ask("web3.market.settlement.status", asked)["sellerAmount"])
