"""Live events, over a real server on loopback."""
