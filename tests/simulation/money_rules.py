"""Money rules: where every unit goes, worked out from holds and settlements alone."""

from collections import Counter
from typing import Any

from clawmarket.domain.market.order import Order
from clawmarket.domain.market.postpay.tab import Tab
from clawmarket.domain.market.task import Task
from clawmarket.domain.treasury.account import Balance
from clawmarket.domain.treasury.entry import Entry
from clawmarket.domain.treasury.hold import Hold
from clawmarket.domain.treasury.settlement import Settlement
from simulation.referee import Act, Books, must

PENDING, POSTED = "hold_pending", "hold_posted"
BACK = ("hold_voided", "hold_expired")
LOCKED, RELEASED, REFUNDED = "settlement_locked", "settlement_released", "settlement_refunded"
GRANT = "market.credits.grant"
BPS = 10_000


def check_money(books: Books, act: Act) -> None:
    """Compare the ledger's entries with what holds and settlements became."""
    moved: Counter[str] = Counter()
    for change in act.of(Entry):
        must(change.before is None, "A ledger entry was edited.")
        sums: Counter[str] = Counter()
        for posting in change.after.postings:
            sums[posting.asset] += posting.amount
            moved[posting.account] += posting.amount
        must(not any(sums.values()), "A ledger entry does not sum to zero.")
    expected = _expected(books, act)
    must(moved == expected, f"Money went to {dict(moved)}, not to {dict(expected)}.")
    books.pockets.update(moved)
    _check_balances(books, act, moved)


def _expected(books: Books, act: Act) -> Counter[str]:
    expected: Counter[str] = Counter()
    if act.method == GRANT and act.letter is not None:
        amount = int(act.letter.params["amount"])
        expected[f"{act.letter.params['accountId']}/available"] += amount
        expected["rail:credits"] -= amount
    for change in act.of(Hold):
        _move_hold(expected, change.before, change.after)
    for change in act.of(Tab):
        _pay_tab(books, act, expected, change.before, change.after)
    for change in act.of(Settlement):
        _move_settlement(books, act, expected, change.before, change.after)
    return expected


def _pay_tab(
    books: Books, act: Act, expected: Counter[str], before: Tab | None, after: Tab
) -> None:
    """A tab moves money once: when it is settled, and then all that it owes."""
    paid = after.state == "tab_settled"
    must(not paid or (before is not None and before.state != after.state), "A tab paid twice.")
    owed = after.owed if paid else 0
    fee = owed * books.fee_bps // BPS
    must((after.seller_amount, after.fee) == (owed - fee, fee), f"A tab of {owed} paid {fee}.")
    if after.hold_id is None:
        expected[f"{after.consumer}/available"] -= owed
    else:
        _check_prepaid(books, act, after)
    expected[f"{after.provider}/available"] += owed - fee
    expected["fees"] += fee
    books.earned[after.provider] += owed - fee


def _check_prepaid(books: Books, act: Act, tab: Tab) -> None:
    """What a prepaid tab may cost at the most is held for it, until it ends and no longer."""
    hold: Any = act.after(Hold, tab.hold_id) or books.view.get(Hold, tab.hold_id)
    must((hold.owner, hold.ref) == (tab.consumer, tab.tab_id), "A lock is somebody else's.")
    must(hold.amount == tab.cap, "A lock is not the cap.")
    must((hold.state == PENDING) == (tab.acts_at is not None), "A lock outlives its tab, or not.")
    must(hold.state == PENDING or hold.posted == tab.seller_amount + tab.fee, "Not what was used.")


def _move_hold(expected: Counter[str], before: Hold | None, after: Hold) -> None:
    if before is None:
        must((after.state, after.posted) == (PENDING, 0), "A hold began resolved.")
        left, paid = -after.amount, 0
    else:
        must(before.state == PENDING, "A hold was resolved twice.")
        must(before.owner == after.owner, "A hold changed hands.")
        resolved, paid = after.state != PENDING, after.posted - before.posted
        must(before.amount == after.amount or not (resolved or paid), "A hold changed as it paid.")
        must(0 <= after.posted <= after.amount <= before.amount, "More left a hold than was in it.")
        must(after.state not in BACK or not paid, "A voided hold paid somebody.")
        kept = 0 if resolved else after.amount - after.posted
        left = before.amount - before.posted - kept
    expected[f"{after.owner}/held"] -= left
    expected[f"{after.owner}/available"] += left - paid


