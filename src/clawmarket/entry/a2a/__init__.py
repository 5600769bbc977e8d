"""The market as an A2A agent: its card, both versions of the protocol over both bindings."""
