"""What a rail answers: asked outside any transaction, carried out as the market's own command.

Nobody believes the answer to a move. What counts is what the rail says about the key when it is
looked up: so a lost answer, a late one and a wrong one come to the same. A key is sent again only
when the rail says that it never got it.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from clawmarket.domain.market import order as orders
from clawmarket.domain.market import order_rail
from clawmarket.domain.market.order import Order, OrderState
from clawmarket.domain.treasury import rail as rails
from clawmarket.domain.treasury import settlement as settlements
from clawmarket.domain.treasury.rail import RailState, RailStep, Step
from clawmarket.domain.treasury.settlement import Settlement
from clawmarket.domain.trust.redaction import redact_text
from clawmarket.ports.payments import (
    Declined,
    Move,
    Moved,
    Rail,
    RailSilentError,
    Unknown,
    Unseen,
)
from clawmarket.services.call import THE_MARKET
from clawmarket.services.market.consenting.endings import within_consent
from clawmarket.services.market.orders import conclude_refund, wind_up
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.treasury.moves import RowLostError
from clawmarket.services.treasury.rails import (
    ask_refund,
    book_lock,
    book_payment,
    closed_before,
    move_of,
    repeat,
)
from clawmarket.services.work import Work

METHOD = "market.rail.answer"
# Each question may take so long; the usual four of a round stay within the lease of their job.
PATIENCE_S = 6.0
MOST_SAID = 200

Known = Moved | Declined


async def ask_rail(pipeline: Pipeline, key: str) -> None:
    """Find out what came of a step and carry it out; does nothing for a step that is known.

    Raises RailSilentError if nobody knows yet: ask again later.
    """
    step = pipeline.ports.store.read(lambda rows: rows.get(RailStep, key))
    if step is None or step.state is not RailState.ASKED:
        return
    answer = _found(step) or await _ask(pipeline, step)
    call = pipeline.call(THE_MARKET, METHOD)
    await pipeline.write(call, lambda work: carry_out(work, key, answer))


def rail_of(pipeline: Pipeline, step: RailStep) -> Rail:
    """Return the rail that a step was asked of. Raises RailSilentError."""
    rail = pipeline.ports.rails.get(step.rail)
    if rail is None:
        raise RailSilentError(f"The rail {step.rail} is not connected to this market now.")
    return rail


def _found(step: RailStep) -> Known | None:
    """Return what a person found out, if the rail never said."""
    match step.found:
        case None:
            return None
        case True:
            return Moved(move_of(step), step.reference)
        case _:
            return Declined(step.key, step.reason)


async def _ask(pipeline: Pipeline, step: RailStep) -> Known:
    """Ask what came of a step, and of those that a person closed before it.

    A closed question may arrive late all the same: then this payment is made, under that key.
    Raises RailSilentError: it is unknown.
    """
    rail = rail_of(pipeline, step)
    closed = pipeline.ports.store.read(lambda rows: closed_before(rows, step))
    paid = await _paid_before(rail, step, closed)
    answer = paid or await question(rail, move_of(step))
    if isinstance(answer, Declined):
        return await _paid_before(rail, step, closed) or answer
    return answer


async def _paid_before(rail: Rail, step: RailStep, closed: Iterable[RailStep]) -> Moved | None:
    """Return this step as moved if the rail moved it under a key that was closed.

    Raises RailSilentError: it does not say, and a lock that goes on could pay it once more.
    """
    for earlier in closed:
        try:
            said = await look_up(rail, move_of(earlier))
        except RailSilentError:
            if step.step is Step.PART:
                raise
            continue
        if isinstance(said, Moved):
            return Moved(move_of(step), said.reference)
    return None


async def question(rail: Rail, move: Move) -> Known:
    """Ask a rail what came of a move, and send it if it never got there.

    Raises RailSilentError: it is unknown.
    """
    known = await look_up(rail, move)
    if isinstance(known, Unseen):
        await _send(rail, move)
        known = await look_up(rail, move)
    if isinstance(known, Unseen):
        raise RailSilentError("The rail has not got it yet.")
    # A wrong refusal lets go of money that moved, so it has to be said twice.
    if isinstance(known, Declined) and not isinstance(await look_up(rail, move), Declined):
        raise RailSilentError("The rail contradicts itself.")
    return known


async def look_up(rail: Rail, move: Move) -> Known | Unseen:
    """Return what a rail says of a move; only what fits the question counts as an answer.

    Raises RailSilentError: it is unknown.
    """
    try:
        answer: object = await asyncio.wait_for(rail.look_up(move.key), PATIENCE_S)
    except TimeoutError:
        raise RailSilentError("The rail did not answer in time.") from None
    match answer:
        case Moved(move=moved, reference=str() as reference) if moved == move:
            return replace(answer, reference=_cut(_storable(reference)))
        case Declined(key=key, reason=str() as reason) if key == move.key:
            return replace(answer, reason=_words(reason))
        case Unseen(key=key) if key == move.key:
            return answer
        case Unknown(why=str() as why):
            raise RailSilentError(f"The rail says: {_words(why)}")
        case _:
            raise RailSilentError("The rail's answer does not fit the question.")


def _words(said: str) -> str:
    """Return what a rail says as parties and records may have it, without its secrets."""
    return _cut(redact_text(_storable(said)))


def _storable(said: str) -> str:
    """Return a text without what neither JSON nor a database takes; of a long one its beginning."""
    whole = said[: 10 * MOST_SAID].encode("utf-8", "replace").decode("utf-8")
    return whole.replace("\x00", "")


def _cut(said: str) -> str:
    return said[:MOST_SAID]


async def _send(rail: Rail, move: Move) -> None:
    try:
        await asyncio.wait_for(rail.move(move), PATIENCE_S)
    except (TimeoutError, RailSilentError):
        return  # it may have arrived all the same; only looking it up tells


def carry_out(work: Work, key: str, answer: Known) -> None:
    """Do to order, settlement and ledger what a rail's answer means, once."""
    step = work.get(RailStep, key)
    order = work.get(Order, step.order_id) if step else None
    settlement = work.get(Settlement, step.settlement_id) if step else None
    if step is None or order is None or settlement is None:
        raise RowLostError("A step of a rail, its order or its settlement is missing.")
    if step.state is not RailState.ASKED:
        return
    work.involve(order.parties)
    if isinstance(answer, Moved):
        after, event = rails.confirm(step, answer.reference, work.now)
        work.save(after)
        work.emit(event)
        _moved(work, order, settlement, after)
    elif step.step is Step.LOCK or step.found is False:
        refused, told = rails.refuse(step, answer.reason, work.now)
        work.save(refused)
        work.emit(told)
        _refused(work, order, settlement, refused)
    else:
        stuck, said = rails.stick(step, answer.reason)
        work.save(stuck)
        work.emit(said)


