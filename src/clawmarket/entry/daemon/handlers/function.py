"""Run `module:function` on the task on stdin, in a process of its own that can be ended.

The function gets the task as a dict and the artifacts folder as a Path. It writes files there, or
returns a text, which becomes `result.md`, or a dict of file names and texts or bytes.
"""

import json
import os
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

LOOK = "--look"
_EXIT_FAILED, _EXIT_UNUSABLE = 1, 2


def main(named: str, *, looks_only: bool = False) -> int:
    """Run the function and write what it returns; return the exit status.

    Whoever only looks whether it is there imports its module, as a run does.
    """
    if here := os.environ.get("CLAWMARKET_HANDLER_PATH"):
        sys.path.insert(0, here)
    module, _, name = named.partition(":")
    function = getattr(import_module(module), name)
    if looks_only:
        return 0 if callable(function) else _EXIT_UNUSABLE
    folder = Path(os.environ["CLAWMARKET_ARTIFACTS"])
    try:
        returned = function(json.load(sys.stdin), folder)
    except Exception as error:  # noqa: BLE001 - whatever it is, its author reads where it happened
        traceback.print_exc()
        sys.stderr.write(" ".join(f"{type(error).__name__}: {error}".split()) + "\n")
        return _EXIT_FAILED
    files = {"result.md": returned} if isinstance(returned, str) else returned or {}
    if not isinstance(files, Mapping):
        sys.stderr.write("The function returns a text, a dict of files, or nothing.\n")
        return _EXIT_UNUSABLE
    for file_name, content in files.items():
        write(folder, str(file_name), content)
    return 0


def write(folder: Path, name: str, content: str | bytes) -> None:
    """Write one file into the folder, and nowhere else. Raises ValueError."""
    if Path(name).name != name:
        raise ValueError(f"{name!r} is no name of a file in the artifacts folder")
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], looks_only=LOOK in sys.argv[2:]))
