"""The list of tools, and the one way to use one: check its arguments, run it, or say its price."""

from collections.abc import Mapping

from clawmarket.domain.kernel.errors import InvalidArgumentError, NotFoundError
from clawmarket.domain.kernel.money import split_fee
from clawmarket.domain.trust.redaction import redact_text
from clawmarket.entry.tools.arguments import arguments_of
from clawmarket.entry.tools.hiring import (
    AWARD_BID,
    FIND_WORKERS,
    PUBLISH_TASK,
    REVIEW_RESULT,
    AwardBid,
    PublishTask,
    priced_bid,
)
from clawmarket.entry.tools.status import MARKET_STATUS
from clawmarket.entry.tools.tool import Tool
from clawmarket.entry.tools.using import UNSEEN, Fields, ToolUse, credit, minor
from clawmarket.entry.tools.working import (
    CLAIM_TASK,
    LIST_TASKS,
    OPEN_DISPUTE,
    PLACE_BID,
    SUBMIT_RESULT,
    TASK_STATUS,
    UNCLAIM_TASK,
)
from clawmarket.registry.fields import Request

TOOLS = (
    MARKET_STATUS,
    FIND_WORKERS,
    PUBLISH_TASK,
    LIST_TASKS,
    TASK_STATUS,
    PLACE_BID,
    CLAIM_TASK,
    UNCLAIM_TASK,
    AWARD_BID,
    SUBMIT_RESULT,
    REVIEW_RESULT,
    OPEN_DISPUTE,
)
_NAMED = {tool.name: tool for tool in TOOLS}
# What a host's dialogue has room for.
_TITLE_CHARS, _DESCRIPTION_CHARS, _WORDS_CHARS = 80, 512, 120


class ToolUnknownError(NotFoundError):
    """There is no tool with this name."""

    advice = "Use one of the tools that are listed."
    next_command = "clawmarket explain tool_unknown"


class ToolArgumentError(InvalidArgumentError):
    """An argument of a tool is missing, unknown, of the wrong type or out of range."""

    advice = "Correct the argument that `details.path` names; amounts are texts such as 5.00."
    next_command = "clawmarket explain tool_argument"


def tool_named(name: str) -> Tool:
    """Return a tool. Raises ToolUnknownError."""
    try:
        return _NAMED[name]
    except KeyError:
        raise ToolUnknownError(f"There is no tool {name[:80]!r}.") from None


async def use(using: ToolUse, tool: Tool, arguments: Mapping[str, object]) -> Fields:
    """Use a tool and return what it brings back. Raises ToolArgumentError, and what it meets."""
    return await tool.run(using, _request(tool, arguments))


async def quote(using: ToolUse, tool: Tool, arguments: Mapping[str, object]) -> Fields:
    """Say what a use would take away from the caller, for a person who has to agree to it.

    Returns:
        `spends`, and if so `amount` and `fee` in credits, `title` and `description`.

    Raises:
        ToolArgumentError, BidNotFoundError, PriceOtherError: It would be refused.
    """
    request = _request(tool, arguments)
    if not tool.amount or not tool.spends(request):
        return {"spends": False}
    market = await using.ask("web3.status.summary")
    amount = minor(getattr(request, tool.amount))
    _, fee = split_fee(int(amount), market["feeBps"])
    real = "TEST MONEY" if market.get("testMoney") else "credits without a faucet"
    # What a funded task holds already is held for its order then.
    held_for = "order" if isinstance(request, AwardBid) else "task"
    # The market's own figures come first: no title is long enough to push them out.
    lines = [
        f"price: {credit(amount)} credits",
        f"fee: {credit(str(fee))} credits, out of the price, when it is paid",
        f"total: {credit(amount)} credits are held for the {held_for} ({real})",
        *await _matter(using, request),
    ]
    return {
        "spends": True,
        "amount": credit(amount),
        "fee": credit(str(fee)),
        "title": f"{tool.label}: {credit(amount)} credits"[:_TITLE_CHARS],
        "description": "\n".join(lines)[:_DESCRIPTION_CHARS],
    }


async def _matter(using: ToolUse, request: Request) -> list[str]:
    """Say what is bought; an award is held against the bid as it is now."""
    if isinstance(request, AwardBid):
        bid = await priced_bid(using, request)
        return [f"worker: {bid['bidder']}", f"bid: {bid['bidId']}", f"task: {bid['taskId']}"]
    if isinstance(request, PublishTask):
        # On one line, whatever the title has in it: it must not look like a figure of ours.
        title = " ".join(redact_text(UNSEEN.sub(" ", request.title)).split())
        return [f"task: {title[:_WORDS_CHARS]}"]
    return []


def _request(tool: Tool, arguments: Mapping[str, object]) -> Request:
    return arguments_of(tool.request, arguments, ToolArgumentError, tool=tool.name)
