"""`clawmarket tour`: a market, a buyer and two workers, each a process, close one paid deal."""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from json import JSONDecodeError, loads
from pathlib import Path
from typing import Any

from clawmarket.adapters.clock.system import SystemClock
from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.domain.kernel.errors import UnavailableError
from clawmarket.domain.kernel.money import parse_decimal
from clawmarket.domain.kernel.own_text import OwnText
from clawmarket.entry.cli.catalog import exit_status
from clawmarket.entry.cli.output import print_json, print_lines, tell
from clawmarket.entry.cli.remote.client import Market
from clawmarket.entry.cli.remote.session import market_url
from clawmarket.entry.tour.cast import (
    Cast,
    Line,
    TourFailedError,
    interruptible,
    throwaway_folder,
)
from clawmarket.entry.tour.papers import default_document, read_file
from clawmarket.entry.tour.screen import (
    Event,
    Outcome,
    Screen,
    Share,
    money_lines,
    outcome_document,
    outcome_lines,
    screen_of,
)
from clawmarket.runtime.program import as_started

DEADLINE_S = 60.0
BUDGET, SKILLS = "50", "summarize,markdown"
PRICES = {"worker 1": "40", "worker 2": "45"}
MARKET, BUYER = "the market", "buyer"

_URL = re.compile(r"\s*market\s+(http://\S+)")


class StageMissingError(UnavailableError):
    """No market answers where the tour was to play."""

    advice = "Start one with a faucet there, or leave --url out: the tour opens its own."
    next_command = "clawmarket status --url {url}"
    retryable = False


def run_tour(file: Path | None, url: str | None, *, keep: bool, as_json: bool = False) -> int:
    """Play a whole deal, show it, and return the exit status: 0, or that of what went wrong.

    Args:
        file: The document to have digested; None for this project's or a sample.
        url: A market with test money; None for one of its own, thrown away afterwards.
        keep: Keep the folder with the market, the wallets and the logs.
        as_json: Print one JSON document instead of lines for people.

    Raises:
        DocumentUnusableError: The file is missing, too large or not UTF-8; nothing was started.
        AddressInvalidError: The market's address cannot be used.
        StageMissingError: No market answers there.
    """
    document = (file or default_document()).absolute()
    read_file(document)
    address = None if url is None else _stage_at(market_url(url))
    screen = screen_of(as_json=as_json)
    with interruptible(), throwaway_folder(keep=keep) as folder:
        try:
            with Cast(folder, time.monotonic() + DEADLINE_S) as cast:
                outcome = _play(cast, screen, document, address, keep=keep)
        except TourFailedError as failure:
            return _fail(failure, folder if keep else None, as_json=as_json)
    if as_json:
        print_json(outcome_document(outcome))
    else:
        print_lines(outcome_lines(outcome))
    return 0


def _stage_at(url: str) -> str:
    """Return the address of a market that answers, so that nothing is started in vain."""
    market = Market(url, None)
    try:
        market.call("web3.status.summary")
    except UnavailableError:
        raise StageMissingError(f"No market answers at {url}.", url=OwnText(url)) from None
    finally:
        market.close()
    return url


def _play(cast: Cast, screen: Screen, document: Path, url: str | None, *, keep: bool) -> Outcome:
    own = "TEST MONEY. " if url is None else ""
    screen.say(f"Three agents close one deal. {own}Times are UTC.")
    address = url or _open_market(cast)
    screen.say(f"market {address}, document {document.name}")
    _start_actors(cast, document, address, keep=keep)
    steps = [screen.show(event) for event in _events(cast)]
    outcome = Outcome(
        steps=steps,
        shares=_shares(steps, has_own_market=url is None),
        order_id=_data_of(steps, BUYER, "hired")["orderId"],
        receipt=_data_of(steps, BUYER, "kept")["path"],
        vkey=_data_of(steps, BUYER, "left")["vkey"],
        kept=cast.folder if keep else None,
    )
    _verify(cast, outcome)
    return outcome


def _open_market(cast: Cast) -> str:
    home = cast.folder / "market"
    cast.start(MARKET, "clawmarket", "serve", "--faucet", "--port", "0", home=home)
    while (line := cast.next_line()).text is not None:
        if match := _URL.match(line.text):
            return match[1]
    raise TourFailedError(MARKET, f"It did not open: {cast.last_words(MARKET)}")


