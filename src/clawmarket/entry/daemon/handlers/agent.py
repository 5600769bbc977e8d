"""Have an A2A agent do the task on stdin, by `clawmarket a2a call`, and keep what it answers.

The message's id is the task's and the attempt's: an agent that knows it does the work once, also
when this runs anew after a crash. Addresses that an agent names are noted, never fetched.
"""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from clawmarket.entry.daemon.files import is_plain_name
from clawmarket.entry.daemon.handlers.wording import asked

Fields = dict[str, Any]

_NO_ANSWER = 3
_TIMEOUT_S = 3_600
# One argument has a limit of 128 KiB on most systems.
_MAX_WORDS = 100_000


def main(url: str) -> int:
    """Send the task and keep the answer; return the exit status."""
    task = json.load(sys.stdin)
    folder = Path(os.environ["CLAWMARKET_ARTIFACTS"])
    message_id = f"{task['taskId']}-{task['attempt']}"
    line = [sys.executable, "-m", "clawmarket", "a2a", "call", url, *_said(asked(task))]
    line += ["--message-id", message_id, "--timeout", str(_TIMEOUT_S), "--stream", "--json"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    sys.stderr.write(done.stderr[-2000:])
    if done.returncode:
        return done.returncode
    texts = [text for part in parts_of(json.loads(done.stdout)) if (text := keep(part, folder))]
    if texts:
        (folder / "result.md").write_text("\n\n".join(texts) + "\n", encoding="utf-8")
    return 0 if any(folder.iterdir()) else _NO_ANSWER


def _said(request: str) -> list[str]:
    if len(request.encode()) <= _MAX_WORDS:
        return [request]
    Path("request.json").write_text(json.dumps({"task": request}), encoding="utf-8")
    return ["--data", "@request.json"]


def parts_of(reply: Fields) -> list[Fields]:
    """Return what an answer consists of: its files, or else its words."""
    if "message" in reply:
        parts: list[Fields] = reply["message"].get("parts", [])
        return parts
    task = reply["task"]
    made = [part for each in task.get("artifacts", []) for part in each.get("parts", [])]
    said: list[Fields] = task.get("status", {}).get("message", {}).get("parts", [])
    return made or said


def keep(part: Fields, folder: Path) -> str:
    """Write one part that is a file, and return the words of any other."""
    if "text" in part:
        return str(part["text"])
    if "data" in part:
        return json.dumps(part["data"], ensure_ascii=False, indent=1)
    name = str(part.get("filename", ""))
    if "raw" in part:
        safe = name if is_plain_name(name) else f"file-{len([*folder.iterdir()]) + 1}"
        (folder / safe).write_bytes(base64.b64decode(part["raw"]))
        return ""
    return f"{name or 'file'}: {part.get('url', '')}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
