"""`/credits`, `/pay_status`, `/audit_status`: the market's figures, the same in each."""

import json
import re
import secrets
import subprocess
from collections.abc import Iterator
from hashlib import sha256

import pytest

from clawmarket.domain.kernel.money import format_amount
from openclaw.conftest import Key
from openclaw.gateway_client import SESSION, Client
from openclaw.host import PLUGIN
from openclaw.member import Member
from openclaw.node import run_module
from openclaw.programs import Programs
from openclaw.relay import Relay
from real.server import Fields, Server

HASH = sha256(SESSION.encode()).hexdigest()
EVENT = re.compile(r"\[\d{4}-\S+Z\] ([a-z_]+) seq=(\d+) hash=([0-9a-f]{12})…")
# A market from before the methods, and then one that has them.
OLDER = """
import { commandsOf } from "./src/chat/commands.js";
import { Failure } from "./src/failure.js";
const zero = { available: "0", held: "0", onItsWay: "0", earned: "0", testMoney: true };
const known = { "web3.wallet.show": zero, "web3.market.order.list": { items: [] } };
const service = {
  ask: async (method) => {
    if (known[method]) return known[method];
    throw new Failure("E_NOT_FOUND", "There is no method.", { cause: "method_unknown" });
  },
};
const run = commandsOf(service, null);
const pages = ["credits", "pay_status", "audit_status"].map((name) => run[name]([], {}));
console.log(JSON.stringify((await Promise.all(pages)).map((page) => page.at(-1))));
"""

# The audit that runs, as every copy of the plugin in the process finds it.
UNDELIVERED = """
import { commandsOf } from "./src/chat/commands.js";
import { shared } from "./src/meeting.js";
const service = { ask: async () => ({ items: [] }) };
const run = commandsOf(service, null);
const pages = [];
for (const standing of given) {
  shared("audit").running = { standing };
  pages.push((await run.audit_status([], {})).slice(1));
}
console.log(JSON.stringify(pages));
"""

AWAY = """
import { commandsOf } from "./src/chat/commands.js";
import { away } from "./src/failure.js";
import { shared } from "./src/meeting.js";
const service = { ask: async () => { throw away(); } };
const run = commandsOf(service, null);
const pages = [];
for (const standing of given) {
  shared("audit").running = { standing };
  pages.push(await run.audit_status([], {}));
}
console.log(JSON.stringify(pages));
"""

ENDED = """
import { usageLines } from "./src/chat/pages/usage.js";
const [usage] = given;
console.log(JSON.stringify(usageLines({ enabled: true, usage })[0]));
"""


@pytest.fixture
def used(market: Server, member: Member, key: Key) -> Iterator[Fields]:
    """Let this session have used something, and return what the market says of it."""
    plan = ("--per-session", "5", "--per-day", "70.000001")
    member.does("billing", "plan", "set", *plan, "--tool-price", "web_search=1.250001")
    call = {"sessionIdHash": HASH, "tool": "web_search", "callId": secrets.token_hex(8)}
    held = market.call(key.value, "web3.billing.reserve", **call)
    market.call(key.value, "web3.billing.settle", reservationId=held["reservationId"])
    yield market.call(key.value, "web3.billing.summary", sessionIdHash=HASH)
    member.does("billing", "plan", "set")


def test_credits_and_payments_say_the_same(chat: Client, used: Fields) -> None:
    """What a session used stands in three places, to the digit as the market has it."""
    usage, day = used["usage"], used["day"]
    credits_page, payments, dashboard = map(chat.say, ("/credits", "/pay_status", "/web3"))
    lines = credits_page.partition("\n\n")[2].splitlines()

    spent, left = (format_amount(int(usage[name])) for name in ("creditsUsed", "left"))
    assert lines[0] == f"session: {spent} used of 5.00 credits, {left} left"
    today, rest = (format_amount(int(day[name])) for name in ("creditsUsed", "left"))
    assert lines[-1] == f"today: {today} used of 70.000001 credits, {rest} left"
    assert payments.splitlines()[-len(lines) :] == lines
    assert "\n".join(lines) in dashboard


def test_without_an_order_it_is_the_session(chat: Client) -> None:
    """`/pay_status` alone has the same lines, about what the session is bound to."""
    page = chat.say("/pay_status").splitlines()

    assert page[:2] == ["Settlement status: unbound", "Order: none"]
    assert page[2:4] == ["Settlement: none", "Brain source: centralized"]
    assert re.fullmatch(r"Pending settlements: \d+", page[4])


