"""The board of tasks: its index, searches over it, and what changed on it."""
