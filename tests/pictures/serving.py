"""`python -m pictures.serving serve --faucet`: the market itself, by the pictures' clock."""

from unittest.mock import patch

from clawmarket.entry.cli.main import main
from clawmarket.runtime import app
from pictures.days import MovedClock

if __name__ == "__main__":
    with patch.object(app, "SystemClock", MovedClock):
        main()
