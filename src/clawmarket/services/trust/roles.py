"""Roles: the operator names those who rule in disputes."""

from dataclasses import dataclass, replace

from clawmarket.domain.kernel.errors import ConflictError, NotFoundError
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.trust.session import Account, Role
from clawmarket.registry.fields import AccountId, Answer, Request, Word
from clawmarket.registry.methods import Need, Scope, write
from clawmarket.services.call import Call
from clawmarket.services.work import Work


class NobodyToNameError(NotFoundError):
    """There is no such account to name."""

    next_command = "clawmarket wallet show"


class RoleFixedError(ConflictError):
    """The account has a role that cannot be exchanged for the other one."""

    advice = "Name an account of a member."
    next_command = "clawmarket explain role_fixed"


@event
@dataclass(frozen=True, slots=True)
class ArbiterAppointed(Event):
    """An operator named an account that may rule in disputes of others."""

    account_id: str


@event
@dataclass(frozen=True, slots=True)
class ArbiterDismissed(Event):
    """An operator took the right to rule away."""

    account_id: str


class NameArbiter(Request):
    """The account."""

    account_id: AccountId


class RoleView(Answer):
    """What an account is now."""

    account_id: AccountId
    role: Word


@write(
    "market.arbiter.appoint",
    scope=Scope.ADMIN,
    errors=(NobodyToNameError, RoleFixedError),
    needs=(Need("accountId", "web3.wallet.show", "accountId", by="other"),),
)
def appoint_arbiter(_call: Call, work: Work, request: NameArbiter) -> RoleView:
    """Name an account that may rule in disputes; never in one that it is a party of."""
    view = _change(work, request.account_id, (Role.MEMBER, Role.ARBITER), Role.ARBITER)
    work.emit(ArbiterAppointed(request.account_id))
    return view


@write(
    "market.arbiter.dismiss",
    scope=Scope.ADMIN,
    errors=(NobodyToNameError, RoleFixedError),
    needs=(Need("accountId", "market.arbiter.appoint", "accountId"),),
)
def dismiss_arbiter(_call: Call, work: Work, request: NameArbiter) -> RoleView:
    """Take the right to rule away; what was ruled stays."""
    view = _change(work, request.account_id, (Role.ARBITER,), Role.MEMBER)
    work.emit(ArbiterDismissed(request.account_id))
    return view


def _change(work: Work, account_id: str, before: tuple[Role, ...], after: Role) -> RoleView:
    account = work.get(Account, account_id)
    if account is None:
        raise NobodyToNameError(f"There is no account {account_id}.")
    if account.role not in before:
        raise RoleFixedError(f"{account_id} is {account.role}, not {before[0]}.")
    work.save(replace(account, role=after))
    work.involve((account_id,))
    return RoleView(account_id=account_id, role=after)
