"""The plugin's modules under attack: a hostile market, a hostile sender, a hostile model."""

from pathlib import Path
from typing import Any

from openclaw.node import run_module
from openclaw.programs import Programs


def test_beginnings_of_tokens_are_read_once(programs: Programs) -> None:
    """Neither what a market answers nor what somebody types may hold up the host.

    Each text was read again at every fourth letter: 4 MiB of it stopped the gateway for hours.
    """
    program = """
    import { looksSecret } from "./src/chat/typed.js";
    import { safeText } from "./src/redaction.js";
    const text = "eyJ-".repeat(2 ** 20);
    const answer = [safeText(`see ${text} here`), looksSecret(text), looksSecret("see eyJ-eyJ-x")];
    console.log(JSON.stringify(answer));
    """
    assert run_module(programs, program) == ["see [TOKEN] here", True, False]


# A market in the same process: what `answers` makes of each frame comes back as it is.
SPOKEN_TO = """
import { Connection } from "./src/connection.js";
import { Plan } from "./src/billing/plan.js";
const [keyFile] = given;
const serve = (answers) => {
  globalThis.WebSocket = class {
    bufferedAmount = 0;
    constructor() { setTimeout(() => this.onopen()); }
    send(text) {
      const { type, id } = JSON.parse(text);
      const data = answers(type, id);
      queueMicrotask(() => this.onmessage({ data }));
    }
    close() {}
  };
};
const res = (id, rest) => `{"type":"res","id":${id},${rest}}`;
const nested = `${'{"a":'.repeat(100000)}1${"}".repeat(100000)}`;
const connected = async () => {
  const connection = new Connection({ serviceUrl: "http://127.0.0.1:1", keyFile });
  const up = new Promise((resolve) => connection.onUp(resolve));
  connection.start();
  await Promise.race([up, new Promise((resolve) => setTimeout(resolve, 300))]);
  return connection;
};
const said = (value) => console.log(JSON.stringify(value));
"""


def spoken_to(programs: Programs, tmp_path: Path, program: str) -> Any:
    """Run a program that may serve a market to the plugin's connection."""
    (tmp_path / "key").write_text("key-of-a-test")
    return run_module(programs, SPOKEN_TO + program, str(tmp_path / "key"))


def test_no_refusal_ends_the_host(programs: Programs, tmp_path: Path) -> None:
    """An error that is no text, or has no end, is one of no market; the host would exit on it."""
    program = """
    const refusals = [
      '"ok":false,"error":{"toString":1}',
      `"ok":false,"error":"E_CONFLICT: x","details":${nested}`,
      '"ok":false,"error":"E_CONFLICT: x","details":{"next":{"toString":1}}',
      '"ok":false',
    ];
    const codes = [];
    for (const refusal of refusals) {
      serve((type, id) => res(id, type === "auth" ? '"ok":true' : refusal));
      const connection = await connected();
      codes.push(await connection.call("x").catch(({ reason, text }) => `${reason}: ${text}`));
      connection.stop();
      serve((_type, id) => res(id, refusal));
      (await connected()).stop();
    }
    said(codes.map((each) => each.split(":")[0]));
    """
    assert spoken_to(programs, tmp_path, program) == ["not_a_market"] * 4


def test_no_plan_ends_the_host(programs: Programs, tmp_path: Path) -> None:
    """Prices that are no texts are no plan; what was known before stays."""
    program = """
    let prices = '{"search":"5"}';
    serve((_type, id) => res(id, `"ok":true,"payload":{"enabled":true,"toolPrices":${prices}}`));
    const connection = await connected();
    const plan = new Plan(connection);
    await plan.refresh();
    prices = `{"read":${nested}}`;
    await plan.refresh();
    connection.stop();
    said([plan.isPaid("search"), plan.isPaid("read")]);
    """
    assert spoken_to(programs, tmp_path, program) == [True, False]


CALLS = """
import { Calls } from "./src/billing/calls.js";
import { Journal } from "./src/billing/journal.js";
const reserved = [];
const call = async (_method, { tool, callId }) => {
  reserved.push([tool, callId]);
  return { reservationId: callId };
};
const plan = { isPaid: () => true, refresh() {} };
const journal = new Journal();
const settings = { timeoutMs: 1000, whenAway: "closed" };
const calls = new Calls({ up: true, call }, plan, journal, { deliver() {} }, settings);
const at = { sessionKey: "agent:main:main", runId: "run" };
const begin = (toolName, params, toolCallId = "call_0") =>
  calls.begin({ toolName, toolCallId, params }, at);
const finish = (toolName, params, error) =>
  calls.finish({ toolName, toolCallId: "call_0", params, error, result: {} }, at);
const outcomes = () => [...journal.values()].map(({ outcome }) => outcome?.method ?? "");
"""


def test_one_id_pays_for_one_call(programs: Programs) -> None:
    """A model that gives one id to calls at once gets no dear tool for a cheap one's price.

    Nor sixteen for the price of one; what the host tells twice is still one call.
    """
    program = """
    await Promise.all([begin("cheap", {}), begin("dear", {}), begin("dear", {})]);
    await Promise.all(Array.from({ length: 15 }, (_, n) => begin("dear", { n })));
    const tools = reserved.map(([tool]) => tool);
    const dear = tools.filter((tool) => tool === "dear");
    const ids = new Set(reserved.map(([, callId]) => callId));
    console.log(JSON.stringify([tools.length, dear.length, ids.size]));
    """
    assert run_module(programs, CALLS + program) == [17, 16, 17]


def test_each_call_of_one_id_is_ended_once(programs: Programs) -> None:
    """As many are given back as failed, and none is left over; another's end ends none."""
    program = """
    for (const n of [1, 2, 3]) await begin("dear", { n });
    await begin("cheap", {});
    finish("free", {}, "broken"); finish("dear", { n: 4 }, "stopped");
    finish("dear", { n: 2 }, "broken"); finish("dear", { n: 1 }); finish("dear", { rewritten: 3 });
    finish("cheap", {}, "broken"); finish("cheap", {}); finish("dear", { n: 1 });
    console.log(JSON.stringify(outcomes().sort()));
    """
    ended = ["release", "release", "settle", "settle"]
    assert run_module(programs, CALLS + program) == ended
