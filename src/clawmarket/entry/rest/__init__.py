"""REST `/v1`: ClawMarket's own wire form over the one pipeline. No rule stands here."""
