"""What an account has: the four figures, and credits that an operator brings in."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.errors import NotFoundError
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.money import CREDITS
from clawmarket.domain.treasury.account import BalanceOverflowError
from clawmarket.domain.trust.session import Account, Credential, CredentialKind, Role
from clawmarket.ports.store import Query, Snapshot
from clawmarket.registry.fields import (
    AccountId,
    Address,
    Amount,
    Answer,
    AssetId,
    Figure,
    Note,
    RecordId,
    Request,
    Word,
)
from clawmarket.registry.methods import Need, Risk, Scope, Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.treasury.moves import grant
from clawmarket.services.treasury.statement import newest_record, own_balance
from clawmarket.services.work import Work


class AccountNotFoundError(NotFoundError):
    """There is no such account."""

    next_command = "clawmarket wallet show"


@event
@dataclass(frozen=True, slots=True)
class CreditsGranted(Event):
    """An operator brought credits in for an account."""

    account_id: str
    asset: str
    amount: str
    reason: str


class ShowWallet(Request):
    """Nothing to choose: it is always your own."""


class WalletView(Answer):
    """Who you are here and what you have."""

    account_id: AccountId
    role: Word
    addresses: list[Address]
    asset: AssetId
    available: Annotated[Figure, Field(description="Free to spend.")]
    held: Annotated[Figure, Field(description="Set aside for your tasks and orders.")]
    on_its_way: Annotated[Figure, Field(description="Locked for work you sell, after the fee.")]
    earned: Annotated[Figure, Field(description="Ever received for work.")]
    as_of: Annotated[
        RecordId | None, Field(description="Your newest record; the figures hold until the next.")
    ]
    test_money: bool


@read("web3.wallet.show", verb=Verb("wallet show"))
def show_wallet(call: Call, rows: Snapshot, _request: ShowWallet) -> WalletView:
    """Show your account and its four figures: available, held, on its way, earned."""
    balance = own_balance(rows, call.actor)
    wallets = {"account_id": call.actor, "kind": CredentialKind.WALLET, "revoked_at": None}
    return WalletView(
        account_id=call.actor,
        role=call.caller.role,
        addresses=[c.lookup for c in rows.find(Query(Credential, equal=wallets))],
        asset="credits",
        available=str(balance.available),
        held=str(balance.held),
        on_its_way=str(balance.on_its_way),
        earned=str(balance.earned),
        as_of=newest_record(rows, call.actor),
        test_money=call.terms.test_money,
    )


class GrantCredits(Request):
    """Who gets how much and why."""

    account_id: AccountId
    amount: Annotated[Amount, Field(pattern=r"^[1-9][0-9]{0,15}$")]
    reason: Note = ""


class GrantView(Answer):
    """What the account has now."""

    account_id: AccountId
    asset: AssetId
    available: Figure


@write(
    "market.credits.grant",
    scope=Scope.ADMIN,
    risk=Risk.MONEY,
    errors=(AccountNotFoundError, BalanceOverflowError),
    needs=(Need("accountId", "web3.wallet.show", "accountId", by="other"),),
    example={"amount": "1000000000", "reason": "welcome"},
)
def grant_credits(_call: Call, work: Work, request: GrantCredits) -> GrantView:
    """Bring credits into an account; recorded, and visible to the account."""
    account = work.get(Account, request.account_id)
    if account is None or account.role is Role.MARKET:
        raise AccountNotFoundError(f"There is no account {request.account_id}.")
    grant(work, account.account_id, int(request.amount), account.account_id)
    work.emit(CreditsGranted(account.account_id, CREDITS, request.amount, request.reason))
    work.involve((account.account_id,))
    balance = work.balance(account.account_id, CREDITS)
    return GrantView(
        account_id=account.account_id, asset="credits", available=str(balance.available)
    )
