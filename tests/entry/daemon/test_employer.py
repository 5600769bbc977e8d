"""The employer: a folder of tasks within its caps, done by a worker daemon on the other side."""

import json
from pathlib import Path

import pytest

from daemon.conftest import Start
from daemon_stage import Daemon, Fields, Party, handler

_WRITES = "(made / 'result.md').write_text(task['title'] + task['summary'])\n"


def _employs(run: Start, buyer: Party, folder: Path, *words: str) -> Daemon:
    fast = ("--interval", "0.2s", "--budget-cap", "100")
    return run(buyer, folder, "employer", "run", str(folder.parent / "tasks"), *fast, *words)


def _tasks(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "tasks"
    folder.mkdir()
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def _paid(folder: Path, task_id: str) -> Path:
    return folder / "storage" / "clawmarket" / "paid" / task_id


@pytest.mark.parametrize(("more", "comes"), [("", "paid"), ("Inspect: no\n", "review")])
def test_what_passed_the_inspection_is_accepted(
    buyer: Party, worker: Party, run: Start, tmp_path: Path, more: str, comes: str
) -> None:
    """Tasks of a folder are inspected unless they say no; without a verdict a person reviews."""
    _tasks(tmp_path, one__md=f"Title: One\nBudget: 10\nSkills: passes-{comes}\n{more}")
    does = handler(tmp_path / "handler", _WRITES)
    words = ("--handler", does, "--skills", f"passes-{comes}", "--interval", "0.2s")
    run(worker, tmp_path / "w", "worker", "run", *words)
    employs = _employs(run, buyer, tmp_path / "e", "--yes", "--accept-passed")

    assert employs.until(comes)["file"] == "one.md"


def test_a_folder_is_done_by_a_worker(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """Two tasks of 10.00 and 2.50 are posted, claimed, done, accepted: 12.375 are earned."""
    _tasks(
        tmp_path,
        one__md="Title: One\nBudget: 10\nSkills: both-sides\n\nMake it.\n",
        two__json='{"title": "Two", "budget": "2.50", "skills": ["both-sides"]}',
    )
    before = buyer.money()["available"]
    does = handler(tmp_path / "handler", _WRITES)
    words = ("--handler", does, "--skills", "both-sides", "--tasks", "2", "--interval", "0.2s")
    works = run(worker, tmp_path / "w", "worker", "run", *words)
    employs = _employs(run, buyer, tmp_path / "e", "--yes")
    for number in range(2):
        result = employs.until("delivered")["resultId"]
        said: Fields = {"decision": "accept", "feedback": "Good.", "rating": 5}
        buyer.does("reviewResult", f"accept {number}", resultId=result, **said)

    assert (employs.ends(), works.ends()) == (0, 0)
    assert worker.money()["earned"] == 12_375_000
    assert buyer.money() == {
        "available": before - 12_500_000, "held": 0, "onItsWay": 0, "earned": 0,
    }  # fmt: skip
    posted = {seen["file"]: seen["taskId"] for seen in employs.seen if seen["type"] == "posted"}
    folder = _paid(tmp_path / "e", posted["one.md"])
    assert (folder / "result.md").read_text() == "OneMake it."
    meta = json.loads((folder / "submission_meta.json").read_text())
    assert (meta["status"], meta["worker"]) == ("result_accepted", worker.account)
    review = {"rating": 5, "feedback": "Good.", "status": "result_accepted"}
    assert json.loads((folder / "review.json").read_text()) == review
    (day,) = (tmp_path / "e" / "memory").iterdir()
    assert f"### [ClawMarket] {posted['one.md']} - One\n" in day.read_text()
    assert "- Budget: 10.00 credits | Payout: 9.90 credits\n" in day.read_text()


def test_the_same_folder_again_posts_nothing(buyer: Party, run: Start, tmp_path: Path) -> None:
    """Killed and started again, it goes on with the task that is there; an edited one is new."""
    tasks = _tasks(tmp_path, one__md="Title: One\nBudget: 10\nClaims: no\n\nMake it.\n")
    first = _employs(run, buyer, tmp_path / "e", "--yes")
    task_id = first.until("posted")["taskId"]
    first.kill()
    (state,) = (tmp_path / "e" / "storage" / "clawmarket" / "paid" / ".posts").iterdir()
    kept = json.loads(state.read_text())
    state.write_text(json.dumps(kept | {"phase": "posting", "task_id": ""}))
    second = _employs(run, buyer, tmp_path / "e")

    assert second.until("posted")["taskId"] == task_id
    assert second.stop() == 8
    assert buyer.money()["held"] == 10_000_000
    (tasks / "one.md").write_text("Title: One\nBudget: 11\nClaims: no\n\nMake it.\n")
    third = _employs(run, buyer, tmp_path / "e", "--yes", "--once")
    assert third.until("posted")["taskId"] != task_id
    assert third.ends() == 8
    assert buyer.money()["held"] == 21_000_000


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ((), "spending_unagreed"),
        (("--budget-cap", "19.99", "--yes"), "cap_exceeded"),
        (("--task-cap", "9.99", "--yes"), "cap_exceeded"),
        (("--day-cap", "19.99", "--yes"), "cap_exceeded"),
    ],
    ids=["unasked", "folder", "task", "day"],
)
def test_nothing_is_held_beyond_what_was_agreed_to(
    words: tuple[str, ...], cause: str, buyer: Party, run: Start, tmp_path: Path
) -> None:
    """Without a yes, or above a cap, not one task of the folder is posted."""
    spec = "Title: {}\nBudget: 10\n\nMake it.\n"
    _tasks(tmp_path, one__md=spec.format("One"), two__md=spec.format("Two"))
    daemon = _employs(run, buyer, tmp_path / "e", *words)

    assert daemon.ends() == 2
    assert daemon.seen[-1]["details"]["cause"] == cause
    assert buyer.asks("listTasks", buyer=buyer.account)["items"] == []


