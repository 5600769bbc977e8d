import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from clawmarket.adapters.entropy.system import SystemEntropy
from clawmarket.adapters.wallets.keyfile import Wallet
from clawmarket.entry.tour.agent import Agent
from clawmarket.entry.tour.bidding import write_note
from clawmarket.entry.tour.papers import (
    MAX_DOCUMENT_BYTES,
    DocumentUnusableError,
    default_document,
    read_file,
    wire_name,
)
from clawmarket.entry.tour.screen import Outcome, Share, money_lines
from clawmarket.entry.tour.stage import run_tour

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "src" / "clawmarket" / "entry" / "tour" / "sample.md"
VERIFIER = ROOT / "tools" / "verify_receipt.py"
STARTED = f"{shlex.quote(sys.executable)} -m clawmarket"
TOUR = (sys.executable, "-m", "clawmarket", "tour")
AS_JSON = (
    "import sys; from pathlib import Path; from clawmarket.entry.tour.stage import run_tour; "
    "sys.exit(run_tour(Path(sys.argv[1]), sys.argv[2], keep=True, as_json=True))"
)


def environment(folder: Path) -> dict[str, str]:
    """Return a clean environment whose temporary folders lie in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLAWMARKET_")}
    return kept | {"TMPDIR": str(folder), "NO_COLOR": "1"}


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder to its end."""
    return subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
    )


def left_behind(folder: Path) -> list[str]:
    """Return the command lines of processes that were started with this temporary folder."""
    mark = f"TMPDIR={folder}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue  # somebody else's, or gone
    return found


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return the folder and the lines of one whole tour."""
    folder = tmp_path_factory.mktemp("tour")
    done = run(*TOUR, SAMPLE, folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder, done.stdout.splitlines()


def test_a_tour_ends_well_and_leaves_only_the_receipt(tour: tuple[Path, list[str]]) -> None:
    """The last line says so; the market, its data and all processes are gone."""
    folder, lines = tour
    receipt = next(line for line in lines if line.startswith("receipt: "))

    assert lines[-1] == "tour: ok"
    assert re.fullmatch(r"receipt: receipts/order_[0-9a-z]{26}\.receipt\.json", receipt)
    assert [path.name for path in folder.iterdir()] == ["receipts"]
    assert left_behind(folder) == []


def test_the_tours_money_adds_up(tour: tuple[Path, list[str]]) -> None:
    """40.00 credits leave the buyer, 39.60 and the fee of 1 % arrive, the loser keeps all."""
    _, lines = tour
    start = next(number for number, line in enumerate(lines) if line.startswith("party"))

    assert [re.split(r"\s{2,}", line.strip()) for line in lines[start + 1 : start + 8]] == [
        ["buyer", "1,000.00", "960.00", "\N{MINUS SIGN}40.00"],
        ["worker 1, hired", "1,000.00", "1,039.60", "+39.60"],
        ["worker 2, turned down", "1,000.00", "1,000.00", "0.00"],
        ["the market, fee 1 %", "0.00", "0.40", "+0.40"],
        ["------"],
        ["sum", "0.00"],
        ["======"],
    ]
    assert "Who paid what, in credits. TEST MONEY." in lines


def test_the_printed_commands_verify_the_receipt(tour: tuple[Path, list[str]]) -> None:
    """Both verifiers accept the file with the key that the tour names; the market is gone."""
    folder, lines = tour
    first = shlex.split(next(line for line in lines if " -m clawmarket verify" in line))

    ours = run(*first, folder=folder)
    theirs = run(sys.executable, VERIFIER, *first[4:], folder=folder)

    assert first[0] == sys.executable
    assert [line for line in lines if "verify_receipt.py" in line] == []
    assert ours.returncode == 0, ours.stdout + ours.stderr
    assert theirs.returncode == 0, theirs.stdout + theirs.stderr


def test_the_second_verifier_is_named_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its command stands there with the key, from a folder that has the file, and nowhere else."""
    outcome = Outcome([], [], "order_x", "receipts/x y.json", "name+0+k", None)
    second = "python3 tools/verify_receipt.py 'receipts/x y.json' --key name+0+k"
    monkeypatch.chdir(tmp_path)
    assert outcome.checks == [outcome.check]
    monkeypatch.chdir(ROOT)
    assert outcome.checks == [outcome.check, second]


