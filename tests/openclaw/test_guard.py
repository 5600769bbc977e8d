"""What stands in front of paid tools and turns, in the real host, against the real market."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from openclaw.conftest import OWNER
from openclaw.frames import Frames
from openclaw.gateway_client import Client
from openclaw.host import Host
from openclaw.member import Member
from openclaw.mock_model import Model
from openclaw.plugins import with_ours
from openclaw.programs import Programs
from real.server import Server

Fields = dict[str, Any]

WAIT_S = 60
# On a busy machine a market that is well takes longer than usual.
PATIENCE_MS = 2_000
PAID = "web3_market_status"
WORDS = "the model answers"
PRICE = 250_000
# Two calls of the model: 200 tokens in, 20 out, and the run itself.
TURN = 10_000 + 200 * 10 + 20 * 20
RUN_PRICES = ("--call-price", "0.01", "--input-price", "10", "--output-price", "20")
# As the host does it by default: a tool of a plugin is called through another one.
USE_PAID = 'use tool_call {"id": "web3_market_status", "args": {"include": ["market"]}}'
USE_FREE = 'use ls {"path": "."}'


@dataclass
class World:
    """A market with a way to it, and a host whose agent spends there."""

    home: Path
    server: Server
    way: Frames
    member: Member
    host: Host
    key: str
    payee: str
    chat: Client = field(init=False)

    def usage(self, session: str) -> Fields:
        """Return what a session used, as the market has it."""
        digest = hashlib.sha256(session.encode()).hexdigest()
        answer = self.server.call(self.key, "web3.billing.status", sessionIdHash=digest)
        return dict(answer["usage"] or {"creditsUsed": "0", "creditsReserved": "0", "llmCalls": 0})

    def settled(self, session: str, runs: int = 1) -> Fields:
        """Return what a session used once so many runs were metered and nothing is open."""
        return until(
            lambda: self.usage(session),
            lambda now: now["llmCalls"] == runs and now["creditsReserved"] == "0",
        )

    def back(self) -> None:
        """Start the market again."""
        self.server = Server.start(self.home)
        self.way.leads_to(port_of(self.server))

    def enter(self) -> None:
        """Start the host's gateway, and open its chat."""
        self.host.start()
        self.chat = self.another()

    def leave(self) -> None:
        """End all of it."""
        self.host.stop()
        self.way.close()
        self.server.stop()

    def another(self, *scopes: str, caps: Sequence[str] = ()) -> Client:
        """Open a chat window beside the one there is."""
        return Client(self.host.url, self.host.token, (*OWNER, *scopes), caps)

    @contextmanager
    def running(self, seconds: int, session: str) -> Iterator[None]:
        """Have a paid tool run for a while; the turn is answered at the end."""
        begun = self.home.with_name(session.replace(":", "-"))
        text = f'use exec {{"command": "touch {begun}; sleep {seconds}"}}'
        with self.another() as chat, ThreadPoolExecutor(1) as pool:
            said = pool.submit(chat.say, text, session)
            # The market knows of it a moment before the guard does, and the tool runs only then.
            until(lambda: {"begun": begun.exists()}, lambda now: now["begun"])
            assert self.usage(session)["creditsReserved"] == str(PRICE)
            yield
            said.result()


def port_of(server: Server) -> int:
    """Return a market's port."""
    return int(server.url.rpartition(":")[2].strip("/"))


def until(look: Callable[[], Fields], good: Callable[[Fields], bool]) -> Fields:
    """Look until it is good, and return what was seen."""
    end = time.monotonic() + WAIT_S
    while not good(seen := look()):
        assert time.monotonic() < end, seen
        time.sleep(0.05)
    return seen


