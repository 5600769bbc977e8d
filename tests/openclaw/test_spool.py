"""The parts of the audit by themselves, run by the host's Node: commitments, numbers, the spool."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from openclaw.host import PLUGIN, Programs

Run = Callable[..., Any]

PRELUDE = """
import { readFileSync } from "node:fs";
import { commitment, saltOf } from "./src/audit/commitment.js";
import { canonicalPieces } from "./src/audit/canonical.js";
import { Delivery } from "./src/audit/delivery.js";
import { Recorder } from "./src/audit/recorder.js";
import { Spool } from "./src/audit/spool.js";
import { Failure, away } from "./src/failure.js";
const { folder, given } = JSON.parse(readFileSync(0, "utf8"));
const call = (tool) => ({ toolName: tool, params: { tool }, result: { ok: true }, durationMs: 1 });
const opened = async (most) => {
  const spool = new Spool(most);
  await spool.open(folder);
  const recorder = new Recorder(spool, () => {});
  const acts = async (sessionKey, ...tools) => {
    for (const tool of tools) recorder.note("after_tool_call", call(tool), { sessionKey });
    await recorder.settled();
  };
  return { spool, recorder, acts };
};
// A market that keeps what it is sent, as ours does, and fails as often as it is told to.
const market = (failures = []) => {
  const kept = [];
  const next = new Map();
  const ask = async (_method, { source, sessionIdHash, items }) => {
    const failure = failures.shift();
    if (failure instanceof Error) throw failure;
    const stream = `${source}|${sessionIdHash}`;
    let seq = next.get(stream) ?? 1;
    if (items[0].seq > seq) throw new Failure("E_CONFLICT", "gap", { cause: "activity_gap" });
    for (const item of items.slice(Math.max(0, seq - items[0].seq))) {
      kept.push([item.facts.tool, item.seq, source, item.facts.lost ?? 0]);
      seq = item.seq + 1;
    }
    next.set(stream, seq);
    if (failure === "unheard") throw away();
    return { nextSeq: seq };
  };
  return { ask, kept };
};
const delivered = async (spool, service) => {
  const delivery = new Delivery(spool, service, { warn: () => {} });
  delivery.start();
  while (spool.waiting) await new Promise((go) => setTimeout(go, 20));
  await delivery.stop(1000);
};
const says = (value) => console.log(JSON.stringify(value));
"""


@pytest.fixture
def run(programs: Programs, tmp_path: Path) -> Run:
    """Run a script with the audit's parts and a folder that stays for the test."""

    def run(script: str, given: object = None, *before: str) -> Any:
        line = [*before, str(programs.node), "--input-type=module", "--eval", PRELUDE + script]
        asked = json.dumps({"folder": str(tmp_path / "audit"), "given": given})
        done = subprocess.run(
            line, cwd=PLUGIN, input=asked, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


VALUES = [
    {"b": 1, "a": [True, None, "x"], "": {}, "B": []},
    {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7},
    [333333333.33333329, 1e30, 4.50, 2e-3, 1e-27, 0, -0.0, 1e21],
    '\u20ac$\u000f\nA\'B"\\\\"/\u2028\U0001f600',
    {"deep": {"deep": [[[{}]], {"a": {"b": []}}]}},
    {"long": "a\U0001f600" * 70_000, "after": "x" * 70_000, "quotes": '"\\' * 50_000},
    [{"number": n, "name": f"n{n}"} for n in range(3_000)],
    None,
    7,
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_contents_have_one_form(run: Run, value: object) -> None:
    """What is committed to is the RFC 8785 form, as another implementation writes it."""
    found = run('says([...canonicalPieces(given)].join(""));', value)
    assert found.encode() == rfc8785.dumps(value)  # type: ignore[arg-type]  # any JSON value


def test_a_text_is_committed_to_as_it_is(run: Run) -> None:
    """SHA-256 over the salt and the text's UTF-8, however long it is."""
    text = "\U0001f600 and so on " * 30_000
    found = run('says(await commitment(Buffer.from("5a17", "hex"), given));', text)
    assert found == {
        "bytes": len(text.encode()),
        "hash": hashlib.sha256(bytes.fromhex("5a17") + text.encode()).hexdigest(),
    }


@pytest.mark.parametrize(
    "content",
    ["const o = {}; o.o = o; return o", "return { toJSON() { throw new Error('no') } }"],
)
def test_what_is_no_json_has_no_commitment(run: Run, content: str) -> None:
    """A value within itself, or one that refuses: the record is made without it."""
    found = run(
        f"""
        const {{ spool, recorder }} = await opened();
        const params = (() => {{ {content} }})();
        recorder.note("after_tool_call", {{ ...call("odd"), params }}, {{ sessionKey: "s" }});
        await recorder.settled();
        says((await spool.batch()).items[0]);
        """
    )
    assert (found["facts"]["tool"], list(found["commitments"])) == ("odd", ["result"])


def test_ten_megabytes_hold_nobody_up(run: Run) -> None:
    """A hook is back before anything was hashed, and the host has many turns in between."""
    turns, hashed = run(
        """
        const { spool, recorder } = await opened();
        const params = { text: "x".repeat(5_000_000), list: Array(500_000).fill("abcdefg") };
        recorder.note("after_tool_call", { ...call("big"), params }, { sessionKey: "s" });
        const waiting = spool.waiting;
        let turns = 0;
        const count = () => { turns += 1; if (!spool.waiting) setImmediate(count); };
        count();
        await recorder.settled();
        const [item] = (await spool.batch()).items;
        says([waiting === 0 ? turns : 0, item.facts.paramsBytes]);
        """
    )
    assert turns > 30
    assert hashed == len('{"list":[],"text":""}') + 5_000_000 + 500_000 * 10 - 1


def test_a_hook_never_throws(run: Run) -> None:
    """Whatever the host calls it with, and even where nothing can be written."""
    found = run(
        """
        const closed = new Recorder(new Spool(), () => {});
        for (const event of [undefined, null, 7, {}, { toolName: {} }, { usage: 1 }]) {
          for (const hook of ["llm_input", "llm_output", "after_tool_call", "unknown"]) {
            closed.note(hook, event, undefined);
            closed.note(hook, event, { sessionKey: "s" });
          }
        }
        await closed.settled();
        says("well");
        """
    )
    assert found == "well"


def test_a_session_is_known_by_its_key(run: Run) -> None:
    """Where a hook gives the id alone, the key is the one that came with it before."""
    first, second = run(
        """
        const { spool, recorder } = await opened();
        recorder.note("llm_output", { sessionId: "i" }, { sessionKey: "agent:main:main" });
        recorder.note("llm_output", { sessionId: "i" }, {});
        recorder.note("llm_output", { sessionId: "other" }, {});
        await recorder.settled();
        const { sessionIdHash, items } = await spool.batch();
        says([sessionIdHash, items.map(({ seq }) => seq)]);
        """
    )
    assert (first, second) == (hashlib.sha256(b"agent:main:main").hexdigest(), [1, 2])


def test_a_killed_process_loses_no_record(run: Run, tmp_path: Path) -> None:
    """What was written is there for the next one, which goes on with the next number."""
    run('const { acts } = await opened(); await acts("s", "a", "b"); says(0); process.exit();')
    with (tmp_path / "audit" / "spool.jsonl").open("a") as spool:
        spool.write('{"source":"00","sess')
    kept = run(
        """
        const { spool, acts } = await opened();
        await acts("s", "c");
        await acts("other", "d");
        const service = market();
        await delivered(spool, service);
        await spool.close();
        says(service.kept.map(([tool, seq]) => [tool, seq]));
        """
    )
    assert kept == [["a", 1], ["b", 2], ["c", 3], ["d", 1]]
    last = 'const { spool, acts } = await opened(); await acts("s", "e"); '
    assert run(last + "says((await spool.batch()).items[0].seq);") == 4


def test_what_was_delivered_is_not_delivered_again(run: Run) -> None:
    """After an end in good order nothing waits; after a kill the market skips what it has."""
    script = """
        const service = market();
        const one = await opened();
        await one.acts("s", "a", "b");
        await delivered(one.spool, service);
        if (given) await one.spool.close();
        const two = await opened();
        const waiting = two.spool.waiting;
        await two.acts("s", "c");
        await delivered(two.spool, service);
        await two.spool.close();
        says([waiting, service.kept.map(([tool, seq]) => [tool, seq])]);
        """
    kept = [["a", 1], ["b", 2], ["c", 3]]
    assert run(script, given=True) == [0, kept]
    assert run(script.replace('"s"', '"t"'), given=False) == [2, kept]


def test_a_market_that_is_away_gets_everything_once(run: Run) -> None:
    """It fails twice, takes a batch without being heard, and then all is there, in order."""
    kept = run(
        """
        const { spool, acts } = await opened();
        await acts("s", "a", "b");
        const service = market([away(), "unheard", away()]);
        await delivered(spool, service);
        says(service.kept.map(([tool, seq]) => [tool, seq]));
        """
    )
    assert kept == [["a", 1], ["b", 2]]


def test_a_full_spool_drops_the_newest_and_says_so(run: Run) -> None:
    """What is dropped is counted by session and told of in its next record, once."""
    kept = run(
        """
        const one = await opened(3);
        await one.acts("s", "a", "b");
        await one.acts("t", "c", "dropped");
        await one.acts("s", "dropped", "dropped");
        await one.spool.close();
        const { spool, acts } = await opened(3);
        const lost = spool.lost;
        const service = market();
        await delivered(spool, service);
        await acts("s", "d", "e");
        await acts("t", "f");
        await delivered(spool, service);
        says([lost, spool.lost, service.kept.map(([tool, seq, , lost]) => [tool, seq, lost])]);
        """
    )
    assert kept == [
        3,
        0,
        [["a", 1, 0], ["b", 2, 0], ["c", 1, 0], ["d", 3, 2], ["e", 4, 0], ["f", 2, 1]],
    ]


def test_a_full_disk_costs_what_does_not_fit_and_no_more(run: Run) -> None:
    """Half a line is no record: it is counted as lost, and the numbers go on without a gap."""
    limited = "trap '' XFSZ; ulimit -f 4; exec \"$@\""
    lost, waiting = run(
        """
        const { spool, acts } = await opened();
        for (let n = 0; n < 40; n += 1) await acts("s", `t${n}`);
        await spool.close();
        says([spool.lost, spool.waiting]);
        """,
        None,
        *("bash", "-c", limited, "limited"),
    )
    assert lost > 0
    assert lost + waiting == 40
    kept = run(
        """
        const { spool, acts } = await opened();
        await acts("s", "last");
        const service = market();
        await delivered(spool, service);
        says(service.kept.map(([tool, seq, , lost]) => [tool, seq, lost]));
        """
    )
    assert kept == [*([f"t{n}", n + 1, 0] for n in range(waiting)), ["last", waiting + 1, lost]]


def test_a_market_that_holds_something_else_gets_a_new_source(run: Run) -> None:
    """What waits of the contradicted session is lost and counted; others go on at once."""
    kept = run(
        """
        const { spool, acts } = await opened();
        await acts("s", "a", "b");
        await acts("t", "c");
        const forked = new Failure("E_CONFLICT", "forked", { cause: "activity_forked" });
        const service = market([forked]);
        await delivered(spool, service);
        await acts("s", "d");
        await delivered(spool, service);
        const sources = new Set(service.kept.map(([, , source]) => source)).size;
        says([sources, service.kept.map(([tool, seq, , lost]) => [tool, seq, lost])]);
        """
    )
    assert kept == [2, [["c", 1, 0], ["d", 1, 2]]]


@pytest.mark.parametrize("state", ["", "{}", '{"source":"x","streams":{}}', "\x00\x01"])
def test_a_lost_count_begins_a_new_source(run: Run, tmp_path: Path, state: str) -> None:
    """No number is ever given twice: what waits keeps its source, what is new gets another."""
    run('const { acts } = await opened(); await acts("s", "a"); says(0);')
    (tmp_path / "audit" / "state.json").write_text(state)
    sources, kept = run(
        """
        const { spool, acts } = await opened();
        await acts("s", "b");
        const service = market();
        await delivered(spool, service);
        const sources = new Set(service.kept.map(([, , source]) => source)).size;
        says([sources, service.kept.map(([tool, seq]) => [tool, seq])]);
        """
    )
    assert (sources, kept) == (2, [["a", 1], ["b", 1]])


def test_a_secret_is_never_replaced(run: Run, tmp_path: Path) -> None:
    """A file that holds something else is left as it is, and nothing is written down."""
    opening = "says(await new Spool().open(folder).then(() => 'open', () => 'refused'));"
    assert run(opening) == "open"
    secret = tmp_path / "audit" / "secret"
    kept = secret.read_text()
    assert run(opening) == "open"
    assert secret.read_text() == kept

    secret.write_text("something else")
    assert run(opening) == "refused"
    assert secret.read_text() == "something else"
