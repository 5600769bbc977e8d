"""Rate limits in headers: what a caller may still ask, as far as this process counts it."""

from fastapi import Request

from clawmarket.services.call import Caller
from clawmarket.services.pipeline import Pipeline


def pace_headers(request: Request) -> dict[str, str]:
    """Return RateLimit-Limit, -Remaining and -Reset of an account; nothing without a limit."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None or not caller.account_id:
        return {}
    pipeline: Pipeline = request.app.state.pipeline
    pace = pipeline.limits.pace_of(caller.account_id, pipeline.ports.clock.now())
    if pace is None:
        return {}
    return {
        "RateLimit-Limit": str(pace.burst),
        "RateLimit-Remaining": str(pace.left),
        "RateLimit-Reset": str(pace.full_in_s),
    }
