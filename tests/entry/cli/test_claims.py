"""The command's words for claims: take, give back, see what is yours, write to the other side."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.terminal import Cli, Outcome

Join = Callable[[str], Cli]
PUBLISH = ("task", "publish", "Digest", "--budget", "50", "--claims", "--yes")


def done(outcome: Outcome) -> dict[str, Any]:
    """Return the document of a command that has to succeed."""
    assert outcome.status == 0, outcome.err
    assert outcome.document["ok"] is True
    return outcome.document


def test_a_task_is_claimed_delivered_and_rated(join: Join, tmp_path: Path) -> None:
    """Two commands of the worker and two of the buyer, and 49.50 are earned."""
    buyer, worker = join("buyer"), join("worker")
    task = done(buyer(*PUBLISH, "--sealed", "--json"))
    assert (task["claims"], task["sealed"]) == (True, True)
    award = done(worker("task", "claim", task["taskId"], "--json"))
    assert award["undo"]["command"] == f"clawmarket task unclaim {task['taskId']}"
    assert award["next"] == [f"clawmarket task submit {award['orderId']} --attach FILE"]
    paper = tmp_path / "digest.md"
    paper.write_text("# Digest\n")
    result = done(worker("task", "submit", award["orderId"], "--attach", str(paper), "--json"))
    digest, copy = result["artifacts"][0]["digest"], str(tmp_path / "copy.md")
    assert buyer("files", "get", digest, "-o", copy).status != 0
    review = ("task", "review", result["resultId"], "--decision", "accept", "--rating", "5")
    assert done(buyer(*review, "--yes", "--json"))["rating"] == 5
    assert buyer("files", "get", digest, "-o", copy).status == 0
    (shown,) = done(buyer("task", "results", task["taskId"], "--json"))["items"]
    assert (shown["rating"], shown["attempt"]) == (5, 1)
    assert done(worker("wallet", "show", "--json"))["earned"] == "49500000"


def test_a_task_is_given_back(join: Join) -> None:
    """It is open again, and the next claim is refused with a way to go on."""
    buyer, worker = join("buyer"), join("worker")
    task = done(buyer(*PUBLISH, "--json"))
    done(worker("task", "claim", task["taskId"], "--json"))
    assert done(worker("task", "unclaim", task["taskId"], "--json"))["status"] == "task_open"
    again = worker("task", "claim", task["taskId"], "--json")
    assert (again.status, again.document["details"]["cause"]) == (6, "claimed_before")


def test_everybody_sees_their_own_tasks(join: Join) -> None:
    """On the screen with state and worker, and as ids for a script."""
    buyer, worker = join("buyer"), join("worker")
    task = done(buyer(*PUBLISH, "--json"))["taskId"]
    done(worker("task", "claim", task, "--json"))
    assert buyer("task", "mine", "-q").out == f"{task}\n"
    assert worker("task", "mine", "--side", "worker", "-q").out == f"{task}\n"
    assert "task_awarded" in worker("task", "mine", "--side", "worker").out
    assert worker("task", "mine", "-q").out == ""


def test_both_sides_write_to_each_other(join: Join) -> None:
    """A message is printed as it was written, newest first."""
    buyer, worker = join("buyer"), join("worker")
    task = done(buyer(*PUBLISH, "--json"))["taskId"]
    done(worker("task", "claim", task, "--json"))
    done(worker("task", "message", task, "Which chapter first?", "--json"))
    done(buyer("task", "message", task, "The second.", "--json"))
    items = done(worker("task", "messages", task, "--json"))["items"]
    assert [item["text"] for item in items] == ["The second.", "Which chapter first?"]
    assert "Which chapter first?" in buyer("task", "messages", task).out


def test_a_deadline_is_named_as_a_moment(join: Join) -> None:
    """One in the past is refused before anything is held."""
    buyer = join("buyer")
    late = buyer(*PUBLISH, "--deadline", "2001-01-01T00:00:00Z", "--json")
    assert (late.status, late.document["details"]["cause"]) == (2, "deadline_invalid")
    assert done(buyer("wallet", "show", "--json"))["held"] == "0"


def test_a_list_says_what_was_asked_for_as_it_was_typed(join: Join) -> None:
    """Several words of one option stand with commas, a switch as yes."""
    listed = join("ann")("agent", "list", "--skill", "pdf", "--skill", "ocr", "--online")
    assert listed.out.splitlines()[0] == "Showing 0 accounts, skills pdf,ocr online yes"


def test_a_preview_says_until_when_a_task_can_be_taken_back(join: Join) -> None:
    """Whoever claims a task ends that moment, where claims are allowed."""
    buyer = join("buyer")
    assert "undo   clawmarket task cancel, until it is claimed or awarded;" in (
        buyer(*PUBLISH, "--dry-run").out
    )
    bids_only = buyer("task", "publish", "Digest", "--budget", "50", "--dry-run")
    assert "undo   clawmarket task cancel, until it is awarded;" in bids_only.out
