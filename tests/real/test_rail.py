"""A rail in a process of its own, killed and started again, under a market that is killed too."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from real.server import Fields, Server, Start

PATIENCE_S = 60.0
PROGRAM = Path(__file__).parent / "rail_process.py"


@dataclass
class RailProcess:
    """A rail that remembers across its deaths."""

    file: Path
    port: int = 0
    runs: "list[subprocess.Popen[str]]" = field(default_factory=list)

    def start(self, lives: int = 0) -> None:
        """Start it, to die right after so many moves; at the port that it had."""
        line = [sys.executable, str(PROGRAM), str(self.port), str(self.file), str(lives)]
        process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        self.runs.append(process)
        assert process.stdout is not None
        self.port = int(process.stdout.readline())

    def end(self) -> None:
        """Kill what runs."""
        for process in self.runs:
            process.kill()
            process.wait(timeout=30)
            if process.stdout is not None:
                process.stdout.close()

    def done(self) -> list[str]:
        """Return the key of every move that arrived."""
        return [json.loads(line)["key"] for line in self.file.read_text().splitlines()]


@pytest.fixture
def rail(tmp_path: Path) -> Iterator[RailProcess]:
    """A rail that runs."""
    process = RailProcess(tmp_path / "rail.jsonl")
    process.start(lives=1)
    yield process
    process.end()


def until(server: Server, key: str, order_id: str, status: str) -> None:
    """Ask until an order stands so."""
    end = time.monotonic() + PATIENCE_S
    shown: Fields = {}
    while time.monotonic() < end:
        shown = server.call(key, "web3.market.order.get", orderId=order_id)
        if shown["status"] == status:
            return
        time.sleep(0.05)
    pytest.fail(f"{order_id} stands at {shown['status']} and not at {status}")


def ordered(server: Server, seller: str, buyer: str) -> str:
    """Return an order of 5.00."""
    offer = server.call(seller, "web3.market.offer.create", title="A page", price="5000000")
    named = {"offerId": offer["offerId"]}
    server.call(seller, "web3.market.offer.publish", **named)
    return str(server.call(buyer, "web3.market.order.create", **named)["orderId"])


def test_neither_death_moves_a_key_twice(start: Start, tmp_path: Path, rail: RailProcess) -> None:
    """The rail dies between doing and answering, the market between asking and hearing."""
    named = {"rail": f"http://127.0.0.1:{rail.port}"}
    server = start(tmp_path / "home", **named)
    buyer, seller = server.newcomer(), server.newcomer()
    order_id = ordered(server, seller, buyer)
    lock = "web3.market.settlement.lock"
    settlement = server.call(buyer, lock, orderId=order_id, rail="http")["settlementId"]
    rail.runs[0].wait(timeout=30)
    status = server.call(buyer, "web3.market.settlement.status", orderId=order_id)["status"]
    assert (status, rail.done()) == ("settlement_locking", [f"{settlement}.001.lock"])

    rail.start(lives=1)
    until(server, buyer, order_id, "payment_locked")
    delivery = server.call(seller, "web3.market.delivery.issue", orderId=order_id)["deliveryId"]
    server.call(seller, "web3.market.delivery.complete", deliveryId=delivery)
    released = server.call(buyer, "web3.market.settlement.release", orderId=order_id)
    assert released["status"] == "settlement_releasing"
    rail.runs[1].wait(timeout=30)
    server.kill()
    rail.start()
    again = start(tmp_path / "home", **named)
    until(again, buyer, order_id, "settlement_completed")

    assert rail.done() == [f"{settlement}.001.lock", f"{settlement}.002.release"]
    summary = again.call(buyer, "web3.market.reconciliation.summary", orderId=order_id)
    assert (summary["agrees"], summary["rail"]["paid"]) == (True, "4950000")

    rail.end()
    asked = "-m", "clawmarket", "reconcile", order_id
    env = os.environ | {"CLAWMARKET_API_KEY": buyer, "CLAWMARKET_URL": again.url}
    shown = subprocess.run(
        [sys.executable, *asked], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert shown.returncode == 1, shown.stderr
    assert "verdict     NOT ALL IS KNOWN: the rail does not answer\n" in shown.stdout
    assert shown.stdout.splitlines()[-1] == f"next: clawmarket reconcile {order_id}"
