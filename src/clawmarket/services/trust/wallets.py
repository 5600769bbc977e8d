"""Wallets of an account: another one is bound to it with its own signature, or taken off."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    QuotaExceededError,
)
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.session import (
    KEYED_WALLET,
    OWN_WALLET,
    ChallengeUnknownError,
    Credential,
    CredentialKind,
    NonceReusedError,
    ScopeMissingError,
    allows,
)
from clawmarket.ports.store import Query, Snapshot
from clawmarket.ports.wallets import SignInRefusedError
from clawmarket.registry.fields import (
    AccountId,
    Address,
    Answer,
    Moment,
    Request,
    SignedRequest,
    Text,
    Word,
)
from clawmarket.registry.methods import Need, Scope, Verb, ask, read, write
from clawmarket.services.call import Call
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.trust.access.sessions import end_sessions
from clawmarket.services.trust.challenges import CHALLENGE_MS, answered, sign_in_of, use_up
from clawmarket.services.work import Work

MAX_WALLETS = 20


class WalletTakenError(ConflictError):
    """The wallet stands for an account already: this one, or another."""

    advice = "Bind a wallet that was never used here; what an account has cannot be joined."
    next_command = "clawmarket wallet show"


class WalletsFullError(QuotaExceededError):
    """The account has as many wallets as an account may have."""

    advice = "Unbind a wallet that is no longer used."
    next_command = "clawmarket wallet show"


class WalletNotBoundError(NotFoundError):
    """No such wallet is bound to the account."""

    next_command = "clawmarket wallet show"


class WalletOfOwnerError(ForbiddenError):
    """A key, or a wallet that a key has bound, would take off the owner's own wallet."""

    advice = "Sign in with a wallet that no key has bound."
    next_command = "clawmarket wallet login"


class LastWalletError(ConflictError):
    """The account would be left without a wallet that its owner signed in with."""

    advice = "Bind another wallet first, from a session that a wallet opened."
    next_command = "clawmarket wallet show"


@event
@dataclass(frozen=True, slots=True)
class WalletBound(Event):
    """Another wallet may sign in as an account from now on."""

    account_id: str
    credential_id: str
    address: str
    scope: str


@event
@dataclass(frozen=True, slots=True)
class WalletUnbound(Event):
    """A wallet may no longer sign in as an account; its sessions ended."""

    account_id: str
    credential_id: str
    address: str


class ChallengeWallet(Request):
    """The wallet that is to be bound to your account."""

    address: Address


class WalletChallengeAnswer(Answer):
    """The message that the wallet signs, word for word."""

    message: Text
    address: Address
    account_id: AccountId
    expires_at: Moment


@read(
    "web3.wallet.challenge",
    scope=Scope.READ,
    example={"address": "0x" + "0" * 39 + "2"},
)
def challenge_wallet(
    call: Call, _rows: Snapshot, request: ChallengeWallet
) -> WalletChallengeAnswer:
    """Give out the message (EIP-4361) by which a wallet agrees to stand for your account.

    It names the account, so it is good for no other one; nothing is stored (as for sign-ins).
    """
    issued_at = call.now - call.now % 1000
    address, fresh = request.address.lower(), call.entropy.draw(8).hex()
    said = sign_in_of(call.terms, _statement(call), address, issued_at, fresh)
    return WalletChallengeAnswer(
        message=call.wallets.challenge(said),
        address=address,
        account_id=call.actor,
        expires_at=iso(issued_at + CHALLENGE_MS),
    )


def _statement(call: Call) -> str:
    return f"Bind this wallet to {call.actor} at ClawMarket. It may act for that account then."


class BindWallet(SignedRequest):
    """The signed message; a stolen session alone binds no wallet."""

    message: Annotated[Text, Field(description="The challenge, word for word.")]
    wallet_signature: Annotated[
        Text, Field(description="The new wallet's EIP-191 signature over `message`.")
    ]


class BoundWallet(Answer):
    """A wallet of the account."""

    account_id: AccountId
    address: Annotated[Address, Field(examples=["0x" + "0" * 39 + "2"])]
    scope: Word


