"""`python -m bench [NAME…]`: measure all figures, or those whose group is named."""

import sys

import uvloop

from bench.billing import reserve_figures
from bench.board import board_figures
from bench.log import audit_figures
from bench.money import batch_figures, sweep_figures
from bench.plugin import guard_figures, status_figures
from bench.postgres import postgres_figures
from bench.size import help_figures, memory_figures
from bench.trading import group_commit_figures, growth_figures, lifecycle_figures
from bench.waiting import restart_figures, timers_figures
from bench.wire import http_figures

GROUPS = {
    "memory": memory_figures,
    "lifecycle": lifecycle_figures,
    "group_commit": group_commit_figures,
    "growth": growth_figures,
    "http": http_figures,
    "audit": audit_figures,
    "ledger_batch": batch_figures,
    "sweep": sweep_figures,
    "timers": timers_figures,
    "restart": restart_figures,
    "postgres": postgres_figures,
    "help": help_figures,
    "plugin_status": status_figures,
    "guard": guard_figures,
    "reserve": reserve_figures,
    "board": board_figures,
}


async def measure(names: list[str]) -> None:
    """Print each figure as soon as it is there."""
    for name in names or GROUPS:
        async for figure in GROUPS[name]():
            print(figure.line(), flush=True)


if __name__ == "__main__":
    unknown = sorted(set(sys.argv[1:]) - set(GROUPS))
    if unknown:
        sys.exit(f"There is no group {', '.join(unknown)}. The groups: {', '.join(GROUPS)}.")
    uvloop.run(measure(sys.argv[1:]))
