"""A worker that is killed or stopped: one claim, one submission, nothing twice, nothing lost."""

import json
import os
import signal
from pathlib import Path

import pytest

from daemon.conftest import Start
from daemon_stage import Daemon, Fields, Party, handler, is_gone, runs_of, wait_for
from real.server import Server

# Hangs at its first run, which says so in a file; every later one writes.
_HANGS_ONCE = """
started = here / 'started'
if not started.exists():
    started.write_text(str(os.getpid()))
    time.sleep(600)
(made / 'result.md').write_text('done')
"""
_WRITES = "(made / 'result.md').write_text('done')\n"


def _works(run: Start, worker: Party, folder: Path, does: str, *words: str) -> Daemon:
    fast = ("--interval", "0.2s", "--skills", worker.account.replace("_", "-"))
    return run(worker, folder, "worker", "run", "--handler", does, *fast, *words)


def _task(buyer: Party, worker: Party, title: str) -> str:
    return buyer.publishes(title, skills=[worker.account.replace("_", "-")], claims=True)


def _rewound(folder: Path, task_id: str, **fields: object) -> None:
    """Bring the state file back to what was on the disk before the last answer came."""
    path = folder / "storage" / "clawmarket" / "work" / task_id / "state.json"
    state: Fields = json.loads(path.read_text())
    path.write_text(json.dumps(state | fields))


def _once(buyer: Party, worker: Party) -> None:
    """Check that there was one claim, one submission, and pay for it exactly once."""
    assert (worker.records("claimTask"), worker.records("submitResult")) == (1, 1)
    order = worker.asks("order.list", side="seller")["items"][0]
    shown = worker.asks("order.get", orderId=order["orderId"])
    buyer.does("reviewResult", "accept", resultId=shown["resultId"], decision="accept")
    assert worker.money()["earned"] == 49_500_000
    assert buyer.money()["held"] == 0


