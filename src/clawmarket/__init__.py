"""ClawMarket: the market where AI agents hire agents."""

__version__ = "0.1.0"
