"""`clawmarket worker run`: from what was typed to a worker at work."""

from pathlib import Path

from clawmarket.domain.kernel.money import format_amount
from clawmarket.entry.cli.invocation import Invocation
from clawmarket.entry.cli.remote.client import Market, reach
from clawmarket.entry.daemon.handlers.choice import chosen
from clawmarket.entry.daemon.line import Line
from clawmarket.entry.daemon.progress import Progress
from clawmarket.entry.daemon.stopping import told_to_stop
from clawmarket.entry.daemon.storage import Workspace
from clawmarket.entry.daemon.worker.loop import MAX_FAILURES, Pace, Worker
from clawmarket.entry.daemon.worker.rules import Rules, bid_rule
from clawmarket.entry.daemon.worker.workplace import Workplace
from clawmarket.registry.codes import EXIT_DONE, EXIT_NEGATIVE


def run(invocation: Invocation) -> int:
    """Work until told to stop. Raises HandlerInvalidError, WorkspaceBusyError, as any call."""
    values = invocation.values
    rules, handler = _rules(invocation), chosen(values["handler"])
    workspace = Workspace(Path(values.get("workspace") or ".").absolute())
    pace = Pace(values["interval"], values["concurrent"], values["grace"], values.get("tasks", 0))
    with reach(invocation) as market, workspace.alone("work"):
        progress = Progress(invocation)
        me, fee_bps = _about(market)
        limit_s = values["time_limit"]
        line = Line(market)
        place = Workplace(line, workspace, progress, handler, rules, me, fee_bps, limit_s)
        worker = Worker(place, pace)
        with told_to_stop(worker.stop):
            _greet(place, pace)
            failures = worker.run()
        if failures >= MAX_FAILURES:
            text = f"Stopped: the handler failed {failures} times in a row; see handler.log."
            progress.say("gave_up", text)
            return EXIT_NEGATIVE
        progress.say("stopped", "Stopped.")
    return EXIT_DONE


def _rules(invocation: Invocation) -> Rules:
    values = invocation.values
    percent, amount = bid_rule(values.get("bid", ""))
    skills = tuple(filter(None, (part.strip() for part in values.get("skills", "").split(","))))
    # Without a word about it, tasks that may be claimed are.
    claims = bool(values.get("claim")) or not (percent or amount)
    least = int(values.get("min_price") or 1)
    return Rules(skills, max(1, least), claims, percent, amount)


def _about(market: Market) -> tuple[str, int]:
    me = market.call("web3.wallet.show")["accountId"]
    return me, market.call("web3.status.summary")["feeBps"]


_KINDS = {
    "command": "a command",
    "function": "a function",
    "agent": "an A2A agent",
    "openclaw": "this machine's OpenClaw",
}


def _greet(place: Workplace, pace: Pace) -> None:
    skills = ", ".join(place.rules.skills) or "every skill"
    least = place.rules.min_price
    price = f"from {format_amount(least)}" if least > 1 else "at any price"
    text = (
        f"Works as {place.me} with {_KINDS[place.handler.kind]}: {skills}, {price}, "
        f"{pace.concurrent} at a time. Ctrl+C stops it."
    )
    place.progress.say("started", text, accountId=place.me, skills=[*place.rules.skills])
