"""What every test of the simulation begins with."""

import pytest

from simulation.town import founding


@pytest.fixture(autouse=True, scope="session")
def founded() -> None:
    """Found the market that all runs copy before a bug is planted, or they would all have it."""
    founding()
