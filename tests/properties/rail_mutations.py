"""Planted bugs of the rail's code, each of a kind that pays twice, loses track or lets go.

Planted as those of the simulation are: where the code looks a name up when it is called.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

from clawmarket.domain.kernel import job as jobs
from clawmarket.domain.market import order, order_rail
from clawmarket.domain.market.order import ORDER, Order
from clawmarket.domain.treasury import rail as rails
from clawmarket.domain.treasury import settlement as settlements
from clawmarket.domain.treasury.account import FEES, beyond
from clawmarket.domain.treasury.rail import RAIL, RailState, RailStep, Step
from clawmarket.domain.treasury.settlement import SETTLEMENT, Settlement
from clawmarket.ports.payments import Declined, Move, Moved, Rail, RailSilentError, Unseen
from clawmarket.services.operate import repair
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.treasury import rail_answers
from clawmarket.services.treasury import rails as asking
from clawmarket.services.work import Work
from simulation.mutations import Planting, planted

RAIL_MUTATIONS: dict[str, Callable[[], Planting]] = {}


def mutation(plant: Callable[[], Planting]) -> Callable[[], Planting]:
    """Keep a planted bug under the name of its function."""
    RAIL_MUTATIONS[plant.__name__] = plant
    return plant


def _also(machine: Any, action: str, **steps: str) -> tuple[Any, str, Any]:
    states = type(machine.initial[0])
    more = {states[before]: states[after] for before, after in steps.items()}
    return machine.moves, action, {**machine.moves[action], **more}


def _nothing(*_args: Any, **_kwargs: Any) -> None:
    """Do nothing where something was to be done."""


@mutation
def sends_without_looking_up() -> Planting:
    """Each attempt sends the key again."""

    async def question(rail: Rail, move: Move) -> Moved | Declined:
        await rail_answers._send(rail, move)
        known = await rail_answers.look_up(rail, move)
        if isinstance(known, Unseen):
            raise RailSilentError("Not there yet.")
        return known

    return planted((rail_answers, "question", question))


@mutation
def believes_the_answer_to_a_move() -> Planting:
    """What the rail answers to the sending counts as what it did."""
    careful = rail_answers.question

    async def question(rail: Rail, move: Move) -> Moved | Declined:
        known = await rail_answers.look_up(rail, move)
        if isinstance(known, Unseen):
            said: object = await rail.move(move)
            if isinstance(said, Moved | Declined):
                return said
        return await careful(rail, move)

    return planted((rail_answers, "question", question))


@mutation
def error_of_a_move_is_a_refusal() -> Planting:
    """A question that failed is taken for one that did nothing."""

    async def question(rail: Rail, move: Move) -> Moved | Declined:
        known = await rail_answers.look_up(rail, move)
        if isinstance(known, Unseen):
            try:
                await rail.move(move)
            except RailSilentError as silence:
                return Declined(move.key, silence.what)
            known = await rail_answers.look_up(rail, move)
        if isinstance(known, Unseen):
            raise RailSilentError("Not there yet.")
        return known

    return planted((rail_answers, "question", question))


@mutation
def new_key_per_attempt() -> Planting:
    """Each retry is another payment."""
    attempts, move_of = count(), asking.move_of

    def another(step: RailStep) -> Move:
        move = move_of(step)
        return replace(move, key=f"{move.key}.{next(attempts)}")

    return planted((rail_answers, "move_of", another))


@mutation
def unknown_is_refused() -> Planting:
    """A rail that cannot say is taken for one that says no."""
    look_up = rail_answers.look_up

    async def hasty(rail: Rail, move: Move) -> Moved | Declined | Unseen:
        try:
            return await look_up(rail, move)
        except RailSilentError as silence:
            return Declined(move.key, silence.what)

    return planted((rail_answers, "look_up", hasty))


@mutation
def unknown_is_moved() -> Planting:
    """A rail that cannot say is taken for one that did it."""
    look_up = rail_answers.look_up

    async def hasty(rail: Rail, move: Move) -> Moved | Declined | Unseen:
        try:
            return await look_up(rail, move)
        except RailSilentError:
            return Moved(move, "")

    return planted((rail_answers, "look_up", hasty))


@mutation
def one_refusal_is_enough() -> Planting:
    """A refusal is believed when it is said once."""

    async def question(rail: Rail, move: Move) -> Moved | Declined:
        known = await rail_answers.look_up(rail, move)
        if isinstance(known, Unseen):
            await rail_answers._send(rail, move)
            known = await rail_answers.look_up(rail, move)
        if isinstance(known, Unseen):
            raise RailSilentError("Not there yet.")
        return known

    return planted((rail_answers, "question", question))


@mutation
def late_answer_is_booked_again() -> Planting:
    """Two askers of one step hear the same, and each books it."""
    carry_out = rail_answers.carry_out

    def again(work: Work, key: str, answer: Moved | Declined) -> None:
        step = work.get(RailStep, key)
        if step is not None and step.state is RailState.MOVED:
            if step.step is Step.RELEASE:
                seller = work.balance(step.payee, step.asset)
                work.keep_balance(replace(seller, earned=seller.earned + step.seller_amount))
                moves = [(beyond(step.rail, step.payee), 1), (FEES, -1)]
                work.post("release", step.order_id, step.asset, moves)
            return
        carry_out(work, key, answer)

    return planted((rail_answers, "carry_out", again))


@mutation
def lock_is_booked_again() -> Planting:
    """A lock that is confirmed twice is held twice."""
    carry_out = rail_answers.carry_out

    def again(work: Work, key: str, answer: Moved | Declined) -> None:
        step = work.get(RailStep, key)
        if step is not None and step.state is RailState.MOVED and step.step is Step.LOCK:
            balance = work.balance(step.payer, step.asset)
            work.keep_balance(balance.moved(held=step.locked))
            return
        carry_out(work, key, answer)

    return planted((rail_answers, "carry_out", again))


@mutation
def lock_after_cancel_is_kept() -> Planting:
    """What was locked for an order that its buyer had cancelled does not go back."""
    return planted((rail_answers, "ask_refund", _nothing))


@mutation
def silence_ends_what_is_asked() -> Planting:
    """The deadline of an order goes on while its rail is asked, and ends it."""
    ask_lock, ask_payment = order_rail.ask_lock, order_rail.ask_payment

    def waiting(known: Order, settlement_id: str, key: str, now: int) -> Order:
        return replace(ask_lock(known, settlement_id, key, now), acts_at=known.acts_at)

    def paying(known: Order, key: str) -> Order:
        return replace(ask_payment(known, key), acts_at=known.acts_at)

    def step(known: Order, action: str) -> Any:
        return ORDER.step(known.state, action, orderId=known.order_id)

    return planted(
        (order_rail, "ask_lock", waiting),
        (order_rail, "ask_payment", paying),
        (order, "_step", step),
    )


@mutation
def moves_go_on_while_asked() -> Planting:
    """Parties can move an order whose rail is asked."""

    def step(known: Order, action: str) -> Any:
        return ORDER.step(known.state, action, orderId=known.order_id)

    return planted((order, "_step", step))


@mutation
def finding_moves_more() -> Planting:
    """What a person found out is booked twice over."""
    divide = rails.divide

    def twice(settlement: Settlement, step: RailStep) -> Settlement:
        found = replace(step, refund_amount=2 * step.refund_amount, fee=2 * step.fee)
        return divide(settlement, found if step.found else step)

    return planted((rails, "divide", twice))


@mutation
def answer_after_a_finding_counts() -> Planting:
    """A question that a person closed is carried out when its answer comes after all."""
    carry_out = rail_answers.carry_out

    def late(work: Work, key: str, answer: Moved | Declined) -> None:
        step = work.get(RailStep, key)
        if step is not None and step.state is RailState.REFUSED and isinstance(answer, Moved):
            work.save(replace(step, state=RailState.ASKED))
        carry_out(work, key, answer)

    return planted((rail_answers, "carry_out", late))


@mutation
def closed_questions_are_forgotten() -> Planting:
    """What a person closed is never looked up again, though it may have arrived."""
    return planted((rail_answers, "closed_before", lambda *_: []))


@mutation
def person_overrules_the_rail() -> Planting:
    """What a person says counts though the rail says otherwise."""

    async def unchecked(_pipeline: Pipeline, _step: RailStep, *, moved: bool) -> None:
        """Believe whatever `moved` is."""

    return planted((repair, "_check_with_rail", unchecked))


@mutation
def refused_payment_is_let_go() -> Planting:
    """A payment that the rail refuses counts as one that a person closed."""
    return planted(
        _also(RAIL, "stick", ASKED="REFUSED"),
    )


@mutation
def refused_payment_is_asked_anew() -> Planting:
    """A payment that the rail refuses is asked for under the next key at once."""
    carry_out = rail_answers.carry_out

    def anew(work: Work, key: str, answer: Moved | Declined) -> None:
        step = work.get(RailStep, key)
        known = work.get(Order, step.order_id) if step else None
        if step is None or known is None:
            return
        refused = isinstance(answer, Declined) and step.step is not Step.LOCK
        if refused and step.state is RailState.ASKED:
            work.save(replace(step, state=RailState.REFUSED))
            work.save(asking.repeat(work, known, step))
            return
        carry_out(work, key, answer)

    return planted((rail_answers, "carry_out", anew))


@mutation
def asking_is_given_up() -> Planting:
    """After eight attempts nobody asks any more."""
    return planted((jobs, "ENDLESS", frozenset[str]()))


@mutation
def nobody_asks_after_a_finding() -> Planting:
    """A payment that is owed anew has no job of its own."""

    def repeat(work: Work, known: Order, step: RailStep) -> Order:
        key = asking.next_key(work, step.settlement_id, step.step)
        fresh = replace(step, key=key, state=RailState.ASKED, answered_at=None, found=None)
        work.add(fresh)
        work.emit(rails.asked(fresh))
        return order_rail.ask_payment(order_rail.hear(known), key)

    return planted((rail_answers, "repeat", repeat))


@mutation
def refused_lock_stays_asked() -> Planting:
    """An order whose lock was refused goes on waiting for its rail."""

    def refuse_lock(known: Order, _asked_in: str) -> Order:
        return known

    return planted((order_rail, "refuse_lock", refuse_lock))


@mutation
def paid_to_the_payer() -> Planting:
    """What a rail paid the seller is booked as the buyer's."""

    def mistaken(rail: str, _account: str) -> str:
        return beyond(rail, "agent_of_nobody")

    return planted((asking, "beyond", mistaken))


@mutation
def refund_is_never_concluded() -> Planting:
    """An order that its rail paid back stays as it was."""

    def ended(known: Order, step: RailStep, now: int) -> Order:
        if step.step is Step.REFUND:
            return replace(known, acts_at=now)
        return order.complete_by_silence(known, now)

    return planted((rail_answers, "_ended", ended))


@mutation
def settlement_forgets_that_it_waits() -> Planting:
    """A settlement stays locked while its rail is asked, so that it can be asked twice."""
    return planted(
        (settlements, "await_rail", lambda known, _asked: known),
        _also(SETTLEMENT, "confirm_release", LOCKED="RELEASED"),
        _also(SETTLEMENT, "confirm_refund", LOCKED="REFUNDED"),
    )
