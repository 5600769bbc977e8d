"""Ledger accounts: the two pockets of each actor, the fee account, each rail's outside."""

from dataclasses import dataclass

from clawmarket.domain.kernel.errors import PaymentRequiredError, Refused
from clawmarket.domain.kernel.money import MAX_BALANCE_MINOR, format_amount
from clawmarket.domain.kernel.rows import replace

# Fee and rail accounts keep no stored balance: many settlements would queue for one hot row.
FEES = "fees"


def available(owner: str) -> str:
    """Return the name of the account that holds what an actor may spend."""
    return f"{owner}/available"


def held(owner: str) -> str:
    """Return the name of the account that holds what is set aside for an actor's orders."""
    return f"{owner}/held"


def rail(name: str) -> str:
    """Return the name of the account that stands for the world behind a rail."""
    return f"rail:{name}"


def beyond(name: str, owner: str) -> str:
    """Return the name of the account that stands for what an actor has behind a rail."""
    return f"rail:{name}:{owner}"


POCKETS = ("available", "held", FEES, "rail")


def pocket_of(account: str) -> str:
    """Return which of the four kinds of ledger account a name stands for."""
    if account == FEES:
        return FEES
    return "rail" if account.startswith("rail:") else account.rpartition("/")[2]


class FundsMissingError(PaymentRequiredError):
    """The payer has less available than this takes."""

    advice = "Add credits, or choose a smaller amount."
    next_command = "clawmarket wallet show"


class BalanceOverflowError(Refused):
    """A balance would leave the range of a 64-bit integer."""

    code = "E_INVALID_ARGUMENT"
    advice = "Move a smaller amount."
    next_command = "clawmarket wallet show"


@dataclass(frozen=True)
class Balance:
    """What one actor has of one asset.

    `available` and `held` are the ledger's own stored balances; `on_its_way` (net, locked for
    orders where the actor sells) and `earned` (ever received for work) are figures beside it.
    """

    balance_id: str
    available: int
    held: int
    on_its_way: int
    earned: int

    def moved(self, *, available: int = 0, held: int = 0) -> "Balance":
        """Return the balance after a posting.

        Raises:
            FundsMissingError: A pocket would go below zero.
            BalanceOverflowError: A pocket would leave 64 bits.
        """
        after = replace(self, available=self.available + available, held=self.held + held)
        if after.available < 0 or after.held < 0:
            asset = self.balance_id.partition("|")[2]
            short = -min(after.available, after.held)
            raise FundsMissingError(
                f"There are {format_amount(self.available, asset)} available; "
                f"{format_amount(short, asset)} more are needed.",
                available=str(self.available),
                missing=str(short),
            )
        if max(after.available, after.held) > MAX_BALANCE_MINOR:
            raise BalanceOverflowError("No account can hold that much.")
        return after


def balance_id(owner: str, asset: str) -> str:
    """Return the key of an actor's balance in an asset."""
    return f"{owner}|{asset}"


def empty_balance(owner: str, asset: str) -> Balance:
    """Return the balance of an actor whom no posting has touched."""
    return Balance(balance_id(owner, asset), 0, 0, 0, 0)
