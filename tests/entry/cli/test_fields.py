"""`--fields` and `--format`: what may be named, and what is refused before anything happens."""

import pytest

from cli.terminal import Cli

TASK = "task_01h00000000000000000000000"


@pytest.mark.parametrize(
    ("argv", "meant"),
    [
        (["task", "list", "--fields", "taskID"], "taskId"),
        (["task", "list", "--fields", "items.taskID"], "taskId"),
        (["task", "show", TASK, "--fields", "attachments.nam"], "attachments.name"),
        (["status", "--fields", "vkeys"], "vkey"),
        (["order", "watch", "x", "--fields", "statis"], "status"),
        (["audit", "tail", "--fields", "methd"], "method"),
        (["doctor", "--fields", "findigs"], "findings"),
        (["wallet", "new", "--fields", "adress"], "address"),
    ],
)
def test_an_unknown_field_is_refused_before_anything_is_done(
    cli: Cli, argv: list[str], meant: str
) -> None:
    """Exit 2 and the nearest field, also for commands that no method stands behind."""
    outcome = cli(*argv)
    assert (outcome.status, outcome.out) == (2, "")
    assert f"Did you mean `{meant}`?" in outcome.err
    assert cli("wallet", "new").status == 0  # nothing was made by the refused one


@pytest.mark.parametrize("place", ["title.x", "skills.x"])
def test_nothing_lies_inside_a_text(cli: Cli, place: str) -> None:
    """A place below a text or a list of texts is refused instead of shown as null."""
    outcome = cli("task", "show", TASK, "--fields", place)
    assert outcome.status == 2
    assert f"There is nothing inside '{place.partition('.')[0]}'." in outcome.err


def test_a_place_that_a_document_lacks_is_refused(cli: Cli) -> None:
    """What lies deeper in a hand-made answer is checked too."""
    outcome = cli("explain", "E_CONFLICT", "--fields", "exit,nope")
    assert outcome.status == 2
    assert "There is no field 'nope'" in outcome.err
    assert cli("explain", "E_CONFLICT", "--fields", "exit").out == "exit: 6\n"


def test_a_form_is_for_lists_and_stands_alone(cli: Cli) -> None:
    """--format with --json is refused, and so is a word that is none of the forms."""
    outcome = cli("task", "list", "--format", "csv", "--json")
    assert (outcome.status, outcome.document["details"]["cause"]) == (2, "formats_excluded")
    assert "Did you mean `ndjson`" in cli("task", "list", "--format", "ndjsn").err
    assert cli("task", "show", TASK, "--format", "csv").status == 2
