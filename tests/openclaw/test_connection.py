"""The plugin's one open connection: many calls at once, each within its time, and it comes back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from openclaw.frames import Frames
from openclaw.node import run_module
from openclaw.programs import Programs
from real.server import Server

START = """
import { Connection } from "./src/connection.js";
const [settings] = given;
const connection = new Connection(settings);
const up = () => new Promise((resolve) => connection.onUp(resolve));
const ping = (options) => connection.call("web3.status.ping", {}, options);
const code = (promise) => promise.then(() => "answered", (failure) => failure.code);
const cause = (promise) => promise.then(() => "answered", (failure) => failure.reason);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const said = (value) => console.log(JSON.stringify(value));
"""


@pytest.fixture
def way(market: Server, tmp_path: Path) -> Iterator[Frames]:
    """A way to the market of the test's own, and beside it a key."""
    (tmp_path / "key").write_text(market.newcomer())
    relay = Frames(int(market.url.rpartition(":")[2].strip("/")))
    yield relay
    relay.close()


def ran(programs: Programs, way: Frames, tmp_path: Path, program: str) -> object:
    """Run a program that has a connection to the market."""
    given = {"serviceUrl": way.url, "keyFile": str(tmp_path / "key")}
    return run_module(programs, START + program, given)


def test_many_calls_are_in_flight_at_once(programs: Programs, way: Frames, tmp_path: Path) -> None:
    """A hundred calls are all answered, over one connection; a stopped one lets Node end."""
    program = """
    connection.start(); connection.start();
    await up();
    const answers = await Promise.all(Array.from({ length: 100 }, () => ping()));
    connection.stop(); connection.stop();
    said([answers.length, answers.every((answer) => typeof answer === "object"), connection.up]);
    """
    assert ran(programs, way, tmp_path, program) == [100, True, False]
    assert way.sockets == 1


def test_a_refusal_keeps_its_code(programs: Programs, way: Frames, tmp_path: Path) -> None:
    """What the market refuses is refused in its own words, and the connection stays."""
    program = """
    connection.start();
    await up();
    const refused = await code(connection.call("web3.status.summary", { deep: 7 }));
    said([refused, await code(connection.call("no.such.method")), await code(ping())]);
    connection.stop();
    """
    expected = ["E_INVALID_ARGUMENT", "E_NOT_FOUND", "answered"]
    assert ran(programs, way, tmp_path, program) == expected


def test_nobody_waits_for_a_market_that_is_away(
    programs: Programs, way: Frames, tmp_path: Path
) -> None:
    """Where nobody listens a call fails at once; when somebody does it is found by itself."""
    program = """
    connection.start();
    await pause(300);
    const before = performance.now();
    const away = await code(ping());
    said([away, performance.now() - before < 50]);
    connection.stop();
    """
    with way.gone():
        assert ran(programs, way, tmp_path, program) == ["E_UNAVAILABLE", True]


def test_what_is_in_flight_when_the_connection_breaks_fails_at_once(
    programs: Programs, way: Frames, tmp_path: Path
) -> None:
    """A call whose answer cannot come any more is not waited for; the next one is answered."""
    program = """
    connection.start();
    await up();
    const again = up();
    const lost = code(ping({ budgetMs: 30_000 }));
    said([await lost, await again.then(() => code(ping()))]);
    connection.stop();
    """
    with way.cut_in_flight():
        assert ran(programs, way, tmp_path, program) == ["E_UNAVAILABLE", "answered"]


def test_a_new_key_is_found_in_the_file(programs: Programs, way: Frames, tmp_path: Path) -> None:
    """With a wrong key the reason is said; once the file has a good one, it is used."""
    good = (tmp_path / "key").read_text()
    (tmp_path / "good").write_text(good)
    (tmp_path / "key").write_text(f"cmk_{'x' * 43}")
    program = """
    import { copyFileSync } from "node:fs";
    connection.start();
    await pause(400);
    const refused = await cause(ping());
    copyFileSync(settings.keyFile.replace(/key$/, "good"), settings.keyFile);
    await up();
    said([refused, await code(ping())]);
    connection.stop();
    """
    assert ran(programs, way, tmp_path, program) == ["key_refused", "answered"]


def test_a_late_answer_is_not_waited_for(programs: Programs, way: Frames, tmp_path: Path) -> None:
    """Each call has a time of its own; a market that merely is slow keeps its connection."""
    program = """
    connection.start();
    await up();
    const [short, long] = [code(ping({ budgetMs: 50 })), code(ping({ budgetMs: 5000 }))];
    said([await short, await long, connection.up]);
    connection.stop();
    """
    with way.slow(300):
        assert ran(programs, way, tmp_path, program) == ["E_TIMEOUT", "answered", True]
    assert way.sockets == 1


def test_a_dead_connection_is_left(programs: Programs, way: Frames, tmp_path: Path) -> None:
    """A connection over which nothing comes any more is replaced by another one."""
    program = """
    connection.start();
    await up();
    const again = up();
    const late = await code(ping({ budgetMs: 50 }));
    await again;
    said([late, await code(ping())]);
    connection.stop();
    """
    with way.stuck():
        assert ran(programs, way, tmp_path, program) == ["E_TIMEOUT", "answered"]


def test_another_program_is_not_listened_to(
    programs: Programs, way: Frames, tmp_path: Path
) -> None:
    """What is no frame of the market ends the connection, and its text is shown nowhere."""
    program = """
    connection.start();
    await up();
    said(await cause(ping()));
    connection.stop();
    """
    with way.garbling():
        assert ran(programs, way, tmp_path, program) == "not_a_market"
