"""A model that does what a skill says: it reads the file that the host names, and follows it.

Asked to hire, it runs the preview that the skill shows first and repeats what it was told; after a
yes it runs the same command as the skill shows it for spending. Everything else it calls done.
"""

import json
import re
from collections.abc import Mapping

from openclaw.mock_model import Message, text_of

WISH, YES = "hire an agent", "yes, go on"
DONE = "The work is done."
_LOCATION = re.compile(r"<name>claw-employer</name>.*?<location>(.*?)</location>", re.DOTALL)
_LINE = re.compile(r"^clawmarket task publish .*$", re.MULTILINE)
# The reader's own values in the place of the example's.
_VALUES = {'"Digest a document"': '"A page"', "@brief.md": '"Make it short."', "KEY": "hire-1"}


def follow(messages: list[Message]) -> Message:
    """Return what the model says next."""
    last = max((i for i, m in enumerate(messages) if _is_said(m)), default=0)
    fresh = messages[last:]
    wish = "\n".join(text_of(m) for m in fresh if m["role"] == "user")
    if WISH not in wish and YES not in wish:
        return {"content": DONE}
    results = [text_of(m) for m in fresh if m["role"] == "tool"]
    skill = next((t for m in messages if "name: claw-employer" in (t := _told(m))), "")
    if not skill:
        found = _LOCATION.search("\n".join(text_of(m) for m in messages))
        return _calls("read", {"path": found[1]}) if found else {"content": "no such skill"}
    if results and results[-1] != skill:
        return {"content": results[-1]}
    return _calls("exec", {"command": _command(skill, "--yes" if YES in wish else "--dry-run")})


def _command(skill: str, flag: str) -> str:
    line: str = next(line for line in _LINE.findall(skill) if flag in line)
    for example, value in _VALUES.items():
        line = line.replace(example, value)
    return line


def _calls(tool: str, arguments: Mapping[str, str]) -> Message:
    function = {"name": tool, "arguments": json.dumps(arguments)}
    return {
        "tool_calls": [{"index": 0, "id": f"{tool}_1", "type": "function", "function": function}]
    }


def _told(message: Message) -> str:
    return text_of(message) if message["role"] == "tool" else ""


def _is_said(message: Message) -> bool:
    return message["role"] == "assistant" and not message.get("tool_calls")