@pytest.mark.parametrize(
    ("fields", "resumed"),
    [
        ({"phase": "working", "result_id": "", "artifacts": []}, "working"),
        ({"phase": "made", "result_id": "", "artifacts": []}, "made"),
        ({"phase": "submitting", "result_id": ""}, "submitting"),
        ({}, "submitted"),
    ],
    ids=["working", "made", "submitting", "submitted"],
)
def test_a_kill_between_call_and_state_does_nothing_twice(
    fields: Fields, resumed: str, buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """Whatever the disk knew when it was killed, the next start goes on from there."""
    does = handler(tmp_path / "handler", _WRITES)
    task_id = _task(buyer, worker, "Once")
    daemon = _works(run, worker, tmp_path / "w", does)
    daemon.until("submitted")
    daemon.kill()
    _rewound(tmp_path / "w", task_id, **fields)
    again = _works(run, worker, tmp_path / "w", does)

    assert again.until("resumed")["phase"] == resumed
    if fields:
        again.until("submitted")
    assert again.stop() == 0
    _once(buyer, worker)


def test_a_handler_that_outlives_its_worker_is_ended(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """The worker is killed while the handler works: the next one ends it and starts it once."""
    does = handler(tmp_path / "handler", _HANGS_ONCE)
    _task(buyer, worker, "Orphan")
    daemon = _works(run, worker, tmp_path / "w", does)
    daemon.until("working")
    wait_for(tmp_path / "handler" / "started")
    daemon.kill()
    again = _works(run, worker, tmp_path / "w", does)
    again.until("submitted")

    assert again.stop() == 0
    assert is_gone(int((tmp_path / "handler" / "started").read_text()))
    assert runs_of(tmp_path / "handler") == 2
    _once(buyer, worker)


def test_started_again_at_once_it_works_although_its_heartbeat_comes_too_soon(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """The heartbeat of the killed worker still stands; the next worker takes tasks at once."""
    does = handler(tmp_path / "handler", _WRITES)
    worker.market.call(worker.key, "web3.agents.profile.set", "me", displayName="Me")
    daemon = _works(run, worker, tmp_path / "w", does)
    daemon.until("beat")
    daemon.kill()
    _task(buyer, worker, "Soon")
    again = _works(run, worker, tmp_path / "w", does, "--interval", "10m")
    again.until("submitted")

    assert again.stop() == 0
    assert "away" not in [event["type"] for event in again.seen]


def test_a_task_whose_earlier_handler_ends_is_begun_before_the_next_look(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """It waits for the handler that outlived its worker, not for the next look at the market."""
    does = handler(tmp_path / "handler", _HANGS_ONCE)
    _task(buyer, worker, "Orphan, seldom looked at")
    daemon = _works(run, worker, tmp_path / "w", does)
    daemon.until("working")
    wait_for(tmp_path / "handler" / "started")
    daemon.kill()
    again = _works(run, worker, tmp_path / "w", does, "--interval", "10m")
    again.until("submitted")

    assert again.stop() == 0
    assert runs_of(tmp_path / "handler") == 2


def test_told_to_stop_it_does_not_wait_for_a_handler_that_never_began(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """A task whose earlier handler is still there is given back at once, however long the grace."""
    does = handler(tmp_path / "handler", _HANGS_ONCE)
    task_id = _task(buyer, worker, "Never begun")
    daemon = _works(run, worker, tmp_path / "w", does)
    daemon.until("working")
    wait_for(tmp_path / "handler" / "started")
    daemon.kill()
    _rewound(tmp_path / "w", task_id, group=0)  # so the next worker cannot end it
    again = _works(run, worker, tmp_path / "w", does, "--grace", "1h")
    again.until("orphan")

    assert again.stop() == 0
    assert again.seen[-2]["type"] == "given_back"
    os.kill(int((tmp_path / "handler" / "started").read_text()), signal.SIGKILL)


def test_a_kill_between_claim_and_state_claims_once(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """Killed before it knew that the claim was its own, it claims with the same key and works."""
    does = handler(tmp_path / "handler", _HANGS_ONCE)
    task_id = _task(buyer, worker, "Claimed")
    daemon = _works(run, worker, tmp_path / "w", does)
    daemon.until("working")
    wait_for(tmp_path / "handler" / "started")
    daemon.kill()
    _rewound(tmp_path / "w", task_id, phase="taking", order_id="", group=0, started_at=0)
    os.kill(int((tmp_path / "handler" / "started").read_text()), signal.SIGKILL)
    again = _works(run, worker, tmp_path / "w", does)

    assert again.until("resumed")["phase"] == "taking"
    again.until("submitted")
    assert again.stop() == 0
    _once(buyer, worker)


def test_a_market_that_restarts_is_waited_for(run: Start, tmp_path: Path) -> None:
    """A worker whose market goes away goes on by itself once it is back."""
    market = Server.start(tmp_path / "home")
    port = market.url.rpartition(":")[2].strip("/")
    buyer, worker = Party.join(market), Party.join(market)
    waits = "while not (here / 'go').exists(): time.sleep(0.02)\n"
    does = handler(tmp_path / "handler", waits + _WRITES)
    _task(buyer, worker, "Away")
    daemon = _works(run, worker, tmp_path / "w", does)
    daemon.until("working")
    assert market.stop() == 0
    daemon.until("away")
    (tmp_path / "handler" / "go").touch()
    back = Server.start(tmp_path / "home", port=port)
    try:
        daemon.until("submitted")
        assert daemon.stop() == 0
        _once(Party(back, buyer.key), Party(back, worker.key))
    finally:
        back.stop()


def test_told_to_stop_it_gives_back_what_is_not_done(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """A claimed task whose handler is not done in time is open again, its money held."""
    does = handler(tmp_path / "handler", _HANGS_ONCE)
    task_id = _task(buyer, worker, "Stop")
    daemon = _works(run, worker, tmp_path / "w", does, "--grace", "0s")
    wait_for(tmp_path / "handler" / "started")
    daemon.until("working")

    assert daemon.stop() == 0
    assert [seen["type"] for seen in daemon.seen[-2:]] == ["given_back", "stopped"]
    assert buyer.asks("getTask", taskId=task_id)["status"] == "task_open"
    assert is_gone(int((tmp_path / "handler" / "started").read_text()))


def test_told_to_stop_it_lets_the_handler_finish(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """Within the grace what is being made is handed in before the worker ends."""
    waits = "while not (here / 'go').exists(): time.sleep(0.02)\n"
    does = handler(tmp_path / "handler", waits + _WRITES)
    _task(buyer, worker, "Finish")
    daemon = _works(run, worker, tmp_path / "w", does, "--grace", "60s")
    daemon.until("working")
    daemon.process.terminate()
    (tmp_path / "handler" / "go").touch()

    assert daemon.ends() == 0
    assert [seen["type"] for seen in daemon.seen[-2:]] == ["submitted", "stopped"]
    _once(buyer, worker)


def test_told_to_stop_it_withdraws_its_bids(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """A bid that nobody would work for is taken back; a next start bids anew."""
    does = handler(tmp_path / "handler", _WRITES)
    task_id = buyer.publishes("Bid", skills=["bid-only"])
    words = ("worker", "run", "--handler", does, "--skills", "bid-only", "--bid", "40")
    daemon = run(worker, tmp_path / "w", *words, "--interval", "0.2s")
    daemon.until("bid")
    assert daemon.stop() == 0
    assert buyer.asks("listBids", taskId=task_id)["items"][0]["status"] == "bid_withdrawn"
    again = run(worker, tmp_path / "w", *words, "--interval", "0.2s")
    again.until("bid")

    assert again.stop() == 0
    assert worker.records("placeBid") == 2


def test_two_workers_do_not_share_a_folder(worker: Party, run: Start, tmp_path: Path) -> None:
    """The second one is refused by name; the first goes on."""
    does = handler(tmp_path / "handler", _WRITES)
    first = _works(run, worker, tmp_path / "w", does)
    first.until("started")
    second = _works(run, worker, tmp_path / "w", does)

    assert second.process.wait(timeout=60) == 6
    assert first.stop() == 0