def _start_actors(cast: Cast, document: Path, url: str, *, keep: bool) -> None:
    # The mark keeps the three together on a market with other people on it.
    mark = SystemEntropy().draw(4).hex()

    def start(name: str, module: str, *more: str) -> None:
        common = ["--url", url, "--name", name, "--skills", SKILLS, "--mark", mark]
        # A second less: an actor knows better than the stage what it waited for.
        common += ["--seconds", f"{cast.seconds_left() - 1:.1f}"]
        if keep:
            common += ["--home", str(cast.folder / name.replace(" ", "-"))]
        cast.start(name, f"clawmarket.entry.tour.{module}", *common, *more)

    budget = str(parse_decimal(BUDGET))
    start(BUYER, "buyer", f"--file={document}", "--budget", budget, "--bids", str(len(PRICES)))
    for name, price in PRICES.items():
        start(name, "worker", "--price", str(parse_decimal(price)))


def _events(cast: Cast) -> Iterator[Event]:
    """Yield the actors' steps until all of them left. Raises TourFailedError."""
    clock = SystemClock()
    playing = {BUYER, *PRICES}
    while playing:
        line = cast.next_line()
        if line.text is None:
            _check_end(cast, line)
            playing.discard(line.name)
        elif line.name in playing:
            event = _event(line, clock.now())
            if event.step == "error":
                code, next_step = str(event.data["code"]), str(event.data["next"])
                raise TourFailedError(event.actor, event.text, next_step, code)
            yield event


def _event(line: Line, now: int) -> Event:
    try:
        said: Any = loads(line.text or "")
        return Event(line.name, said["step"], said["text"], said["data"], now)
    except (JSONDecodeError, TypeError, KeyError):
        raise TourFailedError(line.name, f"It wrote no step: {line.text}") from None


def _check_end(cast: Cast, line: Line) -> None:
    if line.status != 0 or line.name == MARKET:
        what = f"Its process ended with status {line.status}: {cast.last_words(line.name)}"
        raise TourFailedError(line.name, what)


def _shares(steps: Sequence[Event], *, has_own_market: bool) -> list[Share]:
    """Return who paid what. Raises TourFailedError unless it adds up to zero."""
    left, fee = _data_of(steps, BUYER, "left"), _data_of(steps, BUYER, "paid")["fee"]
    party = f"{MARKET}, fee {left['feeBps'] / 100:g} %"
    market = Share(party, None, None, fee)  # on other people's market other fees come in as well
    if has_own_market:
        before, after = left["feesBefore"], left["feesAfter"]
        market = Share(party, before, after, after - before)
    shares = [*(_share(steps, actor) for actor in (BUYER, *PRICES)), market]
    if sum(share.change for share in shares) != 0 or market.change != fee:
        table = "\n".join(money_lines(shares))
        raise TourFailedError(MARKET, f"The money does not add up:\n{table}")
    return shares


def _share(steps: Sequence[Event], actor: str) -> Share:
    before = _data_of(steps, actor, "signed_in")["total"]
    left = _data_of(steps, actor, "left")
    roles = {None: "", True: ", hired", False: ", turned down"}
    role = roles[left.get("hired")]
    return Share(actor + role, before, left["total"], left["total"] - before)


def _data_of(steps: Sequence[Event], actor: str, step: str) -> dict[str, Any]:
    return next(event.data for event in steps if (event.actor, event.step) == (actor, step))


def _verify(cast: Cast, outcome: Outcome) -> None:
    """Let the verifier, a process that asks no market, judge the receipt."""
    cast.start("verifier", "clawmarket", "verify", outcome.receipt, "--key", outcome.vkey)
    if cast.status_of("verifier") != 0:
        raise TourFailedError("verifier", f"{outcome.receipt} does not hold.", outcome.check)


def _fail(failure: TourFailedError, kept: Path | None, *, as_json: bool) -> int:
    what = f"{failure.actor}: {failure.what}"
    tell(f"error[{failure.code}]: {what}", f"next: {as_started(failure.next_step)}")
    if as_json:
        details = {"actor": failure.actor, "next": failure.next_step}
        print_json({"ok": False, "error": f"{failure.code}: {what}", "details": details})
    else:
        lines = [] if kept is None else [f"kept: {kept}"]
        sys.stdout.write("\n".join([*lines, "tour: failed"]) + "\n")
    return exit_status(failure.code)
