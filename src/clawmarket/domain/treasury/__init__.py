"""Where value is."""
