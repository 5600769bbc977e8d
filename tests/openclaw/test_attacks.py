"""The plugin's modules under attack: a hostile market, a hostile sender, a hostile model."""

from openclaw.node import run_module
from openclaw.programs import Programs


def test_beginnings_of_tokens_are_read_once(programs: Programs) -> None:
    """Neither what a market answers nor what somebody types may hold up the host.

    Each text was read again at every fourth letter: 4 MiB of it stopped the gateway for hours.
    """
    program = """
    import { looksSecret } from "./src/chat/typed.js";
    import { safeText } from "./src/redaction.js";
    const text = "eyJ-".repeat(2 ** 20);
    const answer = [safeText(`see ${text} here`), looksSecret(text), looksSecret("see eyJ-eyJ-x")];
    console.log(JSON.stringify(answer));
    """
    assert run_module(programs, program) == ["see [TOKEN] here", True, False]