def test_every_actor_tells_its_part(tour: tuple[Path, list[str]]) -> None:
    """Each one's steps come in order, and nobody is called by an account id."""
    _, lines = tour
    steps = [line.split("  ", 1)[1] for line in lines if re.match(r"\d\d:\d\d:\d\d\.\d{3}", line)]
    winner = [step for step in steps if step.startswith("worker 1")]
    loser = [step for step in steps if step.startswith("worker 2")]

    assert [step[11:].split(" ")[0] for step in winner] == [
        *("signed", "bid", "fetched", "handed", "was", "done;")
    ]
    assert [step[11:].split(" ")[0] for step in loser] == ["signed", "bid", "its", "done;"]
    assert "buyer      hired worker 1; 40.00 credits are locked, 10.00 credits are free again" in (
        steps
    )
    assert not any("agent_" in step for step in steps)


@pytest.fixture
def market(tmp_path: Path) -> Iterator[str]:
    """Run a market that others use too, and return its address."""
    env = environment(tmp_path) | {"CLAWMARKET_HOME": str(tmp_path / "home")}
    command = (sys.executable, "-m", "clawmarket", "serve", "--faucet", "--port", "0")
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        lines = iter(process.stdout or ())
        try:
            yield next(line.split()[1] for line in lines if line.strip().startswith("market "))
        finally:
            process.terminate()


def test_two_tours_on_one_market_keep_apart(market: str, tmp_path: Path) -> None:
    """Each buyer hires its own tour's worker; the wallets are kept, since that was asked for."""
    command = (sys.executable, "-c", AS_JSON, str(SAMPLE), market)
    tours = [
        subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(2)
    ]
    documents: list[dict[str, Any]] = [json.loads(tour.communicate()[0]) for tour in tours]

    assert [tour.returncode for tour in tours] == [0, 0]
    assert len({document["orderId"] for document in documents}) == 2
    for document in documents:
        assert (document["ok"], document["testMoney"]) == (True, True)
        assert [(share["party"], share["change"]) for share in document["money"]] == [
            ("buyer", "-40000000"),
            ("worker 1, hired", "39600000"),
            ("worker 2, turned down", "0"),
            ("the market, fee 1 %", "400000"),
        ]
        assert (tmp_path / document["receipt"]).is_file()
        wallets = sorted(path.parent.name for path in Path(document["kept"]).glob("*/wallet.json"))
        assert wallets == ["buyer", "worker-1", "worker-2"]


