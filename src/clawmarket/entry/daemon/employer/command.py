"""`clawmarket employer run`: what a folder would cost, a yes, and an employer at work."""

from datetime import UTC, datetime
from pathlib import Path

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.money import format_amount
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.commands.spend import PurseTooSmallError, confirmed
from clawmarket.entry.cli.invocation import Invocation, may_prompt
from clawmarket.entry.cli.output import print_json, print_lines, tell
from clawmarket.entry.cli.remote.client import Market, reach
from clawmarket.entry.daemon.employer.caps import Caps, quote
from clawmarket.entry.daemon.employer.loop import Employer
from clawmarket.entry.daemon.employer.office import Office
from clawmarket.entry.daemon.employer.post import Phase, Post, posts_in
from clawmarket.entry.daemon.employer.spec import Spec, specs_in
from clawmarket.entry.daemon.line import Line
from clawmarket.entry.daemon.progress import Progress
from clawmarket.entry.daemon.stopping import told_to_stop
from clawmarket.entry.daemon.storage import Workspace
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE, EXIT_PENDING


class SpendingUnagreedError(InvalidArgumentError):
    """Tasks would be posted, and nobody is there to be asked."""

    advice = "Read the price with --dry-run, then run it again with --yes if you agree."
    next_command = "{preview}"


def run(invocation: Invocation) -> int:
    """Post, collect, end. Raises SpecInvalidError, CapExceededError, SpendingUnagreedError."""
    values = invocation.values
    specs = {spec.digest: spec for spec in specs_in(values["folder"])}
    workspace = Workspace(Path(values.get("workspace") or ".").absolute())
    with reach(invocation) as market, workspace.alone("paid"):
        known = posts_in(workspace.track("paid"))
        fresh = [_post(spec) for spec in specs.values() if _is_new(spec, known)]
        day = f"{datetime.fromtimestamp(SystemClock().now() / 1000, UTC):%Y-%m-%d}"
        _caps(invocation).check(fresh, known.values(), day)
        if fresh and not _agreed(invocation, market, fresh):
            return EXIT_DONE if invocation.dry_run else EXIT_NEGATIVE
        if invocation.dry_run:
            _show(invocation, {"tasks": []}, ["Nothing is to be posted."])
            return EXIT_DONE
        awards, accepts = bool(values.get("award_lowest")), bool(values.get("accept_passed"))
        progress = Progress(invocation)
        office = Office(Line(market), workspace, progress, specs, accepts, awards)
        for post in fresh:
            post.day = day
            office.save(post, Phase.POSTING)
        return _work(office, [*known.values(), *fresh], invocation)


def _work(office: Office, posts: list[Post], invocation: Invocation) -> int:
    live = {post.digest: post for post in posts}
    values = invocation.values
    employer = Employer(office, [*live.values()], values["interval"], bool(values.get("once")))
    with told_to_stop(employer.stop):
        over = employer.run()
    refused = [post.name for post in employer.posts if post.phase is Phase.PLANNED]
    text = "Every task is over." if over else "Stopped; run it again to go on."
    office.progress.say("stopped", text, over=over, notPosted=refused)
    if refused:
        return EXIT_NEGATIVE
    return EXIT_DONE if over else EXIT_PENDING


def _is_new(spec: Spec, known: dict[str, Post]) -> bool:
    post = known.get(spec.digest)
    return post is None or post.phase is Phase.PLANNED


def _post(spec: Spec) -> Post:
    return Post(spec.name, spec.digest, spec.title, spec.budget)


def _caps(invocation: Invocation) -> Caps:
    values = invocation.values
    task, day = values.get("task_cap"), values.get("day_cap")
    return Caps(int(values["budget_cap"]), int(task) if task else None, int(day) if day else None)


def _agreed(invocation: Invocation, market: Market, fresh: list[Post]) -> bool:
    """Show the price and ask. Raises PurseTooSmallError, SpendingUnagreedError."""
    told = market.call("web3.status.summary")
    document, lines = quote(fresh, told["feeBps"], told["testMoney"])
    if invocation.dry_run:
        _show(invocation, document, ["Nothing was posted. This would be:", *lines])
        return False
    _check_purse(market, sum(post.budget for post in fresh))
    tell(*lines)
    if invocation.yes:
        return True
    if invocation.as_json or not may_prompt():
        preview = invocation.again("--dry-run")
        what = "This holds money and needs --yes."
        raise SpendingUnagreedError(what, preview=preview, quote=document)
    return confirmed()


def _check_purse(market: Market, total: int) -> None:
    available = int(market.call("web3.wallet.show")["available"])
    if total > available:
        missing = format_amount(total - available)
        raise PurseTooSmallError(
            f"There are {format_amount(available)} available; {missing} more are needed."
        )


def _show(invocation: Invocation, document: Entry, lines: list[str]) -> None:
    if invocation.as_json:
        print_json({"ok": True, "dryRun": True, **document})
    else:
        print_lines(lines)
