"""One run of a handler: a process group of its own, with a time limit, that nothing outlives.

The child holds a lock for as long as it lives. A daemon that was killed leaves its handler behind;
the next one finds the lock taken, ends that handler, and only then starts anew: no task is worked
on twice at once.
"""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clawmarket.entry.cli.remote.session import KEY_FILE_VARIABLE, KEY_VARIABLE
from clawmarket.entry.daemon.handlers.choice import Handler

LOG = "handler.log"
SPEC = "task_spec.json"
_LOCK = ".handler.lock"
_LOG_BYTES = 16 * 1024 * 1024
_FOLDER_BYTES = 2 * 1024**3
_END_S = 5.0
_SAID, _LAST_BYTES = 300, 4096


@dataclass
class Run:
    """A handler at work."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    made: Path
    ends: float

    @property
    def group(self) -> int:
        """The process group, by which another daemon can end it."""
        return self.process.pid

    def verdict(self) -> str | None:
        """Return why it failed, an empty text when it is done, or None while it works."""
        status = self.process.poll()
        if status is not None:
            end_group(self.group)
            return f"it ended with status {status}{_last_words(self.folder)}" if status else ""
        if time.monotonic() >= self.ends:
            return "its time was up"
        if _size(self.folder / LOG) > _LOG_BYTES:
            return "it printed too much"
        if sum(_size(path) for path in self.made.iterdir()) > _FOLDER_BYTES:
            return "it wrote too much"
        return None

    def end(self) -> None:
        """End it and everything it started: asked first, then without asking."""
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.group, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_END_S)
        end_group(self.group)
        self.process.wait()


def start(
    handler: Handler, folder: Path, made: Path, about: Mapping[str, str], limit_s: float
) -> Run:
    """Start a handler in a task's folder; its spec is there. Raises OSError."""
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with (folder / SPEC).open("rb") as spec, (folder / LOG).open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - the operator's own words
                handler.line,
                cwd=folder,
                env=_environment(handler, made, about),
                stdin=spec,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock,),
            )
    finally:
        os.close(lock)
    return Run(process, folder, made, time.monotonic() + limit_s)


def is_left_behind(folder: Path) -> bool:
    """Return whether a handler of an earlier daemon still works in a folder."""
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(lock)


def end_group(group: int) -> None:
    """End whatever is left of a process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _environment(handler: Handler, made: Path, about: Mapping[str, str]) -> dict[str, str]:
    """Return the handler's environment: a task's text never meets the market's key."""
    own = (KEY_VARIABLE, KEY_FILE_VARIABLE)
    inherited = {name: value for name, value in os.environ.items() if name not in own}
    named = {"CLAWMARKET_ARTIFACTS": str(made), **about}
    return inherited | dict(handler.settings) | named


def _last_words(folder: Path) -> str:
    """Return the last line that a handler printed; the rest of what it said is in the log."""
    with suppress(OSError), (folder / LOG).open("rb") as log:
        log.seek(max(0, _size(folder / LOG) - _LAST_BYTES))
        lines = log.read(_LAST_BYTES).decode("utf-8", "replace").strip().splitlines()
        said = " ".join(lines[-1].split())[:_SAID] if lines else ""
        return f": {said}" if said else ""
    return ""


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
