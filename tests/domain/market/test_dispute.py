"""Disputes: who is heard, who rules, and how silence decides, as a table."""

from dataclasses import replace

import pytest

from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.market.dispute import (
    MAX_EVIDENCE,
    Dispute,
    DisputeLateError,
    DisputeState,
    EvidenceFullError,
    NotHeardYetError,
    OwnDisputeError,
    Resolution,
    ShareInvalidError,
    Verdict,
    by_silence,
    check_arbiter,
    conclude,
    fallen,
    hear,
    ruling,
)

NOW = 1_000_000
DAY = 86_400_000
OPENED = Dispute(
    dispute_id="dispute_1",
    order_id="order_1",
    initiator="buyer",
    respondent="seller",
    claim=Resolution.REFUND,
    reason="Two chapters are missing.",
    state=DisputeState.OPENED,
    initiator_evidence=0,
    respondent_evidence=0,
    opened_at=NOW,
    due_at=NOW + DAY,
    arbiter=None,
    resolution=None,
    share=None,
    why="",
    resolved_at=None,
)
BY_SELLER = replace(OPENED, initiator="seller", respondent="buyer", claim=Resolution.RELEASE)
LATER = NOW + 3_600_000
FIRST = hear(OPENED, "buyer", NOW)
BOTH = hear(FIRST, "seller", LATER)


def test_the_arbiters_time_begins_when_both_were_heard() -> None:
    """Until then the day for answers runs; after it three days for the ruling."""
    assert replace(OPENED, state=DisputeState.HEARD, initiator_evidence=1) == FIRST
    heard = replace(FIRST, respondent_evidence=1, due_at=LATER + 3 * DAY)
    assert heard == BOTH
    assert hear(BOTH, "seller", LATER + 1) == replace(BOTH, respondent_evidence=2)


def test_nobody_is_heard_for_ever() -> None:
    """Not after the last moment, not a sixth time, not once it is over."""
    with pytest.raises(DisputeLateError):
        hear(OPENED, "seller", NOW + DAY)
    full = replace(BOTH, initiator_evidence=MAX_EVIDENCE)
    with pytest.raises(EvidenceFullError):
        hear(full, "buyer", LATER)
    over = conclude(BOTH, fallen(BOTH, 100, "no"), "judge", LATER)
    with pytest.raises(TransitionRefusedError):
        hear(over, "seller", LATER)


@pytest.mark.parametrize(
    ("heard", "resolution", "share"),
    [
        ((0, 0), "release", 100),
        ((1, 0), "refund", 0),
        ((0, 1), "release", 100),
        ((1, 1), "release", 100),
    ],
)
def test_silence_never_helps_whoever_is_silent(
    heard: tuple[int, int], resolution: str, share: int
) -> None:
    """A claim holds by silence only if it was shown and the other side said nothing."""
    dispute = replace(OPENED, initiator_evidence=heard[0], respondent_evidence=heard[1])
    verdict = by_silence(dispute, 100)
    assert (verdict.resolution, verdict.share) == (resolution, share)
    assert verdict.holds == (resolution == "refund")

    mirrored = replace(BY_SELLER, initiator_evidence=heard[0], respondent_evidence=heard[1])
    assert by_silence(mirrored, 100).share == 100 - share


@pytest.mark.parametrize(
    ("resolution", "share", "given"),
    [("release", None, 100), ("refund", None, 0), ("partial", 1, 1), ("partial", 99, 99)],
)
def test_an_arbiter_divides_the_lock(resolution: str, share: int | None, given: int) -> None:
    """All to one side, or an exact part to each."""
    holds = resolution != "release"
    verdict = ruling(BOTH, 100, Resolution(resolution), share, "so")
    assert verdict == Verdict(Resolution(resolution), given, "so", holds)


@pytest.mark.parametrize(
    ("resolution", "share"),
    [("partial", None), ("partial", 0), ("partial", 100), ("partial", -1), ("release", 100)],
)
def test_a_share_has_to_fit_its_ruling(resolution: str, share: int | None) -> None:
    """Nothing or all is no part, and a whole takes no amount."""
    with pytest.raises(ShareInvalidError):
        ruling(BOTH, 100, Resolution(resolution), share, "so")


def test_nobody_rules_before_the_other_side_was_heard() -> None:
    """An arbiter may only let the claim fall."""
    with pytest.raises(NotHeardYetError):
        ruling(FIRST, 100, Resolution.REFUND, None, "so")
    assert fallen(FIRST, 100, "so") == Verdict(Resolution.RELEASE, 100, "so", holds=False)


@pytest.mark.parametrize("party", ["buyer", "seller"])
def test_a_party_never_rules(party: str) -> None:
    """Not even as an arbiter of other disputes."""
    check_arbiter(BOTH, "judge")
    with pytest.raises(OwnDisputeError):
        check_arbiter(BOTH, party)


def test_a_dispute_ends_once() -> None:
    """With who ruled, what was given and why; then nothing changes it."""
    verdict = ruling(BOTH, 100, Resolution.PARTIAL, 30, "half of it is there")
    over = conclude(BOTH, verdict, "judge", LATER)
    assert over == replace(
        BOTH,
        state=DisputeState.RESOLVED,
        arbiter="judge",
        resolution=Resolution.PARTIAL,
        share=30,
        why="half of it is there",
        resolved_at=LATER,
    )
    with pytest.raises(TransitionRefusedError):
        conclude(over, fallen(over, 100, "no"), None, LATER)
