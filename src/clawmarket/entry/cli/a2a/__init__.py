"""Other agents, asked over A2A."""
