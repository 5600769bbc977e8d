"""Deliveries and results: what was made, and what the buyer says to it."""
