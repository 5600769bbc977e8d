"""Memory lines: what an agent that reads `memory/YYYY-MM-DD.md` is told of a task.

A title is a stranger's text and is read back by a model: it becomes one short line without
anything that could be a heading, a link or a block.
"""

import fcntl
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from clawmarket.adapters.durable import make_folder

_MARKUP = re.compile(r"[`<>\[\]{}#*_|\\!]")
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_TITLE_CHARS = 80


def one_line(text: str, most: int = _TITLE_CHARS) -> str:
    """Return a stranger's text as one line of plain words."""
    plain = " ".join(_MARKUP.sub(" ", _UNSEEN.sub(" ", text)).split())
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def status_of(outcome: str) -> str:
    """Return how a task ended in the word that the skills use, too."""
    return "completed" if outcome == "paid" else outcome.replace("_", " ")


def remember(memory: Path, moment: int, task: tuple[str, str], facts: Mapping[str, str]) -> Path:
    """Append what happened to a task to the day's file, once; return the file.

    Args:
        memory: The folder with a file for each day.
        moment: When it happened, milliseconds since the epoch; the day is this machine's.
        task: The task's id and its title.
        facts: The lines below the heading, in order.
    """
    make_folder(memory)
    day = datetime.fromtimestamp(moment / 1000, UTC).astimezone()
    path = memory / f"{day:%Y-%m-%d}.md"
    task_id, title = task
    lines = [f"### [ClawMarket] {task_id} - {one_line(title)}"]
    lines += [f"- {name}: {_UNSEEN.sub(' ', value)}" for name, value in facts.items()]
    entry = "\n".join(lines) + "\n"
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        before = file.read()
        if entry not in before:
            file.write(("\n" if before else "") + entry)
    return path
