"""The worker: takes what fits, has it done, hands it in, and follows what the buyer says."""

import json
from pathlib import Path

import pytest

from clawmarket.entry.daemon.handlers.choice import HandlerInvalidError, chosen
from clawmarket.registry.codes import EXIT_CONFLICT, EXIT_USAGE
from daemon.conftest import Start
from daemon.relay import Relay
from daemon_agent import Agent
from daemon_stage import Daemon, Fields, Party, handler, runs_of

_WRITES = "(made / 'result.md').write_text(task['title'] + ' ' + task['feedback'])\n"
_FAST = ("--interval", "0.2s")


def _works(
    run: Start,
    worker: Party,
    folder: Path,
    does: str,
    *words: str,
    settings: dict[str, str] | None = None,
) -> Daemon:
    line = ("worker", "run", "--handler", does, *_FAST, *words)
    return run(worker, folder, *line, **(settings or {}))


def _work(folder: Path, task_id: str) -> Path:
    return folder / "storage" / "clawmarket" / "work" / task_id


def _state(folder: Path, task_id: str) -> Fields:
    state: Fields = json.loads((_work(folder, task_id) / "state.json").read_text())
    return state


def test_a_bid_becomes_a_paid_order(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """A bid of 80 % of 50.00 is chosen, the files are handed in, and 39.60 are earned."""
    does = handler(tmp_path / "handler", _WRITES)
    task_id = buyer.publishes("One page", skills=["digest-1"])
    words = ("--skills", "digest-1", "--bid", "80%", "--tasks", "1")
    daemon = _works(run, worker, tmp_path / "w", does, *words)
    buyer.does("awardBid", "award", bidId=daemon.until("bid")["bidId"])
    submitted = daemon.until("submitted")
    buyer.does("reviewResult", "accept", resultId=submitted["resultId"], decision="accept")

    assert daemon.ends() == 0
    assert [seen["type"] for seen in daemon.seen[-2:]] == ["paid", "stopped"]
    assert worker.money()["earned"] == 39_600_000
    folder = _work(tmp_path / "w", task_id)
    assert (folder / "attempt-1" / "result.md").read_text() == "One page "
    assert json.loads((folder / "submission_meta.json").read_text())["status"] == "result_accepted"
    (day,) = (tmp_path / "w" / "memory").iterdir()
    assert day.read_text().splitlines() == [
        f"### [ClawMarket] {task_id} - One page",
        "- Mode: paid | Status: completed",
        "- Budget: 40.00 credits | Payout: 39.60 credits",
        f"- Worker: {worker.account}",
        f"- Files: storage/clawmarket/work/{task_id}/",
    ]


def test_a_bid_waits_for_a_claim_that_is_given_back(
    buyer: Party, other: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """Its task is with somebody else for a while; then the bid stands again and is chosen."""
    does = handler(tmp_path / "handler", _WRITES)
    task_id = buyer.publishes("Once more", skills=["digest-9"], claims=True)
    words = ("--skills", "digest-9", "--bid", "80%", "--max-concurrent", "3")
    daemon = _works(run, worker, tmp_path / "w", does, *words)
    bid_id = daemon.until("bid")["bidId"]
    other.does("claimTask", "claim", taskId=task_id)
    for title in ("First look", "Second look"):  # behind the second bid lies a whole round
        buyer.publishes(title, skills=["digest-9"])
        daemon.until("bid")
    other.does("unclaimTask", "unclaim", taskId=task_id)
    buyer.does("awardBid", "award", bidId=bid_id)

    assert daemon.until("submitted")["taskId"] == task_id
    assert daemon.stop() == 0


def test_a_claimed_task_is_sent_back_and_done_better(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """The handler of the second attempt reads what the buyer said of the first."""
    does = handler(tmp_path / "handler", _WRITES)
    task_id = buyer.publishes("Two", skills=["digest-2"], claims=True)
    daemon = _works(run, worker, tmp_path / "w", does, "--skills", "digest-2", "--tasks", "1")
    first = daemon.until("submitted")
    said: Fields = {"decision": "reject", "feedback": "Make it shorter."}
    buyer.does("reviewResult", "reject", resultId=first["resultId"], **said)
    second = daemon.until("submitted")
    buyer.does("reviewResult", "accept", resultId=second["resultId"], decision="accept")

    assert daemon.ends() == 0
    made = _work(tmp_path / "w", task_id) / "attempt-2" / "result.md"
    assert made.read_text() == "Two Make it shorter."
    assert worker.money()["earned"] == 49_500_000
    assert (worker.records("claimTask"), worker.records("submitResult")) == (1, 2)


def test_after_three_rejections_nothing_more_is_handed_in(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """The third rejection ends the job, and nothing is earned."""
    does = handler(tmp_path / "handler", _WRITES)
    buyer.publishes("Three", skills=["digest-3"], claims=True)
    daemon = _works(run, worker, tmp_path / "w", does, "--skills", "digest-3", "--tasks", "1")
    for number in range(3):
        result = daemon.until("submitted")
        said: Fields = {"decision": "reject", "feedback": f"No {number}."}
        buyer.does("reviewResult", f"reject {number}", resultId=result["resultId"], **said)

    assert daemon.until("rejected")["outcome"] == "rejected"
    assert daemon.ends() == 0
    assert (runs_of(tmp_path / "handler"), worker.records("submitResult")) == (3, 3)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("print('no such page'); sys.exit(3)\n", "status 3: no such page"),
        ("time.sleep(600)\n", "its time was up"),
        ("pass\n", "Nothing was written into the artifacts folder"),
        ("(made / 'a\\nb').write_text('x')\n", "'a\\nb' is no plain file name"),
        ("(made / '.hidden').write_text('x')\n", "'.hidden' is no plain file name"),
        ("(made / 'more').mkdir()\n", "more is no plain file"),
        ("os.symlink('/etc/hostname', made / 'name')\n", "name is no plain file"),
        ("[(made / f'{n}').touch() for n in range(51)]\n", "At most 50 files"),
    ],
    ids=["fails", "hangs", "nothing", "control", "hidden", "folder", "link", "many"],
)
def test_a_handler_that_fails_costs_the_buyer_nothing(
    body: str, reason: str, buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """The task is given back with its money held, open for others, and is not taken again."""
    does = handler(tmp_path / "handler", body)
    task_id = buyer.publishes("Bad", skills=["bad"], claims=True)
    words = ("--skills", "bad", "--time-limit", "2s", "--tasks", "1")
    daemon = _works(run, worker, tmp_path / "w", does, *words)

    assert reason in daemon.until("given_back")["message"]
    assert daemon.ends() == 0
    task = buyer.asks("getTask", taskId=task_id)
    assert (task["status"], task["worker"]) == ("task_open", None)
    assert buyer.money()["held"] == 50_000_000
    assert (runs_of(tmp_path / "handler"), worker.records("claimTask")) == (1, 1)


def test_a_handler_that_always_fails_stops_the_worker(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """After three failures in a row it takes nothing more away from others."""
    does = handler(tmp_path / "handler", "sys.exit(1)\n")
    for number in range(4):
        buyer.publishes(f"Fail {number}", skills=["failing"], claims=True)
    daemon = _works(run, worker, tmp_path / "w", does, "--skills", "failing")

    assert daemon.ends() == 1
    assert daemon.seen[-1]["type"] == "gave_up"
    assert runs_of(tmp_path / "handler") == 3


def test_what_does_not_fit_is_left_to_others(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """Of a cheap, an unfunded, a divided, a bid-only and another skill's task none is taken."""
    does = handler(tmp_path / "handler", _WRITES)
    fits: Fields = {"skills": ["fit"], "claims": True}
    halves = [{"title": "a", "percent": 50}, {"title": "b", "percent": 50}]
    buyer.publishes("Cheap", **fits | {"budget": "9999999"})
    buyer.publishes("Unfunded", **fits | {"fund": False, "claims": False})
    buyer.publishes("Divided", **fits | {"milestones": halves, "claims": False})
    buyer.publishes("Other", **fits | {"skills": ["other"]})
    buyer.publishes("Bids", **fits | {"claims": False})
    last = buyer.publishes("Fits", **fits | {"budget": "10000000"})
    words = ("--skills", "fit", "--min-price", "10", "--tasks", "1", "--claim")
    daemon = _works(run, worker, tmp_path / "w", does, *words)
    submitted = daemon.until("submitted")

    assert submitted["taskId"] == last
    assert daemon.stop() == 0
    assert {seen["taskId"] for seen in daemon.seen if seen.get("taskId")} == {last}


def test_the_worker_says_that_it_is_there(worker: Party, run: Start, tmp_path: Path) -> None:
    """A heartbeat makes it online for three looks at the market, and at least 90 s."""
    does = handler(tmp_path / "handler", _WRITES)
    worker.market.call(worker.key, "web3.agents.profile.set", "me", displayName="Me")
    daemon = _works(run, worker, tmp_path / "w", does, "--skills", "nobody-asks")
    daemon.until("beat")
    seen = worker.market.call("", "web3.agents.card", accountId=worker.account)

    assert daemon.stop() == 0
    assert seen["connect"]["online"] is True


def test_a_function_is_a_handler(buyer: Party, worker: Party, run: Start, tmp_path: Path) -> None:
    """What a Python function returns is handed in; it is found where the daemon was started."""
    folder = tmp_path / "w"
    folder.mkdir()
    (folder / "mine.py").write_text(
        "def digest(task, folder):\n    return {'a.txt': task['title'], 'b.bin': b'b'}\n"
    )
    task_id = buyer.publishes("By function", skills=["digest-5"], claims=True)
    daemon = _works(run, worker, folder, "mine:digest", "--skills", "digest-5")
    result = buyer.asks("getResult", resultId=daemon.until("submitted")["resultId"])

    assert daemon.stop() == 0
    assert [file["name"] for file in result["artifacts"]] == ["a.txt", "b.bin"]
    assert (_work(folder, task_id) / "attempt-1" / "a.txt").read_text() == "By function"


def test_a_function_that_fails_says_so_in_one_line(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """Where it happened stands in the log beside the work, and is clipped nowhere."""
    folder = tmp_path / "w"
    folder.mkdir()
    lines = ["def digest(task, folder):", "    raise ValueError('no such\\npage ' + 'x' * 400)"]
    (folder / "mine.py").write_text("\n".join(lines))
    task_id = buyer.publishes("By a bad function", skills=["digest-12"], claims=True)
    words = ("--skills", "digest-12", "--tasks", "1")
    daemon = _works(run, worker, folder, "mine:digest", *words)
    said = daemon.until("failed")["message"]

    assert daemon.ends() == 0
    assert "ended with status 1: ValueError: no such page xxx" in said
    assert "Traceback" not in said
    log = (_work(folder, task_id) / "handler.log").read_text()
    assert log.startswith("Traceback (most recent call last):")
    assert "x" * 400 in log


def test_a_refused_listing_gives_back_what_is_held(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """The worker ends and says why in one line; the task that it worked on is open again."""
    does = handler(tmp_path / "handler", "time.sleep(60)\n")
    task_id = buyer.publishes("Given back", skills=["digest-13"], claims=True)
    words = ("--skills", "digest-13")
    with Relay(worker.market.url) as relay:
        daemon = _works(
            run, worker, tmp_path / "w", does, *words, settings={"CLAWMARKET_URL": relay.url}
        )
        daemon.until("working")
        relay.refused = "/rpc/web3.market.listTasks"
        assert daemon.ends() == EXIT_USAGE

    kinds = [event.get("type") for event in daemon.seen]
    assert kinds[-2:] == ["given_back", None]
    assert daemon.seen[-1]["error"].startswith("E_INVALID_ARGUMENT: ")
    assert buyer.asks("getTask", taskId=task_id)["status"] == "task_open"


def test_a_handler_never_meets_the_key(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """The market's key is neither in its environment nor in anything that the worker wrote."""
    does = handler(tmp_path / "handler", "(made / 'env').write_text(repr(dict(os.environ)))\n")
    buyer.publishes("Keys", skills=["digest-6"], claims=True)
    daemon = _works(run, worker, tmp_path / "w", does, "--skills", "digest-6")
    daemon.until("submitted")

    assert daemon.stop() == 0
    files = [path for path in (tmp_path / "w").rglob("*") if path.is_file()]
    assert [path for path in files if worker.key in path.read_text()] == []


def test_what_the_buyer_attached_is_there(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """Attachments are fetched; one whose name is taken gets a name of its own."""
    does = handler(
        tmp_path / "handler",
        "(made / 'r').write_text(' '.join(open(i).read() + '=' + i for i in task['inputs']))\n",
    )
    files = [buyer.stores(name, name) for name in ("in.txt", "IN.txt")]
    task_id = buyer.publishes("Inputs", skills=["digest-7"], claims=True, attachments=files)
    daemon = _works(run, worker, tmp_path / "w", does, "--skills", "digest-7")
    daemon.until("submitted")

    assert daemon.stop() == 0
    made = _work(tmp_path / "w", task_id) / "attempt-1" / "r"
    assert made.read_text() == "IN.txt=inputs/file-2 in.txt=inputs/in.txt"


def test_an_a2a_agent_is_a_handler(buyer: Party, worker: Party, run: Start, tmp_path: Path) -> None:
    """Its words and its file are handed in; it saw the task as data, under an id of its own."""
    task_id = buyer.publishes("By agent", skills=["digest-8"], claims=True)
    with Agent() as agent:
        daemon = _works(run, worker, tmp_path / "w", agent.url, "--skills", "digest-8")
        result = buyer.asks("getResult", resultId=daemon.until("submitted")["resultId"])
        assert daemon.stop() == 0

    assert [file["name"] for file in result["artifacts"]] == ["page.txt", "result.md"]
    made = _work(tmp_path / "w", task_id) / "attempt-1"
    assert (made / "page.txt").read_bytes() == b"a page"
    assert (made / "result.md").read_text() == "Done as asked.\n"
    (message,) = agent.heard
    assert message["messageId"] == f"{task_id}-1"
    assert '"title": "By agent"' in message["parts"][0]["text"]


def test_what_an_inspection_finds_is_mended(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """The handler reads the findings and writes what the task's checks want; one submission."""
    schema = '{"type": "object"}'
    checks = [{"kind": "json_schema", "file": "page.json", "schema": schema}]
    body = "made.joinpath('page.json').write_text('{}' if task['feedback'] else '[]')\n"
    does = handler(tmp_path / "handler", body)
    buyer.publishes("Checked", skills=["digest-9"], claims=True, checks=checks)
    daemon = _works(run, worker, tmp_path / "w", does, "--skills", "digest-9")
    daemon.until("found_wanting")
    daemon.until("submitted")

    assert daemon.stop() == 0
    assert (runs_of(tmp_path / "handler"), worker.records("submitResult")) == (2, 1)


def test_a_revoked_key_gives_nothing_back(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """What was made waits for a start with a good key; it is no failure of the work."""
    body = "while not (here / 'go').exists(): time.sleep(0.02)\n" + _WRITES
    does = handler(tmp_path / "handler", body)
    task_id = buyer.publishes("Kept", skills=["digest-10"], claims=True, inspect=True)
    # It looks at the market again once the handler is done, and not before.
    words = ("--skills", "digest-10", "--interval", "60s")
    daemon = _works(run, worker, tmp_path / "w", does, *words)
    daemon.until("working")
    (key,) = worker.market.call(worker.key, "web3.keys.list")["items"]
    gone = {"credentialId": key["credentialId"]}
    assert worker.market.call(worker.key, "web3.keys.revoke", "revoke", **gone)["ok"]
    (tmp_path / "handler" / "go").touch()
    daemon.until("made")

    assert daemon.ends() == EXIT_CONFLICT
    assert _state(tmp_path / "w", task_id)["phase"] == "made"
    assert daemon.seen[-1]["error"].startswith("E_REVOKED: ")


def test_a_handler_that_is_no_command_is_told_apart(tmp_path: Path) -> None:
    """A file that may not be executed is not the same as no file."""
    file = tmp_path / "digest.py"
    with pytest.raises(HandlerInvalidError, match="There is no command"):
        chosen(str(file))
    file.write_text("#!/usr/bin/env python3\n")
    with pytest.raises(HandlerInvalidError, match=r"may not be run as a command; try chmod \+x"):
        chosen(str(file))


def test_a_function_that_is_not_there_takes_no_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistyped name is told at the start, as a command's is, with what Python says of it."""
    (tmp_path / "mine.py").write_text("def digest(task, folder):\n    return 'x'\n\nnone = 1\n")
    monkeypatch.chdir(tmp_path)

    assert chosen("mine:digest").kind == "function"
    for named, why in (("mine:nope", "has no attribute 'nope'"), ("mine:none", "cannot be called")):
        with pytest.raises(HandlerInvalidError, match=why):
            chosen(named)
    with pytest.raises(HandlerInvalidError, match="No module named 'nowhere'"):
        chosen("nowhere:digest")
