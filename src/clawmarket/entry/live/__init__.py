"""Live events: what happens to tasks and to one's own orders, as it happens."""
