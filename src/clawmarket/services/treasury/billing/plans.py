"""Plans: set by an account's owner, seen by its keys."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.ids import same_ulid
from clawmarket.domain.kernel.money import CREDITS
from clawmarket.domain.treasury import plan as plans
from clawmarket.domain.treasury.plan import PayeeInvalidError, Plan, PlanKeyError
from clawmarket.domain.treasury.price import ToolPrice
from clawmarket.domain.trust.session import Account, CredentialKind, Role
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import (
    AccountId,
    Amount,
    Answer,
    AssetId,
    Request,
    SignedRequest,
    Verbatim,
)
from clawmarket.registry.methods import Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.treasury.billing.budgets import plan_of
from clawmarket.services.treasury.billing.views import ToolName
from clawmarket.services.work import Work

PER_TOKENS = 1_000_000
MAX_TOOLS = 200

Quota = Annotated[Amount | None, Field(description="The most that may be used; null: no limit.")]
TokenPrice = Annotated[Amount, Field(description="What `perTokens` tokens cost.")]
ToolPrices = Annotated[
    dict[ToolName, Amount],
    Field(max_length=MAX_TOOLS, description="From a paid tool's name to what one call costs."),
    Verbatim,
]
PerTokens = Annotated[
    int, Field(strict=True, ge=1, le=10**9, description="For how many tokens token prices are.")
]


class SetPlan(SignedRequest):
    """Quotas, prices, and who bills what is used; what is left out is no limit and no price."""

    per_session: Quota = None
    per_day: Annotated[Quota, Field(description="Per day of UTC; null: no limit.")] = None
    per_account: Annotated[Quota, Field(description="All in all; null: no limit.")] = None
    tool_prices: ToolPrices = {}  # noqa: RUF012 - the model is frozen
    call_price: Annotated[Amount, Field(description="What each run of a model costs.")] = "0"
    input_price: TokenPrice = "0"
    output_price: TokenPrice = "0"
    cached_price: TokenPrice = "0"
    per_tokens: PerTokens = PER_TOKENS
    payee: Annotated[
        AccountId | None,
        Field(description="Who is paid for what is used; null: the plan only guards."),
    ] = None


class PlanView(Answer):
    """What an account lets its agents spend, and at which prices."""

    enabled: Annotated[bool, Field(description="Whether there is a plan at all.")]
    per_session: Amount | None
    per_day: Amount | None
    per_account: Amount | None
    tool_prices: Annotated[dict[str, Amount], Verbatim]
    call_price: Amount
    input_price: Amount
    output_price: Amount
    cached_price: Amount
    per_tokens: int
    payee: AccountId | None
    asset: AssetId


@write(
    "web3.billing.plan.set",
    errors=(PlanKeyError, PayeeInvalidError),
    example={"perSession": "5000000", "perDay": "20000000", "toolPrices": {"web_search": "10000"}},
    verb=Verb("billing plan set"),
)
def set_plan(call: Call, work: Work, request: SetPlan) -> PlanView:
    """Say what your agents may spend from now on; it replaces the plan before.

    Only its owner may, signed in with a wallet: a key spends within the plan and cannot widen it.
    What was used before still counts; a quota below it leaves nothing.
    """
    if call.caller.kind is CredentialKind.KEY:
        raise PlanKeyError("A key cannot set the plan that it spends by.")
    if request.payee is not None:
        _check_payee(work, call.actor, request.payee)
    plan = _plan(call, request)
    known = work.get(Plan, plan.plan_id) is not None
    (work.save if known else work.add)(plan)
    work.emit(plans.changed(plan))
    return plan_view(plan)


def _check_payee(work: Work, owner: str, payee: str) -> None:
    account = work.get(Account, payee)
    if payee == owner or account is None or account.role is Role.MARKET:
        raise PayeeInvalidError(f"The account {payee} cannot bill you.")


def _plan(call: Call, request: SetPlan) -> Plan:
    prices = sorted(request.tool_prices.items())
    return Plan(
        plan_id=same_ulid("plan", call.actor),
        owner=call.actor,
        per_session=_whole(request.per_session),
        per_day=_whole(request.per_day),
        per_account=_whole(request.per_account),
        tool_prices=tuple(ToolPrice(tool, int(price)) for tool, price in prices),
        call_price=int(request.call_price),
        input_price=int(request.input_price),
        output_price=int(request.output_price),
        cached_price=int(request.cached_price),
        per_tokens=request.per_tokens,
        payee=request.payee,
        set_at=call.now,
    )


class GetPlan(Request):
    """Nothing to choose: it is always your own."""


@read("web3.billing.plan.get", verb=Verb("billing plan show"))
def get_plan(call: Call, rows: Snapshot, _request: GetPlan) -> PlanView:
    """Show what your agents may spend, and at which prices."""
    plan = plan_of(rows, call.actor)
    return plan_view(plan) if plan else _NO_PLAN


def plan_view(plan: Plan) -> PlanView:
    """Return a plan in wire form."""
    return PlanView(
        enabled=True,
        per_session=_text(plan.per_session),
        per_day=_text(plan.per_day),
        per_account=_text(plan.per_account),
        tool_prices={each.tool: str(each.price) for each in plan.tool_prices},
        call_price=str(plan.call_price),
        input_price=str(plan.input_price),
        output_price=str(plan.output_price),
        cached_price=str(plan.cached_price),
        per_tokens=plan.per_tokens,
        payee=plan.payee,
        asset=CREDITS,
    )


_NO_PLAN = PlanView(
    enabled=False,
    per_session=None,
    per_day=None,
    per_account=None,
    tool_prices={},
    call_price="0",
    input_price="0",
    output_price="0",
    cached_price="0",
    per_tokens=PER_TOKENS,
    payee=None,
    asset=CREDITS,
)


def _whole(amount: str | None) -> int | None:
    return None if amount is None else int(amount)


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(amount)
