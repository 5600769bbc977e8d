"""A trial: a market goes through lifecycles, is killed in them, and has to be whole afterwards."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx

from crash.checks import check_rows, check_running
from crash.lifecycle import COMMANDS, PATIENCE_S, RECORDS, STEPS, Lifecycle
from crash.market import KILLED, Prepared, Site
from crash.watch import Made, Point, Watch
from real.server import Server

LOOKS_EVERY_S = 0.005
LATE_S = 4
FIRST, START, STOP = "first", "start", "stop"


class ProcessKilledError(Exception):
    """The process came to its point."""


class Given(NamedTuple):
    """What a market gave out: the answer to a step, or a head of its log (without a step).

    `written` is how many entries the journal had when it was there.
    """

    written: int
    step: str
    text: str


@dataclass
class Trial:
    """A market under watch.

    Args:
        prepared: The market before its first lifecycle; its own copy.
        watch: Kills its processes.
    """

    prepared: Prepared
    watch: Watch
    lives: list[Lifecycle] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    calls: dict[str, list[Made]] = field(default_factory=dict)
    server: Server | None = None

    @property
    def site(self) -> Site:
        """Where the market lives."""
        return self.prepared.site

    def go_through(self, point: Point) -> Made | None:
        """Live one lifecycle and be killed at a point of it; recover, finish and check.

        Returns the call at which the process was killed, None if it never came to it.
        """
        # A task that lapses too early would be swept before anybody looks.
        lapses_after_s = LATE_S if point.step == "sweep" else 1
        self.lives.append(Lifecycle(self.prepared, len(self.lives), lapses_after_s))
        try:
            self._live(point, [point.step])
        except (httpx.TransportError, ProcessKilledError):
            assert self.watch.hit is not None, "the process ended by itself"
            self._bury(KILLED)
        hit = self.watch.hit
        self.watch.arm(None)
        self.watch.forget()
        self.recover()
        return hit

    def count(self) -> dict[str, list[Made]]:
        """Live undisturbed, with a stop at the end and then with a kill in between.

        Returns the calls of each step.
        """
        for ends_with in (START, STOP):
            self.lives.append(Lifecycle(self.prepared, len(self.lives)))
            self._live(None, [ends_with])
            started = self.calls.get(START, [])
        self.recover()
        self.end()
        return {step: self.calls[step] for step in (*STEPS, STOP)} | {START: started}

    def end(self) -> None:
        """Stop the market and check all that it left behind."""
        if self.server is None:
            self._start()
        vkey = self.running.call("", "web3.status.summary")["vkey"]
        server, self.server = self.running, None
        assert server.stop() == 0
        check_rows(self.site, self.lives, self.heads, vkey)

    def kill(self) -> None:
        """End whatever still runs."""
        if self.server is not None:
            self.server.kill()
            self.server = None

    @property
    def running(self) -> Server:
        """The process that runs."""
        assert self.server is not None
        return self.server

    def _bury(self, status: int) -> None:
        if self.server is not None:
            assert self.server.process.wait(timeout=30) == status
            self.server.kill()
            self.server = None

    def _start(self) -> None:
        self.server = self.site.start(self.watch)
        if self.server is None:
            raise ProcessKilledError

    def _arm(self, step: str, point: Point | None) -> None:
        self.watch.arm(point if point is not None and point.step == step else None)

    def live(self) -> None:
        """Live undisturbed, with a kill in between and a stop at the end; check nothing."""
        self.lives.append(Lifecycle(self.prepared))
        self._live(None, [START, STOP])

    def _live(self, point: Point | None, extra: Sequence[str]) -> None:
        """Go through the steps, with a kill and a start in their midst or a stop at their end."""
        if self.server is None:
            self.watch.arm(None)
            self._start()
        for step in COMMANDS:
            self._arm(step, point)
            self.lives[-1].ask(self.running, step)
            self._note(step, self.lives[-1].answers[step])
            self._rest(step, COMMANDS.index(step) + 1)
        if START in extra:
            self.kill()
            self._arm(START, point)
            self._start()
            self._rest(START, len(COMMANDS) + 1)
        self._arm("receipt", point)
        self._rest("receipt", len(COMMANDS) + 1)
        self.lives[-1].receipt(self.running)
        self._arm("sweep", point)
        self._rest("sweep", RECORDS)
        if STOP in extra:
            self._arm(STOP, point)
            self._stop()

    def _stop(self) -> None:
        server, self.server = self.running, None
        status = server.stop()
        self.calls[STOP] = self.watch.calls
        if status == KILLED:
            raise ProcessKilledError
        assert status == 0

    def _note(self, step: str, text: str) -> None:
        if step or text not in self.heads[-1:]:
            self.given.append(Given(self.watch.written, step, text))

    @property
    def heads(self) -> list[str]:
        """The heads of the log that the market gave out."""
        return [given.text for given in self.given if not given.step]

    def _rest(self, step: str, records: int) -> None:
        """Wait until the log has all records; note each of its heads that could be seen."""
        size = self.prepared.records + RECORDS * (len(self.lives) - 1) + records
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            head = self.running.checkpoint()
            self._note("", head)
            if int(head.split("\n")[1]) >= size:
                self.calls[step] = self.watch.calls
                return
            time.sleep(LOOKS_EVERY_S)
        raise AssertionError(f"{step}: the log did not come to {size} records.")

    def recover(self) -> None:
        """Start again, send everything again, and wait until nothing is left to do."""
        if self.server is None:
            self._start()
        for life in self.lives:
            for step in COMMANDS:
                life.ask(self.running, step)
        receipts = [life.receipt(self.running) for life in self.lives]
        self._rest("end", RECORDS)
        check_running(self.running, self.prepared, self.lives, receipts)


def first_start(site: Site, watch: Watch, point: Point | None) -> list[Made]:
    """Open a market where there is none, up to the first head of its log or up to a point.

    Returns its calls.
    """
    watch.arm(point)
    server = site.start(watch)
    if server is not None:
        with suppress(httpx.TransportError):
            while not server.checkpoint():
                time.sleep(LOOKS_EVERY_S)
        server.kill()
    return watch.calls
