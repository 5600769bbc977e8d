"""What buyer and worker share: a process of its own that tells what it does, line by line.

Each line on stdout is one JSON object {"actor", "step", "text", "data"}; an error is a line with
the step `error` whose data has `code`, `cause` and `next`.
"""

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.money import format_amount
from clawmarket.entry.tour.agent import Agent, AgentError, Fields

T = TypeVar("T")

POLL_S = 0.1
ERROR = "error"


@dataclass(frozen=True, slots=True)
class Actor:
    """One agent at work.

    Args:
        name: What the tour calls it.
        agent: Its way to the market.
        deadline: When it gives up, on the monotonic clock.
    """

    name: str
    agent: Agent
    deadline: float

    def tell(self, step: str, text: str, **data: object) -> None:
        """Report one step that is done."""
        tell(self.name, step, text, data)

    def wait_for(self, ask: Callable[[], T | None], what: str) -> T:
        """Ask until there is an answer. Raises AgentError when the time is up."""
        while (found := ask()) is None:
            if time.monotonic() + POLL_S > self.deadline:
                raise AgentError(
                    f"The time was up while {self.name} waited for {what}.",
                    code="E_TIMEOUT",
                    next_step="clawmarket tour",
                )
            time.sleep(POLL_S)
        return found

    def sign_in(self) -> Fields:
        """Sign in, tell it and return the wallet. Raises AgentError where money is real."""
        self.agent.sign_in()
        wallet = self.agent.call("web3.wallet.show")
        if not wallet["testMoney"]:
            raise AgentError(
                "The credits of this market are no test money, and the tour spends nothing else.",
                code="E_CONFLICT",
                next_step="clawmarket serve --faucet",
            )
        total = total_of(wallet)
        text = f"signed in with a new wallet; {format_amount(total)} in the account"
        self.tell("signed_in", text, accountId=wallet["accountId"], total=total)
        return wallet

    def leave(self, **data: object) -> None:
        """Tell what is in the account at the end."""
        total = total_of(self.agent.call("web3.wallet.show"))
        self.tell("left", f"done; {format_amount(total)} in the account", total=total, **data)


def tell(name: str, step: str, text: str, data: Any) -> None:  # noqa: ANN401 - any JSON value
    """Write one line of the report; ASCII, so that no locale can spoil it."""
    line = {"actor": name, "step": step, "text": text, "data": data}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def total_of(wallet: Fields) -> int:
    """Return what an account has, free and set aside, in minor units."""
    return int(wallet["available"]) + int(wallet["held"])


def arguments(description: str) -> ArgumentParser:
    """Return a parser for what every actor is started with."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--url", required=True, help="where the market is")
    parser.add_argument("--name", required=True, help="what the tour calls this agent")
    parser.add_argument("--skills", required=True, help="what it can do or needs, by commas")
    parser.add_argument("--mark", required=True, help="the tour it belongs to")
    parser.add_argument("--seconds", type=float, default=60.0, help="when it gives up")
    parser.add_argument("--home", type=Path, help="where to keep the wallet; otherwise it is lost")
    return parser


def perform(play: Callable[[Actor, Namespace], None], given: Namespace) -> int:
    """Let an actor play its part and return its exit status; what goes wrong is told."""
    deadline = time.monotonic() + given.seconds
    try:
        wallet = Wallet.create(SystemEntropy())
        if given.home is not None:
            wallet.save(given.home / "wallet.json")
        agent = Agent(given.url, wallet)
        play(Actor(given.name, agent, deadline), given)
        agent.close()
    except AgentError as error:
        _tell_error(given.name, error)
    except Refused as error:
        _tell_error(given.name, _own_refusal(error))
    except Exception as error:  # noqa: BLE001 - the edge of the process
        what = f"A defect of the tour: {type(error).__name__}: {error}"
        _tell_error(given.name, AgentError(what))
    else:
        return 0
    return 1


def _own_refusal(error: Refused) -> AgentError:
    return AgentError(
        f"{error.what} {error.advice}",
        code=error.code,
        cause=error.cause,
        next_step=error.next_step,
    )


def _tell_error(name: str, error: AgentError) -> None:
    data = {"code": error.code, "cause": error.cause, "next": error.next_step}
    tell(name, ERROR, error.what, data)
