"""Claims: tasks that whoever fits may take at once, and what both sides write to each other."""
