"""Parts of the plugin that run beside the gateway: started and stopped once, whoever calls."""

from openclaw.host import Config
from openclaw.node import run_module
from openclaw.programs import Programs

TWICE = """
import { Lifecycle } from "./src/lifecycle.js";
const told = [];
const lifecycle = new Lifecycle();
for (const name of ["a", "b"]) {
  lifecycle.add({ start: (ctx) => told.push(`${ctx.say} ${name}`), stop: () => told.push(name) });
}
await lifecycle.stop();
await Promise.all([lifecycle.start({ say: "start" }), lifecycle.start({ say: "again" })]);
await Promise.all([lifecycle.stop(), lifecycle.stop()]);
await lifecycle.start({ say: "anew" });
console.log(JSON.stringify(told));
"""

BROKEN = """
import { Lifecycle } from "./src/lifecycle.js";
const told = [], warned = [];
const lifecycle = new Lifecycle({ warn: (text) => warned.push(text.split("\\n")[0]) });
lifecycle.add({ start: () => { throw new Error("no socket at /tmp/a.sock"); } });
lifecycle.add({ start: async () => told.push("start"), stop: async () => told.push("stop") });
lifecycle.add({ stop: () => new Promise(() => {}) });
lifecycle.add({});
await lifecycle.start({});
await lifecycle.stop();
console.log(JSON.stringify({ told, warned }));
"""


def test_a_part_is_started_and_stopped_once(programs: Programs) -> None:
    """Starts and stops that come twice, or at the same time, reach a part once; it may go on."""
    assert run_module(programs, TWICE) == ["start a", "start b", "b", "a", "anew a", "anew b"]


def test_a_broken_part_stops_no_other(programs: Programs) -> None:
    """A part that throws or hangs is said to the log, without places; the others go their way."""
    assert run_module(programs, BROKEN) == {
        "told": ["start", "stop"],
        "warned": [
            "clawmarket: Error: no socket at [PATH]",
            "clawmarket: Error: not done within 1500 ms",
        ],
    }


def test_the_host_knows_the_service(inspected: Config) -> None:
    """The host starts and stops it as the plugin's service."""
    assert inspected["services"] == ["clawmarket"]
