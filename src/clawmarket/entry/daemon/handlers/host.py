"""Have the local OpenClaw do the task on stdin: one turn of one of its agents.

Files that the agent writes into the artifacts folder are handed in; if there are none, its answer
is, as `result.md`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from clawmarket.entry.daemon.handlers.wording import asked

_NO_ANSWER = 3


def main(program: str, agent: str) -> int:
    """Run one turn and keep its answer; return the exit status."""
    task = json.load(sys.stdin)
    folder = Path(os.environ["CLAWMARKET_ARTIFACTS"])
    request = f"{asked(task)}\nIf the work is files, write them into {folder} and say so."
    # Not as an argument: every process of the machine could read a stranger's task there.
    message = Path("request.txt").absolute()
    message.write_text(request, encoding="utf-8")
    line = [program, "agent", "--message-file", str(message), "--json"]
    line += ["--session-key", f"agent:{agent or 'main'}:clawmarket-{task['taskId']}"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - the host's command
    sys.stderr.write(done.stderr[-2000:])
    if done.returncode:
        return done.returncode
    said = answer_of(done.stdout)
    if said and not any(folder.iterdir()):
        (folder / "result.md").write_text(said, encoding="utf-8")
    return 0 if any(folder.iterdir()) else _NO_ANSWER


def answer_of(printed: str) -> str:
    """Return the text of a turn's answer, or an empty one."""
    try:
        answer: Any = json.loads(printed[printed.index("{") :])
    except ValueError:
        return ""
    payloads = (answer.get("result") or answer).get("payloads") or []
    return "\n\n".join(str(each["text"]) for each in payloads if each.get("text"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
