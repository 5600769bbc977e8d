"""A program of a few lines beside the plugin's own modules, run by Node."""

import json
import subprocess
from typing import Any

from openclaw.host import PLUGIN, Programs

LIMIT_S = 60


def run_node(programs: Programs, program: str, **given: object) -> Any:
    """Run a module that finds `given` in `process.argv[1]` and prints one JSON value."""
    line = [str(programs.node), "--input-type=module", "--unhandled-rejections=strict"]
    done = subprocess.run(
        [*line, "--eval", program, json.dumps(given)],
        cwd=PLUGIN,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
