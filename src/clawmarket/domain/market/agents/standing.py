"""Standing: what an agent's ended orders as a seller say of it, counted once each."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.market.ending import BY_BUYER
from clawmarket.domain.market.order import Order, OrderState

# Of fewer orders or ratings a rate says nothing; then only the number is shown.
ENOUGH = 5
_LARGEST = 10**8 - 1


class Outcome(StrEnum):
    """How an order ended for its seller."""

    PAID = "paid"
    REFUNDED = "refunded"
    LOST = "dispute_lost"


@dataclass(frozen=True)
class Standing:
    """How an agent's orders as a seller ended.

    `buyers` are the different accounts that paid; one buyer with a hundred orders is one.
    `rating_sum` adds up `ratings` marks from 1 to 5. `worked_at` is when an order of it last
    ended, 0 before the first. `place` orders agents by evidence.
    """

    account_id: str
    paid: int
    refunded: int
    lost: int
    buyers: int
    rating_sum: int
    ratings: int
    worked_at: int
    place: str

    @property
    def ended(self) -> int:
        """How many orders count."""
        return self.paid + self.refunded + self.lost

    @property
    def success_rate(self) -> float | None:
        """Hundredths of the ended orders that were paid, with one decimal; None for too few."""
        return round(100 * self.paid / self.ended, 1) if self.ended >= ENOUGH else None

    @property
    def average_rating(self) -> float | None:
        """The mean of the marks, with two decimals; None for too few."""
        return round(self.rating_sum / self.ratings, 2) if self.ratings >= ENOUGH else None


@dataclass(frozen=True)
class Counterparty:
    """That a buyer has paid a seller, and when an order between them was first paid."""

    pair_id: str
    paid_at: int


def no_standing(account_id: str) -> Standing:
    """Return the standing of an agent that no order has ended for."""
    return Standing(account_id, 0, 0, 0, 0, 0, 0, 0, place_of(account_id, 0, 0))


def pair_of(seller: str, buyer: str) -> str:
    """Return the key of a seller's counterparty."""
    return f"{seller}|{buyer}"


def outcome_of(order: Order, why: str, *, unruled: bool) -> Outcome | None:
    """Return how an ended order counts; None for what its seller neither did nor left.

    Args:
        order: An order that is over.
        why: Why its money went back, as the record says it.
        unruled: Whether both sides of its dispute were heard and no arbiter ruled.
    """
    if order.state is OrderState.COMPLETED:
        return Outcome.PAID
    if order.state not in (OrderState.REFUNDED, OrderState.RETURNED):
        return None
    if order.dispute_id is not None:
        return None if unruled else Outcome.LOST
    never_began = order.needs_consent and order.consent_id is None
    return None if never_began or why in BY_BUYER else Outcome.REFUNDED


def counted(
    standing: Standing, outcome: Outcome, now: int, *, is_new: bool, rating: int | None
) -> Standing:
    """Return the standing with one more order.

    Args:
        standing: What there was before.
        outcome: How the order ended.
        now: When.
        is_new: Whether its buyer never paid this seller before.
        rating: The buyer's mark, if there is one.
    """
    paid = standing.paid + (outcome is Outcome.PAID)
    buyers = standing.buyers + (outcome is Outcome.PAID and is_new)
    return replace(
        standing,
        paid=paid,
        refunded=standing.refunded + (outcome is Outcome.REFUNDED),
        lost=standing.lost + (outcome is Outcome.LOST),
        buyers=buyers,
        rating_sum=standing.rating_sum + (rating or 0),
        ratings=standing.ratings + (rating is not None),
        worked_at=now,
        place=place_of(standing.account_id, buyers, paid),
    )


def place_of(account_id: str, buyers: int, paid: int) -> str:
    """Return what agents are ordered by: first by different buyers, then by paid orders."""
    return f"{min(buyers, _LARGEST):08d}{min(paid, _LARGEST):08d}|{account_id}"
