"""Told from other rows: where a task stands, and what an order waits for."""
