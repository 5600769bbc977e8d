"""What follows a write: how to undo it and until when, and what one usually does next."""

import shlex

from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.remote.client import Market

_NEVER = "can't be undone"
# A secret of an answer that is repeated: it was shown before.
_WITHHELD = ("already shown",)

# method → (inverse command or a sentence, until when)
_UNDO: dict[str, tuple[str, str]] = {
    "web3.market.publishTask": (
        "clawmarket task cancel {taskId}",
        "until it is awarded or claimed",
    ),
    "web3.market.claimTask": ("clawmarket task unclaim {taskId}", "before the first delivery"),
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
    "web3.market.consent.grant": (
        "clawmarket consent revoke {consentId}",
        "at any time; until the delivery is complete the money comes back with it",
    ),
    "web3.market.delivery.issue": (
        "clawmarket call web3.market.delivery.revoke deliveryId={deliveryId}",
        "until it is complete",
    ),
    "web3.market.trust.grant": (
        "clawmarket trust revoke {trustId}",
        "at any time; a tab that is open goes on",
    ),
    "web3.market.tab.open": (
        "clawmarket tab close {tabId}",
        "at any time; what was used is paid",
    ),
    "web3.billing.plan.set": (
        "clawmarket help billing plan set",
        "set it anew at any time; what was used stays used",
    ),
    "web3.agents.profile.set": ("clawmarket help agent set", "set it anew at any time"),
    "web3.agents.endpoint.set": (
        "clawmarket call web3.agents.endpoint.remove",
        "at any time",
    ),
    "web3.agents.heartbeat": ("", "it ends by itself"),
    "web3.market.inspection.run": ("", "nothing was handed in"),
    "web3.wallet.unbind": ("clawmarket wallet bind {address}", "with a signature of that wallet"),
    "web3.siwe.logout": ("clawmarket wallet login", "at any time"),
    "web3.keys.create": ("clawmarket keys revoke {credentialId}", "at any time"),
    "market.jobs.cancel": ("clawmarket call market.jobs.retry jobId={jobId}", "at any time"),
    "market.jobs.retry": ("clawmarket call market.jobs.cancel jobId={jobId}", "until it has run"),
}

_NEXT: dict[str, str] = {
    "web3.market.publishTask": "clawmarket task bids {taskId}",
    "web3.market.placeBid": "clawmarket task bids {taskId}",
    "web3.market.awardBid": "clawmarket order watch {orderId} --until delivered",
    "web3.market.claimTask": "clawmarket task submit {orderId} --attach FILE",
    "web3.market.unclaimTask": "clawmarket task mine --side worker",
    "web3.market.message.send": "clawmarket task messages {taskId}",
    "web3.market.inspection.run": "clawmarket task submit {orderId} --attach FILE",
    "web3.market.submitResult": "clawmarket order explain {orderId}",
    "web3.market.reviewResult": "clawmarket order show {orderId}",
    "web3.market.cancelTask": "clawmarket wallet show",
    "web3.market.order.create": "clawmarket call web3.market.settlement.lock orderId={orderId}",
    "web3.market.offer.create": "clawmarket call web3.market.offer.publish offerId={offerId}",
    # Whose turn it is depends on the offer: the buyer's to consent, or the seller's.
    "web3.market.settlement.lock": "clawmarket order explain {orderId}",
    "web3.market.delivery.issue": (
        "clawmarket call web3.market.delivery.complete deliveryId={deliveryId}"
    ),
    "web3.market.delivery.complete": "clawmarket order watch {orderId} --until ended",
    "web3.dispute.open": "clawmarket dispute evidence {disputeId} --summary TEXT",
    "web3.dispute.submitEvidence": "clawmarket dispute show {disputeId}",
    "web3.dispute.resolve": "clawmarket dispute show {disputeId}",
    "web3.dispute.reject": "clawmarket dispute show {disputeId}",
    "web3.market.consent.grant": "clawmarket order watch {orderId} --until delivered",
    "web3.market.consent.revoke": "clawmarket order explain {orderId}",
    "web3.market.trust.grant": "clawmarket tab list --side provider",
    "web3.market.tab.open": "clawmarket tab show {tabId}",
    "web3.market.tab.close": "clawmarket tab show {tabId}",
    "web3.market.tab.pay": "clawmarket wallet show",
    "web3.agents.register": "export CLAWMARKET_API_KEY={key}",
    "web3.agents.profile.set": "clawmarket agent show {accountId}",
    "web3.agents.endpoint.set": "clawmarket agent show {accountId}",
    "web3.keys.create": "export CLAWMARKET_API_KEY={key}",
    "web3.keys.revoke": "clawmarket keys list",
}

# After files that failed: mend them, or hand them in as they are and say why.
_MENDED = (
    "clawmarket task inspect {orderId} --attach FILE",
    "clawmarket task submit {orderId} --attach FILE --appeal REASON",
)

_EXPLAIN = "web3.market.order.explain"
_RESULT = "web3.market.getResult"
_TASK = "web3.market.getTask"
_ONCE = "It is shown this once and kept nowhere: copy it now."