def test_a_buyer_sends_wrong_work_back_and_keeps_its_money(market: str, tmp_path: Path) -> None:
    """A report with invented figures is rejected with what is wrong, and nothing is paid."""
    command = [sys.executable, "-m", "clawmarket.entry.tour.buyer", f"--file={SAMPLE}"]
    command += ["--url", market, "--name", "buyer", "--skills", "markdown", "--mark", "00c0ffee"]
    command += ["--budget", "50000000", "--bids", "1"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as buyer:
        lines = (json.loads(line) for line in buyer.stdout or ())
        task_id = next(line["data"]["taskId"] for line in lines if line["step"] == "published")
        with closing(Agent(market, Wallet.create(SystemEntropy()))) as worker:
            worker.sign_in()
            note = write_note(["markdown"], "00c0ffee", "")
            worker.call("web3.market.placeBid", taskId=task_id, price="40000000", note=note)
            order_id = next(line["data"]["orderId"] for line in lines if line["step"] == "hired")
            report = worker.upload("digest.md", b"# Digest of sample.md\n\n| Words | 7 |\n")
            worker.call("web3.market.submitResult", orderId=order_id, artifacts=[report])
            *_, last = lines
            order = worker.call("web3.market.order.get", orderId=order_id)

    assert (buyer.returncode, last["step"], last["data"]["code"]) == (1, "error", "E_CONFLICT")
    assert last["text"].startswith("The report was wrong and went back: ")
    assert (order["status"], order["rejections"]) == ("delivery_ready", 1)
    assert list(tmp_path.glob("receipts/*")) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_tour_that_is_told_to_end_takes_everybody_along(
    tmp_path: Path, number: signal.Signals
) -> None:
    """In the midst of the deal, Ctrl+C ends market and agents and removes their folder."""
    long = tmp_path / "long.md"
    long.write_text("# a\n" * 250_000)  # a digest of seconds: the deal is not over by then
    with subprocess.Popen(
        (*TOUR, long),
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        seen = next(line for line in process.stdout or () if "signed in" in line)
        process.send_signal(number)
        rest, _ = process.communicate()

    assert seen
    assert process.returncode == 130
    assert "tour: ok" not in rest
    assert left_behind(tmp_path) == []
    assert list(tmp_path.glob("clawmarket-tour-*")) == []


def test_a_failing_actor_fails_the_tour(tmp_path: Path) -> None:
    """On a market without test money the error names who failed; the exit is that of its code."""
    command = [sys.executable, "-m", "clawmarket", "serve", "--port", "0", "--home", "home"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, text=True
    ) as poor:
        address = next(filter(None, (re.search(r"http://\S+", x) for x in poor.stdout or ())))
        done = run(*TOUR, SAMPLE, "--url", address[0], folder=tmp_path)
        poor.terminate()

    assert (done.returncode, done.stdout.splitlines()[-1]) == (6, "tour: failed")
    error, next_step = done.stderr.splitlines()
    assert re.match(r"error\[E_CONFLICT\]: (buyer|worker [12]): The credits of this", error)
    assert next_step.startswith(f"next: {STARTED} ")


def test_a_tour_without_a_stage_starts_nothing(tmp_path: Path) -> None:
    """Where no market answers, the tour ends before anybody acts, by the table."""
    done = run(*TOUR, SAMPLE, "--url", "http://127.0.0.1:1", folder=tmp_path)

    assert (done.returncode, done.stdout) == (4, "")
    error, next_step = done.stderr.splitlines()
    assert error.startswith("error[E_UNAVAILABLE]: No market answers at http://127.0.0.1:1. ")
    assert next_step == f"next: {STARTED} status --url http://127.0.0.1:1"


def test_a_program_that_is_no_market_is_no_stage(tmp_path: Path) -> None:
    """Something else that listens there is said to be no market."""
    with subprocess.Popen(
        (sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        text=True,
    ) as other:
        port = re.search(r"port (\d+)", next(iter(other.stdout or ())))
        assert port is not None
        done = run(*TOUR, SAMPLE, "--url", f"http://127.0.0.1:{port[1]}", folder=tmp_path)
        other.terminate()

    assert (done.returncode, done.stdout) == (4, "")
    said = f"error[E_UNAVAILABLE]: No market answers at http://127.0.0.1:{port[1]}. "
    assert done.stderr.startswith(said)


def test_a_document_that_is_no_text_is_refused_before_anything_starts(tmp_path: Path) -> None:
    """The command ends with 2, one error line and the next step."""
    (tmp_path / "bad.md").write_bytes(b"# ok\n\xff")
    done = run(*TOUR, "bad.md", folder=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    error, next_step = done.stderr.splitlines()
    assert error.startswith("error[E_INVALID_ARGUMENT]: bad.md is not UTF-8 at byte 5. ")
    assert next_step == f"next: {STARTED} help tour"
    assert [path.name for path in tmp_path.iterdir()] == ["bad.md"]


def test_a_document_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    """Missing, a folder, or a byte too large; the largest allowed one is read."""
    large = tmp_path / "large.md"
    large.write_bytes(b"a" * MAX_DOCUMENT_BYTES)
    assert len(read_file(large)) == MAX_DOCUMENT_BYTES
    large.write_bytes(b"a" * (MAX_DOCUMENT_BYTES + 1))

    cases = {
        tmp_path / "gone.md": "no such file",
        tmp_path: "is a directory",
        large: "more than 1 MiB",
        Path("a\0b"): "cannot be read",
    }
    for path, reason in cases.items():
        with pytest.raises(DocumentUnusableError, match=reason):
            run_tour(path, None, keep=False)


def test_without_a_file_the_tour_takes_the_projects_own_readme() -> None:
    """Inside a checkout it is README.md; the packaged sample is readable as well."""
    assert default_document() == ROOT / "README.md"
    assert read_file(SAMPLE).startswith("# ")


def test_a_files_name_on_the_wire_is_one_visible_line() -> None:
    """Control characters, backslashes and what hides text stay out of the market."""
    assert wire_name(Path("notes/a\\b\u202e\nc.md")) == "a_b c.md"
    assert len(wire_name(Path("x" * 250))) == 120


def test_a_sum_that_does_not_balance_is_not_underlined_twice() -> None:
    """The double line is earned; question marks stand where a credit is missing."""
    shares = [Share("a", 5_000_000, 0, -5_000_000), Share("b", None, None, 4_000_000)]

    assert money_lines(shares) == [
        "party  before  after  change",
        "a        5.00   0.00   \N{MINUS SIGN}5.00",
        "b                      +4.00",
        "                      ------",
        "sum                    \N{MINUS SIGN}1.00",
        "                      ??????",
    ]
