"""Rollback: the market's own record that it goes on from an older log."""

from clawmarket.domain.trust.rollback import RollbackAccepted
from clawmarket.services.call import THE_MARKET
from clawmarket.services.pipeline import Pipeline


async def record_rollback(pipeline: Pipeline, accepted: RollbackAccepted) -> None:
    """Write into the log that a rollback was accepted, with both sizes."""
    call = pipeline.call(THE_MARKET, "market.acceptRollback")
    await pipeline.write(call, lambda work: work.emit(accepted))