def test_what_was_posted_before_counts_against_the_cap(
    buyer: Party, run: Start, tmp_path: Path
) -> None:
    """Of a cap of 100.00 with 60.00 out, another 60.00 are refused."""
    tasks = _tasks(tmp_path, one__md="Title: One\nBudget: 60\n\nMake it.\n")
    assert _employs(run, buyer, tmp_path / "e", "--yes", "--once").ends() == 8
    (tasks / "two.md").write_text("Title: Two\nBudget: 60\n\nMake it.\n")
    again = _employs(run, buyer, tmp_path / "e", "--yes", "--once")

    assert again.ends() == 2
    assert again.seen[-1]["details"]["cause"] == "cap_exceeded"
    assert buyer.money()["held"] == 60_000_000


def test_a_dry_run_shows_the_price_and_holds_nothing(
    buyer: Party, run: Start, tmp_path: Path
) -> None:
    """It names each task, the total and the fee."""
    _tasks(tmp_path, one__md="Title: One\nBudget: 10\n\nMake it.\n")
    daemon = _employs(run, buyer, tmp_path / "e", "--dry-run")

    assert daemon.ends() == 0
    shown = daemon.seen[-1]
    assert (shown["total"], shown["fee"]) == ("10000000", "100000")
    assert shown["tasks"] == [{"file": "one.md", "title": "One", "budget": "10000000"}]
    assert buyer.money()["held"] == 0


def test_the_lowest_bid_is_awarded_if_that_is_wanted(
    buyer: Party, worker: Party, run: Start, tmp_path: Path
) -> None:
    """Of 9.00 and 8.00 the second wins; 2.00 of the budget come back at once."""
    folder = _tasks(tmp_path, task__md="") / "with files"
    (folder.parent / "task.md").unlink()
    folder.mkdir()
    (folder / "task.md").write_text("Title: Bids\nBudget: 10\nClaims: no\n\nMake it.\n")
    (folder / "in.txt").write_text("attached")
    employs = _employs(run, buyer, tmp_path / "e", "--yes", "--award-lowest")
    task_id = employs.until("posted")["taskId"]
    other = Party.join(buyer.market)
    attached = other.asks("getTask", taskId=task_id)["attachments"]
    assert [file["name"] for file in attached] == ["in.txt"]
    employs.kill()
    other.does("placeBid", "bid", taskId=task_id, price="9000000")
    worker.does("placeBid", "bid", taskId=task_id, price="8000000")
    again = _employs(run, buyer, tmp_path / "e", "--award-lowest")

    assert again.until("taken")["worker"] == worker.account
    assert again.stop() == 8
    assert buyer.money()["held"] == 8_000_000


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a__md", "Title: A\n\nNo budget.\n", "amount"),
        ("a__md", "Budget: 1\n\nNo title.\n", "title"),
        ("a__md", "Title: A\nBudget: 1\nColour: red\n\nx\n", "'colour'"),
        ("a__md", "Title: A\nBudget: -1\n\nx\n", "a.md"),
        ("a__md", "No header\n\nx\n", "is no `Name: value`"),
        ("a__md", "Title: A\nBudget: 1\nDeliver within: soon\n\nx\n", "no time span"),
        ("a__md", "Title: A\nBudget: 1\nClaims: perhaps\n\nx\n", "neither yes nor no"),
        ("a__json", "[]", "no object"),
        ("a__json", "{", "a.json"),
    ],
)
def test_a_file_that_is_no_task_is_named(
    name: str, text: str, reason: str, buyer: Party, run: Start, tmp_path: Path
) -> None:
    """One bad file stops the whole folder before anything is held."""
    _tasks(tmp_path, **{name: text, "good__md": "Title: G\nBudget: 1\n\nx\n"})
    daemon = _employs(run, buyer, tmp_path / "e", "--yes")

    assert daemon.ends() == 2
    assert daemon.seen[-1]["details"]["cause"] == "spec_invalid"
    assert reason in daemon.seen[-1]["error"]
    assert buyer.money()["held"] == 0
