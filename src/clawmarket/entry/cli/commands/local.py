"""Commands that run something on this machine: a market, the tour, the verifier."""

import sys
from collections.abc import Callable

from clawmarket.domain.kernel.errors import Refused
from clawmarket.entry.cli.catalog import Entry
from clawmarket.entry.cli.invocation import Invocation, load
from clawmarket.entry.cli.output import finish, print_json, tell
from clawmarket.registry.codes import EXIT_DONE, EXIT_USAGE
from clawmarket.runtime.card import Card
from clawmarket.runtime.program import as_started

_CONFIG = "clawmarket.runtime.config:Config"
_SERVE = "clawmarket.runtime.serve:serve"
_TOUR = "clawmarket.entry.tour.stage:run_tour"
_VERIFY = "clawmarket.entry.cli.verify:verify"


class LocalRefusal(Exception):  # noqa: N818 - not a cause of its own; it carries one
    """A refusal about the operator's own files; `envelope` names them, unredacted."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__(refusal.what)
        self.envelope: Entry = local_envelope(refusal)


def local_envelope(refusal: Refused) -> Entry:
    """Return a refusal as it is shown to whoever owns the files that it names."""
    return {
        "ok": False,
        "error": f"{refusal.code}: {refusal.what} {refusal.advice}",
        "details": {
            **refusal.details,
            "cause": refusal.cause,
            "next": refusal.next_step,
            "retryable": refusal.retryable,
        },
    }


def on_own_files(run: Callable[[Invocation], int]) -> Callable[[Invocation], int]:
    """Let a command name the paths of the machine that it runs on when it is refused."""

    def command(invocation: Invocation) -> int:
        try:
            return run(invocation)
        except Refused as refusal:
            raise LocalRefusal(refusal) from refusal

    return command


def serve(invocation: Invocation) -> int:
    """Run a market until it is told to stop; what keeps it from starting is two lines."""

    def ready(card: Card) -> None:
        document = {"ok": True, **card.document()}
        finish(invocation, document, card.text().splitlines(), [card.url])
        sys.stdout.flush()

    try:
        config = load(_CONFIG).load(  # type: ignore[attr-defined]  # a class, loaded by its name
            home=invocation.values.get("home"),
            port=invocation.values.get("port"),
            faucet=bool(invocation.values.get("faucet")),
            public=invocation.values.get("public_url"),
        )
        load(_SERVE)(
            config,
            ready=ready,
            accept_rollback=bool(invocation.values.get("accept_rollback")),
        )
    except Refused as refusal:
        # The operator's own paths, on the operator's own terminal: nothing here is redacted.
        tell(f"error[{refusal.code}]: {refusal.what} {refusal.advice}")
        tell(f"next: {as_started(refusal.next_step)}")
        if invocation.as_json:
            print_json(local_envelope(refusal) | {"next": [refusal.next_step]})
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
        str(invocation.values["receipt"]),
        invocation.values.get("market_key"),
        invocation.as_json,
        quiet=invocation.quiet,
        fields=invocation.fields,
    )
    return status
