"""Where ids and secrets come from."""
