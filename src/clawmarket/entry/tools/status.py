"""The tool that looks at the market: sections asked at the same time, within one budget."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from clawmarket.domain.trust.redaction import redact_text
from clawmarket.entry.tools.tool import Tool
from clawmarket.entry.tools.using import Fields, ToolUse, credit
from clawmarket.registry.fields import Request

MIN_BUDGET_MS, BUDGET_MS, MAX_BUDGET_MS = 100, 3_000, 30_000

Section = Literal["web3", "market", "ledger", "tasks", "orders", "metrics"]

_ENVELOPE = frozenset({"ok", "requestId", "testMoney", "items", "nextCursor"})
_SAMPLES = 3
# What a list's items are named by; a task that was awarded names its order too.
_IDS = {"tasks": "taskId", "orders": "orderId"}


@dataclass(frozen=True, slots=True)
class Probe:
    """One section of a status: the method that is asked, and what else a deep look asks for.

    `amounts` are the fields that are shown in credits; `*` stands for every name there is.
    """

    section: Section
    method: str
    deep_only: bool = False
    deep_params: Mapping[str, object] = field(default_factory=dict)
    amounts: tuple[str, ...] = ()


PROBES = (
    Probe("web3", "web3.status.summary", deep_params={"deep": True}),
    Probe("market", "web3.market.status.summary", amounts=("fees",)),
    Probe("ledger", "web3.market.ledger.summary", amounts=("totalCost", "paid", "byUnit.*.cost")),
    Probe("tasks", "web3.market.listTasks", deep_only=True, deep_params={"limit": 50}),
    Probe("orders", "web3.market.order.list", deep_only=True, deep_params={"limit": 50}),
    Probe(
        "metrics",
        "web3.metrics.snapshot",
        deep_only=True,
        amounts=("billing.creditsUsed", "billing.creditsReserved", "billing.creditsTraded"),
    ),
)


class MarketStatusTool(Request):
    """How closely to look, for how long, and at what."""

    profile: Annotated[
        Literal["fast", "deep"],
        Field(
            description="fast: the summaries. deep: the market's own checks, lists and metrics too."
        ),
    ] = "fast"
    timeout_ms: Annotated[
        int,
        Field(
            strict=True,
            ge=MIN_BUDGET_MS,
            le=MAX_BUDGET_MS,
            description="Milliseconds for all of it; what is late is left out and named.",
        ),
    ] = BUDGET_MS
    include: Annotated[
        list[Section],
        Field(
            min_length=1,
            max_length=len(PROBES),
            json_schema_extra={"uniqueItems": True},
            description="Only these sections, of a fast look too; without it all of the profile.",
        ),
    ] = [probe.section for probe in PROBES]  # noqa: RUF012 - the model is frozen


async def market_status(using: ToolUse, request: MarketStatusTool) -> Fields:
    """Look at every section that is wanted; what fails is named and holds up no other."""
    deep = request.profile == "deep"
    # Whoever names some sections wants those; all together are the profile's choice.
    named = len(set(request.include)) < len(PROBES)
    probes = [
        p for p in PROBES if p.section in request.include and (deep or named or not p.deep_only)
    ]
    found = await asyncio.gather(*(_section(using, p, request, deep=deep) for p in probes))
    return {
        "profile": request.profile,
        "sections": {name: {"value": value} for name, value, _ in found if value is not None},
        "errors": [{"section": name, "error": said} for name, _, said in found if said],
    }


async def _section(
    using: ToolUse, probe: Probe, request: MarketStatusTool, *, deep: bool
) -> tuple[str, Fields | None, str]:
    params = dict(probe.deep_params) if deep or probe.deep_only else {}
    try:
        async with asyncio.timeout(request.timeout_ms / 1000):
            answer = await using.ask(probe.method, **params)
            return probe.section, _in_credits(probe, _told(probe.section, answer)), ""
    except TimeoutError:
        late = f"E_TIMEOUT: No answer within {request.timeout_ms} ms."
        return probe.section, None, late
    except using.market.refusals as refusal:
        return probe.section, None, _text(refusal)


def _text(refusal: Exception) -> str:
    code, text = getattr(refusal, "code", "E_INTERNAL"), redact_text(str(refusal))
    return text if text.startswith(code) else f"{code}: {text}"


def _told(section: Section, answer: Fields) -> Fields:
    """Return what the market said; of a list how much of what, and no word of strangers."""
    items = answer.get("items")
    if not isinstance(items, list):
        return {name: value for name, value in answer.items() if name not in _ENVELOPE}
    return {
        "count": len(items),
        "more": answer["nextCursor"] is not None,
        "byStatus": dict(Counter(item["status"] for item in items)),
        "newest": [item[_IDS[section]] for item in items[:_SAMPLES]],
    }


def _in_credits(probe: Probe, told: Fields) -> Fields:
    for path in probe.amounts:
        told = _converted(told, *path.split("."))
    return told


def _converted(fields: Fields, name: str, *rest: str) -> Fields:
    names = list(fields) if name == "*" else [name]
    return fields | {n: _converted(fields[n], *rest) if rest else credit(fields[n]) for n in names}


MARKET_STATUS = Tool(
    "web3_market_status",
    "Market status",
    "Look at the market: who it is, how it is, how much stands in which state. Reads only.",
    MarketStatusTool,
    tuple(probe.method for probe in PROBES),
    market_status,
)
