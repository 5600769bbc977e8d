"""The board: its index over all tasks, and the words that it is searched by."""