@ask(
    "web3.wallet.bind",
    errors=(
        SignInRefusedError,
        ChallengeUnknownError,
        NonceReusedError,
        WalletTakenError,
        WalletsFullError,
    ),
    needs=(Need("message", "web3.wallet.challenge", "message"),),
    example={"walletSignature": "0x" + "0" * 130},
)
async def bind_wallet(call: Call, pipeline: Pipeline, request: BindWallet) -> BoundWallet:
    """Bind the wallet that signed a challenge to your account; it signs in as you from then on.

    It gets the scope of the credential that binds it, never more. Each challenge binds once.
    """
    said = answered(call, _statement(call), request.message, request.wallet_signature)

    def change(work: Work) -> None:
        use_up(work, said)
        if work.find(Query(Credential, equal={"lookup": said.address}, limit=1)):
            raise WalletTakenError("This wallet has an account here already.")
        if len(_wallets(work)) >= MAX_WALLETS:
            raise WalletsFullError(f"You have {MAX_WALLETS} wallets.")
        credential = Credential(
            credential_id=call.new_id("credential"),
            account_id=call.actor,
            kind=CredentialKind.WALLET,
            lookup=said.address,
            label=OWN_WALLET if _is_owner(work) else KEYED_WALLET,
            prefix=said.address[:10],
            scope=call.caller.scope,
            created_at=work.now,
            revoked_at=None,
        )
        work.add(credential)
        work.emit(WalletBound(call.actor, credential.credential_id, said.address, credential.scope))

    await pipeline.write(call, change)
    return BoundWallet(account_id=call.actor, address=said.address, scope=call.caller.scope)


class UnbindWallet(SignedRequest):
    """A wallet of your account, in any spelling; a stolen session alone takes none off."""

    address: Address


class UnboundWallet(Answer):
    """A wallet that no longer stands for the account."""

    account_id: AccountId
    address: Address
    ended: Annotated[int, Field(description="How many sessions of it ended.")]


@write(
    "web3.wallet.unbind",
    errors=(WalletNotBoundError, WalletOfOwnerError, LastWalletError, ScopeMissingError),
    needs=(Need("address", "web3.wallet.bind", "address"),),
    example={"address": "0x" + "0" * 39 + "2"},
    verb=Verb("wallet unbind", ("address",)),
)
def unbind_wallet(call: Call, work: Work, request: UnbindWallet) -> UnboundWallet:
    """Take a wallet off your account; its sessions end, and it signs in as you no more.

    A key, and a wallet that a key has bound, can take off only what a key has bound: whoever
    stole one cannot shut the owner out.
    """
    address = request.address.lower()
    wallets = _wallets(work)
    mine = next((wallet for wallet in wallets if wallet.lookup == address), None)
    if mine is None:
        raise WalletNotBoundError(f"{address} is no wallet of yours.")
    if not allows(call.caller.scope, mine.scope):
        raise ScopeMissingError(
            f"This wallet has the scope {mine.scope}; you have {call.caller.scope}.",
            scope=mine.scope,
        )
    if mine.label != KEYED_WALLET and not _is_owner(work):
        raise WalletOfOwnerError("A key takes off only wallets that a key has bound.")
    others = [w for w in wallets if w is not mine and w.label in (OWN_WALLET, mine.label)]
    # A wallet that a thief of the key has bound goes, even alone: the key itself is left.
    if not others and (mine.label != KEYED_WALLET or not _comes_with_key(work)):
        raise LastWalletError(f"{address} is the last wallet of this account.")
    ended = end_sessions(work, mine)
    work.remove(Credential, mine.credential_id)
    work.emit(WalletUnbound(call.actor, mine.credential_id, address))
    return UnboundWallet(account_id=call.actor, address=address, ended=ended)


def _wallets(work: Work) -> list[Credential]:
    query = Query(
        Credential,
        equal={
            "account_id": work.call.actor,
            "kind": CredentialKind.WALLET,
            "revoked_at": None,
        },
    )
    return work.find(query)


def _is_owner(work: Work) -> bool:
    """Tell whether a wallet signed in that is no key's doing, or the operator is acting."""
    return work.call.caller.kind in (CredentialKind.WALLET, CredentialKind.OPERATOR)


def _comes_with_key(work: Work) -> bool:
    """Tell whether the call comes with a key itself, not with a wallet that a key has bound."""
    credential = work.get(Credential, work.call.caller.credential_id)
    return credential is not None and credential.kind is CredentialKind.KEY
