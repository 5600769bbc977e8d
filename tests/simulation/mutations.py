"""Twenty-one planted bugs, each of a kind that has cost somebody; the simulation has to see them.

Each is planted where the code looks the name up at the moment of the call, for one run at a time.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from clawmarket.domain.kernel.replay import KeptAnswer
from clawmarket.domain.market import dispute, order, task
from clawmarket.domain.market.agents import standing
from clawmarket.domain.market.delivering.result import RESULT
from clawmarket.domain.market.dispute import Dispute, Resolution, Verdict
from clawmarket.domain.market.order import ORDER, DeliveryLateError, Order, OrderState
from clawmarket.domain.market.task import TASK, Task
from clawmarket.domain.treasury import hold as holds
from clawmarket.domain.treasury import settlement
from clawmarket.domain.treasury.account import FEES, available, held
from clawmarket.domain.treasury.hold import HOLD, Hold
from clawmarket.domain.treasury.settlement import Settlement, SettlementState
from clawmarket.services import pipeline, work
from clawmarket.services.call import Call
from clawmarket.services.market import awards, disputes, orders, sweep, tasks
from clawmarket.services.pipeline import Passage
from clawmarket.services.treasury import moves
from clawmarket.services.work import Work

Swap = tuple[Any, str, Any]
Planting = AbstractContextManager[object]

MUTATIONS: dict[str, Callable[[], Planting]] = {}


@contextmanager
def planted(*swaps: Swap) -> Iterator[None]:
    """Let names mean something else for a while: attributes of modules and classes, or keys."""
    with ExitStack() as stack:
        for owner, name, value in swaps:
            keyed = isinstance(owner, Mapping)
            before = owner[name] if keyed else getattr(owner, name)
            put: Callable[..., None] = dict.__setitem__ if keyed else setattr
            stack.callback(put, owner, name, before)
            put(owner, name, value)
        yield


def mutation(plant: Callable[[], Planting]) -> Callable[[], Planting]:
    """Keep a planted bug under the name of its function."""
    MUTATIONS[plant.__name__] = plant
    return plant


def _also(machine: Any, action: str, **steps: Any) -> Swap:
    states = type(machine.initial[0])
    more = {states[before]: states[after] for before, after in steps.items()}
    return machine.moves, action, {**machine.moves[action], **more}


def _nothing(*_args: Any, **_kwargs: Any) -> None:
    """Do nothing where something was to be done."""


@mutation
def fee_rounded_up() -> Planting:
    """The fee is rounded up: a unit too much from every seller."""

    def split(amount: int, fee_bps: int) -> tuple[int, int]:
        fee = -(-amount * fee_bps // 10_000)
        return amount - fee, fee

    return planted((settlement, "split_fee", split), (moves, "split_fee", split))


@mutation
def fee_posting_forgotten() -> Planting:
    """A release leaves the fee's posting out, and nobody adds the entry up."""
    post = Work.post

    def forgetful(self: Work, reason: str, ref: str, asset: str, into: Any) -> None:
        post(self, reason, ref, asset, [move for move in into if move[0] != FEES])

    return planted((Work, "post", forgetful), (work, "check_balanced", _nothing))


@mutation
def double_release() -> Planting:
    """What was released can be released again, out of the payer's other locks."""

    def as_locked(work: Work, over: Order) -> Settlement:
        found = moves.settlement_of(work, over)
        if found.state is not SettlementState.RELEASED:
            return found
        locked = SettlementState.LOCKED
        return replace(found, state=locked, seller_amount=0, fee=0, refund_amount=0)

    def uncovered(_hold: Hold, _amount: int) -> None:
        """Whoever forgot that it was released forgot to look at the hold."""

    return planted(
        _also(ORDER, "complete", COMPLETED="COMPLETED"),
        _also(HOLD, "post", POSTED="POSTED"),
        _also(RESULT, "accept", ACCEPTED="ACCEPTED"),
        _also(TASK, "close", CLOSED="CLOSED"),
        (orders, "settlement_of", as_locked),
        (holds, "_check_covered", uncovered),
    )


@mutation
def cancel_keeps_the_hold() -> Planting:
    """A task that is taken back keeps its budget held."""
    return planted((tasks, "give_back", _nothing))


@mutation
def walking_away_counts() -> Planting:
    """An order that its buyer gave up counts against the seller."""
    return planted((standing, "BY_BUYER", frozenset()))


@mutation
def refund_to_the_seller() -> Planting:
    """A refund goes to the wrong side."""

    def to_the_seller(work: Work, hold: Hold) -> None:
        work.save(holds.void(hold))
        found = work.get(Order, hold.ref)
        seller = found.seller if found else hold.owner
        work.keep_balance(work.balance(hold.owner, hold.asset).moved(held=-hold.amount))
        work.keep_balance(work.balance(seller, hold.asset).moved(available=hold.amount))
        into = [(held(hold.owner), -hold.amount), (available(seller), hold.amount)]
        work.post("void", hold.ref, hold.asset, into)

    return planted((moves, "give_back", to_the_seller))


