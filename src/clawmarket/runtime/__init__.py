"""Configuration, wiring and workers; the only place that knows everything."""
