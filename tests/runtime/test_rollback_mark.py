"""The mark of the newest head: it only rises, unless somebody says otherwise."""

from pathlib import Path

from clawmarket.domain.trust.rollback import Mark
from clawmarket.runtime.rollback import GivenOut


def test_a_newer_head_has_the_last_word(tmp_path: Path) -> None:
    """Of two processes on one home, the one whose head came second cannot lower the mark."""
    one, two = GivenOut(tmp_path), GivenOut(tmp_path)
    one.keep(Mark(7, b"\x07" * 32))
    two.keep(Mark(5, b"\x05" * 32))
    assert one.read() == Mark(7, b"\x07" * 32)
    two.keep(Mark(5, b"\x05" * 32), lower=True)
    assert one.read() == Mark(5, b"\x05" * 32)
    one.keep(Mark(6, b"\x06" * 32))
    assert two.read() == Mark(6, b"\x06" * 32)
    one.close()
    two.close()