@mutation
def on_its_way_stays() -> Planting:
    """What was on its way to a seller is never taken off when it arrives."""
    expect = moves.expect

    def grows(work: Work, paid: Settlement, sign: int) -> None:
        if sign > 0:
            expect(work, paid, sign)

    return planted((moves, "expect", grows))


@mutation
def deadline_inclusive() -> Planting:
    """A delivery at its very last moment still counts: `<=` where `<` belongs."""

    def lenient(waiting: Order, now: int) -> None:
        if now > waiting.due_at:
            raise DeliveryLateError("The time to deliver has passed.", orderId=waiting.order_id)

    return planted((order, "_check_deliverable", lenient))


@mutation
def answer_not_kept() -> Planting:
    """Nobody remembers what was answered."""
    return planted((Work, "keep_answer", _nothing))


@mutation
def answer_kept_without_the_actor() -> Planting:
    """Two accounts that use the same key share an answer."""

    def scope(call: Call) -> str:
        return f"{call.method}|{call.key}"

    return planted((pipeline, "_key_scope", scope))


@mutation
def sweep_releases_disputes() -> Planting:
    """A dispute that waited too long always ends for the seller."""

    def release(contested: Dispute, amount: int) -> Verdict:
        holds_good = contested.claim is Resolution.RELEASE
        return Verdict(Resolution.RELEASE, amount, "it took too long", holds_good)

    return planted((sweep, "by_silence", release))


@mutation
def dispute_does_not_freeze() -> Planting:
    """While a dispute is open, the buyer can release and the seller can refund."""
    return planted(
        _also(ORDER, "complete", DISPUTED="COMPLETED"),
        _also(ORDER, "return_money", DISPUTED="RETURNED"),
        _also(ORDER, "refund", DISPUTED="REFUNDED"),
    )


@mutation
def partial_share_ignored() -> Planting:
    """A partial ruling pays the seller everything."""

    def whole(work: Work, ended: Order, why: str, _share: int) -> None:
        orders.finish_order(work, ended, why)

    return planted((disputes, "finish_order", whole))


@mutation
def carry_forgets_the_rest() -> Planting:
    """What an award leaves over of the budget stays held for ever."""

    def carry(work: Work, hold: Hold, bought: Order) -> Hold:
        carried = holds.carry(hold, bought.order_id, bought.amount)
        work.save(carried)
        return carried

    return planted((awards, "carry_over", carry))


@mutation
def record_without_postings() -> Planting:
    """The record says nothing of the money that moved."""
    post = Work.post

    def silent(self: Work, reason: str, ref: str, asset: str, into: Any) -> None:
        post(self, reason, ref, asset, into)
        self._postings.clear()

    return planted((Work, "post", silent))


@mutation
def two_records_per_command() -> Planting:
    """A command is recorded twice."""

    def twice(passage: Passage, done: Work) -> None:
        pipeline.keep(passage, done)
        call = done.call
        done.record_id = call.record_ids.next(call.clock.now(), call.draw(10))
        done.record()

    return planted((pipeline, "INSIDE", (pipeline.run, twice)))


@mutation
def repetition_runs_again() -> Planting:
    """A request that is repeated after a lost reply is done a second time."""

    def overwrite(self: Work, answer: KeptAnswer) -> None:
        self._rows.remove(KeptAnswer, answer.scope)
        self._rows.add(answer)

    def never(_passage: Passage, _rows: Any) -> bool:
        return False

    return planted((pipeline, "replay", never), (Work, "keep_answer", overwrite))


@mutation
def evidence_for_the_other_side() -> Planting:
    """What one side brings counts as the other side's."""
    hear = dispute.hear

    def mistaken(contested: Dispute, submitter: str, now: int) -> Dispute:
        sides = {contested.initiator, contested.respondent}
        return hear(contested, (sides - {submitter}).pop(), now)

    return planted((dispute, "hear", mistaken))


@mutation
def silence_rule_inverted() -> Planting:
    """A buyer who says nothing about a delivery gets the money back."""

    def give_back(work: Work, completed: Order, why: str) -> None:
        waiting = replace(completed, state=OrderState.DELIVERED)
        orders.return_money(work, waiting, why)

    return planted(
        _also(ORDER, "return_money", DELIVERED="RETURNED"),
        _also(ORDER, "refund", DELIVERED="REFUNDED"),
        (sweep, "finish_order", give_back),
    )


@mutation
def task_stays_open_after_award() -> Planting:
    """An awarded task can be awarded once more."""

    def award(asked: Task, order_id: str, now: int) -> Task:
        task.check_open(asked, now)
        return replace(asked, order_id=order_id)

    return planted((task, "award", award))


@mutation
def expired_task_keeps_its_hold() -> Planting:
    """The budget of a task that nobody took is never given back."""
    return planted((sweep, "give_back", _nothing))
