"""Who signs the log."""
