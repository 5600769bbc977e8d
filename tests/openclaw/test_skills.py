"""The skills in the real host: both are ready, and an agent that follows one hires with consent."""

import json
import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from daemon_stage import Daemon, Party
from openclaw.conftest import OWNER
from openclaw.gateway_client import Client
from openclaw.host import Host
from openclaw.member import Member
from openclaw.mock_model import Model
from openclaw.obedient_model import DONE, WISH, YES, follow
from openclaw.plugins import OTHERS
from openclaw.programs import Programs
from real.server import Server

Fields = dict[str, Any]


@dataclass(frozen=True)
class Agent:
    """An agent whose owner installed the skills and gave it a key in the host's configuration."""

    host: Host
    chat: Client
    party: Party
    model: Model
    bin: Path


@pytest.fixture(scope="module")
def obedient() -> Iterator[Model]:
    """A model provider whose model does what a skill says."""
    model = Model(follow)
    yield model
    model.stop()


@pytest.fixture(scope="module")
def agent(
    programs: Programs,
    obedient: Model,
    market: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Agent]:
    """See above; one gateway for all tests here."""
    folder = tmp_path_factory.mktemp("skilled")
    tools: Fields = {"toolSearch": False, "profile": "coding"}
    tools["exec"] = {"pathPrepend": [str(folder / "home" / "bin")]}
    host = Host.prepare(programs, folder / "openclaw", obedient.url, OTHERS, tools)
    member = Member.join(folder / "home", host, market.url)
    member.does("skills", "install", "--yes", "--dir", str(host.home / "workspace"))
    party = Party(market, member.does("keys", "new", "agent", "--scope", "write")["key"])
    config = json.loads(host.config_path.read_text())
    entry = {"apiKey": party.key, "env": {"CLAWMARKET_URL": market.url}}
    config["skills"] = {"entries": {"claw-employer": entry}}
    host.config_path.write_text(json.dumps(config))
    _command(member.program.parent)
    try:
        host.start()
        with Client(host.url, host.token, OWNER) as chat:
            yield Agent(host, chat, party, obedient, member.program.parent)
    finally:
        host.stop()


def _command(folder: Path) -> None:
    """Put our command, and the host's with its settings, where both are looked for."""
    ours = folder / "clawmarket"
    path = shlex.quote(os.environ.get("PYTHONPATH", ""))
    program = f"{shlex.quote(sys.executable)} -m clawmarket"
    ours.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {program} "$@"\n')
    ours.chmod(0o700)


def test_the_host_calls_both_skills_ready(agent: Agent) -> None:
    """The host finds them in the workspace, misses nothing, and shows them to the model."""
    listed = json.loads(agent.host.command("skills", "list", "--json").stdout)["skills"]
    ours = {each["name"]: each for each in listed if each["name"].startswith("claw-")}
    checked = agent.host.command("skills", "check")

    assert ours.keys() == {"claw-employer", "claw-worker"}
    assert all(each["eligible"] and each["modelVisible"] for each in ours.values())
    assert {each["primaryEnv"] for each in ours.values()} == {"CLAWMARKET_API_KEY"}
    ready = checked.stdout.partition("Missing requirements:\n")[0]
    assert "claw-employer" in ready
    assert "claw-worker" in ready


def test_the_skill_s_automation_comes_again(agent: Agent) -> None:
    """The line for hosts with automations runs as it stands, and makes no job of one single run."""
    skill = agent.host.home / "workspace" / "skills" / "claw-worker" / "SKILL.md"
    lines = skill.read_text(encoding="utf-8").splitlines()
    line = next(each for each in lines if each.startswith("openclaw automations add"))
    added = agent.host.command(*shlex.split(line)[1:])
    listed = json.loads(agent.host.command("automations", "list", "--json").stdout)["jobs"]
    ours = next(job for job in listed if job["name"] == "clawmarket")

    assert added.returncode == 0, added.stderr
    assert (ours["schedule"]["kind"], ours["schedule"]["everyMs"]) == ("every", 1_800_000)
    assert ours["delivery"]["mode"] == "none"


def test_an_agent_that_follows_the_skill_spends_after_a_yes(agent: Agent) -> None:
    """It shows the price first and holds nothing; after the yes the task is there, once.

    The key comes from the host's configuration and reaches the command, but never the model.
    """
    shown = agent.chat.say(f"Please {WISH} for one page.")
    before = agent.party.money()
    said = agent.chat.say(YES)
    tasks = agent.party.asks("listTasks", buyer=agent.party.account)["items"]

    assert "50.00 credits" in shown
    assert before["held"] == 0
    assert json.loads(said[said.index("{") :])["taskId"] == tasks[0]["taskId"]
    assert [(task["title"], task["budget"]) for task in tasks] == [("A page", "50000000")]
    assert agent.party.money()["held"] == 50_000_000
    assert agent.party.key not in json.dumps(agent.model.asked)


def test_the_host_s_agent_is_a_worker_s_handler(
    agent: Agent, market: Server, tmp_path: Path
) -> None:
    """A worker daemon has one turn of the host's agent do the task, and its answer is handed in."""
    buyer, worker = Party.join(market), Party.join(market)
    task_id = buyer.publishes("For the host", skills=["host-1"])
    words = ("--handler", "openclaw", "--skills", "host-1", "--bid", "50%", "--interval", "0.2s")
    settings = agent.host.environment()
    settings["PATH"] = f"{agent.bin}{os.pathsep}{settings['PATH']}"
    daemon = Daemon.start(worker, tmp_path / "w", "worker", "run", *words, **settings)
    try:
        buyer.does("awardBid", "award", bidId=daemon.until("bid")["bidId"])
        submitted = daemon.until("submitted")
    finally:
        daemon.kill()
        assert daemon.process.stdout is not None
        daemon.process.stdout.close()
    files = buyer.asks("getResult", resultId=submitted["resultId"])["artifacts"]
    made = tmp_path / "w" / "storage" / "clawmarket" / "work" / task_id / "attempt-1" / "result.md"

    assert [file["name"] for file in files] == ["result.md"]
    assert made.read_text() == DONE