def test_a_session_without_a_plan_says_so(chat: Client, market: Server, key: Key) -> None:
    """Nothing is invented where nothing is metered."""
    shown = chat.say("/credits").splitlines()[6]
    enabled = market.call(key.value, "web3.billing.plan.get")["enabled"]
    assert shown.startswith("session: " if enabled else "session: no limit, no price")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("order:order_01h00000000000000000000000", "No settlement found for order_01h0"),
        ("settlement_01h00000000000000000000000", "No settlement found for settlement_01h0"),
        ("settlement:order_01h00000000000000000000000", "$.settlementId: is not the id"),
        ("everything", "/pay_status: what this session used and owes"),
        ("order: 5", "/pay_status: what this session used and owes"),
    ],
)
def test_what_is_not_there_is_named(chat: Client, typed: str, said: str) -> None:
    """A wrong reference is no crash, and no order of somebody else."""
    assert chat.say(f"/pay_status {typed}").startswith(said)


def test_the_last_ten_events_are_shown(chat: Client, market: Server, key: Key) -> None:
    """`/audit_status` has a line for each, newest first, as the market keeps it."""
    items = [
        {
            "seq": seq,
            "kind": "session_end",
            "at": "2026-01-31T12:00:00.000Z",
            "facts": {"reason": "new"},
            "commitments": {},
        }
        for seq in range(1, 13)
    ]
    named = {"sessionIdHash": secrets.token_hex(32), "source": secrets.token_hex(16)}
    assert market.call(key.value, "web3.audit.append", **named, items=items)["appended"] == 12
    shown = [EVENT.fullmatch(line) for line in chat.say("/audit_status").splitlines()]

    kept = market.call(key.value, "web3.audit.activity", limit=50)["items"]
    known = {(item["kind"], str(item["seq"]), item["hash"][-64:][:12]) for item in kept}
    assert len(shown) == 10
    assert {found.groups() for found in shown if found} <= known
    assert None not in shown
    assert re.search(r"agent: \[\S+\] [a-z_]+ seq=\d+ hash=", chat.say("/web3"))


def test_an_older_market_is_no_failure(programs: Programs) -> None:
    """Without the methods a line says so, and the rest is shown."""
    line = [str(programs.node), "--input-type=module", "--eval", OLDER]
    done = subprocess.run(line, cwd=PLUGIN, capture_output=True, text=True, timeout=60, check=True)
    meters = "session: this market does not meter sessions yet"
    keeps = "This market keeps no record of the agent's activity yet."
    assert json.loads(done.stdout) == [meters, meters, keeps]


def test_what_did_not_reach_the_market_is_told(programs: Programs) -> None:
    """`/audit_status` says what waits and why, and what was lost; nothing where all goes well."""
    well = {"waiting": 1, "lost": 0, "failed": ""}
    away = {"waiting": 2, "lost": 1, "failed": "The market's service does not answer."}
    told = [
        "not delivered: 2 records. The market's service does not answer.",
        "lost: 1 record; the next one says so",
    ]
    assert run_module(programs, UNDELIVERED, well, away) == [[], told]


def test_what_waits_is_told_while_the_market_is_away(programs: Programs) -> None:
    """That is when somebody asks: the silence, what waits, what was lost, and a step."""
    standing = {"waiting": 2, "lost": 1, "failed": "The market's service does not answer."}
    said = "The market's service does not answer. OpenClaw goes on without it."
    assert run_module(programs, AWAY, standing, {"waiting": 0, "lost": 0, "failed": ""}) == [
        [
            said,
            "waiting: 2 records, delivered as soon as the market takes them",
            "lost: 1 record; the next one says so",
            "next: clawmarket doctor",
        ],
        [said, "next: clawmarket doctor"],
    ]


def test_an_ended_session_has_nothing_left(programs: Programs) -> None:
    """After `/new` the figures from before are shown as such; what is left is the next one's."""
    usage = {"creditsUsed": "5000000", "creditsQuota": "5000000", "left": "5000000", "ended": True}
    counts = ("llmCalls", "toolCalls", "inputTokens", "outputTokens", "cachedTokens")
    shown = run_module(programs, ENDED, usage | dict.fromkeys(counts, 0))
    assert shown == "session: ended, 5.00 credits used"


@pytest.mark.parametrize("command", ["/pay_status", "/audit_status", "/market orders"])
def test_a_market_that_is_away_is_one_sentence(chat: Client, relay: Relay, command: str) -> None:
    """Each of them says so, and works again afterwards."""
    with relay.cut():
        said = chat.say(command)
    assert said.startswith("The market's service does not answer.")
    assert not chat.say(command).startswith("The market's service")
