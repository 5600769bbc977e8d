"""A status while its market is half dead, dead, hanging or late: the plugin's own code in Node."""

from typing import Any

import pytest

from clawmarket import __version__
from openclaw.conftest import Key
from openclaw.member import Member
from openclaw.node import run_module
from openclaw.programs import Programs
from openclaw.relay import Relay

LOOK = """
import { Service } from "./src/service.js";
import { Status } from "./src/status.js";
import { statusOptions } from "./src/options.js";
const [config, options] = given;
const status = new Status(new Service(config));
const began = performance.now();
const found = await status.look(statusOptions(options));
console.log(JSON.stringify({ ...found, tookMs: performance.now() - began }));
process.exit();
"""
COPIES = """
import { Service } from "./src/service.js";
import { Status } from "./src/status.js";
import { statusOptions } from "./src/options.js";
const [config, elsewhere] = given;
const options = (profile) => statusOptions({ profile, include: ["web3"], timeoutMs: 3000 });
await new Status(new Service(config)).look(options("deep"));
const away = new Service(config);
away.ask = () => new Service(elsewhere).ask("web3.status.summary");
const other = await new Status(away).look(options("fast"));
const last = await new Status(new Service(elsewhere)).look(options("fast"));
console.log(JSON.stringify({ other, elsewhere: last }));
process.exit();
"""
HUNG = "E_TIMEOUT: The market's service did not answer within 400 ms."
AWAY = "E_UNAVAILABLE: The market's service does not answer. OpenClaw goes on without it."
STRANGER = "E_UNAVAILABLE: What answers at the configured address is not a market."
LATE_MS = 400


def look(programs: Programs, relay: Relay, key: Key, **options: Any) -> dict[str, Any]:
    """Return a fast status, asked with a budget of 400 ms."""
    config = {"serviceUrl": relay.url, "keyFile": str(key.file)}
    found: dict[str, Any] = run_module(programs, LOOK, config, {"timeoutMs": LATE_MS} | options)
    return found


def errors_of(found: dict[str, Any]) -> dict[str, str]:
    """Return the error of each section that has one."""
    return {error["section"]: error["error"] for error in found["errors"]}


def test_a_section_that_hangs_holds_up_no_other(
    programs: Programs, relay: Relay, key: Key, member: Member
) -> None:
    """The others are there, the one is named, and all of it keeps to the one budget."""
    assert member.url == relay.url
    with relay.silent_for("web3.market.ledger.summary"):
        found = look(programs, relay, key)

    assert set(found["sections"]) == {"web3", "market"}
    assert errors_of(found) == {"ledger": HUNG}
    assert found["tookMs"] >= LATE_MS


@pytest.mark.parametrize("profile", ["fast", "deep"])
def test_a_dead_market_leaves_a_status_of_errors(
    programs: Programs, relay: Relay, key: Key, profile: str
) -> None:
    """Every section is named with what went wrong; nothing is thrown."""
    with relay.cut():
        found = look(programs, relay, key, profile=profile)

    assert found["sections"] == {}
    assert set(errors_of(found).values()) == {AWAY}


def test_what_only_reads_is_asked_three_times_at_most(
    programs: Programs, relay: Relay, key: Key
) -> None:
    """A market that drops every connection is not asked for ever."""
    before = relay.asked
    with relay.cut():
        look(programs, relay, key, include=["ledger"], timeoutMs=3000)

    assert relay.asked == before + 3


def test_a_market_that_hangs_costs_the_one_budget(
    programs: Programs, relay: Relay, key: Key
) -> None:
    """All sections wait at the same time, and are not asked again."""
    before = relay.asked
    with relay.silent():
        found = look(programs, relay, key)

    assert set(errors_of(found).values()) == {HUNG}
    assert relay.asked == before + 3


def test_an_answer_after_the_time_is_not_taken(programs: Programs, relay: Relay, key: Key) -> None:
    """What comes too late is an error like silence, and nothing waits for it."""
    with relay.late(0.8):
        found = look(programs, relay, key)

    assert (found["sections"], set(errors_of(found).values())) == ({}, {HUNG})


@pytest.mark.parametrize("body", [b"<html>", b'{"ok":"yes"}', b"\xff"])
def test_another_program_is_an_error_of_each_section(
    programs: Programs, relay: Relay, key: Key, body: bytes
) -> None:
    """What is no market's answer is named as such and not asked again."""
    before = relay.asked
    with relay.saying(body):
        found = look(programs, relay, key)

    assert set(errors_of(found).values()) == {STRANGER}
    assert relay.asked == before + 3


def test_a_list_of_another_form_is_an_error_of_its_section(
    programs: Programs, relay: Relay, key: Key
) -> None:
    """An answer that cannot be read takes nothing from the other sections."""
    with relay.saying(b'{"ok":true,"version":"9.0.0","items":[null]}'):
        found = look(programs, relay, key, profile="deep", include=["orders", "tasks"])

    assert set(errors_of(found)) == {"orders", "tasks"}
    assert "The market is of version 9.0.0" in errors_of(found)["tasks"]


def test_another_programs_object_is_no_section(programs: Programs, relay: Relay, key: Key) -> None:
    """An answer that has nothing of what a section is made of is an error, and not shown."""
    with relay.saying(b'{"ok":true,"hello":[1,2,3]}'):
        found = look(programs, relay, key, profile="deep")

    assert found["sections"] == {}
    other = "E_UNAVAILABLE: The market answered in a form that this plugin does not know."
    assert (len(found["errors"]), set(errors_of(found).values())) == (6, {other})


def test_what_was_seen_last_is_the_same_for_all_copies(
    programs: Programs, relay: Relay, key: Key
) -> None:
    """The host registers the plugin several times; a look by one serves all, fast or deep."""
    config = {"serviceUrl": relay.url, "keyFile": str(key.file)}
    elsewhere = config | {"serviceUrl": "http://127.0.0.1:9/"}
    found = run_module(programs, COPIES, config, elsewhere)

    seen = found["other"]["sections"]["web3"]
    assert (seen["stale"], seen["value"]["version"]) == (True, __version__)
    assert found["elsewhere"]["sections"] == {}