def _moved(work: Work, order: Order, settlement: Settlement, step: RailStep) -> None:
    if step.step is Step.LOCK:
        _locked(work, order, settlement)
        return
    after = within_consent(work, _ended(order_rail.hear(order), step, work.now))
    work.save(orders.recorded(after, work.record_id))
    book_payment(work, settlement, step, order.milestone)
    if step.step is Step.REFUND:
        conclude_refund(work, after, step.why)
    elif after.is_over:
        wind_up(work, after)


def _locked(work: Work, order: Order, settlement: Settlement) -> None:
    book_lock(work, settlement)
    heard = order_rail.hear(order)
    if order.state is OrderState.CANCELLED:
        work.save(heard)
        ask_refund(work, heard, "the buyer cancelled before the rail had answered")
        return
    locked = order_rail.confirm_lock(heard, work.now)
    work.save(orders.recorded(locked, work.record_id))


def _refused(work: Work, order: Order, settlement: Settlement, step: RailStep) -> None:
    if step.step is Step.LOCK:
        work.save(settlements.refuse_lock(settlement))
        work.save(order_rail.refuse_lock(order, step.record_id))
        return
    asked = repeat(work, order, step)
    work.save(orders.recorded(asked, work.record_id))


def _ended(order: Order, step: RailStep, now: int) -> Order:
    """Return the order as a payment leaves it. Raises TransitionRefusedError."""
    if order.state is OrderState.CANCELLED:
        return order
    if order.state is OrderState.DISPUTED:
        return orders.rule(order, step.seller_amount + step.fee)
    if step.step is Step.REFUND:
        return orders.give_back(order)
    return orders.complete_by_silence(order, now)
