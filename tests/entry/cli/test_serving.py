"""`serve`: fields for programs, a card for people, and one line at the end."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SERVE = [sys.executable, "-m", "clawmarket", "serve", "--faucet", "--port", "0"]


def served(home: Path, *more: str, end: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
    """Run a market until its card is there, end it, and return what it printed."""
    process = subprocess.Popen(
        [*SERVE, "--home", str(home), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = ""
    for line in process.stdout:
        first += line
        if line.startswith("}") or "Ctrl+C" in line or "-q" in more:
            break
    process.send_signal(end)
    out, err = process.communicate(timeout=30)
    return process.returncode, first + out, err


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_market_that_is_told_to_stop_says_that_its_data_stays(
    home: Path, end: signal.Signals
) -> None:
    """Ctrl+C and SIGTERM are the same to it."""
    status, out, err = served(home / "market", end=end)
    last = f"ClawMarket has stopped; the data stays in {home / 'market'}."
    assert (status, err.splitlines()[-1]) == (0, last)
    assert out.startswith("ClawMarket is open.\n")


def test_the_card_for_programs_has_fields(home: Path) -> None:
    """No drawn lines on stdout; the operator's token is named by its file."""
    folder = home / "market"
    _, out, err = served(folder, "--json")
    card = json.loads(out)
    assert list(card) == [
        *("ok", "url", "listens", "pages", "home", "operatorToken", "vkey", "testMoney", "faucet"),
    ]
    assert card["listens"] == card["url"]
    assert (card["home"], card["operatorToken"]) == (str(folder), str(folder / "operator.token"))
    assert (card["testMoney"], card["faucet"]) == (True, "1000000000")
    assert card["pages"] == card["url"] + "/"
    assert "ClawMarket is open." not in out + err


def test_quiet_prints_the_address_alone(home: Path) -> None:
    """A script reads one line."""
    _, out, _ = served(home / "market", "-q")
    assert out.startswith("http://127.0.0.1:")
    assert out.count("\n") == 1
