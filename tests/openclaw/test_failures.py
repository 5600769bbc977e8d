"""The market away, silent, another program or another version; a key it does not know."""

import json

import pytest

from clawmarket import __version__
from openclaw.conftest import Key
from openclaw.gateway_client import Client
from openclaw.member import Member
from openclaw.relay import Relay
from real.server import Server

AWAY = "The market's service does not answer. OpenClaw goes on without it.\nnext: clawmarket doctor"
STRANGER = "What answers at the configured address is not a market."
SILENT = "The market's service did not answer within 300 ms. next: clawmarket doctor"
SILENT_3S = "The market's service did not answer within 3000 ms."
OTHER = (
    f"The market is of version 9.0.0, the plugin of {__version__}: "
    "they do not understand each other."
)
COMMANDS = ("/web3", "/credits", "/whoami_web3", "/health")
SUMMARY = "web3.status.summary"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_market_that_is_away_is_one_sentence(chat: Client, relay: Relay, command: str) -> None:
    """A command says that the market does not answer; once it is back, so is the command."""
    with relay.cut():
        assert chat.say(command) == AWAY
    assert AWAY not in chat.say(command)


def test_a_market_that_has_ended_is_found_again(chat: Client, relay: Relay) -> None:
    """Where nobody listens the answer is the same, and the first call after a restart works."""
    with relay.gone():
        assert chat.say("/credits") == AWAY
    assert chat.say("/credits").startswith("available: ")


def test_a_revoked_key_is_said_to_be_one(chat: Client, key: Key, member: Member) -> None:
    """The owner learns that the key was taken back, and what makes a new one."""
    made = member.does("keys", "new", "other", "--scope", "read")
    member.does("keys", "revoke", made["credentialId"])
    with key.replaced(made["key"]):
        answer = chat.say("/credits")

    assert answer.splitlines() == [
        "The market refuses the plugin's key. This key was revoked.",
        "next: clawmarket doctor",
    ]


def test_the_agent_works_while_the_market_is_away(chat: Client, relay: Relay) -> None:
    """The model answers as ever, and a tool says what is wrong instead of failing the turn."""
    with relay.cut():
        assert chat.say("hello") == "the model answers"
        answer = json.loads(chat.say('use web3_market_status {"include": ["web3"]}'))

    error = "E_UNAVAILABLE: The market's service does not answer. OpenClaw goes on without it."
    assert answer["result"]["errors"] == [
        {"section": "web3", "error": error, "next": "clawmarket doctor"}
    ]


def test_a_broken_connection_is_tried_once_more(chat: Client, relay: Relay) -> None:
    """What only reads is asked a second time, so one lost connection is never seen."""
    cuts, asked = relay.cuts, relay.asked
    with relay.cut_once():
        assert chat.say("/whoami_web3").startswith("account: ")
    assert (relay.cuts, relay.asked) == (cuts + 1, asked + 2)


def test_a_silent_market_costs_the_time_it_was_given(chat: Client, relay: Relay) -> None:
    """A status comes back when its time is over, and says so."""
    with relay.silent():
        answer = chat.say("/web3-market status deep include=orders timeoutMs=300")

    assert answer.splitlines()[-2:] == ["not answered", f"orders: E_TIMEOUT: {SILENT}"]


def test_a_status_keeps_what_it_saw_last(chat: Client, relay: Relay) -> None:
    """While the market is away a status shows the last good answer and how old it is."""
    seen = chat.say("/web3-market status include=ledger").splitlines()
    with relay.cut():
        kept = chat.say("/web3-market status include=ledger").splitlines()

    assert kept[2].startswith("ledger (")
    assert kept[2].endswith(" s old)")
    assert kept[3:7] == seen[3:]
    assert kept[8] == "not answered"


@pytest.mark.parametrize(
    "body",
    [b"<html>hello</html>", b"", b"[1,2]", b'{"ok":"yes"}', b'{"ok":false,"error":7}', b"\xff\xfe"],
)
def test_another_program_is_not_taken_for_a_market(chat: Client, relay: Relay, body: bytes) -> None:
    """Whatever else answers at the address is named as such, and none of its text is shown."""
    with relay.saying(body):
        assert chat.say("/credits").startswith(STRANGER)


