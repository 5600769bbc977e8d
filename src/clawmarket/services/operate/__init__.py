"""Status, catalog, jobs and repair."""
