"""What the conformance kit wants done, by how a message's id begins."""

from dataclasses import dataclass
from typing import Any

Fields = dict[str, Any]

_FILE: Fields = {"raw": "dGNr", "filename": "output.txt", "mediaType": "text/plain"}
_URL: Fields = {
    "url": "https://example.com/output.txt",
    "filename": "output.txt",
    "mediaType": "text/plain",
}
_DATA: Fields = {"data": {"key": "value", "count": 42}, "mediaType": "application/json"}


@dataclass(frozen=True, slots=True)
class Script:
    """What becomes of a task, step by step.

    Args:
        state: How it ends, without the prefix.
        parts: Artifacts on the way: each list is one chunk of the same artifact.
        words: What the last state says.
        hold_s: How long it stays in work.
        stays: Whether it stays there until it is taken back.
        works: Whether it says that it is in work before it ends.
    """

    state: str = "COMPLETED"
    parts: tuple[Fields, ...] = ()
    words: str = ""
    hold_s: float = 0.0
    stays: bool = False
    works: bool = True


MESSAGE = "tck-message-response"
MESSAGE_WORDS = "Direct message response"

# The longer beginning stands before the shorter one.
SCRIPTS: dict[str, Script] = {
    "tck-stream-artifact-chunked": Script(parts=({"text": "chunk-1 "}, {"text": "chunk-2"})),
    "tck-stream-artifact-text": Script(parts=({"text": "Streamed text content"},)),
    "tck-stream-artifact-file": Script(parts=(_FILE,)),
    "tck-stream-ordering": Script(parts=({"text": "Ordered output"},)),
    "tck-stream-001": Script(parts=({"text": "Stream hello from TCK"},)),
    "tck-stream-002": Script(works=False),
    "tck-stream-003": Script(parts=({"text": "Stream task lifecycle"},)),
    "tck-stream-": Script(),
    "tck-artifact-file-url": Script(parts=(_URL,)),
    "tck-artifact-file": Script(parts=(_FILE,)),
    "tck-artifact-data": Script(parts=(_DATA,)),
    "tck-artifact-": Script(parts=({"text": "Generated text content"},)),
    "tck-input-required": Script("INPUT_REQUIRED"),
    "tck-reject-task": Script("REJECTED", words="rejected"),
    "tck-complete-task": Script(words="Hello from TCK"),
    "test-resubscribe-": Script(hold_s=4.0),
}
# Earlier kits send words under ids of their own: they look at the task, go on with it, take it
# back; and a stream of theirs has to end.
STAYS = Script(stays=True)
ENDS = Script(parts=({"text": "Hello from the rehearsal"},))


def script_of(message_id: str) -> Script | None:
    """Return what a message's id asks for, or None."""
    return next(
        (script for begins, script in SCRIPTS.items() if message_id.startswith(begins)), None
    )


def is_answered_at_once(message_id: str) -> bool:
    """Return whether a message is answered with a message."""
    return message_id.startswith(MESSAGE)