@pytest.mark.parametrize(
    ("method", "line"),
    [
        ("web3.audit.activity", f"agent: {SILENT_3S}"),
        ("web3.billing.summary", f"session: {SILENT_3S}"),
        ("web3.wallet.show", f"{SILENT_3S}"),
        ("web3.status.summary", f"log: {SILENT_3S}"),
    ],
)
def test_a_part_that_hangs_takes_no_other_from_the_page(
    chat: Client, relay: Relay, method: str, line: str
) -> None:
    """`/web3` shows what it was told, names what it was not, and what to run first."""
    whole = chat.say("/web3").splitlines()
    with relay.silent_for(method):
        page = chat.say("/web3").splitlines()

    assert line in page
    assert "1. clawmarket doctor" in page
    headings = ("Identity", "Billing", "Audit", "Market", "Next")
    assert [each for each in page if each in headings] == list(headings)
    kept = {"Identity": "account: ", "Market": "money: "}
    lost = {"web3.wallet.show": "Identity", "web3.status.summary": "Market"}.get(method)
    for heading, start in kept.items():
        seen = [each for each in whole if each.startswith(start)]
        assert [each for each in page if each.startswith(start)] == (
            [] if heading == lost else seen
        )


def test_a_page_is_not_made_of_what_is_missing(chat: Client, relay: Relay) -> None:
    """An answer that lacks figures is of another version, never `undefined` or `NaN`."""
    figures = dict.fromkeys(("available", "held", "onItsWay", "earned"), "0")
    wallet = {"accountId": "agent_x", "addresses": [], "items": []} | figures
    with relay.saying(json.dumps({"ok": True, "version": "9.0.0"} | wallet).encode()):
        assert chat.say("/web3").startswith(OTHER)


def test_an_endless_answer_is_left(chat: Client, relay: Relay) -> None:
    """An answer of many megabytes is not read to its end."""
    with relay.saying(b'{"ok":true,"x":"' + b"x" * 20_000_000):
        assert chat.say("/credits").startswith(STRANGER)


def test_a_market_of_another_version_is_named(chat: Client, relay: Relay) -> None:
    """An answer without what a page needs says which versions do not go together."""
    with relay.saying(b'{"ok":true,"version":"9.0.0"}'):
        assert chat.say("/credits").splitlines() == [
            OTHER,
            "next: clawmarket doctor",
        ]


def test_a_newer_market_that_is_understood_is_shown_with_a_hint(
    chat: Client, relay: Relay, market: Server
) -> None:
    """Where the answer has all that a page needs it is shown, and both versions are named."""
    newer = market.call("", SUMMARY, deep=True) | {"version": "9.0.0"}
    with relay.saying(json.dumps(newer).encode()):
        lines = chat.say("/health").splitlines()

    assert lines[0].startswith("Healthy: ")
    assert lines[-1] == (
        f"plugin: version {__version__}, the market's is 9.0.0; next: clawmarket doctor"
    )


@pytest.mark.parametrize("command", ["/credits", "/whoami_web3"])
def test_an_unknown_key_is_refused_clearly(chat: Client, key: Key, command: str) -> None:
    """A wrong key is said to be one, and does not appear in the answer."""
    wrong = f"cmk_{'x' * 43}"
    with key.replaced(wrong):
        answer = chat.say(command)

    assert answer.splitlines()[0] == (
        "The market refuses the plugin's key. This key is not known here."
    )
    assert wrong not in answer


@pytest.mark.parametrize("text", ["", "two words", "k" * 5000, "\x00"])
def test_a_file_without_a_key_is_named(chat: Client, key: Key, text: str) -> None:
    """An empty or spoilt file is no key, and nothing of it is sent anywhere."""
    with key.replaced(text):
        answer = chat.say("/credits").splitlines()[0]

    assert answer == "The plugin has no key for the market, or cannot read it."


def test_without_a_key_the_market_itself_is_still_shown(chat: Client, key: Key) -> None:
    """With a key that is refused `/health` and `/web3` tell what needs no account."""
    with key.replaced(f"cmk_{'y' * 43}"):
        page, health = chat.say("/web3"), chat.say("/health")

    assert health.startswith("Healthy: ")
    assert "The market refuses the plugin's key." in page
    assert "unknown without a key" in page


