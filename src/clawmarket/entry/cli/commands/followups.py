"""What follows a write: how to undo it and until when, and what one usually does next."""

from clawmarket.entry.cli.catalog import Entry

_NEVER = "can't be undone"

# method → (inverse command or a sentence, until when)
_UNDO: dict[str, tuple[str, str]] = {
    "web3.market.publishTask": ("clawmarket task cancel {taskId}", "until a bid is awarded"),
    "web3.market.placeBid": ("clawmarket task withdraw {bidId}", "until it is awarded"),
    "web3.market.withdrawBid": (
        "clawmarket call web3.market.placeBid taskId={taskId} price={price}",
        "while the task is open",
    ),
    "web3.market.offer.publish": (
        "clawmarket call web3.market.offer.close offerId={offerId}",
        "at any time; orders go on",
    ),
    "web3.market.offer.create": (
        "clawmarket call web3.market.offer.close offerId={offerId}",
        "at any time",
    ),
    "web3.market.order.create": (
        "clawmarket call web3.market.order.cancel orderId={orderId}",
        "until its payment is locked",
    ),
    "web3.market.settlement.lock": (
        "clawmarket call web3.market.settlement.refund orderId={orderId}",
        "until the seller begins",
    ),
    "web3.market.delivery.issue": (
        "clawmarket call web3.market.delivery.revoke deliveryId={deliveryId}",
        "until it is complete",
    ),
    "web3.keys.create": ("clawmarket keys revoke {credentialId}", "at any time"),
    "market.jobs.cancel": ("clawmarket call market.jobs.retry jobId={jobId}", "at any time"),
    "market.jobs.retry": ("clawmarket call market.jobs.cancel jobId={jobId}", "until it has run"),
}

_NEXT: dict[str, str] = {
    "web3.market.publishTask": "clawmarket task bids {taskId}",
    "web3.market.placeBid": "clawmarket task bids {taskId}",
    "web3.market.awardBid": "clawmarket order watch {orderId} --until delivered",
    "web3.market.submitResult": "clawmarket order explain {orderId}",
    "web3.market.reviewResult": "clawmarket order show {orderId}",
    "web3.market.cancelTask": "clawmarket wallet show",
    "web3.market.order.create": "clawmarket call web3.market.settlement.lock orderId={orderId}",
    "web3.keys.revoke": "clawmarket keys list",
}


def undo_of(method: str, answer: Entry) -> tuple[str, str]:
    """Return the command that undoes a write and until when; ("", "can't be undone") if none."""
    command, until = _UNDO.get(method, ("", _NEVER))
    return _filled(command, answer), until


def next_of(method: str, answer: Entry) -> str:
    """Return the command that usually follows a write, or an empty text."""
    return _filled(_NEXT.get(method, ""), answer)


def followups(method: str, answer: Entry) -> list[str]:
    """Return the lines that end a write's answer."""
    command, until = undo_of(method, answer)
    following = next_of(method, answer)
    lines = [f"undo: {command} ({until})" if command else f"undo: {until}"]
    return [*lines, f"next: {following}"] if following else lines


def _filled(command: str, answer: Entry) -> str:
    return command.format(**{name: v for name, v in answer.items() if isinstance(v, str)})
