"""Money as `/v1` shows it: what of a task is held, paid and given back; what an account has."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from clawmarket.entry.rest.envelope import Shape
from clawmarket.entry.rest.reading.numbers import Credits

Fields = Mapping[str, Any]


class PaymentRow(Shape):
    """The money of a task: worker, fee and refund together are the amount once it is over."""

    task_id: str
    order_id: str | None
    settlement_id: str | None
    payment_status: str = Field(description="pending, held, captured or refunded.")
    rail: str | None
    amount: Credits
    worker_amount: Credits
    platform_fee: Credits
    refund_amount: Credits
    locked_at: str | None
    released_at: str | None
    refunded_at: str | None


class Balance(Shape):
    """What an account has."""

    available: Credits
    held: Credits
    on_its_way: Credits
    earned: Credits


def payment_row(task: Fields, status: str, settlement: Fields | None) -> PaymentRow:
    """Return the money of a task; `settlement` is None while nobody has claimed it."""
    if settlement is None:
        amount, back = int(task["budget"]), status == "refunded"
        return PaymentRow(
            task_id=task["taskId"],
            order_id=None,
            settlement_id=None,
            payment_status=status,
            rail=None,
            amount=amount,
            worker_amount=0,
            platform_fee=0,
            refund_amount=amount if back else 0,
            locked_at=None,
            released_at=None,
            refunded_at=None,
        )
    return PaymentRow(
        task_id=task["taskId"],
        order_id=settlement["orderId"],
        settlement_id=settlement["settlementId"],
        payment_status=status,
        rail=settlement["rail"],
        amount=int(settlement["amount"]),
        worker_amount=int(settlement["sellerAmount"]),
        platform_fee=int(settlement["fee"]),
        refund_amount=int(settlement["refundAmount"]),
        locked_at=settlement["lockedAt"],
        released_at=settlement["releasedAt"],
        refunded_at=settlement["refundedAt"],
    )


def balance_of(wallet: Fields) -> Balance:
    """Return the four figures of an account."""
    return Balance(
        available=int(wallet["available"]),
        held=int(wallet["held"]),
        on_its_way=int(wallet["onItsWay"]),
        earned=int(wallet["earned"]),
    )
