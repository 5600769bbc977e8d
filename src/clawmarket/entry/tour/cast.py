"""The tour's processes: started, listened to, and ended by their own ids, whatever happens."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

_GRACE_S = 5.0
_ON_LOGS = frozenset({"CLAWMARKET_DEBUG", "CLAWMARKET_LOG"})


class TourFailedError(Exception):
    """A tour cannot go on: who failed, what happened, the command to run next, the code."""

    def __init__(
        self,
        actor: str,
        what: str,
        next_step: str = "clawmarket doctor",
        code: str = "E_INTERNAL",
    ) -> None:
        super().__init__(what)
        self.actor = actor
        self.what = what
        self.next_step = next_step
        self.code = code


@dataclass(frozen=True, slots=True)
class Line:
    """What a process wrote to stdout; without text it ended, with a status."""

    name: str
    text: str | None
    status: int = 0


@dataclass
class Cast:
    """All processes of one tour.

    Args:
        folder: Where each one's stderr goes, as `<name>.log`.
        deadline: When all has to be over, on the monotonic clock.
    """

    folder: Path
    deadline: float
    _processes: list[subprocess.Popen[str]] = field(default_factory=list)
    _lines: SimpleQueue[Line] = field(default_factory=SimpleQueue)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.dismiss()

    def start(self, name: str, module: str, *args: str, home: Path | None = None) -> None:
        """Start a module of this program as a process of its own.

        It gets none of this process's `CLAWMARKET_…` settings but those on logs, reads nothing,
        and sits in a group of its own, so that Ctrl+C reaches it through `dismiss` only.
        """
        with self.log_of(name).open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - this interpreter and our own module
                [sys.executable, "-P", "-m", module, *args],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_environment(home),
                encoding="utf-8",
                errors="replace",
                process_group=0,
            )
        self._processes.append(process)
        threading.Thread(target=self._listen, args=(name, process), daemon=True).start()

    def next_line(self) -> Line:
        """Return the next line of any process. Raises TourFailedError at the deadline."""
        try:
            return self._lines.get(timeout=self.seconds_left())
        except Empty:
            what = "The time was up before the deal was over."
            raise TourFailedError("the tour", what, code="E_TIMEOUT") from None

    def status_of(self, name: str) -> int:
        """Wait until a process ends and return its status; what others say is passed over."""
        while (line := self.next_line()).text is not None or line.name != name:
            continue
        return line.status

    def seconds_left(self) -> float:
        """Return how long the tour may still take."""
        return max(0.0, self.deadline - time.monotonic())

    def dismiss(self) -> None:
        """End every process that still runs: politely, and after five seconds for good."""
        running = [process for process in self._processes if process.poll() is None]
        try:
            for process in running:
                process.terminate()
            until = time.monotonic() + _GRACE_S
            for process in running:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, until - time.monotonic()))
        finally:
            for process in running:
                if process.poll() is None:
                    process.kill()
                    process.wait()

    def log_of(self, name: str) -> Path:
        """Return the file with what a process wrote to stderr."""
        return self.folder / f"{name.replace(' ', '-')}.log"

    def last_words(self, name: str) -> str:
        """Return the line of a process's stderr that says most about its end."""
        lines = self.log_of(name).read_text("utf-8", errors="replace").splitlines()
        said = [line.strip() for line in lines if line.strip()]
        errors = [line.partition(": ")[2] for line in said if line.startswith("error[")]
        return next(iter(errors[-1:] or said[-1:]), "it said nothing")

    def _listen(self, name: str, process: subprocess.Popen[str]) -> None:
        with process:
            for text in process.stdout or ():
                self._lines.put(Line(name, text))
        self._lines.put(Line(name, None, process.returncode))


@contextmanager
def throwaway_folder(*, keep: bool) -> Iterator[Path]:
    """Make a folder that is gone afterwards, unless it is to be kept."""
    folder = Path(tempfile.mkdtemp(prefix="clawmarket-tour-"))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def interruptible() -> Iterator[None]:
    """Treat being told to end like Ctrl+C, so that nothing is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.default_int_handler) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _environment(home: Path | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not _is_ours(name)}
    return kept if home is None else kept | {"CLAWMARKET_HOME": str(home)}


def _is_ours(name: str) -> bool:
    return name.startswith("CLAWMARKET_") and name not in _ON_LOGS
