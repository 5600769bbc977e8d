"""Inspections: whatever the bytes are, an examination ends, and says the same again."""

import re
import struct

from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.market.inspection.budget import Budget
from clawmarket.domain.market.inspection.contents import content_findings
from clawmarket.domain.market.inspection.examination import Examination
from clawmarket.domain.market.inspection.finding import MAX_FINDINGS, Finding
from clawmarket.domain.market.inspection.kinds import BEGINNINGS, ENDINGS
from clawmarket.domain.market.inspection.names import NAME_PATTERN, name_findings
from clawmarket.domain.market.terms import Artifact
from files_made import WHOLE, a_bomb, a_tar_gz, an_old_rar, claiming, nested

HEADS = {
    **{kind: content[:12] for kind, content in WHOLE.items() if kind in BEGINNINGS},
    "rar": b"Rar!\x1a\x07\x01\x00",
}
SEEDS = {
    **WHOLE,
    "old.rar": an_old_rar(),
    "bomb.zip": a_bomb(1),
    "claiming.zip": claiming(WHOLE["zip"], 2**33),
    "nested.zip": nested(2),
    "empty.tar.gz": a_tar_gz(),
}


def examined(name: str, content: bytes) -> tuple[Finding, ...]:
    """Return what an examination finds in one file."""
    examination = Examination(())
    artifact = Artifact(name, "", len(content))
    examination.begin((artifact,))
    if examination.wants(artifact):
        examination.look(name, content)
    return examination.findings


def bounded(found: tuple[Finding, ...]) -> bool:
    """Whether findings are few, short and safe to show."""
    texts = [text for each in found for text in (each.file, each.code, each.what)]
    return len(found) <= MAX_FINDINGS and all(len(t) <= 1_500 and t.isprintable() for t in texts)


@given(st.sampled_from(ENDINGS), st.binary(max_size=2_000), st.booleans())
def test_no_bytes_break_an_inspector(kind: str, content: bytes, with_head: bool) -> None:  # noqa: FBT001 - hypothesis gives it by place
    """Random bytes under every name, with and without the right beginning, have a verdict."""
    whole = (HEADS.get(kind, b"") if with_head else b"") + content
    found = examined(f"work.{kind}", whole)
    assert bounded(found)
    assert found == examined(f"work.{kind}", bytes(bytearray(whole)))


@given(st.data())
def test_no_damage_breaks_an_inspector(data: st.DataObject) -> None:
    """Whole files with a few bytes changed, cut or doubled have a verdict within the budget."""
    name = data.draw(st.sampled_from(sorted(SEEDS)))
    content = bytearray(SEEDS[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(0, len(content) - 1)))
        match data.draw(st.sampled_from(["flip", "large", "cut", "double"])):
            case "flip":
                content[at : at + 1] = bytes([data.draw(st.integers(0, 255))])
            case "large":
                content[at : at + 4] = struct.pack("<I", data.draw(st.integers(0, 2**32 - 1)))
            case "cut":
                del content[at : at + data.draw(st.integers(1, 40))]
            case "double":
                content[at:at] = content[at : at + 64]
    budget = Budget(unpacked=4 * 2**20)
    kind = name if name in ENDINGS else name.partition(".")[2]
    tuple(content_findings(f"work.{kind}", bytes(content), budget))
    assert budget.unpacked >= -64 * 1024
    assert bounded(examined(f"work.{kind}", bytes(content)))


@given(st.text(max_size=300))
def test_no_name_breaks_the_rule(name: str) -> None:
    """What the border refuses is dangerous for a result too, and every finding can be shown."""
    found = tuple(name_findings(name))
    assert bounded(found)
    assert found or (re.fullmatch(NAME_PATTERN.strip("^$"), name) and len(name) <= 200)