def _move_settlement(
    books: Books, act: Act, expected: Counter[str], before: Settlement | None, after: Settlement
) -> None:
    net_of_all = after.amount - after.amount * books.fee_bps // BPS
    hold = act.after(Hold, after.hold_id)
    gross = after.seller_amount + after.fee
    must(hold is not None, "A settlement moved without its hold.")
    if before is None:
        must((after.state, gross + after.refund_amount) == (LOCKED, 0), "A lock began divided.")
        must(hold.state == PENDING and hold.amount == after.amount, "A lock is not held.")
        must((hold.owner, hold.ref) == (after.payer, after.order_id), "A lock is not the payer's.")
        books.coming[after.payee] += net_of_all
        return
    must(before.state == LOCKED, "A settlement was resolved twice.")
    must(before.amount == after.amount, "A lock changed its size.")
    must(after.fee == gross * books.fee_bps // BPS, f"The fee on {gross} is not {after.fee}.")
    must(hold.posted == gross <= after.amount, "A release is not what left the hold.")
    paid = after.seller_amount - before.seller_amount
    must(paid >= 0 and after.fee >= before.fee, "A part of a release was taken back.")
    books.coming[after.payee] -= (
        paid if after.state == LOCKED else net_of_all - before.seller_amount
    )
    books.earned[after.payee] += paid
    expected[f"{after.payee}/available"] += paid
    expected["fees"] += after.fee - before.fee
    if after.state == LOCKED:
        must(hold.state == PENDING and not after.refund_amount, "A part ended the lock.")
        return
    must(gross + after.refund_amount == after.amount, "Seller, fee and refund are not the lock.")
    if after.state == RELEASED:
        must(hold.state == POSTED, "A release left its hold pending.")
    else:
        must(after.state == REFUNDED and hold.state in BACK, f"A lock became {after.state}.")
        must(paid == 0 and after.fee == before.fee, "A refund paid the seller.")


def _check_balances(books: Books, act: Act, moved: Counter[str]) -> None:
    owners = {account.partition("/")[0] for account, n in moved.items() if n and "/" in account}
    for change in act.of(Balance):
        owner = str(change.key).partition("|")[0]
        owners.discard(owner)
        row = change.after
        must(min(row.available, row.held) >= 0, f"{owner} has less than nothing.")
        must(row.available == books.pockets[f"{owner}/available"], f"{owner}'s available is off.")
        must(row.held == books.pockets[f"{owner}/held"], f"{owner}'s held is off.")
        must(row.on_its_way == books.coming[owner], f"What is on its way to {owner} is off.")
        must(row.earned == books.earned[owner], f"What {owner} earned is off.")
    must(not owners, f"Postings without a balance: {sorted(owners)}.")


def check_holds(books: Books, act: Act) -> None:
    """Money is held exactly as long as a task or an order waits with it."""
    for change in act.of(Task):
        _check_task_hold(books, act, change.after)
    for change in act.of(Order):
        order = change.after
        settlement = act.after(Settlement, order.settlement_id) or books.view.get(
            Settlement, order.settlement_id
        )
        _check_order_money(order, settlement)


def _check_task_hold(books: Books, act: Act, task: Any) -> None:
    hold = act.after(Hold, task.hold_id) or books.view.get(Hold, task.hold_id)
    if hold is None:
        must(task.hold_id is None, "A task's hold is missing.")
    elif task.state == "task_open":
        must(hold.state == PENDING and hold.ref == task.task_id, "An open task's money is gone.")
    elif task.state == "task_awarded":
        must(hold.state == PENDING and hold.ref == task.order_id, "An award lost its money.")
    elif task.state in ("task_cancelled", "task_expired"):
        must(hold.state in BACK, f"A task that is over ({task.state}) keeps its money.")


def _check_order_money(order: Order, settlement: Settlement | None) -> None:
    unpaid = order.state in ("order_created", "order_cancelled", "order_expired")
    must((settlement is None) == unpaid, f"An order that is {order.state}, and its money.")
    if settlement is None:
        return
    must(settlement.amount == order.price * order.quantity, "The lock is not what was agreed.")
    must((settlement.payer, settlement.payee) == order.parties, "The lock has other parties.")
    wanted = {
        "settlement_completed": RELEASED,
        "order_refunded": REFUNDED,
        "settlement_cancelled": REFUNDED,
    }.get(order.state, LOCKED)
    must(settlement.state == wanted, f"{order.state} goes with {settlement.state}.")
