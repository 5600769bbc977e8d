"""One lifecycle of a market: a deal from its task to its receipt, and a task that nobody wanted.

Each command has an idempotency key of its own. After a crash all of them are sent again, in their
order: what had been answered has to be answered with the same bytes, the rest has to happen now.
"""

import json
import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from crash.market import Prepared
from real.server import Fields, Server

PUBLISH = "web3.market.publishTask"
RECEIPT = "web3.market.receipt.get"
BUDGET, PRICE, FEE, LAPSING = 1_000_001, 777_777, 7_777, 1_000

COMMANDS = ("lapse", "publish", "bid", "award", "file", "submit", "accept")
STEPS = (*COMMANDS, "receipt", "sweep")

# What the records of one lifecycle say that was done, however often the process was killed.
RECORDED = {
    PUBLISH: 2,
    "web3.market.placeBid": 1,
    "web3.market.awardBid": 1,
    "web3.files.put": 1,
    "web3.market.submitResult": 1,
    "web3.market.reviewResult": 1,
    RECEIPT: 1,
    "web3.market.expireSweep": 1,
}
RECORDS = sum(RECORDED.values())
PATIENCE_S = 60.0


@dataclass
class Lifecycle:
    """What was asked of a market and what it answered, once or several times."""

    prepared: Prepared
    number: int = 0
    lapses_after_s: int = 1
    answers: dict[str, str] = field(default_factory=dict)

    def ask(self, server: Server, step: str) -> None:
        """Send a step's command, and expect the answer that it had before, if it had one."""
        token, method, params = self._command(step)
        key = f"deal {self.number}, {step}"
        answer = server.call(token, method, key, **params)
        assert answer["ok"], (step, answer)
        text = json.dumps(answer)
        assert self.answers.setdefault(step, text) == text, step

    def answered(self, step: str) -> Fields:
        """Return what was answered to a step."""
        fields: Fields = json.loads(self.answers[step])
        return fields

    def work(self) -> bytes:
        """Return the file that the worker hands in."""
        return f"The work of deal {self.number}.\n".encode() * 200

    def _command(self, step: str) -> tuple[str, str, dict[str, Any]]:
        buyer, worker = self.prepared.buyer, self.prepared.worker
        command: tuple[str, str, dict[str, Any]]
        match step:
            case "lapse":
                wanted = {
                    "title": "Unwanted",
                    "budget": str(LAPSING),
                    "expirySec": self.lapses_after_s,
                }
                command = buyer, PUBLISH, wanted
            case "publish":
                command = buyer, PUBLISH, {"title": "Wanted", "budget": str(BUDGET)}
            case "bid":
                offered = {"taskId": self.answered("publish")["taskId"], "price": str(PRICE)}
                command = worker, "web3.market.placeBid", offered
            case "award":
                chosen = {"bidId": self.answered("bid")["bidId"]}
                command = buyer, "web3.market.awardBid", chosen
            case "file":
                file = {"name": "work.txt", "dataBase64": b64encode(self.work()).decode()}
                command = worker, "web3.files.put", file
            case "submit":
                handed = {"orderId": self.order, "artifacts": [self.answered("file")["file"]]}
                command = worker, "web3.market.submitResult", handed
            case _:
                verdict = {"resultId": self.answered("submit")["resultId"], "decision": "accept"}
                command = buyer, "web3.market.reviewResult", verdict
        return command

    @property
    def order(self) -> str:
        """The order of the deal."""
        return str(self.answered("award")["orderId"])

    def receipt(self, server: Server) -> str:
        """Return the deal's receipt; whoever asks for it need not wait for the market's job."""
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            answer = server.call(self.prepared.buyer, RECEIPT, orderId=self.order)
            if answer["ok"]:
                return str(answer["receipt"])
            assert answer["details"]["cause"] in ("receipt_not_ready", "receipt_made_already")
            time.sleep(0.05)  # an account may call only so often
        raise AssertionError("There is no receipt.")
