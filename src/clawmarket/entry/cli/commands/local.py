"""Commands that run something on this machine: a market, the tour, the verifier."""

import sys

from clawmarket.domain.kernel.errors import Refused
from clawmarket.entry.cli.invocation import Invocation, load
from clawmarket.entry.cli.output import print_json, tell
from clawmarket.registry.codes import EXIT_DONE, EXIT_USAGE

_CONFIG = "clawmarket.runtime.config:Config"
_SERVE = "clawmarket.runtime.serve:serve"
_TOUR = "clawmarket.entry.tour.stage:run_tour"
_VERIFY = "clawmarket.entry.cli.verify:verify"


def serve(invocation: Invocation) -> int:
    """Run a market until it is told to stop; what keeps it from starting is one line."""

    def ready(card: str) -> None:
        print_json({"ok": True, "card": card.splitlines()})
        sys.stdout.flush()
        tell(card)

    try:
        config = load(_CONFIG).load(  # type: ignore[attr-defined]  # a class, loaded by its name
            home=invocation.values.get("home"),
            port=invocation.values.get("port"),
            faucet=bool(invocation.values.get("faucet")),
        )
        load(_SERVE)(config, ready=ready if invocation.as_json else None)
    except Refused as refusal:
        # The operator's own paths, on the operator's own terminal: nothing here is redacted.
        line = f"{refusal.code}: {refusal.what} {refusal.advice}"
        tell(f"error[{refusal.code}]: {refusal.what} {refusal.advice}")
        if invocation.as_json:
            print_json({"ok": False, "error": line, "details": {"cause": refusal.cause}})
        return EXIT_USAGE
    return EXIT_DONE


def tour(invocation: Invocation) -> int:
    """Play a whole deal on a market of its own, or on the one that is named."""
    outcome: int | None = load(_TOUR)(
        invocation.values.get("file"),
        invocation.url,
        keep=bool(invocation.values.get("keep")),
        as_json=invocation.as_json,
    )
    return outcome or 0


def verify(invocation: Invocation) -> int:
    """Check a receipt file offline."""
    status: int = load(_VERIFY)(
        str(invocation.values["receipt"]), invocation.values.get("market_key"), invocation.as_json
    )
    return status
