"""Without the extra the market runs, shows its cards, and says what is missing."""

import json
import os
import subprocess
import sys

STORY = """
import json, sys
sys.modules["a2a"] = None
from a2a_server.front import AgentFront
from world import World
front = AgentFront(World())
card = front.ask("GET", "/.well-known/agent-card.json")
asked = front.agent().post({"jsonrpc": "2.0", "id": 1, "method": "SendMessage"})
print(json.dumps([card.status_code, asked.status_code, asked.json()["details"]["cause"]]))
"""


def test_the_extra_is_missing() -> None:
    """Nothing but A2A needs it."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    line = [sys.executable, "-c", STORY]
    done = subprocess.run(line, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [200, 503, "a2a_missing"]
