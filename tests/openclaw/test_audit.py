"""The audit inside the real host: what an agent did is written down once, and no content leaves."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.moment import from_iso
from clawmarket.domain.trust.activity import COMMITMENTS, FACTS, ActivityKind, Item, item_hash
from openclaw.gateway_client import SESSION, Client
from openclaw.host import Host, free_port
from openclaw.mock_model import Model
from openclaw.plugins import WATCHING, Other, with_ours
from openclaw.programs import Programs
from openclaw.relay import Relay
from real.server import Server

Fields = dict[str, Any]

SESSION_ID_HASH = hashlib.sha256(SESSION.encode()).hexdigest()
TURN = ["llm_input", "model_call", "llm_output"]
TOOL_TURN = ["llm_input", "model_call", "tool_call", "model_call", "llm_output"]
WAIT_S = 60
QUIET_S = 0.5
# `/new` is for the host's owner.
OWNER = ("operator.read", "operator.write", "operator.admin")
PROBE = "payload-probe"
PROBE_CODE = """
import { appendFileSync } from "node:fs";
const HOOKS = ["llm_input", "llm_output", "after_tool_call", "model_call_ended", "session_end"];
export default { id: "payload-probe", name: "Probe", register(api) {
  for (const hook of HOOKS) api.on(hook, (event, ctx) => {
    const seen = { hook, event: Object.keys(event), ctx: Object.keys(ctx) };
    appendFileSync(api.pluginConfig.file, JSON.stringify(seen) + "\\n");
  });
} };
"""


@dataclass
class Stage:
    """A host whose agent is watched, the market, and the way between them."""

    host: Host
    market: Server
    home: Path
    relay: Relay
    key: str
    seen: Path

    @property
    def folder(self) -> Path:
        """Where the plugin keeps what waits."""
        return self.host.home / "clawmarket" / "audit"

    def says(self, *texts: str) -> list[str]:
        """Let the owner of the host talk to the agent."""
        with Client(self.host.url, self.host.token, OWNER) as chat:
            return [chat.say(text) for text in texts]

    def begins_anew(self) -> None:
        """Let the owner say `/new`, whose answer the host may keep, and wait for what it does."""
        ended = self.seen.read_text().count('"session_end"')
        with Client(self.host.url, self.host.token, OWNER) as chat:
            asked = {"sessionKey": SESSION, "message": "/new", "idempotencyKey": f"new-{ended}"}
            assert chat.call("chat.send", **asked)["ok"]
            until(lambda: self.seen.read_text().count('"session_end"') > ended)

    def turns(self, text: str) -> None:
        """Say something behind `/new`, where the host may keep the answer; wait for the turn."""
        ended = self.seen.read_text().count('"llm_output"')
        with Client(self.host.url, self.host.token, OWNER) as chat:
            asked = {"sessionKey": SESSION, "message": text, "idempotencyKey": f"turn-{ended}"}
            assert chat.call("chat.send", **asked)["ok"]
            until(lambda: self.seen.read_text().count('"llm_output"') > ended)

    def records(self) -> list[Fields]:
        """Return what the market's records say of the activity, in their order."""
        found: list[Fields] = []
        cursor: Fields = {}
        while True:
            page = self.market.call(
                self.key, "web3.audit.query", "", method="web3.audit.append", limit=200, **cursor
            )
            batches = [json.loads(each["record"])["events"] for each in page["items"]]
            found += [event for events in batches for event in reversed(events)]
            if not page["nextCursor"]:
                return found[::-1]
            cursor = {"cursor": page["nextCursor"]}

    def listed(self) -> list[Fields]:
        """Return the activity, in its order."""
        page = self.market.call(self.key, "web3.audit.activity", "", limit=200)
        items: list[Fields] = page["items"]
        return items[::-1]

    def settled(self) -> int:
        """Return how many items there are once nothing more comes of what was said before."""
        seen = -1
        while seen != (seen := len(self.listed())):
            time.sleep(QUIET_S)
        return seen

    def after(self, count: int, kinds: list[str]) -> list[Fields]:
        """Wait until the market has these kinds behind the first `count` items; return those."""
        until(lambda: len(self.listed()) >= count + len(kinds))
        found = self.records()[count:]
        assert [each["activity"] for each in found] == kinds
        return found


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what happens in the background."""
    end = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def stage(
    programs: Programs, model: Model, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """A market, a host whose plugin has a key, and a probe that notes how hooks are called."""
    folder = tmp_path_factory.mktemp("audit")
    port = free_port()
    market = Server.start(folder / "market", port=str(port))
    relay, key, seen = Relay(port), market.newcomer(), folder / "seen.jsonl"
    (folder / "key").write_text(key)
    watching: Fields = {"hooks": WATCHING, "config": {"file": str(seen)}}
    probe = Other.write(folder / "probe", PROBE, PROBE_CODE, **watching)
    config = {"serviceUrl": relay.url, "keyFile": str(folder / "key")}
    host = Host.prepare(programs, folder / "openclaw", model.url, with_ours(config, probe))
    stage = Stage(host, market, folder / "market", relay, key, seen)
    try:
        host.start()
        yield stage
    finally:
        host.stop()
        relay.close()
        stage.market.stop()


def is_chained(records: list[Fields]) -> bool:
    """Whether the items of one session are numbered without a gap and each covers the last."""
    previous = ""
    for seq, said in enumerate(records, 1):
        kind = ActivityKind(said["activity"])
        item = Item(seq, kind, from_iso(said["at"]), said["told"], said["commitments"])
        found = item_hash(SESSION_ID_HASH, records[0]["source"], item, previous)
        if (said["seq"], said["previous"], said["hash"]) != (seq, previous, found):
            return False
        previous = found
    return True


def test_a_turn_with_a_tool_is_written_down_in_order(stage: Stage) -> None:
    """From the prompt to the answer: kinds, numbers, figures, and one chain of hashes."""
    before = stage.settled()
    stage.says('use web3_market_status {"include": ["web3"]}')
    found = stage.after(before, TOOL_TURN)

    assert is_chained(stage.records())
    assert {each["sessionIdHash"] for each in found} == {SESSION_ID_HASH}
    for each in found:
        kind = ActivityKind(each["activity"])
        assert set(each["told"]) == set(FACTS[kind])
        assert set(each["commitments"]) == COMMITMENTS[kind]
    tool, output = found[2]["told"], found[4]["told"]
    assert (tool["tool"], tool["outcome"]) == ("web3_market_status", "done")
    assert tool["paramsBytes"] == len('{"include":["web3"]}')
    assert (output["inputTokens"], output["outputTokens"]) == (200, 20)
    assert (output["provider"], output["model"]) == ("mock", "mock-1")


def test_its_owner_can_open_one_field(stage: Stage) -> None:
    """Secret, place and name give the salt; with the content it gives the commitment."""
    before = stage.settled()
    stage.says('use web3_market_status {"include": ["tasks"]}')
    said = stage.after(before, TOOL_TURN)[2]
    secret = bytes.fromhex((stage.folder / "secret").read_text().strip())
    place = f"{said['source']}|{SESSION_ID_HASH}|{said['seq']}|params"
    salt = hmac.digest(secret, place.encode(), "sha256")
    content = canonical_bytes({"include": ["tasks"]})

    assert hashlib.sha256(salt + content).hexdigest() == said["commitments"]["params"]
    assert (stage.folder / "secret").stat().st_mode & 0o777 == 0o600
    assert stage.folder.stat().st_mode & 0o777 == 0o700


def test_no_content_leaves_the_host(stage: Stage) -> None:
    """Neither the market nor what waits for it holds a word of prompt or result."""
    before = stage.settled()
    stage.says("the heron is called Quixotania", 'use web3_market_status {"include": ["Zz9x"]}')
    stage.after(before, TURN + TOOL_TURN)

    for folder in (stage.home, stage.folder):
        for path in folder.rglob("*"):
            if path.is_file():
                text = path.read_bytes()
                assert b"Quixotania" not in text
                assert b"Zz9x" not in text
                assert SESSION.encode() not in text


def test_what_happens_while_the_market_is_away_is_delivered_once(stage: Stage) -> None:
    """It waits on disk, the agent goes on, and then it is there without a gap."""
    before = stage.settled()
    with stage.relay.gone():
        assert stage.says("hello", "hello") == ["the model answers"] * 2
        until(lambda: len((stage.folder / "spool.jsonl").read_text().splitlines()) >= 6)
    stage.after(before, TURN * 2)

    assert is_chained(stage.records())


def test_a_killed_gateway_loses_nothing_and_repeats_nothing(stage: Stage) -> None:
    """What waited is delivered by the next one, though the last line was cut off."""
    before = stage.settled()
    with stage.relay.gone():
        stage.says("hello")
        until(lambda: '"llm_output"' in (stage.folder / "spool.jsonl").read_text()[-700:])
        stage.host.kill()
        with (stage.folder / "spool.jsonl").open("a") as spool:
            spool.write('{"source":"0123')
    stage.host.start()
    stage.after(before, TURN)
    stage.says("hello again")
    stage.after(before, TURN * 2)

    assert is_chained(stage.records())


def test_a_plugin_that_is_reloaded_goes_on(stage: Stage) -> None:
    """A changed configuration loads it anew within the gateway; numbers and chain go on."""
    before, said = stage.settled(), len(stage.host.log)
    settings = json.loads(stage.host.config_path.read_text())
    settings["plugins"]["entries"]["clawmarket"]["config"]["timeoutMs"] = 2_500
    stage.host.config_path.write_text(json.dumps(settings))
    until(lambda: "reload applied" in stage.host.log[said:])
    stage.says("hello", "hello")
    stage.after(before, TURN * 2)

    assert is_chained(stage.records())


def test_a_market_that_starts_again_goes_on(stage: Stage) -> None:
    """Ended and started in the middle of a session."""
    before = stage.settled()
    port = stage.market.url.rpartition(":")[2].strip("/")
    stage.market.stop()
    stage.says("hello")
    stage.market = Server.start(stage.home, port=port)
    stage.says("hello")
    stage.after(before, TURN * 2)

    assert is_chained(stage.records())


def test_a_new_session_ends_the_one_before(stage: Stage) -> None:
    """`/new` gives a session_end whose hash stands for the session, and the count goes on."""
    stage.says("hello")
    before = stage.settled()
    stage.begins_anew()
    until(lambda: "session_end" in [each["kind"] for each in stage.listed()[before:]])
    stage.turns("hello")
    until(lambda: [each["kind"] for each in stage.listed()][-3:] == TURN)
    records = stage.records()
    [ended] = [each for each in records[before:] if each["activity"] == "session_end"]

    assert ended["told"]["reason"] == "new"
    assert is_chained(records)
    shown = {each["seq"]: each["hash"] for each in stage.listed()}
    assert shown[ended["seq"]] == ended["hash"]


def test_the_payloads_are_those_that_the_plugin_was_written_for(stage: Stage) -> None:
    """Each hook is called with the names that are read here."""
    stage.says("hello", 'use web3_market_status {"include": ["web3"]}')
    stage.begins_anew()
    seen = [json.loads(line) for line in stage.seen.read_text().splitlines()]
    names = {each["hook"]: (set(each["event"]), set(each["ctx"])) for each in seen}
    read = {
        "llm_input": "provider model systemPrompt prompt historyMessages imagesCount tools",
        "llm_output": "provider model assistantTexts usage",
        "after_tool_call": "toolName params result durationMs",
        "model_call_ended": "provider model durationMs outcome requestPayloadBytes "
        "responseStreamBytes",
        "session_end": "sessionId sessionKey messageCount reason",
    }

    assert {hook for hook, of in read.items() if set(of.split()) - names[hook][0]} == set()
    assert all("sessionKey" in ctx for _, ctx in names.values())


@pytest.mark.ends_host
def test_the_end_of_the_gateway_ends_the_session(stage: Stage) -> None:
    """What it still had to say was delivered before it was gone.

    The host ends those sessions that began since it was started.
    """
    stage.says("hello")
    stage.begins_anew()
    stage.turns("hello")
    stage.host.stop()
    last = stage.records()[-1]
    spool = (stage.folder / "spool.jsonl").read_text()

    assert (last["activity"], last["told"]["reason"]) == ("session_end", "shutdown")
    assert is_chained(stage.records())
    assert spool == ""
