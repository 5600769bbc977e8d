"""The board of tasks: its index, searches over it, how far tasks are, what changed on it."""
