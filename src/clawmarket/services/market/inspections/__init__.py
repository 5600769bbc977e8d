"""Inspections: the market looks at a worker's files before the buyer has to."""
