"""The worker: takes what fits, has it done, hands it in, and follows what the buyer says."""

import json
from pathlib import Path

from daemon.conftest import Start
from daemon_stage import Party, handler, runs_of

_WRITES = "(made / 'result.md').write_text(task['title'] + ' ' + str(task['attempt']))\n"
_BID = ("--bid", "80%", "--interval", "0.2s")


def test_a_bid_becomes_a_paid_order(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """A bid of 80 % of 50.00 is chosen, the files are handed in, and 39.60 are earned."""
    does = handler(tmp_path / "handler", _WRITES)
    task_id = buyer.publishes("One page", skills=["digest-1"])
    daemon = run(
        worker, tmp_path / "w", "worker", "run", "--handler", does, "--skills", "digest-1",
        "--tasks", "1", *_BID,
    )  # fmt: skip
    bid = daemon.until("bid")
    order = buyer.does("awardBid", "award", bidId=bid["bidId"])
    submitted = daemon.until("submitted")
    buyer.does("reviewResult", "accept", resultId=submitted["resultId"], decision="accept")

    assert daemon.ends() == 0
    assert daemon.seen[-2]["type"] == "paid"
    assert worker.money()["earned"] == 39_600_000
    folder = tmp_path / "w" / "storage" / "clawmarket" / "work" / task_id
    assert (folder / "attempt-1" / "result.md").read_text() == "One page 1"
    assert json.loads((folder / "submission_meta.json").read_text())["status"] == "result_accepted"
    assert json.loads((folder / "state.json").read_text())["order_id"] == order["orderId"]
    assert runs_of(tmp_path / "handler") == 1