# (order's state, who looks) → what that party may do; blanks are the order's fields.
_MAY: dict[tuple[str, str], str] = {
    ("order_created", "buyer"): "call web3.market.settlement.lock orderId={orderId}",
    ("payment_locked", "buyer"): "consent grant {orderId} --purpose {purpose}",
    ("payment_locked", "seller"): "call web3.market.delivery.issue orderId={orderId}",
    ("consent_granted", "seller"): "call web3.market.delivery.issue orderId={orderId}",
    ("delivery_ready", "seller"): "call web3.market.delivery.complete deliveryId={deliveryId}",
    ("delivery_completed", "buyer"): "call web3.market.settlement.release orderId={orderId}",
}
_MAY_ON_A_TASK: dict[tuple[str, str], str] = {
    ("payment_locked", "seller"): "task submit {orderId} --attach FILE",
    ("delivery_ready", "seller"): "task submit {orderId} --attach FILE",
    ("delivery_completed", "buyer"): "task result {resultId}",
}
_RECEIPTED = ("settlement_completed", "order_refunded", "settlement_cancelled")


def undo_of(method: str, answer: Entry) -> tuple[str, str]:
    """Return the command that undoes a write and until when; ("", "can't be undone") if none."""
    command, until = _UNDO.get(method, ("", _NEVER))
    return _filled(command, answer), until


def next_of(method: str, answer: Entry) -> list[str]:
    """Return the command that usually follows a write, if there is one."""
    command = _NEXT.get(method, "")
    if method == "web3.market.publishTask" and answer.get("claims"):
        command = "clawmarket task show {taskId}"  # nobody has to choose among bids
    withheld = [name for name, value in answer.items() if value in _WITHHELD]
    if answer.get("verdict") == "failed":
        return [_filled(step, answer) for step in _MENDED]
    if not command:
        return []
    if any(f"{{{name}}}" in command for name in withheld):
        return []
    return [_filled(command, answer)]


def followups(method: str, answer: Entry) -> list[str]:
    """Return the lines that end a write's answer."""
    command, until = undo_of(method, answer)
    following = next_of(method, answer)
    lines = [f"undo: {command} ({until})" if command else f"undo: {until}"]
    return [*lines, *(f"next: {step}" for step in following)]


def notes_on(entry: Entry, answer: Entry) -> list[str]:
    """Return what else has to be said about an answer: that a secret is shown only now."""
    return [_ONCE] if any(answer.get(name) not in _WITHHELD for name in entry["shownOnce"]) else []


def steps_after(market: Market, entry: Entry, answer: Entry) -> list[str]:
    """Return what the caller may do after looking at an order or a result."""
    if entry["name"] == _RESULT and answer["status"] == "result_submitted":
        order = market.call("web3.market.order.get", {"orderId": answer["orderId"]})
        review = f"clawmarket task review {answer['resultId']} --decision accept"
        return [review] if _side(market, order) == "buyer" else []
    if entry["name"] == _TASK:
        return _steps_on(market, answer)
    if entry["name"] != _EXPLAIN:
        return []
    order = market.call("web3.market.order.get", {"orderId": answer["orderId"]})
    return [f"clawmarket {_step(order, answer['waitsFor'], _side(market, order))}"]


def _steps_on(market: Market, task: Entry) -> list[str]:
    """Return what a buyer or a worker may do about a task; an order tells what became of it."""
    me = _account(market) if market.credential else ""
    if task["status"] != "task_open":
        party = me and me in (task["buyer"], task["worker"]) and task["orderId"]
        return [f"clawmarket order explain {task['orderId']}"] if party else []
    if me == task["buyer"]:
        return [f"clawmarket task bids {task['taskId']}"]
    take = "claim {taskId}" if task["claims"] else "bid {taskId} --price PRICE"
    return [f"clawmarket task {take.format(**task)}"]


def _side(market: Market, order: Entry) -> str:
    return "buyer" if _account(market) == order["buyer"] else "seller"


def _account(market: Market) -> str:
    session = market.credential.session if market.credential else None
    return str(session.account_id if session else market.call("web3.wallet.show")["accountId"])


def _step(order: Entry, waits_for: str, side: str) -> str:
    order_id, state = order["orderId"], order["status"]
    if state in _RECEIPTED:
        return f"receipt get {order_id} -o {order_id}.receipt.json"
    if waits_for == "nobody":
        return f"order list --side {side}"
    if (state, side, waits_for) == ("delivery_ready", "seller", "market") and order["rejections"]:
        return f"dispute open {order_id} --reason TEXT"
    if waits_for != side:
        delivers = waits_for == "seller" and side == "buyer" and state != "order_disputed"
        until = "delivered" if delivers else "ended"
        return f"order watch {order_id} --until {until}"
    if state == "order_disputed":
        return f"dispute evidence {order['disputeId']} --summary TEXT"
    if order["taskId"] is None and not order["deliveryId"] and state == "delivery_ready":
        state = "payment_locked"  # the next milestone begins as the first one did
    table = _MAY_ON_A_TASK if order["taskId"] else {}
    step = table.get((state, side)) or _MAY.get((state, side), "order show {orderId}")
    return step.format(**order, purpose=_purpose(order))


def _purpose(order: Entry) -> str:
    """Return what a buyer would consent to, as a shell takes it."""
    purpose = str((order["usageScope"] or {}).get("purpose", ""))
    return shlex.quote(f"@{purpose}" if purpose.startswith("@") else purpose)


def _filled(command: str, answer: Entry) -> str:
    return command.format(**{name: v for name, v in answer.items() if isinstance(v, str)})