@pytest.fixture(scope="module")
def world(
    programs: Programs, model: Model, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """All of it, with a plan whose paid tool costs a quarter of a credit."""
    folder = tmp_path_factory.mktemp("guard")
    server = Server.start(folder / "market")
    way = Frames(port_of(server))
    config: Fields = {"serviceUrl": way.url, "keyFile": str(folder / "key")}
    plugins = with_ours(config | {"guard": {"timeoutMs": PATIENCE_MS}})
    # As the host is out of the box: the model sees no tool of ours, and has to search.
    host = Host.prepare(programs, folder / "openclaw", model.url, plugins, tools={})
    member = Member.join(folder / "home", host, way.url)
    key = member.does("keys", "new", "guard", "--scope", "write")["key"]
    (folder / "key").write_text(key)
    made = World(folder / "market", server, way, member, host, key, server.newcomer())
    try:
        made.enter()
        payee = server.call(made.payee, "web3.wallet.show")["accountId"]
        limits = ("--per-session", "1", "--payee", payee)
        prices = [w for tool in (PAID, "read", "exec") for w in ("--tool-price", f"{tool}=0.25")]
        made.member.does("billing", "plan", "set", *RUN_PRICES, *limits, *prices)
        # The guard hears of a plan when a turn begins: no test has to be the first.
        made.chat.say("hello", "agent:main:first")
        yield made
    finally:
        made.leave()


def test_a_paid_tool_is_reserved_and_settled(world: World) -> None:
    """What the plan says is charged: the tool, the run and its tokens; nothing stays reserved."""
    assert world.chat.say(USE_PAID, "agent:main:paid").startswith("{")
    used = world.settled("agent:main:paid")

    assert used["creditsUsed"] == str(PRICE + TURN)
    assert (used["toolCalls"], used["inputTokens"], used["outputTokens"]) == (1, 200, 20)


def test_a_tool_without_a_price_is_free(world: World) -> None:
    """Only the run is charged for."""
    world.chat.say(USE_FREE, "agent:main:free")

    assert world.settled("agent:main:free")["creditsUsed"] == str(TURN)


def test_sixteen_at_once_never_use_more_than_the_budget(world: World, model: Model) -> None:
    """Of sixteen calls in parallel four fit into the budget, and the others are told why not."""
    session = "agent:main:many"
    world.chat.say(f"16 times {USE_PAID}", session)
    used = world.settled(session)

    assert (used["toolCalls"], used["creditsUsed"]) == (4, "1000000")
    told = [m["content"] for m in model.asked[-1]["messages"] if m["role"] == "tool"]
    refused = [text for text in told[-16:] if f"{PAID} costs credits and was not run." in str(text)]
    assert len(refused) == 12


def test_a_turn_without_a_budget_does_not_begin(world: World, model: Model) -> None:
    """Once the session's budget is spent the user is told so, and the model is not asked."""
    session = "agent:main:spent"
    world.chat.say(f"4 times {USE_PAID}", session)
    world.settled(session)
    asked = len(model.asked)
    answer = world.chat.say("hello", session)

    assert answer.startswith("Your message could not be sent: ")
    assert "next: clawmarket billing plan show" in answer
    assert len(model.asked) == asked


def test_a_new_session_has_a_fresh_budget(world: World) -> None:
    """`/new` ends the billing period: a turn that was refused before begins."""
    session = "agent:main:anew"
    world.chat.say(f"4 times {USE_PAID}", session)
    world.settled(session)
    world.chat.say("/new", session)

    until(lambda: {"said": world.chat.say("hello", session)}, lambda it: it["said"] == WORDS)


def test_a_tool_that_fails_is_not_paid(world: World) -> None:
    """What was reserved is given back."""
    world.chat.say('use read {"path": "nowhere.txt"}', "agent:main:fails")
    used = world.settled("agent:main:fails")

    assert (used["toolCalls"], used["creditsUsed"]) == (0, str(TURN))


def test_a_turn_whose_model_fails_is_not_paid(world: World) -> None:
    """Nothing came of it, so it costs no call either; the next turn does."""
    session = "agent:main:failing"
    world.chat.say("fail", session)
    world.chat.say("hello", session)
    usage = world.settled(session)

    assert (usage["llmCalls"], usage["creditsUsed"]) == (1, str(10_000 + 100 * 10 + 10 * 20))


def test_while_the_market_is_away_paid_tools_are_closed(world: World) -> None:
    """Turns begin and other tools run; what costs credits is refused, and says why."""
    session = "agent:main:away"
    with world.way.gone():
        assert world.chat.say("hello", session) == WORDS
        assert "costs credits" not in world.chat.say(USE_FREE, session)
        refused = world.chat.say(USE_PAID, session)
    assert f"{PAID} costs credits and was not run: the market's service does not say" in refused
    # What could not be told meanwhile is told now.
    assert world.settled(session, 3)["toolCalls"] == 0


def test_an_answer_that_comes_too_late_costs_nothing(world: World) -> None:
    """A reservation that was made after the guard had given up is given back."""
    session = "agent:main:late"
    with world.way.slow(PATIENCE_MS + 600):
        refused = world.chat.say(USE_PAID, session)

    assert "the market's service does not say" in refused
    used = world.settled(session)
    assert (used["toolCalls"], used["creditsUsed"]) == (0, str(TURN))


def test_garbage_is_no_permission(world: World) -> None:
    """Whatever else answers, a paid tool stays closed and the turn goes on."""
    session = "agent:main:garbage"
    with world.way.garbling():
        refused = world.chat.say(USE_PAID, session)

    assert f"{PAID} costs credits and was not run" in refused
    assert world.settled(session)["toolCalls"] == 0


def test_a_session_that_ends_is_billed(world: World) -> None:
    """`/new` makes a bill of what was used; its amount is locked, and paid to the payee."""
    session = "agent:main:billed"
    before = int(world.server.call(world.payee, "web3.wallet.show")["available"])
    world.chat.say(USE_PAID, session)
    world.settled(session)
    world.chat.say("/new", session)
    digest = hashlib.sha256(session.encode()).hexdigest()
    asked = {"sessionIdHash": digest}
    seen = until(
        lambda: world.server.call(world.key, "web3.billing.status", **asked)["settlement"],
        lambda now: now["status"] == "bill_paid",
    )

    assert (seen["amount"], seen["due"]) == (str(PRICE + TURN), "0")
    listed = world.server.call(world.payee, "web3.billing.bill.list", side="payee")["items"]
    (bill,) = [bill for bill in listed if bill["billId"] == seen["billId"]]
    assert int(bill["sellerAmount"]) + int(bill["fee"]) == PRICE + TURN
    after = int(world.server.call(world.payee, "web3.wallet.show")["available"])
    assert after - before >= int(bill["sellerAmount"]) > 0


def test_a_market_that_dies_in_between_is_told_once(world: World) -> None:
    """The tool ends while the market is dead; when it is back the call is settled, once."""
    session = "agent:main:dies"
    with world.running(2, session):
        world.server.kill()
    world.back()
    used = world.settled(session)

    assert (used["toolCalls"], used["creditsUsed"]) == (1, str(PRICE + TURN))


@pytest.fixture(scope="module")
def killed(world: World) -> None:
    """Kill the gateway when a tool had ended that it could not tell of, and another one ran on."""
    with pytest.raises(ConnectionClosed):
        kill_between(world)
    world.enter()


def kill_between(world: World) -> None:
    """Kill it; whoever waits for the tool that ran on finds the connection closed."""
    with world.running(60, "agent:main:cut"), ExitStack() as gone:
        with world.running(2, "agent:main:told"):
            gone.enter_context(world.way.gone())
        world.host.kill()


@pytest.mark.usefixtures("killed")
def test_a_gateway_that_dies_in_between_tells_it_later(world: World) -> None:
    """What it had not told is told by the next one, once."""
    used = world.settled("agent:main:told")
    assert (used["toolCalls"], used["creditsUsed"]) == (1, str(PRICE + TURN))


@pytest.mark.usefixtures("killed")
def test_a_tool_that_dies_with_the_gateway_is_not_paid(world: World) -> None:
    """Nobody got its result, so what was reserved is given back."""
    session = "agent:main:cut"
    until(lambda: world.usage(session), lambda now: now["creditsReserved"] == "0")
    assert world.usage(session)["toolCalls"] == 0


def test_a_call_of_the_gateways_own_clients_is_paid_at_once(world: World) -> None:
    """The host says to nobody how such a call ends."""
    session = "agent:main:invoked"
    called = world.chat.call("tools.invoke", name=PAID, args={}, sessionKey=session)
    assert called["payload"]["ok"]

    used = until(lambda: world.usage(session), lambda now: now.get("toolCalls") == 1)
    assert (used["creditsUsed"], used["creditsReserved"]) == (str(PRICE), "0")


def test_a_tool_that_was_searched_for_asks_once(world: World) -> None:
    """Only the call within the call is asked about, and it runs when the user agrees."""
    task = {"title": "Searched", "budget": "0.50"}
    call = json.dumps({"id": "web3_market_publish_task", "args": task})
    session = "agent:main:searched"
    with world.another("operator.approvals", caps=["plugin-approvals"]) as chat:
        refused = chat.say(f"use tool_call {call}", session, decision="deny")
        said = chat.say(f"use tool_call {call}", session, decision="allow-once")

    assert [r["title"] for r in chat.requests] == ["Publish a task: 0.50 credits"] * 2
    assert "Denied by user" in refused
    assert "task_open" in said
    titles = [t["title"] for t in world.server.call(world.key, "web3.market.listTasks")["items"]]
    assert titles.count("Searched") == 1
