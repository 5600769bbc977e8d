"""The plugin's own modules in plain Node, without a host."""

import json
import subprocess
from typing import Any

from openclaw.host import PLUGIN
from openclaw.programs import Programs


def run_module(programs: Programs, script: str, *given: Any) -> Any:
    """Run a module in the plugin's folder; it reads `given` and prints one JSON value."""
    head = "const given = JSON.parse(process.argv[1]);\n"
    line = [str(programs.node), "--input-type=module", "--eval", head + script]
    done = subprocess.run(
        [*line, json.dumps(given)],
        cwd=PLUGIN,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
