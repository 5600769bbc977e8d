"""Unknown commands: a hint for whoever may have one, silence for everybody else."""

import json
import subprocess

import pytest

from openclaw.gateway_client import Client
from openclaw.host import PLUGIN
from openclaw.mock_model import Model
from openclaw.programs import Programs

SILENT = "the model answers"
# The hook by itself, in Node, with a host of our own: channels need accounts elsewhere.
HOOK = """
import { registerUnknown } from "./src/chat/unknown.js";
const [config, event] = JSON.parse(process.argv[1]);
let hook;
const ran = async ({ senderId }) => ({ text: `ran for ${senderId}` });
const api = { on: (_name, handler) => { hook = handler; }, config };
registerUnknown(api, new Map([["credits", ran]]), async () => ["credits", "status"]);
console.log(JSON.stringify((await hook(event)) ?? null));
"""
SUGGESTIONS = """
import { suggestions } from "./src/chat/suggestions.js";
const [token, names] = JSON.parse(process.argv[1]);
console.log(JSON.stringify(suggestions(token, names)));
"""


def run(programs: Programs, script: str, about: object) -> object:
    """Run a script of the plugin's modules and return what it prints."""
    line = [str(programs.node), "--input-type=module", "--eval", script, json.dumps(about)]
    done = subprocess.run(line, cwd=PLUGIN, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/web3-marlet status", "/web3-market"),
        ("/web3_marke", "/web3-market"),
        ("/crdits", "/credits"),
        ("/CREDIST", "/credits"),
        ("/statsu", "/status"),
        ("/pay-statu order:1", "/pay_status"),
    ],
)
def test_a_slip_gets_a_hint(chat: Client, model: Model, typed: str, meant: str) -> None:
    """The host's commands and ours are named, none is run, and the model is not asked."""
    asked = len(model.asked)
    said = chat.say(typed)

    assert said.startswith("There is no command /")
    assert f" Did you mean {meant}" in said
    assert said.endswith("?\nnext: /commands")
    assert len(model.asked) == asked


@pytest.mark.parametrize(
    "typed",
    ["/home/user/notes.md", "/etc", "/zzzzzz", "/credits/now", "/" + "x" * 70, "// crdits", "/ c"],
)
def test_what_is_no_slip_is_left_alone(chat: Client, typed: str) -> None:
    """Paths, and words that are like no command, are the model's."""
    assert chat.say(typed) == SILENT


def test_a_bot_name_is_taken_off(chat: Client) -> None:
    """`/credits@somebot` is `/credits`."""
    assert chat.say("/credits@somebot") == chat.say("/credits")


@pytest.mark.parametrize(
    ("config", "event", "told"),
    [
        ({}, {"channel": "telegram", "senderId": "7"}, False),
        ({"commands": {"ownerAllowFrom": ["telegram:7"]}}, {}, True),
        ({"commands": {"ownerAllowFrom": ["telegram:77"]}}, {}, False),
        ({"commands": {"allowFrom": {"telegram": [7]}}}, {}, True),
        ({"commands": {"allowFrom": {"discord": ["7"]}}}, {}, False),
        ({"channels": {"telegram": {"allowFrom": ["7"]}}}, {}, True),
        ({"channels": {"telegram": {"allowFrom": ["*"]}}}, {}, False),
        ({"channels": {"telegram": {"allowFrom": "7"}}}, {}, False),
        ({"channels": {"telegram": {"allowFrom": ["7"]}}}, {"senderId": None}, False),
        ({}, {"channel": "webchat", "senderId": "gateway-client"}, True),
        ({"commands": {"text": False}}, {"channel": "webchat"}, False),
    ],
)
def test_only_those_who_are_listed_are_told(
    programs: Programs, config: object, event: dict[str, object], *, told: bool
) -> None:
    """Strangers in a channel do not learn which commands there are."""
    message = {"channel": "telegram", "senderId": "7", "content": "/crdits"} | event
    hint = "There is no command /crdits. Did you mean /credits?\nnext: /commands"
    found = run(programs, HOOK, [config, message])

    assert found == ({"handled": True, "text": hint} if told else None)


def test_a_bot_name_in_a_group_is_left_to_the_host(programs: Programs) -> None:
    """There it may be another bot's."""
    config = {"channels": {"telegram": {"allowFrom": ["7"]}}}
    message = {"channel": "telegram", "senderId": "7", "content": "/credits@somebot"}

    assert run(programs, HOOK, [config, message]) == {"handled": True, "text": "ran for 7"}
    assert run(programs, HOOK, [config, message | {"isGroup": True}]) is None


@pytest.mark.parametrize(
    ("token", "names", "meant"),
    [
        ("status", ["statis", "statsu", "stats", "statues", "staatus"], ["staatus", "statis"]),
        ("ab", ["abc"], []),
        ("abcd", ["abxy", "abxd", "wxyz"], ["abxd"]),
        ("web3_market", ["web3-market"], ["web3-market"]),
        ("a" * 65, ["a" * 64], []),
        ("a" * 64, ["a" * 63], ["a" * 63]),
        ("", ["abc"], []),
    ],
)
def test_suggestions_are_few_and_near(
    programs: Programs, token: str, names: list[str], meant: list[str]
) -> None:
    """At most three, at most two edits away, the nearest first; long words are not looked at."""
    found = run(programs, SUGGESTIONS, [token, names])

    assert isinstance(found, list)
    assert found[: len(meant)] == meant
    assert len(found) <= 3 if meant else found == []