def test_what_a_hostile_market_sends_is_redacted(chat: Client, relay: Relay, key: Key) -> None:
    """Keys, addresses of machines, paths and unseen characters do not reach the chat."""
    places = "http://10.0.0.5:8080/x /home/me/.ssh ~/x 10.0.0.5:80"
    what = f"E_CONFLICT: {key.value} {places} cmo_{'a' * 40} \u202e"
    body = json.dumps({"ok": False, "error": what, "details": {"next": f"Bearer {key.value}"}})
    with relay.saying(body.encode()):
        answer = chat.say("/credits")

    assert answer.splitlines() == [
        "[TOKEN] [URL] [PATH] [PATH] [HOST] [TOKEN]",
        "next: Bearer [REDACTED]",
    ]


def test_an_answer_after_the_time_is_not_taken(chat: Client, relay: Relay) -> None:
    """A market that answers too late is named as silent, and its answer reaches no later call."""
    with relay.late(1.0):
        late = chat.say("/web3-market status include=orders,web3 timeoutMs=300")

    expected = [f"{section}: E_TIMEOUT: {SILENT}" for section in ("web3", "orders")]
    assert late.splitlines()[-2:] == expected
    assert chat.say("/credits").startswith("available: ")


@pytest.mark.parametrize("body", [b"<html>hello</html>", b'{"ok":true,"version":"9.0.0"}'])
def test_the_agent_works_beside_another_program(chat: Client, relay: Relay, body: bytes) -> None:
    """Garbage, or another version, is a result of the tool; the turn goes on to its end."""
    with relay.saying(body):
        answer = json.loads(chat.say('use web3_market_status {"include": ["web3"]}'))
        assert chat.say("hello") == "the model answers"

    assert answer["ok"]


def test_a_market_without_the_tools_is_of_another_version(chat: Client, relay: Relay) -> None:
    """An older one serves nothing at their address; `doctor` tells both versions."""
    unknown = {"code": "E_NOT_FOUND", "cause": "route_unknown"}
    error = "E_NOT_FOUND: Nothing is served at /tools/web3_market_list_tasks."
    with relay.saying(json.dumps({"ok": False, "error": error, "details": unknown}).encode()):
        answer = json.loads(chat.say("use web3_market_list_tasks {}"))

    assert answer == {
        "ok": False,
        "error": "E_NOT_FOUND: The market does not offer what this plugin asks for; "
        "it may be of another version.",
        "next": "clawmarket doctor",
    }


def test_the_agent_works_with_a_key_that_is_refused(chat: Client, key: Key) -> None:
    """The tool tells the model that the key is of no use, and not which one it is."""
    wrong = f"cmk_{'z' * 43}"
    with key.replaced(wrong):
        answer = json.loads(chat.say('use web3_market_status {"include": ["market", "ledger"]}'))
        assert chat.say("hello") == "the model answers"

    assert {error["error"].split(":")[0] for error in answer["result"]["errors"]} <= {
        "E_AUTH_REQUIRED"
    }
    assert wrong not in json.dumps(answer)


def test_ten_megabytes_for_a_tool_are_refused(chat: Client, relay: Relay) -> None:
    """The host itself ends such a call; it does not reach the market, and the agent goes on."""
    before = relay.sent
    answer = chat.say('use web3_market_status {"include": ["$10MB"]}', "agent:main:large")

    assert answer.startswith("⚠️ Agent run failed")
    assert relay.sent - before < 1_000_000
    assert chat.say("hello", "agent:main:after") == "the model answers"
    again = chat.say('use web3_market_status {"include": ["web3"]}', "agent:main:after")
    assert json.loads(again)["result"]["errors"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"hello", "UNAVAILABLE"), (b'{"ok":false,"error":"E_CONFLICT: y"}', "INVALID_REQUEST")],
)
def test_a_gateway_method_refuses_in_the_hosts_words(
    chat: Client, relay: Relay, body: bytes, code: str
) -> None:
    """The host's client gets a refusal with a code that it knows."""
    with relay.saying(body):
        answer = chat.call(SUMMARY)

    assert (answer["ok"], answer["error"]["code"]) == (False, code)


def test_a_gateway_method_says_that_it_may_be_asked_again(chat: Client, relay: Relay) -> None:
    """A market that is away is no reason to give up."""
    with relay.cut():
        error = chat.call(SUMMARY)["error"]

    assert error == {
        "code": "UNAVAILABLE",
        "message": "E_UNAVAILABLE: The market's service does not answer. "
        "OpenClaw goes on without it.",
        "details": {
            "code": "E_UNAVAILABLE",
            "cause": "service_away",
            "next": "clawmarket doctor",
        },
        "retryable": True,
    }
